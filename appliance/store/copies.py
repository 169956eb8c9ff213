"""What was in a data folder before an upgrade changed it: kept beside it for some days, so that one can go back.

A copy is a folder ``backups/before-upgrade-to-VERSION-TIME-…`` with the database as it was, and the settings. What
people deleted since then is still in it, so it does not stay: :func:`tidy_copies`.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import appliance
from appliance import clock
from appliance.durable import new_file, sync_folder
from appliance.store.errors import StoreBroken, StoreFull

__all__ = ["CONFIG", "COPIES", "KEPT_COPIES", "KEPT_DAYS", "Copy", "copies", "copy_before_upgrade", "delete_copy",
           "tidy_copies"]

COPIES = "backups"
"""Where the copies lie in the data folder."""

CONFIG = "config.yml"
KEPT_COPIES = 2
KEPT_DAYS = 14

_DATABASE = "appliance.db"
_WORKING = ".upgrading-"
_ROOM = 64 << 20   # bytes that the disk shall have left for the upgrade itself
_PAGES = 4096   # of the database, copied at a time
_NAME = re.compile(r"before-upgrade-to-([0-9A-Za-z.+]+)-(\d{8}-\d{6})-[0-9a-f]{4}")
_DAY = 86400.0


@dataclass(frozen=True)
class Copy:
    """A copy that was made before an upgrade.

    :param version: of the appliance that was about to change the folder.
    :param made: seconds since the epoch, UTC.
    :param size: in bytes.
    """

    path: Path
    version: str
    made: float
    size: int

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def kept_until(self) -> float:
        """When it is removed, unless two newer ones are there before."""
        return self.made + KEPT_DAYS * _DAY


def copy_before_upgrade(connection: sqlite3.Connection, folder: Path) -> Path:
    """Copy the database of `connection` and the settings of the data folder; returns where the copy is, on disk.

    The copy gets its name when it is complete, so that no half one can be taken for one.

    :raises StoreFull: if the disk has no room for it.
    :raises StoreBroken: if the database is damaged, or the copy cannot be written.
    """
    place = folder / COPIES
    stamp = f"{clock.utc_now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    target = place / f"before-upgrade-to-{appliance.__version__}-{stamp}"
    work = place / f"{_WORKING}{stamp}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        _clear_away_halves(place)
        _check_room(connection, folder)
        work.mkdir(mode=0o700)
        _copy_database(connection, work / _DATABASE)
        _copy_file(folder / CONFIG, work / CONFIG)
        sync_folder(work)
        work.replace(target)
        sync_folder(place)
        sync_folder(folder)
    except OSError as problem:
        raise StoreBroken("The data must be copied before this version can change it, and the copy cannot be written "
                          f"to {place}: {problem.strerror or problem}. Nothing was changed.") from problem
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def copies(folder: Path) -> list[Copy]:
    """The copies of a data folder, the newest first."""
    found = []
    for path in (folder / COPIES).glob("before-upgrade-to-*"):
        told = _NAME.fullmatch(path.name)
        if told is None or not path.is_dir():
            continue
        with contextlib.suppress(ValueError, OSError):   # no such day; or just removed
            made = datetime.strptime(told[2], "%Y%m%d-%H%M%S").replace(tzinfo=UTC).timestamp()
            found.append(Copy(path, told[1], made, sum(file.stat().st_size for file in path.iterdir())))
    return sorted(found, key=lambda one: one.made, reverse=True)


def tidy_copies(folder: Path) -> list[str]:
    """Remove copies that are too old or too many, and halves of some; returns the names of those that went."""
    _clear_away_halves(folder / COPIES)
    now = clock.now()
    doomed = [one for place, one in enumerate(copies(folder)) if place >= KEPT_COPIES or one.kept_until <= now]
    for one in doomed:
        shutil.rmtree(one.path, ignore_errors=True)
    return [one.name for one in doomed]


def delete_copy(folder: Path, name: str) -> bool:
    """Remove a copy; whether it was there."""
    path = folder / COPIES / name
    if not _NAME.fullmatch(name) or not path.is_dir():
        return False
    shutil.rmtree(path, ignore_errors=True)
    return True


def _clear_away_halves(place: Path) -> None:
    for half in place.glob(f"{_WORKING}*"):
        shutil.rmtree(half, ignore_errors=True)


def _check_room(connection: sqlite3.Connection, folder: Path) -> None:
    """:raises StoreFull: before anything is written, where the copy and the upgrade would not fit."""
    [[pages]], [[size]] = (connection.execute(f"PRAGMA {one}").fetchall() for one in ("page_count", "page_size"))
    needed, free = pages * size + _ROOM, shutil.disk_usage(folder).free
    if needed > free:
        raise StoreFull(f"The data must be copied before this version ({appliance.__version__}) can change it, and the "
                        f"disk that holds {folder} has not enough room: {_megabytes(needed)} MB are needed, and "
                        f"{free >> 20} MB are free. Please make room and start again. Nothing was changed.")


def _megabytes(size: int) -> int:
    return -(-size >> 20)   # rounded up: what is asked for must be enough


def _copy_database(source: sqlite3.Connection, path: Path) -> None:
    new_file(path).close()
    try:
        with _opened(path) as copy:
            source.backup(copy, pages=_PAGES)
            # As a file of its own, which needs no log beside it to be read.
            copy.execute("PRAGMA journal_mode=DELETE")
            [[found]] = copy.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.DatabaseError as problem:
        code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise StoreFull("The disk became full while the data was copied before the upgrade. Please make room and "
                            "start again. Nothing was changed.") from problem
        if code not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:   # a disk that fails, or was pulled out
            raise StoreBroken("The data must be copied before this version can change it, and the copy cannot be "
                              f"written to {path.parent.parent}: {problem}. Nothing was changed.") from problem
        found = str(problem)
    if found != "ok":
        raise StoreBroken("The database appliance.db is damaged, so this version does not change it; restore it from "
                          "a backup.")
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _copy_file(source: Path, target: Path) -> None:
    with contextlib.suppress(FileNotFoundError), source.open("rb") as old, new_file(target) as new:
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())
