"""Mail of an interview through its turns and tasks: in the commit, or not at all."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from appliance.interview.errors import InterviewError
from appliance.interview.turn import CheckIn
from appliance.store.outbox import mail_row, open_mail
from appliance.store.outbox_list import one_mail
from tests.sessions.house import ANN, BOB, INTERVIEW, House, run, screen_of

TEXT = """
mandatory: True
code: |
  multi_user = True
---
question: Name?
fields:
  - Name: name
check in: looked
---
event: looked
code: |
  send_email(to='looked@example.com', body='x')
  background_response()
---
event: ignored
code: |
  send_email(to='ignored@example.com', body='x')
  set_save_status('ignore')
---
event: answered
code: |
  send_email(to='answered@example.com', body='x')
  response('fine')
---
event: left
code: |
  send_email(to='left@example.com', body='x')
  command('exit')
---
event: fails
code: |
  send_email(to='fails@example.com', body='x')
  1 / 0
---
event: start
code: |
  task = background_action(action_argument('which'))
---
event: work
code: |
  send_email(to='work@example.com', body='x', task='work', task_persistent=True)
  background_response()
---
event: work_and_leave
code: |
  send_email(to='work_and_leave@example.com', body='x')
  command('exit')
---
event: work_and_act
code: |
  send_email(to='work_and_act@example.com', body='x')
  background_response_action('act')
---
event: act
code: |
  send_email(to='act@example.com', body='x')
  command('exit')
---
event: work_and_fail
code: |
  send_email(to='work_and_fail@example.com', body='x')
  1 / 0
---
code: |
  told = send_email(to='submit@example.com', subject='About ' + name, body=name)
---
mandatory: True
question: |
  ${ name } ${ told }
"""


def recipients(house: House) -> list[str]:
    """Who the mails are for that wait; nothing of them can be read in the rows."""
    found: list[str] = []
    for number, sealed in house.rows("SELECT number, sealed FROM outbox ORDER BY number"):
        assert b"example.com" not in sealed
        row = house.store.read(partial(mail_row, number=number)).result()
        mail = None if row is None else open_mail(row, house.key)
        assert mail is not None
        found += mail.recipients
    return found


def test_a_submit_sends_with_its_step(tmp_path: Path) -> None:
    """True on the screen, one mail that belongs to the session; whoever sends mail is told once, after the commit."""
    async def test(house: House) -> None:
        woken: list[int] = []
        house.turns.listeners.on_mail = lambda: woken.append(len(house.rows("SELECT 1 FROM outbox")))
        reply = await house.submit(await house.begin(), name="Ann")
        assert screen_of(reply).question_text == "Ann True"
        assert recipients(house) == ["submit@example.com"]
        assert house.rows("SELECT session_id FROM outbox") == [(reply.session_id,)]
        assert woken == [1]
        await house.turns.refresh(reply.session_id, ANN)
        await house.submit(await house.back(reply), name="Bo")
        assert recipients(house) == ["submit@example.com"] * 2   # Back undid the variable that says it was sent
    run(tmp_path, test, TEXT)


@pytest.mark.parametrize("action", ["ignored", "answered", "left"])
def test_an_action_sends_however_it_ends(tmp_path: Path, action: str) -> None:
    """Nothing saved, a response, or the end of the session: what was asked for goes out."""
    async def test(house: House) -> None:
        reply = await house.begin()
        await house.turns.action(reply.session_id, ANN, action, {})
        assert recipients(house) == [f"{action}@example.com"]
        assert house.rows("SELECT count(*) FROM sessions") == [(0 if action == "left" else 1,)]
    run(tmp_path, test, TEXT)


def test_a_check_in_sends(tmp_path: Path) -> None:
    """It is a turn like any other."""
    async def test(house: House) -> None:
        reply = await house.begin()
        await house.turns.check_in(reply.session_id, ANN, CheckIn("looked", {}, None, True), reply.revision)
        assert recipients(house) == ["looked@example.com"]
    run(tmp_path, test, TEXT)


def test_a_turn_that_ends_in_an_error_sends_nothing(tmp_path: Path) -> None:
    """As it keeps nothing else."""
    async def test(house: House) -> None:
        reply = await house.begin()
        with pytest.raises(InterviewError, match="division by zero"):
            await house.turns.action(reply.session_id, ANN, "fails", {})
        assert recipients(house) == []
    run(tmp_path, test, TEXT)


@pytest.mark.parametrize(("work", "expected", "sessions"), [
    ("work", ["work@example.com"], 1), ("work_and_leave", ["work_and_leave@example.com"], 0),
    ("work_and_act", ["act@example.com", "work_and_act@example.com"], 0),
    ("work_and_fail", ["work_and_fail@example.com"], 1)])
def test_a_task_sends_with_its_end(tmp_path: Path, work: str, expected: list[str], sessions: int) -> None:
    """Also where it fails, as all that it asked for; also where the session ends with it."""
    async def test(house: House) -> None:
        reply = await house.begin()
        await house.turns.action(reply.session_id, ANN, "start", {"which": work})
        assert recipients(house) == []
        end = await house.work()
        await house.turns.task_ended(end)   # reported twice
        assert sorted(recipients(house)) == expected
        assert house.rows("SELECT count(*) FROM sessions") == [(sessions,)]
        assert house.rows("SELECT count(*) FROM counters") == [(1 if work == "work" else 0,)]
    run(tmp_path, test, TEXT)


def test_a_session_that_ends_in_its_first_turn_sends_too(tmp_path: Path) -> None:
    """It leaves no row, but its mail knows whose it was, so that nobody else reads it."""
    async def test(house: House) -> None:
        await house.begin()
        assert recipients(house) == ["first@example.com"]
        assert house.rows("SELECT count(*) FROM sessions") == [(0,)]
        row = house.store.read(partial(one_mail, number=1)).result()
        assert row is not None
        assert (row.row.session_id, row.interview) == (None, INTERVIEW)
        assert row.holders == frozenset(await house.turns.held_by(ANN))
        assert row.holders.isdisjoint(await house.turns.held_by(BOB))
    run(tmp_path, test, """
mandatory: True
code: |
  send_email(to='first@example.com', body='x')
  command('exit')
""")


def test_mail_of_all_rounds_of_a_turn_stands(tmp_path: Path) -> None:
    """A block that is begun anew because something was missing sends anew, as it does in docassemble."""
    async def test(house: House) -> None:
        await house.begin()
        assert recipients(house) == ["again@example.com"] * 2
    run(tmp_path, test, """
mandatory: True
code: |
  send_email(to='again@example.com', body='x')
  missing
---
code: |
  missing = 1
---
mandatory: True
question: Done
""")
