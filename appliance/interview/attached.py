"""The documents under a question: made when its screen is drawn up, and put into the screen as data."""

from __future__ import annotations

import hashlib
import re
import zipfile
from html import escape
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from appliance.interview.blocks.question import QuestionBlock
from appliance.interview.errors import InterviewError
from appliance.interview.markup.media import file_url
from appliance.interview.screen import Screen

if TYPE_CHECKING:
    from appliance.interview.blocks.attachment import Attachment
    from appliance.interview.evaluate import Evaluation

__all__ = ["attach"]

_ZIP_USUAL = "file.zip"
_ZIP = re.compile(r"\.zip$", re.IGNORECASE)


def attach(evaluation: Evaluation, screen: Screen, block: QuestionBlock) -> None:
    """Put a question's documents into ``screen.extras['attachments']``, for the drawing.

    :raises NameError: for whatever they mention and is not defined.
    """
    documents = _made(evaluation, block)
    if block.attachment_code is not None:
        documents.extend(_flat(block.attachment_code.value(evaluation.answers)))
    if not documents:
        return

    def on(key: str, usual: bool) -> bool:
        value = block.document_switches.get(key, usual)
        return value if isinstance(value, bool) else bool(value.value(evaluation.answers))

    if on("manual attachment list", False):
        return
    shown = [_shown(evaluation, one, block) for one in documents]
    about: dict[str, Any] = {
        "documents": shown,
        "notice": on("include attachment notice", True),
        "download tab": on("include download tab", True),
        "describe": on("describe file types", False),
    }
    if on("allow downloading", False):
        about["zip"] = _zip(evaluation, block, shown)
    screen.extras["attachments"] = about


def _made(evaluation: Evaluation, block: QuestionBlock) -> list[Any]:
    """The documents of the question's own ``attachment``, made anew when something in them has changed."""
    found: list[Any] = []
    place = evaluation.result_key(block)
    for number, attachment in enumerate(block.attachments):
        if attachment.later is not None:
            continue   # the screen says that it is missing
        remembered: dict[int, dict[str, Any]] = evaluation.internal.setdefault("documents", {}).setdefault(place, {})
        kept = remembered.setdefault(number, {})
        if attachment.variable is not None:
            found.append(_in_variable(evaluation, attachment, evaluation.resolve(attachment.variable), kept))
            continue
        name = f"_internal['documents'][{place!r}][{number}]['collection']"
        found.append(attachment.made(evaluation, name, kept))
    return found


def _in_variable(evaluation: Evaluation, attachment: Attachment, variable: str, kept: dict[str, Any]) -> Any:
    """The document that a variable holds. What something else than this question put there stays as it is."""
    there = evaluation.is_defined(variable)
    if not there:
        kept.clear()
    if kept or not there:
        evaluation.ensure_parent(variable)
        before = kept.get("files")
        made = attachment.made(evaluation, variable, kept)
        if not there or kept.get("files") != before:
            evaluation.assign(variable, made)
    return evaluation.value(variable)


def _flat(value: Any) -> list[Any]:
    """What ``attachment code`` gave, as a list of documents and files."""
    if value is None or value is False or isinstance(value, str):
        return []
    if hasattr(value, "info") or (hasattr(value, "mimetype") and not hasattr(value, "elements")):
        return [value]
    elements = getattr(value, "elements", value)
    if isinstance(elements, dict):
        elements = elements.values()
    try:
        return [one for item in elements for one in _flat(item)]
    except TypeError:
        return []


def _shown(evaluation: Evaluation, document: Any, block: QuestionBlock) -> dict[str, Any]:
    """A document as the drawing wants it: texts as HTML, and its files with their addresses."""
    info: dict[str, Any] = dict(getattr(document, "info", {}) or {})
    named = [(one, getattr(document, one)) for one in document.extension_list()] if hasattr(
        document, "extension_list") else [(str(document.extension), document)]
    files = [_file(evaluation, extension, _first(file), block) for extension, file in named]
    name = info.get("name")   # the author's Markdown; the name of a file is none, and may be from anybody
    text = info.get("markdown") or ""
    previewed = bool(text) and info.get("previewed", True)
    return {
        "name_html": evaluation.inline(str(name)) if name else escape(files[0]["filename"] if files else ""),
        "description_html": evaluation.block(info.get("description") or ""),
        "files": files,
        "preview_html": evaluation.block(text) if previewed else "",
        "markdown": "" if previewed else text,
    }


def _first(file: Any) -> Any:
    """The file itself, where author code gave a list or a document in its place."""
    if hasattr(file, "extension_list"):
        return getattr(file, file.extension_list()[0])
    return file[0] if hasattr(file, "elements") else file


def _file(evaluation: Evaluation, extension: str, file: Any, block: QuestionBlock) -> dict[str, Any]:
    number = getattr(file, "number", None)
    info = evaluation.host.file(number) if isinstance(number, int) else None
    if info is not None:
        return {"extension": extension, "filename": info.filename, "number": number,
                "url": file_url(info, attachment=True)}
    if not hasattr(file, "url_for"):
        raise InterviewError("'attachment code' gives something that is no document and no file.",
                             file=block.file, line=block.line)
    return {"extension": extension, "filename": str(file.filename), "number": None, "url": str(file.url_for())}


def _zip(evaluation: Evaluation, block: QuestionBlock, shown: list[dict[str, Any]]) -> dict[str, str]:
    """A file with all documents; the one before, if they are still the same."""
    host = evaluation.host
    name = block.parts["zip filename"].render(evaluation.answers).strip() if "zip filename" in block.parts else ""
    name = f"{_ZIP.sub('', name).replace('/', '_')}.zip" if name else _ZIP_USUAL
    numbers = list(dict.fromkeys(
        file["number"] for one in shown for file in one["files"] if file["number"] is not None))
    content = hashlib.sha256()
    for number in numbers:
        content.update(host.file_path(number).read_bytes())
    digest = f"{name} {content.hexdigest()}"
    kept: dict[str, Any] = evaluation.internal.setdefault("archives", {}).setdefault(evaluation.result_key(block), {})
    info = host.file(kept["number"]) if kept.get("digest") == digest else None
    if info is None:
        if "number" in kept:
            host.delete_file(kept["number"])
        info = host.new_file(name, "application/zip")
        _write_zip(evaluation, numbers, host.file_path(info.number))
        kept.update(digest=digest, number=info.number)
    return {"url": file_url(info, attachment=True), "filename": info.filename}


def _write_zip(evaluation: Evaluation, numbers: list[int], path: Any) -> None:
    taken: set[str] = set()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in numbers:
            info = evaluation.host.file(number)
            assert info is not None
            plain = PurePosixPath(info.filename)
            name, count = plain.name, 2
            while name.casefold() in taken:   # as Windows compares names
                name, count = f"{plain.stem}-{count}{plain.suffix}", count + 1
            taken.add(name.casefold())
            archive.write(evaluation.host.file_path(number), name)
