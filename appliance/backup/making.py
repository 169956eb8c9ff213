"""Makes backups while the appliance runs: everything as it is at one moment, in one sealed file."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlite_utils import Database

import appliance
from appliance import clock
from appliance.backup.container import Manifest, Member, tar_pieces, write_sealed
from appliance.backup.errors import BackupFailed
from appliance.backup.names import AUTHORS, DATABASE, FOLDERS, PACKAGES, SINGLE, allowed, blob_name, files_below
from appliance.backup.openers import Ticket
from appliance.durable import new_file, sync_folder
from appliance.locks import FileLock, Held
from appliance.store.copies import COPIES
from appliance.store.database import Store
from appliance.store.errors import StoreError
from appliance.store.files import FileStore, named_blobs
from appliance.store.migrations import VERSION
from appliance.store.recovery import Recovery

__all__ = ["FOLDER", "Maker", "Progress"]

FOLDER = COPIES
"""Where backups lie in the data folder that were made from its page, and what a restore replaced."""

_WORKING = ".making-"
_PART = ".part"
_BETWEEN = 60.0   # seconds that an installation of packages may take while we wait


@dataclass
class Progress:
    """How far a backup has come; another thread may look at it, and set `stop`.

    :param total: bytes that there will be about; 0 until that is known.
    :param missing: how many blobs were not there any more, though rows named them.
    """

    done: int = 0
    total: int = 0
    missing: int = 0
    stop: bool = False


@dataclass(frozen=True)
class _Moment:
    """Both databases as they were at one moment, copied into a folder of their own."""

    folder_id: str
    databases: list[tuple[str, Path]]
    blobs: list[str]


class Maker:
    """Makes backups of one data folder, one at a time. Its methods take long and are not for the server's loop.

    :param data: the data folder.
    """

    def __init__(self, data: Path, store: Store, appliance_key: bytes) -> None:
        self._data = data
        self._store = store
        self._key = appliance_key
        self._files = FileStore(data)
        self._recovery = Recovery(store, appliance_key)
        self._one = threading.Lock()

    def tidy(self) -> None:
        """At start: remove what a crash left of backups that were being made."""
        for path in (self._data / FOLDER).glob(f"{_WORKING}*"):
            shutil.rmtree(path, ignore_errors=True)
        for path in (self._data / FOLDER).glob(f"*{_PART}"):
            path.unlink(missing_ok=True)

    def make(self, target: Path, ticket: Ticket, progress: Progress | None = None) -> int:
        """Write a backup; returns its size in bytes, when it is on disk.

        The file gets its name when it is complete, so that no half one can be taken for a backup.

        :raises BackupFailed: in words; nothing is left of it.
        """
        if not self._one.acquire(blocking=False):
            raise BackupFailed("A backup is being made already. Please wait until it is done.")
        part = target.with_name(f"{target.name}{_PART}")
        try:
            _refuse_existing(target)
            with new_file(part) as file:
                self._write(file, ticket.and_by_code(self._recovery.key()), progress or Progress())
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            part.replace(target)
            sync_folder(target.parent)
        except BackupFailed:
            part.unlink(missing_ok=True)
            raise
        except FileExistsError as error:
            raise BackupFailed(f"{part} is in the way. Please remove it, unless another backup is being made there."
                               ) from error
        except (OSError, sqlite3.Error, StoreError, Held) as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise BackupFailed(f"The backup could not be made: {why}.") from error
        finally:
            self._one.release()
        return size

    def _write(self, file: BinaryIO, ticket: Ticket, progress: Progress) -> None:
        made = clock.now()
        place = self._data / FOLDER
        place.mkdir(mode=0o700, exist_ok=True)
        with (self._files.held(),
              tempfile.TemporaryDirectory(prefix=_WORKING, dir=place, ignore_cleanup_errors=True) as work):
            moment = self._moment(Path(work))
            blobs, missing = self._there(moment.blobs)
            progress.missing = len(missing)
            progress.total = sum(path.stat().st_size for _, path in (*moment.databases, *blobs))

            def manifest(members: list[Member]) -> Manifest:
                return Manifest(made, appliance.__version__, VERSION, moment.folder_id, self._key.hex(), members,
                                missing)

            files = [*moment.databases, *self._single()]
            content = tar_pieces(_all_of(files, self._folders(), blobs), made, manifest)
            write_sealed(file, ticket, made, _counted(content, progress))

    def _moment(self, work: Path) -> _Moment:
        """Copy the databases as they are between two commits; turns go on meanwhile.

        :raises BackupFailed: if one is damaged.
        """
        with contextlib.ExitStack() as stack:
            opened = self._store.read(lambda _database: [
                (name, stack.enter_context(_seen_at_this_moment(self._data / name)))
                for name in (DATABASE, AUTHORS) if (self._data / name).is_file()]).result()
            copies = [(name, work / name) for name, _ in opened]
            for (_, connection), (_, copy) in zip(opened, copies, strict=True):
                _copy(connection, copy)
        with contextlib.closing(sqlite3.connect(work / DATABASE)) as connection:
            database = Database(connection, execute_plugins=False)
            [[folder_id]] = database.execute("SELECT value FROM meta WHERE name = 'folder_id'").fetchall()
            return _Moment(folder_id, copies, named_blobs(database))

    def _there(self, blobs: list[str]) -> tuple[list[tuple[str, Path]], list[str]]:
        """The blobs with their paths, and those that are gone: a damaged folder is better saved than not."""
        paths = {blob: self._files.path(blob) for blob in blobs}
        found = [(blob_name(blob), path) for blob, path in paths.items() if path.is_file()]
        return found, [blob for blob, path in paths.items() if not path.is_file()]

    def _single(self) -> list[tuple[str, Path]]:
        return [(name, self._data / name) for name in SINGLE if (self._data / name).is_file()]

    def _folders(self) -> Iterator[tuple[str, Path]]:
        """What lies in folders; no package is installed while they are gone through."""
        for folder in FOLDERS:
            lock = self._data / PACKAGES / ".lock"
            holding = (FileLock(lock, patience=_BETWEEN) if folder == PACKAGES and lock.parent.is_dir()
                       else contextlib.nullcontext())
            with holding:
                for name, path in files_below(self._data, folder):
                    if not allowed(name):
                        raise BackupFailed(f"The file {path} has a name that no other computer can be relied on to "
                                           "take. Please rename or remove it.")
                    yield name, path


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise BackupFailed(f"{target} is there already. Please choose another name.")


def _all_of(*many: list[tuple[str, Path]] | Iterator[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    for files in many:
        yield from files


def _counted(pieces: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """:raises BackupFailed: once `progress` says to stop."""
    for piece in pieces:
        if progress.stop:
            raise BackupFailed("The appliance is being stopped, so the backup was not made.")
        progress.done += len(piece)
        yield piece


@contextlib.contextmanager
def _seen_at_this_moment(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that sees the database as it is now, whatever is written afterwards."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection
    finally:
        connection.close()


def _copy(source: sqlite3.Connection, path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with contextlib.closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
        [[found]] = copy.execute("PRAGMA quick_check(1)").fetchall()
        if found != "ok":
            raise BackupFailed(f"The database {path.name} is damaged, so a backup of it would be of no use. Look for "
                               "an older backup.")
