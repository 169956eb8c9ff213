"""``[FILE …]``, ``[YOUTUBE …]``, ``[VIMEO …]`` and ``[QR …]``: pictures, players and links."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from html import escape
from urllib.parse import quote, urlencode

from markdown import Markdown

from appliance.interview.files import FileInfo
from appliance.interview.markup.base import Inline, Part
from appliance.interview.markup.links import ELSEWHERE
from appliance.interview.markup.tags import BEFORE_LINKS

__all__ = ["Media", "file_numbers", "file_url", "static_url"]

WIDTH = re.compile(r"[0-9.]+ *(?:%|px|em|rem|in|cm|mm|pt|vw)")


def static_url(reference: str, package: str) -> str | None:
    """The address of a file in a package's static folder; None for what is not such a reference.

    >>> static_url("docassemble.demo:data/static/a cow.jpg", "")
    '/packagestatic/docassemble.demo/a%20cow.jpg'
    >>> static_url("cow.jpg", "docassemble.base")
    '/packagestatic/docassemble.base/cow.jpg'
    """
    owner, colon, path = reference.rpartition(":")
    owner = owner if colon else package
    path = path.removeprefix("data/static/")
    if not owner or "." not in path or ".." in path.split("/"):
        return None
    return f"/packagestatic/{quote(owner)}/{quote(path)}"


def file_url(info: FileInfo, *, attachment: bool = False, display_filename: str = "") -> str:
    """The address of a file of the session. It tells nothing of what the file is called.

    :param attachment: for saving it rather than opening it.
    :param display_filename: the name to save it under.

    >>> file_url(FileInfo(12, "lease.pdf", "application/pdf"), attachment=True)
    '/uploadedfile/12.pdf?attachment=1'
    """
    extension = info.extension if re.fullmatch(r"[a-z0-9]{1,10}", info.extension) else ""
    query = {**({"attachment": "1"} if attachment else {}),
             **({"display_filename": display_filename} if display_filename else {})}
    return f"/uploadedfile/{info.number}{f'.{extension}' if extension else ''}{f'?{urlencode(query)}' if query else ''}"


_NUMBERED = re.compile(r"\[FILE +(\d{1,15}) *[,\]]")


def file_numbers(text: str) -> list[int]:
    """The files of the session that a text shows.

    >>> file_numbers("[FILE 12] and [FILE 13, 50%, A cat], [FILE cow.jpg]")
    [12, 13]
    """
    return [int(number) for number in _NUMBERED.findall(text)]


SHOWN_AS_PICTURES = frozenset({
    "image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "image/bmp", "image/avif", "image/x-icon"})
"""What browsers draw; other pictures (TIFF, HEIC) become links."""

_ICONS = (
    ("application/pdf", "fa-file-pdf"), ("image/", "fa-file-image"), ("audio/", "fa-file-audio"),
    ("video/", "fa-file-video"), ("text/csv", "fa-file-csv"), ("text/", "fa-file-lines"),
    ("application/zip", "fa-file-zipper"), ("application/msword", "fa-file-word"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml", "fa-file-word"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml", "fa-file-excel"),
)


class Media(Part):
    """`use` sets the pictures, the package and the session's files before each conversion."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: Mapping[str, str] = {}
        self.package = ""
        self.files: Mapping[int, FileInfo] = {}

    def use(self, pictures: Mapping[str, str], package: str, files: Mapping[int, FileInfo]) -> None:
        self.pictures, self.package, self.files = pictures, package, files

    def register(self, md: Markdown) -> None:
        md.inlinePatterns.register(MediaTag(self, md), "da_media", BEFORE_LINKS)

    def html(self, kind: str, argument: str) -> str | None:
        """The HTML for a tag, or None where it is to stay as it is."""
        reference, width, description = parts(argument)
        if kind == "FILE":
            return self.file(reference, width, description)
        # A player would be fetched from elsewhere, and no page of ours fetches anything from elsewhere: a link, then.
        if kind == "YOUTUBE":
            return outside(f"https://www.youtube.com/watch?v={quote(reference)}", description)
        if kind == "VIMEO":
            return outside(f"https://vimeo.com/{quote(reference)}", description)
        # What the QR code would say, for whoever is at a screen already.
        return outside(reference, description) if ELSEWHERE.match(reference) else f"<span>{escape(reference)}</span>"

    def file(self, reference: str, width: str, description: str) -> str | None:
        if reference in self.pictures:
            return self.pictures[reference]
        if reference.isascii() and reference.isdecimal():
            info = self.files.get(int(reference))
            if info is None:
                return '<span class="dafile da-file-gone">This file is no longer there.</span>'
            return shown(file_url(info), info.mimetype, info.filename, width, description)
        url = static_url(reference, self.package)
        if url is None:
            return None
        name = reference.rpartition("/")[2].rpartition(":")[2]
        return shown(url, mimetypes.guess_type(reference)[0] or "", name, width, description)


def shown(url: str, mimetype: str, name: str, width: str, description: str) -> str:
    """The HTML of a file: a picture, a player, or a link with an icon."""
    kind = mimetype.partition("/")[0]
    style = f' style="width: {width}"' if width else ""
    label = escape(description or name)
    if mimetype in SHOWN_AS_PICTURES:
        return f'<img class="daimageref" src="{escape(url)}" alt="{escape(description)}"{style}>'
    if kind in ("audio", "video"):
        return f'<{kind} class="daimageref" controls src="{escape(url)}" aria-label="{label}"{style}></{kind}>'
    icon = next((icon for beginning, icon in _ICONS if mimetype.startswith(beginning)), "fa-file")
    return (f'<a class="dafile" href="{escape(url)}" target="_blank" rel="noopener">'
            f'<i class="fa-solid {icon}" aria-hidden="true"></i> {label}</a>')


class MediaTag(Inline):
    def __init__(self, media: Media, md: Markdown) -> None:
        super().__init__(r"\[(FILE|YOUTUBE|VIMEO|QR) +([^\]]+)\]", md)
        self.media = media

    def found(self, match: re.Match[str]) -> str | None:
        html = self.media.html(match[1], self.unescape(match[2]))
        if html is None:
            return None
        return self.raw(html)


def parts(argument: str) -> tuple[str, str, str]:
    """``reference, width, description``; a width that is none (``None``) is empty.

    >>> parts("pkg:mug.jpg, None, A mug, blue")
    ('pkg:mug.jpg', '', 'A mug, blue')
    """
    reference, _, rest = argument.partition(",")
    width, _, description = rest.partition(",")
    width = width.strip()
    return reference.strip(), width if WIDTH.fullmatch(width) else "", description.strip()


def outside(url: str, description: str) -> str:
    return f'<a href="{escape(url)}" target="_blank" rel="noopener">{escape(description or url)}</a>'
