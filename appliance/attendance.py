"""The programs that attend a server: a window, or the small one in the background, over the command ``attend``.

The command's answer is a stream that lasts as long as the server; each line is a JSON object. The first says where the
server is and how its owner signs in, later ones are what the attending program is to do. The end of the stream tells it
that the server has ended.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.commands import Command, Say

__all__ = ["Attendance", "UnderWay"]

_LOOK = 0.5
"""Seconds between two looks at whether a server that should end when it is idle is idle."""

_PATIENCE = 15.0
"""Seconds that a server waits for the next program to attend it: a window that becomes a tray icon is away for one."""


@dataclass(frozen=True)
class UnderWay:
    """What would be cut off if the server stopped now.

    :param tasks: background tasks that run or wait for a worker.
    :param people: pages of interviews that are open on other computers.
    """

    tasks: int = 0
    people: int = 0


class Attendance:
    """Who attends this server. Used from the loop only.

    :param under_way: what would be cut off now.
    :param hello: what an attending program is told first: where the server is, and how its owner signs in.
    :ivar follows: whether the server ends by itself when nobody has attended for a while, no task runs and nobody is
        connected. One that was started by itself does not, and whoever attends it leaves it running.
    """

    def __init__(self, under_way: Callable[[], Awaitable[UnderWay]], hello: Callable[[], Mapping[str, Any]]) -> None:
        self._under_way = under_way
        self._hello = hello
        self.follows = False
        self._attending: list[Say] = []
        self._stop_now = asyncio.Event()
        self._stop_after_tasks = False

    @property
    def commands(self) -> dict[str, Command]:
        """What the attending program, and a second start of it, ask for, by name."""
        return {"attend": self._attend, "status": self._status, "show": self._show, "stop": self._stop}

    @property
    def is_attended(self) -> bool:
        """Whether a program attends it now."""
        return bool(self._attending)

    def tell(self, what: Mapping[str, Any]) -> bool:
        """Have the program that attends do something; False if none does."""
        for say in self._attending[-1:]:   # the newest: an older one is about to end
            say(json.dumps(what))
        return bool(self._attending)

    async def over(self) -> None:
        """Returns when the server should end: it was told to, or nobody needs it any more."""
        alone = 0.0
        while not self._stop_now.is_set():
            try:
                await asyncio.wait_for(self._stop_now.wait(), _LOOK)
            except TimeoutError:
                alone = 0.0 if self._attending or not self.follows else alone + _LOOK
                if alone >= _PATIENCE and await self._under_way() == UnderWay():
                    return
                if self._stop_after_tasks and (await self._under_way()).tasks == 0:
                    return

    async def _attend(self, _arguments: Mapping[str, Any], say: Say) -> int:
        """Whoever attends is somebody's window again, so a stop that waited for tasks is called off."""
        self._stop_after_tasks = False
        self._attending.append(say)
        try:
            say(json.dumps({**self._hello(), "follows": self.follows}))
            await asyncio.Event().wait()   # until the caller hangs up or the server ends
        finally:
            self._attending.remove(say)
        return 0

    async def _status(self, _arguments: Mapping[str, Any], say: Say) -> int:
        now = await self._under_way()
        say(json.dumps({"tasks": now.tasks, "people": now.people}))
        return 0

    async def _show(self, arguments: Mapping[str, Any], say: Say) -> int:
        if self.tell({"show": list(arguments.get("files", []))}):
            return 0
        say("No window is open.")
        return 1

    async def _stop(self, arguments: Mapping[str, Any], _say: Say) -> int:
        """``when``: ``now``, ``tasks`` (when none runs any more), or ``never``, which calls the latter off."""
        when = arguments["when"]
        self._stop_after_tasks = when == "tasks"
        if when == "now":
            self._stop_now.set()
        return 0
