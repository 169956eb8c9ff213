"""Docassemble's tags within a line: ``[BR]``, ``[NBSP]``, ``[TARGET name]`` and their kin.

The list is that of "Formatting documents with special markup tags" in docassemble's documentation. Tags that only mean
something on paper (page numbers, line spacing) show nothing on a screen.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from markdown import Markdown

from appliance.interview.markup.base import Inline, Part

__all__ = ["Tags", "put_targets"]

CHARACTERS = {
    "NBSP": "\u00a0",
    "TAB": "\u2003\u2003",
    "ENDASH": "–",
    "EMDASH": "—",
    "HYPHEN": "-",
    "CHECKBOX": "☐",
    "BLANK": "_" * 19,
    "BLANKFILL": "_" * 38,
}
LINE_BREAKS = ("BR", "NEWLINE", "SKIPLINE", "NEWPAR")
ONLY_ON_PAPER = (
    "PAGEBREAK", "PAGENUM", "TOTALPAGES", "SECTIONNUM", "START_INDENTATION", "STOP_INDENTATION", "SINGLESPACING",
    "ONEANDAHALFSPACING", "DOUBLESPACING", "TRIPLESPACING", "TIGHTSPACING",
)

BEFORE_LINKS = 175   # after code (190) and \escapes (180), before [text](url) (160) can take the brackets


class CharacterTag(Inline):
    """A tag that stands for a character or for nothing."""

    def found(self, match: re.Match[str]) -> str:
        return CHARACTERS.get(match[1], "")


class LineBreakTag(Inline):
    def found(self, match: re.Match[str]) -> Element:  # noqa: ARG002  (all are alike)
        return Element("br")


TARGET = r"\[TARGET +([^\]]+)\]"


def target_class(name: str) -> str:
    """The class of the places of a target."""
    return "datarget" + re.sub(r"[^A-Za-z0-9_]", "", name)


def put_targets(html: str) -> str:
    """Make places of the targets in HTML that is no Markdown.

    >>> put_targets("<b>[TARGET my-place]</b>")
    '<b><span class="datargetmyplace"></span></b>'
    """
    return re.sub(TARGET, lambda match: f'<span class="{target_class(match[1])}"></span>', html)


class TargetTag(Inline):
    """``[TARGET name]``: the place where ``background_response(target=name)`` puts text."""

    def found(self, match: re.Match[str]) -> Element:
        return Element("span", {"class": target_class(match[1])})


class Tags(Part):
    """Registers the tags above."""

    def register(self, md: Markdown) -> None:
        characters = "|".join([*CHARACTERS, *ONLY_ON_PAPER])
        patterns = md.inlinePatterns
        patterns.register(CharacterTag(rf"\[({characters})\]", md), "da_characters", BEFORE_LINKS)
        patterns.register(LineBreakTag(rf"[ \t]*\[(?:{'|'.join(LINE_BREAKS)})\][ \t]*", md), "da_breaks", BEFORE_LINKS)
        patterns.register(TargetTag(TARGET, md), "da_target", BEFORE_LINKS)
