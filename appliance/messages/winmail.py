"""winmail.dat: what Outlook puts attachments into when it writes in its own format (TNEF)."""

from __future__ import annotations

import struct

import tnefparse

__all__ = ["NotReadable", "attachments_in"]

_SIGNATURE = 0x223E9F78
_MOST_OBJECTS = 5000
"""What is read is copied for each object in it; no real one has a tenth of that."""


class NotReadable(Exception):
    """It is broken, or holds more than attachments; it is to be kept as it is. The message says why."""


def attachments_in(content: bytes) -> list[tuple[str, bytes]]:
    """Names and contents of the attachments.

    :raises NotReadable: if not all that is in it can be told so.
    """
    _check(content)
    try:
        opened = tnefparse.TNEF(content, do_checksum=True)
        found = [(_name(one.long_filename() or one.name), one.data, hasattr(one, "embed"))
                 for one in opened.attachments]
    except Exception as error:  # a parser of somebody else's, on bytes from anywhere: it can fail in any way
        raise NotReadable(f"winmail.dat is broken ({type(error).__name__}).") from error
    if not all(one.good_checksum for one in opened.objects):
        raise NotReadable("winmail.dat is broken (a checksum is wrong).")
    if any(embedded or not isinstance(data, bytes) for _, data, embedded in found):
        raise NotReadable("winmail.dat holds a message within the message.")
    if not found:
        raise NotReadable("winmail.dat holds no attachments.")
    return [(name, data) for name, data, _ in found]


def _check(content: bytes) -> None:
    """Whether it is one at all, and is whole."""
    if len(content) < 6 or struct.unpack_from("<I", content)[0] != _SIGNATURE:
        raise NotReadable("winmail.dat is not one.")
    offset = 6
    for _ in range(_MOST_OBJECTS):
        if offset <= len(content) and not content[offset:offset + 11].strip(b"\0\r\n "):
            return   # all read, or filled up
        if offset + 11 > len(content):
            break
        offset += 11 + struct.unpack_from("<I", content, offset + 5)[0]
    raise NotReadable("winmail.dat is broken (its end is missing, or it has too many pieces).")


def _name(name: object) -> str:
    return name.decode("cp1252", "replace").strip("\0") if isinstance(name, bytes) else str(name).strip("\0")
