"""Two years of a laptop's daily life: every due event runs once in each session, whatever the clock does."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from appliance.cron.calendar import EVENTS
from appliance.sessions.events import EventResult
from appliance.store.database import Store
from tests.cron.test_rounds import COUNTING
from tests.cron.wall_clock import CronHouse, WallClock, run_cron

BEGIN, END = date(2026, 1, 5), date(2028, 1, 10)
HALF_HOUR = 1800


class Counted:
    """Stands in for the turns: an event is a mark in the same transaction as the note that it has run."""

    def __init__(self) -> None:
        self.store: Store | None = None
        self.ran: Counter[tuple[str, str]] = Counter()

    def offers(self, interview: str, event: str) -> bool:
        return event in EVENTS

    def is_busy(self, session_id: str) -> bool:
        return False

    async def event(self, session_id: str, event: str,
                    also: Callable[[EventResult], Callable[[Database], None]], *, if_free: bool) -> EventResult:
        assert self.store is not None
        result = EventResult("saved")
        await asyncio.wrap_future(self.store.write(also(result)))
        self.ran[session_id, event] += 1
        return result


def dues(zone: ZoneInfo) -> dict[str, list[float]]:
    """All due times, reckoned day by day, of a zone whose clock jumps by whole hours and never around half past six."""
    days = [BEGIN + timedelta(days=number) for number in range((END - BEGIN).days)]

    def at(day: date, hour: int, minute: int) -> float:
        return datetime.combine(day, time(hour, minute), zone).timestamp()
    first = at(BEGIN, 0, 17)
    return {"cron_hourly": [first + 3600 * number for number in range(24 * len(days))],
            "cron_daily": [at(day, 6, 25) for day in days],
            "cron_weekly": [at(day, 6, 47) for day in days if day.weekday() == 6],
            "cron_monthly": [at(day, 6, 52) for day in days if day.day == 1]}


def awake(zone: ZoneInfo) -> Iterator[float]:
    """When it is awake: at work in the morning and in the afternoon, and all day and night when the clocks change."""
    day = BEGIN
    while day < END:
        midnight = datetime.combine(day, time(0, 20), zone)
        changes = midnight.utcoffset() != datetime.combine(day + timedelta(days=1), time(0, 20), zone).utcoffset()
        if changes:
            yield from (midnight.timestamp() + HALF_HOUR * number for number in range(48))
        elif day.weekday() < 5:
            start = datetime.combine(day, time(8, 5), zone).timestamp()
            yield from (start, start + 6 * 3600)
        day += timedelta(days=1)


@pytest.mark.parametrize("zone", ["America/New_York", pytest.param("Europe/Berlin", marks=pytest.mark.faults_full)])
def test_daily_life_of_two_years(tmp_path: Path, zone: str) -> None:
    """Each event that was due since the last look runs once in each session, and none that was not due."""
    turns, wall = Counted(), WallClock("2026-01-05 00:00", zone)
    due, looks = dues(wall.zone), list(awake(wall.zone))

    async def test(house: CronHouse) -> None:
        turns.store = house.store
        house.store.read(lambda database: database.execute("PRAGMA synchronous=OFF")).result()   # nothing is killed
        ids = [(await house.begin()).session_id for _ in range(2)]
        await house.look()
        before, expected = wall.seconds, Counter[tuple[str, str]]()
        for now in looks:
            wall.seconds = now
            await house.look()
            for event, times in due.items():
                if bisect_right(times, now) > bisect_right(times, before):
                    expected.update((session_id, event) for session_id in ids)
            before = now
            assert turns.ran == expected, wall.here
        assert expected[ids[0], "cron_monthly"] == 24
        assert expected[ids[0], "cron_weekly"] == 104
    run_cron(tmp_path, test, COUNTING, wall, turns=turns)


LIFE: tuple[tuple[str, dict[str, Any], dict[str, int]], ...] = (
    ("an hour goes by", {"at": "2026-03-06 18:20"}, {"hourly": 1}),
    ("the lid is closed for the weekend in which the clocks change", {"at": "2026-03-09 08:00"},
     {"hourly": 1, "daily": 1}),
    ("the next hour", {"at": "2026-03-09 08:20"}, {"hourly": 1}),
    ("the clock is set back by a day", {"days": -1}, {}),
    ("an hour later by that clock", {"hours": 1}, {}),
    ("and is put right", {"at": "2026-03-09 09:30"}, {"hourly": 1}),
    ("the year was mistyped", {"at": "2036-03-09 09:40"}, {"hourly": 1, "daily": 1}),
    ("and is put right", {"at": "2026-03-09 09:50"}, {}),
    ("a night", {"at": "2026-03-10 06:30"}, {"hourly": 1, "daily": 1}),
    ("three days asleep", {"at": "2026-03-13 12:00"}, {"hourly": 1, "daily": 1}),
    ("months go by", {"at": "2026-10-31 23:50"}, {"hourly": 1, "daily": 1}),
    ("one in the morning", {"at": "2026-11-01 01:20"}, {"hourly": 1}),
    ("an hour later it is one in the morning again", {"hours": 1}, {"hourly": 1}),
    ("the day begins", {"at": "2026-11-01 06:30"}, {"hourly": 1, "daily": 1}),
)


def test_life_with_real_interviews(tmp_path: Path) -> None:
    """Real sessions through real turns, over restarts of the appliance: what was due is in the answers, once."""
    wall, ids, expected = WallClock("2026-03-06 17:00"), list[str](), Counter[str]()

    async def begin(house: CronHouse) -> None:
        ids.extend([(await house.begin()).session_id for _ in range(2)])
        await house.look()
    run_cron(tmp_path, begin, COUNTING, wall)
    for what, jump, more in LIFE:
        async def look(house: CronHouse) -> None:
            await house.look()
            await house.look()
            for session_id in ids:
                assert (await house.answers(session_id))["counts"] == expected, f"{what}; it is {wall.here}"  # noqa: B023
        wall.set(jump["at"]) if "at" in jump else wall.move(**jump)
        expected.update(more)
        run_cron(tmp_path, look, COUNTING, wall)
