"""HTML of a screen as HTML of a mail: pictures travel with it, and links name the appliance that they lead to."""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import unquote

from appliance.interview.host import current
from appliance.interview.markup.media import SHOWN_AS_PICTURES
from appliance.library.files import DAFile
from appliance.library.mail_attachments import attached
from appliance.library.mail_message import Picture
from appliance.library.state import setting
from appliance.library.static_files import DAStaticFile, package_path

__all__ = ["page_of"]

_LINK = re.compile(r"""(?P<before>\b(?:src|href)\s*=\s*)(?P<quote>["'])(?P<path>/(?!/)[^"']*)(?P=quote)""")
_FILE = re.compile(r"/uploadedfile/(\d{1,15})(?:[./?]|$)")
_STATIC = re.compile(r"/packagestatic/([^/?]+)/([^?]+)")
_WHOLE = re.compile(r"\s*(?:<!doctype\b|<html\b)", re.IGNORECASE)


def page_of(html: str) -> tuple[str, list[Picture]]:
    """The page, and the pictures that it names by ``cid:``."""
    pictures: dict[str, Picture] = {}
    root = str(setting("url root") or current().host.url_root).rstrip("/")

    def replaced(match: re.Match[str]) -> str:
        path = unescape(match["path"])
        if match["before"].startswith("src"):
            if path not in pictures and (file := _picture(path)) is not None:
                pictures[path] = Picture(f"picture{len(pictures) + 1}", attached(file))
            if path in pictures:
                return f"{match['before']}{match['quote']}cid:{pictures[path].name}{match['quote']}"
        return f"{match['before']}{match['quote']}{escape(root + path)}{match['quote']}"

    html = _LINK.sub(replaced, html)
    if not _WHOLE.match(html):
        html = f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n{html}\n</body></html>\n'
    return html, list(pictures.values())


def _picture(path: str) -> DAFile | DAStaticFile | None:
    """The picture that the appliance shows under this path; None if it is none."""
    file: DAFile | DAStaticFile | None = None
    if (match := _FILE.match(path)) is not None and current().host.file(int(match[1])) is not None:
        file = DAFile(number=int(match[1]))
    elif (match := _STATIC.fullmatch(path.partition("?")[0])) is not None:
        reference = f"{unquote(match[1])}:{unquote(match[2])}"
        if package_path(reference, "") is not None:
            file = DAStaticFile(filename=reference)
    return file if file is not None and file.mimetype in SHOWN_AS_PICTURES else None
