"""What happens when a task dies, takes too much, or the journal fails: the error action runs, and no task is lost."""

from __future__ import annotations

import asyncio
import pickle
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.compute import delivery as delivery_module
from appliance.compute.delivery import TRIES_WITH_ALL, Delivery
from appliance.installing import install
from appliance.interview.answers import freeze, new_answers
from appliance.interview.host import UserInfo
from appliance.interview.tasks import TaskEnd, TaskJob
from appliance.interview.turn import FollowUp
from appliance.store.errors import StoreFull, WrongKey
from tests.compute.conftest import Bench
from tests.compute.entries import entry
from tests.compute.memory_journal import MemoryJournal, file_appears, until
from tests.sessions.house import ANN, House, run, screen_of
from tests.support.packages import make_package

INTERVIEW = """
mandatory: True
question: The end
---
event: dies
code: |
  import os
  background_error_action('too_early')
  background_error_action('on_failure', context='dying')
  os._exit(3)
---
event: dies_with_nothing_to_run
code: |
  import os
  os._exit(3)
---
event: dies_at_once_later
code: |
  import os
  import pathlib
  mark = pathlib.Path(action_argument('mark'))
  if mark.exists():
    os._exit(3)
  mark.write_text('been here')
  background_error_action('on_failure', context='once')
  os._exit(3)
---
event: dies_with_what_cannot_travel
code: |
  import os
  import threading
  background_error_action('on_failure', lock=threading.Lock())
  os._exit(3)
---
event: spins
code: |
  background_error_action('on_failure', context='spinning', error_type='mine')
  while True:
    pass
---
event: spins_and_says_so
code: |
  import pathlib
  background_error_action('on_failure')
  pathlib.Path(action_argument('mark')).write_text('it runs')
  while True:
    pass
---
event: hoards
code: |
  import time
  background_error_action('on_failure', context='hoarding')
  held = b'x' * (300 << 20)
  time.sleep(600)
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    install([make_package(folder / "source", "failtest", {"test.yml": INTERVIEW})], folder / "packages")
    return folder / "packages"


def _add(bench: Bench, packages: Path, action: str, **arguments: str) -> None:
    """A task named after its action."""
    bench.journal.jobs[action] = TaskJob(
        action, "s1", "docassemble.failtest:data/questions/test.yml", action, pickle.dumps(arguments),
        freeze(new_answers({}, datetime.now(UTC))), UserInfo(), packages=str(packages))
    bench.journal.states[action] = "queued"


def _action(end: TaskEnd) -> FollowUp:
    assert end.follow_up is not None
    found = pickle.loads(end.follow_up)
    assert isinstance(found, FollowUp)
    return found


def test_the_error_action_survives_the_death_of_its_process(fresh: Bench, packages: Path, tmp_path: Path) -> None:
    """Three deaths, a time limit, a memory limit: the action that was registered last goes back with the end, with the
    four arguments; also where the later runs died before they could register it. Without one there is none.
    """
    async def test() -> None:
        fresh.settings["compute: task time limit"] = 3
        await fresh.start()
        for action in ("dies", "dies_with_nothing_to_run", "spins", "hoards"):
            _add(fresh, packages, action)
        _add(fresh, packages, "dies_at_once_later", mark=str(tmp_path / "mark"))
        fresh.compute.wake()
        died, nothing, spun, hoarded, once = await fresh.journal.ended(
            "dies", "dies_with_nothing_to_run", "spins", "hoards", "dies_at_once_later", within=60)
        assert fresh.journal.deaths == {"dies": 3, "dies_with_nothing_to_run": 3, "dies_at_once_later": 3}
        for end, error_type, context in ((died, "WorkerDied", "dying"), (spun, "TimeLimitExceeded", "spinning"),
                                         (hoarded, "MemoryLimitExceeded", "hoarding"), (once, "WorkerDied", "once")):
            assert end.error is not None
            assert _action(end) == FollowUp("on_failure", {
                "context": context, "error_type": error_type, "error_message": end.error.error_message,
                "error_trace": "", "variables": []})
        assert nothing.error is not None
        assert nothing.follow_up is None
        assert fresh.compute._dispatcher._error_actions == {}
        await fresh.compute.stop()
    fresh.run(test)


def test_an_error_action_with_what_cannot_travel_runs_without_it(fresh: Bench, packages: Path) -> None:
    """Its action still runs, with what is known of the error."""
    async def test() -> None:
        await fresh.start()
        _add(fresh, packages, "dies_with_what_cannot_travel")
        fresh.compute.wake()
        [end] = await fresh.journal.ended("dies_with_what_cannot_travel", within=60)
        assert _action(end).action == "on_failure"
        assert set(_action(end).arguments) == {"error_type", "error_message", "error_trace", "variables"}
        await fresh.compute.stop()
    fresh.run(test)


def test_a_revoked_task_runs_no_error_action(fresh: Bench, packages: Path, tmp_path: Path) -> None:
    """Whoever revokes it wants nothing of it any more: no end is reported, and nothing is kept of it."""
    async def test() -> None:
        await fresh.start()
        _add(fresh, packages, "spins_and_says_so", mark=str(tmp_path / "mark"))
        fresh.compute.wake()
        await file_appears(tmp_path / "mark")
        assert len(fresh.compute._dispatcher._error_actions) == 1
        fresh.journal.states["spins_and_says_so"] = "revoked"
        await fresh.compute.revoke("spins_and_says_so")
        assert fresh.journal.ends == {}
        assert fresh.compute._dispatcher._error_actions == {}
        await fresh.compute.stop()
    fresh.run(test)


@pytest.mark.parametrize("error", [StoreFull("full"), OSError("gone")])
def test_a_journal_that_fails_after_marking_loses_no_task(
        fresh: Bench, error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The task was marked as running and cannot be read, and cannot be put back at first either: it runs in the end."""
    async def test() -> None:
        monkeypatch.setattr(delivery_module, "PAUSES", (0.01,))
        await fresh.start(entry=entry)
        journal, real_job, real_put_back = fresh.journal, fresh.journal.job, fresh.journal.put_back
        fails = {"job": 2, "put_back": 2}

        async def job(task_id: str) -> TaskJob:
            if fails["job"]:
                fails["job"] -= 1
                raise error
            return await real_job(task_id)

        async def put_back(task_id: str) -> bool:
            if fails["put_back"]:
                fails["put_back"] -= 1
                raise error
            return await real_put_back(task_id)

        monkeypatch.setattr(journal, "job", job)
        monkeypatch.setattr(journal, "put_back", put_back)
        journal.add("task", "nothing", 7)
        fresh.compute.wake()
        (end,) = await journal.ended("task")
        assert end.error is None
        assert fails == {"job": 0, "put_back": 0}
        assert journal.deaths == {}
        assert fresh.compute._dispatcher._returning == set()
        assert "could not be run" in caplog.text
        await fresh.compute.stop()
    fresh.run(test)


def test_a_task_that_was_stopped_too_often_ends_at_the_start(fresh: Bench) -> None:
    """Its end takes the way of all others, so that whoever waits for it is told."""
    async def test() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tests.compute.memory_journal.MemoryJournal.resume", resume)
            await fresh.start(entry=entry)
            (end,) = await fresh.journal.ended("stopped")
        assert end.error is not None
        assert end.error.error_type == "WorkerDied"
        await fresh.compute.stop()

    async def resume(journal: MemoryJournal) -> list[str]:
        journal.add("stopped")
        journal.states["stopped"] = "running"
        return ["stopped"]
    fresh.run(test)


def test_a_task_that_can_never_be_read_fails(fresh: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sealed under another key does not get better by waiting."""
    async def test() -> None:
        await fresh.start(entry=entry)

        async def job(task_id: str) -> TaskJob:
            raise WrongKey(task_id)

        monkeypatch.setattr(fresh.journal, "job", job)
        fresh.journal.add("task")
        fresh.compute.wake()
        (end,) = await fresh.journal.ended("task")
        assert end.error is not None
        assert end.error.error_type == "WrongKey"
        await fresh.compute.stop()
    fresh.run(test)


def test_an_end_is_delivered_for_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full for a hundred tries: the end arrives as it was, once, and nothing of it stays in memory."""
    monkeypatch.setattr(delivery_module, "PAUSES", (0.0,))
    tried: list[TaskEnd] = []
    done = asyncio.Event()

    async def on_end(end: TaskEnd) -> None:
        tried.append(end)
        if len(tried) <= 100:
            raise StoreFull("full")
        done.set()

    async def test() -> None:
        delivery = Delivery(on_end)
        end = TaskEnd("task", b"value")
        delivery.send(end)
        await asyncio.wait_for(done.wait(), 10)
        await delivery.close(1)
        assert tried == [end] * 101
        assert len(delivery) == 0
    asyncio.run(test())


def test_a_task_s_end_outlives_a_full_disk(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The real journal on a disk without room: the callback is applied when there is room again, once."""
    monkeypatch.setattr(delivery_module, "PAUSES", (0.02,))
    text = """
mandatory: True
code: |
  task = background_action('work')
---
mandatory: True
question: ${ showifdef('arrived', 'nothing') }
---
event: arrived
code: |
  arrived = action_argument('what') + showifdef('arrived', '')
---
event: work
code: |
  background_response()
"""

    def pages(house: House, most: int) -> None:
        house.store.write(lambda database: database.execute(f"PRAGMA max_page_count = {most}").fetchall()).result()

    async def test(house: House) -> None:
        reply = await house.begin()
        task_id = await house.only_task()
        assert await house.journal.mark_running(task_id, "w")
        action = FollowUp("arrived", {"what": secrets.token_hex(100_000)})
        delivery = Delivery(house.turns.task_ended)
        pages(house, 1)
        delivery.send(TaskEnd(task_id, follow_up=pickle.dumps(action)))
        await until(lambda: caplog.text.count("could not be saved (StoreFull)") >= 3)
        assert (await house.journal.counts())["running"] == 1
        pages(house, 1_000_000)
        await delivery.close(10)
        shown = await house.turns.refresh(reply.session_id, ANN)
        assert screen_of(shown).question_text == action.arguments["what"]
        assert (await house.journal.counts())["done"] == 1
        assert action.arguments["what"][:100] not in caplog.text
    run(tmp_path, test, text)


def test_an_end_that_nothing_can_take_becomes_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that no waiting heals: after some tries the task has failed, so that nobody waits for it for ever."""
    monkeypatch.setattr(delivery_module, "PAUSES", (0.0,))
    tried: list[TaskEnd] = []
    done = asyncio.Event()

    async def on_end(end: TaskEnd) -> None:
        tried.append(end)
        if end.error is None:
            raise ValueError("secret")
        done.set()

    async def test() -> None:
        Delivery(on_end).send(TaskEnd("task", b"value"))
        await asyncio.wait_for(done.wait(), 10)
        assert len(tried) == TRIES_WITH_ALL + 1
        assert tried[-1].error is not None
        assert tried[-1].error.error_type == "ValueError"
        assert "secret" not in str(tried[-1].error)
    asyncio.run(test())
