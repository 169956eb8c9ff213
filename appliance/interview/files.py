"""Files and documents as data: what author code, the store, workers and the page agree on."""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Document", "FileInfo", "Upload", "guess_mimetype", "new_number"]

_NUMBER_BITS = 48  # exact in JavaScript, and too many to meet twice or to guess


@dataclass(frozen=True)
class FileInfo:
    """A file of a session.

    :param number: names it, as in docassemble; random, so that workers can make files without asking for one.
    :param size: in bytes, when this was asked.
    """

    number: int
    filename: str
    mimetype: str
    size: int = 0

    @property
    def extension(self) -> str:
        """What follows the last dot of the file name, in small letters; empty if there is none."""
        name, dot, extension = self.filename.rpartition(".")
        return extension.lower() if name and dot else ""


@dataclass(frozen=True)
class Upload:
    """A file as a browser sent it with a form.

    :param field_name: of the form, as in a ShownField's `html_name`.
    """

    field_name: str
    filename: str
    mimetype: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Document:
    """What a document is to be made of; all Mako is done.

    :param markdown: its content.
    :param name: its title; `filename` has no extension.
    :param options: further keys of the ``attachment`` block, as plain data.
    """

    name: str
    filename: str
    markdown: str = field(repr=False)
    package: str = ""
    language: str = "en"
    metadata: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def new_number() -> int:
    """The number of a new file."""
    return secrets.randbits(_NUMBER_BITS) | 1 << (_NUMBER_BITS - 1)


def guess_mimetype(filename: str) -> str:
    """What the end of a file name says of its content.

    >>> guess_mimetype("letter.PDF")
    'application/pdf'
    >>> guess_mimetype("notes")
    'application/octet-stream'
    """
    return mimetypes.guess_type(filename.lower())[0] or "application/octet-stream"
