"""Rounds over real turns: which sessions they run in, what is counted, and that nothing is done twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from appliance.cron import rounds
from appliance.sessions.events import EventResult
from appliance.store.errors import StoreFull
from appliance.store.schedule import ROUNDS_KEPT, EventOverview, NotLeft, RoundRow, session_over
from tests.cron.wall_clock import CronHouse, WallClock, run_cron
from tests.sessions.house import ANN, INTERVIEW

COUNTING = """
mandatory: True
code: |
  multi_user = True
  allow_cron = True
  counts = {}
---
mandatory: True
question: Come back later
---
event: cron_hourly
code: |
  counts['hourly'] = counts.get('hourly', 0) + 1
  response('counted')
---
event: cron_daily
code: |
  counts['daily'] = counts.get('daily', 0) + 1
"""

EVERY_KIND = """
initial: True
code: |
  multi_user = url_args.get('shared', 'yes') == 'yes'
  allow_cron = url_args.get('cron', 'yes') == 'yes'
---
mandatory: True
code: |
  kind = url_args.get('kind', '')
  ran = 0
---
mandatory: True
question: Come back later
---
event: stop_cron
code: |
  set_info(stopped=True)
---
event: cron_hourly
code: |
  ran += 1
  if kind == 'fails':
    raise ValueError('what ann typed')
  elif kind == 'leaves':
    command('exit')
  elif kind == 'null':
    response(null=True)
  response(kind)
---
event: cron_hourly_background
code: |
  background_response()
"""


async def last(house: CronHouse, event: str = "cron_hourly") -> RoundRow:
    """The newest round of an event."""
    found = (await house.event(event)).last
    assert found is not None
    return found


async def run_at(house: CronHouse, at: str) -> EventOverview:
    """Let it be that time, and what is due run to its end."""
    house.wall.set(at)
    await house.look()
    return await house.event("cron_hourly")


def counted(one: RoundRow) -> tuple[int, int, int, int]:
    return one.sessions, one.done, one.failed, one.deleted


def test_each_due_event_runs_once_in_each_session(tmp_path: Path) -> None:
    """Nothing is missed at the first start; then each due time has one round, and each session has it once."""
    async def test(house: CronHouse) -> None:
        sessions = [(await house.begin()).session_id for _ in range(3)]
        await house.look()
        assert [one.last for one in await house.schedule.overview()] == [None] * 4
        house.wall.set("2026-05-04 10:17")
        await house.look()
        await house.look()
        house.wall.move(seconds=59)
        await house.look()
        for session_id in sessions:
            assert (await house.answers(session_id))["counts"] == {"hourly": 1}
        hourly = await house.event("cron_hourly")
        assert hourly.last is not None
        assert (hourly.last.reason, hourly.last.sessions, hourly.last.done, hourly.last.failed) == ("due", 3, 3, 0)
        assert hourly.last.ended is not None
        assert hourly.next_due == house.wall.seconds - 59 + 3600
        assert not hourly.running
        assert (await house.event("cron_daily")).last is None
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"))


def test_of_several_missed_only_the_newest_runs(tmp_path: Path) -> None:
    """Three days asleep: one hour and one day, and the page says that they were missed."""
    async def test(house: CronHouse) -> None:
        session_id = (await house.begin()).session_id
        await house.look()
        await run_at(house, "2026-05-07 12:00")
        await run_at(house, "2026-05-07 12:01")
        assert (await house.answers(session_id))["counts"] == {"hourly": 1, "daily": 1}
        assert (await last(house)).reason == (await last(house, "cron_daily")).reason == "missed"
        due = (await last(house, "cron_daily")).due
        house.wall.set("2026-05-07 06:25")
        assert due == house.wall.seconds
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"))


def test_clock_set_back_repeats_nothing(tmp_path: Path) -> None:
    """A day back: no event runs a second time, and when the clock is there again each due time goes on."""
    async def test(house: CronHouse) -> None:
        session_id = (await house.begin()).session_id
        await house.look()
        await run_at(house, "2026-05-05 10:20")
        before = (await house.answers(session_id))["counts"]
        house.wall.move(days=-1)
        while house.wall.here < "2026-05-05 11:00":
            await house.look()
            house.wall.move(minutes=30)
        assert (await house.answers(session_id))["counts"] == before == {"hourly": 1, "daily": 1}
        await run_at(house, "2026-05-05 11:17")
        assert (await house.answers(session_id))["counts"] == {"hourly": 2, "daily": 1}
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"))


def test_clock_ten_years_ahead_silences_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The year was 2036 for a while: put right, the next due time runs, and what had run before is not repeated."""
    async def test(house: CronHouse) -> None:
        session_id = (await house.begin()).session_id
        await house.look()
        await run_at(house, "2026-05-04 10:17")
        await run_at(house, "2036-05-04 10:30")
        assert (await house.answers(session_id))["counts"] == {"hourly": 2, "daily": 1}
        with caplog.at_level(logging.WARNING):
            await run_at(house, "2026-05-04 10:40")
        assert "the clock was at 2036-05-04T14:17:00Z when cron_hourly was due last" in caplog.text
        assert (await house.answers(session_id))["counts"] == {"hourly": 2, "daily": 1}
        await run_at(house, "2026-05-04 11:17")
        await run_at(house, "2026-05-05 06:25")
        assert (await house.answers(session_id))["counts"] == {"hourly": 4, "daily": 2}
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"))


def test_empty_battery_runs_nothing_twice(tmp_path: Path) -> None:
    """The clock starts in the year 2000 and is put right by the network: today's event has run, and does not again."""
    async def test(house: CronHouse) -> None:
        session_id = (await house.begin()).session_id
        await house.look()
        await run_at(house, "2026-05-05 06:25")
        await run_at(house, "2000-01-01 00:00")
        await run_at(house, "2026-05-05 06:30")
        assert (await house.answers(session_id))["counts"] == {"hourly": 1, "daily": 1}
        await run_at(house, "2026-05-06 06:25")
        assert (await house.answers(session_id))["counts"]["daily"] == 2
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"))


def test_what_becomes_of_the_sessions_is_counted(tmp_path: Path) -> None:
    """One fails, one ends, one keeps its answers: the others run, and only those that allow it have a turn."""
    async def test(house: CronHouse) -> None:
        sessions = {kind: (await house.begin(kind=kind)).session_id for kind in ("fails", "leaves", "null", "saves")}
        await house.begin(kind="alone", shared="no")
        await house.begin(kind="dull", cron="no")
        await house.look()
        event = await run_at(house, "2026-05-04 10:17")
        assert event.last is not None
        assert counted(event.last) == (4, 2, 1, 1)
        assert [one[0] for one in house.rows("SELECT id FROM sessions WHERE multi_user AND allow_cron ORDER BY id")] \
            == sorted(set(sessions.values()) - {sessions["leaves"]})
        assert (await house.answers(sessions["saves"]))["ran"] == 1
        assert (await house.answers(sessions["null"]))["ran"] == 0
        [failure] = event.failures
        assert (failure.session_id, failure.interview, failure.error_type) == (
            sessions["fails"], INTERVIEW, "ValueError")
        assert failure.where.startswith(INTERVIEW)
        assert "what ann typed" in failure.text
    run_cron(tmp_path, test, EVERY_KIND, WallClock("2026-05-04 10:00"))


def test_twin_in_the_background_is_due_together(tmp_path: Path) -> None:
    """`cron_hourly_background` has a round of its own, whose tasks are queued; without such a block it has none."""
    async def test(house: CronHouse) -> None:
        await house.begin(kind="saves")
        await house.look()
        event = await run_at(house, "2026-05-04 10:17")
        twin = await house.event("cron_hourly_background")
        assert twin.last is not None
        assert counted(twin.last) == (1, 1, 0, 0)
        assert twin.next_due == event.next_due
        assert house.rows("SELECT action, state FROM tasks") == [("cron_hourly_background", "queued")]
        names = {one.event for one in await house.schedule.overview()}
        assert names == {"cron_hourly", "cron_daily", "cron_weekly", "cron_monthly", "cron_hourly_background"}
    run_cron(tmp_path, test, EVERY_KIND, WallClock("2026-05-04 10:00"))


@pytest.mark.parametrize("damage", [
    "DELETE FROM session_keys WHERE holder = 'appliance'",
    "UPDATE session_keys SET sealed_key = x'00'", "UPDATE schedule_failures SET sealed = x'00'"])
def test_error_details_are_sealed_with_the_session(tmp_path: Path, damage: str) -> None:
    """What an error said is as sealed as the answers; of a session that is not shared any more nobody opens it, and one
    that is damaged does not take the page with it.
    """
    async def test(house: CronHouse) -> None:
        await house.begin(kind="fails")
        await house.look()
        await run_at(house, "2026-05-04 10:17")
        house.store.write(lambda database: database.execute(damage)).result()
        [failure] = (await house.event("cron_hourly")).failures
        assert failure.text == ""
    run_cron(tmp_path, test, EVERY_KIND, WallClock("2026-05-04 10:00"))
    for file in (tmp_path / "data").iterdir():
        assert not file.is_file() or b"what ann typed" not in file.read_bytes()


def test_run_now_begins_at_once_and_moves_no_due_time(tmp_path: Path) -> None:
    """Run now, twice pressed, is one round; what is due comes all the same. Any name can be run."""
    async def test(house: CronHouse) -> None:
        session_id = (await house.begin()).session_id
        await house.look()
        first = await house.schedule.run_now("cron_hourly")
        await house.quiet()
        assert (await last(house)).number == first
        assert ((await last(house)).reason, (await last(house)).due) == ("person", None)
        assert (await house.answers(session_id))["counts"] == {"hourly": 1}
        await run_at(house, "2026-05-04 10:17")
        assert (await house.answers(session_id))["counts"] == {"hourly": 2}
        said: list[str] = []
        [one] = await house.schedule.run_to_the_end("cron_hourly", said.append)
        assert (one.reason, one.sessions, said) == ("command", 1, ["counted"])
        [one] = await house.schedule.run_to_the_end("quarterly", said.append)
        assert (one.event, one.sessions) == ("quarterly", 0)
        assert (await house.event("quarterly")).next_due is None
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"))


def test_broken_interview_is_a_failure_of_the_round(tmp_path: Path) -> None:
    """An interview that cannot be read any more: said with its name, mailed, and the others go on."""
    async def test(house: CronHouse) -> None:
        await house.begin()
        await house.look()
        house.sources.texts[INTERVIEW] = "question: [never closed"
        event = await run_at(house, "2026-05-04 10:17")
        assert event.last is not None
        assert counted(event.last) == (0, 0, 1, 0)
        [failure] = event.failures
        assert (failure.session_id, failure.interview, failure.error_type) == (None, INTERVIEW, "BadInterview")
        assert house.rows("SELECT state FROM outbox") == [("waiting",)]
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"),
             settings={"error notification email": "admin@example.com"})


def test_full_disk_parks_the_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a session's turn cannot be written, the round waits for the next tick, and then goes on where it was."""
    async def test(house: CronHouse) -> None:
        sessions = [(await house.begin()).session_id for _ in range(2)]
        await house.look()
        event, calls = house.turns.event, [0]

        async def full(session_id: str, name: str, also: Callable[[EventResult], Callable[[Database], None]], *,
                       if_free: bool) -> EventResult:
            calls[0] += 1
            if calls[0] == 2:
                raise StoreFull("the disk is full")
            return await event(session_id, name, also, if_free=if_free)
        monkeypatch.setattr(house.turns, "event", full)
        assert (await run_at(house, "2026-05-04 10:17")).running
        await house.look()
        assert counted(await last(house)) == (2, 2, 0, 0)
        for session_id in sessions:
            assert (await house.answers(session_id))["counts"] == {"hourly": 1}
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"))


def test_retention_runs_before_daily_events_and_stops_none(tmp_path: Path) -> None:
    """`cron_daily` begins with what is old; if that fails, the events run all the same."""
    tidied: list[Any] = []

    async def tidy(now: float, *, at_once: bool) -> None:
        tidied.append((now, at_once))
        raise RuntimeError("a bug")

    async def test(house: CronHouse) -> None:
        session_id = (await house.begin()).session_id
        await house.look()
        await run_at(house, "2026-05-04 10:17")
        assert tidied == []
        await run_at(house, "2026-05-05 06:25")
        assert tidied == [(house.wall.seconds, False)]
        assert (await house.answers(session_id))["counts"]["daily"] == 1
        await house.schedule.run_now("cron_daily")
        await house.quiet()
        await house.schedule.run_to_the_end("cron_daily", lambda line: None)
        assert tidied[1:] == [(house.wall.seconds, True)] * 2
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"), tidy=tidy)


def test_session_that_withdrew_is_left_out(tmp_path: Path) -> None:
    """A session that was deleted, or forbade scheduled events, after its round began is skipped and not counted."""
    async def test(house: CronHouse) -> None:
        ids = sorted([(await house.begin()).session_id for _ in range(3)])
        await house.look()

        def withdraw(database: Database) -> None:
            database.execute("UPDATE sessions SET allow_cron = 0 WHERE id = ?", [ids[0]])
        await house.turns.delete(ids[1], ANN)
        house.wall.set("2026-05-04 10:17")
        await house.schedule.look()
        await asyncio.wrap_future(house.store.write(withdraw))
        await house.quiet()
        one = await last(house)
        assert one.done <= 2
        assert one.sessions == one.done
        assert (await house.answers(ids[2]))["counts"] == {"hourly": 1}
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"))


def test_old_rounds_are_forgotten(tmp_path: Path) -> None:
    """The last fifty of each event are kept; what people asked for does not push out what was due."""
    async def test(house: CronHouse) -> None:
        await house.look()
        for hours in range(ROUNDS_KEPT + 5):
            house.wall.set("2026-05-04 10:17")
            house.wall.move(hours=hours)
            await house.look()
        for _ in range(3):
            await house.schedule.run_now("cron_hourly")
            await house.quiet()
        kept = house.rows("SELECT reason, count(*) FROM schedule_rounds WHERE event = 'cron_hourly' GROUP BY reason")
        assert kept == [("due", ROUNDS_KEPT), ("person", 3)]
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"))


def test_a_session_is_over_once(tmp_path: Path) -> None:
    """The note that an event has run can be written once: a second transaction with it is undone."""
    async def test(house: CronHouse) -> None:
        session_id = (await house.begin()).session_id
        number = await house.schedule.run_now("cron_hourly")
        await house.quiet()
        with pytest.raises(NotLeft):
            await asyncio.wrap_future(house.store.write(
                lambda database: session_over(database, number, session_id, "done")))
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"))


WAITING = """
initial: True
code: |
  multi_user = True
  allow_cron = True
---
mandatory: True
code: |
  counts = {}
  kind = url_args.get('kind', '')
---
mandatory: True
question: Come back later
---
event: look_up
code: |
  found = background_action('work', None).get()
---
event: work
code: |
  background_response('done')
---
event: cron_hourly
code: |
  if kind == 'waits':
    background_action('work', None).get()
  counts['hourly'] = counts.get('hourly', 0) + 1
  response(sleep=3600 if kind == 'pauses' else None)
---
event: cron_daily
code: |
  counts['daily'] = counts.get('daily', 0) + 1
"""


async def until(house: CronHouse, sql: str) -> None:
    """Until the query finds that it is so."""
    async with asyncio.timeout(60):
        while house.rows(sql) != [(1,)]:
            await house.journal.queued()


def test_who_is_in_a_session_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's turn waits for a long task: the other sessions have their events, of this and of other rounds, and
    that session has its own, once each, when the task is done.
    """
    monkeypatch.setattr(rounds, "_LOOK_AGAIN", 0.01)

    async def test(house: CronHouse) -> None:
        sessions = sorted([(await house.begin()).session_id for _ in range(4)])
        await house.look()
        looking_up = [asyncio.create_task(house.turns.action(session_id, ANN, "look_up", {}))
                      for session_id in sessions[:2]]
        await until(house, "SELECT count(*) = 2 FROM tasks")
        house.wall.set("2026-05-05 06:25")
        await house.schedule.look()
        await until(house, "SELECT sum(done) = 4 FROM schedule_rounds")
        for session_id in sessions[2:]:
            assert (await house.answers(session_id))["counts"] == {"hourly": 1, "daily": 1}
        assert not any(one.done() for one in looking_up)
        assert {one.event for one in await house.schedule.overview() if one.running} == {"cron_hourly", "cron_daily"}
        for task_id in await house.journal.queued():
            await house.end(task_id, "done")
        await asyncio.gather(*looking_up)
        await house.quiet()
        assert counted(await last(house)) == counted(await last(house, "cron_daily")) == (4, 4, 0, 0)
        for session_id in sessions:
            assert (await house.answers(session_id))["counts"] == {"hourly": 1, "daily": 1}
    run_cron(tmp_path, test, WAITING, WallClock("2026-05-04 10:00"))


@pytest.mark.parametrize("kind", ["pauses", "waits"])
def test_an_event_that_takes_its_time_holds_up_its_own_round_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                   kind: str) -> None:
    """``response(sleep=…)``, and an event that waits for a task."""
    monkeypatch.setattr(rounds, "_PATIENCE", 0.2)

    async def test(house: CronHouse) -> None:
        slow = (await house.begin(kind=kind)).session_id
        other = (await house.begin()).session_id
        await house.look()
        house.wall.set("2026-05-05 06:25")
        await house.schedule.look()
        if kind == "waits":
            await until(house, "SELECT count(*) FROM tasks")
        async with asyncio.timeout(60):   # in the other session the event may have been first, or be set aside
            while (await house.answers(other))["counts"].get("daily") != 1:
                await house.journal.queued()
        assert (await house.event("cron_hourly")).running
        if kind == "waits":
            [task_id] = await house.journal.queued()
            await house.end(task_id, "done")
            await house.quiet()
            assert (await house.answers(slow))["counts"] == {"hourly": 1, "daily": 1}
    run_cron(tmp_path, test, WAITING, WallClock("2026-05-04 10:00"))


@pytest.mark.parametrize(("text", "error_type", "mails"), [
    ("", "UnknownInterview", []), ("question: [never closed", "BadInterview", [("waiting",)])])
def test_interview_that_goes_away_in_the_middle_is_one_failure(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, error_type: str, mails: list[tuple[str]]) -> None:
    """It is removed, or broken, while the round runs: one entry and one mail, not one for each session; the page says
    so again in the next round.
    """
    async def test(house: CronHouse) -> None:
        for _ in range(5):
            await house.begin()
        await house.look()
        event = house.turns.event

        async def gone(*arguments: Any, **more: Any) -> EventResult:
            result = await event(*arguments, **more)
            house.sources.texts.clear()
            if text:
                house.sources.texts[INTERVIEW] = text
            return result
        monkeypatch.setattr(house.turns, "event", gone)
        found = await run_at(house, "2026-05-04 10:17")
        for _ in range(2):
            assert found.last is not None
            [failure] = found.failures
            assert (failure.session_id, failure.interview, failure.error_type) == (None, INTERVIEW, error_type)
            if found.last.done:
                assert counted(found.last) == (1, 1, 1, 0)
                assert house.rows("SELECT state FROM outbox") == mails
                assert house.rows("SELECT * FROM schedule_left") == []
            found = await run_at(house, "2026-05-04 11:17")
        assert found.last is not None
        assert counted(found.last) == (0, 0, 1, 0)
    run_cron(tmp_path, test, COUNTING, WallClock("2026-05-04 10:00"),
             settings={"error notification email": "admin@example.com"})
