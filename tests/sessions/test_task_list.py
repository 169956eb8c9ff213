"""The tasks as people see them, and what they may do about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.interview.tasks import ErrorDetails
from appliance.sessions.errors import NotYours
from appliance.sessions.task_list import MOST_ENDED, TaskSummary
from appliance.sessions.visitor import Visitor
from tests.sessions.house import ANN, BOB, INTERVIEW, House, run, screen_of

TEXT = """
metadata:
  title: Searching
---
mandatory: True
code: |
  multi_user = url_args.get('shared') == 'yes'
---
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  task = background_action('work', wanted=name)
---
mandatory: True
question: |
  Waiting for ${ name } ${ task.ready() }
reload: True
---
event: work
code: |
  background_response(1)
"""

ERROR = ErrorDetails("ValueError", "Fred is no number", "Traceback: Fred", ("x",))


async def _started(house: House, visitor: Visitor = ANN, **url_args: str) -> str:
    """A session that waits for a task; the task's id."""
    before = set(await house.journal.queued())
    await house.submit(await house.begin(visitor, **url_args), visitor, name="Fred")
    [task_id] = set(await house.journal.queued()) - before
    return task_id


async def _one(house: House, task_id: str, visitor: Visitor, *, everybody: bool = False) -> TaskSummary:
    listed = await (house.turns.all_tasks(visitor) if everybody else house.turns.tasks_of(visitor))
    [found] = [task for task in listed if task.task_id == task_id]
    return found


def test_a_person_sees_their_own_tasks_and_nobody_else_s(tmp_path: Path) -> None:
    """Outstanding ones in their order with their place in line among all, then those that ended, newest first."""
    async def test(house: House) -> None:
        first, others, second, third = [await _started(house, visitor) for visitor in (ANN, BOB, ANN, ANN)]
        await house.end(first, 1)
        assert [(task.task_id, task.place_in_line) for task in await house.turns.tasks_of(ANN)] == [
            (second, 2), (third, 3), (first, None)]
        assert [task.task_id for task in await house.turns.tasks_of(BOB)] == [others]
        assert await house.journal.mark_running(second, "w")
        running = await _one(house, second, ANN)
        assert (running.state, running.place_in_line, running.own) == ("running", None, True)
        assert running.started is not None
        assert (running.interview, running.action, running.session_title) == (INTERVIEW, "work", "Searching")
        await house.end(second, error=ERROR, log=("a line",), where="x.yml, line 3")
        failed = await _one(house, second, ANN)
        assert (failed.state, failed.error, failed.log, failed.can_run_again) == ("failed", ERROR, ("a line",), True)
        assert [task.task_id for task in await house.turns.tasks_of(ANN)] == [third, second, first]
    run(tmp_path, test, TEXT)


def test_an_administrator_sees_all_tasks_and_no_values_of_others(tmp_path: Path) -> None:
    """Of somebody else's session: that there is a task, how it is, and where it failed. Of shared ones, all."""
    async def test(house: House) -> None:
        admin = Visitor("the window", house.owner)
        hidden, shared, own = (await _started(house), await _started(house, BOB, shared="yes"),
                               await _started(house, admin))
        for task_id in (hidden, shared, own):
            await house.end(task_id, error=ERROR, log=("Fred",), where="x.yml, line 3")
        task = await _one(house, hidden, admin, everybody=True)
        assert (task.error_type, task.error_where, task.own, task.can_run_again) == (
            "ValueError", "x.yml, line 3", False, True)
        assert (task.error, task.log, task.session_title, task.user_email) == (None, (), "", "")
        assert "Fred" not in repr(task)
        task = await _one(house, shared, admin, everybody=True)
        assert (task.error, task.log, task.own) == (ERROR, ("Fred",), False)
        task = await _one(house, own, admin, everybody=True)
        assert (task.error, task.own, task.user_email) == (ERROR, True, "owner@localhost")
        for stranger in (ANN, Visitor("x", house.users.add("ann@example.com"))):
            with pytest.raises(NotYours):
                await house.turns.all_tasks(stranger)
    run(tmp_path, test, TEXT)


def test_only_who_may_ends_repeats_and_dismisses(tmp_path: Path) -> None:
    """Nobody does anything about a task of somebody else's session, administrators excepted."""
    async def test(house: House) -> None:
        admin = Visitor("the window", house.owner)
        task_id = await _started(house)
        for call in (house.turns.revoke_task, house.turns.run_task_again, house.turns.dismiss_task):
            with pytest.raises(NotYours):
                await call(task_id, BOB)
            assert not await call("no such task", BOB)
        assert not await house.turns.run_task_again(task_id, ANN)
        assert not await house.turns.dismiss_task(task_id, ANN)
        await house.end(task_id, error=ERROR)
        assert not await house.turns.revoke_task(task_id, ANN)
        assert await house.turns.run_task_again(task_id, admin)
        assert await house.turns.revoke_task(task_id, admin)
        assert not await house.turns.revoke_task(task_id, ANN)
        assert house.revoked == [task_id]
    run(tmp_path, test, TEXT)


def test_a_failed_task_runs_again_and_its_result_counts(tmp_path: Path) -> None:
    """Compute is told; the page that waits shows what came of it; the handle is the same."""
    async def test(house: House) -> None:
        task_id = await _started(house)
        await house.end(task_id, error=ERROR)
        told = house.queued
        assert await house.turns.run_task_again(task_id, ANN)
        assert house.queued == told + 1
        again = await _one(house, task_id, ANN)
        assert (again.state, again.error, again.error_type, again.deaths, again.can_run_again) == (
            "queued", None, "", 0, False)
        shown = await house.turns.refresh(again.session_id, ANN)
        assert screen_of(shown).question_text == "Waiting for Fred False"
        await house.work(task_id)
        assert (await _one(house, task_id, ANN)).state == "done"
        shown = await house.turns.refresh(again.session_id, ANN)
        assert screen_of(shown).question_text == "Waiting for Fred True"
    run(tmp_path, test, TEXT)


def test_a_dismissed_task_cannot_run_again_and_stays_to_be_read(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        task_id = await _started(house)
        await house.end(task_id, error=ERROR)
        assert await house.turns.dismiss_task(task_id, ANN)
        assert not await house.turns.dismiss_task(task_id, ANN)
        assert not await house.turns.run_task_again(task_id, ANN)
        task = await _one(house, task_id, ANN)
        assert (task.state, task.error, task.can_run_again) == ("failed", ERROR, False)
        assert house.rows("SELECT count(*) FROM task_answers") == [(0,)]
    run(tmp_path, test, TEXT)


def test_a_revoked_task_lets_the_page_that_waits_go_on(tmp_path: Path) -> None:
    """The tab is told to fetch its page again, and the task is ready there."""
    async def test(house: House) -> None:
        task_id = await _started(house)
        house.notices.clear()
        assert await house.turns.revoke_task(task_id, ANN)
        assert [notice.kind for notice in house.notices] == ["reload"]
        task = await _one(house, task_id, ANN)
        assert (task.state, task.can_run_again) == ("revoked", False)
        shown = await house.turns.refresh(task.session_id, ANN)
        assert screen_of(shown).question_text == "Waiting for Fred True"
    run(tmp_path, test, TEXT)


def test_a_parked_task_says_so(tmp_path: Path) -> None:
    """The one that took its worker down again and again."""
    async def test(house: House) -> None:
        task_id = await _started(house)
        for _ in range(3):
            assert await house.journal.mark_running(task_id, "w")
            await house.journal.worker_lost(task_id)
        await house.end(task_id, error=ErrorDetails("WorkerDied", "again and again"))
        task = await _one(house, task_id, ANN)
        assert (task.parked, task.deaths, task.can_run_again) == (True, 3, True)
    run(tmp_path, test, TEXT)


def test_the_list_stays_short(tmp_path: Path) -> None:
    """All that are outstanding, and the last of those that ended; many that went well hide none that failed."""
    async def test(house: House) -> None:
        task_id = await _started(house)
        house.store.write(lambda database: database.executescript(
            "INSERT INTO tasks (id, session_id, state, action, created, ended)"
            " WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 300)"
            " SELECT 'old' || n, (SELECT id FROM sessions), iif(n = 3, 'failed', 'done'), 'work', n, n FROM numbers"
        )).result()
        listed = await house.turns.tasks_of(ANN)
        assert [task.task_id for task in listed[:2]] == [task_id, "old300"]
        assert len(listed) == 1 + MOST_ENDED + 1
        assert (listed[-1].task_id, listed[-1].state) == ("old3", "failed")
    run(tmp_path, test, TEXT)


@pytest.mark.parametrize("damage", ["tasks SET sealed_result = x'01'", "session_keys SET sealed_key = x'01'"])
def test_a_damaged_task_does_not_hide_the_others(tmp_path: Path, damage: str) -> None:
    """It is listed, without what it said."""
    async def test(house: House) -> None:
        task_id = await _started(house)
        assert await house.journal.mark_running(task_id, "w")
        await house.end(task_id, error=ErrorDetails("ValueError", "secret"))
        house.store.write(lambda database: database.executescript(f"UPDATE {damage}")).result()
        [task] = await house.turns.tasks_of(ANN)
        assert (task.task_id, task.state, task.error) == (task_id, "failed", None)
    run(tmp_path, test, TEXT)
