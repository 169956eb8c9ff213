"""Reading text from pages: what is asked for, what tasks are started, and, with a real Tesseract, what is read."""

from __future__ import annotations

import io
import pickle
import struct
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image, ImageDraw, ImageFont, TiffImagePlugin
from pypdf import PdfReader

from appliance.interview.answers import thaw
from appliance.interview.errors import InterviewError
from appliance.interview.evaluate import evaluate
from appliance.interview.tasks import ErrorDetails, TaskView
from appliance.interview.turn import Action, BackgroundAnswer, Effect, RevokeTask, SendNotice, StartTask
from appliance.library import tesseract
from appliance.library.ocr import OCRResult, OCRTask
from appliance.library.page_images import Crop, NotReadable, page_count, page_image
from appliance.library.tesseract import LanguageMissing, OCRFailed, Tesseract, TesseractMissing
from tests.interview.talk import Talk
from tests.library.fakes import running
from tests.memory_host import MemoryHost
from tests.tesseract import find

needs_tesseract = pytest.mark.skipif(find() is None, reason="there is no Tesseract on this computer")

INTERVIEW = """
    objects:
      - scan: DAFile.using(filename='scan.pdf')
      - photo: DAFile.using(filename='photo.png')
      - bundle: DAFile
    ---
    mandatory: True
    question: Ready
    ---
    code: |
      scan.initialize(content=get_config('scan'))
      photo.initialize(content=get_config('photo'))
      there = True
    ---
    event: whole
    code: |
      there
      text = ocr_file([scan, photo], **get_config('options', {}))
    ---
    event: begin
    code: |
      there
      task = ocr_file_in_background([scan, photo], **get_config('options', {}))
    ---
    event: bundle_up
    code: |
      there
      task = bundle.make_ocr_pdf_in_background(scan, photo)
    ---
    event: in_place
    code: |
      there
      task = photo.make_ocr_pdf_in_background()
    ---
    event: at_once
    code: |
      there
      bundle.make_ocr_pdf([scan, photo], filename='All of it.pdf')
    ---
    event: stop
    code: |
      task.revoke()
    ---
    event: look
    code: |
      answer = task.get()
    """


def picture(text: str, size: tuple[int, int] = (1200, 300)) -> Image.Image:
    """A page with large letters."""
    page = Image.new("L", size, 255)
    ImageDraw.Draw(page).text((60, 60), text, font=ImageFont.load_default(64), fill=0)
    return page


def saved(pages: list[Image.Image], kind: str = "PDF", **options: Any) -> bytes:
    content = io.BytesIO()
    more = {"save_all": True, "append_images": pages[1:]} if len(pages) > 1 else {}
    pages[0].save(content, kind, **more, **options)
    return content.getvalue()


SCAN = saved([picture("The tenant pays"), picture("every month")], resolution=300.0)
PHOTO = saved([picture("in the kitchen")], "PNG", dpi=(300, 300))


class Desk:
    """An interview with a scan of two pages and a photograph; :meth:`work` does what workers do."""

    def __init__(self, **options: Any) -> None:
        self.host = MemoryHost(settings={"scan": SCAN, "photo": PHOTO, "options": options})
        self.talk = Talk(INTERVIEW, host=self.host)

    def act(self, name: str) -> list[Effect]:
        self.talk.act(name)
        assert self.talk.outcome is not None
        return self.talk.outcome.effects

    def begin(self, name: str) -> list[StartTask]:
        return [effect for effect in self.act(name) if isinstance(effect, StartTask)]

    def work(self, tasks: list[StartTask]) -> list[Effect]:
        """Run tasks in their order, each from its bytes; returns what they asked for."""
        self.host.interface = "worker"
        effects: list[Effect] = []
        for task in tasks:
            assert all(self.host.tasks[other].ready for other in task.after)
            action = Action(task.action, pickle.loads(pickle.dumps(task.arguments)))
            try:
                outcome = evaluate(self.talk.interview, thaw(self.talk.stored), action, self.host)
            except InterviewError as error:
                details = ErrorDetails(getattr(error, "error_type", type(error).__name__), str(error))
                self.host.tasks[task.task_id] = TaskView(task.task_id, "failed", error=details)
                effects += error.effects
            else:
                assert isinstance(outcome.ending, BackgroundAnswer)
                value = pickle.loads(pickle.dumps(outcome.ending.value))
                self.host.tasks[task.task_id] = TaskView(task.task_id, "done", value)
                effects += outcome.effects
        self.host.interface = "web"
        return effects

    def answer(self) -> OCRResult:
        self.act("look")
        answer = self.talk.answers["answer"]
        assert isinstance(answer, OCRResult)
        return answer

    def texts_of(self, name: str) -> list[str]:
        """The texts of a PDF's pages, as a reader finds them."""
        reader = PdfReader(self.host.file_path(self.talk.answers[name].number))
        return [page.extract_text().strip() for page in reader.pages]


@needs_tesseract
class TestReading:
    def test_all_pages_of_all_files(self) -> None:
        """The text has every page in order, with a form feed between two, for PDFs and images alike."""
        desk = Desk()
        desk.act("whole")
        assert [page.strip() for page in desk.talk.answers["text"].split("\f")] == [
            "The tenant pays", "every month", "in the kitchen"]

    def test_only_some_pages(self) -> None:
        """`f` and `l` choose pages of each PDF."""
        desk = Desk(f=2, l=2)
        desk.act("whole")
        assert "tenant" not in desk.talk.answers["text"]
        assert "every month" in desk.talk.answers["text"]

    def test_part_of_a_page(self) -> None:
        """What lies outside x, y, W and H is not read; images are taken whole."""
        desk = Desk(x=0, y=0, W=330, H=300)
        desk.act("whole")
        first = desk.talk.answers["text"].split("\f")[0]
        assert "tenant" not in first
        assert "The" in first

    def test_searchable_pdf(self) -> None:
        """The PDF that is made has each page's text, and the name it was given."""
        desk = Desk()
        desk.act("at_once")
        assert desk.texts_of("bundle") == ["The tenant pays", "every month", "in the kitchen"]
        assert desk.talk.answers["bundle"].filename == "All of it.pdf"
        assert desk.talk.answers["bundle"].mimetype == "application/pdf"


@needs_tesseract
class TestInBackground:
    def test_a_task_a_page_and_one_that_collects(self) -> None:
        """Three pages are four tasks, the last of which waits for the others and answers with the whole text."""
        desk = Desk()
        tasks = desk.begin("begin")
        assert [len(task.after) for task in tasks] == [0, 0, 0, 3]
        assert tasks[3].after == tuple(task.task_id for task in tasks[:3])
        assert desk.talk.answers["task"].id == tasks[3].task_id
        desk.work(tasks)
        answer = desk.answer()
        assert answer.ok
        assert [page.strip() for page in str(answer).split("\f")] == ["The tenant pays", "every month",
                                                                      "in the kitchen"]

    @pytest.mark.parametrize(("way", "notice"), [
        ("flash", SendNotice("flash", 'All "read"')),
        ("javascript", SendNotice("javascript", 'alert("All \\"read\\"");')),
    ])
    def test_message(self, way: str, notice: SendNotice) -> None:
        """The message goes to the browser when all is done; the value stays the text."""
        desk = Desk(ui_notification=way, message='All "read"')
        tasks = desk.begin("begin")
        assert [task.notification for task in tasks] == [None] * 4
        assert desk.work(tasks) == [notice]

    def test_refresh(self) -> None:
        """Only the end of all pages refreshes the screen."""
        assert [task.notification for task in Desk(ui_notification="refresh").begin("begin")] == [
            None, None, None, "refresh"]

    def test_page_that_fails(self) -> None:
        """The whole fails with the page's error; get() gives an object that says so, and the message says it too."""
        desk = Desk(ui_notification="flash")
        tasks = desk.begin("begin")
        desk.host.file_path(desk.talk.answers["photo"].number).write_bytes(b"no image any more")
        effects = desk.work(tasks)
        assert effects == [SendNotice("flash", str(desk.answer()))]
        view = desk.host.tasks[tasks[3].task_id]
        assert view.error is not None
        assert view.error.error_type == "NotReadable"
        assert not desk.answer().ok
        assert "neither a PDF nor an image" in str(desk.answer())

    def test_searchable_pdf(self) -> None:
        """The task makes the file's content; no page's file stays behind."""
        desk = Desk()
        tasks = desk.begin("bundle_up")
        there = {change.info.number for change in desk.host.workspace.changes()}
        assert desk.talk.answers["bundle"].filename == "scan.pdf"
        desk.work(tasks)
        assert desk.texts_of("bundle") == ["The tenant pays", "every month", "in the kitchen"]
        assert {change.info.number for change in desk.host.workspace.changes()} == there
        assert desk.answer().content.number == desk.talk.answers["bundle"].number

    def test_a_photograph_becomes_a_pdf(self) -> None:
        """Without other files the file itself is replaced, and renamed at once."""
        desk = Desk()
        tasks = desk.begin("in_place")
        assert desk.talk.answers["photo"].filename == "photo.pdf"
        desk.work(tasks)
        assert desk.texts_of("photo") == ["in the kitchen"]

    def test_failing_leaves_the_file_as_it_was(self) -> None:
        """A file that was to be replaced keeps its content and gets its name back."""
        desk = Desk()
        tasks = desk.begin("in_place")
        broken = tasks[0].arguments | {"number": 7}
        desk.work([StartTask(tasks[0].task_id, tasks[0].action, broken), tasks[1]])
        info = desk.host.file(desk.talk.answers["photo"].number)
        assert info is not None
        assert info.filename == "photo.png"
        assert desk.host.file_path(info.number).read_bytes() == PHOTO

    def test_revoking_ends_the_pages_too(self) -> None:
        """Nobody waits for the pages of a task that is revoked."""
        desk = Desk()
        ids = {task.task_id for task in desk.begin("begin")}
        effects = desk.act("stop")
        assert {effect.task_id for effect in effects if isinstance(effect, RevokeTask)} == ids

    def test_pages_only_in_tasks(self) -> None:
        """Nobody runs a page's action by its address."""
        with pytest.raises(InterviewError, match="background only"):
            Desk().talk.act("_da_ocr_page", number=1)


class TestWithoutTesseract:
    @pytest.mark.parametrize("event", ["whole", "begin", "bundle_up", "at_once"])
    def test_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch, event: str) -> None:
        """One sentence, before anything is started."""
        monkeypatch.setenv("PATH", "")
        desk = Desk()
        with pytest.raises(InterviewError, match="needs the program Tesseract, which is not on this computer"):
            desk.act(event)

    def test_named_program_is_not_there(self) -> None:
        """A wrong directive is named as such."""
        with pytest.raises(TesseractMissing, match="no program /nowhere/tesseract"):
            Tesseract.find("/nowhere/tesseract")

    def test_no_other_companies(self) -> None:
        """Google's servers are refused in words."""
        with pytest.raises(InterviewError, match="no file is sent to another company"):
            Desk(use_google=True).act("begin")

    def test_unknown_way_of_telling(self) -> None:
        """As background_action() does."""
        with pytest.raises(InterviewError, match="cannot tell the browser by 'fields'"):
            Desk(ui_notification="fields").act("begin")

    def test_result_of_a_revoked_task(self) -> None:
        """get() never gives None, because interviews look at its ok."""
        with running() as evaluation:
            evaluation.host.tasks["t1"] = TaskView("t1", "revoked")
            answer = OCRTask("t1", evaluation.host.now(), 0).get()
        assert not answer.ok
        assert str(answer) == "The task was ended before it was done."


class FakeTesseract(Tesseract):
    """One with many languages."""

    def languages(self) -> list[str]:
        return ["chi_sim", "chi_tra", "deu", "eng", "fra", "nor", "osd", "slk_frak", "spa", "uzb_cyrl"]


class TestLanguages:
    @pytest.mark.parametrize(("written", "chosen"), [
        ("en", "eng"), ("eng", "eng"), ("English", "eng"), ("en-US", "eng"), ("es", "spa"), ("es_419", "spa"),
        ("fr", "fra"), ("de", "deu"), ("nb", "nor"), ("no", "nor"), ("zh", "chi_tra"), ("chi-sim", "chi_sim"),
        ("zh-CN", "chi_sim"), ("slk-frak", "slk_frak"), ("es+en", "spa+eng"), ("Norwegian", "nor"), ("fre", "fra"),
    ])
    def test_codes(self, written: str, chosen: str) -> None:
        """ISO codes, Tesseract's own, names and several at once lead to what is installed."""
        assert FakeTesseract("tesseract").choose(written) == chosen

    def test_configuration_decides(self) -> None:
        """The directive ``ocr languages`` comes first, in either spelling."""
        own = {"zh": "chi-sim", "uz": "uzb-cyrl"}
        assert FakeTesseract("tesseract").choose("zh", own) == "chi_sim"
        assert FakeTesseract("tesseract").choose("uz", own) == "uzb_cyrl"

    def test_missing(self) -> None:
        """The error says what is there and what to install."""
        with pytest.raises(LanguageMissing, match=r"no language 'it' .* deu, eng, .* Install .* ita.traineddata"):
            FakeTesseract("tesseract").choose("it")

    @needs_tesseract
    def test_language_of_the_interview(self) -> None:
        """Nobody asked for the language by name, so English is read where it is not installed."""
        desk = Desk()
        desk.host.settings["language"] = "tlh"
        desk.act("whole")
        assert "tenant" in desk.talk.answers["text"]

    @needs_tesseract
    def test_language_asked_for(self) -> None:
        """A language that was asked for and is not there is an error."""
        with pytest.raises(InterviewError, match="no language 'tlh'"):
            Desk(language="tlh").act("begin")


class TestPages:
    def write(self, folder: Path, content: bytes) -> Path:
        path = folder / "file"
        path.write_bytes(content)
        return path

    def test_counts(self, tmp_path: Path) -> None:
        """What a file is shows in its content, not in its name."""
        assert page_count(self.write(tmp_path, SCAN)) == 2
        assert page_count(self.write(tmp_path, PHOTO)) == 1
        assert page_count(self.write(tmp_path, saved([picture("a"), picture("b"), picture("c")], "TIFF"))) == 3

    def test_resolution(self, tmp_path: Path) -> None:
        """A PDF's page is drawn as finely as is asked for; a crop is in those pixels."""
        path = self.write(tmp_path, SCAN)
        whole = Image.open(io.BytesIO(page_image(path, 1, dpi=150).png))
        assert whole.size == (600, 150)
        assert Image.open(io.BytesIO(page_image(path, 1, crop=Crop(100, 50, 0, 60)).png)).size == (1100, 60)

    def test_colors(self, tmp_path: Path) -> None:
        """Colours stay where they are asked for, and are right."""
        path = self.write(tmp_path, saved([Image.new("RGB", (100, 100), (200, 30, 10))], resolution=300.0))
        assert Image.open(io.BytesIO(page_image(path, 1).png)).mode == "L"
        pixel = Image.open(io.BytesIO(page_image(path, 1, color=True).png)).getpixel((50, 50))
        assert isinstance(pixel, tuple)
        assert all(abs(is_ - was) < 12 for is_, was in zip(pixel, (200, 30, 10), strict=True))

    def test_photograph_that_was_turned(self, tmp_path: Path) -> None:
        """Cameras say how a photograph is to be turned; it is turned before it is read."""
        exif = Image.Exif()
        exif[0x0112] = 6
        path = self.write(tmp_path, saved([picture("a")], "JPEG", exif=exif))
        assert Image.open(io.BytesIO(page_image(path, 1).png)).size == (300, 1200)

    def test_transparent_is_white(self, tmp_path: Path) -> None:
        """Black on nothing would else be black on black."""
        path = self.write(tmp_path, saved([Image.new("RGBA", (10, 10), (0, 0, 0, 0))], "PNG"))
        assert Image.open(io.BytesIO(page_image(path, 1).png)).getpixel((5, 5)) == 255

    def test_enormous_page(self, tmp_path: Path) -> None:
        """A page of some metres becomes an image that fits into memory."""
        path = self.write(tmp_path, saved([picture("a", (3000, 3000))], resolution=10.0))
        page = page_image(path, 1)
        width, height = Image.open(io.BytesIO(page.png)).size
        assert width * height <= 50_000_000
        assert page.dpi < 300

    @pytest.mark.parametrize("content", [b"", b"words", SCAN[:200]])
    def test_what_cannot_be_read(self, tmp_path: Path, content: bytes) -> None:
        """Damaged files are errors in words."""
        with pytest.raises(NotReadable, match=r"cannot be read|can be read"):
            page_count(self.write(tmp_path, content))

    def test_nonsense_in_a_tiff(self, tmp_path: Path) -> None:
        """A resolution that is no number harms nothing; dimensions that are missing make it unreadable."""
        file = tmp_path / "scan.tif"
        nonsense = TiffImagePlugin.ImageFileDirectory_v2()
        nonsense[282] = nonsense[283] = TiffImagePlugin.IFDRational(0, 0)
        nonsense[296] = 2
        picture("odd").save(file, "TIFF", tiffinfo=nonsense)
        assert page_image(file, 1, dpi=200).dpi == 200
        content = bytearray(saved([picture("odd")], "TIFF"))
        first = int.from_bytes(content[4:8], "little")
        after = first + 2 + 12 * int.from_bytes(content[first:first + 2], "little")
        content[after:after + 4] = len(content).to_bytes(4, "little")
        file.write_bytes(content + struct.pack("<HHHIII", 1, 305, 3, 1, 0, 0))   # a second page of no size
        with pytest.raises(NotReadable):
            page_image(file, 2)

    def test_no_such_page(self, tmp_path: Path) -> None:
        """Neither in a PDF nor in an image."""
        for content in (SCAN, PHOTO):
            with pytest.raises(NotReadable, match="no page 3"):
                page_image(self.write(tmp_path, content), 3)

    def test_crop_outside(self, tmp_path: Path) -> None:
        """An empty part of a page is an error that says how large the page is."""
        with pytest.raises(NotReadable, match="1200 × 300"):
            page_image(self.write(tmp_path, SCAN), 1, crop=Crop(2000, 0, 10, 10))


class TestProgram:
    def program(self, folder: Path, lines: str) -> Tesseract:
        """A program that behaves like a Tesseract in trouble."""
        path = folder / "tesseract"
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o755)
        return Tesseract(str(path))

    def read(self, program: Tesseract, folder: Path) -> bytes:
        return program.read(PHOTO, language="eng", psm=6, dpi=300, folder=folder)

    @pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
    def test_words_of_the_program(self, tmp_path: Path) -> None:
        """What it said last is passed on."""
        program = self.program(tmp_path, "cat > /dev/null; echo one >&2; echo 'out of ink' >&2; exit 3")
        with pytest.raises(OCRFailed, match="out of ink"):
            self.read(program, tmp_path)

    @pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
    def test_time_limit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A page that takes too long ends, and its program with it."""
        monkeypatch.setattr(tesseract, "TIME_LIMIT", 0.1)
        monkeypatch.setattr(tesseract, "_LOOK_EACH", 0.05)
        program = self.program(tmp_path, "echo $$ > pid; exec sleep 60")
        with pytest.raises(OCRFailed, match=r"longer than 0\.1 seconds"):
            self.read(program, tmp_path)
        assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))

    def test_not_a_program(self, tmp_path: Path) -> None:
        """What cannot be started is named."""
        with pytest.raises(OCRFailed, match="cannot be started"):
            self.read(Tesseract(str(tmp_path / "missing")), tmp_path)
