"""DOCX files, through python-docx: styles that Word knows, real lists, and letters of every script marked as such."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

from appliance.documents.images import Images
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
    Spacing,
    Table,
)
from appliance.documents.page import INCH, Page
from appliance.documents.reading import read_inline
from appliance.documents.scripts import SHAPED, is_rtl, script_of

__all__ = ["write_docx"]

FONT, CODE_FONT, EAST_ASIAN_FONT = "Times New Roman", "Courier New", "SimSun"
_LINK_COLOR = RGBColor(0x05, 0x3C, 0x8C)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_EAST_ASIAN = frozenset({"chinese", "korean"})


def write_docx(content: Content, page: Page, files: dict[str, str], creator: str) -> bytes:
    """The DOCX file of a document; see :func:`appliance.documents.pdf.write_pdf`."""
    made = docx.Document()
    writer = _Writer(made, content, page, Images(files))
    writer.styles()
    writer.section()
    writer.properties(creator)
    writer.blocks(content.blocks, made, page.width)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


class _Writer:
    def __init__(self, made: Any, content: Content, page: Page, images: Images) -> None:
        self.made, self.content, self.page, self.images = made, content, page, images
        self.break_before = False

    # -- the whole document --------------------------------------------------------------------------

    def styles(self) -> None:
        normal = self.made.styles["Normal"]
        normal.font.name, normal.font.size = FONT, Pt(self.page.font_size)
        _fonts(normal.element.get_or_add_rPr(), FONT)
        normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
        for level, scale in enumerate((1.35, 1.2, 1.1, 1.0, 1.0, 1.0), 1):
            style = self.made.styles[f"Heading {level}"]
            style.font.name, style.font.size = FONT, Pt(round(self.page.font_size * scale, 1))
            style.font.bold, style.font.italic, style.font.color.rgb = True, False, RGBColor(0, 0, 0)
            _fonts(style.element.get_or_add_rPr(), FONT)
            style.paragraph_format.space_before = Pt(0.8 * self.page.font_size)
            style.paragraph_format.space_after = Pt(0.4 * self.page.font_size)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), self.content.language)
        if self.content.rtl:
            language.set(qn("w:bidi"), self.content.language)
        properties = normal.element.get_or_add_rPr()
        for old in properties.findall(qn("w:lang")):
            properties.remove(old)
        properties.append(language)

    def section(self) -> None:
        section, page = self.made.sections[0], self.page
        section.page_width, section.page_height = Pt(page.size[0]), Pt(page.size[1])
        if page.size[0] > page.size[1]:
            section.orientation = WD_ORIENT.LANDSCAPE
        for side, value in page.margins.items():
            setattr(section, f"{side}_margin", Pt(value))
        section.header_distance = section.footer_distance = Pt(INCH / 2)
        if not page.corners:
            return
        section.different_first_page_header_footer = True
        for first, header, footer in (("", section.header, section.footer),
                                      ("First", section.first_page_header, section.first_page_footer)):
            for place, part in (("Header", header), ("Footer", footer)):
                texts = [page.corners.get(f"{first}{place}{side}", "") for side in ("Left", "Center", "Right")]
                self._corners(texts, part)

    def _corners(self, texts: list[str], part: Any) -> None:
        """A line of header or footer: left, in the middle and right, at tab stops."""
        part.is_linked_to_previous = False
        paragraph = part.paragraphs[0]
        stops = paragraph.paragraph_format.tab_stops
        stops.add_tab_stop(Pt(self.page.width / 2), WD_TAB_ALIGNMENT.CENTER)
        stops.add_tab_stop(Pt(self.page.width), WD_TAB_ALIGNMENT.RIGHT)
        for number, text in enumerate(texts):
            if number and any(texts[number:]):
                paragraph.add_run("\t")
            self._runs(paragraph, read_inline(text) if text else [], self.page.width)

    def properties(self, creator: str) -> None:
        properties, now = self.made.core_properties, datetime.now(UTC).replace(microsecond=0)
        properties.title = _clean(self.page.title or self.content.title)[:255]
        properties.author = _clean(", ".join(self.page.authors))[:255]
        properties.last_modified_by, properties.comments = "", ""
        properties.category = properties.keywords = properties.subject = ""
        properties.language = self.content.language
        properties.created = properties.modified = now
        properties.identifier, properties.content_status = "", ""
        properties.version = creator

    # -- blocks --------------------------------------------------------------------------------------

    def blocks(self, blocks: list[Block], into: Any, width: float, depth: int = 0) -> None:
        """Write blocks into the document or a cell.

        :param width: of the text there.
        :param depth: how many lists are around.
        """
        borders: list[tuple[int, Any]] = []
        for block in blocks:
            if isinstance(block, Paragraph):
                paragraph = self._paragraph(block, into, width)
                borders.append((block.setting.border, paragraph))
                if depth:
                    self._shift(paragraph, depth)
            elif isinstance(block, Listing):
                self._list(block, into, width, depth)
            elif isinstance(block, Table):
                self._table(block, into, width)
            elif isinstance(block, Columns):
                self._columns(block, into, width)
            elif isinstance(block, Rule):
                _border(self._add(into), ("bottom",))
            elif isinstance(block, Skip):
                self._add(into)
            elif isinstance(block, PageBreak):
                self.break_before = True
        for border, paragraph in borders:
            if border:
                _border(paragraph, ("top", "left", "bottom", "right"))

    def _add(self, into: Any, style: str | None = None) -> Any:
        paragraph = into.add_paragraph(style=style)
        if self.break_before:
            paragraph.paragraph_format.page_break_before = True
            self.break_before = False
        return paragraph

    def _paragraph(self, block: Paragraph, into: Any, width: float) -> Any:
        setting = block.setting
        paragraph = self._add(into, f"Heading {block.level}" if block.level else None)
        layout = paragraph.paragraph_format
        if not block.level:
            layout.line_spacing = setting.spacing.line
            layout.space_after = Pt(setting.spacing.after * self.page.font_size)
        rtl = is_rtl_text(block.text, self.content.rtl)
        usual = setting.spacing.indent if setting.align == "start" else 0.0
        first = usual if setting.first is None else setting.first
        if first:
            layout.first_line_indent = Pt(first)
        if setting.left:
            layout.left_indent = Pt(setting.left)
        if setting.right:
            layout.right_indent = Pt(setting.right)
        if rtl:
            _first_of(paragraph._p.get_or_add_pPr(), "w:bidi", _AFTER_BIDI)
        # Word turns left and right around in paragraphs from right to left.
        left, right = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.RIGHT
        if rtl:
            left, right = right, left
        aligned = {"center": WD_ALIGN_PARAGRAPH.CENTER, "right": right, "left": left}.get(setting.align)
        if aligned is not None:
            layout.alignment = aligned
        if any(run.kind == "fill" for run in block.runs):
            layout.tab_stops.add_tab_stop(Pt(width - setting.left - setting.right), WD_TAB_ALIGNMENT.RIGHT,
                                          WD_TAB_LEADER.LINES)
        self._runs(paragraph, block.runs, width - setting.left - setting.right - first)
        return paragraph

    @staticmethod
    def _shift(paragraph: Any, depth: int) -> None:
        """Indent what stands in a list without being its item."""
        layout = paragraph.paragraph_format
        layout.left_indent = Pt((layout.left_indent.pt if layout.left_indent is not None else 0) + depth * INCH / 2)

    def _list(self, block: Listing, into: Any, width: float, depth: int) -> None:
        numbering = 0 if block.marks else self._numbering(block)
        for number, item in enumerate(block.items):
            inside: list[Block] = item or [Paragraph([], Setting(first=0.0, spacing=Spacing(1.0, 0.0, 0.0)))]
            head = inside[0]
            if not isinstance(head, Paragraph):
                head = Paragraph([], Setting(first=0.0))
                inside = [head, *inside]
            if block.marks:
                head.runs[:0] = [Run(text=block.marks[number], look=Look(raised="super")), Run(text=" ")]
            paragraph = self._paragraph(head, into, width - (depth + 1) * INCH / 2)
            if numbering:
                _number(paragraph, numbering, depth)
            self.blocks(inside[1:], into, width - INCH / 2, depth + 1)

    def _numbering(self, block: Listing) -> int:
        """A numbering of its own for each list, so that each begins where it should."""
        root = self.made.part.numbering_part.element
        abstract = OxmlElement("w:abstractNum")
        number = 1 + max((int(one.get(qn("w:abstractNumId"))) for one in root.findall(qn("w:abstractNum"))), default=0)
        abstract.set(qn("w:abstractNumId"), str(number))
        _child(abstract, "w:multiLevelType", "hybridMultilevel")
        for level in range(9):
            one = OxmlElement("w:lvl")
            one.set(qn("w:ilvl"), str(level))
            _child(one, "w:start", str(block.start))
            _child(one, "w:numFmt", ("decimal", "lowerLetter", "lowerRoman")[level % 3] if block.ordered else "bullet")
            _child(one, "w:lvlText", f"%{level + 1}." if block.ordered else "•◦▪"[level % 3])
            _child(one, "w:lvlJc", "left")
            layout = OxmlElement("w:pPr")
            indent = OxmlElement("w:ind")
            indent.set(qn("w:left"), str(720 * (level + 1)))
            indent.set(qn("w:hanging"), "360")
            layout.append(indent)
            one.append(layout)
            abstract.append(one)
        first_num = root.find(qn("w:num"))
        if first_num is None:
            root.append(abstract)
        else:
            first_num.addprevious(abstract)
        return int(root.add_num(number).numId)

    def _table(self, block: Table, into: Any, width: float) -> None:
        wide = max((len(row) for row in block.rows), default=0)
        if not wide:
            return
        table = self._new_table(into, len(block.rows), wide, width)
        table.style = "Table Grid"
        for number, row in enumerate(block.rows):
            for cell, inside in zip(table.rows[number].cells, row, strict=False):
                self._cell(cell, inside, width / wide)
            if number < block.headings:
                properties = table.rows[number]._tr.get_or_add_trPr()
                _child(properties, "w:tblHeader", "true")
        self._after_table(into)

    def _columns(self, block: Columns, into: Any, width: float) -> None:
        table = self._new_table(into, 1, len(block.columns), width)
        for number, (cell, inside) in enumerate(zip(table.rows[0].cells, block.columns, strict=True)):
            self._cell(cell, inside, width / len(block.columns))
            if block.caption and number == 0:
                borders = OxmlElement("w:tcBorders")
                for side in ("bottom", "right"):
                    borders.append(_edge(side))
                cell._tc.get_or_add_tcPr().append(borders)
        self._after_table(into)

    def _new_table(self, into: Any, rows: int, columns: int, width: float) -> Any:
        if self.break_before:
            self._add(into)
        try:
            table = into.add_table(rows, columns)
        except TypeError:   # a header's tables want to know their width
            table = into.add_table(rows, columns, Pt(width))
        if self.content.rtl:
            _first_of(table._tbl.tblPr, "w:bidiVisual", _AFTER_BIDI_VISUAL).set(qn("w:val"), "true")
        return table

    def _cell(self, cell: Any, inside: list[Block], width: float) -> None:
        empty = cell.paragraphs[0]
        self.blocks(inside, cell, width)
        if len(cell.paragraphs) > 1 and cell.paragraphs[-1] is not empty:
            empty._p.getparent().remove(empty._p)

    @staticmethod
    def _after_table(into: Any) -> None:
        """Word joins tables that touch, and a cell must end in a paragraph."""
        into.add_paragraph().paragraph_format.line_spacing = Pt(6)

    # -- text ----------------------------------------------------------------------------------------

    def _runs(self, paragraph: Any, runs: list[Run], width: float) -> None:
        for run in runs:
            if run.kind == "text":
                self._text(paragraph, run)
            elif run.kind == "break":
                paragraph.add_run().add_break()
            elif run.kind in ("tab", "fill"):
                paragraph.add_run("\t")
            elif run.kind == "picture":
                self._picture(paragraph, run, width)
            else:
                _field(paragraph.add_run(), "PAGE" if run.kind == "page" else "NUMPAGES")

    def _text(self, paragraph: Any, run: Run) -> None:
        holder = paragraph
        if run.look.link:
            link = OxmlElement("w:hyperlink")
            target = paragraph.part.relate_to(run.look.link, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
            link.set(qn("r:id"), target)
            paragraph._p.append(link)
            holder = link
        for text, script in _by_script(_clean(run.text)):
            made = paragraph.add_run(text)
            _dress(made, run.look, script)
            if holder is not paragraph:
                holder.append(made._r)

    def _picture(self, paragraph: Any, run: Run, width: float) -> None:
        picture = self.images.of(run)
        if picture is None:
            if run.text:
                paragraph.add_run(_clean(run.text))
            return
        wide, high = picture.size(run.width, width, self.page.height - 2 * self.page.font_size)
        file = str(picture.file) if isinstance(picture.file, Path) else io.BytesIO(picture.file)
        shape = paragraph.add_run().add_picture(file, Pt(wide), Pt(high))
        if run.text:
            shape._inline.docPr.set("descr", _clean(run.text))


_AFTER_BIDI = ("w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:contextualSpacing", "w:mirrorIndents",
               "w:suppressOverlap", "w:jc", "w:textDirection", "w:textAlignment", "w:textboxTightWrap", "w:outlineLvl",
               "w:divId", "w:cnfStyle", "w:rPr", "w:sectPr", "w:pPrChange")
"""What the schema wants to stand after w:bidi in a paragraph's properties."""

_AFTER_BIDI_VISUAL = ("w:tblStyleRowBandSize", "w:tblStyleColBandSize", "w:tblW", "w:jc", "w:tblCellSpacing",
                      "w:tblInd", "w:tblBorders", "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook", "w:tblPrChange")

_AFTER_BORDER = ("w:shd", "w:tabs", "w:suppressAutoHyphens", "w:kinsoku", "w:wordWrap", "w:overflowPunct",
                 "w:topLinePunct", "w:autoSpaceDE", "w:autoSpaceDN", "w:bidi", *_AFTER_BIDI)


def _first_of(properties: Any, tag: str, after: tuple[str, ...]) -> Any:
    """A new element, where the schema wants it."""
    element = OxmlElement(tag)
    properties.insert_element_before(element, *after)
    return element


def _child(parent: Any, tag: str, value: str) -> Any:
    element = OxmlElement(tag)
    element.set(qn("w:val"), value)
    parent.append(element)
    return element


def _edge(side: str) -> Any:
    edge = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "auto")):
        edge.set(qn(f"w:{name}"), value)
    return edge


def _border(paragraph: Any, sides: tuple[str, ...]) -> None:
    borders = _first_of(paragraph._p.get_or_add_pPr(), "w:pBdr", _AFTER_BORDER)
    for side in sides:
        borders.append(_edge(side))


def _number(paragraph: Any, numbering: int, depth: int) -> None:
    properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_ilvl().val = min(depth, 8)
    properties.get_or_add_numId().val = numbering


def _field(run: Any, name: str) -> None:
    """A number that Word works out."""
    for kind in ("begin", "", "end"):
        if kind:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        else:
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = f" {name} "
        run._r.append(element)


def _fonts(properties: Any, font: str) -> None:
    """Name a font for all kinds of scripts."""
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)
    for name in list(fonts.attrib):
        if "Theme" in name or "theme" in name:
            del fonts.attrib[name]
    for name, value in (("ascii", font), ("hAnsi", font), ("cs", font), ("eastAsia", EAST_ASIAN_FONT)):
        fonts.set(qn(f"w:{name}"), value)


def _dress(run: Any, look: Look, script: str) -> None:
    """Give a run its look, and say which script it is in where Word would guess wrong."""
    font = run.font
    for name in ("bold", "italic", "underline", "strike"):
        if getattr(look, name):
            setattr(font, name, True)
    if look.raised:
        font.superscript, font.subscript = look.raised == "super", look.raised == "sub"
    if look.code:
        _fonts(run._r.get_or_add_rPr(), CODE_FONT)
    if look.link:
        font.color.rgb, font.underline = _LINK_COLOR, True
    if script == "rtl":
        font.rtl = True
    if script in ("rtl", "complex"):
        font.complex_script = True
        if look.bold:
            font.cs_bold = True
        if look.italic:
            font.cs_italic = True
    elif script == "east":
        fonts = run._r.get_or_add_rPr()
        if fonts.find(qn("w:rFonts")) is None:
            element = OxmlElement("w:rFonts")
            fonts.insert(0, element)
        fonts.find(qn("w:rFonts")).set(qn("w:hint"), "eastAsia")


def _by_script(text: str) -> Iterator[tuple[str, str]]:
    """Pieces of a text with what Word calls their script: '' (Latin and its like), rtl, complex, east."""
    piece, kind = "", ""
    for letter in text:
        script = script_of(letter)
        own = "rtl" if is_rtl(letter) else "complex" if script in SHAPED else "east" if script in _EAST_ASIAN else ""
        if not own and not letter.isalnum():
            own = kind   # spaces and punctuation go with what is before them
        if piece and own != kind:
            yield piece, kind
            piece = ""
        piece, kind = piece + letter, own
    if piece:
        yield piece, kind


def _clean(text: str) -> str:
    """`text` without the characters that XML cannot hold."""
    return _CONTROL.sub("", text)
