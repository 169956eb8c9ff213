"""``[FILE …]``, ``[YOUTUBE …]``, ``[VIMEO …]`` and ``[QR …]``."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from html import escape
from urllib.parse import quote

from markdown import Markdown

from appliance.interview.markup.base import Inline, Part
from appliance.interview.markup.links import ELSEWHERE
from appliance.interview.markup.tags import BEFORE_LINKS

__all__ = ["Media", "static_url"]

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


class Media(Part):
    """`use` sets the pictures and the package before each conversion."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: Mapping[str, str] = {}
        self.package = ""

    def use(self, pictures: Mapping[str, str], package: str) -> None:
        self.pictures, self.package = pictures, package

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
        url = static_url(reference, self.package)
        if url is None:
            return None
        kind = (mimetypes.guess_type(reference)[0] or "").partition("/")[0]
        style = f' style="width: {width}"' if width else ""
        label = escape(description or reference.rpartition("/")[2].rpartition(":")[2])
        if kind == "image":
            return f'<img class="daimageref" src="{escape(url)}" alt="{escape(description)}"{style}>'
        if kind in ("audio", "video"):
            return f'<{kind} class="daimageref" controls src="{escape(url)}" aria-label="{label}"{style}></{kind}>'
        return f'<a href="{escape(url)}" target="_blank" rel="noopener">{label}</a>'


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
