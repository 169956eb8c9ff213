"""Functions about files: joining PDF files, packing archives, finding where a file lies."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from appliance.interview import pictures
from appliance.interview.files import guess_mimetype
from appliance.library import pdf_files
from appliance.library.file_contents import FileContents
from appliance.library.file_groups import DAFileCollection, DAFileList
from appliance.library.files import DAFile
from appliance.library.state import interview_package
from appliance.library.static_files import package_path

__all__ = ["path_and_mimetype", "pdf_concatenate", "zip_file"]

# Dated like this, archives of the same files are alike.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def path_and_mimetype(file_ref: Any) -> tuple[str | None, str]:
    """Where a file lies, and its MIME type.

    :param file_ref: a file object, a path, an address on the web (which is fetched), or the name of a file in a
        package: ``cow.jpg``, ``docassemble.demo:data/static/cow.jpg``.
    :returns: the path is None where there is no such file.
    :raises OSError: where an address cannot be fetched.
    """
    if isinstance(file_ref, DAFileList | DAFileCollection):
        there = list(_each(file_ref))
        if not there:
            raise IndexError(f"{file_ref.instanceName} has no file.")
        file_ref = there[0]
    if isinstance(file_ref, FileContents):
        return file_ref.path(), file_ref.mimetype
    reference = str(file_ref)
    if "://" in reference:
        fetched = DAFile()
        fetched.from_url(reference)
        return fetched.path(), fetched.mimetype
    found = Path(reference) if Path(reference).is_absolute() else package_path(reference, interview_package())
    if found is None or not found.is_file():
        return None, guess_mimetype(reference)
    return str(found), guess_mimetype(found.name)


def pdf_concatenate(*pargs: Any, filename: str = "file.pdf", output_to: Any = None, **kwargs: Any) -> Any:
    """A PDF file of several files: PDF files and pictures, alone, in lists, or as documents in several formats.

    :param output_to: the DAFile to write to instead of a new one.
    :param kwargs: ``pdfa`` and ``password`` are not there yet.
    :raises ValueError: where a file is neither a PDF nor a picture, or there is none.
    """
    if any(kwargs.get(name) for name in ("pdfa", "password", "owner_password")):
        raise ValueError("pdf_concatenate() does not make PDF/A files or files with passwords in this version.")
    files = list(_each(pargs, ("pdf",)))
    if not files:
        raise ValueError("pdf_concatenate() was given no file.")
    made = _new(output_to, filename)
    target = Path(made.path())
    parts = [_as_pdf(file, target.with_name(f".part-{number}.pdf")) for number, file in enumerate(files)]
    pdf_files.join(parts, target)
    return made


def zip_file(*pargs: Any, filename: str = "file.zip", output_to: Any = None, **kwargs: Any) -> Any:
    """A ZIP archive of files; a dictionary is a folder of its keys: ``zip_file(letter, {'assets': [cow, 'dog.jpg']})``.

    :param output_to: the DAFile to write to instead of a new one.
    :raises ValueError: where there is no file of a name that was given.
    """
    made = _new(output_to, filename)
    used: set[str] = set()
    with zipfile.ZipFile(made.path(), "w", zipfile.ZIP_DEFLATED) as archive:
        for folder, file in _packed(pargs, ""):
            path, _mimetype = path_and_mimetype(file)
            if path is None:
                raise ValueError(f"zip_file(): there is no file {file}.")
            name = _unused(folder + _name_of(file, path), used)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, Path(path).read_bytes())
    return made


def _new(output_to: Any, filename: str) -> Any:
    made = DAFile() if output_to is None else output_to
    if output_to is None or not made.ok:
        made.initialize(filename=filename)
    return made


def _each(value: Any, formats: Iterable[str] = ()) -> Iterator[Any]:
    """The single files in `value`; of a document in several formats, those of `formats`, else the first."""
    if isinstance(value, DAFileCollection):
        there = value.extension_list()
        wanted = [one for one in formats if one in there] or there[:1]
        yield from (getattr(value, one) for one in wanted)
    elif isinstance(value, str | FileContents):
        yield value
    elif value is not None:
        for item in value:
            yield from _each(item, formats)


def _as_pdf(file: Any, scratch: Path) -> Path:
    """The path of a file; for a picture `scratch`, where a PDF of it is drawn."""
    path, mimetype = path_and_mimetype(file)
    if path is None:
        raise ValueError(f"pdf_concatenate(): there is no file {file}.")
    if mimetype.startswith("image/"):
        pictures.convert(Path(path), "PDF", scratch)
        return scratch
    if mimetype != "application/pdf":
        raise ValueError(f"pdf_concatenate() takes PDF files and pictures; {_name_of(file, path)} is neither.")
    return Path(path)


def _packed(value: Any, folder: str) -> Iterator[tuple[str, Any]]:
    """The files for an archive, each with its folder."""
    if isinstance(value, DAFileCollection):
        yield from ((folder, getattr(value, one)) for one in value.extension_list())
    elif isinstance(value, str | FileContents):
        yield folder, value
    elif hasattr(value, "items"):
        for name, inside in value.items():
            yield from _packed(inside, f"{folder}{_safe(str(name))}/")
    elif value is not None:
        for item in value:
            yield from _packed(item, folder)


def _safe(name: str) -> str:
    """A name that leads nowhere else when the archive is unpacked."""
    return name.replace("/", "_").replace("\\", "_").strip(". ") or "folder"


def _name_of(file: Any, path: str) -> str:
    return _safe(file.filename) if isinstance(file, DAFile) else Path(path).name


def _unused(name: str, used: set[str]) -> str:
    stem, dot, extension = name.rpartition(".")
    number, made = 1, name
    while made.casefold() in used:   # many systems would unpack A.txt over a.txt
        made = f"{stem}_{number}.{extension}" if dot and stem else f"{name}_{number}"
        number += 1
    used.add(made.casefold())
    return made
