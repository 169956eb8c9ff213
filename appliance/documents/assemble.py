"""Assembling a document: from an attachment's Markdown to the bytes of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.documents.scripts import RTL_LANGUAGES
from appliance.interview.errors import InterviewError
from appliance.interview.files import Document
from appliance.interview.markup import plain_text, to_html

if TYPE_CHECKING:
    from appliance.documents.model import Block, Content
    from appliance.documents.page import Page

__all__ = ["FORMATS", "DocumentFailed", "make_document"]

FORMATS = ("pdf", "docx", "rtf", "html", "md")
"""What a document can become; also what follows the dot of its file name."""

_PROGRAM = "Interview Appliance"


class DocumentFailed(InterviewError):
    """A document could not be made; the message is for the author and quotes none of its text."""


def make_document(document: Document, file_format: str) -> bytes:
    """The file of a document.

    `document.options` may hold ``files``: the paths of pictures by the references that ``[FILE …]`` has for them.

    :param file_format: one of :data:`FORMATS`.
    :raises DocumentFailed: with words for the author.
    """
    if file_format not in FORMATS:
        raise DocumentFailed(f"Documents are made as {', '.join(FORMATS)}, not as {file_format!r}.")
    if file_format == "md":
        return document.markdown.encode()
    # The libraries are imported when the first document is made: a server that makes none stays small.
    try:
        return _make(document, file_format)
    except (OSError, ValueError, RuntimeError) as error:
        raise DocumentFailed(f"The {file_format.upper()} file of a document could not be made "
                             f"({type(error).__name__}).") from error


def _make(document: Document, file_format: str) -> bytes:
    from appliance.documents.model import Content
    from appliance.documents.page import read_page
    from appliance.documents.reading import read_markdown

    page = read_page(document.metadata)
    files = {str(name): str(path) for name, path in document.options.get("files", {}).items()}
    rtl = document.language.lower().partition("-")[0] in RTL_LANGUAGES
    if file_format == "html":
        from appliance.documents.web import write_html

        return write_html(document, files)
    blocks = _title(page) + read_markdown(document.markdown, page.spacing, number_sections=page.number_sections)
    content = Content(plain_text(to_html(document.name, inline=True)), document.language, blocks, rtl)
    return _written(content, page, files, file_format)


def _written(content: Content, page: Page, files: dict[str, str], file_format: str) -> bytes:
    if file_format == "pdf":
        from appliance.documents.pdf import write_pdf

        return write_pdf(content, page, files, _PROGRAM)
    if file_format == "docx":
        from appliance.documents.word import write_docx

        return write_docx(content, page, files, _PROGRAM)
    from appliance.documents.rich import write_rtf

    return write_rtf(content, page)


def _title(page: Page) -> list[Block]:
    """The heading of a document whose metadata have a title."""
    from appliance.documents.model import Look, Paragraph, Run, Setting, Spacing

    centered = Setting(align="center", first=0.0, spacing=Spacing(1.0, 1.0, 0.0))
    lines = [Paragraph([Run(text=page.title, look=Look(bold=True))], centered, level=1)] if page.title else []
    lines += [Paragraph([Run(text=text)], centered) for text in (*page.authors, page.date) if text and page.title]
    return list(lines)
