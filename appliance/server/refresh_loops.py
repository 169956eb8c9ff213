"""Screens whose check-in asks for a refresh each time: without an end, were the browser to follow at once."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["RefreshLoops"]

log = logging.getLogger("appliance.server")

_IN_A_ROW = 4        # a person who changes several fields may well be answered so with a refresh each
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 60.0
_TABS_KEPT = 2000


@dataclass
class _Row:
    """The refreshes of one tab that came one after the other."""

    count: int = 0
    pause: float = _FIRST_PAUSE
    last: float = 0.0


class RefreshLoops:
    """Lets refreshes through, and slows down those that follow each other without an answer of another kind between.

    A refreshed screen checks in again. An action that answers ``refresh`` only when something has changed answers
    something else then; one that always does would have the screen drawn without end.

    :param clock: seconds, as :func:`time.monotonic` has them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rows: OrderedDict[tuple[str, str], _Row] = OrderedDict()

    def over(self, session_id: str, tab: str) -> None:
        """The tab was answered something else."""
        self._rows.pop((session_id, tab), None)

    def may_refresh(self, session_id: str, tab: str, interview: str, action: str) -> bool:
        """Whether a refresh is to reach the tab now; the log tells of a loop once."""
        row = self._rows.setdefault((session_id, tab), _Row())
        self._rows.move_to_end((session_id, tab))
        if len(self._rows) > _TABS_KEPT:
            self._rows.popitem(last=False)
        now = self._clock()
        row.count += 1
        if row.count > _IN_A_ROW:
            if row.count == _IN_A_ROW + 1:
                log.warning("%s: the check in action %r answers 'refresh' each time; the screen is refreshed less and "
                            "less often. It should do so only when something has changed.", interview, action)
            if now - row.last < row.pause:
                return False
            row.pause = min(2 * row.pause, _LONGEST_PAUSE)
        row.last = now
        return True
