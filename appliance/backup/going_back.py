"""Goes back to how the data was before an upgrade, with the copy that was made then (:mod:`appliance.store.copies`).

The copy holds the database and the settings. Everything else comes from what is there now: sealed files never change,
so both folders can have them; what was deleted since then is gone.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from appliance.backup.errors import BadBackup, CannotRestore
from appliance.backup.exchange import check_free, exchange, held, stays
from appliance.backup.names import AUTHORS, DATABASE, FILES, PACKAGES
from appliance.backup.restoring import note_down
from appliance.durable import new_file, sync_folders
from appliance.store.appliance_key import Keyring, known_appliance_key, read_meta
from appliance.store.copies import CONFIG, Copy, copies
from appliance.store.errors import MissingApplianceKey
from appliance.store.migrations import VERSION
from appliance.store.upgrading import last_used

__all__ = ["WentBack", "go_back", "is_copy"]

_ROOM = 64 << 20   # bytes that the disk shall have left
_LEFT = frozenset({DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", AUTHORS, f"{AUTHORS}-wal", f"{AUTHORS}-shm", CONFIG,
                   "logs"})
"""What the new folder does not take from the old one as it is."""

_NEVER_CHANGES = frozenset({FILES, PACKAGES})   # files in them are replaced, and never written to


@dataclass(frozen=True)
class WentBack:
    """What became of it.

    :param before: where what was there is now.
    :param version: of the appliance that used the data before the upgrade; empty where that did not say so.
    :param is_older: whether this appliance would upgrade the data again.
    """

    before: Path | None
    version: str
    is_older: bool


def is_copy(path: Path, data: Path) -> bool:
    """Whether this is the folder of a copy that was made before an upgrade of the data folder."""
    return path.is_dir() and any(one.path.resolve() == path.resolve() for one in copies(data))


def go_back(path: Path, data: Path, *, keyring: Keyring | None = None, config_folder: Path | None = None) -> WentBack:
    """Make the data folder what it was when the copy was made.

    :param path: for which :func:`is_copy`.
    :raises BadBackup: if the copy is damaged, or not of this data; nothing was changed.
    :raises CannotRestore: if an appliance runs there, or the disk refuses; what was there before is still there.
    """
    with held(data):
        [copy] = [one for one in copies(data) if one.path.resolve() == path.resolve()]
        check_free(data, copy.size + _size(data / AUTHORS) + _ROOM)
        used = last_used(copy.path)
        if used is None or not _is_sound(copy.path / DATABASE):
            raise BadBackup(f"The copy in {path} is damaged. Nothing was changed.")
        if used.is_newer:
            raise BadBackup(f"The copy in {path} was made by a newer appliance than this one. Install the newer "
                            "appliance, and try again. Nothing was changed.")
        try:
            if read_meta(data)["folder_id"] != read_meta(copy.path)["folder_id"]:
                raise BadBackup(f"The copy in {path} is not of the data in {data}. Nothing was changed.")
            key = known_appliance_key(data, keyring=keyring, config_folder=config_folder)
        except MissingApplianceKey as error:
            raise CannotRestore(f"{error} Nothing was changed.") from error

        def fill(new: Path) -> None:
            _fill(new, copy, data)
            if used.data == VERSION:   # else it stays as it was, for the appliance that knows it so
                note_down(new, key, copy=copy.name)

        _, before = exchange(data, fill)
    return WentBack(before, used.version, used.data < VERSION)


def _is_sound(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            return connection.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)]
    except sqlite3.Error:
        return False


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _fill(new: Path, copy: Copy, data: Path) -> None:
    for name in (DATABASE, CONFIG):
        if (copy.path / name).is_file():
            _copied(str(copy.path / name), str(new / name))
    if (data / AUTHORS).is_file():
        new_file(new / AUTHORS).close()
        try:
            with closing(sqlite3.connect(data / AUTHORS)) as old, closing(sqlite3.connect(new / AUTHORS)) as fresh:
                old.backup(fresh)   # with what is still in its log
        except sqlite3.Error as error:
            raise CannotRestore(f"The authors' own database {data / AUTHORS} cannot be copied: {error}. Nothing was "
                                "changed. If nobody needs it, move it away and try again.") from error
    for path in data.iterdir():
        if stays(path) or path.name in _LEFT:
            continue
        take = _linked if path.name in _NEVER_CHANGES else _copied
        if path.is_dir():
            shutil.copytree(path, new / path.name, symlinks=True, copy_function=take)
        else:
            take(str(path), str(new / path.name))
    sync_folders(new)


def _linked(source: str, target: str) -> str:
    """A second name for the same file; a copy where the disk knows no such thing."""
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        return _copied(source, target)
    return target


def _copied(source: str, target: str) -> str:
    shutil.copy2(source, target, follow_symlinks=False)
    if not Path(target).is_symlink():
        Path(target).chmod(0o600)
        with Path(target).open("rb+") as file:
            os.fsync(file.fileno())
    return target
