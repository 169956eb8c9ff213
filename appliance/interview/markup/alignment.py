"""Tags at the beginning of a paragraph that say how it is set: ``[CENTER]``, ``[INDENTBY 1in]``, ``[BORDER]`` …"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from appliance.interview.markup.base import Part

__all__ = ["Alignment"]

CLASSES = {
    "CENTER": "text-center",
    "BOLDCENTER": "text-center fw-bold",
    "FLUSHLEFT": "text-start",
    "FLUSHRIGHT": "text-end",
    "NOINDENT": "text-start",
    "INDENT": "ms-5",
    "BORDER": "border p-2",
}
LENGTH = r"[0-9.]+ *(?:in|pt|cm)"
AT_START = re.compile(
    rf"\s*\[(?:(?P<name>{'|'.join(CLASSES)})|INDENTBY +(?P<left>{LENGTH})(?: +(?P<right>{LENGTH}))?)\]\s*"
)
BEFORE_INLINE = 30   # Python-Markdown's 'inline' tree processor, which would see the brackets as a link, is at 20


class AlignmentProcessor(Treeprocessor):
    def run(self, root: Element) -> None:
        for paragraph in root.iter("p"):
            self.align(paragraph)

    def align(self, paragraph: Element) -> None:
        """Turn the tags that `paragraph` begins with into its attributes; several may follow each other."""
        while paragraph.text and (match := AT_START.match(paragraph.text)):
            paragraph.text = paragraph.text[match.end():]
            if match["name"]:
                classes = f"{paragraph.get('class', '')} {CLASSES[match['name']]}"
                paragraph.set("class", classes.strip())
            else:
                style = f"margin-left: {match['left'].replace(' ', '')};"
                if match["right"]:
                    style += f" margin-right: {match['right'].replace(' ', '')};"
                paragraph.set("style", style)


class Alignment(Part):
    def register(self, md: Markdown) -> None:
        md.treeprocessors.register(AlignmentProcessor(md), "da_alignment", BEFORE_INLINE)
