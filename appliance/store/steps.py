"""The steps of a session: compressed against the step before, so that a step costs what it changed, and sealed.

A step's plaintext is the answers and the screen. Every :data:`FULL_EVERY`-th step is compressed by itself, so that a
step is read back through a short chain.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import zstandard
from sqlite_utils import Database

from appliance.store.sealing import seal, unseal

__all__ = ["FULL_EVERY", "Step", "StepRow", "chain_start", "close_step", "delete_steps_after", "is_full", "load_steps",
           "open_steps", "put_step"]

FULL_EVERY = 20
_LENGTH = struct.Struct("<I")
_LEVEL = 3
_MOST_BYTES = 1 << 31  # of an opened step; a bound for what is read back, not for what is written


@dataclass(frozen=True)
class Step:
    """One step, opened.

    :param answers: the frozen answers.
    :param screen: the pickled screen that was shown with it; empty if it showed none.
    :param callbacks: how many of the session's task callbacks the answers have in them.
    :param no_back: the author forbids going back from here.
    """

    number: int
    answers: bytes = field(repr=False)
    screen: bytes = field(repr=False)
    callbacks: int = 0
    no_back: bool = False

    @property
    def plain(self) -> bytes:
        return _LENGTH.pack(len(self.answers)) + self.answers + self.screen

    @property
    def size(self) -> int:
        return len(self.answers) + len(self.screen)


@dataclass(frozen=True)
class StepRow:
    """One step as it lies in the database."""

    session_id: str
    number: int
    full: bool
    callbacks: int
    no_back: bool
    sealed: bytes = field(repr=False)


def is_full(number: int) -> bool:
    """Whether the step of this number is compressed by itself."""
    return number % FULL_EVERY == 1


def chain_start(number: int) -> int:
    """The full step from which the step of this number is read."""
    return (number - 1) // FULL_EVERY * FULL_EVERY + 1


def close_step(session_id: str, key: bytes, step: Step, before: Step | None) -> StepRow:
    """Compress and seal.

    :param before: the step before this one; not needed for a full step.
    """
    full = is_full(step.number)
    base = b"" if full or before is None else before.plain
    sealed = seal(key, _compress(step.plain, base), _context(session_id, step.number))
    return StepRow(session_id, step.number, full or before is None, step.callbacks, step.no_back, sealed)


def open_steps(session_id: str, key: bytes, rows: list[StepRow]) -> dict[int, Step]:
    """The steps by number. The rows follow each other, and the first is a full one.

    :raises WrongKey: if `key` is not the session's.
    """
    steps: dict[int, Step] = {}
    plain = b""
    for row in rows:
        packed = unseal(key, row.sealed, _context(session_id, row.number))
        plain = _decompress(packed, b"" if row.full else plain)
        cut = _LENGTH.size + _LENGTH.unpack_from(plain)[0]
        steps[row.number] = Step(row.number, plain[_LENGTH.size:cut], plain[cut:], row.callbacks, row.no_back)
    return steps


def load_steps(database: Database, session_id: str, first: int, last: int) -> list[StepRow]:
    """The rows of the steps from `first` to `last`, as many as there are."""
    rows = database.execute(
        "SELECT session_id, number, full, callbacks, no_back, sealed FROM steps"
        " WHERE session_id = ? AND number BETWEEN ? AND ? ORDER BY number", [session_id, first, last])
    return [StepRow(row[0], row[1], bool(row[2]), row[3], bool(row[4]), row[5]) for row in rows]


def put_step(database: Database, row: StepRow) -> None:
    """Add the step, or replace the one with its number."""
    database.execute(
        "INSERT INTO steps (session_id, number, full, callbacks, no_back, sealed) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (session_id, number) DO UPDATE SET full = excluded.full, callbacks = excluded.callbacks,"
        " no_back = excluded.no_back, sealed = excluded.sealed",
        [row.session_id, row.number, row.full, row.callbacks, row.no_back, row.sealed])


def delete_steps_after(database: Database, session_id: str, number: int) -> None:
    """Drop the undone steps."""
    database.execute("DELETE FROM steps WHERE session_id = ? AND number > ?", [session_id, number])


def _context(session_id: str, number: int) -> str:
    return f"step:{session_id}:{number}"


def _compress(plain: bytes, base: bytes) -> bytes:
    if not base:
        return zstandard.ZstdCompressor(level=_LEVEL).compress(plain)
    # The window must reach over both, and the tables hold a good part of a large base, or what is alike is not found.
    window = min(max((len(base) + len(plain)).bit_length(), zstandard.WINDOWLOG_MIN), 27)
    table = min(max(len(base).bit_length() - 2, 12), 24)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, source_size=len(plain), dict_size=len(base), window_log=window, hash_log=table, chain_log=table,
        write_content_size=True)
    dictionary = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    return zstandard.ZstdCompressor(dict_data=dictionary, compression_params=parameters).compress(plain)


def _decompress(packed: bytes, base: bytes) -> bytes:
    if not base:
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MOST_BYTES)
    dictionary = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    return zstandard.ZstdDecompressor(dict_data=dictionary).decompress(packed, max_output_size=_MOST_BYTES)
