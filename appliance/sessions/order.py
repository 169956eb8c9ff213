"""Turns of one session one after the other, in order of arrival; those of different sessions beside each other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["Order"]


class Order:
    """A line for each session that somebody is in, and nothing for the others."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}

    def __len__(self) -> int:
        """How many sessions have a turn running."""
        return len(self._lines)

    def is_busy(self, session_id: str) -> bool:
        """Whether somebody is in this session just now."""
        return session_id in self._lines

    @asynccontextmanager
    async def turn(self, session_id: str) -> AsyncIterator[None]:
        """Wait until everybody who came before has left."""
        line = self._lines.get(session_id)
        if line is None:
            self._lines[session_id] = deque()
        else:
            place = asyncio.get_running_loop().create_future()
            line.append(place)
            try:
                await place
            except asyncio.CancelledError:
                if place.cancelled():
                    if place in line:
                        line.remove(place)
                else:  # called in the same moment: the next one is to be called instead
                    self._call_next(session_id)
                raise
        try:
            yield
        finally:
            self._call_next(session_id)

    def _call_next(self, session_id: str) -> None:
        line = self._lines[session_id]
        while line:
            place = line.popleft()
            if not place.done():
                place.set_result(None)
                return
        del self._lines[session_id]
