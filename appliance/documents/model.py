"""A document as data, between Markdown and the formats: blocks with runs of text in them. Lengths are in points."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "PLAIN",
    "Align",
    "Block",
    "Columns",
    "Content",
    "Listing",
    "Look",
    "PageBreak",
    "Paragraph",
    "Rule",
    "Run",
    "RunKind",
    "Setting",
    "Skip",
    "Spacing",
    "Table",
]

Align = Literal["start", "left", "center", "right"]
"""``start`` is the side that the paragraph's script begins at."""

RunKind = Literal["text", "break", "tab", "page", "pages", "fill", "picture"]
"""``page`` and ``pages`` are the number of this page and of all; ``fill`` is a line to write on."""


@dataclass(frozen=True)
class Look:
    """How letters look."""

    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    code: bool = False
    raised: Literal["", "super", "sub"] = ""
    link: str = ""


PLAIN = Look()


@dataclass(frozen=True)
class Run:
    """Letters of one look, or something that stands among letters.

    :param text: of a picture: what it shows, in words.
    :param source: of a picture: the file.
    :param width: of a picture: as the author wrote it (``0.5in``, ``50%``); empty: as documented, four inches.
    """

    kind: RunKind = "text"
    text: str = ""
    look: Look = PLAIN
    source: str = ""
    width: str = ""


@dataclass(frozen=True)
class Spacing:
    """What ``[DOUBLESPACING]`` and its like say of the paragraphs that follow.

    :param line: the distance of lines, as a factor.
    :param after: below each paragraph, in lines.
    :param indent: of each paragraph's first line.
    """

    line: float = 2.0
    after: float = 0.0
    indent: float = 36.0


@dataclass(frozen=True)
class Setting:
    """How a paragraph is set.

    :param first: the indentation of its first line; None: as the spacing says.
    :param border: paragraphs that follow each other with the same number above 0 stand in one box.
    """

    align: Align = "start"
    left: float = 0.0
    right: float = 0.0
    first: float | None = None
    border: int = 0
    spacing: Spacing = Spacing()


@dataclass
class Paragraph:
    """Text between two paragraph breaks.

    :param level: 1 to 6 for a heading.
    :param code: lines stay as they are.
    """

    runs: list[Run]
    setting: Setting = Setting()
    level: int = 0
    code: bool = False

    @property
    def text(self) -> str:
        return "".join("\n" if run.kind == "break" else run.text for run in self.runs if run.kind in ("text", "break"))


@dataclass
class Listing:
    """A list; each item holds blocks.

    :param marks: what stands before each item where it is neither numbered nor a bullet (footnotes).
    """

    items: list[list[Block]]
    ordered: bool = False
    start: int = 1
    marks: list[str] = field(default_factory=list)


@dataclass
class Table:
    """Rows of cells that hold blocks; the first `headings` rows are headings."""

    rows: list[list[list[Block]]]
    headings: int = 0


@dataclass
class Columns:
    """Blocks side by side: two columns, or the caption of a pleading, which has a line between."""

    columns: list[list[Block]]
    caption: bool = False


@dataclass
class Rule:
    """A line across the page."""


@dataclass
class PageBreak:
    """What follows begins on a new page."""


@dataclass
class Skip:
    """An empty line."""


Block = Paragraph | Listing | Table | Columns | Rule | PageBreak | Skip


@dataclass
class Content:
    """A document's blocks and what it is called."""

    title: str
    language: str
    blocks: list[Block]
    rtl: bool = False  # the language is written from right to left
