"""Tasks that start, wait for and end other tasks, and what code in tasks and their actions may do."""

from __future__ import annotations

import asyncio
import pickle
from pathlib import Path

import pytest

from appliance.interview.errors import CodeFailed
from appliance.interview.tasks import ErrorDetails, TaskEnd
from appliance.interview.turn import StartTask
from appliance.sessions.reply import Reply
from appliance.sessions.visitor import Visitor
from tests.sessions.house import ANN, BOB, House, run, screen_of

STARTING = """
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  name
  task = background_action('work')
---
mandatory: True
question: |
  ${ showifdef('found', 'nothing') } ${ showifdef('said', '') }
fields:
  - Comment: comment
---
mandatory: True
question: The end
---
event: work
code: |
  inner = background_action('second', told=name)
  background_response(inner)
---
event: works_and_fails
code: |
  background_action('second', told=name)
  1 / 0
---
event: works_and_revokes
code: |
  earlier.revoke()
  background_response()
---
event: works_and_comes_back
code: |
  background_action('second', told=name)
  background_response_action('arrived', what='first')
---
event: second
code: |
  told = action_argument('told') + showifdef('found', '') + showifdef('comment', '')
  background_response_action('arrived', what=told)
---
event: arrived
code: |
  found = action_argument('what')
  background_response()
---
event: arrived_and_goes_on
code: |
  found = 'one'
  again = background_action('second', told='two')
  said = [again.ready(), task.ready()]
  background_response()
---
event: arrived_and_waits
code: |
  background_action('second', told='two').get()
---
event: arrived_and_fails
code: |
  background_action('second', told='two')
  1 / 0
---
event: says_who
code: |
  said = ' '.join(map(str, [interface(), user_logged_in(), user_has_privilege('user'), user_has_privilege('admin'),
    user_info().email]))
  background_response()
"""


async def _started(house: House, action: str = "work", visitor: Visitor = ANN) -> tuple[Reply, str]:
    reply = await house.submit(await house.begin(visitor), visitor, name="Fred")
    [task_id] = await house.journal.queued()
    if action != "work":
        job = await house.journal.job(task_id)
        await house.turns.task_ended(TaskEnd(task_id, effects=pickle.dumps([StartTask("t", action, {})])))
        assert job.action == "work"
        return reply, "t"
    return reply, task_id


async def _shown(house: House, reply: Reply, visitor: Visitor = ANN) -> str:
    return screen_of(await house.turns.refresh(reply.session_id, visitor)).question_text


def test_a_task_started_in_a_task_begins_at_its_end_on_the_newest_answers(tmp_path: Path) -> None:
    """Not on those of the task that asks for it: what a person entered meanwhile is there."""
    async def test(house: House) -> None:
        reply, task_id = await _started(house)
        await house.submit(reply, comment="!")
        queued = house.queued
        await house.work(task_id)
        assert house.queued == queued + 1
        await house.work()
        assert house.rows("SELECT count(*) FROM tasks WHERE state = 'done'") == [(2,)]
        job = house.rows("SELECT action FROM tasks ORDER BY number")
        assert job == [("work",), ("second",)]
        assert await _back(house, reply) == "Fred!"
    run(tmp_path, test, STARTING)


async def _back(house: House, reply: Reply) -> str:
    shown = await house.turns.refresh(reply.session_id, ANN)
    return screen_of(await house.back(shown)).question_text


def test_back_over_a_callback_that_started_a_task_finds_both(tmp_path: Path) -> None:
    """The callback runs again without starting anything, and the handle that it makes is that of the task of before."""
    text = STARTING.replace("said = [again.ready(), task.ready()]", "said = again").replace(
        "${ showifdef('said', '') }", "${ said.ready() if defined('said') else '' }")

    async def test(house: House) -> None:
        reply, task_id = await _started(house)
        await house.submit(reply, comment="!")
        await house.end(task_id, action="arrived_and_goes_on")
        await house.work()
        assert house.rows("SELECT count(*) FROM tasks") == [(2,)]
        assert await _back(house, reply) == "twoone! True"
        assert house.rows("SELECT count(*) FROM tasks") == [(2,)]
    run(tmp_path, test, text)


def test_it_works_on_what_the_response_action_changed(tmp_path: Path) -> None:
    """The action runs first, in the same commit."""
    async def test(house: House) -> None:
        reply, task_id = await _started(house, "works_and_comes_back")
        await house.work(task_id)
        assert await _shown(house, reply) == "first"
        await house.work()
        assert await _shown(house, reply) == "Fredfirst"
    run(tmp_path, test, STARTING)


def test_what_a_failed_task_asked_for_is_done_too(tmp_path: Path) -> None:
    """A task's writes are committed with its end, also when it failed."""
    async def test(house: House) -> None:
        reply, task_id = await _started(house, "works_and_fails")
        end = await house.work(task_id)
        assert end.error is not None
        [(state, error_type, where)] = house.rows("SELECT state, error_type, error_where FROM tasks WHERE id = 't'")
        assert (state, error_type) == ("failed", "ZeroDivisionError")
        assert where.startswith("tests:data/questions/test.yml, line ")
        await house.work()
        assert await _shown(house, reply) == "Fred"
    run(tmp_path, test, STARTING)


def test_a_task_can_revoke_another(tmp_path: Path) -> None:
    """With its end: compute is told to end that one too."""
    text = STARTING.replace("task = background_action('work')", "task = background_action('works_and_revokes')\n"
                            "  earlier = background_action('second')").replace(
                            "  task = background", "  earlier = background_action('second')\n  task = background", 1)

    async def test(house: House) -> None:
        await house.submit(await house.begin(), name="Fred")
        ids = dict(house.rows("SELECT action, id FROM tasks ORDER BY number DESC"))
        assert await house.journal.mark_running(ids["second"], "w")
        await house.work(ids["works_and_revokes"])
        assert len(house.revoked) == 1
        assert house.rows("SELECT count(*) FROM tasks WHERE state = 'revoked'") == [(1,)]
    run(tmp_path, test, text)


def test_a_response_action_can_start_a_task_and_look_at_those_that_ended(tmp_path: Path) -> None:
    """The new one is not ready, the one that it answers neither: it ends with this action. Waiting is an error."""
    async def test(house: House) -> None:
        reply, task_id = await _started(house)
        await house.end(task_id, action="arrived_and_goes_on")
        assert await _shown(house, reply) == "one [False, False]"
        await house.work()
        assert await _shown(house, reply) == "twoone [False, False]"
    run(tmp_path, test, STARTING)


@pytest.mark.parametrize("action", ["arrived_and_waits", "arrived_and_fails"])
def test_a_response_action_that_fails_starts_nothing(tmp_path: Path, action: str) -> None:
    """It is a turn: it fails as a whole. Waiting in it is one way to fail."""
    async def test(house: House) -> None:
        reply, task_id = await _started(house)
        await house.end(task_id, action=action)
        assert house.rows("SELECT state FROM tasks") == [("failed",)]
        assert await house.journal.queued() == []
        assert await _shown(house, reply) == "nothing"
    run(tmp_path, test, STARTING)


def test_a_response_action_acts_for_whoever_asked_for_the_task(tmp_path: Path) -> None:
    """Also when they are long gone, and somebody else has the session open; and it says that it runs on a worker."""
    async def test(house: House) -> None:
        ann = house.users.add("ann@example.com", first_name="Ann")
        for user, words in ((house.owner, "worker True False True owner@localhost"),
                            (ann, "worker True True False ann@example.com"),
                            (None, "worker False True False")):
            visitor = ANN if user is None else Visitor("a browser's secret", user)
            reply, task_id = await _started(house, visitor=visitor)
            assert house.rows(f"SELECT user_id FROM tasks WHERE id = '{task_id}'") == [
                (None if user is None else user.user_id,)]
            await house.end(task_id, action="says_who")
            assert await _shown(house, reply, visitor) == f"nothing {words}"
    run(tmp_path, test, STARTING)


def test_an_action_that_cannot_be_opened_here_is_a_failure(tmp_path: Path) -> None:
    """Nobody waits for ever for an end that no try can save."""
    async def test(house: House) -> None:
        _, task_id = await _started(house)
        await house.turns.task_ended(TaskEnd(task_id, follow_up=b"no pickle"))
        assert house.rows("SELECT state, error_type FROM tasks") == [("failed", "UnpicklingError")]
    run(tmp_path, test, STARTING)


def test_compute_is_told_when_a_task_ends_that_others_wait_for(tmp_path: Path) -> None:
    """Ended, failed or revoked: those that waited can be taken at once. Of others it is not told."""
    async def test(house: House) -> None:
        reply, task_id = await _started(house)
        pages = [StartTask(page, "second", {"told": page}) for page in ("one", "two", "three", "alone")]
        collects = StartTask("collects", "arrived", {}, after=("one", "two", "three"))
        await house.turns.task_ended(TaskEnd(task_id, effects=pickle.dumps([*pages, collects])))
        told = house.queued
        await house.end("alone", 0)
        assert house.queued == told
        await house.end("one", 1)
        await house.end("two", error=ErrorDetails("ValueError", "no"))
        assert await house.journal.queued() == ["three"]
        told = house.queued
        assert await house.turns.revoke_task("three", ANN)
        assert house.queued == told + 1
        assert await house.journal.queued() == ["collects"]
        states = {view.task_id: (view.state, view.value) for view in (await house.journal.job("collects")).after}
        assert states == {"one": ("done", 1), "two": ("failed", None), "three": ("revoked", None)}
        assert reply.session_id == (await house.journal.job("collects")).session_id
    run(tmp_path, test, STARTING)


COLLECTING = """
mandatory: True
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  from tests.sessions.test_tasks_in_tasks import collecting
  value = collecting().get()
---
mandatory: True
question: Got ${ value }
---
event: page
code: |
  background_response(1)
---
event: collect
code: |
  background_response(2)
---
event: arrived
code: |
  pass
"""


def collecting() -> object:
    """What a library function does that starts tasks for the pages of a document, and one that collects them."""
    from appliance.interview.host import current
    from appliance.library.background import MyAsyncResult

    current().effects.extend([StartTask("one", "page", {}), StartTask("two", "page", {}),
                              StartTask("all", "collect", {}, after=("one", "two"))])
    return MyAsyncResult("all", current().host.now())


def _told_of_tasks(house: House) -> asyncio.Event:
    """Set when tasks are queued."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(told.set)
    house.turns.listeners.on_tasks_queued = tell
    return told


def test_a_turn_can_wait_for_a_task_that_waits_for_others(tmp_path: Path) -> None:
    """All of them are started then, not only the one that is waited for."""
    async def test(house: House) -> None:
        begun = await house.begin()
        told = _told_of_tasks(house)
        turn = asyncio.create_task(house.submit(begun, name="Fred"))
        await told.wait()
        assert await house.journal.queued() == ["one", "two"]
        await house.work("one")
        await house.work("two")
        await house.work("all")
        assert screen_of(await asyncio.wait_for(turn, 10)).question_text == "Got 2"
    run(tmp_path, test, COLLECTING)


def test_a_turn_that_waits_behind_a_task_that_ends_in_an_action_is_told_at_once(tmp_path: Path) -> None:
    """The action needs the turn's place in the line: both would wait for ever."""
    async def test(house: House) -> None:
        begun = await house.begin()
        told = _told_of_tasks(house)
        turn = asyncio.create_task(house.submit(begun, name="Fred"))
        await told.wait()
        ending = asyncio.create_task(house.end("one", action="arrived"))
        with pytest.raises(CodeFailed, match="reload: True"):
            await asyncio.wait_for(turn, 10)
        await asyncio.wait_for(ending, 10)
        assert house.rows("SELECT state FROM tasks WHERE id = 'one'") == [("done",)]
    run(tmp_path, test, COLLECTING)


def test_a_task_that_runs_again_starts_tasks_of_its_own_in_its_action(tmp_path: Path) -> None:
    """The error action of the first time had started one; that of the second time is another one, and is not lost."""
    async def test(house: House) -> None:
        _, task_id = await _started(house)
        await house.end(task_id, action="arrived_and_goes_on", error=ErrorDetails("ValueError", "no"))
        await house.work()
        assert await house.turns.run_task_again(task_id, ANN)
        assert await house.journal.mark_running(task_id, "w")
        await house.end(task_id, action="arrived_and_goes_on")
        await house.work()
        assert house.rows("SELECT action, state FROM tasks ORDER BY number") == [
            ("work", "done"), ("second", "done"), ("second", "done")]
    run(tmp_path, test, STARTING)


FIRST_TURN_WAITS = """
mandatory: True
code: |
  place = 'here'
  value = background_action('outer').get()
---
mandatory: True
question: Got ${ value } ${ showifdef('told') }
fields:
  - Comment: comment
---
event: outer
code: |
  background_action('inner')
  background_response(1)
---
event: inner
code: |
  background_response_action('arrived', what=place)
---
event: arrived
code: |
  told = action_argument('what')
  background_response()
"""


def test_a_task_that_the_first_turn_waits_for_can_start_another(tmp_path: Path) -> None:
    """No answers are committed yet; the new one works on those of the task that asks for it."""
    async def test(house: House) -> None:
        told = _told_of_tasks(house)
        turn = asyncio.create_task(house.begin())
        await told.wait()
        await house.work()
        reply = await asyncio.wait_for(turn, 10)
        await house.work()
        assert await _shown(house, reply) == "Got 1 here"
    run(tmp_path, test, FIRST_TURN_WAITS)


def test_an_answer_of_a_response_action_that_cannot_be_kept_is_its_failure(tmp_path: Path) -> None:
    """At once, in words that name the value; nothing of the action stays."""
    text = STARTING + """
---
event: arrived_with_a_lock
code: |
  import threading
  found = 'one'
  background_response({'lock': threading.Lock()})
"""

    async def test(house: House) -> None:
        reply, task_id = await _started(house)
        await house.end(task_id, action="arrived_with_a_lock")
        assert house.rows("SELECT state, error_type FROM tasks") == [("failed", "CannotSave")]
        [task] = await house.turns.tasks_of(ANN)
        assert task.error is not None
        assert "given to background_response()" in task.error.error_message
        assert await _shown(house, reply) == "nothing"
    run(tmp_path, test, text)


def test_without_terminate_a_task_that_runs_goes_on(tmp_path: Path) -> None:
    """``revoke(terminate=False)`` takes it from the queue only; what a task brings that has begun counts."""
    text = STARTING + """
---
event: leaves_it
code: |
  task.revoke(terminate=False)
"""

    async def test(house: House) -> None:
        reply, task_id = await _started(house)
        assert await house.journal.mark_running(task_id, "w")
        await house.turns.action(reply.session_id, ANN, "leaves_it", {})
        await house.end(task_id, action="arrived", arguments={"what": "kept"})
        assert await _shown(house, reply) == "kept"
        assert house.revoked == []
        other, waiting = await _started(house, visitor=BOB)
        await house.turns.action(other.session_id, BOB, "leaves_it", {})
        assert house.rows(f"SELECT state FROM tasks WHERE id = '{waiting}'") == [("revoked",)]
    run(tmp_path, test, text)


def test_a_key_that_a_person_typed_is_in_no_column_and_no_log(
        tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Actions and variables of objects in a dictionary are named after its keys, which may be people's names."""
    text = STARTING.replace(
        "task = background_action('work')",
        "people = DADict('people', auto_gather=False, gathered=True)\n"
        "  people.initializeObject(name, DAObject)\n"
        "  task = background_action(people[name].attr_name('work'))") + """
---
generic object: DAObject
event: x.work
code: |
  background_response_action(x.attr_name('arrived'))
---
generic object: DAObject
event: x.arrived
code: |
  x.unknown
"""

    async def test(house: House) -> None:
        await house.submit(await house.begin(), name="Zebedee")
        await house.work()
        assert house.rows("SELECT action, state FROM tasks") == [("people['…'].work", "failed")]
        assert "people['…'].unknown" in caplog.text
        assert "Zebedee" not in caplog.text
        for column in ("action", "error_type", "error_where"):
            assert house.rows(f"SELECT count(*) FROM tasks WHERE {column} LIKE '%Zebedee%'") == [(0,)]
    run(tmp_path, test, text)
