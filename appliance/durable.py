"""Files that are still there after a power cut: what the standard library leaves to whoever writes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

__all__ = ["new_file", "sync_folder", "sync_folders"]


def new_file(path: Path) -> BinaryIO:
    """A file that was not there before, readable by its owner only.

    :raises FileExistsError: if it was.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk; Windows does that by itself."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_folders(folder: Path) -> None:
    """Have all names in a folder and below it on disk."""
    for place in (folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())):
        sync_folder(place)
