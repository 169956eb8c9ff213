"""The file that a backup is: a short head in the clear, and everything else sealed as one stream.

The head says what opens the stream (:mod:`appliance.backup.openers`); a checksum tells a damaged head from a wrong
passphrase, and the stream is sealed for this very head, so that no bit of the file can be another one unnoticed. In
the stream is an uncompressed tar file, so nothing in it can be larger than the file itself; its last member is the
manifest.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import appliance
from appliance.backup.errors import BadBackup
from appliance.backup.names import MANIFEST
from appliance.backup.openers import Ticket
from appliance.store.migrations import VERSION
from appliance.store.sealing import CHUNK, seal_stream, unseal_stream

__all__ = ["Head", "Manifest", "Member", "Pieces", "newer_words", "opened_stream", "read_head", "tar_pieces",
           "write_sealed"]

FORMAT = 1
_MAGIC = b"Interview Appliance backup\n"
_LENGTH_BYTES = 4
_DIGEST_BYTES = 32
_LARGEST_HEAD = 64 * 1024
_DAMAGED = "The backup is damaged: {}. Nothing was changed."


@dataclass(frozen=True)
class Member:
    """One file of a backup.

    :param digest: SHA-256 of its content, as hexadecimal digits.
    """

    name: str
    size: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself, inside of what is sealed.

    :param made: seconds since the epoch, UTC.
    :param version: of the appliance that made it.
    :param data_version: of its database.
    :param missing: blobs that rows named and that were not there any more when it was made.
    """

    made: float
    version: str
    data_version: int
    folder_id: str
    appliance_key: str = field(repr=False)
    members: list[Member] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def made_words(self) -> str:
        """When it was made, for people, in the time zone of this computer."""
        return datetime.fromtimestamp(self.made, UTC).astimezone().strftime("%Y-%m-%d %H:%M")

    def encoded(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decoded(cls, data: bytes) -> Manifest:
        """What a newer appliance says besides is left out.

        :raises BadBackup: if it is none.
        """
        try:
            told = json.loads(data)
            told["members"] = [Member(**_known(Member, one)) for one in told["members"]]
            manifest = cls(**_known(cls, told))
            bytes.fromhex(manifest.appliance_key)
            datetime.fromtimestamp(manifest.made, UTC)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError) as problem:
            raise BadBackup(_DAMAGED.format("its list of contents cannot be read")) from problem
        return manifest


@dataclass(frozen=True)
class Head:
    """What can be read without a passphrase.

    :param made: when, in seconds since the epoch; believed only once the rest is opened.
    :param digest: of the bytes that it was read from.
    :param version: of the appliance that made it; empty where that did not say so yet.
    :param data_version: of its database; 0 likewise.
    """

    made: float
    openers: tuple[dict[str, Any], ...]
    digest: bytes = field(repr=False)
    version: str = ""
    data_version: int = 0


def newer_words(version: str, data_version: int, known: int) -> str:
    """Why the backup of a newer appliance is refused.

    :param version: of that appliance, if it is known.
    :param data_version: of what is in the backup; 0 if that is not known.
    :param known: the latest data version that this one knows.
    """
    data = f": its data is of version {data_version}, and this one knows {known}" if data_version else ""
    by = f"Interview Appliance {version}" if version else "an appliance"
    return (f"The backup was made by {by}, which is newer than this one, {appliance.__version__}{data}. Install the "
            "newer appliance, and try again. Nothing was changed.")


def _known(kind: type[Any], told: dict[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in told.items() if name in names}


# -- writing -----------------------------------------------------------------------------------------------


def write_sealed(target: BinaryIO, ticket: Ticket, made: float, content: Iterable[bytes]) -> None:
    """Write head and stream.

    :param content: the pieces of the tar file.
    """
    told = json.dumps({"format": FORMAT, "made": made, "version": appliance.__version__, "data": VERSION,
                       "openers": ticket.openers}).encode()
    head = _MAGIC + len(told).to_bytes(_LENGTH_BYTES, "big") + told
    digest = hashlib.sha256(head).digest()
    target.write(head + digest)
    seal_stream(ticket.key, Pieces(iter(content)), target, _context(digest))


def tar_pieces(files: Iterable[tuple[str, Path]], made: float,
                  manifest: Callable[[list[Member]], Manifest]) -> Iterator[bytes]:
    """A tar file of `files`, and of a manifest made when all of them have been read.

    :param files: names, with where their contents are.
    :raises OSError: if one cannot be read, or gets shorter meanwhile.
    """
    members: list[Member] = []
    for name, path in files:
        with path.open("rb") as source:
            members.append((yield from _member(name, source, made)))
    body = manifest(members).encoded()
    yield _tar_head(MANIFEST, len(body), made)
    yield body + _padding(len(body)) + bytes(2 * tarfile.BLOCKSIZE)


def _member(name: str, source: BinaryIO, made: float) -> Generator[bytes, None, Member]:
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    digest, left = hashlib.sha256(), size
    yield _tar_head(name, size, made)
    while left:
        piece = source.read(min(CHUNK, left))
        if not piece:
            raise OSError(f"{name} was changed while it was read")
        digest.update(piece)
        left -= len(piece)
        yield piece
    yield _padding(size)
    return Member(name, size, digest.hexdigest())


def _tar_head(name: str, size: int, made: float) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(made)
    return info.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


# -- reading -----------------------------------------------------------------------------------------------


def read_head(source: BinaryIO) -> Head:
    """Read the head; `source` then stands at the stream.

    :raises BadBackup: if it is no backup, or damaged, or of a later kind.
    """
    start = source.read(len(_MAGIC) + _LENGTH_BYTES)
    if not start.startswith(_MAGIC):
        raise BadBackup("This file is not a backup of an appliance. Nothing was changed.")
    length = int.from_bytes(start[len(_MAGIC):], "big")
    told = source.read(length) if length <= _LARGEST_HEAD else b""
    digest = hashlib.sha256(start + told).digest()
    if source.read(_DIGEST_BYTES) != digest or not told:
        raise BadBackup(_DAMAGED.format("its beginning is not as it was written"))
    try:
        head = json.loads(told)
        if head["format"] != FORMAT:
            raise BadBackup(newer_words(str(head.get("version", "")), 0, VERSION))
        return Head(float(head["made"]), tuple(dict(one) for one in head["openers"]), digest,
                    str(head.get("version", "")), int(head.get("data", 0)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise BadBackup(_DAMAGED.format("its beginning cannot be read")) from problem


def opened_stream(source: BinaryIO, key: bytes, head: Head) -> Pieces:
    """The tar file in a backup whose head was read; reading from it raises WrongKey where anything is not right."""
    return Pieces(unseal_stream(key, source, _context(head.digest)))


def _context(head: bytes) -> str:
    return f"backup:{head.hex()}"


class Pieces:
    """Pieces of bytes, to be read like a file. As much of one as :func:`seal_stream` and ``tarfile`` ask for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = bytearray()

    def read(self, size: int) -> bytes:
        """`size` bytes, or as many as there are."""
        while len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        found = bytes(self._rest[:size])
        del self._rest[:size]
        return found
