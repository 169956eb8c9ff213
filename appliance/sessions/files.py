"""The files of one turn: opened for author code, sealed for its commit, and gone from the disk when it is over."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from appliance.interview.files import FileInfo
from appliance.interview.tasks import TaskFile
from appliance.store.database import Store
from appliance.store.errors import StoreError
from appliance.store.files import FileRow, FileStore, file_row, forget_file, put_file
from appliance.workspace import Workspace

__all__ = ["FileChanges", "ServedFile", "TurnFiles", "seal_task_files", "with_file"]

T = TypeVar("T")

_TRIES = 3   # a file may be replaced between the reading of its row and that of its blob, but not again and again


@dataclass(frozen=True)
class FileChanges:
    """What a commit does to files. Their content is on disk already.

    :param rows: new files and those with new content or another name.
    :param deleted: numbers of the others.
    """

    rows: tuple[FileRow, ...] = ()
    deleted: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows or self.deleted)

    def __add__(self, later: FileChanges) -> FileChanges:
        return FileChanges(self.rows + later.rows, self.deleted + later.deleted)

    @property
    def blobs(self) -> list[str]:
        """What is to be removed if the commit fails."""
        return [row.blob for row in self.rows]

    def write(self, database: Database, session_id: str) -> None:
        """Part of the commit."""
        for row in self.rows:
            put_file(database, row)
        for number in self.deleted:
            forget_file(database, session_id, number)


class TurnFiles:
    """A workspace over the store, for one turn of one session.

    :param before: what is committed together with the turn and known to it already: the files of an ended task.
    """

    def __init__(self, store: Store, files: FileStore, session_id: str, session_key: bytes,
                 before: FileChanges = FileChanges()) -> None:
        self._store = store
        self._files = files
        self._session_id = session_id
        self._key = session_key
        self._before: dict[int, FileRow | None] = {row.number: row for row in before.rows}
        self._before.update(dict.fromkeys(before.deleted))
        self._sealed: list[str] = []   # and not committed yet
        self.workspace = Workspace(self._look, self._load)

    def seal(self, only: Container[int] | None = None) -> FileChanges:
        """What the turn has changed so far, on disk. On the evaluating thread.

        :param only: leave out all files but these.
        :raises StoreError: if it cannot be written.
        """
        rows, deleted = [], []
        for change in self.workspace.changes():
            if only is not None and change.info.number not in only:
                continue
            if change.path is None:
                deleted.append(change.info.number)
                continue
            row = self._files.seal(self._session_id, self._key, change.info, change.path)
            self._sealed.append(row.blob)
            rows.append(row)
        return FileChanges(tuple(rows), tuple(deleted))

    @contextlib.contextmanager
    def committing(self, changes: FileChanges) -> Iterator[None]:
        """While what :meth:`seal` gave is being stored, although the turn goes on.

        The time limit may strike when the rows are about to be written, or are: from here on only a write that failed
        says that nothing names the blobs.
        """
        self._sealed.clear()
        try:
            yield
        except StoreError:
            self._files.remove(changes.blobs)
            raise
        self.workspace.kept()

    def again(self) -> TurnFiles:
        """For an action that ran before and runs once more on older answers: it sees what the turn sees.

        Files that it makes are new ones, for :meth:`adopt`; what it does to others was done when it ran first.
        """
        def load(number: int, path: Path) -> None:
            shutil.copyfile(self.workspace.path(number), path)

        child = TurnFiles(self._store, self._files, self._session_id, self._key)
        child.workspace = Workspace(self.workspace.info, load)
        return child

    def close(self) -> None:
        """Nothing stays in the clear. At the end of the turn, however it ends."""
        self.workspace.close()

    def abandon(self) -> None:
        """The turn has failed or was given up: nothing of it stays at all."""
        self.close()
        self._files.remove(self._sealed)

    def _look(self, number: int) -> FileInfo | None:
        row = self._row(number)
        return None if row is None else row.info(self._key)

    def _load(self, number: int, path: Path) -> None:
        def load(row: FileRow) -> bool:
            self._files.load(row, self._key, path)
            return True
        if with_file(lambda: self._row(number), load) is None:
            raise FileNotFoundError(f"This session has no file with the number {number}.")

    def _row(self, number: int) -> FileRow | None:
        if number in self._before:
            return self._before[number]
        row = self._store.read(lambda database: file_row(database, number)).result()
        return row if row is not None and row.session_id == self._session_id else None


def with_file(find: Callable[[], FileRow | None], use: Callable[[FileRow], T]) -> T | None:
    """Do something with a file's content, which may be replaced at the same time; None if there is no such file.

    :raises FileNotFoundError: if the row is there and its content is not.
    """
    for tries_left in reversed(range(_TRIES)):
        row = find()
        if row is None:
            return None
        try:
            return use(row)
        except FileNotFoundError:
            if not tries_left:
                raise
    return None


def seal_task_files(files: FileStore, session_id: str, session_key: bytes, made: tuple[TaskFile, ...]) -> FileChanges:
    """What a task has made, changed and deleted, on disk.

    :raises StoreError: if it cannot be written; nothing of it is left then.
    """
    rows: list[FileRow] = []
    try:
        for one in made:
            if one.content is not None:
                info = FileInfo(one.number, one.filename, one.mimetype, len(one.content))
                rows.append(files.seal(session_id, session_key, info, one.content))
    except BaseException:
        files.remove(row.blob for row in rows)
        raise
    return FileChanges(tuple(rows), tuple(one.number for one in made if one.content is None))


@dataclass(frozen=True)
class ServedFile:
    """A file for somebody who may have it.

    :param read: gives the content from a byte on, in pieces, and raises FileNotFoundError if the file was replaced or
        deleted a moment ago. The pieces come from the disk, so not in the server's loop; one that is not right raises.
    """

    info: FileInfo
    read: Callable[[int], Iterator[bytes]] = field(repr=False)
