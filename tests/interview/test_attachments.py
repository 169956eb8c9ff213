"""Documents in interviews: made when they are sought or shown, and put into the screen."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pypdf
import pytest

from appliance.interview.errors import BadInterview, InterviewError
from appliance.interview.files import FileInfo
from appliance.interview.turn import Action, FollowUp
from appliance.ui.attachments import draw_attachments
from tests.interview.talk import Talk
from tests.memory_host import MemoryHost


def text_of(talk: Talk, number: int) -> str:
    """The text of a PDF file that the session has."""
    return pypdf.PdfReader(BytesIO(talk.host.file_path(number).read_bytes())).pages[0].extract_text()


def test_where_the_author_names_formats_without_html_the_text_is_shown_as_it_is_written() -> None:
    """Also where code gives the formats; then nothing that was typed becomes HTML of the page."""
    talk = Talk("""
        mandatory: True
        question: Here it is.
        attachment:
          name: A letter
          filename: letter
          valid formats:
            code: |
              ['pdf'] + (['rtf'] if user_has_privilege('admin') else [])
          content: |
            Hello, *world* & <b>all</b>!
        """)
    [document] = talk.screen.extras["attachments"]["documents"]
    assert [file["extension"] for file in document["files"]] == ["pdf"]
    assert not document["preview_html"]
    drawn = draw_attachments(talk.screen)
    assert ">Markdown</a>" in drawn
    assert ">Preview</a>" not in drawn
    assert "RTF" not in drawn
    assert '<pre class="da-markdown">Hello, *world* &amp; &lt;b&gt;all&lt;/b&gt;!' in drawn


class TestUnderAQuestion:
    TEXT = """
        question: Name?
        fields:
          - Name: sweetheart
        ---
        mandatory: True
        question: Here it is.
        attachment:
          name: A *letter* to ${ sweetheart }
          filename: letter
          description: |
            For **${ sweetheart }**.
          content: |
            ${ sweetheart }, will you
            marry me?
        """

    def test_is_made_when_the_screen_is_shown(self) -> None:
        """Names in the content are sought first; the screen has name, description, files and preview."""
        talk = Talk(self.TEXT)
        assert talk.question == "Name?"
        talk.submit(sweetheart="Olíve Oil")
        shown = talk.screen.extras["attachments"]["documents"][0]
        assert shown["name_html"] == "A <em>letter</em> to Olíve Oil"
        assert "<strong>Olíve Oil</strong>" in shown["description_html"]
        assert [file["filename"] for file in shown["files"]] == ["letter.pdf", "letter.docx"]
        assert "Olíve Oil, will you" in shown["preview_html"]
        assert text_of(talk, shown["files"][0]["number"]) == "Olíve Oil, will you marry me?"

    def test_is_the_same_file_when_the_screen_is_shown_again(self) -> None:
        """A reload makes no second file while nothing has changed."""
        from appliance.interview.turn import Refresh

        talk = Talk(self.TEXT)
        talk.submit(sweetheart="Olive")
        first = talk.screen.extras["attachments"]
        talk.turn(Refresh())
        assert talk.screen.extras["attachments"] == first

    def test_is_drawn_with_the_words_of_docassemble(self) -> None:
        """The notice, the tabs, and links that download under the document's name."""
        talk = Talk(self.TEXT)
        talk.submit(sweetheart="Olive")
        html = draw_attachments(talk.screen)
        assert "The following document has been created for you." in html
        assert ">Preview</a>" in html
        assert ">Download</a>" in html
        assert 'download="letter.pdf"' in html
        assert " PDF</a>" in html

    def test_can_be_had_in_one_file(self) -> None:
        """`allow downloading` gives a ZIP file of all formats, under the name that was asked for."""
        talk = Talk("""
            mandatory: True
            question: Here they are.
            allow downloading: True
            zip filename: Hello_Goodbye.zip
            include attachment notice: False
            attachments:
              - name: One
                valid formats: md
                content: One
              - name: Two
                filename: one
                valid formats: [md]
                content: Two
            """)
        about = talk.screen.extras["attachments"]
        assert about["zip"]["filename"] == "Hello_Goodbye.zip"
        number = int(about["zip"]["url"].rpartition("/")[2].partition(".")[0])
        with zipfile.ZipFile(talk.host.file_path(number)) as archive:
            assert archive.namelist() == ["one.md", "one-2.md"]
            assert archive.read("one-2.md") == b"Two"
        assert "Download all documents as a ZIP file" in draw_attachments(talk.screen)
        assert "following document" not in draw_attachments(talk.screen)

    def test_names_of_files_are_whole(self) -> None:
        """What stands before a slash or after a dot belongs to the name, and no two are the same to Windows."""
        talk = Talk("""
            mandatory: True
            question: Here they are.
            allow downloading: True
            zip filename: Dr. Smith v1.2
            attachments:
              - filename: Letter of 5/7/2024
                valid formats: [md]
                content: One
              - filename: letter of 5_7_2024
                valid formats: [md]
                content: Two
            """)
        about = talk.screen.extras["attachments"]
        assert about["zip"]["filename"] == "Dr. Smith v1.2.zip"
        number = int(about["zip"]["url"].rpartition("/")[2].partition(".")[0])
        with zipfile.ZipFile(talk.host.file_path(number)) as archive:
            assert archive.namelist() == ["Letter of 5_7_2024.md", "letter of 5_7_2024-2.md"]

    def test_the_name_of_a_file_is_no_markdown(self) -> None:
        """It may come from anybody who sent the file."""
        talk = Talk("""
            objects:
              - the_file: DAFile
            ---
            mandatory: True
            code: |
              the_file.initialize(filename='__init__ [x](y) & co.txt')
              the_file.write('text')
            ---
            mandatory: True
            question: Here it is.
            attachment code: the_file
            """)
        shown = talk.screen.extras["attachments"]["documents"][0]
        assert shown["name_html"] == "__init__ [x](y) &amp; co.txt"


class TestChanges:
    TEXT = """
        mandatory: True
        code: |
          who = "Ann"
        ---
        mandatory: True
        question: Here it is.
        attachments:
          - filename: plain
            valid formats: md
            content: Dear ${ who }
          - variable name: kept
            valid formats: md
            content: Dear ${ who }
        ---
        event: change
        code: |
          globals()['who'] = 'Bob'
        ---
        event: stamp
        code: |
          kept.md.write('Stamped')
        ---
        event: again
        code: |
          undefine('kept')
        """

    def said(self, talk: Talk) -> list[str]:
        files = [file for one in talk.screen.extras["attachments"]["documents"] for file in one["files"]]
        return [talk.host.file_path(file["number"]).read_text() for file in files]

    def test_follows_the_answers(self) -> None:
        """A person who changes an answer and comes back gets no letter with the old one, and Back brings that again."""
        talk = Talk(self.TEXT)
        talk.act("change")
        assert self.said(talk) == ["Dear Bob", "Dear Bob"]
        talk.back()
        assert self.said(talk) == ["Dear Ann", "Dear Ann"]

    def test_what_code_made_of_it_stays(self) -> None:
        """Until something in the document changes, or its variable is undefined."""
        talk = Talk(self.TEXT)
        talk.act("stamp")
        assert self.said(talk) == ["Dear Ann", "Stamped"]
        talk.act("again")
        assert self.said(talk) == ["Dear Ann", "Dear Ann"]

    def test_what_another_block_made_stays(self) -> None:
        """A document from a task is not made again by the question that shows it."""
        talk = Talk("""
            attachment:
              variable name: other
              valid formats: md
              content: From elsewhere
            ---
            mandatory: True
            code: kept = other
            ---
            mandatory: True
            question: Here it is.
            attachment:
              variable name: kept
              valid formats: md
              content: From here
            """)
        assert self.said(talk) == ["From elsewhere"]

    @pytest.mark.parametrize("typed", [
        "[FILE 99999999999999999999999999]", "[FILE \u0661\u0662]", f"[FILE docassemble.base:{'a' * 400}.png]"])
    def test_what_people_type_about_pictures_does_no_harm(self, typed: str) -> None:
        """Numbers that no file has, and names that no system has, are no pictures."""
        class Host(MemoryHost):
            def file(self, number: int) -> FileInfo | None:
                assert number < 2 ** 63   # what databases take
                return super().file(number)

        talk = Talk("""
            mandatory: True
            question: Here it is.
            attachment:
              valid formats: pdf
              content: Dear ${ who },
            ---
            question: Who?
            fields:
              - Who: who
            """, host=Host())
        talk.submit(who=typed)
        assert text_of(talk, talk.screen.extras["attachments"]["documents"][0]["files"][0]["number"]) == "Dear ,"

    def test_one_format_may_come_from_code(self) -> None:
        """A text is one format, not one for each of its letters."""
        talk = Talk("""
            mandatory: True
            question: Here it is.
            attachment:
              valid formats:
                code: |
                  "html"
              content: Hello
            """)
        assert self.said(talk)[0].startswith("<!DOCTYPE html>")

    def test_manual_takes_files_only(self) -> None:
        """A path or a text in their place would be left out in silence."""
        with pytest.raises(InterviewError, match="'manual' gives something for 'pdf' that is no DAFile"):
            Talk("""
                mandatory: True
                question: x
                attachment:
                  manual:
                    pdf: |
                      "/somewhere/letter.pdf"
                """)


class TestInAVariable:
    TEXT = """
        attachment:
          name: A letter
          filename: letter
          variable name: the_letter
          content: Dear ${ reader },
        ---
        question: Reader?
        fields:
          - Reader: reader
        """

    def test_is_made_when_it_is_sought(self) -> None:
        """A block of its own offers the variable, a DAFileCollection that `attachment code` shows."""
        talk = Talk(self.TEXT + """
        ---
        mandatory: True
        question: Done
        attachment code: |
          [the_letter, the_letter.pdf]
        """)
        assert talk.question == "Reader?"
        talk.submit(reader="Zoë")
        first, second = talk.screen.extras["attachments"]["documents"]
        assert [file["extension"] for file in first["files"]] == ["pdf", "docx"]
        assert "Dear Zoë," in first["preview_html"]
        assert [file["filename"] for file in second["files"]] == ["letter.pdf"]
        assert talk.answers["the_letter"].instanceName == "the_letter"
        assert "The following documents have been created for you." in draw_attachments(talk.screen)

    def test_gets_another_format_where_code_asks_for_it(self) -> None:
        """`the_letter.rtf` is made when it is first mentioned, as docassemble makes it in any case."""
        talk = Talk(self.TEXT + """
        ---
        mandatory: True
        code: |
          reader = 'Zoë'
          start = the_letter.rtf.slurp()[:6]
        ---
        mandatory: True
        question: Done ${ start } ${ the_letter.md.slurp() }
        """)
        assert "rtf" in talk.question
        assert "Dear Zoë," in talk.question

    def test_travels_from_a_task(self) -> None:
        """In a task the block works the same, and its document is handed over with its files."""
        host = MemoryHost(interface="worker")
        talk = Talk(self.TEXT + """
        ---
        event: assemble
        code: |
          background_response_action('done', document=the_letter)
        ---
        mandatory: True
        code: |
          reader = 'Zoë'
          undefine('nothing')
        ---
        mandatory: True
        question: Wait
        """, host=host)
        ending = talk.turn(Action("assemble"))
        assert isinstance(ending, FollowUp)
        document = ending.arguments["document"]
        assert text_of(talk, document.pdf.number) == "Dear Zoë,"

    def test_can_stand_for_items(self) -> None:
        """`variable name` may have x and i in it."""
        talk = Talk("""
            objects:
              - person: DAList.using(object_type=Individual, there_are_any=True, gathered=True)
            ---
            generic object: Individual
            attachment:
              name: Letter for ${ x.name.first }
              variable name: x.letter
              valid formats: [pdf, md]
              content: Dear ${ x.name.first },
            ---
            mandatory: True
            code: |
              person.appendObject()
              person[0].name.first = 'Ann'
            ---
            mandatory: True
            question: ${ person[0].letter.md.slurp() }
            """)
        assert talk.question == "Dear Ann,"
        assert talk.answers["person"][0].letter.instanceName == "person[0].letter"


class TestKeys:
    def test_templates_say_that_they_come_later(self) -> None:
        """A document of a template is a clear error that names file and line, where it is sought."""
        with pytest.raises(InterviewError, match="docx template file") as caught:
            Talk("""
                attachment:
                  variable name: form
                  docx template file: form.docx
                ---
                mandatory: True
                code: form
                """)
        assert caught.value.where == "tests:data/questions/main.yml, line 3"

    def test_misspelled_key_is_refused(self) -> None:
        """Checked like other keys, with a suggestion."""
        with pytest.raises(BadInterview, match="did you mean 'filename'"):
            Talk("""
                mandatory: True
                question: x
                attachment:
                  fielname: y
                  content: z
                """)

    def test_metadata_are_filled_in(self) -> None:
        """`attachment options` hold for all documents, those of an attachment count more; Mako is done in them."""
        talk = Talk("""
            attachment options:
              metadata:
                SingleSpacing: True
                HeaderLeft: General
            ---
            mandatory: True
            question: x
            attachment:
              metadata:
                FirstHeaderRight: For ${ who }
              content: |
                Text
            ---
            code: |
              who = "Ann"
            """)
        number = talk.screen.extras["attachments"]["documents"][0]["files"][0]["number"]
        assert "For Ann" in text_of(talk, number)

    def test_files_made_by_code_are_shown(self) -> None:
        """`manual` takes files that author code made, by their formats."""
        talk = Talk("""
            mandatory: True
            question: x
            attachment:
              name: A merged document
              manual:
                pdf: part
            ---
            attachment:
              variable name: part
              content: Hello
            """)
        files = talk.screen.extras["attachments"]["documents"][0]["files"]
        assert [file["extension"] for file in files] == ["pdf"]

    def test_raw_text_becomes_the_file(self) -> None:
        """`raw` keeps the text and the extension of the file it was in."""
        talk = Talk("""
            mandatory: True
            question: x
            attachment:
              filename: hello_world
              raw: True
              content file: sample.cpp
            """, files={"tests:data/templates/sample.cpp": "int main() { return 0; }"})
        files = talk.screen.extras["attachments"]["documents"][0]["files"]
        assert [file["filename"] for file in files] == ["hello_world.cpp"]
