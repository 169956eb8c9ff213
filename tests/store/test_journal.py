"""The journal: order, states, deaths and stops."""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from appliance.interview.host import UserInfo
from appliance.store.database import Store
from appliance.store.journal import DEATHS_ALLOWED, STOPS_ALLOWED, Journal
from appliance.store.sealing import new_key
from appliance.store.sessions import SessionRow, delete_session, insert_session
from appliance.store.tasks import (
    NewTask,
    TaskPayload,
    TaskResult,
    add_tasks,
    end_task,
    open_result,
    seal_answers,
    task_row,
)

APPLIANCE, SESSION = new_key(), new_key()


@pytest.fixture
def journal(store: Store) -> Journal:
    store.write(lambda database: insert_session(database, SessionRow("s", "i", None, 0, 0, 0, step=1))).result()
    return Journal(store, APPLIANCE, packages="the packages", settings={"name": "value"})


def _queue(store: Store, *ids: str) -> None:
    payload = TaskPayload("i", "work", pickle.dumps({"a": 1}), UserInfo(first_name="Ann"), "http://here")
    tasks = [NewTask.make(one, None, payload, appliance_key=APPLIANCE, session_key=SESSION) for one in ids]
    store.write(lambda database: add_tasks(database, "s", tasks, seal_answers(APPLIANCE, "s", b"answers"))).result()


def _end(store: Store, task_id: str, result: TaskResult) -> bool:
    def end(database: Database) -> bool:
        row = task_row(database, task_id)
        assert row is not None
        return end_task(database, row, result, SESSION)
    return store.write(end).result()


def _run(test: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await test()
    asyncio.run(whole())


def test_a_job_is_what_was_asked_for(store: Store, journal: Journal) -> None:
    """Also when several tasks share their answers; the answers go with the last of them."""
    _queue(store, "one", "two")

    async def test() -> None:
        job = await journal.job("two")
        assert (job.action, pickle.loads(job.arguments), job.answers) == ("work", {"a": 1}, b"answers")
        assert (job.user.first_name, job.packages, job.settings) == ("Ann", "the packages", {"name": "value"})
        assert _end(store, "two", TaskResult("done"))
        assert (await journal.job("one")).answers == b"answers"
        with pytest.raises(LookupError):
            await journal.job("two")
        assert _end(store, "one", TaskResult("done"))
        assert store.read(lambda database: database.table("task_answers").count).result() == 0
    _run(test)


def test_tasks_come_in_the_order_they_were_asked_for(store: Store, journal: Journal) -> None:
    """One whose worker died comes back to its old place."""
    _queue(store, "one", "two")
    _queue(store, "three")

    async def test() -> None:
        assert await journal.queued() == ["one", "two", "three"]
        assert await journal.mark_running("one", "w")
        assert not await journal.mark_running("one", "w")
        assert await journal.queued() == ["two", "three"]
        assert await journal.worker_lost("one") == "queued"
        assert await journal.queued() == ["one", "two", "three"]
        assert (await journal.counts()) == {"queued": 3, "running": 0, "done": 0, "failed": 0, "revoked": 0}
    _run(test)


def test_many_at_once_give_each_task_to_one_worker(store: Store, journal: Journal) -> None:
    """Whoever marks first has it."""
    _queue(store, *(f"t{number}" for number in range(20)))

    async def test() -> None:
        got = await asyncio.gather(*(journal.mark_running(f"t{number % 20}", f"w{number}") for number in range(100)))
        assert sum(got) == 20
    _run(test)


def test_the_third_death_is_reported_and_the_end_can_be_written(store: Store, journal: Journal) -> None:
    """Until the caller has written it, a crash leaves the task to be tried again, not lost."""
    _queue(store, "bad")

    async def test() -> None:
        for death in range(1, DEATHS_ALLOWED + 1):
            assert await journal.mark_running("bad", "w")
            assert await journal.worker_lost("bad") == ("queued" if death < DEATHS_ALLOWED else "failed")
        assert _end(store, "bad", TaskResult("failed"))
        assert await journal.worker_lost("bad") == "failed"
        assert not _end(store, "bad", TaskResult("done"))
    _run(test)


def test_a_stop_counts_only_against_a_task_that_ran_alone(store: Store, journal: Journal) -> None:
    """Two that ran together are never given up for it; one alone is, the fifth time."""
    _queue(store, "one", "two")

    async def test() -> None:
        for _ in range(STOPS_ALLOWED + 2):
            assert await journal.mark_running("one", "w")
            assert await journal.mark_running("two", "w")
            assert await journal.resume() == 2
        for stop in range(1, STOPS_ALLOWED + 1):
            assert await journal.mark_running("one", "w")
            assert await journal.resume() == (1 if stop < STOPS_ALLOWED else 0)
        assert await journal.queued() == ["two"]
        row = store.read(lambda database: task_row(database, "one")).result()
        assert row is not None
        result = open_result(row, SESSION)
        assert result is not None
        assert result.error is not None
        assert (result.state, result.error.error_type) == ("failed", "WorkerDied")
    _run(test)


def test_revoked_and_deleted_tasks_are_not_run(store: Store, journal: Journal) -> None:
    _queue(store, "one", "two")

    async def test() -> None:
        assert await journal.revoke("one")
        assert not await journal.revoke("one")
        assert not await journal.mark_running("one", "w")
        assert await journal.mark_running("two", "w")
        store.write(lambda database: delete_session(database, "s")).result()
        assert await journal.worker_lost("two") == "revoked"
        assert store.read(lambda database: database.table("task_answers").count).result() == 0
    _run(test)


def test_what_a_failed_task_worked_on_is_kept_until_dismissed(store: Store, journal: Journal, tmp_path: Path) -> None:
    """A person dismisses it, or time does; its result stays."""
    _queue(store, "one", "two")

    async def test() -> None:
        for task_id in ("one", "two"):
            assert _end(store, task_id, TaskResult("failed", b"result"))
            await journal.job(task_id)
        assert await journal.dismiss("one") == 1
        assert await journal.dismiss(older_than=time.time() - 10) == 0
        assert await journal.dismiss(older_than=time.time() + 10) == 1
        row = store.read(lambda database: task_row(database, "two")).result()
        assert row is not None
        assert row.sealed_job is None
        assert open_result(row, SESSION) == TaskResult("failed", b"result")
    _run(test)
