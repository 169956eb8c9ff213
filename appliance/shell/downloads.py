"""Where downloads go: the user's own folder for them, and never over a file that is there."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

import platformdirs

from appliance.shell.opening import open_file, show_in_folder

__all__ = ["Downloads", "can_be_opened", "safe_name"]

_LONGEST = 200
"""Bytes of a file's name; file systems take 255, of which web engines need some while they write."""

_FORBIDDEN = frozenset('<>:"/\\|?*')
"""Signs that some system has a meaning for in the name of a file."""

_DEVICES = frozenset({"con", "prn", "aux", "nul",
                      *(f"{port}{number}" for port in ("com", "lpt") for number in "123456789")})
"""What Windows takes for a device, whatever the name ends in."""

_OPENED = frozenset({
    "pdf", "docx", "doc", "odt", "rtf", "xlsx", "xls", "ods", "pptx", "ppt", "odp", "csv", "tsv", "txt", "md", "json",
    "yml", "yaml", "png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "heic", "mp3", "wav", "ogg", "oga",
    "opus", "m4a", "mp4", "webm", "mov", "avi", "mkv", "eml", "ics", "vcf", "zip"})
"""Endings of files that programs show; anything else (programs, scripts, pages) is only shown in its folder."""


class Downloads:
    """The files that this process saves. May be used from any thread.

    :param folder: where to; unless told, the system's place for downloads.
    """

    def __init__(self, folder: Path | None = None, *, open_it: Callable[[Path], None] = open_file,
                 show_it: Callable[[Path], None] = show_in_folder) -> None:
        self._folder = folder
        self._open = open_it
        self._show = show_it
        self._lock = threading.Lock()
        self._being_written: set[str] = set()

    @property
    def folder(self) -> Path:
        """The folder; made if need be.

        :raises OSError: if it cannot be.
        """
        folder = self._folder or platformdirs.user_downloads_path()
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def place(self, suggested: str) -> Path:
        """A path for a new file, which nothing has yet and which is kept until :meth:`done`.

        :param suggested: the name that a page wishes for it: any text.
        :raises OSError: if there can be no folder for it.
        """
        folder, name = self.folder, safe_name(suggested)
        stem, suffix = _halves(name)
        with self._lock:
            number = 0
            while True:
                path = folder / (f"{stem} ({number}){suffix}" if number else name)
                if path.name.casefold() not in self._being_written and not path.exists() and not path.is_symlink():
                    self._being_written.add(path.name.casefold())
                    return path
                number += 1

    def done(self, path: Path) -> None:
        """What :meth:`place` gave is written, or will not be."""
        with self._lock:
            self._being_written.discard(path.name.casefold())

    def open(self, path: Path) -> None:
        """Have the system's program for it open a file that was saved here, if it is of a kind that is only shown."""
        if can_be_opened(path.name):
            self._open(path)

    def show(self, path: Path) -> None:
        """Have the system show a file in its folder."""
        self._show(path)


def can_be_opened(name: str) -> bool:
    """Whether opening a file of this name shows something, rather than runs it."""
    return Path(name).suffix.removeprefix(".").lower() in _OPENED


def safe_name(suggested: str) -> str:
    """The name of a file, of what a page suggests: one part of a path, for every system, and not hidden.

    >>> safe_name("../../etc/passwd"), safe_name(".bashrc"), safe_name("CON.txt"), safe_name("a:b.pdf"), safe_name("")
    ('etc_passwd', 'bashrc', '_CON.txt', 'a_b.pdf', 'download')
    """
    text = unicodedata.normalize("NFC", suggested)
    text = "".join("_" if one in _FORBIDDEN else one for one in text if one.isprintable())
    text = text.strip().lstrip("._").rstrip(". ")
    if text.partition(".")[0].strip().lower() in _DEVICES:
        text = f"_{text}"
    stem, suffix = _halves(text or "download")
    room = _LONGEST - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + suffix


def _halves(name: str) -> tuple[str, str]:
    """What a number is put between: ``("report.tar", ".gz")``; an ending of a sentence is no ending of a file."""
    suffix = Path(name).suffix
    if not 1 < len(suffix.encode()) <= 20:
        return name, ""
    return name.removesuffix(suffix), suffix
