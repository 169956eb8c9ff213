"""One SQLite file, one thread that touches it, and writes that share a disk flush."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from appliance.store.errors import StoreBroken, StoreClosed, StoreError, StoreFull, StoreLocked
from appliance.store.upgrading import upgrade

__all__ = ["FILE_NAME", "Store"]

FILE_NAME = "appliance.db"
_LOCK = "appliance.lock"
_MOST_AT_ONCE = 256
_LEAST_ROOM = 1 << 20   # bytes

T = TypeVar("T")


@dataclass
class _Job:
    function: Callable[[Database], Any]
    future: Future[Any]
    writes: bool
    result: Any = None
    error: Exception | None = None


class Store:
    """The data folder's database.

    Functions passed to :meth:`write` and :meth:`read` run on the store's own thread, one after the other. Writes
    that wait together are one transaction, each in a savepoint of its own: one that fails undoes only itself. Where
    the whole transaction fails, each of its writes is tried once more alone, so a function must touch nothing else.
    Waiting writes go before waiting reads, so that a read never tells of what is not on disk yet.

    :param folder: the data folder; made (for its owner only) if it is not there. One that an older appliance made is
        brought to this one's form (:mod:`appliance.store.upgrading`).
    :param keep_copy: of what there was before that; not wanted where `folder` is a copy itself.
    :raises StoreError: if the database cannot be used; see :mod:`appliance.store.errors`.
    """

    def __init__(self, folder: Path, *, keep_copy: bool = True) -> None:
        self.folder = folder
        self.path = folder / FILE_NAME
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._keep_copy = keep_copy
        opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._serve, args=(opened,), name="store", daemon=True)
        self._thread.start()
        opened.result()

    def write(self, function: Callable[[Database], T]) -> Future[T]:
        """Run `function` in a transaction; the future is done when what it wrote is on disk.

        The future's exception is `function`'s own, or a :class:`StoreError`; nothing was written then.

        :raises StoreClosed: after :meth:`close`.
        """
        return self._put(function, writes=True)

    def read(self, function: Callable[[Database], T]) -> Future[T]:
        """Run `function`, which only reads, outside a transaction.

        :raises StoreClosed: after :meth:`close`.
        """
        return self._put(function, writes=False)

    def close(self) -> None:
        """Finish what waits and close the file. Closing twice is allowed."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _put(self, function: Callable[[Database], T], *, writes: bool) -> Future[T]:
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # from here on nobody can cancel it
        with self._closing:
            if self._closed:
                raise StoreClosed("The appliance is shutting down.")
            self._jobs.put(_Job(function, future, writes))
        return future

    # -- on the store's thread -------------------------------------------------------------------

    def _serve(self, opened: Future[None]) -> None:
        try:
            with _only_process(self.folder), _connected(self.path) as database:
                with _in_our_words(self.path):
                    upgrade(database, self.folder, keep_copy=self._keep_copy)
                opened.set_result(None)
                while (jobs := self._waiting()) is not None:
                    self._run(database, jobs)
        except Exception as error:  # whatever it is, whoever opens the store must hear of it
            if opened.done():
                raise
            opened.set_exception(error)

    def _waiting(self) -> list[_Job] | None:
        """All jobs that wait, at least one; None when the store is to be closed and nothing waits any more."""
        first = self._jobs.get()
        if first is None:
            return None
        jobs = [first]
        while len(jobs) < _MOST_AT_ONCE:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            jobs.append(job)
        return jobs

    def _run(self, database: Database, jobs: list[_Job]) -> None:
        writes = [job for job in jobs if job.writes]
        if writes and not self._write_together(database, writes):
            for job in writes:
                self._write_together(database, [job])
        for job in jobs:
            if not job.writes:
                self._call(database, job)
        for job in jobs:
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.result)

    def _write_together(self, database: Database, jobs: list[_Job]) -> bool:
        """One transaction of `jobs`; False if all of it was undone and each is to be tried alone."""
        try:
            with _in_our_words(self.path):
                database.execute("BEGIN IMMEDIATE")
                for job in jobs:
                    self._call(database, job, savepoint=len(jobs) > 1)
                    _may_be_committed(database, job, alone=len(jobs) == 1)
                database.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for these writes
            database.rollback()
            if len(jobs) > 1:
                return False
            jobs[0].error = error
        return True

    def _call(self, database: Database, job: _Job, *, savepoint: bool = False) -> None:
        job.result, job.error = None, None
        try:
            with _in_our_words(self.path), database.atomic() if savepoint else contextlib.nullcontext():
                job.result = job.function(database)
        except Exception as error:  # noqa: BLE001 - it belongs to the caller, whose future carries it
            job.error = error


def _may_be_committed(database: Database, job: _Job, *, alone: bool) -> None:
    """:raises Exception: where nothing of the transaction may stand.

    That is when a job without a savepoint failed, and after errors, a full disk among them, that undo everything.
    """
    if alone and job.error is not None:
        raise job.error
    if not database.conn.in_transaction:
        raise job.error or StoreBroken("A write ended the transaction it was part of.")


@contextlib.contextmanager
def _only_process(folder: Path) -> Iterator[None]:
    """Hold the folder for this process. SQLite's own lock, which ends with the process however it ends."""
    with _in_our_words(folder / _LOCK):
        lock = sqlite3.connect(folder / _LOCK, timeout=0, isolation_level=None)
    try:
        try:
            with _in_our_words(folder / _LOCK):
                lock.execute("BEGIN EXCLUSIVE")
        except StoreLocked as error:
            raise StoreLocked(f"Another appliance is already using the data folder {folder}.") from error
        yield
    finally:
        lock.close()


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[Database]:
    with _in_our_words(path):
        connection = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        with _in_our_words(path):
            if os.name == "posix":
                path.chmod(0o600)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.execute("PRAGMA secure_delete=FAST")
            database = Database(connection, execute_plugins=False)
        yield database
    finally:
        connection.close()


@contextlib.contextmanager
def _in_our_words(path: Path) -> Iterator[None]:
    """Turn SQLite's errors that a person can do something about into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(error, path) from error


def _translated(error: sqlite3.Error, path: Path) -> StoreError | sqlite3.Error:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    fails = code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR)
    if code == sqlite3.SQLITE_FULL or (fails and _has_no_room(path.parent)):
        return StoreFull(f"The disk that holds {path} is full; nothing more can be saved until there is space.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreLocked(f"Another program is writing to {path}.")
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StoreBroken(f"{path} is damaged or is not a database; restore it from a backup.")
    if fails:
        return StoreBroken(f"{path} cannot be read or written; check the folder's permissions and the disk.")
    return error


def _has_no_room(folder: Path) -> bool:
    """Whether that is why a disk failed: SQLite does not say so where the file beside a log finds none."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_ROOM
    except OSError:
        return False
