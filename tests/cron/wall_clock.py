"""A clock that a test sets, and a schedule over a house of :mod:`tests.sessions.house`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from appliance import clock
from appliance.cron.calendar import Calendar
from appliance.cron.rounds import EventDoor, Tidy
from appliance.cron.schedule import Schedule
from appliance.store.schedule import EventOverview
from tests.sessions.house import ANN, House

__all__ = ["CronHouse", "WallClock", "run_cron"]

T = TypeVar("T")


class WallClock:
    """The time of day as the test says it.

    :param zone: the name of the time zone that the test speaks of.
    """

    def __init__(self, at: str, zone: str = "America/New_York") -> None:
        self.zone = ZoneInfo(zone)
        self.set(at)

    def set(self, at: str) -> None:
        """A local time, as ``2026-03-08 06:00``."""
        self.seconds = datetime.fromisoformat(at).replace(tzinfo=self.zone).timestamp()

    def move(self, **time: float) -> None:
        """As ``move(hours=3)``."""
        self.seconds += timedelta(**time).total_seconds()

    @property
    def here(self) -> str:
        """The local time."""
        return datetime.fromtimestamp(self.seconds, UTC).astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    @contextmanager
    def drives(self) -> Iterator[None]:
        with clock.driven_by(lambda: self.seconds):
            yield


class CronHouse(House):
    """A house with a schedule that only looks when it is told to.

    :param turns: a stand-in for the turns.
    """

    def __init__(self, folder: Path, text: str, wall: WallClock, *, turns: EventDoor | None = None,
                 tidy: Tidy | None = None,
                 settings: dict[str, Any] | None = None) -> None:
        settings = {"timezone": wall.zone.key} | (settings or {})
        super().__init__(folder, text, settings=settings)
        self.wall = wall
        self.schedule = Schedule(self.store, self.key, turns or self.turns, Calendar.configured(settings.get),
                                 settings.get, tidy=tidy)

    async def close(self) -> None:
        await self.schedule.stop()
        await super().close()

    async def look(self) -> None:
        """What a tick does, until all that it began has ended."""
        await self.schedule.look()
        await self.quiet()

    async def quiet(self) -> None:
        """Until no round runs."""
        rounds = self.schedule._rounds
        async with asyncio.timeout(60):
            while tasks := list(rounds._running.values()):
                await asyncio.wait(tasks)

    async def event(self, name: str) -> EventOverview:
        """What the page shows of an event."""
        return next(one for one in await self.schedule.overview() if one.event == name)

    async def answers(self, session_id: str) -> dict[str, Any]:
        """The variables of a session as they are stored."""
        return (await self.turns.variables(session_id, ANN)).variables


def run_cron(folder: Path, test: Callable[[CronHouse], Awaitable[T]], text: str, wall: WallClock, **options: Any) -> T:
    """Open a house, run the test in it with the clock driven, and close it."""
    async def whole() -> T:
        house = CronHouse(folder, text, wall, **options)
        try:
            return await test(house)
        finally:
            await house.close()
    with wall.drives():
        return asyncio.run(whole())
