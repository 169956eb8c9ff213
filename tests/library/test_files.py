"""DAFile and its kin, in interviews as authors write them."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, RectangleObject, TextStringObject

from appliance.interview.errors import CodeFailed
from appliance.library.modules import install_import_hook
from tests.interview.talk import Talk


def after(code: str) -> Talk:
    """A session in which `code` ran."""
    lines = "\n".join("      " + line for line in code.strip().splitlines())
    return Talk(f"""
    objects:
      - letter: DAFile
      - others: DAFileList
    ---
    mandatory: True
    code: |
{lines}
    ---
    mandatory: True
    question: Done
    subquestion: |
      ${{ result }}
    """)


def pdf(pages: int, **options: Any) -> bytes:
    made = io.BytesIO()
    with PdfWriter() as writer:
        for number in range(pages):
            writer.add_blank_page(100 + number, 200)
        if "password" in options:
            writer.encrypt("", options["password"])
        writer.write(made)
    return made.getvalue()


@pytest.fixture
def with_package(tmp_path: Path) -> Iterator[Path]:
    """The package ``docassemble.cows`` with a picture; returns its folder."""
    package = tmp_path / "docassemble" / "cows"
    for folder in ("static", "templates"):
        (package / "data" / folder).mkdir(parents=True)
    Image.new("RGB", (9, 9), "red").save(package / "data" / "static" / "cow.png")
    (package / "data" / "templates" / "form.pdf").write_bytes(pdf(3))
    (tmp_path / "secret.txt").write_text("secret")
    install_import_hook(tmp_path)
    yield package
    install_import_hook(None)


# -- making and reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "filename", "mimetype"), [
    ("", "file.txt", "text/plain"),
    ("filename='report.md'", "report.md", "text/markdown"),
    ("extension='pdf'", "file.pdf", "application/pdf"),
    ("filename='photo', extension='jpg'", "photo.jpg", "image/jpeg"),
    ("mimetype='image/png'", "file.png", "image/png"),
    ("filename='a.bin', mimetype='text/csv'", "a.bin", "text/csv"),
    ("filename='../up.txt'", "up.txt", "text/plain"),
])
def test_initialize(arguments: str, filename: str, mimetype: str) -> None:
    """The name, the extension and the type are made of each other as far as they are not given."""
    talk = after(f"letter.initialize({arguments})\nresult = letter.ok")
    file = talk.answers["letter"]
    assert (file.filename, file.mimetype, file.extension) == (filename, mimetype, filename.rpartition(".")[2])
    assert talk.host.file(file.number) is not None


def test_what_is_stored_of_a_file_is_its_number_and_its_name() -> None:
    """The content is in the Host; answers do not grow with it."""
    talk = after("letter.initialize(filename='a.txt', content='secret ' * 10000)\nresult = ''")
    stored = pickle.dumps(talk.answers["letter"])
    assert b"secret" not in stored
    assert len(stored) < 500


def test_a_file_is_sought_by_its_attribute_initialized() -> None:
    """As documented: `sets: myfile.initialized` names the block that makes the file."""
    talk = Talk("""
        objects:
          - myfile: DAFile
        ---
        sets: myfile.initialized
        code: |
          myfile.initialize(filename='made.txt', content='made')
        ---
        mandatory: True
        question: It says ${ myfile.slurp() }, in ${ myfile.filename }
    """)
    assert talk.question == "It says made, in made.txt"


def test_initialize_again_keeps_number_and_content() -> None:
    talk = after("""
letter.initialize(filename='a.txt', content='A')
first = letter.number
letter.initialize(filename='b.md')
result = letter.number == first and letter.filename == 'b.md' and letter.slurp() == 'A'
letter.initialize(reinitialize=True)
result = result and letter.number != first and letter.slurp() == ''
""")
    assert "True" in talk.screen.subquestion_html


def test_writing_and_reading() -> None:
    talk = after("""
letter.initialize(filename='a.txt')
letter.write('one\\ntwo\\n')
with open(letter.path(), 'a') as f:
    f.write('three')
letter.commit()
letter.retrieve()
result = [letter.readlines(), letter.slurp(auto_decode=False), letter.size_in_bytes(), letter.num_pages()]
""")
    assert talk.answers["result"] == [["one\n", "two\n", "three"], b"one\ntwo\nthree", 13, 1]


@pytest.mark.parametrize(("filename", "content", "read"), [
    ("a.txt", "é".encode(), "é"), ("a.txt", "é".encode("cp1252"), "é"), ("a.csv", b"\xef\xbb\xbfa,b", "a,b"),
    ("a.json", b"{}", "{}"), ("a.png", b"\x89PNG", b"\x89PNG"), ("a", b"x", b"x"),
])
def test_slurp_gives_text_of_text(filename: str, content: bytes, read: Any) -> None:
    """Text is UTF-8 or what old Windows programs write; a file of another type is bytes."""
    talk = after(f"letter.initialize(filename={filename!r})\nletter.write({content!r}, binary=True)\n"
                 "result = letter.slurp()")
    assert talk.answers["result"] == read


def test_a_new_name() -> None:
    """Assigned, as by a field, or set as an attribute; the file has it too."""
    talk = after("""
letter.initialize(filename='a.txt', content='A')
letter.filename = 'b.txt'
result = [letter.filename, letter.path().endswith('b.txt'), letter.slurp()]
letter.set_attributes(filename='c.md', private=False, persistent=True)
result += [letter.filename, letter.mimetype]
letter.set_mimetype('image/jpeg')
result += [letter.filename, letter.mimetype, letter.extension]
""")
    assert talk.answers["result"] == ["b.txt", True, "A", "c.md", "text/plain", "c.jpg", "image/jpeg", "jpg"]


@pytest.mark.parametrize("code", [
    "letter.copy_into(other)", "letter.copy_into(other.path())",
    "letter.copy_into(DAFileList('l', elements=[other]))"])
def test_copy_into(code: str) -> None:
    """A file that was not made yet takes over the other's name; its content is its own."""
    talk = after(f"""
other = DAFile('other')
other.initialize(filename='other.md', content='O')
{code}
other.write('changed')
result = [letter.slurp(), letter.extension, letter.number != other.number]
""")
    assert talk.answers["result"] == ["O", "md", True]


def test_a_deleted_file_says_so() -> None:
    talk = after("letter.initialize(filename='a.txt')\nresult = letter")
    talk.host.delete_file(talk.answers["letter"].number)
    with pytest.raises(CodeFailed, match="this file is no longer there"):
        goes_on(talk, "letter.slurp()")


def goes_on(talk: Talk, expression: str) -> Any:
    """What `expression` is worth in the same session."""
    from appliance.interview.cache import Interviews
    from appliance.interview.sources import MemorySources
    from appliance.interview.turn import Refresh
    from tests.interview.talk import REFERENCE

    texts = {REFERENCE: f"mandatory: True\ncode: |\n  result = {expression}\n---\nmandatory: True\nquestion: Done\n"}
    talk.interview = Interviews(MemorySources(texts)).get(REFERENCE)
    talk.turn(Refresh())
    return talk.answers["result"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "/etc/passwd"])
def test_from_url_takes_addresses_of_the_web_only(url: str) -> None:
    with pytest.raises(CodeFailed, match="http:// or https://"):
        after(f"letter.from_url({url!r})\nresult = ''")


def test_from_url_says_when_there_is_no_network() -> None:
    with pytest.raises(CodeFailed, match="cannot be fetched"):
        after("letter.from_url('http://127.0.0.1:9/x.txt')\nresult = ''")


# -- addresses and markup ------------------------------------------------------------------------------------------


def test_addresses() -> None:
    talk = after("""
letter.initialize(filename='a b.pdf')
result = [letter.url_for(), letter.url_for(attachment=True, display_filename='My letter.pdf'),
          letter.url_for(external=True), url_of(letter, _external=True), url_of(letter, _attachment=True)]
""")
    base = f"/uploadedfile/{talk.answers['letter'].number}.pdf"
    assert talk.answers["result"] == [
        base, f"{base}?attachment=1&display_filename=My+letter.pdf", f"http://127.0.0.1:8080{base}",
        f"http://127.0.0.1:8080{base}", f"{base}?attachment=1"]


@pytest.mark.parametrize(("filename", "drawn"), [
    ("a.png", '<img class="daimageref"'), ("a.mp3", '<audio class="daimageref" controls'),
    ("a.mp4", '<video class="daimageref" controls'), ("a.pdf", "fa-file-pdf"), ("a.docx", "fa-file-word"),
    ("a.xyz", "fa-file"), ("a.tif", "fa-file-image"),
])
def test_what_a_file_looks_like(filename: str, drawn: str) -> None:
    talk = after(f"letter.initialize(filename={filename!r})\nresult = letter")
    assert drawn in talk.screen.subquestion_html
    assert f"/uploadedfile/{talk.answers['letter'].number}." in talk.screen.subquestion_html


def test_width_and_words_for_those_who_do_not_see() -> None:
    talk = after("""
letter.initialize(filename='a.png')
letter.set_alt_text('A [red] "cat"')
result = letter.show(width='50%') + letter.show(alt_text='Other') + str(letter.get_alt_text())
""")
    html = talk.screen.subquestion_html
    assert 'alt="A (red) &quot;cat&quot;" style="width: 50%"' in html
    assert 'alt="Other">' in html


def test_a_name_cannot_bring_html_into_the_page() -> None:
    talk = after("""letter.initialize(filename='a"onmouseover="x" <b>.xyz')\nresult = letter""")
    assert "<b>" not in talk.screen.subquestion_html
    assert 'onmouseover="' not in talk.screen.subquestion_html


def test_number_of_no_file() -> None:
    """A number of another session's file shows nothing of it."""
    talk = after("result = '[FILE 123456789012]'")
    assert "This file is no longer there." in talk.screen.subquestion_html


# -- lists and documents in several formats ---------------------------------------------------------------------------


def test_list_of_files_speaks_for_its_first() -> None:
    talk = after("""
for name in ('a.txt', 'b.md'):
    others.appendObject().initialize(filename=name, content=name)
others.gathered = True
result = [others.slurp(), others.filename, others.mimetype, others.extension, others.size_in_bytes(),
          others.num_pages(), others.url_for() == others[0].url_for(),
          others.path() == others[0].path(), len(others), others.number()]
""")
    assert talk.answers["result"] == ["a.txt", "a.txt", "text/plain", "txt", 5, 2, True, True, 2, 2]
    shown = str(talk.answers["others"])
    assert shown == " ".join(f"[FILE {file.number}]" for file in talk.answers["others"].elements)


def test_empty_list_of_files() -> None:
    for code in ("others.path()", "path_and_mimetype(others)"):
        with pytest.raises(CodeFailed, match="others has no file"):
            after(f"others.gathered = True\nresult = {code}")


def test_document_in_several_formats() -> None:
    talk = after("""
letter = DAFileCollection('letter', info={'name': 'Letter', 'formats': ['pdf', 'docx']})
letter.initializeAttribute('docx', DAFile)
letter.docx.initialize(filename='letter.docx', content='D')
letter.initializeAttribute('pdf', DAFile)
letter.pdf.initialize(filename='letter.pdf', content='P')
result = [letter.extension_list(), letter.path() == letter.pdf.path(), letter.url_for() == letter.pdf.url_for(),
          letter.size_in_bytes(), letter.slurp()]
letter.set_attributes(filename='answer.pdf')
result += [letter.docx.filename, letter.pdf.filename, letter.docx.instanceName]
""")
    assert talk.answers["result"] == [["pdf", "docx"], True, True, 1, b"P", "answer.docx", "answer.pdf", "letter.docx"]


# -- PDF and pictures ----------------------------------------------------------------------------------------------


def put(talk: Talk, content: bytes, filename: str) -> int:
    info = talk.host.new_file(filename)
    talk.host.file_path(info.number).write_bytes(content)
    return info.number


def expression(content: bytes, filename: str, code: str) -> tuple[Talk, Any]:
    """What `code` is worth where ``f`` is a file."""
    talk = Talk("mandatory: True\nquestion: Begin\n")
    number = put(talk, content, filename)
    return talk, goes_on(talk, f"(lambda f: {code})(DAFile('f', number={number}))")


def test_pages_of_a_pdf() -> None:
    talk, result = expression(pdf(5), "a.pdf", "[f.num_pages(), f.is_encrypted(), f.extract_pages(first=2, last=3), "
                                               "f.page_path(3), f.page_path(1, 'screen'), f.get_pdf_fields()]")
    pages, encrypted, part, page, small, fields = result
    assert (pages, encrypted, fields) == (5, False, [])
    read = PdfReader(talk.host.file_path(part.number))
    assert [int(sheet.mediabox.width) for sheet in read.pages] == [101, 102]
    with Image.open(page) as drawn, Image.open(small) as drawn_small:
        assert (drawn.format, drawn_small.width) == ("PNG", 100)
        assert drawn.width > 400


@pytest.mark.parametrize("code", ["f.extract_pages(first=4)", "f.extract_pages(first=0, last=9)", "f.page_path(4)"])
def test_pages_that_are_not_there(code: str) -> None:
    with pytest.raises(CodeFailed):
        expression(pdf(3), "a.pdf", code)


@pytest.mark.parametrize("code", ["f.num_pages()", "f.get_pdf_fields()", "f.extract_pages()", "f.is_encrypted()"])
def test_what_calls_itself_pdf_and_is_none(code: str) -> None:
    with pytest.raises(CodeFailed, match="PDF"):
        expression(b"no", "a.pdf", code)


@pytest.mark.parametrize(("code", "old", "new"), [
    ("f.get_pdf_fields()", b"trailer\n", b"trailer9"), ("f.is_encrypted()", b"xref\n", b"xref/"),
    ("f.extract_pages(1, 1)", b"/Type /Pages", b"/ ype /Pages"), ("pdf_concatenate(f)", b"/Count 3", b"/Count x")])
def test_pdf_with_damage_inside(code: str, old: bytes, new: bytes) -> None:
    """Wherever it is damaged, the words say so, and no page is left out in silence."""
    content = pdf(3).replace(old, new)
    assert content != pdf(3)
    with pytest.raises(CodeFailed, match="not a PDF file that can be read"):
        expression(content, "a.pdf", code)


def test_pdf_that_may_not_be_changed_has_a_password() -> None:
    _talk, result = expression(pdf(1, password="x"), "a.pdf", "[f.is_encrypted(), f.num_pages()]")
    assert result == [True, 1]


def test_fields_of_a_form() -> None:
    """Name, value, page, place and type."""
    with PdfWriter() as writer:
        writer.add_blank_page(200, 200)
        writer.add_annotation(0, DictionaryObject({
            NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/FT"): NameObject("/Tx"), NameObject("/T"): TextStringObject("Name"),
            NameObject("/V"): TextStringObject("Ann"), NameObject("/Rect"): RectangleObject((10, 20, 110, 40))}))
        made = io.BytesIO()
        writer.write(made)
    _talk, result = expression(made.getvalue(), "a.pdf", "f.get_pdf_fields()")
    assert result == [("Name", "Ann", 1, [10.0, 20.0, 110.0, 40.0], "/Tx", "")]


def picture(mode: str = "RGB", size: tuple[int, int] = (30, 10), kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    Image.new(mode, size).save(made, kind)
    return made.getvalue()


@pytest.mark.parametrize(("extension", "kind"), [("jpg", "JPEG"), ("gif", "GIF"), ("webp", "WEBP"), ("pdf", None)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
def test_convert_to(mode: str, extension: str, kind: str | None) -> None:
    """A picture of any kind becomes another, in the same file under the other name."""
    talk, made = expression(picture(mode), "cat.png", f"f.convert_to('{extension}')")
    assert made.filename == f"cat.{extension}"
    path = talk.host.file_path(made.number)
    if kind is None:
        assert len(PdfReader(path).pages) == 1
    else:
        with Image.open(path) as opened:
            assert opened.format == kind


@pytest.mark.parametrize("extension", ["png", "gif", "pdf"])
def test_convert_to_of_a_picture_for_printers(extension: str) -> None:
    """Their colours are known to few formats."""
    _talk, made = expression(picture("CMYK", kind="JPEG"), "cat.jpg", f"f.convert_to('{extension}')")
    assert made.filename == f"cat.{extension}"


@pytest.mark.parametrize(("filename", "code"), [
    ("changed.png", "f.convert_to('png', output_to=DAFile('g'))"), ("page-1.png", "f.page_path(1)")])
def test_a_file_may_be_called_like_what_is_made_of_it(filename: str, code: str) -> None:
    """What is made on the way does not take its place."""
    content = picture(size=(300, 100))
    _talk, read = expression(content, filename, f"[{code}, f.slurp()][1]")
    assert read == content


def test_convert_to_changes_pictures_only() -> None:
    with pytest.raises(CodeFailed, match="changes pictures only"):
        expression(b"text", "a.txt", "f.convert_to('pdf')")


def test_pdf_concatenate() -> None:
    """PDF files, pictures and lists of them become one PDF; intermediate files are not kept."""
    talk = Talk("mandatory: True\nquestion: Begin\n")
    numbers = put(talk, pdf(2), "a.pdf"), put(talk, picture("RGBA"), "b.png")
    made = goes_on(talk, f"pdf_concatenate([DAFile('a', number={numbers[0]}), [DAFile('b', number={numbers[1]})]],"
                            f" DAFile('a', number={numbers[0]}), filename='all.pdf')")
    assert made.filename == "all.pdf"
    assert len(PdfReader(talk.host.file_path(made.number)).pages) == 5
    assert {change.info.number for change in talk.host.workspace.changes()} == {*numbers, made.number}


def test_pdf_concatenate_of_what_is_neither() -> None:
    with pytest.raises(CodeFailed, match=r"a\.txt is neither"):
        expression(b"x", "a.txt", "pdf_concatenate(f)")


def test_zip_file(with_package: Path) -> None:
    """Folders are dictionaries; files of the same name do not cover each other; nothing leads out of the archive."""
    code = "zip_file(f, f, {'../up': [f, 'docassemble.cows:cow.png']}, filename='z.zip')"
    talk, made = expression(b"A", "a.txt", code)
    with zipfile.ZipFile(talk.host.file_path(made.number)) as archive:
        assert archive.namelist() == ["a.txt", "a_1.txt", "_up/a.txt", "_up/cow.png"]
        assert archive.read("a.txt") == b"A"


def test_zip_file_for_systems_that_take_small_letters_for_large_ones() -> None:
    """Unpacked there, no file covers another."""
    talk, made = expression(b"A", "a.txt", "zip_file(f, DAFile('g', filename='A.txt', content='B'))")
    with zipfile.ZipFile(talk.host.file_path(made.number)) as archive:
        assert archive.namelist() == ["a.txt", "A_1.txt"]


# -- files of packages ----------------------------------------------------------------------------------------------


def test_static_file(with_package: Path) -> None:
    talk = after("""
cow = DAStaticFile(filename='docassemble.cows:cow.png')
form = DAStaticFile('form', filename='docassemble.cows:data/templates/form.pdf')
result = [cow.path(), cow.mimetype, cow.extension, len(cow.slurp()), cow.url_for(attachment=True), form.num_pages(),
          str(cow)]
""")
    path = with_package / "data" / "static" / "cow.png"
    assert talk.answers["result"] == [
        str(path), "image/png", "png", path.stat().st_size, "/packagestatic/docassemble.cows/cow.png?attachment=1", 3,
        "[FILE docassemble.cows:cow.png]"]


@pytest.mark.parametrize("reference", [
    "docassemble.cows:data/static/../../../../secret.txt", "docassemble.cows:data/../../secret.txt", "secret.txt",
    "docassemble.cows:/etc/passwd", "docassemble.none:cow.png", f"docassemble.cows:{'a' * 400}.png"])
def test_static_files_stay_in_their_package(with_package: Path, reference: str) -> None:
    with pytest.raises(CodeFailed, match="there is no file"):
        after(f"result = DAStaticFile('x', filename={reference!r}).path()")


def test_path_and_mimetype(with_package: Path) -> None:
    found = after("result = [path_and_mimetype('docassemble.cows:cow.png'), "
                  "path_and_mimetype('docassemble.cows:no.pdf'), "
                  "path_and_mimetype(DAStaticFile('x', filename='docassemble.cows:cow.png'))[1]]").answers["result"]
    assert found == [(str(with_package / "data" / "static" / "cow.png"), "image/png"), (None, "application/pdf"),
                     "image/png"]

