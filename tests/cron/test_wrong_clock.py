"""The schedule and retention together, where the clock was wrong: what looks old because of that is announced first."""

from __future__ import annotations

from pathlib import Path

from appliance.cron.calendar import Calendar
from appliance.cron.retention import Retention, RetentionResult
from tests.cron.wall_clock import CronHouse, WallClock, run_cron
from tests.sessions.house import THREE_STEPS


class Deleting:
    """What the schedule is given before there is a retention."""

    def __init__(self) -> None:
        self.retention: Retention | None = None

    async def __call__(self, now: float, *, at_once: bool) -> RetentionResult:
        assert self.retention is not None
        return await self.retention.run(now, at_once=at_once)

    def begin(self, house: CronHouse) -> Retention:
        calendar = Calendar.configured({"timezone": house.wall.zone.key}.get)
        self.retention = Retention(house.store, house.key, house.turns, {"interview delete days": 90}.get,
                                   lambda interview: (), lambda after: calendar.following("cron_daily", after))
        return self.retention


async def days(house: CronHouse, first: str, number: int) -> list[int]:
    """So many days of an appliance that is always on; how many sessions there are after each one's run."""
    house.wall.set(first)
    found = []
    for _ in range(number):
        await house.look()
        found.append(len(house.rows("SELECT 1 FROM sessions")))
        house.wall.move(days=1)
    return found


def test_a_session_that_a_dead_clock_saw(tmp_path: Path) -> None:
    """Since noon the clock says 2010; a session is made, and the clock put right: it goes a week later, and not before.

    Whoever asks for it deletes it at once.
    """
    deleting = Deleting()

    async def test(house: CronHouse) -> None:
        retention = deleting.begin(house)
        assert await days(house, "2026-05-01 06:26", 20) == [0] * 20
        house.wall.set("2010-01-01 00:00")
        await house.look()
        first = (await house.begin()).session_id
        assert await days(house, "2026-05-21 06:26", 1) == [1]
        [coming] = await retention.preview()
        assert coming.session_id == first
        house.wall.set("2026-05-28 06:25")
        assert coming.due == house.wall.seconds
        assert await days(house, "2026-05-22 06:26", 7) == [1] * 6 + [0]

        house.wall.set("2010-01-01 00:00")
        await house.look()
        await house.begin()
        assert await days(house, "2026-05-29 06:26", 1) == [1]
        await house.schedule.run_now("cron_daily")
        await house.quiet()
        assert house.rows("SELECT 1 FROM sessions") == []
    run_cron(tmp_path, test, THREE_STEPS, WallClock("2026-05-01 06:00"), tidy=deleting)


def test_a_jump_of_the_clock_through_the_schedule(tmp_path: Path) -> None:
    """For an hour it is 2036: the rounds run, and nothing is deleted, then or when the clock is right again."""
    deleting = Deleting()

    async def test(house: CronHouse) -> None:
        deleting.begin(house)
        await days(house, "2026-05-01 06:26", 3)
        await house.begin()
        house.wall.set("2036-05-03 12:00")
        await house.look()
        last = (await house.event("cron_daily")).last
        assert last is not None
        assert last.reason == "missed"
        assert await days(house, "2026-05-04 06:26", 95) == [1] * 90 + [0] * 5
    run_cron(tmp_path, test, THREE_STEPS, WallClock("2026-05-01 06:00"), tidy=deleting)
