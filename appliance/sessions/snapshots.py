"""Carries snapshots of answers over into ``author.db``, after the commits of their turns."""

from __future__ import annotations

import logging
import sqlite3
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from appliance import author_db
from appliance.interview.sources import one_name
from appliance.store.database import Store
from appliance.store.errors import WrongKey
from appliance.store.snapshots import WaitingSnapshot, carried_over, waiting_snapshots

__all__ = ["SnapshotWriter"]

logger = logging.getLogger(__name__)


class SnapshotWriter:
    """One for the server; its methods wait for the disk."""

    def __init__(self, store: Store, appliance_key: bytes) -> None:
        self._store = store
        self._key = appliance_key
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """The file they go to."""
        return self._store.folder / author_db.FILE_NAME

    def write(self) -> None:
        """Carry over all that waits. Doing it twice, after a crash between the two files, changes nothing.

        :raises sqlite3.Error: if ``author.db`` cannot be written; then they go on waiting.
        """
        with self._lock:
            while waiting := self._store.read(waiting_snapshots).result():
                if not self.path.is_file():
                    author_db.prepare(self._store.folder)
                self._write(waiting)
                self._store.write(partial(carried_over, done=waiting)).result()

    def try_to_write(self) -> None:
        """Like :meth:`write`, from a thread that nobody waits for; what is in the way is logged."""
        try:
            self.write()
        except sqlite3.Error as error:
            logger.warning("snapshots of answers wait: author.db cannot be written (%s)", error)

    def _write(self, waiting: list[WaitingSnapshot]) -> None:
        connection = author_db.connect(self.path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            for one in waiting:
                try:
                    self._write_one(connection, one)
                except (WrongKey, UnicodeError, sqlite3.DataError, sqlite3.IntegrityError) as error:
                    # No waiting heals that, and those behind it must not wait for ever.
                    logger.error("a snapshot of answers cannot be written to author.db: %s",  # noqa: TRY400
                                 type(error).__name__)
            connection.execute("COMMIT")
        finally:
            connection.close()   # which undoes what was not committed

    def _write_one(self, connection: sqlite3.Connection, one: WaitingSnapshot) -> None:
        if one.sealed is None:
            connection.execute('DELETE FROM jsonstorage WHERE "key" = ? AND NOT persistent', [one.session_id])
            return
        snapshot, made = one.opened(self._key)
        filename = one_name(snapshot.filename)   # it may have been taken while sessions were known by other names, too
        when = datetime.fromtimestamp(made, UTC).strftime("%Y-%m-%d %H:%M:%S")
        written = connection.execute(
            'UPDATE jsonstorage SET data = ?, modtime = ?, persistent = ?'
            ' WHERE filename = ? AND "key" = ? AND tags IS ?',
            [snapshot.data, when, snapshot.persistent, filename, one.session_id, snapshot.tags])
        if not written.rowcount:
            connection.execute(
                'INSERT INTO jsonstorage (filename, "key", data, tags, modtime, persistent) VALUES (?, ?, ?, ?, ?, ?)',
                [filename, one.session_id, snapshot.data, snapshot.tags, when, snapshot.persistent])
