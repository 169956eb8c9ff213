"""The ticker looks each 20 seconds, whatever becomes of the wall clock, and one look at a time."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from types import SimpleNamespace

import pytest
import schedule

from appliance.cron.ticker import EACH, Ticker
from tests.cron.wall_clock import WallClock


class Looks:
    """Counts looks, and keeps them waiting where it is told to."""

    def __init__(self) -> None:
        self.count = 0
        self.free = asyncio.Event()
        self.free.set()

    async def __call__(self) -> None:
        self.count += 1
        await self.free.wait()


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """The clock that the library reads: local and without a time zone."""
    wall = WallClock("2026-11-01 01:30")

    class Driven(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Driven:
            here = dt.datetime.fromtimestamp(wall.seconds, wall.zone)
            return cls(*here.timetuple()[:6])
    monkeypatch.setattr(schedule, "datetime", SimpleNamespace(datetime=Driven, timedelta=dt.timedelta))
    return wall


def test_looks_at_the_start_and_each_twenty_seconds(wall: WallClock) -> None:
    async def test() -> None:
        looks = Looks()
        ticker = Ticker(looks)
        ticker.start()
        await asyncio.sleep(0)
        assert looks.count == 1
        assert ticker.tick() == EACH
        for number in range(2, 5):
            wall.move(seconds=EACH)
            ticker.tick()
            await asyncio.sleep(0)
            assert looks.count == number
        await ticker.stop()
    asyncio.run(test())


@pytest.mark.parametrize("jump", [{"hours": -1}, {"days": -1}, {"hours": 3}, {"days": 3650}, {"days": -3650}])
def test_goes_on_when_the_clock_jumps(wall: WallClock, jump: dict[str, float]) -> None:
    """The hour of daylight saving, a day back, ten years either way: one look at once, and then each 20 seconds."""
    async def test() -> None:
        looks = Looks()
        ticker = Ticker(looks)
        ticker.start()
        await asyncio.sleep(0)
        wall.move(**jump)
        ticker.tick()
        await asyncio.sleep(0)
        assert looks.count == 2
        assert ticker.tick() <= EACH
        wall.move(seconds=EACH)
        ticker.tick()
        await asyncio.sleep(0)
        assert looks.count == 3
        await ticker.stop()
    asyncio.run(test())


def test_one_look_at_a_time(wall: WallClock) -> None:
    """A look that takes long is not begun a second time beside itself."""
    async def test() -> None:
        looks = Looks()
        looks.free.clear()
        ticker = Ticker(looks)
        ticker.start()
        for _ in range(3):
            wall.move(seconds=EACH)
            ticker.tick()
            await asyncio.sleep(0)
        assert looks.count == 1
        looks.free.set()
        await asyncio.sleep(0.01)
        wall.move(seconds=EACH)
        ticker.tick()
        await asyncio.sleep(0)
        assert looks.count == 2
        await ticker.stop()
    asyncio.run(test())


def test_a_look_that_fails_is_not_the_last(wall: WallClock, caplog: pytest.LogCaptureFixture) -> None:
    """What a look raises is logged without its text, and the next one comes."""
    async def fails() -> None:
        raise ValueError("what ann typed")

    async def test() -> None:
        ticker = Ticker(fails)
        ticker.start()
        await asyncio.sleep(0.01)
        wall.move(seconds=EACH)
        ticker.tick()
        await asyncio.sleep(0.01)
        await ticker.stop()
    with caplog.at_level(logging.ERROR):
        asyncio.run(test())
    assert caplog.text.count("what is due cannot be found out: ValueError at") == 2
    assert "typed" not in caplog.text
