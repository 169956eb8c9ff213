"""Canary strings, and the search for them in files however they may be written there."""

from __future__ import annotations

import base64
import gzip
import random
import re
import string
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

__all__ = ["Flock", "Sighting", "search"]

_LETTERS, _DIGITS = "qzkcanarywv", "7319026458"
"""What every canary begins with, and nothing else that the appliance or a test writes."""

_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|\x28\xb5\x2f\xfd")
_MOST_UNPACKED = 8 << 20


@dataclass
class Flock:
    """Makes canaries, and knows for which channel each was made."""

    made: dict[str, str] = field(default_factory=dict)
    _random: random.Random = field(default_factory=lambda: random.Random(2026))

    def __call__(self, channel: str, *, digits: bool = False) -> str:
        """A new canary: small letters, or digits where only a number is taken."""
        if digits:
            canary = _DIGITS + "".join(self._random.choices(string.digits, k=5))
        else:
            canary = _LETTERS + "".join(self._random.choices(string.ascii_lowercase, k=9))
        if canary in self.made:
            return self(channel, digits=digits)
        self.made[canary] = channel
        return canary

    def channel_of(self, text: str) -> str:
        """The channel of the canary that `text` begins with, or the text itself."""
        return next((f"{channel}: {canary}" for canary, channel in self.made.items() if text.startswith(canary)), text)


@dataclass(frozen=True)
class Sighting:
    """A canary in the clear.

    :param how: the way in which it was written.
    """

    file: str
    how: str
    around: str


def _as_base64(text: bytes) -> Iterator[bytes]:
    """What of a text's base64 does not depend on what stands before and after it, for each of the three places."""
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * before + text)
            yield whole[4 * bool(before):len(whole) - 4]


def _patterns() -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for prefix in (_LETTERS, _DIGITS):
        text = prefix.encode()
        found |= {
            text.upper(): "in large letters", text.title(): "as a title", text[::-1]: "backwards",
            text: "plain",
            prefix.encode("utf-16-le"): "UTF-16", prefix.encode("utf-16-be"): "UTF-16",
            prefix.encode("utf-32-le"): "UTF-32", text.hex().encode(): "hexadecimal",
            text.hex().upper().encode(): "hexadecimal", base64.b32encode(text)[:16]: "base32",
            "".join(f"%{byte:02X}" for byte in text).encode(): "percent",
            "".join(f"&#{byte};" for byte in text).encode(): "entities"}
        found |= dict.fromkeys(_as_base64(text), "base64")
    return found


PATTERNS = _patterns()
_ANY = re.compile(b"|".join(re.escape(pattern) for pattern in sorted(PATTERNS, key=len, reverse=True)))


def search(folder: Path, flock: Flock, leave_out: frozenset[str] = frozenset()) -> list[Sighting]:
    """All canaries in all files below a folder, and in their names; compressed parts of files are looked into.

    :param leave_out: files by their path below the folder.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        found += [Sighting(name, "its name", flock.channel_of(name[hit.start():])) for hit in
                  _ANY.finditer(name.encode("utf-8", "surrogateescape"))]
        if path.is_file() and name not in leave_out:
            try:
                body = path.read_bytes()
            except FileNotFoundError:   # gone meanwhile
                continue
            found += [Sighting(name, how, around) for how, around in _in_bytes(body, flock)]
    return found


def _in_bytes(body: bytes, flock: Flock) -> Iterator[tuple[str, str]]:
    yield from _hits(body, flock)
    for start in _ZLIB.finditer(body):
        unpacked = _unpacked(body, start.start(), start[0])
        for how, around in _hits(unpacked, flock):
            yield f"{how}, compressed", around


def _hits(body: bytes, flock: Flock) -> Iterator[tuple[str, str]]:
    for hit in _ANY.finditer(body):
        how = PATTERNS[hit[0]]
        text = body[hit.start():hit.start() + 60].decode("latin-1")
        yield how, flock.channel_of(text) if how == "plain" else text


def _unpacked(body: bytes, start: int, magic: bytes) -> bytes:
    """What a compressed stream that begins there holds; nothing where none does."""
    try:
        if magic == b"\x28\xb5\x2f\xfd":
            with zstandard.ZstdDecompressor().stream_reader(body[start:]) as reader:
                return reader.read(_MOST_UNPACKED)
        wbits = zlib.MAX_WBITS | 16 if magic.startswith(b"\x1f") else zlib.MAX_WBITS
        return zlib.decompressobj(wbits).decompress(body[start:], _MOST_UNPACKED)
    except (zlib.error, zstandard.ZstdError, gzip.BadGzipFile, EOFError):
        return b""
