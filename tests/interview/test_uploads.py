"""Files that people send with a form, from the form to the variable."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from appliance.interview import datatypes
from appliance.interview.datatypes.file import about_name
from appliance.interview.datatypes.options import icon
from appliance.interview.files import Upload
from appliance.interview.screen import html_name
from tests.interview.talk import Talk

PICTURE = """
    question: A picture, please.
    fields:
      - Picture: picture
        datatype: file
    ---
    mandatory: True
    question: Thank you.
    subquestion: ${ picture }
"""


def upload(variable: str, filename: str = "cat.png", content: bytes = b"content", mimetype: str = "") -> Upload:
    return Upload(html_name(variable), filename, mimetype, content)


def png(width: int = 40, height: int = 20, **options: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(made, "PNG", **options)
    return made.getvalue()


def test_file_becomes_a_list_of_one_that_the_next_screen_shows() -> None:
    """As in docassemble, also a single file is a DAFileList; its items carry the variable's name."""
    talk = Talk(PICTURE)
    talk.upload(upload("picture", "a cat.png", png()))
    assert talk.question == "Thank you."
    picture = talk.answers["picture"]
    assert type(picture).__name__ == "DAFileList"
    assert [file.instanceName for file in picture.elements] == ["picture[0]"]
    file = picture.elements[0]
    assert (file.filename, file.mimetype, file.extension, file.ok) == ("a cat.png", "image/png", "png", True)
    assert f'<img class="daimageref" src="/uploadedfile/{file.number}.png"' in talk.screen.subquestion_html
    assert talk.host.file_path(file.number).read_bytes() == png()


def test_required_file_is_asked_for() -> None:
    talk = Talk(PICTURE)
    talk.upload()
    assert talk.errors == {0: "Please choose a file."}


def test_file_that_may_be_left_out_is_none() -> None:
    talk = Talk(PICTURE.replace("datatype: file", "datatype: file\n        required: False")
                .replace("${ picture }", "${ picture is None }"))
    talk.upload()
    assert "True" in talk.screen.subquestion_html
    assert talk.answers["picture"] is None


def test_several_files() -> None:
    """All of them, in the order in which they were chosen; one field more than the form has is refused."""
    talk = Talk(PICTURE.replace("datatype: file", "datatype: files"))
    talk.upload(upload("picture", "a.txt", b"A"), upload("picture", "b.txt", b"B"))
    assert [file.filename for file in talk.answers["picture"].elements] == ["a.txt", "b.txt"]


def test_of_two_files_for_one_place_the_last_counts() -> None:
    talk = Talk(PICTURE)
    talk.upload(upload("picture", "a.txt", b"A"), upload("picture", "b.txt", b"B"))
    assert [file.filename for file in talk.answers["picture"].elements] == ["b.txt"]


def test_file_is_kept_while_another_field_is_put_right() -> None:
    """Browsers cannot choose a file for a person: what came with a refused form stays and is offered again."""
    talk = Talk("""
        question: Two things.
        fields:
          - Number: number
            datatype: integer
          - Letter: letter
            datatype: file
        ---
        mandatory: True
        question: Got ${ number } and ${ letter.slurp() }
    """)
    talk.upload(upload("letter", "letter.txt", b"Dear all"), number="many")
    assert list(talk.errors) == [0]
    field = talk.screen.fields[1]
    drawn = datatypes.find(field).control(field, talk.drafts, None)
    number = json.loads(talk.drafts[f"_about_{field.html_name}"][0])[0]["number"]
    assert f'name="_kept_{field.html_name}" value="{number}"' in drawn
    assert "letter.txt" in drawn
    talk.post({html_name("number"): ["3"], f"_kept_{field.html_name}": [str(number)]})
    assert talk.question == "Got 3 and Dear all"


def test_the_kinds_that_are_asked_for_are_named() -> None:
    """By what files end in, or in words."""
    accept = "datatype: file\n        accept: |\n          'image/*, .pdf, text/plain'"
    talk = Talk(PICTURE.replace("datatype: file", accept))
    talk.upload(upload("picture", "film.mp4", b"x", "video/mp4"))
    assert talk.errors[0].endswith("one of these: pictures, .pdf, .txt")


def test_new_file_takes_the_place_of_the_kept_one() -> None:
    talk = Talk(PICTURE)
    other = talk.host.new_file("before.txt")
    talk.post({f"_kept_{html_name('picture')}": [str(other.number)]}, uploads=(upload("picture", "now.txt"),))
    assert [file.filename for file in talk.answers["picture"].elements] == ["now.txt"]


@pytest.mark.parametrize("kept", ["123456789", "-1", "x", "9" * 40])
def test_number_of_no_file_of_the_session_is_no_file(kept: str) -> None:
    talk = Talk(PICTURE)
    talk.post({f"_kept_{html_name('picture')}": [kept]})
    assert talk.errors == {0: "Please choose a file."}


def test_back_offers_the_file_that_was_sent() -> None:
    """On the step before, the file is there already and need not be sent again."""
    talk = Talk(PICTURE)
    talk.upload(upload("picture", "cat.png", png()))
    number = talk.answers["picture"].elements[0].number
    talk.back()
    field = talk.screen.fields[0]
    assert field.default == [{"number": number, "filename": "cat.png", "size": len(png())}]
    talk.post({f"_kept_{field.html_name}": [str(number)]})
    assert talk.answers["picture"].elements[0].number == number


def test_file_names_are_made_harmless() -> None:
    """No path, and no beginning of HTML, comes in with a name."""
    talk = Talk(PICTURE)
    talk.upload(upload("picture", "../../<img src=x onerror=alert(1)>.txt"))
    name = talk.answers["picture"].elements[0].filename
    assert "/" not in name
    assert "<" not in name
    assert "<img" not in talk.screen.subquestion_html


@pytest.mark.parametrize(("accept", "filename", "mimetype", "accepted"), [
    ('"image/jpeg, image/png"', "cat.png", "image/png", True),
    ('"image/jpeg, image/png"', "lease.pdf", "application/pdf", False),
    ('"image/*"', "cat.webp", "image/webp", True),
    ('"image/*"', "cat.PNG", "", True),
    ("image/png", "cat.png", "image/png", True),
    ('".docx,.pdf"', "lease.pdf", "", True),
    ('".docx"', "lease.pdf", "application/pdf", False),
    ("\"image/png\" if True else '*/*'", "a.txt", "text/plain", False),
])
def test_types_of_file(accept: str, filename: str, mimetype: str, accepted: bool) -> None:
    """What a picker offers in the browser is checked again: files are also dropped, and sent by other programs."""
    talk = Talk(PICTURE.replace("datatype: file", f"datatype: file\n        accept: |\n          {accept}"))
    talk.upload(upload("picture", filename, b"x", mimetype))
    if accepted:
        assert talk.question == "Thank you."
    else:
        assert talk.errors[0].startswith("This is not the kind of file that is asked for.")


@pytest.mark.parametrize("where", ["field", "features"])
def test_pictures_are_made_small(where: str) -> None:
    """``maximum image size`` and ``image upload type``, of the field or of the whole interview."""
    keys = "maximum image size: 100\n{0}image upload type: jpeg\n"
    if where == "field":
        text = PICTURE.replace("datatype: file\n", "datatype: file\n        " + keys.format(" " * 8))
    else:
        text = "    features:\n      " + keys.format(" " * 6) + "    ---" + PICTURE
    talk = Talk(text)
    talk.upload(upload("picture", "cat.png", png(400, 200)))
    file = talk.answers["picture"].elements[0]
    assert (file.filename, file.mimetype) == ("cat.jpg", "image/jpeg")
    with Image.open(talk.host.file_path(file.number)) as made:
        assert (made.size, made.format) == ((100, 50), "JPEG")


def test_what_is_no_picture_stays_as_it_is() -> None:
    """A drawing, a damaged picture and any other file pass untouched where pictures would be made smaller."""
    talk = Talk(PICTURE.replace("datatype: file", "datatype: files\n        maximum image size: 100"))
    talk.upload(*(upload("picture", name, content)
                  for name, content in (("a.svg", b"<svg/>"), ("b.png", b"no"), ("c.txt", b"C"))))
    files = talk.answers["picture"].elements
    assert [talk.host.file_path(file.number).read_bytes() for file in files] == [b"<svg/>", b"no", b"C"]


def test_picture_too_large_for_the_memory_stays_as_it_is() -> None:
    """A few kilobytes may hold a picture of gigabytes; it is not opened."""
    large = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(large, "PNG")
    talk = Talk(PICTURE.replace("datatype: file", "datatype: file\n        maximum image size: 100"))
    talk.upload(upload("picture", "large.png", large.getvalue()))
    assert talk.host.file_path(talk.answers["picture"].elements[0].number).read_bytes() == large.getvalue()


def test_hidden_field_takes_no_file() -> None:
    """A file for a field that does not count is not kept, and its variable is not set."""
    talk = Talk("""
        question: Perhaps a file
        fields:
          - Have you one?: there_is
            datatype: yesno
          - File: the_file
            datatype: file
            show if: there_is
        ---
        mandatory: True
        question: Done ${ there_is }
    """)
    talk.upload(upload("the_file"), there_is="False")
    assert talk.question == "Done False"
    assert "the_file" not in talk.answers
    assert talk.host.workspace.changes() == []


def test_other_fields_may_depend_on_the_name() -> None:
    talk = Talk("""
        question: Perhaps a word
        fields:
          - File: the_file
            datatype: file
          - Word: the_word
            show if:
              variable: the_file
              is: secret.txt
        ---
        mandatory: True
        question: Done ${ the_word }
    """)
    talk.upload(upload("the_file", "secret.txt"), the_word="hush")
    assert talk.question == "Done hush"


def test_validation_code_sees_the_file() -> None:
    talk = Talk(PICTURE.replace("datatype: file\n", """datatype: file
    validation code: |
      if picture.size_in_bytes() > 10:
        validation_error("That file is way too big!")
"""))
    talk.upload(upload("picture", "a.txt", b"x" * 11))
    assert talk.errors == {-1: "That file is way too big!"}
    talk.upload(upload("picture", "a.txt", b"x"))
    assert talk.question == "Thank you."


def test_file_of_an_item_of_a_list() -> None:
    talk = Talk("""
        objects:
          - fruits: DAList.using(object_type=Thing, there_are_any=True)
        ---
        question: The ${ ordinal(i) } fruit
        fields:
          - Name: fruits[i].name.text
          - Picture: fruits[i].picture
            datatype: file
        ---
        question: More?
        yesno: fruits.there_is_another
        ---
        mandatory: True
        question: |
          ${ fruits[0].picture.filename }
    """)
    talk.post({html_name("fruits[0].name.text"): ["apple"]}, uploads=(upload("fruits[0].picture", "apple.txt", b"x"),))
    assert talk.question == "apple.txt"
    assert talk.answers["fruits"].elements[0].picture.elements[0].instanceName == "fruits[0].picture[0]"


def test_uploads_that_are_gathered_as_a_list() -> None:
    """As docassemble's recipe does it: one question for all exhibits, moved into the list by validation code."""
    talk = Talk("""
        objects:
          - exhibits: DAFileList
        ---
        generic object: DAFileList
        question: |
          Do you have any ${ noun_plural(x.object_name()) } to upload?
        yesno: x.there_are_any
        ---
        generic object: DAFileList
        sets: x[i].initialized
        question: |
          Upload one or more ${ noun_plural(x.object_name()) }.
        fields:
          - label: |
              ${ noun_plural(x.object_name(), capitalize=True) }
            field: x[i]
            datatype: files
        validation code: |
          uploaded_files = x[i]
          x[i] = uploaded_files[0]
          x[i].instanceName = x.item_name(i)
          for item in uploaded_files[1:]:
            x.append(item, set_instance_name=True)
          del uploaded_files
          x.there_is_another = False
          x.gathered = True
        ---
        mandatory: True
        question: |
          ${ exhibits.number() }: ${ [exhibit.filename for exhibit in exhibits] }
    """)
    assert talk.question == "Do you have any exhibits to upload?"
    talk.submit("Yes")
    assert talk.question == "Upload one or more exhibits."
    talk.upload(upload("exhibits[0]", "a.txt"), upload("exhibits[0]", "b.txt"))
    assert talk.question == "2: [‘a.txt’, ‘b.txt’]"
    assert [file.instanceName for file in talk.answers["exhibits"].elements] == ["exhibits[0]", "exhibits[1]"]


@pytest.mark.parametrize(("datatype", "attributes"), [
    ("file", 'type="file"'), ("files", "multiple"), ("camera", 'accept="image/*" capture="environment"'),
    ("user", 'capture="user"'), ("camcorder", 'accept="video/*"'), ("microphone", 'accept="audio/*"'),
])
def test_pickers(datatype: str, attributes: str) -> None:
    """Each has docassemble's markup around an input of its kind."""
    talk = Talk(PICTURE.replace("datatype: file", f"datatype: {datatype}"))
    drawn = datatypes.find(talk.screen.fields[0]).control(talk.screen.fields[0], None, None)
    assert attributes in drawn
    assert "btn-file" in drawn
    assert "hidden-xs" in drawn


def test_picture_that_was_sent_on_a_button() -> None:
    """As docassemble's example has it: the image of a choice that code gives is an upload."""
    talk = Talk("""
        question: What is most important?
        field: interrogatory
        buttons:
          code: |
            [{"when": "When?", "image": uploaded_file}, {"where": "Where?", "image": "map"}]
        ---
        question: Please upload an image.
        fields:
          - Image: uploaded_file
            datatype: file
        ---
        mandatory: True
        question: Done ${ interrogatory }
    """)
    talk.upload(upload("uploaded_file", "cat.png", png()))
    images = [button.choice.image for button in talk.screen.buttons if button.choice is not None]
    assert images[0].startswith('<img class="daimageref" src="/uploadedfile/')
    assert images[1] == "map"
    assert "<img" in icon(images[0])


def test_plain_picker() -> None:
    """``file css class: None`` asks for the browser's own."""
    talk = Talk(PICTURE.replace("datatype: file", "datatype: file\n        file css class: None"))
    drawn = datatypes.find(talk.screen.fields[0]).control(talk.screen.fields[0], None, None)
    assert "btn-file" not in drawn
    assert 'type="file" class="form-control"' in drawn


def test_draft_without_its_file_says_that_it_must_be_chosen_again() -> None:
    """A form that came too late brings only the name."""
    talk = Talk(PICTURE)
    field = talk.screen.fields[0]
    drawn = datatypes.find(field).control(field, {field.html_name: ["<cat>.png"]}, None)
    assert "Please choose &lt;cat&gt;.png again" in drawn


@pytest.mark.parametrize("about", [
    "[{}]", "3", "[1]", '[{"number": 1e999, "filename": "x", "size": 1}]', "[" * 100_000], ids=range(5))
def test_draft_with_nonsense_about_its_file_is_drawn(about: str) -> None:
    """A form is what a browser, or anything else, made of it."""
    talk = Talk(PICTURE)
    field = talk.screen.fields[0]
    drawn = datatypes.find(field).control(field, {about_name(field): [about]}, None)
    assert 'type="file"' in drawn
    assert 'type="checkbox"' not in drawn
