"""Files opened for one turn or one task: real paths in a folder of its own, which is gone afterwards.

The folder is in the system's folder for temporary files, never in the data folder, and only its owner can enter it.
What author code does to files shows in :meth:`Workspace.changes`; nothing else of it stays.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from appliance.interview.files import FileInfo, guess_mimetype, new_number

__all__ = ["PREFIX", "Change", "Workspace", "remove_leftovers", "safe_filename"]

PREFIX = "interview-appliance-open-"
"""What the names of the folders begin with, before the number of their process."""

_DAY = 86400.0
_LONGEST_NAME = 120
_JOINERS = "\u200c\u200d"   # of letters, in Persian and Hindi names for one
_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = frozenset({"CON", "CONIN$", "CONOUT$", "PRN", "AUX", "NUL",   # Windows takes ¹ ² ³ for numbers, too
                       *(f"{port}{number}" for port in ("COM", "LPT") for number in "123456789¹²³")})


def safe_filename(name: str) -> str:
    r"""A name that is one on every system and stays in its folder; what people call their files else stays.

    >>> safe_filename("../../Lease (2024).pdf")
    'Lease (2024).pdf'
    >>> safe_filename("C:\\temp\\con.txt")
    '_con.txt'
    """
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join("_" if one in _FORBIDDEN else one for one in name if one.isprintable() or one in _JOINERS)
    name = name.strip(" .")
    stem, dot, extension = name.rpartition(".")
    if len(name.encode()) > _LONGEST_NAME:
        end = f".{extension}" if dot and len(extension) < 20 else ""
        body = stem if end else name
        name = body.encode()[:_LONGEST_NAME - len(end.encode())].decode(errors="ignore").rstrip(" .") + end
    if name.partition(".")[0].rstrip().upper() in _RESERVED:
        name = f"_{name}"
    return name or "file"


@dataclass(frozen=True)
class Change:
    """A file that was made, changed or deleted.

    :param path: where its content is; None where it is to be deleted.
    """

    info: FileInfo
    path: Path | None


@dataclass
class _Open:
    """A file in the workspace, and what it was when it was opened (`digest` is None for a new one)."""

    info: FileInfo
    path: Path
    digest: bytes | None


class Workspace:
    """The files of one turn or task. Not for several threads at once.

    :param look: what is stored of a file: its info, or None.
    :param load: writes a stored file's content to a path.
    """

    def __init__(self, look: Callable[[int], FileInfo | None], load: Callable[[int, Path], None]) -> None:
        self._look = look
        self._load = load
        self._folder: Path | None = None
        self._open: dict[int, _Open] = {}
        self._deleted: dict[int, FileInfo] = {}
        self._borrowed: dict[int, tuple[FileInfo, Callable[[Path], None]]] = {}
        self._over = False

    def new(self, filename: str, mimetype: str = "") -> FileInfo:
        """An empty file."""
        filename = safe_filename(filename)
        info = FileInfo(new_number(), filename, mimetype or guess_mimetype(filename))
        path = self._place(info)
        path.touch(mode=0o600)
        self._open[info.number] = _Open(info, path, None)
        return info

    def borrow(self, filename: str, mimetype: str, load: Callable[[Path], None]) -> FileInfo:
        """A new file that is a copy of one from elsewhere. It is fetched, and kept, only if somebody looks at it.

        :param load: writes the content to a path, or raises FileNotFoundError.
        """
        filename = safe_filename(filename)
        info = FileInfo(new_number(), filename, mimetype or guess_mimetype(filename))
        self._borrowed[info.number] = info, load
        return info

    def info(self, number: int) -> FileInfo | None:
        """What is known of a file, with its size as it is now; None if there is none of that number."""
        if number in self._deleted:
            return None
        if number in self._borrowed:
            try:
                self._opened(number)
            except FileNotFoundError:
                return None
        opened = self._open.get(number)
        if opened is None:
            return self._look(number)
        return replace(opened.info, size=opened.path.stat().st_size if opened.path.is_file() else 0)

    def path(self, number: int) -> Path:
        """The file's content.

        :raises FileNotFoundError: if there is no such file.
        """
        return self._opened(number).path

    def rename(self, number: int, filename: str, mimetype: str = "") -> FileInfo:
        """Give the file another name.

        :raises FileNotFoundError: if there is no such file.
        """
        opened = self._opened(number)
        filename = safe_filename(filename)
        opened.info = replace(opened.info, filename=filename, mimetype=mimetype or guess_mimetype(filename))
        opened.path = opened.path.replace(opened.path.with_name(filename))
        opened.digest = opened.digest and b""   # another one than any content has: it is to be kept anew
        return self.info(number) or opened.info

    def delete(self, number: int) -> None:
        """Forget the file."""
        if self._borrowed.pop(number, None) is not None:
            return
        info = self.info(number)
        if info is not None:
            opened = self._open.pop(number, None)
            if opened is None or opened.digest is not None:
                self._deleted[number] = info

    def changes(self) -> list[Change]:
        """What is to be kept: new files, files with other content or another name, and files to delete."""
        changed = [Change(replace(one.info, size=one.path.stat().st_size), one.path) for one in self._open.values()
                   if one.path.is_file() and (one.digest is None or _digest(one.path) != one.digest)]
        return [*changed, *(Change(info, None) for info in self._deleted.values())]

    def kept(self) -> None:
        """What :meth:`changes` gave is stored: from here on it is no change any more."""
        for one in self._open.values():
            if one.path.is_file():
                one.digest = _digest(one.path)
        self._deleted.clear()

    def adopt(self, other: Workspace) -> None:
        """Take over the files that were made in another workspace, which is of no use afterwards."""
        for one in other._open.values():
            if one.digest is None and one.path.is_file():
                path = one.path.replace(self._place(one.info))
                self._open[one.info.number] = _Open(one.info, path, None)
        other.close()

    def close(self) -> None:
        """Remove everything from the disk; nothing can be opened any more. May be called again, and by any thread."""
        self._over = True
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _opened(self, number: int) -> _Open:
        opened = self._open.get(number)
        if opened is None and number in self._borrowed:
            info, load = self._borrowed[number]
            opened = self._open[number] = _Open(info, self._loaded(info, load), None)
            del self._borrowed[number]
        if opened is None:
            found = self.info(number)
            if found is None:
                raise FileNotFoundError(f"This session has no file with the number {number}.")
            path = self._loaded(found, lambda path: self._load(number, path))
            opened = self._open[number] = _Open(found, path, _digest(path))
        return opened

    def _loaded(self, info: FileInfo, load: Callable[[Path], None]) -> Path:
        path = self._place(info)
        try:
            load(path)
        except BaseException:   # half a file must not be taken for the whole one
            shutil.rmtree(path.parent, ignore_errors=True)
            raise
        return path

    def _place(self, info: FileInfo) -> Path:
        if self._over:
            raise RuntimeError("The turn or task that this code belongs to is over.")
        if self._folder is None:
            # For its owner only, on every system.
            self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        place = self._folder / str(info.number)
        place.mkdir(mode=0o700, exist_ok=True)
        return place / safe_filename(info.filename)   # whoever gave the name


def remove_leftovers() -> None:
    """At start: remove what processes left open that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        process = folder.name.removeprefix(PREFIX).partition("-")[0]
        if process.isdecimal() and not _is_used(folder, int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_used(folder: Path, process: int) -> bool:
    """Whether the process that made the folder is alive; numbers of processes are given out again and again."""
    try:
        alive = psutil.Process(process)
        # Times of processes move when the clock is set, so a process counts as another one only if it is much younger.
        return alive.status() != psutil.STATUS_ZOMBIE and alive.create_time() < folder.stat().st_mtime + _DAY
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False
    except psutil.Error:   # somebody else's: it may not be looked at, and nor may the folder
        return True


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
