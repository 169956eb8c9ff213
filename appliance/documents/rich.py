"""RTF files, for word processors of any age. All letters but ASCII are written by their numbers, as RTF wants them."""

from __future__ import annotations

from appliance.documents.lines import is_rtl_text
from appliance.documents.model import (
    Block,
    Columns,
    Content,
    Listing,
    Look,
    PageBreak,
    Paragraph,
    Rule,
    Run,
    Setting,
    Skip,
    Table,
)
from appliance.documents.page import Page
from appliance.documents.reading import read_inline

__all__ = ["write_rtf"]

_TWIPS = 20
_SPECIAL = {"\\": r"\\", "{": r"\{", "}": r"\}", "\u00a0": r"\~", "\t": r"\tab ", "\u00ad": r"\-"}
_KINDS = {"break": r"\line ", "tab": r"\tab ", "page": r"{\field{\*\fldinst PAGE}{\fldrslt 1}}",
          "pages": r"{\field{\*\fldinst NUMPAGES}{\fldrslt 1}}", "fill": "_" * 38}
_SCALES = {1: 1.35, 2: 1.2, 3: 1.1}
_BULLETS = "•◦▪"


def write_rtf(content: Content, page: Page) -> bytes:
    """The RTF file of a document. Pictures are left out, with their words in their place."""
    return _Writer(content, page).document().encode("ascii")


class _Writer:
    def __init__(self, content: Content, page: Page) -> None:
        self.content, self.page = content, page

    def document(self) -> str:
        page, margins = self.page, self.page.margins
        size = "".join(f"\\{name}{round(value * _TWIPS)}" for name, value in (
            ("paperw", page.size[0]), ("paperh", page.size[1]), ("margl", margins["left"]), ("margr", margins["right"]),
            ("margt", margins["top"]), ("margb", margins["bottom"])))
        return "".join((
            r"{\rtf1\ansi\ansicpg1252\deff0\uc1{\fonttbl{\f0\froman Times New Roman;}{\f1\fmodern Courier New;}}",
            r"{\info{\title ", _escaped(page.title or self.content.title), "}}", size, self._corners(),
            f"\\fs{round(2 * page.font_size)} ", self._blocks(self.content.blocks, page.width), "}"))

    def _corners(self) -> str:
        if not self.page.corners:
            return ""
        found = r"\titlepg"
        for first, letter in (("", "r"), ("First", "f")):
            for place in ("Header", "Footer"):
                sides = [self.page.corners.get(f"{first}{place}{side}", "") for side in ("Left", "Center", "Right")]
                name = f"{place.lower()}{'' if letter == 'r' else letter}"
                stops = f"\\tqc\\tx{round(self.page.width * 10)}\\tqr\\tx{round(self.page.width * 20)}"
                text = r"\tab ".join(self._runs(read_inline(side)) if side else "" for side in sides)
                found += f"{{\\{name}\\pard{stops} {text}\\par}}"
        return found

    def _blocks(self, blocks: list[Block], width: float, left: float = 0.0, end: str = r"\par", depth: int = 0) -> str:
        """The blocks; `end` is what closes a paragraph, which is another in a table."""
        inside = r"\intbl" if end != r"\par" else ""
        found = ""
        for block in blocks:
            if isinstance(block, Paragraph):
                found += self._paragraph(block, left, inside) + end
            elif isinstance(block, Listing):
                found += self._list(block, width, left, end, depth)
            elif isinstance(block, Table):
                found += self._rows(block.rows, width) if not inside else "".join(
                    self._blocks(cell, width, left, end) for row in block.rows for cell in row)
            elif isinstance(block, Columns):
                found += self._rows([block.columns], width, lined=False) if not inside else "".join(
                    self._blocks(column, width, left, end) for column in block.columns)
            elif isinstance(block, Rule):
                found += r"\pard" + inside + r"\brdrb\brdrs\brdrw10\brsp20 " + end
            elif isinstance(block, Skip):
                found += r"\pard" + inside + " " + end
            elif isinstance(block, PageBreak):
                found += r"\page "
            found += "\n"
        return found

    def _paragraph(self, block: Paragraph, left: float, inside: str, mark: str = "") -> str:
        setting, spacing = block.setting, block.setting.spacing
        rtl = is_rtl_text(block.text, self.content.rtl)
        first = setting.first if setting.first is not None else spacing.indent if setting.align == "start" else 0.0
        words = [r"\pard", inside, r"\rtlpar" if rtl else r"\ltrpar"]
        words.append({"center": r"\qc", "right": r"\qr"}.get(setting.align, r"\qr" if rtl else r"\ql"))
        words.append(f"\\li{round((setting.left + left) * _TWIPS)}\\ri{round(setting.right * _TWIPS)}")
        words.append(f"\\fi{round(first * _TWIPS)}" if not mark else r"\fi-360")
        after = 0.4 * self.page.font_size if block.level else spacing.after * self.page.font_size
        words.append(f"\\sl{round(240 * (1 if block.level else spacing.line))}\\slmult1\\sa{round(after * _TWIPS)}")
        if setting.border:
            words.append("".join(f"\\brdr{side}\\brdrs\\brdrw10\\brsp40" for side in "tlbr"))
        if block.level:
            words.append(f"\\keepn\\outlinelevel{block.level - 1}")
        size = f"{{\\fs{round(2 * self.page.font_size * _SCALES.get(block.level, 1.0))} " if block.level else "{"
        return "".join(words) + " " + mark + size + self._runs(block.runs) + "}"

    def _list(self, block: Listing, width: float, left: float, end: str, depth: int) -> str:
        inside = r"\intbl" if end != r"\par" else ""
        found = ""
        for number, item in enumerate(block.items):
            if block.marks:
                mark = block.marks[number]
            else:
                mark = f"{block.start + number}." if block.ordered else _BULLETS[min(depth, 2)]
            head, rest = (item[0], item[1:]) if item and isinstance(item[0], Paragraph) else (
                Paragraph([], Setting(first=0.0)), item)
            found += self._paragraph(head, left + 36.0, inside, _escaped(mark) + r"\tab ") + end + "\n"
            found += self._blocks(rest, width, left + 36.0, end, depth + 1)
        return found

    def _rows(self, rows: list[list[list[Block]]], width: float, *, lined: bool = True) -> str:
        found = ""
        for row in rows:
            found += r"\trowd\trgaph80"
            for number in range(len(row)):
                if lined:
                    found += "".join(f"\\clbrdr{side}\\brdrs\\brdrw10" for side in "tlbr")
                found += f"\\cellx{round(width * _TWIPS * (number + 1) / len(row))}"
            for cell in row:
                text = self._blocks(cell, width / len(row), end=r"\intbl\par").rstrip("\n").removesuffix(r"\intbl\par")
                found += (text or r"\pard\intbl ") + r"\cell "
            found += "\\row\n"
        return found + r"\pard "

    def _runs(self, runs: list[Run]) -> str:
        return "".join(_dressed(_escaped(run.text), run.look) if run.kind in ("text", "picture") else _KINDS[run.kind]
                       for run in runs)


def _dressed(text: str, look: Look) -> str:
    words = "".join(word for wanted, word in (
        (look.bold, r"\b"), (look.italic, r"\i"), (look.underline or look.link, r"\ul"), (look.strike, r"\strike"),
        (look.code, r"\f1"), (look.raised == "super", r"\super"), (look.raised == "sub", r"\sub")) if wanted)
    made = f"{{{words} {text}}}" if words else text
    if look.link:
        address = _escaped(look.link.replace('"', "%22"))
        return f'{{\\field{{\\*\\fldinst HYPERLINK "{address}"}}{{\\fldrslt {made}}}}}'
    return made


def _escaped(text: str) -> str:
    r"""`text` as RTF writes it.

    >>> print(_escaped("{é}"))
    \{\u233?\}
    """
    found = []
    for letter in text:
        if letter in _SPECIAL:
            found.append(_SPECIAL[letter])
        elif " " <= letter <= "~":
            found.append(letter)
        elif letter > "~":
            units = letter.encode("utf-16-le")
            for place in range(0, len(units), 2):
                unit = int.from_bytes(units[place:place + 2], "little", signed=True)
                found.append(f"\\u{unit}?")
    return "".join(found)
