"""Errors are mailed to the administrator: written with what failed, without what people typed, a storm as one."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from appliance.interview.errors import CodeFailed, InterviewError, UnknownInterview
from appliance.interview.tasks import ErrorDetails
from appliance.store.outbox import MailRow, open_mail
from tests.sessions.house import ANN, INTERVIEW, House, run, submission

ADMIN = {"error notification email": ["Ann Admin <admin@example.com>", "other@example.com"]}

TEXT = """
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  name
  task = background_action('work')
---
event: work
code: |
  background_response()
---
event: breaks
code: |
  raise ValueError('no such person: ' + name)
---
mandatory: True
question: Waiting
"""


def mails(house: House) -> list[tuple[MailRow, EmailMessage]]:
    """What is in the outbox, opened."""
    rows = house.store.read(lambda database: list(database.query("SELECT * FROM outbox"))).result()
    found = []
    for row in (MailRow(**row) for row in rows):
        mail = open_mail(row, house.key)
        assert mail is not None
        assert mail.recipients == ("admin@example.com", "other@example.com")
        message: Any = message_from_bytes(mail.message, policy=policy.default)
        assert isinstance(message, EmailMessage)
        assert message["Message-ID"] == row.message_id
        found.append((row, message))
    return found


async def with_task(house: House) -> tuple[str, str]:
    """A session whose task runs, and the task."""
    reply = await house.submit(await house.begin(), name="Zebedee")
    return reply.session_id, await house.only_task()


def test_a_failed_task_is_mailed_in_the_commit_of_its_end(tmp_path: Path) -> None:
    """What, where and when, and where to look; not the message, nor the traceback, nor an answer."""
    async def test(house: House) -> None:
        woken: list[None] = []
        house.turns.listeners.on_mail = lambda: woken.append(None)
        _session, task_id = await with_task(house)
        await house.end(task_id, error=ErrorDetails("ValueError", "no such person: Zebedee", "Traceback: Zebedee",
                                                    ("result", "user.name")), where=f"{INTERVIEW}, line 15")
        [(row, message)] = mails(house)
        assert (row.state, row.session_id, woken) == ("waiting", None, [None])
        assert message["Subject"] == f"Error in {INTERVIEW}: ValueError"
        text = message.get_content()
        for fact in ("background task", "work", "ValueError", "line 15", "result, user.name", task_id,
                     "https://clinic.example/tasks"):
            assert fact in text
        assert "Zebedee" not in text
        assert "Traceback:" not in text
    run(tmp_path, test, TEXT, settings={**ADMIN, "url root": "https://clinic.example"})


def test_the_errors_own_words_are_mailed_where_that_was_asked_for(tmp_path: Path) -> None:
    """``error notification variables: True``."""
    async def test(house: House) -> None:
        _session, task_id = await with_task(house)
        await house.end(task_id, error=ErrorDetails("ValueError", "no such person: Zebedee", "Traceback: Zebedee"))
        text = mails(house)[0][1].get_content()
        assert "no such person: Zebedee" in text
        assert "Traceback: Zebedee" in text
    run(tmp_path, test, TEXT, settings={**ADMIN, "error notification variables": True})


def test_long_names_in_any_letters_lose_no_recipient(tmp_path: Path) -> None:
    """Nor does what an error says go out in letters that some mail server cannot take."""
    people = ["Nguyễn Thị Straßenbahner <person0@example.com>",
              "Maria Housing Clinic of the Law School <person1@example.com>"]

    async def test(house: House) -> None:
        _session, task_id = await with_task(house)
        await house.end(task_id, error=ErrorDetails("ValueError", "Zoë", "Zoë"))
        [sealed] = house.store.read(lambda database: [MailRow(**row) for row in database.query(
            "SELECT * FROM outbox")]).result()
        mail = open_mail(sealed, house.key)
        assert mail is not None
        parsed: Any = message_from_bytes(mail.message, policy=policy.default)
        assert [str(one) for one in parsed["To"].addresses] == people
        assert mail.message.isascii()
        assert "Zoë" in parsed.get_content()
    run(tmp_path, test, TEXT, settings={"error notification email": people, "error notification variables": True})


def test_a_response_action_that_fails_is_mailed_once(tmp_path: Path) -> None:
    """As the task's error, with the place in the interview; not also as a turn's."""
    async def test(house: House) -> None:
        _session, task_id = await with_task(house)
        await house.end(task_id, action="breaks")
        [(_row, message)] = mails(house)
        assert f"{INTERVIEW}, line 17" in message.get_content()
        assert "Zebedee" not in message.get_content()
    run(tmp_path, test, TEXT, settings=ADMIN)


def test_a_turn_that_fails_is_mailed_although_it_commits_nothing(tmp_path: Path) -> None:
    """Also an error that a person sees; the session stays as it was."""
    async def test(house: House) -> None:
        session_id, _task_id = await with_task(house)
        with pytest.raises(CodeFailed):
            await house.turns.action(session_id, ANN, "breaks", {})
        [(_row, message)] = mails(house)
        text = message.get_content()
        for fact in ("action", "breaks", "ValueError", "line 17"):
            assert fact in text
        assert "Tasks page" not in text
        assert "Zebedee" not in text
    run(tmp_path, test, TEXT, settings=ADMIN)


def test_a_storm_is_one_mail_with_a_count(tmp_path: Path) -> None:
    """The same error again only counts; another one of the same interview is another mail."""
    async def test(house: House) -> None:
        session_id, task_id = await with_task(house)
        for _ in range(5):
            with pytest.raises(CodeFailed):
                await house.turns.action(session_id, ANN, "breaks", {})
        with pytest.raises(InterviewError):
            await house.turns.action(session_id, ANN, "not_there", {})
        await house.end(task_id, error=ErrorDetails("MemoryLimitExceeded", "too much"))
        assert [row.repeats for row, _message in mails(house)] == [5, 1, 1]
    run(tmp_path, test, TEXT, settings=ADMIN)


@pytest.mark.parametrize("settings", [{}, {**ADMIN, "suppress error notificiations": ["ValueError"]}])
def test_nobody_is_mailed_who_has_not_asked(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Without an address, and for the types of errors that are suppressed."""
    async def test(house: House) -> None:
        session_id, task_id = await with_task(house)
        with pytest.raises(CodeFailed):
            await house.turns.action(session_id, ANN, "breaks", {})
        await house.end(task_id, error=ErrorDetails("ValueError", "x"))
        assert house.rows("SELECT count(*) FROM outbox") == [(0,)]
    run(tmp_path, test, TEXT, settings=settings)


def test_what_is_no_error_of_an_interview_is_not_mailed(tmp_path: Path) -> None:
    """An address that names no interview, and a form with a field that is not filled in."""
    async def test(house: House) -> None:
        with pytest.raises(UnknownInterview):
            await house.turns.begin("nobody:data/questions/x.yml", ANN)
        reply = await house.begin()
        await house.turns.submit(reply.session_id, ANN, submission(reply, name=""))
        assert house.rows("SELECT count(*) FROM outbox") == [(0,)]
    run(tmp_path, test, TEXT, settings=ADMIN)


def test_names_that_a_browser_makes_up_are_one_mail_and_one_line(tmp_path: Path) -> None:
    """Whoever has a browser can ask for any action: that must fill no outbox and forge no line of the mail."""
    async def test(house: House) -> None:
        session_id, _task_id = await with_task(house)
        for action in ("one", "two\nTask: forged", "people['Zebedee'].three", "x" * 5000):
            with pytest.raises(InterviewError):
                await house.turns.action(session_id, ANN, action, {})
        [(row, _message)] = mails(house)
        assert row.repeats == 4
    run(tmp_path, test, TEXT, settings=ADMIN)

    async def test_again(house: House) -> None:
        session_id, _task_id = await with_task(house)
        with pytest.raises(InterviewError):
            await house.turns.action(session_id, ANN, "two\nTask: forged " + "x" * 5000 + "['Zebedee']", {})
        [(_row, message)] = mails(house)
        text = message.get_content()
        assert "Action:     two Task: forged" in text
        assert "\nTask:" not in text
        assert len(text) < 2000
        assert "Zebedee" not in text
    run(tmp_path / "again", test_again, TEXT, settings=ADMIN)


WAITS = TEXT.replace("task = background_action('work')", "background_action('work').get()")


def test_an_appliance_that_stops_while_a_turn_waits_for_a_task_is_no_error(tmp_path: Path) -> None:
    """The turn fails, which nobody needs to look into: the task goes on at the next start."""
    async def test(house: House) -> None:
        begun, loop, queued = await house.begin(), asyncio.get_running_loop(), asyncio.Event()
        house.turns.listeners.on_tasks_queued = lambda: loop.call_soon_threadsafe(queued.set)  # type: ignore[assignment]
        turn = asyncio.create_task(house.submit(begun, name="Zebedee"))
        await queued.wait()
        await house.turns.stop()
        with pytest.raises(CodeFailed, match="stopping"):
            await turn
        assert house.rows("SELECT count(*) FROM outbox") == [(0,)]
        assert house.rows("SELECT state FROM tasks") == [("queued",)]
    run(tmp_path, test, WAITS, settings=ADMIN)
