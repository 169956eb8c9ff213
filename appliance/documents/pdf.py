"""PDF files: strips go onto pages, and are drawn there.

fpdf2 shapes the letters (with HarfBuzz), embeds of each font what is used, and writes the file; where everything
stands is decided here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont
from fpdf.line_break import Fragment

from appliance.documents.fonts import Fonts
from appliance.documents.images import Images
from appliance.documents.layout import Layout, Strip
from appliance.documents.lines import Line, Lines, Part
from appliance.documents.model import Content, Paragraph, Setting
from appliance.documents.page import INCH, Page
from appliance.documents.reading import read_inline
from appliance.documents.scripts import SHAPED, is_rtl, script_of

__all__ = ["write_pdf"]

_log = logging.getLogger(__name__)

_LINK_COLOR = (5, 60, 140)
_NOTHING_SEEN = 0x2060   # a word joiner: it stands for nothing and parts no words
_THIN, _FADED = 0.6, (90, 90, 90)

Placed = list[list[tuple[Strip, float]]]
"""For each page, the strips with their distance from the top of the text."""


def write_pdf(content: Content, page: Page, files: dict[str, str], creator: str) -> bytes:
    """The PDF file of a document.

    :param files: paths of pictures, by the references that the text has for them.
    :param creator: the program's name, for the file's properties.
    """
    pdf = _File(unit="pt", format=page.size)
    pdf.set_auto_page_break(False)
    pdf.set_margins(0, 0, 0)
    pdf.c_margin = 0
    pdf.set_title(page.title or content.title)
    pdf.set_lang(content.language)
    pdf.set_creator(creator)
    if page.authors:
        pdf.set_author(", ".join(page.authors))
    fonts = Fonts(pdf)
    lines = Lines(pdf, fonts, page.font_size, Images(files), page.height, content.rtl)
    writer = _Writer(pdf, page, lines)
    writer.write(content)
    for script in sorted(fonts.missing):
        _log.warning("a document has letters that no font here has (%s); boxes stand for them", script)
    _name_all_glyphs(pdf)
    return bytes(pdf.output())


def _name_all_glyphs(pdf: FPDF) -> None:
    """Let programs that read the text know that a letter drawn in several pieces is one letter.

    HarfBuzz gives the letters to the first piece; to the others fpdf2 gives none, and then readers make some up.
    """
    for font in pdf.fonts.values():
        for glyph, _ in font.subset.items() if isinstance(font, TTFFont) else ():
            if glyph is not None and not glyph.unicode and isinstance(glyph.unicode, tuple):
                glyph.unicode = (_NOTHING_SEEN,)


class _File(FPDF):
    """A PDF file whose texts are in one font, script and direction each, as :class:`~appliance.documents.lines.Lines`
    makes them. fpdf2 would look for directions again, and part marks from letters, which it takes for another script.
    """

    def _preload_bidirectional_text(self, text: str, markdown: bool) -> tuple[Fragment, ...]:  # noqa: ARG002
        if self.text_shaping:
            self.text_shaping["fragment_direction"] = self.text_shaping["direction"]
            self.text_shaping["paragraph_direction"] = self.text_shaping["direction"]
        return (Fragment(text, self._get_current_graphics_state(), self.k),)

    @contextmanager
    def saying(self, text: str) -> Iterator[None]:
        """Let programs that read the file know what is drawn here, where the shapes of letters do not tell it.

        Not from right to left: there they turn around what they find, and would turn this around too.
        """
        if not any(script_of(letter) in SHAPED for letter in text) or any(map(is_rtl, text)):
            yield
            return
        self._out(f"/Span <</ActualText <FEFF{text.encode('utf-16-be').hex().upper()}>>> BDC")
        yield
        self._out("EMC")


class _Writer:
    def __init__(self, pdf: _File, page: Page, lines: Lines) -> None:
        self.pdf, self.page, self.lines = pdf, page, lines
        self.number = self.total = 0
        self.depth = 0

    def write(self, content: Content) -> None:
        strips = Layout(self.lines).blocks(content.blocks, 0.0, self.page.width)
        pages = _paginate(strips, self.page.height)
        self.total = len(pages)
        for number, placed in enumerate(pages, 1):
            self.number = number
            self.pdf.add_page()
            self._corners()
            self._boxes(placed)
            for strip, y in placed:
                self._strip(strip, self.page.margins["left"], self.page.margins["top"] + y)

    # -- headers and footers -------------------------------------------------------------------------

    def _corners(self) -> None:
        first = "First" if self.number == 1 else ""
        self.lines.numbers = {"page": str(self.number), "pages": str(self.total)}
        left, width = self.page.margins["left"], self.page.width
        for place in ("Header", "Footer"):
            for side in ("Left", "Center", "Right"):
                text = self.page.corners.get(f"{first}{place}{side}", "")
                if not text:
                    continue
                paragraph = Paragraph(read_inline(text), Setting(first=0.0))
                lines = self.lines.break_up(paragraph, width)
                height = sum(line.height for line in lines)
                if place == "Header":
                    y = max(min(0.5 * INCH, self.page.margins["top"] - height - 4), 10.0)
                else:
                    y = self.page.size[1] - min(0.5 * INCH, self.page.margins["bottom"]) - height
                for line in lines:
                    x = left + {"Left": 0.0, "Center": (width - line.width) / 2}.get(side, width - line.width)
                    self._line(line, x, y + line.ascent)
                    y += line.height

    # -- drawing -------------------------------------------------------------------------------------

    def _boxes(self, placed: list[tuple[Strip, float]]) -> None:
        """The frames around paragraphs that have one."""
        frames: dict[int, list[tuple[Strip, float]]] = {}
        for strip, y in placed:
            if strip.border:
                frames.setdefault(strip.border, []).append((strip, y))
        self._pen()
        for group in frames.values():
            top, bottom = group[0][1] - 3, group[-1][1] + group[-1][0].height + 3
            left = min(strip.x for strip, _ in group) - 4
            right = max(strip.x + strip.width for strip, _ in group) + 4
            self.pdf.rect(self.page.margins["left"] + left, self.page.margins["top"] + top, right - left, bottom - top)

    def _strip(self, strip: Strip, left: float, y: float) -> None:
        if strip.rule:
            self._pen()
            self.pdf.line(left + strip.x, y + strip.height / 2, left + strip.x + strip.width, y + strip.height / 2)
        if strip.cells:
            self._row(strip, left, y)
        if strip.line is None:
            if strip.mark is not None:
                self._line(strip.mark, left + strip.mark_x, y + strip.mark.ascent)
            return
        line = strip.line
        x = strip.x + {"left": 0.0, "center": (strip.width - line.width) / 2}.get(strip.align, strip.width - line.width)
        # With wide spacing the letters stand in the lower part of their strip, as in a word processor.
        baseline = y + (strip.height - line.height) + line.ascent
        if strip.level:
            self._outline(strip)
        if strip.mark is not None:
            self._line(strip.mark, left + strip.mark_x, baseline)
        self._line(line, left + x, baseline)

    def _outline(self, strip: Strip) -> None:
        """Headings are the file's bookmarks; a level is never deeper than one below the one before."""
        self.depth = min(strip.level - 1, self.depth + 1) if self.depth or strip.level == 1 else 0
        if self.pdf.page == 1 and not getattr(self.pdf, "_outline", []):
            self.depth = 0
        self.pdf.start_section(strip.text, level=self.depth, strict=False)

    def _row(self, strip: Strip, left: float, y: float) -> None:
        padding = 4.0 if strip.lined == "table" else 0.0
        for x, width, strips in strip.cells:
            place = y + padding
            for inner in strips:
                place += inner.above
                self._strip(inner, left, place)
                place += inner.height + inner.below
            if strip.lined == "table":
                self._pen()
                self.pdf.rect(left + x, y, width, strip.height)
        if strip.lined == "caption" and len(strip.cells) > 1:
            self._pen()
            (first, width, _), (second, _, _) = strip.cells[:2]
            rtl = first > second
            middle = left + strip.x + strip.width / 2
            self.pdf.line(middle, y, middle, y + strip.height)
            self.pdf.line(left + first + (width if rtl else 0.0), y + strip.height, middle, y + strip.height)

    def _pen(self) -> None:
        self.pdf.set_draw_color(*_FADED)
        self.pdf.set_line_width(_THIN)

    def _line(self, line: Line, x: float, baseline: float) -> None:
        for part, offset in zip(line.parts, line.x, strict=True):
            self._part(part, x + offset, baseline)

    def _part(self, part: Part, x: float, baseline: float) -> None:
        pdf = self.pdf
        if part.picture is not None:
            pdf.image(part.picture.file, x, baseline - part.height, part.width, part.height, alt_text=part.text or None)
            return
        if part.kind == "fill":
            self._pen()
            pdf.line(x, baseline + 1.5, x + part.width, baseline + 1.5)
            return
        if part.kind in ("page", "pages"):
            part = replace(part, text=str(self.number if part.kind == "page" else self.total))
        if not part.text:
            return
        self.lines.use(part)
        look = part.look
        if look.raised:
            baseline += -0.35 * part.size / 0.66 if look.raised == "super" else 0.15 * part.size
        pdf.set_text_color(*(_LINK_COLOR if look.link else (0, 0, 0)))
        pdf.set_xy(x, baseline - 0.8 * part.size)
        with pdf.saying(part.text):
            pdf.cell(self.lines.measure(part), part.size, part.text, link=look.link, new_x=XPos.RIGHT, new_y=YPos.TOP)
        if look.underline or look.link or look.strike:
            pdf.set_draw_color(*(_LINK_COLOR if look.link else (0, 0, 0)))
            pdf.set_line_width(part.size * 0.05)
            height = baseline + part.size * (-0.25 if look.strike else 0.12)
            pdf.line(x, height, x + part.width, height)


def _paginate(strips: list[Strip], height: float) -> Placed:
    """Which strips go onto which page; those that are kept together move on together."""
    pages: Placed = [[]]
    y = 0.0
    waiting = list(strips)
    while waiting:
        strip = waiting.pop(0)
        if strip.page_break:
            pages.append([])
            y = 0.0
            continue
        above = strip.above if pages[-1] else 0.0
        needed = above + strip.height + _kept_below(strip, waiting, height)
        if y + needed > height and pages[-1]:
            pages.append([])
            y, above = 0.0, 0.0
        if strip.height > height and strip.cells:
            strip, rest = _cut(strip, height - y - above)
            waiting.insert(0, rest)
        pages[-1].append((strip, y + above))
        y += above + strip.height + strip.below
    return pages


def _kept_below(strip: Strip, following: list[Strip], height: float) -> float:
    """How high the strips are that must stand on the same page; nothing where no page could hold them."""
    total, current = 0.0, strip
    for other in following[:12]:
        if not current.keep or other.page_break:
            break
        total += current.below + other.above + min(other.height, height / 2)
        current = other
    return total if total + strip.height <= height else 0.0


def _cut(strip: Strip, height: float) -> tuple[Strip, Strip]:
    """A row that is higher than a page, in two: what stands on this page, and the rest."""
    padding = 4.0 if strip.lined == "table" else 0.0
    upper: list[tuple[float, float, list[Strip]]] = []
    lower: list[tuple[float, float, list[Strip]]] = []
    for x, width, strips in strip.cells:
        used, count = 2 * padding, 0
        while count < len(strips):
            one = strips[count]
            used += one.above + one.height + one.below
            if used > height and count:
                break
            count += 1
        upper.append((x, width, strips[:count]))
        lower.append((x, width, strips[count:]))

    def highest(cells: list[tuple[float, float, list[Strip]]]) -> float:
        return max(sum(one.above + one.height + one.below for one in strips) for _, _, strips in cells) + 2 * padding

    return (replace(strip, cells=upper, height=min(highest(upper), height), below=0.0),
            replace(strip, cells=lower, height=highest(lower), above=0.0))
