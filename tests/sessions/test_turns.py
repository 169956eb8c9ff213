"""The turns of people: begin, submit, refresh, Back, and forms that come too late."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from appliance.interview.errors import CodeFailed, InterviewError, UnknownInterview
from appliance.interview.screen import html_name
from appliance.interview.turn import BackgroundAnswer, CheckIn, Goodbye, Response, ShowScreen
from appliance.sessions.errors import NoSuchSession, NotYours
from appliance.sessions.visitor import Visitor
from tests.sessions.house import ANN, BOB, INTERVIEW, House, run, screen_of, submission


def test_submits_lead_to_the_end_and_survive_a_restart(tmp_path: Path) -> None:
    """What a reply acknowledged is there when the store is opened again."""
    async def first(house: House) -> str:
        reply = await house.begin()
        assert (reply.steps, reply.revision, reply.can_go_back) == (1, 1, False)
        reply = await house.submit(reply, name="Fred")
        assert screen_of(reply).question_text == "How old are you, Fred?"
        assert (reply.steps, reply.revision, reply.can_go_back) == (2, 2, True)
        return reply.session_id

    async def second(house: House) -> None:
        assert await house.turns.find(INTERVIEW, ANN) == session_id
        reply = await house.turns.refresh(session_id, ANN)
        assert screen_of(reply).question_text == "How old are you, Fred?"
        assert screen_of(await house.submit(reply, age=40)).question_text == "Goodbye Fred, 40"

    session_id = run(tmp_path, first)
    run(tmp_path, second)


def test_the_same_turn_twice_is_applied_once(tmp_path: Path) -> None:
    """A form sent twice (a double click, a repeat after a lost connection) makes one step, also sent at once."""
    async def test(house: House) -> None:
        begun = await house.begin()
        form = submission(begun, name="Fred")
        first, second = await asyncio.gather(*(house.turns.submit(begun.session_id, ANN, form) for _ in range(2)))
        third = await house.turns.submit(begun.session_id, ANN, form)
        assert [reply.steps for reply in (first, second, third)] == [2, 2, 2]
        assert screen_of(second).question_text == screen_of(third).question_text == "How old are you, Fred?"
        assert not second.message
    run(tmp_path, test)


def test_a_late_form_is_not_applied_and_what_was_typed_is_shown(tmp_path: Path) -> None:
    """Of two tabs with the same screen, the second gets the current screen, a message, and its text back."""
    async def test(house: House) -> None:
        begun = await house.begin()
        reply = await house.submit(begun, name="Fred")
        late = dataclasses.replace(submission(begun, name="Barney"), turn_id="another")
        stale = await house.turns.submit(begun.session_id, ANN, late)
        assert (stale.steps, stale.revision) == (reply.steps, reply.revision)
        assert "already answered" in stale.message
        assert "Name: Barney" in stale.message
        assert screen_of(stale).question_text == "How old are you, Fred?"
    run(tmp_path, test)


def test_a_late_form_for_the_same_question_comes_back_as_drafts(tmp_path: Path) -> None:
    """After Back in another tab the question is the same again: what was typed stands in its field."""
    async def test(house: House) -> None:
        begun = await house.begin()
        await house.back(await house.submit(begun, name="Fred"))
        late = dataclasses.replace(submission(begun, name="Barney"), turn_id="another")
        stale = await house.turns.submit(begun.session_id, ANN, late)
        assert isinstance(stale.ending, ShowScreen)
        assert stale.ending.drafts == {html_name("name"): ["Barney"]}
        assert "Barney" not in stale.message
    run(tmp_path, test)


def test_a_form_of_an_unknown_question_is_late_too(tmp_path: Path) -> None:
    """A question name that is not the stored screen's is not applied, whatever its revision says."""
    async def test(house: House) -> None:
        begun = await house.begin()
        forged = dataclasses.replace(submission(begun, name="Fred"), question="Question_99")
        reply = await house.turns.submit(begun.session_id, ANN, forged)
        assert (reply.steps, reply.revision) == (1, 1)
        assert "already answered" in reply.message
    run(tmp_path, test)


def test_what_is_not_acceptable_changes_nothing(tmp_path: Path) -> None:
    """A wrong value comes back with its error: same step, same revision, nothing written."""
    async def test(house: House) -> None:
        reply = await house.submit(await house.begin(), name="Fred")
        before = house.rows("SELECT * FROM steps"), house.rows("SELECT * FROM sessions")
        refused = await house.submit(reply, age="forty")
        assert isinstance(refused.ending, ShowScreen)
        assert refused.ending.errors
        assert (refused.steps, refused.revision) == (2, 2)
        assert (house.rows("SELECT * FROM steps"), house.rows("SELECT * FROM sessions")) == before
        assert screen_of(await house.submit(refused, age=40)).question_text == "Goodbye Fred, 40"
    run(tmp_path, test)


def test_back_shows_the_step_before_with_what_was_entered(tmp_path: Path) -> None:
    """Back moves one step and keeps what was entered as defaults, also over a refresh, until the next submit."""
    async def test(house: House) -> None:
        reply = await house.submit(await house.submit(await house.begin(), name="Fred"), age=40)
        reply = await house.back(reply)
        assert (reply.steps, reply.revision) == (2, 4)
        assert screen_of(reply).fields[0].default == 40
        reply = await house.turns.refresh(reply.session_id, ANN)
        assert screen_of(reply).fields[0].default == 40
        reply = await house.back(reply)
        assert screen_of(reply).question_text == "What is your name?"
        assert screen_of(reply).fields[0].default == "Fred"
        assert not reply.can_go_back
        assert (await house.back(reply)).steps == 1
        reply = await house.submit(reply, name="Wilma")
        assert (reply.steps, screen_of(reply).question_text) == (2, "How old are you, Wilma?")
        assert house.rows("SELECT number FROM steps ORDER BY number") == [(1,), (2,)]
    run(tmp_path, test)


def test_back_works_after_a_restart_at_any_step(tmp_path: Path) -> None:
    """The chain of compressed steps is read back right, over the full steps in it, after every kind of overwrite."""
    text = """
mandatory: True
code: |
  for number in range(45):
    numbers[number]
---
objects:
  - numbers: DADict.using(auto_gather=False)
---
question: Number ${ i }?
fields:
  - Number: numbers[i]
    datatype: integer
"""
    async def forward(house: House) -> str:
        reply = await house.begin()
        for number in range(44):
            field = screen_of(reply).fields[0].variable
            assert field == f"numbers[{number}]"
            reply = await house.submit(reply, ANN, **{field: number * 7})
        return reply.session_id

    async def back(house: House) -> None:
        reply = await house.turns.refresh(session_id, ANN)
        for number in range(43, 43 - 15, -1):
            reply = await house.back(reply)
            assert screen_of(reply).fields[0].variable == f"numbers[{number}]"
            assert screen_of(reply).fields[0].default == number * 7
            reply = await house.turns.refresh(session_id, ANN, {"seen": str(number)})

    session_id = run(tmp_path, forward, text)
    run(tmp_path, back, text)
    run(tmp_path, lambda house: _expect_step(house, session_id, 30), text)


async def _expect_step(house: House, session_id: str, steps: int) -> None:
    assert (await house.turns.refresh(session_id, ANN)).steps == steps


def test_the_author_can_forbid_going_back(tmp_path: Path) -> None:
    """prevent_going_back() holds for the step it was called on."""
    text = """
question: A?
fields:
  - A: a
---
mandatory: True
code: |
  a
  prevent_going_back()
  b
---
question: B?
fields:
  - B: b
---
mandatory: True
question: End
"""
    async def test(house: House) -> None:
        reply = await house.submit(await house.begin(), a="x")
        assert not reply.can_go_back
        same = await house.back(reply)
        assert (same.steps, screen_of(same).question_text) == (2, "B?")
    run(tmp_path, test, text)


def test_sessions_open_only_for_who_has_their_key(tmp_path: Path) -> None:
    """Another browser gets NotYours, from memory and from disk; an unknown session is NoSuchSession."""
    async def test(house: House) -> str:
        reply = await house.begin()
        with pytest.raises(NotYours):
            await house.turns.refresh(reply.session_id, BOB)
        with pytest.raises(NoSuchSession):
            await house.turns.refresh("nothing", ANN)
        assert await house.turns.find(INTERVIEW, BOB) is None
        return reply.session_id

    async def again(house: House) -> None:
        with pytest.raises(NotYours):
            await house.turns.submit(session_id, BOB, submission(await house.begin(BOB), name="x"))
        with pytest.raises(NotYours):
            await house.turns.delete(session_id, BOB)
        await house.turns.refresh(session_id, ANN)

    session_id = run(tmp_path, test)
    run(tmp_path, again)


def test_multi_user_sessions_open_for_everybody_with_the_link(tmp_path: Path) -> None:
    """multi_user = True seals the key for the appliance too; taking it back closes the session again."""
    text = """
question: Share?
yesno: share
---
mandatory: True
code: |
  multi_user = share
---
mandatory: True
question: Done
fields:
  - Again: again
"""
    async def test(house: House) -> str:
        reply = await house.begin()
        with pytest.raises(NotYours):
            await house.turns.refresh(reply.session_id, BOB)
        number = next(button.number for button in screen_of(reply).buttons if button.choice and button.choice.value)
        reply = await house.turns.submit(
            reply.session_id, ANN, dataclasses.replace(submission(reply), button=number))
        assert screen_of(await house.turns.refresh(reply.session_id, BOB)).question_text == "Done"
        return reply.session_id

    async def again(house: House) -> None:
        reply = await house.turns.refresh(session_id, BOB)
        await house.back(reply, BOB)
        with pytest.raises(NotYours):
            await house.turns.refresh(session_id, BOB)
        await house.turns.refresh(session_id, ANN)

    session_id = run(tmp_path, test, text)
    run(tmp_path, again, text)


def test_the_owners_sessions_are_the_owners_in_every_browser(tmp_path: Path) -> None:
    """A session begun signed in opens for the user, not for the browser it was begun in."""
    async def test(house: House) -> None:
        reply = await house.begin(Visitor("window", house.owner))
        other = Visitor("phone", house.owner)
        assert await house.turns.find(INTERVIEW, other) == reply.session_id
        assert [one.title for one in await house.turns.sessions_of(other)] == ["Three steps"]
        await house.turns.refresh(reply.session_id, other)
        with pytest.raises(NotYours):
            await house.turns.refresh(reply.session_id, Visitor("window"))
    run(tmp_path, test)


def test_deleting_leaves_nothing(tmp_path: Path) -> None:
    """delete() and the exit button remove the session with its keys, steps, turns and tasks."""
    text = """
mandatory: True
question: Leave?
buttons:
  - Exit: exit
  - Restart: restart
"""
    async def test(house: House) -> None:
        kept = await house.begin()
        left = await house.begin()
        reply = await house.turns.submit(
            left.session_id, ANN, dataclasses.replace(submission(left), button=screen_of(left).buttons[0].number))
        assert isinstance(reply.ending, Goodbye)
        with pytest.raises(NoSuchSession):
            await house.turns.refresh(left.session_id, ANN)
        await house.turns.delete(kept.session_id, ANN)
        for table in ("sessions", "session_keys", "steps", "turn_ids", "tasks", "notices"):
            assert house.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    run(tmp_path, test, text)


def test_an_error_changes_nothing_and_logs_no_values(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A turn that fails leaves the session as it was; the log names file and line, and not what was typed."""
    text = """
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  raise ValueError("bad name: " + name)
"""
    async def test(house: House) -> None:
        begun = await house.begin()
        before = house.rows("SELECT revision, step FROM sessions")
        with pytest.raises(CodeFailed):
            await house.submit(begun, name="Hidden Fred")
        assert house.rows("SELECT revision, step FROM sessions") == before
        assert screen_of(await house.turns.refresh(begun.session_id, ANN)).question_text == "Name?"
    run(tmp_path, test, text)
    assert f"{INTERVIEW}: submit failed with ValueError" in caplog.text
    assert "Hidden Fred" not in caplog.text


def test_an_interview_that_cannot_begin_leaves_no_session(tmp_path: Path) -> None:
    """An unknown file, or an error in the first turn: an InterviewError and no row."""
    async def test(house: House) -> None:
        with pytest.raises(InterviewError):
            await house.begin()
        with pytest.raises(UnknownInterview):
            await house.turns.begin("tests:data/questions/none.yml", ANN)
        assert house.rows("SELECT count(*) FROM sessions") == [(0,)]
    run(tmp_path, test, "mandatory: True\ncode: |\n  1 / 0\n")


def test_check_ins_change_answers_but_not_the_form(tmp_path: Path) -> None:
    """A check-in is saved, leaves the open form valid, and is dropped when it is for another screen."""
    text = """
question: Name?
fields:
  - Name: name
check in: looked
---
event: looked
code: |
  looks = defined('looks') and looks + 1 or 1
  background_response({'target': 'x', 'content': str(looks)}, 'backgroundresponse')
---
mandatory: True
question: ${ name } ${ looks }
"""
    async def test(house: House) -> None:
        begun = await house.begin()
        for _ in range(2):
            reply = await house.turns.check_in(begun.session_id, ANN, CheckIn("looked"), begun.revision)
        assert isinstance(reply.ending, BackgroundAnswer)
        old = await house.turns.check_in(begun.session_id, ANN, CheckIn("looked"), begun.revision - 1)
        assert old.ending is None
        assert screen_of(await house.submit(begun, name="Fred")).question_text == "Fred 2"
    run(tmp_path, test, text)


def test_of_waiting_check_ins_only_the_newest_runs(tmp_path: Path) -> None:
    """While a turn is under way, older waiting check-ins are dropped."""
    async def test(house: House) -> None:
        begun = await house.begin()
        replies = await asyncio.gather(
            *(house.turns.check_in(begun.session_id, ANN, CheckIn("looked"), begun.revision) for _ in range(5)))
        assert [reply.ending is None for reply in replies] == [True, True, True, True, False]
    run(tmp_path, test, """
mandatory: True
question: Name?
fields:
  - Name: name
---
event: looked
code: |
  background_response('x')
""")


def test_an_action_that_saves_nothing_leaves_the_answers(tmp_path: Path) -> None:
    """set_save_status('ignore'): answers and steps stay as they are, and the open form can still be submitted."""
    text = """
event: look
code: |
  set_save_status('ignore')
  count = 99
  json_response(count)
---
code: |
  count = 1
---
mandatory: True
question: Count ${ count }
fields:
  - Name: name
---
mandatory: True
question: Done ${ name } ${ count }
"""
    async def test(house: House) -> None:
        begun = await house.begin()
        looked = await house.turns.action(begun.session_id, ANN, "look", {})
        assert isinstance(looked.ending, Response)
        assert screen_of(await house.submit(begun, name="Fred")).question_text == "Done Fred 1"
    run(tmp_path, test, text)


def test_turns_of_different_sessions_run_beside_each_other(tmp_path: Path) -> None:
    """While one session's code waits, another session's turn is answered; the first one's turns keep their order."""
    text = """
mandatory: True
code: |
  import time
  if url_args.get('slow'):
    time.sleep(0.3)
---
mandatory: True
question: Name?
fields:
  - Name: name
"""
    async def test(house: House) -> None:
        quick = await house.begin()
        done: list[str] = []

        async def slow() -> None:
            await house.begin(slow="1")
            done.append("slow")

        async def fast() -> None:
            await house.turns.refresh(quick.session_id, ANN)
            done.append("fast")
        await asyncio.gather(slow(), fast())
        assert done == ["fast", "slow"]
    run(tmp_path, test, text)
