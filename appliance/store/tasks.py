"""The tasks: what is to run in the background, what runs, and how it ended.

While a task is outstanding its row holds all it takes to run it again, sealed under the appliance's key; when it has
ended, its result, sealed under the session's key and kept as long as the session.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, fields
from typing import Any

import zstandard
from sqlite_utils import Database

from appliance import clock
from appliance.interview.errors import told_names
from appliance.interview.host import UserInfo
from appliance.interview.other_sessions import NOWHERE, Places
from appliance.interview.stored import StoredEffect
from appliance.interview.tasks import ErrorDetails, TaskState
from appliance.store.keys import Holder, Receiver
from appliance.store.sealing import seal, unseal

__all__ = [
    "NewTask",
    "TaskPayload",
    "TaskResult",
    "TaskRow",
    "add_tasks",
    "ancestors",
    "answers_of",
    "awaited_by",
    "callbacks_after",
    "drop_payload",
    "end_task",
    "has_waiting",
    "open_answers",
    "open_callback",
    "open_result",
    "revoke_task",
    "rows_of_tasks",
    "seal_answers",
    "session_key_of",
    "task_row",
    "tasks_of",
    "worker_died",
]


@dataclass(frozen=True)
class TaskPayload:
    """What a task needs besides its answers, and who its callback acts for.

    :param arguments: pickle of a dict.
    :param personal: opens the encrypted values of the user (:func:`appliance.store.values.personal_holder`).
    :param stored: what the turn that waits for the task has stored, and not committed yet.
    :param receiver: gives them sessions that the task makes; opens nothing of theirs.
    :param places: for whom ``session_local`` and its kin are.
    :param viewers: the names of their keys.
    """

    interview: str
    action: str
    arguments: bytes
    user: UserInfo
    url_root: str
    device: dict[str, Any] = field(default_factory=dict)
    personal: Holder | None = None
    receiver: Receiver | None = None
    places: Places = NOWHERE
    viewers: tuple[str, ...] = ()
    stored: tuple[StoredEffect, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class NewTask:
    """A task to queue.

    :param action: its name as it may be told (:func:`appliance.interview.errors.told_names`); the payload has it all.
    :param user_id: who asked for it; None for somebody without an account.
    :param after: the tasks that must have ended before this one is taken.
    :param parent_id: the task that asked for it, itself or in its callback.
    """

    task_id: str
    action: str
    notification: str | None
    sealed_job: bytes = field(repr=False)
    sealed_session_key: bytes = field(repr=False)
    user_id: int | None = None
    after: tuple[str, ...] = ()
    parent_id: str = ""

    @staticmethod
    def make(task_id: str, notification: str | None, payload: TaskPayload, *, appliance_key: bytes,
             session_key: bytes, after: tuple[str, ...] = (), parent_id: str = "") -> NewTask:
        """Seal what the task needs under the appliance's key."""
        return NewTask(task_id, told_names([payload.action]), notification,
                       seal(appliance_key, pickle.dumps(payload), f"task:{task_id}"),
                       seal(appliance_key, session_key, f"task key:{task_id}"), payload.user.user_id, after, parent_id)


@dataclass(frozen=True)
class TaskResult:
    """How a task ended.

    :param value: pickle of the value; None if it has none.
    :param where: file and line of the error, where known; never a value.
    """

    state: TaskState
    value: bytes | None = field(default=None, repr=False)
    error: ErrorDetails | None = field(default=None, repr=False)
    log: tuple[str, ...] = field(default=(), repr=False)
    where: str = ""

    def sealed(self, session_key: bytes, task_id: str) -> bytes:
        return seal(session_key, pickle.dumps(self), f"result:{task_id}")


@dataclass(frozen=True)
class TaskRow:
    """A task as it lies in the database. Times are seconds since the epoch, UTC.

    :param error_type: of a failed task, with `error_where`, the file and line, in the clear; they are never values.
    :param user_id: who asked for it; None for somebody without an account.
    :param parent_id: the task that asked for it; empty where a person's turn did.
    """

    id: str
    session_id: str
    state: TaskState
    action: str
    notification: str | None
    created: float
    started: float | None
    ended: float | None
    error_type: str
    error_where: str
    user_id: int | None
    parent_id: str
    callback_number: int | None
    answers_id: int | None
    deaths: int
    stops: int
    sealed_job: bytes | None = field(repr=False)
    sealed_session_key: bytes | None = field(repr=False)
    sealed_result: bytes | None = field(repr=False)
    sealed_callback: bytes | None = field(repr=False)

    def payload(self, appliance_key: bytes) -> TaskPayload | None:
        """What it was asked to do; None when it has ended well."""
        if self.sealed_job is None:
            return None
        payload: TaskPayload = pickle.loads(unseal(appliance_key, self.sealed_job, f"task:{self.id}"))
        return payload


def open_result(row: TaskRow, session_key: bytes) -> TaskResult | None:
    """How the task ended; None while it has not."""
    if row.sealed_result is None:
        return None
    result: TaskResult = pickle.loads(unseal(session_key, row.sealed_result, f"result:{row.id}"))
    return result


def open_callback(row: TaskRow, session_key: bytes) -> bytes | None:
    """The pickled follow-up that was applied; None if there was none."""
    if row.sealed_callback is None:
        return None
    return unseal(session_key, row.sealed_callback, f"callback:{row.id}")


def session_key_of(row: TaskRow, appliance_key: bytes) -> bytes | None:
    """The key of the task's session, which the journal keeps while the task is outstanding."""
    if row.sealed_session_key is None:
        return None
    return unseal(appliance_key, row.sealed_session_key, f"task key:{row.id}")


# -- rows; all of these run inside Store.write or Store.read ------------------------------------------


def add_tasks(database: Database, session_id: str, tasks: list[NewTask], sealed_answers: bytes) -> None:
    """Queue tasks that work on the same answers (sealed by :func:`seal_answers`). One that is there stays as it is."""
    cursor = database.execute("INSERT INTO task_answers (session_id, sealed) VALUES (?, ?)",
                              [session_id, sealed_answers])
    for task in tasks:
        added = database.execute(
            "INSERT INTO tasks (id, session_id, state, action, notification, created, sealed_job, sealed_session_key,"
            " answers_id, parent_id, user_id)"
            " VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM users WHERE id = ?))"
            " ON CONFLICT (id) DO NOTHING",
            [task.task_id, session_id, task.action, task.notification, clock.now(), task.sealed_job,
             task.sealed_session_key, cursor.lastrowid, task.parent_id, task.user_id]).rowcount
        for after in dict.fromkeys(task.after) if added else ():
            database.execute("INSERT INTO task_waits (task_id, after_id) VALUES (?, ?)", [task.task_id, after])


def task_row(database: Database, task_id: str) -> TaskRow | None:
    """The task; None if it is not there (any more)."""
    return next(iter(rows_of_tasks(database, "SELECT * FROM tasks WHERE id = ?", [task_id])), None)


def tasks_of(database: Database, session_id: str) -> list[TaskRow]:
    """All tasks of a session, in the order they were asked for."""
    return rows_of_tasks(database, "SELECT * FROM tasks WHERE session_id = ? ORDER BY number", [session_id])


def answers_of(database: Database, row: TaskRow) -> bytes | None:
    """The answers the task works on, sealed; None where they are not kept (any more)."""
    found = database.execute("SELECT sealed FROM task_answers WHERE id = ?", [row.answers_id]).fetchone()
    return None if found is None else found[0]


def awaited_by(database: Database, task_id: str) -> list[tuple[str, TaskRow | None]]:
    """The ids of the tasks that this one waits or waited for, each with the task; None for one that is gone."""
    found = database.execute("SELECT after_id FROM task_waits WHERE task_id = ?", [task_id]).fetchall()
    return [(after, task_row(database, after)) for (after,) in found]


def has_waiting(database: Database, task_ids: list[str]) -> bool:
    """Whether a queued task waits for any of these."""
    return any(database.execute("SELECT 1 FROM task_waits JOIN tasks ON tasks.id = task_waits.task_id"
                                " WHERE task_waits.after_id = ? AND tasks.state = 'queued' LIMIT 1",
                                [task_id]).fetchone() for task_id in task_ids)


def callbacks_after(database: Database, session_id: str, number: int) -> list[TaskRow]:
    """The tasks whose callback was applied later than the callback of this number, in that order."""
    return rows_of_tasks(database, "SELECT * FROM tasks WHERE session_id = ? AND callback_number > ?"
                                   " ORDER BY callback_number", [session_id, number])


def ancestors(database: Database, row: TaskRow) -> list[str]:
    """The ids of the task that asked for this one, of the one that asked for that, and so on."""
    found: list[str] = []
    parent = row.parent_id
    while parent and parent not in found:
        found.append(parent)
        above = database.execute("SELECT parent_id FROM tasks WHERE id = ?", [parent]).fetchone()
        parent = above[0] if above else ""
    return found


def end_task(database: Database, row: TaskRow, result: TaskResult, session_key: bytes, *,
             callback: bytes | None = None, callback_number: int | None = None) -> bool:
    """Write how a task ended; False if it had ended before, then nothing is written.

    What it worked on is dropped, except of a failed one, which a person may look at.
    """
    keeps = result.state == "failed"
    cursor = database.execute(
        "UPDATE tasks SET state = ?, ended = ?, worker = NULL, sealed_result = ?, sealed_callback = ?,"
        " callback_number = ?, error_type = ?, error_where = ? WHERE id = ? AND state IN ('queued', 'running')",
        [result.state, clock.now(), result.sealed(session_key, row.id),
         None if callback is None else seal(session_key, callback, f"callback:{row.id}"), callback_number,
         "" if result.error is None else result.error.error_type, result.where if result.error else "", row.id])
    if cursor.rowcount == 1 and not keeps:
        drop_payload(database, row)
    return cursor.rowcount == 1


def revoke_task(database: Database, task_id: str, *, terminate: bool = True) -> bool:
    """Nobody wants it any more; False if it has ended or is not there.

    :param terminate: also one that runs; else it goes on, and what it brings counts.
    """
    row = task_row(database, task_id)
    cursor = database.execute("UPDATE tasks SET state = 'revoked', ended = ?, worker = NULL"
                              " WHERE id = ? AND (state = 'queued' OR (state = 'running' AND ?))",
                              [clock.now(), task_id, terminate])
    if row is not None and cursor.rowcount == 1:
        drop_payload(database, row)
    return cursor.rowcount == 1


def drop_payload(database: Database, row: TaskRow) -> None:
    """Drop what the task worked on; answers that another task works on stay."""
    database.execute("UPDATE tasks SET sealed_job = NULL, sealed_session_key = NULL, answers_id = NULL WHERE id = ?",
                     [row.id])
    database.execute("DELETE FROM task_waits WHERE task_id = ?", [row.id])
    if row.answers_id is not None:
        database.execute("DELETE FROM task_answers WHERE id = ? AND NOT EXISTS"
                         " (SELECT 1 FROM tasks WHERE answers_id = ?)", [row.answers_id, row.answers_id])


def rows_of_tasks(database: Database, sql: str, parameters: list[Any]) -> list[TaskRow]:
    """The rows of a query that selects all columns of ``tasks``."""
    return [TaskRow(**{name: found[name] for name in _NAMES}) for found in database.query(sql, parameters)]


_NAMES = tuple(one.name for one in fields(TaskRow))


def seal_answers(appliance_key: bytes, session_id: str, answers: bytes) -> bytes:
    """The answers that tasks of a session work on."""
    return seal(appliance_key, zstandard.ZstdCompressor().compress(answers), f"task answers:{session_id}")


def open_answers(appliance_key: bytes, session_id: str, sealed: bytes) -> bytes:
    """The inverse of :func:`seal_answers`."""
    return zstandard.ZstdDecompressor().decompress(unseal(appliance_key, sealed, f"task answers:{session_id}"))


def worker_died() -> ErrorDetails:
    """Why a task that took its worker down again and again is given up."""
    return ErrorDetails("WorkerDied", "The program that ran this task was ended again and again while it ran; the task "
                                      "was given up so that others can run.")
