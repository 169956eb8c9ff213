"""Where interview files come from, as a protocol: the packages folder (``appliance.packages``), or texts in a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from appliance.interview.errors import UnknownInterview

__all__ = ["MemorySources", "SourceFile", "Sources", "candidates", "join_reference", "one_name", "split_reference"]


@dataclass(frozen=True)
class SourceFile:
    """One file of a package, read whole.

    :param reference: ``PACKAGE:data/questions/x.yml``, the one spelling under which it is known.
    :param path: the part after the colon.
    :param version: changes whenever the text does.
    """

    reference: str
    package: str
    path: str
    text: str
    version: str


class Sources(Protocol):
    """Finds and reads the text files of packages."""

    def read(self, reference: str) -> SourceFile:
        """The file, with its text.

        :raises UnknownInterview: if there is no such file; the message suggests a close name.
        """
        ...

    def version(self, reference: str) -> str:
        """The version :meth:`read` would give, without reading the text.

        :raises UnknownInterview: if there is no such file.
        """
        ...

    def resolve(self, reference: str, relative_to: str, folder: str = "questions") -> str:
        """The full reference of what an author wrote in the file `relative_to`.

        ``PACKAGE:path`` stays as it is. A bare name is looked for beside `relative_to` and then in ``data/FOLDER`` of
        its package; if it is in neither, the latter is returned, for :meth:`read` to complain about.
        """
        ...


def split_reference(reference: str) -> tuple[str, str]:
    """``PACKAGE:path`` as (package, path); the package is empty for a bare name.

    >>> split_reference("docassemble.demo:data/questions/questions.yml")
    ('docassemble.demo', 'data/questions/questions.yml')
    """
    package, colon, path = reference.strip().partition(":")
    return (package.strip(), path.strip()) if colon else ("", package.strip())


def join_reference(package: str, path: str) -> str:
    """The inverse of :func:`split_reference`."""
    return f"{package}:{path}" if package else path


def one_name(interview: str) -> str:
    """The one name of an interview, under which its sessions are kept, of any that leads to it: in an address, in code,
    in the configuration. The folder may be left out there, as in docassemble; what names no package stays as it is.

    >>> one_name("docassemble.demo:questions.yml"), one_name("docassemble.demo:data/questions/examples/a.yml")
    ('docassemble.demo:data/questions/questions.yml', 'docassemble.demo:data/questions/examples/a.yml')
    """
    return candidates(interview, "")[0] if split_reference(interview)[0] else interview.strip()


def candidates(reference: str, relative_to: str, folder: str = "questions") -> list[str]:
    """The full references that a written one may mean, in the order in which they are tried; never empty.

    >>> candidates("library.yml", "docassemble.x:data/questions/examples/a.yml")
    ['docassemble.x:data/questions/examples/library.yml', 'docassemble.x:data/questions/library.yml']
    """
    package, path = split_reference(reference)
    if package:
        # docassemble lets an author leave out the folder: `docassemble.demo:questions.yml`.
        return [join_reference(package, path if path.startswith("data/") else f"data/{folder}/{path}")]
    home, home_path = split_reference(relative_to)
    if path.startswith("data/"):
        return [join_reference(home, path)]
    found = []
    if folder == "questions":
        found.append(join_reference(home, str(PurePosixPath(home_path).parent / path)))
    usual = join_reference(home, f"data/{folder}/{path}")
    if usual not in found:
        found.append(usual)
    return found


class MemorySources:
    """Sources for tests and for `check`: texts by reference.

    :param texts: ``{"tests:data/questions/a.yml": "question: …"}``
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = dict(texts)

    def read(self, reference: str) -> SourceFile:
        package, path = split_reference(reference)
        return SourceFile(reference, package, path, self._text(reference), self.version(reference))

    def version(self, reference: str) -> str:
        return str(hash(self._text(reference)))

    def resolve(self, reference: str, relative_to: str, folder: str = "questions") -> str:
        tried = candidates(reference, relative_to, folder)
        return next((one for one in tried if one in self.texts), tried[-1])

    def _text(self, reference: str) -> str:
        try:
            return self.texts[reference]
        except KeyError:
            raise UnknownInterview(f"There is no file {reference}.", file=reference) from None
