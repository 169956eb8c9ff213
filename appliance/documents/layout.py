"""Blocks to strips: what stands below each other on a page, each no higher than it must be to be kept together."""

from __future__ import annotations

from dataclasses import dataclass, field

from appliance.documents.lines import Line, Lines, is_rtl_text
from appliance.documents.model import (
    Block,
    Columns,
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
from appliance.documents.page import INCH

__all__ = ["Layout", "Strip"]

_HEADING_SCALES = {1: 1.35, 2: 1.2, 3: 1.1}
_MARK_WIDTH = 0.3 * INCH
_PADDING = 4.0
_BULLETS = "•◦▪"


@dataclass
class Strip:
    """One line, rule or row of cells.

    :param x: where it begins, and `width` how wide it may be.
    :param above: empty space before it, except at the top of a page.
    :param keep: it stays on the page of the next strip.
    :param cells: of a row: the strips of each, with the cell's left edge and width; `lined` says which lines are drawn.
    """

    height: float
    x: float = 0.0
    width: float = 0.0
    above: float = 0.0
    below: float = 0.0
    keep: bool = False
    line: Line | None = None
    align: str = "left"
    rtl: bool = False
    level: int = 0
    text: str = ""
    mark: Line | None = None
    mark_x: float = 0.0
    rule: bool = False
    page_break: bool = False
    border: int = 0
    cells: list[tuple[float, float, list[Strip]]] = field(default_factory=list)
    lined: str = ""


class Layout:
    """Lays the blocks of one document out."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.size = lines.size

    def blocks(self, blocks: list[Block], x: float, width: float, depth: int = 0) -> list[Strip]:
        """The strips of blocks, from the left edge `x` on."""
        found: list[Strip] = []
        for block in blocks:
            if isinstance(block, Paragraph):
                found.extend(self._paragraph(block, x, width))
            elif isinstance(block, Listing):
                found.extend(self._list(block, x, width, depth))
            elif isinstance(block, Table):
                found.extend(self._table(block, x, width))
            elif isinstance(block, Columns):
                found.append(self._columns(block, x, width))
            elif isinstance(block, Rule):
                found.append(Strip(self.size, x, width, rule=True))
            elif isinstance(block, Skip):
                found.append(Strip(self.size * 1.2, x, width))
            elif isinstance(block, PageBreak):
                found.append(Strip(0.0, page_break=True))
        return found

    def _paragraph(self, block: Paragraph, x: float, width: float) -> list[Strip]:
        setting, spacing = block.setting, block.setting.spacing
        rtl = is_rtl_text(block.text, self.lines.rtl)
        left, right = (setting.right, setting.left) if rtl else (setting.left, setting.right)
        padding = _PADDING if setting.border else 0.0
        x, width = x + left + padding, max(width - left - right - 2 * padding, self.size)
        first = setting.first
        if first is None:
            first = spacing.indent if setting.align == "start" else 0.0
        first = min(first, width / 2)
        scale = _HEADING_SCALES.get(block.level, 1.0)
        align = {"start": "right" if rtl else "left"}.get(setting.align, setting.align)
        lines = self.lines.break_up(block, width, first, scale)
        factor = 1.0 if block.level else spacing.line
        strips: list[Strip] = []
        for number, line in enumerate(lines):
            indent = first if number == 0 and setting.align == "start" else 0.0
            has_picture = any(part.kind == "picture" for part in line.parts)
            strips.append(Strip(
                line.height * (1.0 if has_picture else factor), x if rtl else x + indent, width - indent, line=line,
                align=align, rtl=rtl, level=block.level if number == 0 else 0, text=block.text if number == 0 else "",
                border=setting.border, keep=bool(block.level)))
        if strips:
            if block.level:
                strips[0].above = 0.8 * self.size
                strips[-1].below = 0.4 * self.size
            else:
                strips[-1].below = spacing.after * self.size * 1.2 * 0.8
            if setting.border:
                strips[0].above += _PADDING
                strips[-1].below += _PADDING
            _avoid_single_lines(strips)
        return strips

    def _list(self, block: Listing, x: float, width: float, depth: int) -> list[Strip]:
        found: list[Strip] = []
        text = "".join(inner.text for item in block.items for inner in item if isinstance(inner, Paragraph))
        rtl = is_rtl_text(text, self.lines.rtl)
        for number, item in enumerate(block.items):
            if block.marks:
                mark = block.marks[number]
            elif block.ordered:
                mark = f"{_counted(block.start + number, depth)}."
            else:
                mark = _BULLETS[min(depth, len(_BULLETS) - 1)]
            indent = _MARK_WIDTH + (0.0 if depth else 0.1 * INCH)
            raised = Look(raised="super") if block.marks else Look()
            drawn = self.lines.break_up(Paragraph([Run(text=mark, look=raised)], Setting(first=0.0)), 2 * INCH)[0]
            inside = item or [Paragraph([Run(text=" ")])]
            strips = self.blocks(inside, x if rtl else x + indent, width - indent, depth + 1)
            if not strips:
                strips = [Strip(self.size * 1.2, x, width)]
            strips[0].mark = drawn
            strips[0].mark_x = x + width - drawn.width if rtl else x + indent - drawn.width - 0.08 * INCH
            if drawn.width > indent - 0.08 * INCH and not rtl:
                strips[0].mark_x = x
            found.extend(strips)
        return found

    # -- side by side --------------------------------------------------------------------------------

    def _columns(self, block: Columns, x: float, width: float) -> Strip:
        count = max(len(block.columns), 1)
        gap = 0.25 * INCH
        each = (width - gap * (count - 1)) / count
        places = [x + number * (each + gap) for number in range(count)]
        if self.lines.rtl:
            places.reverse()
        cells = [(place, each, self.blocks(column, place, each))
                 for place, column in zip(places, block.columns, strict=False)]
        strip = _row(x, width, cells, "caption" if block.caption else "")
        strip.above = strip.below = 0.5 * self.size
        return strip

    def _table(self, block: Table, x: float, width: float) -> list[Strip]:
        widths = self._column_widths(block, width)
        strips: list[Strip] = []
        places = [x + sum(widths[:number]) for number in range(len(widths))]
        if self.lines.rtl:   # the first column stands on the right
            places = [x + width - sum(widths[:number + 1]) for number in range(len(widths))]
        for number, row in enumerate(block.rows):
            cells = [(place, wide, self.blocks(cell, place + _PADDING, wide - 2 * _PADDING))
                     for cell, place, wide in zip(row, places, widths, strict=False)]
            strip = _row(x, sum(widths), cells, "table", _PADDING)
            strip.keep = number < block.headings
            strips.append(strip)
        if strips:
            strips[0].above = strips[-1].below = 0.5 * self.size
        return strips

    def _column_widths(self, block: Table, width: float) -> list[float]:
        """As wide as the text wants, made narrower in proportion where that is too much for the page."""
        count = max((len(row) for row in block.rows), default=0)
        wanted, least = [0.0] * count, [0.0] * count
        for row in block.rows:
            for number, cell in enumerate(row):
                for inner in cell:
                    if isinstance(inner, Paragraph):
                        whole = self.lines.break_up(inner, 100 * INCH)
                        wanted[number] = max(wanted[number], *(line.width for line in whole), 0.0)
                        narrow = self.lines.break_up(inner, 1.0) if len(inner.text) < 40 else []
                        words = inner.text.split() or [""]
                        share = max((line.width for line in whole), default=0.0) / max(len(inner.text), 1)
                        least[number] = max(least[number], max(len(word) for word in words) * share if narrow else 50.0)
                    else:
                        wanted[number] = max(wanted[number], 2 * INCH)
        wanted = [one + 2 * _PADDING + 1 for one in wanted]
        if sum(wanted) <= width or not count:
            return wanted
        floor = [min(one + 2 * _PADDING + 1, width / count) for one in least]
        free, over = width - sum(floor), [max(one - base, 0.0) for one, base in zip(wanted, floor, strict=True)]
        total = sum(over) or 1.0
        return [base + free * one / total for base, one in zip(floor, over, strict=True)]


def _row(
    x: float, width: float, cells: list[tuple[float, float, list[Strip]]], lined: str, padding: float = 0.0
) -> Strip:
    heights = [sum(strip.above + strip.height + strip.below for strip in strips) for _, _, strips in cells]
    return Strip(max(heights, default=0.0) + 2 * padding, x, width, cells=cells, lined=lined)


def _avoid_single_lines(strips: list[Strip]) -> None:
    """A paragraph's first line does not stand alone at the foot of a page, nor its last at the head of one."""
    if len(strips) > 1:
        strips[0].keep = True
        strips[-2].keep = True


def _counted(number: int, depth: int) -> str:
    """A number of a list: 1, a, i by how deep the list stands.

    >>> _counted(3, 0), _counted(3, 1), _counted(4, 2)
    ('3', 'c', 'iv')
    """
    if depth % 3 == 1 and number <= 26:
        return chr(ord("a") + number - 1)
    if depth % 3 == 2 and number < 40:
        text = ""
        for value, letters in ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
            while number >= value:
                text, number = text + letters, number - value
        return text
    return str(number)
