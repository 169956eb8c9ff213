"""The files that go with a mail, of all that authors give for files."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

from appliance.library.dicts import DADict
from appliance.library.errors import DAError
from appliance.library.file_contents import FileContents
from appliance.library.file_functions import path_and_mimetype
from appliance.library.file_groups import DAFileCollection
from appliance.library.groups import Group
from appliance.library.mail_message import Attached
from appliance.library.mail_problems import CannotBeFetched
from appliance.library.objects import DAEmpty

__all__ = ["attached", "attached_files"]


def attached_files(given: Any) -> list[Attached]:
    """The files, read; a document in several formats goes in each of them.

    Files and documents that are not made yet are sought.

    :param given: a DAFile, DAStaticFile, DAFileList or DAFileCollection, the text of a path or of a web address, the
        name of a file in a package, or a list of these.
    :raises CannotBeFetched: where the network does not give a file.
    :raises DAError: for what is no file.
    """
    if given is None or isinstance(given, DAEmpty):
        return []
    if isinstance(given, DAFileCollection):
        return [attached(getattr(given, extension)) for extension in given.extension_list()]
    if isinstance(given, FileContents):
        return [attached(given)]
    if isinstance(given, DADict | dict):
        given = list(given.values())
    if isinstance(given, Group | list | tuple | set | frozenset):
        return [file for one in given for file in attached_files(one)]
    if isinstance(given, str | PurePath):
        return [_named(str(given))] if str(given).strip() else []
    raise DAError(f"send_email() was given {type(given).__name__!r} as an attachment: give it a file, a document, the "
                  "name of a file, or a list of these.")


def attached(file: FileContents) -> Attached:
    """A file object, read."""
    path = Path(file.path())
    name = str(file.filename).replace("\\", "/").rpartition("/")[2].rpartition(":")[2]
    return Attached(name or path.name, file.mimetype, path.read_bytes())


def _named(reference: str) -> Attached:
    try:
        path, mimetype = path_and_mimetype(reference)
    except OSError as problem:
        raise CannotBeFetched(str(problem)) from problem
    if path is None:
        raise DAError(f"There is no file {reference!r} to attach.")
    return Attached(Path(path).name, mimetype, Path(path).read_bytes())
