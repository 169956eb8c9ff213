"""A scheduled event in one session: who it runs as, what of it is kept, and what people notice of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from appliance import clock
from appliance.interview.errors import InterviewError
from appliance.interview.turn import ShowScreen
from appliance.sessions.errors import Stopping
from appliance.sessions.evaluation import Evaluator
from appliance.sessions.events import EventResult
from appliance.sessions.reply import Reply
from appliance.store.errors import StoreError
from appliance.store.outbox import mail_row, open_mail
from tests.sessions.house import ANN, INTERVIEW, House, run, screen_of

WOKEN = """
mandatory: True
code: |
  multi_user = True
  allow_cron = True
  counter = 0
---
question: What is your name?
fields:
  - Name: name
---
mandatory: True
question: |
  Hello ${ name }, ${ counter }, ${ showifdef('seen') }
---
"""


def nothing_more(result: EventResult) -> Callable[[Database], None]:
    return lambda database: None


async def begun(house: House) -> str:
    return (await house.begin()).session_id


def wake(house: House, session_id: str, event: str = "cron_daily") -> Any:
    return house.turns.event(session_id, event, nothing_more)


async def named(house: House, session_id: str) -> Reply:
    """Ann answers the only question."""
    return await house.submit(await house.turns.refresh(session_id, ANN), name="Ann")


def shown(reply: Reply) -> str:
    return screen_of(reply).question_text


def event(code: str, name: str = "cron_daily") -> str:
    lines = "\n".join(f"  {line}" for line in code.strip().splitlines())
    return f"{WOKEN}event: {name}\ncode: |\n{lines}\n---\n"


# -- what is kept ---------------------------------------------------------------------------------------------


def test_changes_are_kept_in_the_current_step(tmp_path: Path) -> None:
    """An event overwrites the step: Back, the form that is open and the order of sessions are as before. Tabs whose
    screen waits are told to look again.
    """
    async def test(house: House) -> None:
        reply = await house.begin()
        before = house.rows("SELECT revision, step, person_active FROM sessions")
        result = await wake(house, reply.session_id)
        assert result == EventResult("saved")
        assert [(one.session_id, one.kind) for one in house.notices] == [(reply.session_id, "reload")]
        assert house.rows("SELECT revision, step, person_active FROM sessions") == before
        reply = await house.submit(reply, name="Ann")
        assert shown(reply).startswith("Hello Ann, 1")
        back = await house.back(reply)
        assert shown(back) == "What is your name?"
        assert not back.can_go_back
        assert await house.turns.find(INTERVIEW, ANN) == reply.session_id
    run(tmp_path, test, event("counter += 1\nresponse()"))


@pytest.mark.parametrize("ending", ["response(null=True)", "response('null')", "set_save_status('ignore')\nresponse()"])
def test_what_is_not_to_be_saved_is_not(tmp_path: Path, ending: str) -> None:
    """Answers are as before; a persistent counter, a task that was asked for and the round's own note stand."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        steps = house.rows("SELECT sealed FROM steps")
        noted: list[EventResult] = []
        result = await house.turns.event(session_id, "cron_daily", lambda result: lambda database: noted.append(result))
        assert result.outcome == "ignored"
        assert noted == [result]
        assert result.text == ""
        assert house.rows("SELECT sealed FROM steps") == steps
        assert house.rows("SELECT times FROM counters") == [(1,)]
        end = await house.work()
        assert end.error is None
        reply = await house.turns.refresh(session_id, ANN)
        reply = await house.submit(reply, name="Ann")
        assert shown(reply) == "Hello Ann, 0, False True"
    run(tmp_path, test, event("counter += 1\nmark_task_as_performed('here')\n"
                              "mark_task_as_performed('beside', persistent=True)\nbackground_action('work')\n" + ending)
        .replace("${ showifdef('seen') }", "${ task_performed('here') } ${ task_performed('beside', persistent=True) }")
        + "event: work\ncode: |\n  background_response()\n")


def test_null_means_nothing_special_elsewhere(tmp_path: Path) -> None:
    """``response(null=True)`` and ``response('null')`` in an action that a person runs keep its changes."""
    async def test(house: House) -> None:
        reply = await house.begin()
        for action in ("one", "two"):
            await house.turns.action(reply.session_id, ANN, action, {})
        reply = await house.submit(await house.turns.refresh(reply.session_id, ANN), name="Ann")
        assert shown(reply).startswith("Hello Ann, 2")
    run(tmp_path, test, WOKEN + "event: one\ncode: |\n  counter += 1\n  response(null=True)\n---\n"
        "event: two\ncode: |\n  counter += 1\n  response('null')\n")


@pytest.mark.parametrize("command", ["exit", "restart", "exit_logout"])
def test_an_event_can_end_the_session(tmp_path: Path, command: str) -> None:
    """The session goes with all that belongs to it, in the transaction of the round's own note."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        seen: list[int] = []

        def also(result: EventResult) -> Callable[[Database], None]:
            return lambda database: seen.extend(row[0] for row in database.execute("SELECT count(*) FROM sessions"))
        result = await house.turns.event(session_id, "cron_daily", also)
        assert result.outcome == "deleted"
        assert seen == [1]
        assert house.rows("SELECT * FROM sessions") == house.rows("SELECT * FROM steps") == []
        assert house.rows("SELECT * FROM visits") == []
        assert (await wake(house, session_id)).outcome == "no_event"
    run(tmp_path, test, event(f"command('{command}')"))


def test_mail_goes_out_of_a_session_that_the_event_ends(tmp_path: Path) -> None:
    """The alarm clock among the examples: it sends its mail and exits at once."""
    async def test(house: House) -> None:
        woken: list[str] = []
        house.turns.listeners.on_mail = lambda: woken.append("mail")
        assert (await wake(house, await begun(house))).outcome == "deleted"
        assert house.rows("SELECT state FROM outbox") == [("waiting",)]
        assert woken
        assert house.rows("SELECT * FROM sessions") == []
    run(tmp_path, test, event("if send_email(to='ann@example.com', template=wake_up):\n  command('exit')\n")
        + "template: wake_up\nsubject: Time to wake up!\ncontent: This is your wake-up mail.\n")


def test_leaving_keeps_the_session(tmp_path: Path) -> None:
    """Only the commands that delete a person's answers delete the session."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        assert (await wake(house, session_id)).outcome == "saved"
        assert shown(await named(house, session_id)).startswith("Hello Ann, 1")
    run(tmp_path, test, event("counter += 1\ncommand('leave')"))


def test_response_action_runs_on_the_same_answers(tmp_path: Path) -> None:
    """What the event changed and what its response action changes is kept, and what both asked for is carried out."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        assert (await wake(house, session_id)).outcome == "saved"
        reply = await named(house, session_id)
        assert shown(reply) == "Hello Ann, 11, 10 cron True"
        assert house.rows("SELECT times FROM counters ORDER BY times") == [(1,), (1,)]
        assert house.rows("SELECT step FROM sessions") == [(2,)]
    run(tmp_path, test, event("counter += 1\nmark_task_as_performed('one', persistent=True)\n"
                              "background_response_action('keep', more=10)")
        + "event: keep\ncode: |\n  mark_task_as_performed('two', persistent=True)\n"
          "  counter += action_argument('more')\n"
          "  seen = f\"{action_argument('more')} {interface()} {user_has_privilege('cron')}\"\n"
          "  background_response()\n")


def test_error_of_the_response_action_is_the_events(tmp_path: Path) -> None:
    """Then nothing is kept, also of the event itself; docassemble keeps quiet about it."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        result = await wake(house, session_id)
        assert (result.outcome, result.error_type) == ("failed", "ZeroDivisionError")
        assert shown(await named(house, session_id)).startswith("Hello Ann, 0")
    run(tmp_path, test, event("counter += 1\nbackground_response_action('keep')") + "event: keep\ncode: |\n  1 / 0\n",
        settings={})


def test_without_response_the_logic_runs(tmp_path: Path) -> None:
    """The interview goes on after the block as it does for anybody, and nobody sees the screen that it comes to."""
    async def test(house: House) -> None:
        reply = await house.begin()
        before = house.rows("SELECT person_active, sealed_title, revision, step FROM sessions")
        assert await wake(house, reply.session_id) == EventResult("saved")
        assert house.rows("SELECT person_active, sealed_title, revision, step FROM sessions") == before
        reply = await house.submit(reply, name="Ann")
        assert shown(reply) == "Hello Ann, 5, as cron"
    run(tmp_path, test, "mandatory: True\ncode: |\n  multi_user = True\n  allow_cron = True\n  counter = 0\n---\n"
        "event: cron_daily\ncode: |\n  counter = 5\n---\n"
        "mandatory: True\ncode: |\n  if counter == 5:\n    seen = 'as ' + interface()\n  else:\n    name\n---\n"
        + WOKEN.partition("---\n")[2])


def test_text_of_a_response_comes_back(tmp_path: Path) -> None:
    """``response(text)`` is for the log, also after other forms that are not; files and data are not written there."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        for name, text in (("cron_hourly", "There are 0"), ("cron_daily", ""), ("cron_weekly", ""), ("other", "late")):
            result = await wake(house, session_id, name)
            assert (result.outcome, result.text) == ("saved", text), name
    run(tmp_path, test, event("response('There are ' + str(counter))", "cron_hourly")
        + "event: cron_daily\ncode: |\n  response(all_variables=True)\n---\n"
          "event: cron_weekly\ncode: |\n  response(binaryresponse=b'text')\n---\n"
          "event: other\ncode: |\n  response('late', sleep=0.01)\n")


def test_a_pause_is_the_round_s(tmp_path: Path) -> None:
    """The session is free at once: it is the round that pauses."""
    async def test(house: House) -> None:
        reply = await house.begin()
        assert (await wake(house, reply.session_id)).pause == 3600
        assert shown(await house.submit(reply, name="Ann")).startswith("Hello Ann, 1")
    run(tmp_path, test, event("counter += 1\nresponse(sleep=3600)"))


# -- who it is ------------------------------------------------------------------------------------------------


def test_runs_as_the_cron_user(tmp_path: Path) -> None:
    """The user, privileges, interface and address are the cron user's; the action has no arguments."""
    async def test(house: House) -> None:
        house.turns.address = "http://127.0.0.1:8080"
        result = await wake(house, await begun(house))
        assert result.text == ("cron@localhost cron ['cron'] True cron_daily {} "
                               f"{house.users.cron_user().user_id} {INTERVIEW} http://127.0.0.1:8080")
    run(tmp_path, test, event(
        "response(' '.join(str(one) for one in (user_info().email, interface(), user_privileges(),"
        " user_logged_in() and user_has_privilege('cron'), action_argument(), action_arguments(), user_info().id,"
        " user_info().filename, interview_url().partition('/interview')[0])))"))


def test_url_root_of_the_configuration_counts_more(tmp_path: Path) -> None:
    """Links in mail lead to where people reach the appliance."""
    async def test(house: House) -> None:
        house.turns.address = "http://127.0.0.1:8080"
        assert (await wake(house, await begun(house))).text.startswith("https://clinic.example/interview")
    run(tmp_path, test, event("response(interview_url())"), settings={"url root": "https://clinic.example/"})


EVICTING = """
initial: True
code: |
  if user_info().id not in (None, 0):
    say_goodbye
{then}
---
event: say_goodbye
question: You were removed from this interview.
---
"""


@pytest.mark.parametrize(("before", "after", "runs"), [
    ("", "  process_action()\n", False),
    ("initial: True\ncode: |\n  process_action()\n---\n", "", True),
    ("initial: True\ncode: |\n  if user_has_privilege('cron'):\n    process_action()\n---\n", "  process_action()\n",
     True),
])
def test_patterns_of_process_action(tmp_path: Path, before: str, after: str, runs: bool) -> None:
    """The documentation's three interviews that remove people: the first removes the cron user too, and we say so."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        result = await wake(house, session_id)
        assert result.outcome == "saved"
        assert result.text == ("has run" if runs else "")
        assert (f"{INTERVIEW}, line" in result.asked_at) is not runs
    run(tmp_path, test, before + EVICTING.format(then=after) + event("response('has run')"))


def test_actions_run_where_the_interview_runs_them(tmp_path: Path) -> None:
    """What stands before process_action() in an initial block has run when the event does, once."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        assert (await wake(house, session_id)).text == "1 at 2"
        assert (await wake(house, session_id)).text == "1 at 3"
    run(tmp_path, test, "mandatory: True\ncode: |\n  multi_user = True\n  allow_cron = True\n---\n"
        "initial: True\ncode: |\n  if not defined('runs'):\n    runs = 0\n  runs += 1\n  place = 1\n"
        "  process_action()\n---\nevent: cron_daily\ncode: |\n  response(f'{place} at {runs}')\n---\n"
        "mandatory: True\nquestion: Done\n")


def test_an_action_that_a_person_is_in_stays_theirs(tmp_path: Path) -> None:
    """The session's own actions wait untouched while an event runs and asks for actions of its own."""
    async def test(house: House) -> None:
        reply = await house.begin()
        asked = await house.turns.action(reply.session_id, ANN, "ask_colour", {})
        assert shown(asked) == "Which colour?"
        result = await wake(house, reply.session_id)
        assert result.asked_at == f"{INTERVIEW}, line 24"
        after = await house.submit(asked, colour="red")
        assert shown(after) == "What is your name?"
    run(tmp_path, test, event("force_ask('size')") + "event: ask_colour\ncode: |\n  colour\n---\n"
        "question: Which size?\nfields:\n  - Size: size\n---\n"
        "question: Which colour?\nfields:\n  - Colour: colour\n")


# -- whether it runs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", ["multi_user = True", "allow_cron = True"])
def test_only_sessions_that_allow_it(tmp_path: Path, taken: str) -> None:
    """Without ``multi_user`` or ``allow_cron`` nothing is evaluated, and the round's note is written all the same."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        noted: list[str] = []
        result = await house.turns.event(
            session_id, "cron_daily", lambda result: lambda database: noted.append(result.outcome))
        assert result.outcome == "no_event"
        assert noted == ["no_event"]
    run(tmp_path, test, event("response('evaluated')").replace(taken, "pass"))


def test_what_the_interview_offers(tmp_path: Path) -> None:
    """``event:`` and code that defines a variable of that name; not what it offers no more, or never did."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        offers = house.turns.offers
        assert offers(INTERVIEW, "cron_daily")
        assert offers(INTERVIEW, "cron_weekly")
        assert not offers(INTERVIEW, "cron_hourly")
        assert not offers(INTERVIEW, "no name at all")
        assert (await wake(house, session_id, "cron_weekly")).outcome == "saved"
        assert (await wake(house, session_id, "cron_hourly")).outcome == "no_event"
        house.sources.texts[INTERVIEW] = WOKEN
        assert (await wake(house, session_id)).outcome == "no_event"
        with pytest.raises(InterviewError):
            offers("tests:data/questions/gone.yml", "cron_daily")
    run(tmp_path, test, event("response()") + "code: |\n  cron_weekly = 'done'\n")


def test_session_that_is_gone(tmp_path: Path) -> None:
    """It was deleted before its event's turn came."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        deleting = asyncio.create_task(house.turns.delete(session_id, ANN))
        await asyncio.sleep(0)
        assert (await wake(house, session_id)).outcome == "no_event"
        await deleting
        assert (await wake(house, "never was")).outcome == "no_event"
    run(tmp_path, test, event("response()"))


# -- errors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "error_type"), [
    ("counter += 1\nmark_task_as_performed('x', persistent=True)\n1 / 0", "ZeroDivisionError"),
    ("counter += 1\nnobody_defines_this", "UnknownVariable"),
    ("counter += 1\nimport sys\nsys.exit(3)", "SystemExit"),
    ("counter = (number for number in (1, 2))\nresponse()", "CannotSave"),
])
def test_an_error_keeps_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture, code: str, error_type: str) -> None:
    """Only the round's note and the mail are written, once each; log and result name type and place, no value."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        before = house.rows("SELECT * FROM sessions"), house.rows("SELECT sealed FROM steps")
        noted: list[EventResult] = []
        result = await house.turns.event(session_id, "cron_daily", lambda result: lambda database: noted.append(result))
        assert (result.outcome, result.error_type) == ("failed", error_type)
        assert noted == [result]
        assert result.error is not None
        assert result.error.error_type == error_type
        assert (house.rows("SELECT * FROM sessions"), house.rows("SELECT sealed FROM steps")) == before
        assert house.rows("SELECT * FROM counters") == []
        assert house.rows("SELECT topic <> '' FROM outbox") == [(1,)]
        assert "event failed with" in caplog.text
        reply = await named(house, session_id)
        assert shown(reply).startswith("Hello Ann, 0")
    run(tmp_path, test, event(code), settings={"error notification email": "admin@example.com"})


def test_an_error_names_its_action_in_the_mail(tmp_path: Path) -> None:
    """The administrator reads which event it was, and nothing that people entered."""
    async def test(house: House) -> None:
        await wake(house, await begun(house))
        row = house.store.read(lambda database: mail_row(database, 1)).result()
        mail = None if row is None else open_mail(row, house.key)
        assert mail is not None
        text = mail.message.decode()
        assert "During:     scheduled event" in text
        assert "Action:     cron_daily" in text
        assert "1 / 0" not in text
    run(tmp_path, test, event("1 / 0"), settings={"error notification email": "admin@example.com"})


def test_interview_that_cannot_be_read(tmp_path: Path) -> None:
    """Its file is gone or broken: the event failed, and the session is as it was."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        house.sources.texts[INTERVIEW] = "quetsion: Name?\n"
        assert (await wake(house, session_id)).error_type == "BadInterview"
        del house.sources.texts[INTERVIEW]
        assert (await wake(house, session_id)).error_type == "UnknownInterview"
    run(tmp_path, test, event("response()"))


def test_an_event_without_end_is_stopped(tmp_path: Path) -> None:
    """At the time limit of a turn; the session goes on."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        result = await wake(house, session_id)
        assert (result.outcome, result.error_type) == ("failed", "TimeOver")
        await house.turns.refresh(session_id, ANN)
    run(tmp_path, test, event("while True:\n  counter += 1"), evaluator=Evaluator(limit=0.4, grace=5.0))


def test_what_cannot_be_written_has_not_run(tmp_path: Path) -> None:
    """The error reaches the round, which tries again later; nothing of the event was kept."""
    async def test(house: House) -> None:
        session_id = await begun(house)

        def full(result: EventResult) -> Callable[[Database], None]:
            def write(database: Database) -> None:
                raise StoreError("the disk is full")
            return write
        with pytest.raises(StoreError):
            await house.turns.event(session_id, "cron_daily", full)
        reply = await named(house, session_id)
        assert shown(reply).startswith("Hello Ann, 0")
        assert (await wake(house, session_id)).outcome == "saved"
        await house.turns.stop()
        with pytest.raises(Stopping):
            await wake(house, session_id)
    run(tmp_path, test, event("counter += 1\nresponse()"))


@pytest.mark.parametrize("damaged", ["UPDATE steps SET sealed = x'00'", "UPDATE session_keys SET sealed_key = x'00'"])
def test_damaged_session(tmp_path: Path, caplog: pytest.LogCaptureFixture, damaged: str) -> None:
    """It has failed; the error is no trouble of the whole store, at which a round would stop. No log has its id."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        house.store.write(lambda database: database.execute(damaged)).result()
        house.turns._runner.vault.shelf.forget(session_id)
        result = await wake(house, session_id)
        assert (result.outcome, result.error_type, result.error) == ("failed", "WrongKey", None)
        assert session_id[:8] in caplog.text
        assert session_id not in caplog.text
    run(tmp_path, test, event("response()"))


# -- beside people --------------------------------------------------------------------------------------------


def test_submit_and_event_at_once(tmp_path: Path) -> None:
    """In either order both count: the form is taken though the event came first, and neither loses an answer."""
    async def test(house: House) -> None:
        for first in (True, False):
            reply = await house.begin()
            turns: list[Any] = [wake(house, reply.session_id), house.submit(reply, name="Ann")]
            await asyncio.gather(*(turns if first else reversed(turns)))
            after = await house.turns.refresh(reply.session_id, ANN)
            assert isinstance(after.ending, ShowScreen)
            assert after.message == ""
            assert shown(after).startswith("Hello Ann, 1")
    run(tmp_path, test, event("counter += 1\nresponse()"))


def test_many_events_and_submits(tmp_path: Path) -> None:
    """Twenty events between a person's steps are twenty."""
    async def test(house: House) -> None:
        reply = await house.begin()

        async def person() -> Reply:
            here = reply
            for number in range(5):
                here = await house.submit(here, name=f"Ann {number}")
                here = await house.back(here)
            return await house.submit(here, name="Zoe")
        events = [wake(house, reply.session_id) for _ in range(20)]
        await asyncio.gather(person(), *events)
        assert house.rows("SELECT times FROM counters") == [(20,)]
        assert shown(await house.turns.refresh(reply.session_id, ANN)).startswith("Hello Zoe, ")
    run(tmp_path, test, event("counter += 1\nmark_task_as_performed('woken', persistent=True)\nresponse()"))


def test_what_back_has_undone_stays_undone(tmp_path: Path) -> None:
    """An event while a person is a step back: what they had entered is still the default, and Back goes no further."""
    async def test(house: House) -> None:
        reply = await house.submit(await house.begin(), name="Ann")
        back = await house.back(reply)
        await wake(house, reply.session_id)
        again = await house.turns.refresh(reply.session_id, ANN)
        assert screen_of(again).fields[0].default == "Ann"
        assert shown(await house.submit(back, name="Eve")).startswith("Hello Eve, 1")
    run(tmp_path, test, event("counter += 1\nresponse()"))


# -- long events ----------------------------------------------------------------------------------------------


def test_background_event_is_a_task_of_the_cron_user(tmp_path: Path) -> None:
    """It is queued in one commit with the round's note, works on a copy, and keeps what its response action sets."""
    async def test(house: House) -> None:
        session_id = await begun(house)
        noted: list[EventResult] = []
        result = await house.turns.event(
            session_id, "cron_daily_background", lambda result: lambda database: noted.append(result))
        assert result == EventResult("queued") == noted[0]
        assert house.queued == 1
        end = await house.work()
        assert end.error is None
        assert house.rows("SELECT state FROM tasks") == [("done",)]
        reply = await named(house, session_id)
        assert shown(reply) == "Hello Ann, 10, worker [‘cron’] cron@localhost cron_daily_background"
    run(tmp_path, test, event(
        "counter += 10\nbackground_response_action('keep', n=counter, who=f'{interface()} {user_privileges()} "
        "{user_info().email} {action_argument()}')", "cron_daily_background")
        + "event: keep\ncode: |\n  counter, seen = action_argument('n'), action_argument('who')\n"
          "  background_response()\n")


def test_event_hands_over_to_a_background_action(tmp_path: Path) -> None:
    """A long event starts a task, whose response action saves; what the person does meanwhile is kept."""
    async def test(house: House) -> None:
        reply = await house.begin()
        assert (await wake(house, reply.session_id)).outcome == "saved"
        reply = await house.submit(reply, name="Ann")
        await house.work()
        assert shown(await house.turns.refresh(reply.session_id, ANN)) == "Hello Ann, 43, cron@localhost"
    run(tmp_path, test, event("counter += 1\ntask = background_action('long')\nresponse()")
        + "event: long\ncode: |\n  background_response_action('keep', n=counter + 42)\n---\n"
          "event: keep\ncode: |\n  counter, seen = action_argument('n'), user_info().email\n  background_response()\n")


# -- who was there --------------------------------------------------------------------------------------------


def test_visits_are_written_with_the_turns(tmp_path: Path) -> None:
    """A person's turn that moves on or comes after a minute, and each event; and what reads them sees those before."""
    async def test(house: House) -> None:
        time = [1_000_000.0]
        cron = house.users.cron_user().user_id

        def visits() -> dict[int, float]:
            return dict(house.rows("SELECT user_id, last_access FROM visits"))
        owner = replace(ANN, user=house.owner)
        with clock.driven_by(lambda: time[0]):
            reply = await house.begin()
            assert visits() == {0: 1_000_000.0}
            time[0] += 50
            await house.turns.refresh(reply.session_id, ANN)
            assert visits() == {0: 1_000_000.0}
            await house.turns.refresh(reply.session_id, owner)   # another one, though somebody was there just now
            assert visits() == {0: 1_000_000.0, house.owner.user_id: 1_000_050.0}
            time[0] += 20
            await house.turns.refresh(reply.session_id, ANN)
            assert visits()[0] == 1_000_070.0
            time[0] += 3600
            result = await wake(house, reply.session_id)
            assert result.text == "60.0 60.33 None"
            assert visits()[cron or 0] == time[0]
            time[0] += 1800
            assert (await wake(house, reply.session_id)).text == "90.0 90.33 30.0"
            house.turns._runner.vault.shelf.forget(reply.session_id)   # read from the disk it is the same
            time[0] += 1800
            assert (await wake(house, reply.session_id)).text == "120.0 120.33 30.0"
            await house.turns.event(reply.session_id, "cron_weekly_background", nothing_more)
            assert (await house.work()).error is None
            assert shown(await named(house, reply.session_id)).endswith("120.0")
    run(tmp_path, test, event(
        "cron = last_access_time('cron')\n"
        "response(f\"{last_access_minutes()} {round(last_access_minutes('admin'), 2)} "
        '{cron and last_access_minutes(include_cron=True)}")')
        + "event: cron_weekly_background\ncode: |\n  background_response_action('keep', n=last_access_minutes())\n---\n"
          "event: keep\ncode: |\n  seen = action_argument('n')\n  background_response()\n")
