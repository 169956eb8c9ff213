"""Files of sessions: a row that says which, and their content sealed in a file of the data folder, its blob.

A blob never changes: new content is a new blob, written and on disk before the row that names it is committed. The
database notes itself which blobs no row names any more (``dead_blobs``); they are removed after the commit, and what a
crash left behind is swept at the next start. So a crash at any instant leaves the old content or the new.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import pickle
import secrets
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from sqlite_utils import Database

from appliance import clock
from appliance.durable import new_file, sync_folder
from appliance.interview.files import FileInfo
from appliance.store.database import Store
from appliance.store.errors import StoreBroken, StoreError, StoreFull
from appliance.store.sealing import derive, new_key, seal, seal_stream, unseal, unseal_stream

__all__ = ["FOLDER", "Blob", "FileRow", "FileStore", "dead_blobs", "drop_blobs", "file_row", "forget_file",
           "named_blobs", "put_file"]

FOLDER = "files"
"""Where the blobs lie in the data folder."""

_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


@dataclass
class _Held:
    """Blobs of a folder that are to be removed when nobody holds them any more."""

    holders: int = 0
    waiting: set[str] = field(default_factory=set)


_holding = threading.Lock()
_held: dict[Path, _Held] = {}


@dataclass(frozen=True)
class FileRow:
    """One file as it lies in the database.

    :param blob: the name of its content.
    :param sealed_info: name and mimetype, which may say much of a person.
    """

    number: int
    session_id: str
    blob: str
    size: int
    created: float
    sealed_info: bytes = field(repr=False)

    def info(self, session_key: bytes) -> FileInfo:
        """:raises WrongKey: if `session_key` is not the session's."""
        filename, mimetype = pickle.loads(unseal(session_key, self.sealed_info, self.context("info")))
        return FileInfo(self.number, filename, mimetype, self.size)

    def context(self, what: str) -> str:
        """What its ``content`` or ``info`` is sealed for."""
        return f"file {what}:{self.session_id}:{self.number}:{self.blob}"


@dataclass(frozen=True)
class Blob:
    """Content that is no file of a session (yet): whoever keeps its row keeps its key, sealed for whom it may concern.

    :param key: of this blob alone.
    """

    name: str
    key: bytes = field(repr=False)
    size: int

    @property
    def context(self) -> str:
        """What its content is sealed for."""
        return f"blob:{self.name}"


class FileStore:
    """The blobs. Its methods read and write files, so they are not for the server's loop.

    :param folder: the data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    # -- writing -------------------------------------------------------------------------------------------

    def seal(self, session_id: str, session_key: bytes, info: FileInfo, content: Path | bytes, *,
             sync: bool = True) -> FileRow:
        """Put content on disk, for a row to be committed; nobody knows of it until then.

        :param content: itself, or where it is.
        :param sync: False where :meth:`sync` follows, for many files together.
        :raises StoreError: if it cannot be written; nothing is left of it then.
        """
        blob = secrets.token_hex(16)
        row = FileRow(info.number, session_id, blob, 0, clock.now(), b"")
        size = self._write(blob, _blob_key(session_key, blob), content, row.context("content"), sync=sync)
        sealed = seal(session_key, pickle.dumps((info.filename, info.mimetype)), row.context("info"))
        return FileRow(info.number, session_id, blob, size, row.created, sealed)

    def seal_blob(self, content: Path | bytes) -> Blob:
        """Put content on disk under a key of its own, for a row to be committed that names it.

        :param content: itself, or where it is.
        :raises StoreError: if it cannot be written; nothing is left of it then.
        """
        made = Blob(secrets.token_hex(16), new_key(), 0)
        return replace(made, size=self._write(made.name, made.key, content, made.context))

    def sync(self, blobs: Iterable[str]) -> None:
        """Have blobs on disk that were sealed without that: quicker than one after the other, where they are many.

        :raises StoreError: if that fails.
        """
        paths = [self._path(blob) for blob in blobs]
        path = self._folder
        try:
            for path in paths:
                with path.open("r+b") as file:
                    os.fsync(file.fileno())
            for folder in {path.parent for path in paths}:
                sync_folder(folder)
        except OSError as error:
            raise _translated(error, path) from error

    def _write(self, blob: str, key: bytes, content: Path | bytes, context: str, *, sync: bool = True) -> int:
        """Seal content into a new blob; its size, when it is on disk."""
        path = self._path(blob)
        try:
            self._make_folder(path.parent)
            with _opened(content) as source, new_file(path) as target:
                size = seal_stream(key, source, target, context)
                if sync:
                    target.flush()
                    os.fsync(target.fileno())
            if sync:
                sync_folder(path.parent)
        except BaseException as error:   # also the time limit of a turn
            self.remove([blob])
            if isinstance(error, OSError):
                raise _translated(error, path) from error
            raise
        return size

    def remove(self, blobs: Iterable[str]) -> None:
        """Take blobs from the disk; one that cannot be removed now (Windows, while it is read) is swept later."""
        with _holding:
            held = _held.get(self._folder)
            if held is not None:
                held.waiting.update(blobs)
                return
        for blob in blobs:
            with contextlib.suppress(OSError):
                self._path(blob).unlink(missing_ok=True)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Within the block no blob is removed: what one moment's rows name stays to be read; it goes afterwards."""
        with _holding:
            held = _held.setdefault(self._folder, _Held())
            held.holders += 1
        try:
            yield
        finally:
            with _holding:
                held.holders -= 1
                if not held.holders:
                    del _held[self._folder]
            if not held.holders:
                self.remove(held.waiting)

    def path(self, blob: str) -> Path:
        """Where a blob lies, if it is there."""
        return self._path(blob)

    def sweep(self, store: Store) -> None:
        """At start, before anything is written: remove every blob that no row names. Waits for the store."""
        named = set(store.read(named_blobs).result())
        self.remove(path.name for path in self._folder.glob("??/*") if path.name not in named)
        store.write(lambda database: database.execute("DELETE FROM dead_blobs")).result()

    # -- reading -------------------------------------------------------------------------------------------

    def read(self, row: FileRow, session_key: bytes, start: int = 0) -> Iterator[bytes]:
        """The content from the byte `start` on, in pieces. The blob is open when this returns.

        :raises FileNotFoundError: if it was replaced or deleted after the row was read.
        :raises WrongKey: at the piece where something is wrong: changed, missing, or another session's.
        """
        blob = self._path(row.blob).open("rb")

        def pieces() -> Iterator[bytes]:
            with blob:
                yield from unseal_stream(_blob_key(session_key, row.blob), blob, row.context("content"), start)
        return pieces()

    def read_blob(self, blob: Blob) -> Iterator[bytes]:
        """The content, in pieces. The blob is open when this returns.

        :raises FileNotFoundError: if it was removed.
        :raises WrongKey: as :meth:`read`.
        """
        opened = self._path(blob.name).open("rb")

        def pieces() -> Iterator[bytes]:
            with opened:
                yield from unseal_stream(blob.key, opened, blob.context)
        return pieces()

    def load(self, row: FileRow, session_key: bytes, path: Path) -> None:
        """Write the content to `path`, in the clear, for its owner only.

        :raises FileNotFoundError: as :meth:`read`.
        :raises WrongKey: as :meth:`read`.
        """
        with new_file(path) as target:
            for piece in self.read(row, session_key):
                target.write(piece)

    def content(self, row: FileRow, session_key: bytes) -> bytes:
        """All of the content.

        :raises FileNotFoundError: as :meth:`read`.
        :raises WrongKey: as :meth:`read`.
        """
        return b"".join(self.read(row, session_key))

    def _path(self, blob: str) -> Path:
        return self._folder / blob[:2] / blob

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            for one in (self._folder, folder):
                one.mkdir(mode=0o700, exist_ok=True)
                sync_folder(one.parent)


# -- rows; all of these run inside Store.write or Store.read -----------------------------------------------


def put_file(database: Database, row: FileRow) -> None:
    """Add the file, or give it another content.

    :raises StoreBroken: if another session has a file of that number.
    """
    cursor = database.execute(
        "INSERT INTO files (number, session_id, blob, size, created, sealed_info) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (number) DO UPDATE SET blob = excluded.blob, size = excluded.size,"
        " sealed_info = excluded.sealed_info WHERE files.session_id = excluded.session_id",
        [row.number, row.session_id, row.blob, row.size, row.created, row.sealed_info])
    if cursor.rowcount != 1:
        raise StoreBroken(f"The file number {row.number} is another session's.")


def forget_file(database: Database, session_id: str, number: int) -> None:
    """Drop the file, if the session has it."""
    database.execute("DELETE FROM files WHERE number = ? AND session_id = ?", [number, session_id])


def file_row(database: Database, number: int) -> FileRow | None:
    """The file, whosever it is; None if there is none of that number."""
    found = database.execute("SELECT number, session_id, blob, size, created, sealed_info FROM files WHERE number = ?",
                             [number]).fetchone()
    return None if found is None else FileRow(*found)


def dead_blobs(database: Database) -> list[str]:
    """The blobs that no row names any more; they are handed out once, with the commit that asks."""
    return [str(row[0]) for row in database.execute("DELETE FROM dead_blobs RETURNING blob").fetchall()]


def named_blobs(database: Database) -> list[str]:
    """The blobs that rows name, whatever they belong to."""
    return [str(row[0]) for row in database.execute(
        "SELECT blob FROM files UNION SELECT blob FROM received_mail ORDER BY blob").fetchall()]


def drop_blobs(database: Database, blobs: Iterable[str]) -> None:
    """Note blobs that no row came to name, for :func:`dead_blobs`."""
    for blob in blobs:
        database.execute("INSERT OR IGNORE INTO dead_blobs (blob) VALUES (?)", [blob])


# -- files of the operating system ---------------------------------------------------------------------------


def _blob_key(session_key: bytes, blob: str) -> bytes:
    return derive(session_key, f"file content:{blob}")


def _opened(content: Path | bytes) -> BinaryIO:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def _translated(error: OSError, path: Path) -> StoreError:
    if error.errno in _FULL:
        return StoreFull(f"The disk that holds {path.parent} is full; nothing more can be saved until there is space.")
    return StoreBroken(f"Files cannot be kept in {path.parent}: {error.strerror or type(error).__name__}.")
