"""The files that go with a mail, of all that authors give for files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from appliance.library.dicts import DADict
from appliance.library.errors import DAError
from appliance.library.file_contents import FileContents
from appliance.library.file_functions import path_and_mimetype
from appliance.library.file_groups import DAFileCollection
from appliance.library.groups import Group
from appliance.library.mail_message import Attached
from appliance.library.mail_problems import CannotBeFetched, MailTooLarge
from appliance.library.objects import DAEmpty

__all__ = ["MEGABYTE", "attached", "attached_files"]

MEGABYTE = 1_000_000


def attached_files(given: Any, largest: int) -> list[Attached]:
    """The files, read; a document in several formats goes in each of them.

    Files and documents that are not made yet are sought. No file is read where all together are more than a mail may
    be: they may be more than the computer's memory.

    :param given: a DAFile, DAStaticFile, DAFileList or DAFileCollection, the text of a path or of a web address, the
        name of a file in a package, or a list of these.
    :param largest: megabytes of a mail.
    :raises CannotBeFetched: where the network does not give a file.
    :raises MailTooLarge: if no mail server would take them.
    :raises DAError: for what is no file.
    """
    files = list(_each(given))
    size = sum(one.path.stat().st_size for one in files) * 4 / 3   # each three bytes travel as four letters
    if size > largest * MEGABYTE:
        raise MailTooLarge(f"its attachments take {size / MEGABYTE:.1f} MB on their way, and 'mail: maximum size' is "
                           f"{largest}")
    return [one.read() for one in files]


def attached(file: FileContents) -> Attached:
    """A file object, read."""
    return _of(file).read()


@dataclass(frozen=True)
class _File:
    """A file that is to be read."""

    name: str
    mimetype: str
    path: Path

    def read(self) -> Attached:
        return Attached(self.name or self.path.name, self.mimetype, self.path.read_bytes())


def _each(given: Any) -> Iterator[_File]:
    if isinstance(given, DADict | dict):
        given = list(given.values())
    if given is None or isinstance(given, DAEmpty):
        return
    if isinstance(given, DAFileCollection):
        for extension in given.extension_list():
            yield _of(getattr(given, extension))
    elif isinstance(given, FileContents):
        yield _of(given)
    elif isinstance(given, Group | list | tuple | set | frozenset):
        for one in given:
            yield from _each(one)
    elif isinstance(given, str | PurePath):
        if str(given).strip():
            yield _named(str(given))
    else:
        raise DAError(f"send_email() was given {type(given).__name__!r} as an attachment: give it a file, a document, "
                      "the name of a file, or a list of these.")


def _of(file: FileContents) -> _File:
    name = str(file.filename).replace("\\", "/").rpartition("/")[2].rpartition(":")[2]
    return _File(name, file.mimetype, Path(file.path()))


def _named(reference: str) -> _File:
    try:
        path, mimetype = path_and_mimetype(reference)
    except OSError as problem:
        raise CannotBeFetched(str(problem)) from problem
    if path is None:
        raise DAError(f"There is no file {reference!r} to attach.")
    return _File(Path(path).name, mimetype, Path(path))
