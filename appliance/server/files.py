"""``/uploadedfile``: the files of a session, for those who can open it.

The address tells nothing of a file but its number and what its name ends in; a name may follow for the browser's sake.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import cast
from urllib.parse import quote

from tornado.iostream import StreamClosedError

from appliance.interview.files import FileInfo
from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.sessions.errors import NoSuchFile, NoSuchSession, NotYours
from appliance.sessions.files import ServedFile

__all__ = ["UploadedFileHandler", "disposition", "safe_mimetype"]

_SHOWN = re.compile(
    r"application/(?:pdf|json)|text/(?:plain|csv|markdown)|image/(?!svg)[\w.-]+|(?:audio|video)/[\w.-]+")
"""What browsers show without running anything in it; the rest (HTML, SVG, XML) is for saving only."""

_MIMETYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)
_TRIES = 3

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; frame-ancestors 'self'"
_SANDBOX = f"{_POLICY}; sandbox"
"""Should a browser take a file for a page all the same, it is a page that may do nothing."""

_PDF_POLICY = f"{_POLICY}; object-src 'self'"
"""The PDF viewers of many browsers do not start in a sandbox; what a PDF holds has no rights in them anyway."""


class UploadedFileHandler(BaseHandler):
    """``/uploadedfile/NUMBER``, with ``.EXTENSION`` or ``/NAME`` after it; ``?attachment=1`` for saving it."""

    admits = Admission.INTERVIEWS

    async def get(self, number: str, extension: str | None, name: str | None) -> None:  # noqa: ARG002 - for the browser
        """Send the file, or the part of it that was asked for."""
        served, start, stop, pieces = await self._opened(int(number), (extension or "").lower())
        self._describe(served.info)
        if start >= stop and served.info.size:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{served.info.size}")
            self.finish()
            return
        if (start, stop) != (0, served.info.size):
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{served.info.size}")
        self.set_header("Content-Length", str(stop - start))
        if pieces is None:
            self.finish()
        else:
            await self._send(pieces, stop - start)

    head = get

    async def _opened(self, number: int, extension: str) -> tuple[ServedFile, int, int, Iterator[bytes] | None]:
        """The file, what is wanted of it, and its content from there on, opened; None where none of it is wanted.

        :raises NoSuchFile: if there is none of that number and extension, or none for this visitor.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                served = await self.parts.turns.file(number, self.visitor)
            except (NotYours, NoSuchSession) as problem:   # told alike, or numbers could be tried
                raise NoSuchFile(number) from problem
            if extension not in ("", served.info.extension):
                break
            start, stop = _wanted(self.request.headers.get("Range", ""), served.info.size)
            if self.request.method == "HEAD" or start >= stop:
                return served, start, stop, None
            try:
                return served, start, stop, await asyncio.to_thread(served.read, start)
            except FileNotFoundError:   # it was replaced in this very moment
                if not tries_left:
                    raise
        raise NoSuchFile(number)

    def _describe(self, info: FileInfo) -> None:
        mimetype = safe_mimetype(info.mimetype)
        shown = _SHOWN.fullmatch(mimetype) is not None and self.get_query_argument("attachment", "0") in ("", "0")
        policy = _PDF_POLICY if mimetype == "application/pdf" else _SANDBOX
        filename = self.get_query_argument("display_filename", "") or info.filename
        self.set_header("Content-Type", f"{mimetype}; charset=utf-8" if mimetype.startswith("text/") else mimetype)
        self.set_header("Content-Disposition", disposition("inline" if shown else "attachment", filename))
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Accept-Ranges", "bytes")
        # Not even in the browser's own cache: that is on a disk too, in the clear.
        self.set_header("Cache-Control", "private, no-store")

    async def _send(self, pieces: Iterator[bytes], left: int) -> None:
        """Read, open and send a piece at a time, as fast as the browser takes them."""
        try:
            while left and (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                self.write(piece[:left])
                left -= len(piece[:left])
                await self.flush()
        except StreamClosedError:
            return   # the browser has seen enough
        finally:
            close = cast("object", getattr(pieces, "close", None))
            if callable(close):
                close()
        self.finish()


def _wanted(asked: str, size: int) -> tuple[int, int]:
    """The first byte that is wanted, and the one after the last. What is not one simple range is no range.

    >>> _wanted("bytes=2-3", 10), _wanted("bytes=-3", 10), _wanted("bytes=7-", 10), _wanted("bytes=1-2,4-5", 10)
    ((2, 4), (7, 10), (7, 10), (0, 10))
    """
    match = _RANGE.fullmatch(asked.strip())
    if match is None or match[0] == "bytes=-" or not size:   # of nothing there are no parts
        return 0, size
    first, last = match.groups()
    if not first:
        return max(size - int(last), 0), size
    return int(first), min(int(last) + 1, size) if last else size


def safe_mimetype(mimetype: str) -> str:
    """A type as it may stand in a header; what has not the form of one is just bytes.

    >>> safe_mimetype("text/plain"), safe_mimetype("text/html; charset=x, a")
    ('text/plain', 'application/octet-stream')
    """
    return mimetype if _MIMETYPE.fullmatch(mimetype) else "application/octet-stream"


def disposition(kind: str, filename: str) -> str:
    """The value of ``Content-Disposition``, with names of any script (RFC 6266).

    >>> print(disposition("inline", 'Café "1".pdf'))
    inline; filename="Caf_ _1_.pdf"; filename*=UTF-8''Caf%C3%A9%20%221%22.pdf
    """
    filename = "".join("_" if one in "/\\" else one for one in filename if one.isprintable())
    plain = "".join(one if one.isascii() and one not in '"%;' else "_" for one in filename)
    value = f'{kind}; filename="{plain}"'
    return value if plain == filename else f"{value}; filename*=UTF-8''{quote(filename, safe='')}"
