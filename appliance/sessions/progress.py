"""How far the tasks that run are, as they tell by ``background_progress()``. Kept in memory only."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from appliance.sessions.reply import Notice

__all__ = ["Bar", "ProgressBoard", "TaskProgress"]

logger = logging.getLogger(__name__)

_PAUSE = 0.1
"""Seconds between two notices to the tabs of a session; a task may tell more often than anybody can look."""

_LONGEST_TEXT = 500


@dataclass(frozen=True)
class Bar:
    """What one task told last.

    :param number: the tasks' own order, in which they were asked for.
    :param fraction: 0 to 1; None where it only told a text.
    :param text: plain text of the author.
    """

    number: int
    fraction: float | None
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class TaskProgress:
    """The bars of a session, in order.

    :param version: grows, so that of two of them the newer one is known.
    """

    bars: tuple[Bar, ...] = ()
    version: int = 0


class ProgressBoard:
    """What the tasks of all sessions told last. Everything happens in the loop.

    :param find: the session and number of a task that has not ended; None of any other.
    :param tell: takes a notice for the tabs.
    """

    def __init__(self, find: Callable[[str], Awaitable[tuple[str, int] | None]],
                 tell: Callable[[Notice], None]) -> None:
        self._find = find
        self._tell = tell
        self._bars: dict[str, dict[str, Bar]] = {}      # by session and task
        self._known: dict[str, tuple[str, int]] = {}    # a task's session and number
        self._looked_up: dict[str, tuple[float | None, str]] = {}
        self._lookups: set[asyncio.Task[None]] = set()
        self._last_told: dict[str, float] = {}
        self._about_to_tell: set[str] = set()
        self._version = 0

    def told(self, task_id: str, fraction: float | None, text: str) -> None:
        """A task that runs tells how far it is."""
        known = self._known.get(task_id)
        if known is not None:
            self._put(task_id, known, fraction, text)
            return
        asked = task_id in self._looked_up
        self._looked_up[task_id] = (fraction, text)
        if not asked:
            lookup = asyncio.get_running_loop().create_task(self._look_up(task_id))
            self._lookups.add(lookup)
            lookup.add_done_callback(self._lookups.discard)

    def over(self, task_id: str) -> None:
        """The task does not run any more."""
        self._looked_up.pop(task_id, None)
        known = self._known.pop(task_id, None)
        if known is None:
            return
        session_id = known[0]
        bars = self._bars.get(session_id, {})
        bars.pop(task_id, None)
        if not bars:
            self._bars.pop(session_id, None)
        self._soon(session_id)

    def of_session(self, session_id: str) -> TaskProgress:
        """The bars to draw on a waiting screen of this session."""
        bars = sorted(self._bars.get(session_id, {}).values(), key=lambda bar: bar.number)
        return TaskProgress(tuple(bars), self._version)

    def of_task(self, task_id: str) -> Bar | None:
        """What a task told last, for the Tasks page."""
        known = self._known.get(task_id)
        return None if known is None else self._bars.get(known[0], {}).get(task_id)

    # -- inside ----------------------------------------------------------------------------------------

    async def _look_up(self, task_id: str) -> None:
        try:
            found = await self._find(task_id)
        except Exception as error:  # noqa: BLE001 - a bar is not worth more than a line in the log
            logger.warning("the progress of a task cannot be shown: %s", type(error).__name__)
            found = None
        latest = self._looked_up.pop(task_id, None)
        if found is not None and latest is not None:
            self._known[task_id] = found
            self._put(task_id, found, *latest)

    def _put(self, task_id: str, known: tuple[str, int], fraction: float | None, text: str) -> None:
        session_id, number = known
        self._bars.setdefault(session_id, {})[task_id] = Bar(number, fraction, text[:_LONGEST_TEXT])
        self._soon(session_id)

    def _soon(self, session_id: str) -> None:
        """Tell the tabs, at once or when the last notice is some time ago."""
        self._version = max(self._version + 1, int(time.time() * 1000))
        if session_id in self._about_to_tell:
            return
        loop = asyncio.get_running_loop()
        pause = self._last_told.get(session_id, float("-inf")) + _PAUSE - loop.time()
        if pause <= 0:
            self._tell_now(session_id)
        else:
            self._about_to_tell.add(session_id)
            loop.call_later(pause, self._tell_now, session_id)

    def _tell_now(self, session_id: str) -> None:
        self._about_to_tell.discard(session_id)
        if session_id in self._bars:
            self._last_told[session_id] = asyncio.get_running_loop().time()
        else:
            self._last_told.pop(session_id, None)
        self._tell(Notice(0, session_id, "progress", self.of_session(session_id)))
