"""Which files of a data folder are in a backup, and what their names may be."""

from __future__ import annotations

import re
from pathlib import Path

from appliance.store.database import FILE_NAME as DATABASE
from appliance.store.files import FOLDER as FILES

__all__ = ["AUTHORS", "DATABASE", "FILES", "FOLDERS", "MANIFEST", "PACKAGES", "SINGLE", "allowed", "blob_name",
           "files_below"]

AUTHORS = "author.db"
"""What authors' SQL works on."""

SINGLE = ("config.yml", "mail-certificate.pem")
"""Files that are carried where they are there."""

PACKAGES = "packages"
FOLDERS = (PACKAGES, "network")
"""Folders that are carried with all that is in them."""

MANIFEST = "manifest.json"

_BLOB = re.compile(r"files/([0-9a-f]{2})/\1[0-9a-f]{30}")
_LONGEST = 1000
_FORBIDDEN = frozenset({":", "\\", "\x7f", *map(chr, range(32))})   # as in packages that are installed
_NO_NAMES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")   # Windows takes them for devices
_SKIPPED = frozenset({"__pycache__"})


def blob_name(blob: str) -> str:
    """Of a blob in the backup, as below the data folder."""
    return f"{FILES}/{blob[:2]}/{blob}"


def allowed(name: str) -> bool:
    """Whether a backup may hold a file of this name: only what this module names, and nothing that leads elsewhere.

    >>> [allowed(name) for name in ("appliance.db", "packages/a/b.yml", "packages/../a", "files/ab/../../etc")]
    [True, True, False, False]
    """
    if name in {DATABASE, AUTHORS, MANIFEST, *SINGLE} or _BLOB.fullmatch(name):
        return True
    folder, *parts = name.split("/")
    return folder in FOLDERS and bool(parts) and len(name.encode("utf-8", "replace")) <= _LONGEST and all(
        _is_safe(part) for part in parts)


def _is_safe(part: str) -> bool:
    return part not in {"", ".", ".."} and not _FORBIDDEN.intersection(part) and not _NO_NAMES.fullmatch(part)


def files_below(data: Path, folder: str) -> list[tuple[str, Path]]:
    """The files in a folder of the data folder, with their names in a backup; without what may be left out."""
    found = []
    for path in sorted((data / folder).rglob("*")):
        relative = path.relative_to(data)
        if relative.parts[1].startswith(".") or not _SKIPPED.isdisjoint(relative.parts):   # locks, and half done work
            continue
        if path.is_file() and not path.is_symlink():
            found.append((relative.as_posix(), path))
    return found
