"""Hands ends of tasks to the sessions, again and again if that fails."""

from __future__ import annotations

import asyncio
import itertools
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator

from appliance.interview.tasks import ErrorDetails, TaskEnd
from appliance.sessions.errors import Stopping
from appliance.store.errors import StoreError, WrongKey

__all__ = ["Delivery", "may_heal", "pauses"]

logger = logging.getLogger(__name__)

PAUSES = (0.5, 2.0, 5.0, 15.0, 60.0)
"""Seconds between tries; the last one from then on."""

TRIES_WITH_ALL = 4
"""How often an end is tried with all it brings, where what fails will not heal."""


def pauses() -> Iterator[float]:
    """How long to wait before each further try, without end."""
    return itertools.chain(PAUSES, itertools.repeat(PAUSES[-1]))


def may_heal(error: BaseException) -> bool:
    """Whether what raised `error` may work later without anybody changing a task: a full disk, a busy database."""
    heals = isinstance(error, StoreError | sqlite3.Error | OSError | MemoryError | Stopping)
    return heals and not isinstance(error, WrongKey)


class Delivery:
    """Calls `on_end` for each end, beside the tasks that run on.

    :param on_end: commits the end; when it raises, it is called again after a pause, as long as the server lives. After
        an error that will not heal, the end is in the end delivered as the task's failure, so that nobody waits for it
        for ever.
    """

    def __init__(self, on_end: Callable[[TaskEnd], Awaitable[None]]) -> None:
        self._on_end = on_end
        self._open: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._open)

    def send(self, end: TaskEnd) -> None:
        """Deliver `end`; returns at once."""
        task = asyncio.get_running_loop().create_task(self._deliver(end))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def close(self, limit: float) -> None:
        """Let deliveries that are on their way arrive, for at most `limit` seconds; the other tasks run again."""
        if not self._open:
            return
        _, late = await asyncio.wait(self._open, timeout=limit)
        for task in late:
            task.cancel()

    async def _deliver(self, end: TaskEnd) -> None:
        tries = 0
        for pause in pauses():
            try:
                await self._on_end(end)
                return
            except Exception as error:  # noqa: BLE001 - the store may fail in any way; no result may be lost
                logger.warning("the end of task %s could not be saved (%s); the next try is in %g s", end.task_id,
                               type(error).__name__, pause)
                tries += not may_heal(error)
                if tries == TRIES_WITH_ALL:
                    end = TaskEnd(end.task_id, error=ErrorDetails(
                        type(error).__name__, "How the task ended could not be saved; appliance.log says when."))
            await asyncio.sleep(pause)
