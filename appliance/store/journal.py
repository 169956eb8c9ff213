"""The queue of tasks as compute sees it: what waits, what runs, and what a death or a stop makes of it."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlite_utils import Database

from appliance import clock
from appliance.interview.tasks import TaskJob, TaskState, TaskView
from appliance.store.database import Store
from appliance.store.tasks import (
    TaskRow,
    answers_of,
    awaited_by,
    drop_payload,
    open_answers,
    open_result,
    rows_of_tasks,
    session_key_of,
    task_row,
)

__all__ = ["DEATHS_ALLOWED", "KEPT_SECONDS", "STOPS_ALLOWED", "Journal"]

DEATHS_ALLOWED = 3
STOPS_ALLOWED = 5

KEPT_SECONDS = 30 * 24 * 3600.0
"""How long what a failed task worked on is kept, unless a person dismisses it before."""

T = TypeVar("T")


class Journal:
    """The queue as compute sees it.

    :param packages: the packages folder, for workers on this machine.
    :param settings: what ``get_config()`` may read on a worker.
    :param author_db: path and mark of the database of authors, for workers on this machine.
    """

    def __init__(self, store: Store, appliance_key: bytes, *, packages: str = "",
                 settings: Mapping[str, Any] | None = None, author_db: tuple[str, int] | None = None) -> None:
        self._store = store
        self._key = appliance_key
        self._packages = packages
        self._settings = dict(settings or {})
        self._author_db = author_db
        self.on_moved: Callable[[str], None] = _nobody
        """Called on the loop with the id of a task that was taken, or put back."""

    async def queued(self) -> list[str]:
        """The tasks that can be taken, in the order they were asked for.

        A task that waits for others is among them when each of those has ended, was revoked or is gone.
        """
        return await self._read(lambda database: [
            str(row[0]) for row in database.execute("SELECT id FROM tasks_ready ORDER BY number")])

    async def job(self, task_id: str) -> TaskJob:
        """All a worker needs.

        :raises LookupError: if the task is gone or has ended.
        """
        def find(database: Database) -> tuple[TaskRow | None, bytes | None, list[tuple[str, TaskRow | None]]]:
            row = task_row(database, task_id)
            if row is None or row.answers_id is None:
                return row, None, []
            return row, answers_of(database, row), awaited_by(database, task_id)

        row, sealed, awaited = await self._read(find)
        payload = None if row is None else row.payload(self._key)
        if row is None or sealed is None or payload is None:
            raise LookupError(f"task {task_id} is not outstanding")
        answers = await asyncio.to_thread(open_answers, self._key, row.session_id, sealed)
        after = await asyncio.to_thread(self._views, row, awaited) if awaited else ()
        return TaskJob(task_id, row.session_id, payload.interview, payload.action, payload.arguments, answers,
                       payload.user, payload.url_root, self._packages, dict(self._settings), after,
                       author_db=self._author_db, places=payload.places, stored=payload.stored)

    def _views(self, row: TaskRow, awaited: list[tuple[str, TaskRow | None]]) -> tuple[TaskView, ...]:
        """How the tasks ended that `row` waited for. One that is gone is as good as revoked."""
        session_key = session_key_of(row, self._key)
        views = []
        for task_id, other in awaited:
            if other is None or other.session_id != row.session_id or session_key is None:
                views.append(TaskView(task_id, "revoked"))
                continue
            result = open_result(other, session_key)
            value = None if result is None or result.value is None else pickle.loads(result.value)
            error = None if result is None else result.error
            views.append(TaskView(task_id, other.state, value, error, other.ended))
        return tuple(views)

    async def mark_running(self, task_id: str, worker: str) -> bool:
        """False if the task cannot be taken any more: it was revoked, has ended, or went with its session."""
        def mark(database: Database) -> bool:
            return database.execute("UPDATE tasks SET state = 'running', started = ?, worker = ? WHERE id = ? AND"
                                    " EXISTS (SELECT 1 FROM tasks_ready WHERE tasks_ready.id = tasks.id)",
                                    [clock.now(), worker, task_id]).rowcount == 1
        return await self._moved(task_id, mark)

    async def put_back(self, task_id: str) -> bool:
        """It was marked as running and no worker has it: back to ``queued``, and that counts against nobody.

        False if it is not running (any more).
        """
        def again(database: Database) -> bool:
            return database.execute("UPDATE tasks SET state = 'queued', started = NULL, worker = NULL WHERE id = ? AND"
                                    " state = 'running'", [task_id]).rowcount == 1
        return await self._moved(task_id, again)

    async def worker_lost(self, task_id: str) -> TaskState:
        """Its worker died while the server lives: back to ``queued``.

        The third time the answer is ``failed``, and the caller reports a TaskEnd with
        :func:`appliance.store.tasks.worker_died`, which writes it. Of a task that has ended meanwhile, its state.
        """
        def lose(database: Database) -> TaskState:
            database.execute("UPDATE tasks SET deaths = deaths + 1 WHERE id = ? AND state = 'running'", [task_id])
            row = task_row(database, task_id)
            if row is None:
                return "revoked"
            if row.state != "running":
                return row.state
            if row.deaths >= DEATHS_ALLOWED:
                return "failed"
            database.execute("UPDATE tasks SET state = 'queued', worker = NULL WHERE id = ?", [task_id])
            return "queued"
        return await self._moved(task_id, lose)

    async def resume(self) -> list[str]:
        """At start: what ran when the machine stopped is queued again.

        A stop counts against a task only if it ran alone, and only the fifth one ends it: such a task is what this
        returns, and the caller reports a TaskEnd with :func:`appliance.store.tasks.worker_died` for it, as after
        :meth:`worker_lost`.
        """
        def again(database: Database) -> list[str]:
            running = rows_of_tasks(database, "SELECT * FROM tasks WHERE state = 'running'", [])
            if len(running) == 1:
                database.execute("UPDATE tasks SET stops = stops + 1 WHERE id = ?", [running[0].id])
                if running[0].stops + 1 >= STOPS_ALLOWED:
                    return [running[0].id]
            database.execute("UPDATE tasks SET state = 'queued', worker = NULL WHERE state = 'running'")
            return []
        return await self._write(again)

    async def counts(self) -> dict[TaskState, int]:
        """How many tasks there are in each state."""
        found = await self._read(lambda database: database.execute(
            "SELECT state, count(*) FROM tasks GROUP BY state").fetchall())
        return {**dict.fromkeys(("queued", "running", "done", "failed", "revoked"), 0), **dict(found)}

    async def run_again(self, task_id: str) -> bool:
        """Queue a failed task anew, in its old place, as if it had never run; False if that is impossible.

        It works on the answers that it had, not on those of today: what it was asked to do was meant for them. What
        it ended with, and the callback that was applied, are forgotten; what that callback changed in the answers
        stays. It is impossible for a task that has not failed, and once it was dismissed or is older than
        :data:`KEPT_SECONDS`.
        """
        def again(database: Database) -> bool:
            return database.execute(
                "UPDATE tasks SET state = 'queued', deaths = 0, stops = 0, started = NULL, ended = NULL, worker = NULL,"
                " sealed_result = NULL, sealed_callback = NULL, callback_number = NULL, error_type = '',"
                " error_where = '' WHERE id = ? AND state = 'failed' AND sealed_job IS NOT NULL"
                " AND answers_id IS NOT NULL", [task_id]).rowcount == 1
        return await self._write(again)

    async def forget_old(self) -> int:
        """Drop what tasks worked on that failed long ago; returns how many. To be called at start and each day."""
        return await self.dismiss(older_than=clock.now() - KEPT_SECONDS)

    async def dismiss(self, task_id: str | None = None, *, older_than: float = 0) -> int:
        """Drop what failed tasks worked on: of one, or of all that ended before `older_than`; returns how many."""
        def drop(database: Database) -> int:
            rows = rows_of_tasks(
                database, "SELECT * FROM tasks WHERE state = 'failed' AND sealed_job IS NOT NULL"
                          " AND (id = ? OR ended < ?)", [task_id, older_than])
            for row in rows:
                drop_payload(database, row)
            return len(rows)
        return await self._write(drop)

    async def _read(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.read(function))

    async def _write(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.write(function))

    async def _moved(self, task_id: str, function: Callable[[Database], T]) -> T:
        done = await self._write(function)
        self.on_moved(task_id)
        return done


def _nobody(task_id: str) -> None:
    """Until app.py says who is to be told."""
