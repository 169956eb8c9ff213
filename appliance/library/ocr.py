"""Optical character recognition: the text of scanned pages, and PDFs that can be searched.

Pages become images, and the system's Tesseract reads them. In the background each page is a task, and one more task
puts together what they found; what they do is the built-in actions at the end.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from appliance.interview.actions import built_in
from appliance.interview.errors import CodeFailed
from appliance.interview.host import current
from appliance.interview.signals import BackgroundResponseSignal
from appliance.interview.tasks import TaskView
from appliance.interview.turn import Effect, SendNotice, StartTask
from appliance.library import pdf_files
from appliance.library.background import MyAsyncResult
from appliance.library.errors import DAError
from appliance.library.file_groups import DAFileCollection
from appliance.library.languages import get_language
from appliance.library.page_images import Crop, page_count, page_image
from appliance.library.state import setting
from appliance.library.tesseract import LanguageMissing, Tesseract

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation

__all__ = ["OCRResult", "OCRTask", "make_pdf", "make_pdf_in_background", "ocr_file", "ocr_file_in_background"]

PAGE_BREAK = "\f"
"""What stands between the texts of two pages, as documented."""

_PAGE, _COLLECT = "_da_ocr_page", "_da_ocr_collect"
_NOTIFICATIONS = (None, "refresh", "flash", "javascript")


@dataclass(frozen=True)
class Reading:
    """How pages are to be read; travels with the tasks.

    :param language: as authors write it.
    :param fallback: read English where the language is not installed, because nobody asked for it by name.
    """

    language: str
    fallback: bool
    psm: int
    dpi: int
    crop: Crop = field(default_factory=Crop)
    color: bool = False
    output: Literal["txt", "pdf"] = "txt"

    def ready(self) -> tuple[Tesseract, str]:
        """The program and its code for the language.

        :raises OCRFailed: where one of them is missing.
        """
        tesseract = Tesseract.find(setting("tesseract"))
        try:
            return tesseract, tesseract.choose(self.language, setting("ocr languages"))
        except LanguageMissing:
            if not self.fallback:
                raise
            return tesseract, tesseract.choose("eng")

    def read(self, file: Any, number: int) -> bytes:
        """What Tesseract makes of one page: its text in UTF-8, or a PDF."""
        tesseract, language = self.ready()
        path = Path(file.path())
        page = page_image(path, number, dpi=self.dpi, color=self.color, crop=self.crop)
        return tesseract.read(page.png, language=language, psm=self.psm, dpi=page.dpi, folder=path.parent,
                              output=self.output)


class OCRResult:
    """What a task of ``ocr_file_in_background()`` answers with. In a text it is its content, or the error's message.

    :param ok: whether all pages were read.
    :param content: the text; of ``make_ocr_pdf_in_background()``, the file.
    :param error_message: what went wrong, else None.
    """

    def __init__(self, ok: bool, content: Any = None, error_message: str | None = None) -> None:
        self.ok = ok
        self.content = content
        self.error_message = error_message

    def __str__(self) -> str:
        return str(self.content if self.ok else self.error_message)


class OCRTask(MyAsyncResult):
    """The task that collects the pages. If a page fails, it fails with the page's error."""

    def __init__(self, task_id: str, created: datetime, pages: int) -> None:
        super().__init__(task_id, created)
        self.pages = pages

    def get(self) -> OCRResult:
        """Wait until all pages are read, and return what was found, or an object that says what went wrong."""
        view = self._ended()
        if isinstance(view.value, OCRResult):
            return view.value
        message = view.error.error_message if view.error is not None else "The task was ended before it was done."
        return OCRResult(ok=False, error_message=message)

    def revoke(self, terminate: bool = True) -> None:
        """End the task, and those of its pages."""
        super().revoke(terminate)
        for page in _page_ids(self.task_id, self.pages):
            MyAsyncResult(page, self.created).revoke(terminate)


def ocr_file(pdf_file: Any, language: str | None = None, psm: int = 6, f: int | None = None, l: int | None = None,  # noqa: E741 - docassemble's name
             x: int | None = None, y: int | None = None, W: int | None = None, H: int | None = None,
             use_google: bool = False, raw_result: bool = False) -> str:
    """The text of PDF and image files, read from the pages' images; a form feed stands between two pages.

    :param pdf_file: a file, or a list of files.
    :param language: a code like ``es``, ``spa`` or ``chi-sim``; the current language unless told. Several with ``+``.
    :param psm: Tesseract's page segmentation mode.
    :param f: the first page to read, and `l` the last one, of each PDF.
    :param x: with `y`, `W` and `H` the part of a PDF's page to read, in pixels from its top left corner.
    :param use_google: an error if True: nothing is sent to other companies.
    :param raw_result: makes no difference; it is about Google's answers.
    :raises DAError: where Tesseract or the language is missing, or a file cannot be read.
    """
    reading = _reading(language, psm, (x, y, W, H), use_google)
    reading.ready()
    return PAGE_BREAK.join(_text(reading.read(file, number)) for file, number in _pages([pdf_file], f, l))


def ocr_file_in_background(pdf_file: Any, ui_notification: str | None = None, *, language: str | None = None,
                           psm: int = 6, f: int | None = None, l: int | None = None, x: int | None = None,  # noqa: E741 - as above
                           y: int | None = None, W: int | None = None, H: int | None = None, use_google: bool = False,
                           raw_result: bool = False, message: str | None = None) -> OCRTask:
    """Like :func:`ocr_file`, in the background and many pages at a time.

    :param ui_notification: how the browser is told that it is done: ``'refresh'``, ``'flash'``, ``'javascript'`` (an
        alert) or None.
    :param message: what ``'flash'`` and ``'javascript'`` say.
    :returns: a task whose ``get()`` gives an :class:`OCRResult`.
    :raises DAError: where Tesseract or the language is missing, or a file cannot be read, before any task is started.
    """
    if ui_notification not in _NOTIFICATIONS:
        raise DAError(f"ocr_file_in_background() cannot tell the browser by {ui_notification!r}: "
                      "use 'refresh', 'flash', 'javascript' or None.")
    reading = _reading(language, psm, (x, y, W, H), use_google)
    return _start(reading, list(_pages([pdf_file], f, l)), ui_notification, {"message": message or "OCR succeeded"})


def make_pdf(target: Any, files: tuple[Any, ...], *, language: str | None = None, psm: int = 6,
             preserve_color: bool = False, dafilelist: Any = None, filename: str | None = None,
             use_google: bool = False) -> None:
    """Make `target` a PDF of the pages of `files` in which the text can be searched; for ``DAFile.make_ocr_pdf()``.

    :param files: what to read; the target itself where there is none.
    :param preserve_color: keep the colours; else the pages are in shades of grey.
    :param dafilelist: a list of more files to read.
    :param filename: what the PDF is called; else like the target, or like the first file.
    """
    reading = _pdf_reading(language, psm, preserve_color, use_google)
    reading.ready()
    made = []
    pages = list(_pages(_sources(target, files, dafilelist)))
    for count, (file, number) in enumerate(pages):
        content = reading.read(file, number)
        made.append(Path(file.path()).parent / f"ocr-{secrets.token_hex(4)}-{count}.pdf")
        made[-1].write_bytes(content)
    _become_pdf(target, pages, filename)
    pdf_files.join(made, Path(target.path()))


def make_pdf_in_background(target: Any, files: tuple[Any, ...], *, language: str | None = None, psm: int = 6,
                           preserve_color: bool = False, dafilelist: Any = None, filename: str | None = None,
                           use_google: bool = False) -> OCRTask:
    """The same in the background; for ``DAFile.make_ocr_pdf_in_background()``. Its task answers with the file."""
    reading = _pdf_reading(language, psm, preserve_color, use_google)
    pages = list(_pages(_sources(target, files, dafilelist)))
    before = target.filename if target.ok else None
    _become_pdf(target, pages, filename)
    return _start(reading, pages, None, {"target": target, "before": before})


# -- in the turn that asks -----------------------------------------------------------------------------------


def _reading(language: str | None, psm: int, crop: tuple[int | None, ...], use_google: bool) -> Reading:
    if use_google:
        raise DAError("use_google=True does not work here: no file is sent to another company. Leave it out, and "
                      "Tesseract on this computer reads the pages.")
    return Reading(language or get_language(), not language, int(psm), int(setting("ocr dpi", 300)),
                   Crop(*(int(each or 0) for each in crop)))


def _pdf_reading(language: str | None, psm: int, color: bool, use_google: bool) -> Reading:
    return replace(_reading(language, psm, (), use_google), color=bool(color), output="pdf")


def _sources(target: Any, files: tuple[Any, ...], more: Any) -> list[Any]:
    return [*files, *([] if more is None else [more])] or [target]


def _files(given: Any) -> Iterator[Any]:
    """The single files of what authors give: files, lists of files, documents in several formats."""
    if isinstance(given, DAFileCollection):
        given = given.__dict__.get("pdf", given)
    if not isinstance(given, str) and hasattr(type(given), "__iter__"):
        for each in given:
            yield from _files(each)
    elif hasattr(type(given), "path"):
        yield given
    else:
        raise DAError(f"Text can be read from files and lists of files, not from a {type(given).__name__}.")


def _pages(given: list[Any], first: int | None = None, last: int | None = None) -> Iterator[tuple[Any, int]]:
    """Each page as its file and its number."""
    for file in _files(given):
        count = page_count(Path(file.path()))
        for number in range(max(int(first or 1), 1), min(int(last or count), count) + 1):
            yield file, number


def _become_pdf(target: Any, pages: list[tuple[Any, int]], filename: str | None) -> None:
    """Give the target the name of a PDF, and make it if it is not there yet."""
    if not pages:
        raise DAError("There is no page to make a PDF of.")
    if filename is None:
        filename = target.filename if target.ok else pages[0][0].filename
    stem = filename.rpartition(".")[0] or filename
    target.initialize(filename=f"{stem}.pdf", mimetype="application/pdf")


def _start(reading: Reading, pages: list[tuple[Any, int]], notification: str | None,
           more: dict[str, Any]) -> OCRTask:
    """A task for each page and one that collects, all started by the commit of this turn."""
    if not setting("compute: scheduler"):
        reading.ready()   # what is missing here is missing on the workers
    evaluation = current()
    task_id = secrets.token_hex(16)
    ids = _page_ids(task_id, len(pages))
    effects: list[Effect] = [StartTask(id_, _PAGE, {"file": file, "number": number, "reading": reading})
                             for id_, (file, number) in zip(ids, pages, strict=True)]
    told = notification if notification in ("flash", "javascript") else None
    effects.append(StartTask(task_id, _COLLECT, {"pages": ids, "tell": told, **more},
                             "refresh" if notification == "refresh" else None, tuple(ids)))
    evaluation.effects.extend(effects)
    return OCRTask(task_id, evaluation.host.now(), len(pages))


def _page_ids(task_id: str, count: int) -> list[str]:
    """The ids of the tasks of the pages: they follow from that of the task that collects, which alone is stored."""
    return [hashlib.sha256(f"{task_id} page {number}".encode()).hexdigest()[:32] for number in range(count)]


# -- on the workers ------------------------------------------------------------------------------------------


@built_in(_PAGE)
def _page(evaluation: Evaluation, arguments: dict[str, Any]) -> None:
    """Read one page. Answers with its text, or with the number of a file that holds the page as a PDF."""
    _only_in_a_task(evaluation)
    reading: Reading = arguments["reading"]
    found = reading.read(arguments["file"], arguments["number"])
    if reading.output == "txt":
        raise BackgroundResponseSignal(_text(found))
    info = evaluation.host.new_file("page.pdf", "application/pdf")
    evaluation.host.file_path(info.number).write_bytes(found)
    raise BackgroundResponseSignal(info.number)


@built_in(_COLLECT)
def _collect(evaluation: Evaluation, arguments: dict[str, Any]) -> None:
    """Put the pages together; the error of the first page that failed is that of all."""
    _only_in_a_task(evaluation)
    target = arguments.get("target")
    views = [evaluation.host.task(id_) for id_ in arguments["pages"]]
    found = [view.value for view in views if view is not None and view.state == "done"]
    if len(found) < len(views):
        if target is not None:
            _give_up_pdf(evaluation, target, arguments["before"], found)
        failure = _failure(views)
        if arguments["tell"]:
            evaluation.effects.append(SendNotice("flash", failure.message))
        raise failure
    if target is None:
        content: Any = PAGE_BREAK.join(found)
    else:
        content = target
        pdf_files.join([evaluation.host.file_path(number) for number in found], Path(target.path()))
        _forget(evaluation, found)
    if arguments["tell"] == "flash":
        evaluation.effects.append(SendNotice("flash", arguments["message"]))
    elif arguments["tell"] == "javascript":
        evaluation.effects.append(SendNotice("javascript", f"alert({json.dumps(arguments['message'])});"))
    raise BackgroundResponseSignal(OCRResult(ok=True, content=content))


def _only_in_a_task(evaluation: Evaluation) -> None:
    if not evaluation.in_task:
        raise DAError("This action runs in the background only.")


def _give_up_pdf(evaluation: Evaluation, target: Any, before: str | None, found: list[int]) -> None:
    """The pages that were made go; a file that was to be replaced keeps its content and gets its name back."""
    _forget(evaluation, found)
    if before is not None:
        evaluation.host.rename_file(target.number, before)


def _forget(evaluation: Evaluation, numbers: list[int]) -> None:
    for number in numbers:
        evaluation.host.delete_file(number)


def _failure(views: list[TaskView | None]) -> CodeFailed:
    failed = next((view for view in views if view is not None and view.error is not None), None)
    if failed is None or failed.error is None:
        return CodeFailed("The task of a page was ended before it was done.", error_type="Revoked", trace="")
    error = failed.error
    return CodeFailed(error.error_message, error_type=error.error_type, trace=error.error_trace,
                      variables=error.variables)


def _text(found: bytes) -> str:
    return found.decode("utf-8", errors="replace").removesuffix(PAGE_BREAK)
