"""Documents: what goes in as Markdown can be read in the files that come out, in every script."""

from __future__ import annotations

import logging
import re
import unicodedata
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pypdf
import pypdfium2
import pytest
from docx.oxml.ns import qn
from PIL import Image

from appliance.documents.assemble import FORMATS, DocumentFailed, make_document
from appliance.documents.fonts import vendor_folder
from appliance.interview.files import Document

SINGLE = {"SingleSpacing": True}

SCRIPTS = {
    "accents": "Olíve Žluťoučký kůň, Łódź, Åse, ñandú, İstanbul, Nguyễn Thị Hạnh",
    "greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "cyrillic": "Съешь ещё этих мягких французских булок, Україна",
    "hebrew": "דג סקרן שט בים",
    "arabic": "نص حكيم له سر قاطع",
    "persian": "پدر چگونه گفت",
    "devanagari": "निर्माण क्षत्रिय",
    "bengali": "নির্মাণ ভাষা",
    "tamil": "தமிழ் மொழி",
    "thai": "ภาษาไทยที่ผู้ใหญ่",
    "khmer": "ភាសាខ្មែរ",
    "amharic": "የሕግ ድጋፍ",
    "chinese": "法律援助文件",
    "japanese": "日本語のテキスト、カタカナ",
    "korean": "법률 지원 문서",
    "symbols": "☐ ☑ § € ½ → “quoted” – —",
}


def made(markdown: str, file_format: str, **more: Any) -> bytes:
    return make_document(Document("A letter", "letter", markdown, **more), file_format)


def pages(content: bytes) -> list[str]:
    """The text of each page, without the characters that stand for nothing."""
    return [page.extract_text().replace("\u2060", "") for page in pypdf.PdfReader(BytesIO(content)).pages]


def letters(text: str) -> str:
    """The letters and marks alone: where words part is the reader's guess in some scripts."""
    return "".join(one for one in unicodedata.normalize("NFC", text) if not one.isspace())


class TestScripts:
    @pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
    def test_pdf_says_what_went_in(self, text: str, caplog: pytest.LogCaptureFixture) -> None:
        """All letters have a font, and a program that reads the file finds them, in the order of reading."""
        found = pages(made(text, "pdf", metadata=SINGLE))[0]
        assert sorted(letters(found)) == sorted(letters(text))
        if not any(name in unicodedata.name(text[0]) for name in ("THAI", "KHMER", "BENGALI", "TAMIL")):
            assert letters(found) == letters(text)
        assert not caplog.records

    @pytest.mark.parametrize("script", ["devanagari", "bengali", "tamil", "thai", "khmer"])
    def test_shaped_text_can_be_searched(self, script: str) -> None:
        """Where letters change places, the file says beside them what is written."""
        reader = pypdfium2.PdfDocument(made(SCRIPTS[script], "pdf", metadata=SINGLE))
        assert letters(reader[0].get_textpage().get_text_range()) == letters(SCRIPTS[script])

    @pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
    def test_docx_says_what_went_in(self, text: str) -> None:
        """Word gets the letters as they are."""
        assert docx.Document(BytesIO(made(text, "docx"))).paragraphs[0].text == text

    def test_docx_marks_what_is_written_from_right_to_left(self) -> None:
        """Paragraph and runs say so; a Latin word within stays as it is."""
        paragraph = docx.Document(BytesIO(made("שלום **עולם** and you", "docx"))).paragraphs[0]
        assert paragraph._p.get_or_add_pPr().find(qn("w:bidi")) is not None
        marked = {run.text: run.font.rtl for run in paragraph.runs}
        assert marked["עולם"] is True
        assert any("and you" in text and not rtl for text, rtl in marked.items())

    def test_mixed_directions_stand_in_their_order(self) -> None:
        """In a paragraph from right to left the first word stands on the right, and the Latin ones keep their order."""
        places: dict[str, float] = {}

        def look(text: str, _cm: Any, matrix: list[float], _font: Any, _size: Any) -> None:
            for word in ("שלום", "tenant", "landlord"):
                if word in text or word[::-1] in text:
                    places[word] = matrix[4]

        content = made("שלום tenant **landlord**", "pdf", metadata=SINGLE)
        pypdf.PdfReader(BytesIO(content)).pages[0].extract_text(visitor_text=look)
        assert places["שלום"] > places["landlord"] > places["tenant"]

    def test_mark_stays_over_its_letter(self) -> None:
        """Arabic and Hebrew vowels are placed by the font, not put beside the letter as if they were one."""
        with_mark = pypdfium2.PdfDocument(made("جداً", "pdf", metadata=SINGLE))[0]
        without = pypdfium2.PdfDocument(made("جدا", "pdf", metadata=SINGLE))[0]

        def width(page: Any) -> float:
            boxes = [one.get_bounds() for one in page.get_objects()]
            return float(max(box[2] for box in boxes) - min(box[0] for box in boxes))

        assert abs(width(with_mark) - width(without)) < 2

    def test_letter_without_a_font_is_a_box_and_a_log_line(self, caplog: pytest.LogCaptureFixture) -> None:
        """Nothing vanishes silently, and the log names the script, not the text."""
        with caplog.at_level(logging.WARNING):
            found = pages(made("Linear A: \U00010600\U00010601", "pdf"))[0]
        assert "□□" in found
        assert "linear" in caplog.text
        assert "\U00010600" not in caplog.text

    def test_fonts_come_with_their_licences(self) -> None:
        """What is embedded is free to be: each folder of fonts says under which licence."""
        folders = [one for one in vendor_folder().iterdir() if one.is_dir()]
        assert len(folders) > 15
        for folder in folders:
            assert any(one.name.startswith(("LICENSE", "README")) for one in folder.iterdir()), folder.name


MARKUP = """# Complaint

[BOLDCENTER] A Title

The *tenant* and the **landlord** of `12 Main St`[^1] agree ~ see [here](https://example.org/x).

1. One
2. Two
    * nested

| Name | Rent |
|------|-----:|
| Zoë  | 900  |

> Quoted words

[FLUSHRIGHT] Right [NEWLINE] again [TAB] tabbed[NBSP]here [ENDASH] [EMDASH] [HYPHEN] [CHECKBOX] [BLANK] [BLANKFILL]

[BEGIN_CAPTION] Ann, Plaintiff [VERTICAL_LINE] No. 5 [END_CAPTION]

[BEGIN_TWOCOL] Left column [BREAK] Right column [END_TWOCOL]

[BORDER] In a box [NEWPAR] still in it

[INDENTBY 1in 0.5in] Indented [SKIPLINE] skipped [TARGET x] [SECTIONNUM]

[SINGLESPACING]

Page [PAGENUM] of [TOTALPAGES]

[PAGEBREAK]

Second page [START_INDENTATION] [NO_EMOJIS] [QR https://example.org]

[^1]: A footnote.
"""


class TestMarkup:
    @pytest.mark.parametrize("file_format", ["pdf", "docx", "rtf"])
    def test_no_tag_is_left(self, file_format: str) -> None:
        """Everything becomes layout or words; no bracket of a tag and no star of Markdown is seen."""
        content = made(MARKUP, file_format)
        if file_format == "pdf":
            text = "\n".join(pages(content))
        elif file_format == "docx":
            text = "".join(node.text or "" for node in docx.Document(BytesIO(content)).element.body.iter(qn("w:t")))
        else:
            text = content.decode("ascii").replace("{\\*\\fldinst", "")
        for left in ("[", "**", "`", "|", "# ", "NEWLINE", "PAGENUM"):
            assert left not in text, left
        for words in ("Complaint", "A Title", "tenant", "nested", "900", "Quoted words", "Ann, Plaintiff",
                      "Left column", "still in it", "skipped", "Second page", "A footnote"):
            assert words in text, words

    def test_page_breaks_and_numbers(self) -> None:
        """[PAGEBREAK] begins a page; [PAGENUM] and [TOTALPAGES] are right in the text and in headers and footers."""
        found = pages(made("One of [TOTALPAGES]\n\n[PAGEBREAK]\n\nTwo", "pdf",
                           metadata={"FirstFooterLeft": "First page", "HeaderRight": "Page [PAGENUM] of [TOTALPAGES]"}))
        assert len(found) == 2
        assert "One of 2" in found[0]
        assert "First page" in found[0]
        assert "Page" not in found[0].replace("First page", "")
        assert "Page 2 of 2" in found[1]

    def test_long_text_and_tall_rows_go_on_over_pages(self) -> None:
        """Nothing is lost where a paragraph, a table or one cell is longer than a page."""
        words = [f"word{number}" for number in range(700)]
        found = pages(made(" ".join(words), "pdf"))
        assert " ".join(" ".join(found).split()) == " ".join(words)
        assert len(found) > 1
        rows = "".join(f"| row{n} | y |\n" for n in range(60))
        table = f"| a | b |\n|---|---|\n| {' '.join(words)} | x |\n{rows}"
        in_table = " ".join(" ".join(pages(made(table, "pdf"))).split())
        assert all(word in in_table for word in (*words, "row59"))

    def test_long_word_is_broken(self) -> None:
        """An address without spaces stays on the page."""
        page = pypdfium2.PdfDocument(made("x" * 400, "pdf"))[0]
        assert max(one.get_bounds()[2] for one in page.get_objects()) <= 612 - 72 + 1

    def test_docx_has_what_word_knows(self) -> None:
        """Headings, lists, tables, links and headers are Word's own."""
        metadata = {"HeaderLeft": "Case 5", "FirstFooterRight": "x"}
        document = docx.Document(BytesIO(made(MARKUP, "docx", metadata=metadata)))
        assert getattr(document.paragraphs[0].style, "name", "") == "Heading 1"
        assert any(one._p.pPr is not None and one._p.pPr.numPr is not None for one in document.paragraphs)
        assert document.tables[0].cell(1, 0).text.strip() == "Zoë"
        assert "Case 5" in document.sections[0].header.paragraphs[0].text
        assert any(link.address == "https://example.org/x" for one in document.paragraphs for link in one.hyperlinks)
        assert document.core_properties.title == "A letter"

    def test_spacing(self) -> None:
        """Double spacing with indented first lines is usual, as in docassemble; SingleSpacing is single without."""
        double = docx.Document(BytesIO(made("Text", "docx"))).paragraphs[0].paragraph_format
        single = docx.Document(BytesIO(made("Text", "docx", metadata=SINGLE))).paragraphs[0].paragraph_format
        assert (double.line_spacing, double.first_line_indent.inches) == (2.0, 0.5)
        assert (single.line_spacing, single.first_line_indent) == (1.0, None)

    @pytest.mark.parametrize("file_format", ["pdf", "docx"])
    def test_pictures(self, file_format: str, tmp_path: Path) -> None:
        """[FILE …] puts a picture there, with its words for those who cannot see it."""
        Image.new("RGB", (40, 20), "red").save(tmp_path / "red.png")
        content = made("[FILE 12, 1in, A red box]", file_format, options={"files": {"12": str(tmp_path / "red.png")}})
        if file_format == "pdf":
            assert len(pypdf.PdfReader(BytesIO(content)).pages[0].images) == 1
        else:
            assert docx.Document(BytesIO(content)).inline_shapes[0].width.inches == 1


    @pytest.mark.parametrize("file_format", ["pdf", "docx"])
    @pytest.mark.parametrize(("mode", "ending"), [
        ("CMYK", "jpg"), ("RGBA", "png"), ("P", "gif"), ("RGB", "webp"), ("LA", "png"), ("1", "bmp"), ("L", "tif")])
    def test_pictures_of_every_kind(self, file_format: str, mode: str, ending: str, tmp_path: Path) -> None:
        """Whatever a person sends as a picture is one in the document."""
        Image.new(mode, (40, 20)).save(tmp_path / f"one.{ending}")
        content = made("[FILE 12]", file_format, options={"files": {"12": str(tmp_path / f"one.{ending}")}})
        assert shown(content, file_format) == 1

    @pytest.mark.parametrize("file_format", ["pdf", "docx"])
    @pytest.mark.parametrize("kind", ["cut off", "empty", "no picture", "huge"])
    def test_words_stand_for_pictures_that_cannot_be_drawn(
        self, file_format: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A damaged or enormous picture does not keep a person from the document."""
        path = tmp_path / "one.png"
        Image.effect_noise((300, 300), 50).save(path)
        content = path.read_bytes()
        if kind == "huge":
            monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)   # twice as many are an error, on opening
        else:
            path.write_bytes({"cut off": content[:2000], "empty": b"", "no picture": b"Hello"}[kind])
        found = made("[FILE 12, 50%, A red box]", file_format, options={"files": {"12": str(path)}})
        assert shown(found, file_format) == 0
        said = pages(found)[0] if file_format == "pdf" else docx.Document(BytesIO(found)).paragraphs[0].text
        assert "A red box" in said

    def test_picture_stays_where_it_belongs(self, tmp_path: Path) -> None:
        """It is not drawn over the line above, nor beside or below the page, however high and wide it is."""
        metadata = {"geometry": "landscape"}
        for size, width in (((50, 2000), "4in"), ((2000, 1900), "100%")):
            Image.new("RGB", size, "blue").save(tmp_path / "one.png")
            content = made(f"Above\n\n[FILE 12, {width}]", "pdf", metadata=metadata,
                           options={"files": {"12": str(tmp_path / "one.png")}})
            places = [one.get_bounds() for page in pypdfium2.PdfDocument(content) for one in page.get_objects()
                      if one.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
            assert len(places) == 1
            left, bottom, right, top = places[0]
            assert left >= 72
            assert right <= 792 - 72 + 0.1
            assert bottom >= 72
            assert top <= 612 - 72 + 0.1

    def test_picture_leaves_the_line_above_alone(self, tmp_path: Path) -> None:
        """The words before a picture stand above it, not under it."""
        Image.new("RGB", (40, 40), "blue").save(tmp_path / "one.png")
        page = pypdfium2.PdfDocument(made("Above\n\n[FILE 12, 6in]", "pdf", metadata=SINGLE,
                                          options={"files": {"12": str(tmp_path / "one.png")}}))[0]
        text, picture = (next(one.get_bounds() for one in page.get_objects() if one.type == kind)
                         for kind in (pypdfium2.raw.FPDF_PAGEOBJ_TEXT, pypdfium2.raw.FPDF_PAGEOBJ_IMAGE))
        assert text[1] >= picture[3]

    def test_photograph_is_turned_the_way_the_camera_says(self, tmp_path: Path) -> None:
        """Phones write down how they were held, and leave the turning to whoever shows the picture."""
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.new("RGB", (40, 20), "red").save(tmp_path / "one.jpg", exif=exif)
        content = made("[FILE 12]", "docx", options={"files": {"12": str(tmp_path / "one.jpg")}})
        shape = docx.Document(BytesIO(content)).inline_shapes[0]
        assert shape.height == pytest.approx(2 * shape.width, rel=0.01)

    @pytest.mark.parametrize("markdown", [
        f"|{'|'.join(f'head{n}' for n in range(14))}|\n|{'---|' * 14}\n|{'|'.join('wordlike' for _ in range(14))}|",
        "| No | x |\n|---:|---|\n| 1 | y |",
    ], ids=["wide", "right"])
    def test_text_stays_in_its_cell(self, markdown: str) -> None:
        """Also where columns are narrow: nothing is written over the neighbour."""
        page = pypdfium2.PdfDocument(made(markdown, "pdf", metadata=SINGLE))[0]
        cells = [one.get_bounds() for one in page.get_objects() if one.type == pypdfium2.raw.FPDF_PAGEOBJ_PATH]
        texts = [one.get_bounds() for one in page.get_objects() if one.type == pypdfium2.raw.FPDF_PAGEOBJ_TEXT]
        assert texts
        for left, _, right, top in texts:
            assert any(cell[0] <= left and right <= cell[2] and top <= cell[3] for cell in cells)

    def test_first_column_stands_on_the_right_where_one_writes_from_there(self) -> None:
        """Tables of a Hebrew document are read from the right, in PDF as in DOCX."""
        table = "| שלום | tenant |\n|---|---|\n| 1 | 2 |"
        page = pypdfium2.PdfDocument(made(table, "pdf", metadata=SINGLE, language="he"))[0]
        text = page.get_textpage()
        boxes = {letter: text.get_charbox(text.get_text_range().index(letter)) for letter in "12"}
        assert boxes["1"][0] > boxes["2"][0]
        properties = docx.Document(BytesIO(made(table, "docx", language="he"))).tables[0]._tbl.tblPr
        order = [child.tag.rpartition("}")[2] for child in properties]
        assert order.index("tblStyle") < order.index("bidiVisual") < order.index("tblW")

    @pytest.mark.parametrize("file_format", ["pdf", "docx", "rtf"])
    def test_links_lead_into_the_net_only(self, file_format: str) -> None:
        """What a person typed may be a link; it opens no local file and runs nothing on the reader's computer."""
        content = made("[a](javascript:alert(1)) [b](file:///etc/passwd) [c](//server/share) "
                       "[d](HTTPS://example.org/x) [e](http://one\x01.example)", file_format)
        if file_format == "pdf":
            annotations: Any = pypdf.PdfReader(BytesIO(content)).pages[0]["/Annots"]
            links = [str(one.get_object()["/A"]["/URI"]) for one in annotations]
        elif file_format == "docx":
            links = [one.address for one in docx.Document(BytesIO(content)).paragraphs[0].hyperlinks]
        else:
            links = re.findall('HYPERLINK "([^"]*)"', content.decode())
        assert links == ["HTTPS://example.org/x", "http://one.example"]

    @pytest.mark.parametrize("file_format", ["pdf", "docx", "rtf"])
    def test_characters_that_are_no_text(self, file_format: str) -> None:
        """Pasted text may hold control characters, half characters, and line ends of other programs."""
        content = made("one\x00\x01\ud83d\uffff\x0btwo", file_format)
        if file_format == "pdf":
            assert pages(content) == ["one two"]
        elif file_format == "docx":
            assert docx.Document(BytesIO(content)).paragraphs[0].text == "one two"
        else:
            assert b"{one two}" in content


def shown(content: bytes, file_format: str) -> int:
    """How many pictures a document shows."""
    if file_format == "pdf":
        return len(pypdf.PdfReader(BytesIO(content)).pages[0].images)
    return len(docx.Document(BytesIO(content)).inline_shapes)


class TestFile:
    def test_title_is_without_markup(self) -> None:
        """Names of documents are Markdown, and what people typed in them is written as HTML wants it."""
        content = make_document(Document("A *letter* to &lt;Ann> & Bob", "letter", "x"), "pdf")
        metadata = pypdf.PdfReader(BytesIO(content)).metadata
        assert metadata is not None
        assert metadata.title == "A letter to <Ann> & Bob"

    def test_error_does_not_tell_the_name_of_the_file(self) -> None:
        """It may hold the client's name, and errors go to logs and by mail."""
        with pytest.raises(DocumentFailed) as caught:
            make_document(Document("A letter", "letter_to_ann", "<div>" * 3000), "pdf")
        assert "ann" not in str(caught.value)

    def test_pdf_says_what_it_is(self) -> None:
        """Title and language are in the file, for screen readers and windows' titles."""
        reader = pypdf.PdfReader(BytesIO(made("Hola", "pdf", language="es")))
        assert reader.metadata is not None
        assert reader.metadata.title == "A letter"
        assert str(reader.root_object["/Lang"]) == "es"

    def test_other_formats(self) -> None:
        """Markdown stays as it is, HTML is a page, RTF is all ASCII."""
        assert made("*Zoë*", "md") == "*Zoë*".encode()
        assert "<em>Zoë</em>" in made("*Zoë*", "html").decode()
        assert b"{\\i Zo\\u235?}" in made("*Zoë*", "rtf")

    def test_html_has_its_pictures_inside(self, tmp_path: Path) -> None:
        """Saved or sent by mail, the page finds no server to ask for them; words stand for what is no picture."""
        Image.new("RGB", (40, 20), "red").save(tmp_path / "red.png")
        text = made("One [FILE 12, 1in, A *red* box] two [FILE 13, 1in, No box]", "html",
                    options={"files": {"12": str(tmp_path / "red.png")}}).decode()
        picture = re.search(r'<img src="data:image/png;base64,([^"]+)" alt="A \*red\* box" style="width: 1in">', text)
        assert picture is not None
        assert b64decode(picture[1]) == (tmp_path / "red.png").read_bytes()
        assert "two No box" in text

    def test_unknown_format_is_a_clear_error(self) -> None:
        """The message names the formats there are."""
        with pytest.raises(DocumentFailed, match=", ".join(FORMATS)):
            made("x", "tex")
