"""Drawing the documents under a question: a notice, and for each its name, what it is for, its files and a preview."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from tornado.template import Loader, Template

from appliance.interview.screen import Screen

__all__ = ["draw_attachments"]

# The icon of a format, what it is called, and what it is good for.
_FORMATS = {
    "pdf": ("fa-file-pdf", "PDF", "for printing; opens in any PDF reader"),
    "docx": ("fa-file-word", "DOCX", "for editing; opens in Word, LibreOffice and their like"),
    "rtf": ("fa-file-lines", "RTF", "for editing; opens in any word processor"),
    "html": ("fa-file-code", "HTML", "for the browser"),
    "md": ("fa-file-lines", "Markdown", "the text as it was written"),
    "zip": ("fa-file-zipper", "ZIP", "several files in one"),
}
_ONE = "The following document has been created for you."
_SEVERAL = "The following documents have been created for you."


@cache
def _template() -> Template:
    return Loader(str(Path(__file__).parent / "templates"), whitespace="oneline").load("attachments.html")


def draw_attachments(screen: Screen) -> str:
    """The HTML of a screen's documents; empty for a screen without."""
    about: dict[str, Any] | None = screen.extras.get("attachments")
    if not about:
        return ""
    documents = [{**one, **_text(one), "files": [_file(file) for file in one["files"]]} for one in about["documents"]]
    notice = (_ONE if len(documents) == 1 else _SEVERAL) if about["notice"] else ""
    archive = about.get("zip")
    return _template().generate(
        documents=documents, notice=notice, tabs=about["download tab"], describe=about["describe"],
        archive={**archive, **_file({**archive, "extension": "zip"})} if archive else None).decode()


def _text(document: dict[str, Any]) -> dict[str, str]:
    """The second tab: how the text looks, or how it is written (under the name of that format); empty for neither."""
    if document["preview_html"] or not document.get("markdown"):   # screens of before know no second kind
        return {"shown_as": "Preview", "shown_html": document["preview_html"]}
    written = escape(document["markdown"])
    return {"shown_as": _FORMATS["md"][1], "shown_html": f'<pre class="da-markdown">{written}</pre>'}


def _file(file: dict[str, Any]) -> dict[str, Any]:
    icon, label, purpose = _FORMATS.get(
        file["extension"], ("fa-file", file["filename"], ""))
    return {**file, "icon": icon, "label": label, "purpose": purpose}
