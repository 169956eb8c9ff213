"""Docassemble's tags within a line: ``[BR]``, ``[NBSP]``, ``[TARGET name]`` and their kin.

The list is that of "Formatting documents with special markup tags" in docassemble's documentation. Tags that only mean
something on paper (page numbers, line spacing) show nothing on a screen.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as etree

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

__all__ = ["Tags"]

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


class CharacterTag(InlineProcessor):
    """A tag that stands for a character or for nothing."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str, int, int]:  # type: ignore[override]
        return CHARACTERS.get(m[1], ""), m.start(0), m.end(0)


class LineBreakTag(InlineProcessor):
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[etree.Element, int, int]:  # type: ignore[override]
        return etree.Element("br"), m.start(0), m.end(0)


class TargetTag(InlineProcessor):
    """``[TARGET name]``: the place where ``background_response(target=name)`` puts text."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[etree.Element, int, int]:  # type: ignore[override]
        name = re.sub(r"[^A-Za-z0-9_]", "", m[1])
        return etree.Element("span", {"class": f"datarget{name}"}), m.start(0), m.end(0)


class Tags(Extension):
    """Registers the tags above."""

    def extendMarkdown(self, md: Markdown) -> None:
        characters = "|".join([*CHARACTERS, *ONLY_ON_PAPER])
        patterns = md.inlinePatterns
        patterns.register(CharacterTag(rf"\[({characters})\]", md), "da_characters", BEFORE_LINKS)
        patterns.register(LineBreakTag(rf"[ \t]*\[(?:{'|'.join(LINE_BREAKS)})\][ \t]*", md), "da_breaks", BEFORE_LINKS)
        patterns.register(TargetTag(r"\[TARGET +([^\]]+)\]", md), "da_target", BEFORE_LINKS)
