"""The interviews of docassemble's documentation of scheduled tasks, lived through with a clock.

A reminder after 20 days, a session that nobody comes back to, and the examples of docassemble's own packages.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from appliance.sessions.events import EventResult
from appliance.store.outbox import mail_row, open_mail
from tests.cron.wall_clock import CronHouse, WallClock, run_cron
from tests.sessions.house import ANN, INTERVIEW, House, screen_of

WHEELS = Path(__file__).parents[2] / ".cache" / "examples"

REMINDER = """
mandatory: True
code: |
  allow_cron = True
  multi_user = True
---
question: When was the complaint filed, and where do we write to?
fields:
  - Date: filing_date
    datatype: date
  - E-mail: email_address
    datatype: email
---
mandatory: True
question: We will remind you, ${ email_address }, of what was filed on ${ filing_date }.
buttons:
  - Leave: leave
---
template: reminder
subject: It is time to go on
content: The other side has not answered. Filed on ${ filing_date }.
---
event: cron_daily
code: |
  if task_not_yet_performed('remind'):
    if date_difference(starting=filing_date).days >= 20:
      send_email(to=email_address, template=reminder, task='remind')
  response()
---
event: cron_monthly
code: |
  if last_access_days() > 365:
    command('exit')
  response(null=True)
"""


def mails(house: House) -> list[Any]:
    """What lies in the outbox, opened."""
    found = []
    for (number,) in house.rows("SELECT number FROM outbox ORDER BY number"):
        row = house.store.read(partial(mail_row, number=number)).result()
        mail = None if row is None else open_mail(row, house.key)
        assert mail is not None
        found.append(message_from_bytes(mail.message, policy=policy.default))
    return found


def nothing_more(result: EventResult) -> Callable[[Database], None]:
    return lambda database: None


def test_reminder_after_twenty_days(tmp_path: Path) -> None:
    """25 days, over a change to daylight saving: one mail, on the twentieth day, and what the person does counts."""
    wall = WallClock("2026-02-20 10:00")

    async def test(house: CronHouse) -> None:
        await house.look()
        reply = await house.begin()
        reply = await house.submit(reply, filing_date="2026-02-20", email_address="ann@example.com")
        asked = await house.begin()   # another one, whose client has not said when
        sent = []
        for _ in range(25):
            before = len(mails(house))
            wall.move(days=1)
            await house.look()
            if len(mails(house)) > before:
                sent.append(wall.here[:10])
        assert sent == ["2026-03-12"]
        [mail] = mails(house)
        assert (mail["To"], mail["Subject"]) == ("ann@example.com", "It is time to go on")
        overview = await house.event("cron_daily")
        assert len(overview.rounds) == 10
        assert all((one.done, one.failed) == (2, 0) for one in overview.rounds)
        assert screen_of(await house.turns.refresh(asked.session_id, ANN)).question_text.startswith("When was")
        shown = await house.turns.refresh(reply.session_id, ANN)
        assert "ann@example.com" in screen_of(shown).question_text
    run_cron(tmp_path, test, REMINDER, wall)


def test_session_that_nobody_comes_back_to(tmp_path: Path) -> None:
    """It ends in the second monthly round after a year, though events run in it daily; one that is visited stays."""
    wall = WallClock("2026-01-10 10:00")

    async def test(house: CronHouse) -> None:
        await house.look()
        left, visited = await house.begin(), await house.begin()
        for month in range(14):
            wall.move(days=31)
            await house.look()
            if month == 6:
                await house.turns.refresh(visited.session_id, ANN)
        assert house.rows("SELECT id FROM sessions") == [(visited.session_id,)]
        assert left.session_id != visited.session_id
        assert sum(one.deleted for one in (await house.event("cron_monthly")).rounds) == 1
    run_cron(tmp_path, test, REMINDER, wall)


# -- docassemble's own ----------------------------------------------------------------------------------------


def example(name: str) -> str:
    for wheel in WHEELS.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for path in archive.namelist():
                if path.endswith(f"/data/questions/{name}"):
                    return archive.read(path).decode()
    pytest.skip("`make examples` has not downloaded the example interviews")


@pytest.mark.examples
def test_scheduled_task_counts_hours(tmp_path: Path) -> None:
    """``cron.yml``: each hour counts one, and after two days the session is gone."""
    wall = WallClock("2026-11-01 00:00")   # the day on which an hour comes twice

    async def test(house: CronHouse) -> None:
        await house.look()
        reply = await house.begin()
        for hour in range(1, 49):
            wall.move(hours=1)
            await house.look()
            shown = await house.turns.refresh(reply.session_id, ANN)
            assert f"{hour}." in screen_of(shown).question_text
        wall.move(hours=1)
        await house.look()
        assert house.rows("SELECT * FROM sessions") == []
    run_cron(tmp_path, test, example("examples/cron.yml"), wall)


@pytest.mark.examples
def test_alarm_clock(tmp_path: Path) -> None:
    """``alarm-clock.yml``: one mail, in the hour in which it is time, and the session ends with it."""
    wall = WallClock("2026-11-23 22:00")

    async def test(house: CronHouse) -> None:
        await house.look()
        reply = await house.submit(await house.begin(), email="ann@example.com")
        reply = await house.submit(reply, raw_wakeup_time="7:30 AM")
        reply = await house.submit(reply, timezone="America/New_York")
        assert screen_of(reply).question_text == "Good night!"
        for _ in range(12):
            wall.move(hours=1)
            await house.look()
            if not house.rows("SELECT * FROM sessions"):
                break
        assert wall.here == "2026-11-24 08:00"   # when the round of 7:17 has come late
        [mail] = mails(house)
        assert mail["Subject"] == "Time to wake up!"
        assert mail["To"] == "ann@example.com"
    run_cron(tmp_path, test, example("examples/alarm-clock.yml"), wall)


@pytest.mark.examples
def test_tests_of_scheduled_tasks(tmp_path: Path) -> None:
    """``testcron2.yml`` and ``testcronbg.yml``: initial code before process_action(), what a response says, a task."""
    wall = WallClock("2026-11-23 10:00")

    async def test(house: CronHouse) -> None:
        reply = await house.begin()
        wall.move(hours=12)
        result = await house.turns.event(reply.session_id, "cron_hourly", nothing_more)
        assert result.text == ("Cron hourly was called.  Counter is 2.  Last access minutes is 720.0.  "
                               "Last access days is 0.5.  Last access hours is 12.0.")
        house.sources.texts[INTERVIEW] = example("testcronbg.yml")
        assert (await house.turns.event(reply.session_id, "cron_daily_background", nothing_more)).outcome == "queued"
        await house.work()
        assert (await house.answers(reply.session_id))["counter"] == 558
        assert (await house.turns.event(reply.session_id, "cron_weekly", nothing_more)).outcome == "deleted"
    run_cron(tmp_path, test, example("testcron2.yml"), wall)
