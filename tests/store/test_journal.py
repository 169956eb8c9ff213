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
from appliance.interview.tasks import ErrorDetails, TaskView
from appliance.store.database import Store
from appliance.store.journal import DEATHS_ALLOWED, KEPT_SECONDS, STOPS_ALLOWED, Journal
from appliance.store.sealing import new_key
from appliance.store.sessions import SessionRow, delete_session, insert_session
from appliance.store.tasks import (
    NewTask,
    TaskPayload,
    TaskResult,
    TaskRow,
    add_tasks,
    end_task,
    open_result,
    revoke_task,
    seal_answers,
    task_row,
    worker_died,
)

APPLIANCE, SESSION = new_key(), new_key()


@pytest.fixture
def journal(store: Store) -> Journal:
    store.write(lambda database: insert_session(database, SessionRow("s", "i", None, 0, 0, 0, step=1))).result()
    return Journal(store, APPLIANCE, packages="the packages", settings={"name": "value"})


def _queue(store: Store, *ids: str, after: tuple[str, ...] = (), user_id: int | None = None) -> None:
    payload = TaskPayload("i", "work", pickle.dumps({"a": 1}), UserInfo(user_id, first_name="Ann"), "http://here")
    tasks = [NewTask.make(one, None, payload, appliance_key=APPLIANCE, session_key=SESSION, after=after) for one in ids]
    store.write(lambda database: add_tasks(database, "s", tasks, seal_answers(APPLIANCE, "s", b"answers"))).result()


def _row(store: Store, task_id: str) -> TaskRow:
    row = store.read(lambda database: task_row(database, task_id)).result()
    assert row is not None
    return row


def _revoke(store: Store, task_id: str) -> bool:
    return store.write(lambda database: revoke_task(database, task_id)).result()


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
    """Two that ran together are never given up for it; one alone is, the fifth time.

    It stays as it is until its end is written: a crash in between leads here again.
    """
    _queue(store, "one", "two")

    async def test() -> None:
        for _ in range(STOPS_ALLOWED + 2):
            assert await journal.mark_running("one", "w")
            assert await journal.mark_running("two", "w")
            assert await journal.resume() == []
            assert await journal.queued() == ["one", "two"]
        for stop in range(1, STOPS_ALLOWED + 1):
            assert await journal.mark_running("one", "w")
            assert await journal.resume() == ([] if stop < STOPS_ALLOWED else ["one"])
        assert await journal.queued() == ["two"]
        assert await journal.resume() == ["one"]
        assert _end(store, "one", TaskResult("failed", error=worker_died()))
        assert await journal.resume() == []
        assert _row(store, "one").error_type == "WorkerDied"
    _run(test)


def test_revoked_and_deleted_tasks_are_not_run(store: Store, journal: Journal) -> None:
    _queue(store, "one", "two")

    async def test() -> None:
        assert _revoke(store, "one")
        assert not _revoke(store, "one")
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


def test_a_task_waits_until_those_it_waits_for_have_ended(store: Store, journal: Journal) -> None:
    """However they ended; then it is taken in the place it had, and sees what became of them."""
    _queue(store, "done", "failed", "revoked", "gone")
    _queue(store, "collects", after=("done", "failed", "revoked", "gone", "never was"))
    _queue(store, "later")

    async def test() -> None:
        assert await journal.queued() == ["done", "failed", "revoked", "gone", "later"]
        assert not await journal.mark_running("collects", "w")
        assert await journal.mark_running("done", "w")
        error = ErrorDetails("ValueError", "no")
        assert _end(store, "done", TaskResult("done", pickle.dumps([1, 2])))
        assert _end(store, "failed", TaskResult("failed", None, error))
        assert _revoke(store, "revoked")
        assert await journal.queued() == ["gone", "later"]
        store.write(lambda database: database.execute("DELETE FROM tasks WHERE id = 'gone'")).result()
        assert await journal.queued() == ["collects", "later"]
        views = {view.task_id: view for view in (await journal.job("collects")).after}
        assert (views["done"].state, views["done"].value) == ("done", [1, 2])
        assert (views["failed"].state, views["failed"].error) == ("failed", error)
        assert views["revoked"].state == "revoked"
        assert views["never was"] == TaskView("never was", "revoked")
        assert all(view.ready for view in views.values())
        assert await journal.mark_running("collects", "w")
        assert _end(store, "collects", TaskResult("done"))
        assert store.read(lambda database: database.table("task_waits").count).result() == 0
    _run(test)


def test_a_task_waits_for_one_that_runs_again_after_a_death(store: Store, journal: Journal) -> None:
    _queue(store, "page")
    _queue(store, "collects", after=("page",))

    async def test() -> None:
        assert await journal.mark_running("page", "w")
        assert await journal.worker_lost("page") == "queued"
        assert await journal.queued() == ["page"]
    _run(test)


def test_what_another_session_s_tasks_found_out_is_not_told(store: Store, journal: Journal) -> None:
    """A task may wait for any, but sees only those of its own session."""
    store.write(lambda database: insert_session(database, SessionRow("t", "i", None, 0, 0, 0, step=1))).result()
    payload = TaskPayload("i", "work", pickle.dumps({}), UserInfo(), "")
    other = NewTask.make("other", None, payload, appliance_key=APPLIANCE, session_key=new_key())
    store.write(lambda database: add_tasks(database, "t", [other], seal_answers(APPLIANCE, "t", b"x"))).result()
    _queue(store, "curious", after=("other",))
    assert _end(store, "other", TaskResult("done", pickle.dumps("secret")))

    async def test() -> None:
        assert (await journal.job("curious")).after == (TaskView("other", "revoked"),)
    _run(test)


def test_a_task_that_no_worker_has_is_put_back(store: Store, journal: Journal) -> None:
    """It counts as no death; one that was revoked or has ended stays so."""
    _queue(store, "one", "two")

    async def test() -> None:
        assert await journal.mark_running("one", "w")
        assert await journal.put_back("one")
        assert not await journal.put_back("one")
        assert await journal.queued() == ["one", "two"]
        assert _row(store, "one").deaths == 0
        assert await journal.mark_running("two", "w")
        assert _revoke(store, "two")
        assert not await journal.put_back("two")
        assert _row(store, "two").state == "revoked"
    _run(test)


def test_the_third_death_survives_a_crash_before_its_end_is_written(store: Store, journal: Journal) -> None:
    """The task is tried once more and not three times more."""
    _queue(store, "bad", "other")

    async def test() -> None:
        for _ in range(DEATHS_ALLOWED):
            assert await journal.mark_running("bad", "w")
            state = await journal.worker_lost("bad")
        assert state == "failed"
        assert _row(store, "bad").state == "running"
        assert await journal.mark_running("other", "w")
        assert await journal.resume() == []
        assert await journal.mark_running("bad", "w")
        assert await journal.worker_lost("bad") == "failed"
    _run(test)


def test_a_failed_task_runs_again_as_if_it_never_had(store: Store, journal: Journal) -> None:
    """With the answers and arguments it had, in its old place; what it ended with is forgotten."""
    _queue(store, "one", "two")

    async def test() -> None:
        for _ in range(DEATHS_ALLOWED):
            assert await journal.mark_running("one", "w")
            await journal.worker_lost("one")
        error = ErrorDetails("WorkerDied", "again and again")
        assert _end(store, "one", TaskResult("failed", b"value", error, where="x.yml, line 3"))
        row = _row(store, "one")
        assert (row.error_type, row.error_where, row.deaths) == ("WorkerDied", "x.yml, line 3", DEATHS_ALLOWED)
        assert await journal.run_again("one")
        row = _row(store, "one")
        assert (row.state, row.deaths, row.stops, row.started, row.ended, row.error_type, row.error_where) == (
            "queued", 0, 0, None, None, "", "")
        assert open_result(row, SESSION) is None
        assert await journal.queued() == ["one", "two"]
        assert (await journal.job("one")).answers == b"answers"
        assert not await journal.run_again("one")
        assert _end(store, "one", TaskResult("done"))
        assert not await journal.run_again("one")
        assert not await journal.run_again("nobody knows it")
    _run(test)


def test_what_a_task_worked_on_is_dropped_after_thirty_days(store: Store, journal: Journal) -> None:
    """It cannot run again then; that it failed, and why, stays."""
    _queue(store, "old", "new")

    async def test() -> None:
        for task_id in ("old", "new"):
            assert _end(store, task_id, TaskResult("failed", None, ErrorDetails("ValueError", "no")))
        store.write(lambda database: database.execute(
            "UPDATE tasks SET ended = ? WHERE id = 'old'", [time.time() - KEPT_SECONDS - 60])).result()
        assert await journal.forget_old() == 1
        assert not await journal.run_again("old")
        assert await journal.run_again("new")
        assert _row(store, "old").error_type == "ValueError"
    _run(test)


def test_a_row_says_who_asked_for_it(store: Store, journal: Journal) -> None:
    """The account where there is one; a task outlives an account."""
    store.write(lambda database: database.execute(
        "INSERT INTO users (id, email_mark, created) VALUES (7, 'made of an address', 0)")).result()
    _queue(store, "hers", user_id=7)
    _queue(store, "nobody's")
    _queue(store, "a stranger's", user_id=99)
    assert [_row(store, one).user_id for one in ("hers", "nobody's", "a stranger's")] == [7, None, None]
    store.write(lambda database: database.execute("DELETE FROM users WHERE id = 7")).result()
    assert _row(store, "hers").user_id is None
