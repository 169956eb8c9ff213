"""Brings a data folder to the form that this appliance knows, after a copy; refuses one of a newer appliance."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version
from sqlite_utils import Database

import appliance
from appliance.store import migrations
from appliance.store.copies import COPIES, copies, copy_before_upgrade
from appliance.store.errors import CannotUpgrade, StoreBroken, StoreNewer

__all__ = ["LastUsed", "last_used", "newer_words", "refuse_newer", "upgrade"]

logger = logging.getLogger(__name__)

_DATABASE = "appliance.db"
_OF_THE_DISK = frozenset({
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_VERSION_NAME = "appliance_version"   # in the table meta


@dataclass(frozen=True)
class LastUsed:
    """What a database says of the appliance that used it last.

    :param data: the version of the data: how many migrations it has seen.
    :param version: of the appliance; empty where it was one that did not say so yet.
    """

    data: int
    version: str

    @property
    def is_newer(self) -> bool:
        """Whether this appliance cannot read it."""
        return self.data > migrations.VERSION


def upgrade(database: Database, folder: Path, *, keep_copy: bool = True) -> None:
    """Bring the database of a data folder to :data:`~appliance.store.migrations.VERSION`: wholly, or not at all.

    A database that holds something already is copied first (:mod:`appliance.store.copies`).

    :param keep_copy: without it nothing is copied: `folder` is a copy itself.
    :raises StoreNewer: if the database is of a later version.
    :raises StoreBroken: if it is another program's database.
    :raises CannotUpgrade: if a step fails; everything is as it was.
    """
    owner = int(database.execute("PRAGMA application_id").fetchone()[0])
    if owner != migrations.APPLICATION_ID and database.table_names():
        raise StoreBroken("The file appliance.db in the data folder was not made by an appliance.")
    before = _told_by(database.conn)
    if before.is_newer:
        raise StoreNewer(_refusal(folder, before))
    if before.data == migrations.VERSION:
        _sign(database, before)
        return
    copy = copy_before_upgrade(database.conn, folder) if before.data and keep_copy else None
    try:
        _run_steps(database, before)
    except BaseException as error:
        if copy is not None:
            shutil.rmtree(copy, ignore_errors=True)   # all of it is still where it was
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _OF_THE_DISK or not isinstance(error, Exception):
            raise   # what anybody who writes there could meet, and what is none of ours
        raise CannotUpgrade(f"The data in {folder} cannot be brought to the form of Interview Appliance "
                            f"{appliance.__version__} ({type(error).__name__}). Nothing was changed: the version that "
                            "was used before can still open it. Please tell those who sent you this one.") from error
    if before.data:
        logger.info("the data was brought from version %d to %d; what was there before is in %s", before.data,
                    migrations.VERSION, copy.name if copy is not None else "no copy")


def _run_steps(database: Database, before: LastUsed) -> None:
    """All of them in one transaction, so that a power cut finds the old state or the new one."""
    with database.atomic():
        for step in migrations.MIGRATIONS[before.data:]:
            step(database)
        database.execute(f"PRAGMA user_version = {migrations.VERSION}")
        database.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
        _sign(database, before)


def _sign(database: Database, before: LastUsed) -> None:
    """Note which appliance uses the folder, for the words of one that cannot."""
    if before.version != appliance.__version__:
        database.execute("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET"
                         " value = excluded.value", [_VERSION_NAME, appliance.__version__])


# -- folders of a newer appliance --------------------------------------------------------------------------


def last_used(folder: Path) -> LastUsed | None:
    """Which appliance used a data folder last; None where there is no database that tells. Changes nothing there."""
    path = folder / _DATABASE
    if not path.is_file():
        return None
    try:
        with _looked_into(path) as connection:
            owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
            return _told_by(connection) if owner == migrations.APPLICATION_ID else None
    except sqlite3.Error:   # whoever opens it in earnest says what is wrong with it
        return None


def refuse_newer(folder: Path) -> None:
    """Refuse the data folder of an appliance that is newer than this one, before anything in it is touched.

    :raises StoreNewer: naming both versions, and what to do.
    """
    used = last_used(folder)
    if used is not None and used.is_newer:
        raise StoreNewer(_refusal(folder, used))


def newer_words(folder: Path) -> str:
    """What to add where something in a data folder cannot be read: a sentence if a newer appliance used it last."""
    used = last_used(folder)
    if used is None or not _is_later(used.version):
        return ""
    return (f" The data folder was last used by Interview Appliance {used.version}; this is {appliance.__version__}, "
            "which is older: that may be the reason. Please install the newer one.")


def _is_later(version: str) -> bool:
    try:
        return Version(version) > Version(appliance.__version__)
    except InvalidVersion:   # also where none is told
        return False


@contextlib.contextmanager
def _looked_into(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads. Where there is a log, the database's last words may be in it, so SQLite must use
    it; else the file is all there is, and nothing need be made beside it.
    """
    log = path.with_name(f"{path.name}-wal")
    alone = not log.exists() or log.stat().st_size == 0
    address = f"{path.absolute().as_uri()}?{'immutable=1' if alone else 'mode=rw'}"
    connection = sqlite3.connect(address, uri=True, timeout=5, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only=ON")
        yield connection
    finally:
        connection.close()


def _told_by(connection: sqlite3.Connection) -> LastUsed:
    data = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return LastUsed(data, "")
    row = connection.execute("SELECT value FROM meta WHERE name = ?", [_VERSION_NAME]).fetchone()
    return LastUsed(data, str(row[0]) if row else "")


def _refusal(folder: Path, used: LastUsed) -> str:
    by = f"Interview Appliance {used.version}" if used.version else "a newer Interview Appliance"
    words = (f"The data in {folder} was last used by {by}, which is newer than this one, {appliance.__version__}: the "
             f"data is of version {used.data}, and this one knows {migrations.VERSION}. Nothing was changed. Please "
             f"install {by if used.version else 'the newer one'} or a later one.")
    for copy in copies(folder):
        known = last_used(copy.path)
        if known is not None and not known.is_newer:
            return (f"{words} What was there before the upgrade is still in {copy.path}: `appliance restore` with this "
                    "folder's name goes back to it, without what was done since.")
    return f"{words} Or restore a backup of this version: `appliance restore FILE` moves the newer data to {COPIES}."
