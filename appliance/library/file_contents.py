"""What all files can do, wherever they come from: be read, counted, looked at and shown."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

from appliance.interview.files import guess_mimetype
from appliance.library import page_images, pdf_files
from appliance.library.objects import DAObject

__all__ = ["FileContents", "is_text", "markup"]

_TEXT_TYPES = frozenset({"application/json", "application/xml", "application/javascript", "application/x-yaml",
                         "application/yaml", "application/sql", "application/rtf", "message/rfc822"})
# Files that came from a word processor of another age are rarely UTF-8; this one reads any bytes.
_WHEN_NOT_UTF8 = "cp1252"


def is_text(mimetype: str) -> bool:
    """Whether a file of this type is read as text."""
    return mimetype.startswith("text/") or mimetype in _TEXT_TYPES or mimetype.endswith(("+json", "+xml"))


def markup(reference: object, width: str | None, alt_text: str | None) -> str:
    """The ``[FILE …]`` tag.

    >>> markup(12, None, "A cat")
    '[FILE 12, None, A cat]'
    """
    parts = [str(reference)]
    if width or alt_text:
        parts.append(str(width) if width else "None")
    if alt_text:
        # A bracket or a line's end would end the tag before its time.
        parts.append(" ".join(str(alt_text).replace("[", "(").replace("]", ")").split()))
    return f"[FILE {', '.join(parts)}]"


class FileContents(DAObject):
    """The base of DAFile and DAStaticFile, which say where the file is."""

    filename: str
    mimetype: str
    extension: str

    @abstractmethod
    def path(self) -> str:
        """Where the file lies."""

    @abstractmethod
    def _reference(self) -> object:
        """What ``[FILE …]`` names the file by."""

    # -- reading -------------------------------------------------------------------------------------------

    def slurp(self, auto_decode: bool = True) -> Any:
        """The content: a text where the file's type is one, else bytes.

        :param auto_decode: False: bytes in any case.
        """
        content = Path(self.path()).read_bytes()
        if not auto_decode or not is_text(self.mimetype or guess_mimetype(self.filename)):
            return content
        return _decoded(content)

    def readlines(self) -> list[str]:
        """The lines of a text file, each with its end."""
        return _decoded(Path(self.path()).read_bytes()).splitlines(keepends=True)

    def size_in_bytes(self) -> int:
        """How large the file is."""
        return Path(self.path()).stat().st_size

    # -- PDF -----------------------------------------------------------------------------------------------

    def num_pages(self) -> int:
        """The number of pages of a PDF file; 1 of any other.

        :raises NotReadable: where it is a PDF that cannot be read.
        """
        path = Path(self.path())
        return page_images.page_count(path) if self._is_pdf() else 1

    def is_encrypted(self) -> bool:
        """Whether the file is a PDF with a password."""
        path = Path(self.path())
        return self._is_pdf() and pdf_files.is_encrypted(path)

    def get_pdf_fields(self) -> list[tuple[str, Any, int, list[float], str, str]]:
        """The fields of a PDF form: name, value, page, place (four numbers), type and export value of each.

        :raises ValueError: where it is no PDF that can be read.
        """
        return pdf_files.form_fields(Path(self.path()))

    def _is_pdf(self) -> bool:
        return self.mimetype == "application/pdf" or self.extension == "pdf"

    # -- on the screen ----------------------------------------------------------------------------------------

    def show(self, width: str | None = None, wait: bool = True, alt_text: str | None = None) -> str:
        """The markup that shows the file: a picture, a player, or a link.

        :param width: of a picture, like ``200px`` or ``50%``.
        :param wait: makes no difference here: there is nothing to wait for.
        :param alt_text: for those who do not see it, instead of :meth:`get_alt_text`.
        """
        return markup(self._reference(), width, alt_text or self.get_alt_text())

    def set_alt_text(self, alt_text: str | None) -> None:
        """Say what the picture shows, for those who do not see it."""
        self.alt_text = alt_text

    def get_alt_text(self) -> str | None:
        """What :meth:`set_alt_text` was given, else None."""
        given: str | None = self.__dict__.get("alt_text")
        return given

    def __str__(self) -> str:
        return self.show()


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode(_WHEN_NOT_UTF8, errors="replace")
