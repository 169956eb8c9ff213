"""Looks every 20 seconds whether something is due, with the ``schedule`` library, by the wall clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import schedule

from appliance.sessions.error_mail import place_in_program

__all__ = ["EACH", "Ticker"]

logger = logging.getLogger(__name__)

EACH = 20
"""Seconds."""

_SHORTEST_SLEEP = 0.5


class Ticker:
    """Calls `look` in the loop, one call at a time.

    The library counts in local time, which jumps twice a year and whenever somebody sets the clock. A jump forward is a
    look too early, which does no harm; after one back the next look would be an hour or a day away, so it is registered
    anew.
    """

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self._scheduler = schedule.Scheduler()
        self._loop_task: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look at once, and from then on."""
        self._register()
        self._begin_look()
        self._loop_task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Look no more."""
        tasks = [task for task in (self._loop_task, self._looking) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self) -> None:
        while True:
            pause = self.tick()
            await asyncio.sleep(pause)

    def tick(self) -> float:
        """Do what the library says is to be done now; returns the seconds until it is to be asked again."""
        self._scheduler.run_pending()
        idle = self._scheduler.idle_seconds
        if idle is None or idle > EACH:
            self._register()
            self._begin_look()
            idle = EACH
        return max(_SHORTEST_SLEEP, idle)

    def _register(self) -> None:
        self._scheduler.clear()
        self._scheduler.every(EACH).seconds.do(self._begin_look)

    def _begin_look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._looked())

    async def _looked(self) -> None:
        try:
            await self._look()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next look may go well
            logger.error("what is due cannot be found out: %s at %s",  # noqa: TRY400 - its text may hold values
                         type(error).__name__, place_in_program(error))
