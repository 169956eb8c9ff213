"""docassemble's tags in the text of a document, as elements that the reader of the HTML understands.

The list is that of "Formatting documents with special markup tags" in docassemble's documentation.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from markdown import Markdown

from appliance.interview.markup.base import Inline, Part
from appliance.interview.markup.media import parts
from appliance.interview.markup.tags import BEFORE_LINKS, CHARACTERS

__all__ = ["ELEMENT", "PICTURE", "DocumentTags"]

ELEMENT = "da-tag"
PICTURE = "da-picture"

_AS_ELEMENTS = (
    "BR", "NEWLINE", "NEWPAR", "SKIPLINE", "TAB", "PAGEBREAK", "PAGENUM", "TOTALPAGES", "SECTIONNUM", "BLANKFILL",
    "START_INDENTATION", "STOP_INDENTATION", "INDENTATION", "NOINDENTATION", "TIGHTSPACING", "SINGLESPACING",
    "ONEANDAHALFSPACING", "DOUBLESPACING", "TRIPLESPACING",
)
_OF_SCREENS = re.compile(r"(?<![ \t])[ \t]*\[NO_EMOJIS\][ \t]*")


class _Element(Inline):
    def found(self, match: re.Match[str]) -> Element:
        return Element(ELEMENT, {"name": match[1]})


class _Character(Inline):
    def found(self, match: re.Match[str]) -> str:
        return CHARACTERS[match[1]]


class _Nothing(Inline):
    def found(self, match: re.Match[str]) -> str:  # noqa: ARG002  (all are alike)
        return ""


class _Picture(Inline):
    """``[FILE name, width, description]``."""

    def found(self, match: re.Match[str]) -> Element:
        reference, width, description = parts(self.unescape(match[1]))
        return Element(PICTURE, {"src": reference, "width": width, "alt": description})


class _Words(Inline):
    """What needs a screen or another program: its words are left."""

    def found(self, match: re.Match[str]) -> str:
        reference, _, description = parts(self.unescape(match[1]))
        return description or reference


class DocumentTags(Part):
    """Registers the tags above."""

    def register(self, md: Markdown) -> None:
        characters = "|".join(name for name in CHARACTERS if name not in _AS_ELEMENTS)
        patterns = md.inlinePatterns
        patterns.register(_Element(rf"\[({'|'.join(_AS_ELEMENTS)})\]", md), "da_elements", BEFORE_LINKS)
        patterns.register(_Character(rf"\[({characters})\]", md), "da_characters", BEFORE_LINKS)
        patterns.register(_Picture(r"\[FILE +([^\]]+)\]", md), "da_picture", BEFORE_LINKS)
        patterns.register(_Words(r"\[(?:YOUTUBE|VIMEO|QR) +([^\]]+)\]", md), "da_words", BEFORE_LINKS)
        patterns.register(_Nothing(r"\[(?:TARGET|EMOJI) +[^\]]+\]", md), "da_screen_only", BEFORE_LINKS)
        patterns.register(_Nothing(_OF_SCREENS.pattern, md), "da_no_emojis", BEFORE_LINKS)
