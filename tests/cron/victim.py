"""A process that runs what is due and is killed at a step of it, as by a power cut."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil

from appliance.cron import rounds
from tests.cron.wall_clock import CronHouse, WallClock, run_cron

__all__ = ["NOT_REACHED", "STEPS", "begin_sessions", "live"]

NOT_REACHED = 77
"""The exit code where the step never came."""

SESSIONS = 3
STEPS = (
    ("begin_round", 1, "before"), ("begin_round", 1, "within"), ("begin", 1, "after"),
    *((step, number, when) for number in range(1, SESSIONS + 1)
      for step, when in (("event", "before"), ("session_over", "within"), ("event", "after"))),
    ("end_round", 1, "before"), ("end_round", 1, "within"), ("round_of", 1, "before"),
)
"""A function, which call of it, and when: ``within`` is in its transaction, when it has written."""

_LIMIT = 60.0

# Each process begins as a copy of one that has imported everything; where there is no fork, it imports it again.
_KIND = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def begin_sessions(folder: Path, text: str, wall: WallClock, kinds: tuple[str, ...]) -> list[str]:
    """Sessions in a data folder, of these kinds, at a time when nothing is due."""
    async def begin(house: CronHouse) -> list[str]:
        ids = [(await house.begin(kind=kind)).session_id for kind in kinds]
        await house.look()
        return ids
    return run_cron(folder, begin, text, wall, settings=_SETTINGS)


def live(folder: Path, text: str, at: str, step: tuple[str, int, str] | None = None) -> int | None:
    """Run what is due at that time in another process; returns its exit code: 0 if it came to its end."""
    context: Any = multiprocessing.get_context(_KIND)
    if _KIND == "forkserver":
        context.set_forkserver_preload([__name__])
    process = context.Process(target=_lived, args=(folder, text, at, step))
    process.start()
    process.join(_LIMIT)
    assert not process.is_alive()
    code: int | None = process.exitcode
    return code


_SETTINGS = {"error notification email": "admin@example.com"}


def _lived(folder: Path, text: str, at: str, step: tuple[str, int, str] | None) -> None:
    async def test(house: CronHouse) -> None:
        if step is None:
            await house.look()
            return
        name, number, when = step
        calls = [0]

        def now(moment: str) -> None:
            """Die, if this is the step."""
            if moment == "before":
                calls[0] += 1
            if (calls[0], moment) == (number, when):
                psutil.Process().kill()

        def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **more: Any) -> Any:
                now("before")
                result = function(*arguments, **more)
                now("within")
                return result
            return call

        def deadly_later(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
            async def call(*arguments: Any, **more: Any) -> Any:
                now("before")
                result = await function(*arguments, **more)
                now("after")
                return result
            return call
        places: dict[str, Any] = {"event": house.turns, "begin": house.schedule._rounds}
        place = places.get(name, rounds)
        function = getattr(place, name)
        with patch.object(place, name, deadly_later(function) if name in places else deadly(function)):
            await house.look()
        os._exit(NOT_REACHED)
    run_cron(folder, test, text, WallClock(at), settings=_SETTINGS)


