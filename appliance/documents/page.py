"""The page of a document: what the ``metadata`` of an attachment says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.documents.model import Spacing

__all__ = ["CORNERS", "INCH", "Page", "length", "read_page", "spacing_named"]

INCH = 72.0
_UNITS = {"in": INCH, "pt": 1.0, "cm": INCH / 2.54, "mm": INCH / 25.4, "px": 0.75, "em": 12.0, "rem": 12.0}
_LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*(in|pt|cm|mm|px|em|rem)\s*")
_PAPER = {"letter": (612.0, 792.0), "legal": (612.0, 1008.0), "executive": (522.0, 756.0), "a4": (595.28, 841.89),
          "a5": (419.53, 595.28), "b5": (498.9, 708.66)}
_SIDES = ("left", "right", "top", "bottom")

CORNERS = tuple(f"{first}{place}{side}" for first in ("", "First") for place in ("Header", "Footer")
                for side in ("Left", "Center", "Right"))
"""The metadata that make headers and footers."""


@dataclass(frozen=True)
class Page:
    """Paper, margins and text of a document. Lengths are in points.

    :param corners: ``HeaderLeft`` … to Markdown.
    """

    size: tuple[float, float] = _PAPER["letter"]
    margins: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(_SIDES, INCH))
    font_size: float = 12.0
    spacing: Spacing = field(default_factory=Spacing)
    corners: Mapping[str, str] = field(default_factory=dict)
    number_sections: bool = False
    title: str = ""
    authors: tuple[str, ...] = ()
    date: str = ""

    @property
    def width(self) -> float:
        """Of the text."""
        return self.size[0] - self.margins["left"] - self.margins["right"]

    @property
    def height(self) -> float:
        """Of the text."""
        return self.size[1] - self.margins["top"] - self.margins["bottom"]


def length(text: Any) -> float | None:
    """A length in points; None for what is none.

    >>> length("0.5in")
    36.0
    """
    match = _LENGTH.fullmatch(str(text))
    return float(match[1]) * _UNITS[match[2]] if match else None


def read_page(metadata: Mapping[str, Any]) -> Page:
    """The page that `metadata` describe, under docassemble's names; what this does not know is let be."""
    size = 12.0
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:pt)?\s*", str(metadata.get("fontsize", "")))
    if match and 6 <= float(match[1]) <= 48:
        size = float(match[1])
    paper = str(metadata.get("papersize", "letter")).strip().lower().removesuffix("paper")
    width, height = _PAPER.get(paper, _PAPER["letter"])
    margins = dict.fromkeys(_SIDES, INCH)
    for part in str(metadata.get("geometry", "")).split(","):
        name, _, value = part.partition("=")
        name, found = name.strip().lower(), length(value)
        if found is not None:
            margins.update((side, found) for side in _SIDES if name in ("margin", side))
        if name == "landscape":
            width, height = max(width, height), min(width, height)
    for side in _SIDES:
        found = length(metadata.get(f"{side.capitalize()}Margin", ""))
        margins[side] = margins[side] if found is None else found
    if margins["left"] + margins["right"] > width - INCH or margins["top"] + margins["bottom"] > height - INCH:
        margins = dict.fromkeys(_SIDES, INCH)
    authors = metadata.get("author", metadata.get("author-meta", []))
    return Page(
        (width, height), margins, size, _spacing(metadata),
        {key: str(metadata[key]).strip() for key in CORNERS if _given(metadata.get(key))},
        number_sections=_true(metadata.get("numbersections")),
        title=str(metadata.get("title") or ""),
        authors=tuple(str(one) for one in (authors if isinstance(authors, list) else [authors]) if _given(one)),
        date=str(metadata.get("date") or ""),
    )


def spacing_named(name: str, indent: float = 0.5 * INCH) -> Spacing | None:
    """The spacing of ``[SINGLESPACING]`` and its like; None for another tag."""
    return {
        "TIGHTSPACING": Spacing(1.0, 0.0, 0.0),
        "SINGLESPACING": Spacing(1.0, 1.0, 0.0),
        "ONEANDAHALFSPACING": Spacing(1.5, 0.0, indent),
        "DOUBLESPACING": Spacing(2.0, 0.0, indent),
        "TRIPLESPACING": Spacing(3.0, 0.0, indent),
    }.get(name)


def _spacing(metadata: Mapping[str, Any]) -> Spacing:
    amount = length(metadata.get("IndentationAmount", ""))
    indent = 0.5 * INCH if amount is None else amount
    chosen = spacing_named("DOUBLESPACING", indent) or Spacing()
    for key in ("TightSpacing", "SingleSpacing", "OneAndAHalfSpacing", "DoubleSpacing", "TripleSpacing"):
        if _true(metadata.get(key)):
            chosen = spacing_named(key.upper(), indent) or chosen
            break
    if "Indentation" in metadata:
        return Spacing(chosen.line, chosen.after, indent if _true(metadata["Indentation"]) else 0.0)
    return chosen


def _true(value: Any) -> bool:
    return value is True or str(value).strip().lower() in ("true", "yes", "1")


def _given(value: Any) -> bool:
    return value is not None and value is not False and bool(str(value).strip())
