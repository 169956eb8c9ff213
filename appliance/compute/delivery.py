"""Hands ends of tasks to the sessions, again if that fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from appliance.interview.tasks import TaskEnd

__all__ = ["Delivery"]

logger = logging.getLogger(__name__)

PAUSES = (0.5, 2.0, 5.0, 15.0, 60.0)


class Delivery:
    """Calls `on_end` for each end, beside the tasks that run on.

    :param on_end: commits the end; when it raises, it is called again after a pause. When all tries failed, the task
        stays 'running' in the journal and runs again at the next start.
    """

    def __init__(self, on_end: Callable[[TaskEnd], Awaitable[None]]) -> None:
        self._on_end = on_end
        self._open: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, task_id: str) -> bool:
        """Whether the task's end is on its way."""
        return task_id in self._open

    def __len__(self) -> int:
        return len(self._open)

    def send(self, end: TaskEnd) -> None:
        """Deliver `end`; returns at once."""
        task = asyncio.get_running_loop().create_task(self._deliver(end))
        self._open[end.task_id] = task
        task.add_done_callback(lambda _: self._open.pop(end.task_id, None))

    async def close(self, limit: float) -> None:
        """Let deliveries that are on their way arrive, for at most `limit` seconds."""
        tasks = list(self._open.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=limit)
        for task in late:
            task.cancel()

    async def _deliver(self, end: TaskEnd) -> None:
        for pause in (*PAUSES, None):
            try:
                await self._on_end(end)
                return
            except Exception as error:  # noqa: BLE001 - the store may fail in any way; no result may be lost
                if pause is None:
                    logger.critical("the end of task %s could not be saved (%s); it will run again at the next start",
                                    end.task_id, type(error).__name__)
                    return
                logger.warning("the end of task %s could not be saved (%s); the next try is in %g s", end.task_id,
                               type(error).__name__, pause)
            await asyncio.sleep(pause)
