"""Background tasks through their session: queued by the commit, ended in a turn, applied exactly once."""

from __future__ import annotations

import asyncio
import pickle
from pathlib import Path

import pytest

from appliance.interview.errors import CodeFailed
from appliance.interview.tasks import ErrorDetails, TaskEnd
from appliance.interview.turn import SendNotice, StartTask
from appliance.sessions.errors import NoSuchSession, Stopping
from appliance.sessions.reply import Reply
from tests.sessions.house import ANN, House, run, screen_of

WAITING = """
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  name
  task = background_action('work', factor=3)
---
event: work
code: |
  background_response(1)
---
event: arrived
code: |
  result = action_argument('answer')
  arrivals = arrivals + 1 if defined('arrivals') else 1
  background_response('applied ' + str(result))
---
event: went_wrong
code: |
  problem = action_argument('error_type')
  background_response('told')
---
event: breaks
code: |
  result = 1 / 0
---
event: leaves
code: |
  command('exit')
---
need: name
mandatory: True
question: |
  ${ showifdef('result', 'no result') } ${ showifdef('arrivals', 0) } ${ task.ready() }
fields:
  - Comment: comment
reload: True
---
mandatory: True
question: |
  Then ${ comment } ${ showifdef('result', 'no result') } ${ task.get() }
"""


async def _waiting(house: House) -> tuple[Reply, str]:
    reply = await house.submit(await house.begin(), name="Fred")
    return reply, await house.only_task()


def test_a_commit_queues_the_task_with_the_answers_of_its_turn(tmp_path: Path) -> None:
    """Compute is told once, and finds the job with arguments and answers; after a restart too."""
    async def first(house: House) -> None:
        reply, task_id = await _waiting(house)
        assert house.queued == 1
        job = await house.journal.job(task_id)
        assert (job.session_id, job.action, pickle.loads(job.arguments)) == (reply.session_id, "work", {"factor": 3})
        assert pickle.loads(job.answers)["name"] == "Fred"
        assert await house.journal.mark_running(task_id, "a worker")
        assert await house.journal.queued() == []

    async def second(house: House) -> None:
        assert await house.journal.resume() == []
        job = await house.journal.job(await house.only_task())
        assert pickle.loads(job.answers)["name"] == "Fred"
    run(tmp_path, first, WAITING)
    run(tmp_path, second, WAITING)


def test_a_plain_end_gives_the_value_and_reloads_the_waiting_page(tmp_path: Path) -> None:
    """.ready() and .get() see the value; the page that waits is told at once, and stays valid."""
    async def test(house: House) -> None:
        reply, task_id = await _waiting(house)
        await house.end(task_id, [1, 2])
        assert [(notice.kind, notice.id) for notice in house.notices] == [("reload", 0)]
        shown = await house.turns.refresh(reply.session_id, ANN)
        assert screen_of(shown).question_text == "no result 0 True"
        assert screen_of(await house.submit(reply, comment="x")).question_text == "Then x no result [1, 2]"
        assert house.rows("SELECT state, sealed_job, sealed_session_key, answers_id FROM tasks") == [
            ("done", None, None, None)]
        assert house.rows("SELECT count(*) FROM task_answers") == [(0,)]
    run(tmp_path, test, WAITING)


def test_a_response_action_and_a_person_typing_meanwhile_are_both_applied(tmp_path: Path) -> None:
    """The callback changes the newest answers without making the open form stale."""
    async def test(house: House) -> None:
        reply, task_id = await _waiting(house)
        await house.end(task_id, action="arrived", arguments={"answer": 42})
        assert screen_of(await house.submit(reply, comment="x")).question_text == "Then x 42 applied 42"
    run(tmp_path, test, WAITING)


def test_an_end_reported_twice_is_applied_once(tmp_path: Path) -> None:
    """Also when both reports arrive at the same moment, and again after a restart."""
    async def test(house: House) -> tuple[str, str]:
        reply, task_id = await _waiting(house)
        await asyncio.gather(*(house.end(task_id, action="arrived", arguments={"answer": 42}) for _ in range(5)))
        return reply.session_id, task_id

    async def again(house: House) -> None:
        await house.end(task_id, action="arrived", arguments={"answer": 43})
        assert screen_of(await house.turns.refresh(session_id, ANN)).question_text == "42 1 True"

    session_id, task_id = run(tmp_path, test, WAITING)
    run(tmp_path, again, WAITING)


def test_a_response_action_that_fails_fails_the_task(tmp_path: Path) -> None:
    """Its error is the task's, and the answers stay as they were."""
    async def test(house: House) -> None:
        reply, task_id = await _waiting(house)
        await house.end(task_id, action="breaks")
        assert house.rows("SELECT state FROM tasks") == [("failed",)]
        assert screen_of(await house.turns.refresh(reply.session_id, ANN)).question_text == "no result 0 True"
    run(tmp_path, test, WAITING)


def test_an_error_action_runs_and_the_task_stays_failed(tmp_path: Path) -> None:
    """background_error_action(): the answers change, the value is the action's, the error is kept."""
    text = WAITING.replace("Then ${ comment }", "Then ${ problem } ${ task.failed() } ${ task.result().error_type }")

    async def test(house: House) -> None:
        reply, task_id = await _waiting(house)
        await house.end(task_id, action="went_wrong", arguments={"error_type": "OSError"},
                        error=ErrorDetails("OSError", "no network"))
        shown = screen_of(await house.submit(reply, comment="x"))
        assert shown.question_text == "Then OSError True OSError no result told"
    run(tmp_path, test, text)


def test_a_task_or_its_action_may_end_the_session(tmp_path: Path) -> None:
    """command('exit') in a task or in its response action deletes the session in the same commit."""
    async def test(house: House) -> None:
        for ending in ({"action": "leaves"}, {"goodbye": "exit"}):
            reply, task_id = await _waiting(house)
            await house.end(task_id, **ending)
            with pytest.raises(NoSuchSession):
                await house.turns.refresh(reply.session_id, ANN)
            assert house.rows("SELECT count(*) FROM tasks") == [(0,)]
    run(tmp_path, test, WAITING)


def test_the_end_of_a_task_whose_session_is_gone_is_dropped(tmp_path: Path) -> None:
    """Deleting a session revokes its tasks; what they bring later is nobody's."""
    async def test(house: House) -> None:
        reply, task_id = await _waiting(house)
        await house.turns.delete(reply.session_id, ANN)
        assert house.revoked == [task_id]
        await house.end(task_id, action="arrived")
        await house.end(task_id)
        assert house.rows("SELECT count(*) FROM sessions") == [(0,)]
    run(tmp_path, test, WAITING)


def test_back_over_a_callback_runs_it_again_on_the_restored_answers(tmp_path: Path) -> None:
    """Started on step 2, applied on step 3: going Back to step 2 finds the result there, once."""
    text = WAITING.replace("reload: True\n", "")

    async def test(house: House) -> str:
        reply, task_id = await _waiting(house)
        moved = await house.turns.action(reply.session_id, ANN, "note", {})
        assert moved.steps == 3
        await house.end(task_id, action="arrived", arguments={"answer": 42})
        back = await house.back(moved)
        assert back.steps == 2
        assert screen_of(back).question_text == "42 1 True"
        assert screen_of(await house.turns.refresh(reply.session_id, ANN)).question_text == "42 1 True"
        first = await house.back(back)
        assert screen_of(first).question_text == "Name?"
        return reply.session_id

    async def after_restart(house: House) -> None:
        reply = await house.turns.refresh(session_id, ANN)
        assert (reply.steps, screen_of(reply).question_text) == (1, "Name?")

    session_id = run(tmp_path, test, text + "\n---\nevent: note\ncode: |\n  noted = True\n")
    run(tmp_path, after_restart, text)


def test_notices_wait_until_they_are_delivered(tmp_path: Path) -> None:
    """A notification holds the task's value, survives a restart, and is given until it was delivered."""
    text = WAITING.replace("'work', factor=3", "'work', 'flash', factor=3")

    async def first(house: House) -> str:
        reply, task_id = await _waiting(house)
        await house.end(task_id, "Ready, Fred")
        assert [(one.kind, one.value) for one in house.notices] == [("flash", "Ready, Fred"), ("reload", None)]
        return reply.session_id

    async def second(house: House) -> None:
        assert await house.turns.undelivered(session_id) == []
        [notice] = await house.turns.undelivered(session_id, ANN)
        assert (notice.kind, notice.value) == ("flash", "Ready, Fred")
        await house.turns.delivered([notice.id])
        assert await house.turns.undelivered(session_id, ANN) == []

    session_id = run(tmp_path, first, text)
    run(tmp_path, second, text)


def test_a_refresh_takes_no_value_to_the_browser(tmp_path: Path) -> None:
    """What the task found out stays with the interview, which may show it or not."""
    async def test(house: House) -> None:
        _, task_id = await _waiting(house)
        await house.end(task_id, {("not", "json"): "secret"})
        assert [(one.kind, one.value) for one in house.notices] == [("refresh", None), ("reload", None)]
    run(tmp_path, test, WAITING.replace("'work', factor=3", "'work', 'refresh', factor=3"))


def test_what_a_task_asks_for_is_committed_with_its_end(tmp_path: Path) -> None:
    """Tasks and notices that code in a task asked for: another task is queued on the newest answers."""
    async def test(house: House) -> None:
        _, task_id = await _waiting(house)
        effects = pickle.dumps([StartTask("second", "work", {}), SendNotice("flash", "hello")])
        await house.turns.task_ended(TaskEnd(task_id, pickle.dumps(None), effects=effects))
        assert await house.journal.queued() == ["second"]
        assert pickle.loads((await house.journal.job("second")).answers)["name"] == "Fred"
        assert [notice.value for notice in house.notices if notice.kind == "flash"] == ["hello"]
    run(tmp_path, test, WAITING)


GETTING = """
mandatory: True
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  task = background_action('work')
  value = task.get()
---
event: work
code: |
  background_response(1)
---
mandatory: True
question: Got ${ value }
---
event: arrived
code: |
  other = 1
"""


async def _eventually_queued(house: House) -> str:
    queued = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.call_soon_threadsafe(queued.set)
    house.turns.listeners.on_tasks_queued = tell
    await queued.wait()
    return await house.only_task()


def test_get_in_the_asking_turn_waits_for_the_task(tmp_path: Path) -> None:
    """The task is committed and started while the turn waits, and the turn ends with its value."""
    async def test(house: House) -> None:
        begun = await house.begin()
        turn = asyncio.create_task(house.submit(begun, name="Fred"))
        task_id = await _eventually_queued(house)
        assert pickle.loads((await house.journal.job(task_id)).answers)["name"] == "Fred"
        await house.end(task_id, 7)
        assert screen_of(await turn).question_text == "Got 7"
        assert house.rows("SELECT count(*) FROM tasks") == [(1,)]
    run(tmp_path, test, GETTING)


def test_get_in_the_first_turn_of_a_session_works_too(tmp_path: Path) -> None:
    """The session is not on disk yet when its first turn waits for a task."""
    text = GETTING.split("---", 1)[1]

    async def test(house: House) -> None:
        turn = asyncio.create_task(house.begin())
        task_id = await _eventually_queued(house)
        await house.end(task_id, 7)
        reply = await turn
        assert screen_of(reply).question_text == "Got 7"
        assert (await house.turns.refresh(reply.session_id, ANN)).steps == 1
    run(tmp_path, test, text)


def test_get_on_a_task_that_ends_in_an_action_is_an_error_at_once(tmp_path: Path) -> None:
    """The waiting turn fails with words that say what to write instead, and the action's turn follows."""
    async def test(house: House) -> None:
        begun = await house.begin()
        turn = asyncio.create_task(house.submit(begun, name="Fred"))
        task_id = await _eventually_queued(house)
        ending = asyncio.create_task(house.end(task_id, action="arrived"))
        with pytest.raises(CodeFailed, match="reload: True"):
            await asyncio.wait_for(turn, 10)
        await ending
        assert house.rows("SELECT state FROM tasks") == [("done",)]
    run(tmp_path, test, GETTING)


def test_get_on_a_task_that_sends_a_notice_does_not_hang(tmp_path: Path) -> None:
    """What a task asked for needs no place in the line, where the turn that waits for the task stands."""
    async def test(house: House) -> None:
        begun = await house.begin()
        turn = asyncio.create_task(house.submit(begun, name="Fred"))
        task_id = await _eventually_queued(house)
        effects = pickle.dumps([SendNotice("flash", "hello")])
        await asyncio.wait_for(house.end(task_id, 7, effects=effects), 10)
        assert screen_of(await asyncio.wait_for(turn, 10)).question_text == "Got 7"
        assert [(one.kind, one.value) for one in house.notices] == [("flash", "hello"), ("reload", None)]
    run(tmp_path, test, GETTING)


def test_get_on_a_task_that_ends_the_session_is_an_error_at_once(tmp_path: Path) -> None:
    """The session is deleted when the turn that waited for the task has failed."""
    async def test(house: House) -> None:
        begun = await house.begin()
        turn = asyncio.create_task(house.submit(begun, name="Fred"))
        task_id = await _eventually_queued(house)
        ending = asyncio.create_task(house.end(task_id, goodbye="exit"))
        with pytest.raises(CodeFailed, match="do not wait for it"):
            await asyncio.wait_for(turn, 10)
        await asyncio.wait_for(ending, 10)
        assert house.rows("SELECT id FROM sessions") == []
    run(tmp_path, test, GETTING)


def test_stopping_does_not_wait_for_tasks(tmp_path: Path) -> None:
    """A turn that waits for a task gives up when the appliance stops; the task is still queued at the next start."""
    async def test(house: House) -> None:
        begun = await house.begin()
        turn = asyncio.create_task(house.submit(begun, name="Fred"))
        await _eventually_queued(house)
        await house.turns.stop()
        with pytest.raises(CodeFailed, match="stopping"):
            await turn

    async def again(house: House) -> None:
        assert await house.only_task()
    run(tmp_path, test, GETTING)
    run(tmp_path, again, GETTING)


def test_an_action_that_stopping_kept_from_running_is_not_lost(tmp_path: Path) -> None:
    """A task that ends when the appliance takes no more turns is not failed by that: it runs again, and its action."""
    async def test(house: House) -> None:
        _, task_id = await _waiting(house)
        house.turns.evaluator.close()
        with pytest.raises(Stopping):
            await house.end(task_id, action="arrived")

    async def again(house: House) -> None:
        await house.end(await house.only_task(), action="arrived", arguments={"answer": 9})
        assert house.rows("SELECT state FROM tasks") == [("done",)]
    run(tmp_path, test, WAITING)
    run(tmp_path, again, WAITING)


def test_a_handle_can_revoke_its_task(tmp_path: Path) -> None:
    """task.revoke() marks it in the commit, tells compute after it, and what it worked on is dropped."""
    text = WAITING + """
---
event: give_up
code: |
  task.revoke()
"""

    async def test(house: House) -> None:
        reply, task_id = await _waiting(house)
        await house.turns.action(reply.session_id, ANN, "give_up", {})
        assert house.revoked == [task_id]
        assert await house.journal.queued() == []
        assert not await house.journal.mark_running(task_id, "a worker")
        await house.end(task_id, action="arrived", arguments={"answer": 1})
        assert screen_of(await house.turns.refresh(reply.session_id, ANN)).question_text == "no result 0 True"
        assert house.rows("SELECT state, sealed_job FROM tasks") == [("revoked", None)]
    run(tmp_path, test, text)
