"""``author.db``: the SQLite file for tables that authors keep themselves, and for snapshots of answers they ask for.

It lies beside ``appliance.db`` and is not sealed; docs/stored-values.md says so to authors and administrators. Authors'
modules ask for its address while they are imported, when no turn runs, so where it is belongs to the process: the
server says it when it starts, a worker with each task.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["BUSY", "FILE_NAME", "AuthorDatabase", "NoAuthorDatabase", "connect", "is_told", "prepare", "use", "where"]

FILE_NAME = "author.db"

BUSY = 10.0
"""Seconds to wait for another turn or task that writes."""

_NEVER_SAID = ("There is no author.db here: SQL works in the interviews of an appliance that runs, and in its "
               "background tasks.")
_ELSEWHERE = ("SQL does not work in a background task on another machine, because author.db lies on the appliance's "
              "own: do it in the interview, or in the response action of the task.")


class NoAuthorDatabase(RuntimeError):
    """SQL is impossible here; the message tells the author why."""


@dataclass(frozen=True)
class AuthorDatabase:
    """Which file it is.

    :param mark: a number in the file's header, so that a file of the same path on another machine is not taken for it.
    """

    path: str
    mark: int


_ONE_NAME = """
    UPDATE jsonstorage SET filename = replace(filename, ':', ':data/questions/')
    WHERE filename GLOB '?*:?*.y*ml' AND filename NOT GLOB '*:data/*' AND filename NOT GLOB '*:*:*'"""
"""An interview could once be known by a name without its folder, too, under which nobody looks for it any more."""

_lock = threading.Lock()
_known: AuthorDatabase | None = None
_reason = _NEVER_SAID


def prepare(folder: Path) -> AuthorDatabase:
    """Make the file in a data folder if it is not there, and use it in this process."""
    path = folder / FILE_NAME
    connection = connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
        if not mark:
            mark = int.from_bytes(os.urandom(4), "big") >> 1 or 1
            connection.execute(f"PRAGMA application_id = {mark}")
        connection.execute("""
            CREATE TABLE IF NOT EXISTS jsonstorage (
                id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT, "key" TEXT, data TEXT, tags TEXT,
                modtime TEXT, persistent INTEGER NOT NULL DEFAULT 0)""")
        connection.execute('CREATE INDEX IF NOT EXISTS jsonstorage_key ON jsonstorage ("key")')
        connection.execute("CREATE INDEX IF NOT EXISTS jsonstorage_filename ON jsonstorage (filename)")
        connection.execute(_ONE_NAME)
    finally:
        connection.close()
    if os.name == "posix":
        path.chmod(0o600)
    made = AuthorDatabase(str(path), mark)
    use(made)
    return made


def use(database: AuthorDatabase | None) -> None:
    """In this process from now on; None, and one that is not on this machine: SQL is a clear error."""
    global _known, _reason
    with _lock:
        if database == _known:
            return
        there = database is not None and _is_there(database)
        _known, _reason = (database, "") if there else (None, _ELSEWHERE)


def _is_there(database: AuthorDatabase) -> bool:
    path = Path(database.path)
    if not path.is_file():
        return False
    connection = connect(path)
    try:
        return bool(connection.execute("PRAGMA application_id").fetchone()[0] == database.mark)
    except sqlite3.DatabaseError:
        return False   # whatever it is, it is not ours
    finally:
        connection.close()


def is_told() -> bool:
    """Whether this process was told which file it is, or that there is none."""
    with _lock:
        return _reason != _NEVER_SAID


def where() -> Path:
    """The file.

    :raises NoAuthorDatabase: where there is none.
    """
    with _lock:
        if _known is None:
            raise NoAuthorDatabase(_reason)
        return Path(_known.path)


def connect(path: Path, factory: type[Any] = sqlite3.Connection) -> Any:
    """A connection that waits for others who write, and keeps what it sets aside in memory, not on the disk.

    :param factory: the class of the connection, sqlite3's or made of it.
    """
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, factory=factory)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA temp_store=MEMORY")
    return connection
