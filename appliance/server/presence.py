"""Which tabs a session has, and which of them a notice has reached. Kept in memory, touched from the loop only."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

__all__ = ["GRACE", "NOBODY", "Presence"]

GRACE = 75.0
"""Seconds for which a tab that is gone still counts as there: it is being loaded again, or its network hiccups.
Browsers let a hidden tab poll once a minute."""

NOBODY = ""
"""The tab of a client that does not say which one it is; it is never waited for."""

_MOST_TABS = 100


@dataclass
class _Tab:
    """One tab, or a page that was drawn and has not spoken yet.

    :param gone: when it was last heard of; counts while it has no socket.
    :param stale: a task may have ended that its page waits for, unseen by the tab.
    """

    gone: float
    sockets: int = 0
    stale: bool = False


@dataclass
class _Delivery:
    """Whom a stored notice is for, and who has it."""

    wanted_by: set[str]
    got_by: set[str] = field(default_factory=set)


@dataclass
class _Session:
    tabs: dict[str, _Tab] = field(default_factory=dict)
    deliveries: dict[int, _Delivery] = field(default_factory=dict)
    delivered: deque[int] = field(default_factory=lambda: deque(maxlen=200))   # whoever read them before still asks
    last_task: float = float("-inf")   # when one ended


class Presence:
    """The tabs of all sessions.

    A stored notice is delivered when each tab that was there when it came, or when the first tab took it, has taken it
    or has been gone for `grace` seconds, and at least one has taken it. Where no tab is, it waits for the first.

    :param clock: seconds that only grow.
    """

    def __init__(self, grace: float = GRACE, clock: Callable[[], float] = time.monotonic) -> None:
        self.grace = grace
        self.clock = clock
        self._sessions: dict[str, _Session] = {}

    # -- tabs come and go ------------------------------------------------------------------------------

    def drawn(self, session_id: str, page: str, began: float) -> None:
        """A page is on its way to a browser. It is a tab from now on, though its script has not spoken yet.

        :param page: a name of its own, which its script gives back to :meth:`arrived`.
        :param began: when its request came, by our clock.
        """
        session = self._sessions.setdefault(session_id, _Session())
        if len(session.tabs) >= _MOST_TABS:
            return
        session.tabs[page] = _Tab(self.clock(), stale=session.last_task >= began)

    def arrived(self, session_id: str, tab: str, page: str = "") -> None:
        """A tab speaks, by its socket or a check-in. What was kept for its page is its own now."""
        session = self._sessions.setdefault(session_id, _Session())
        drawn = session.tabs.pop(page, None)
        there = session.tabs.get(tab)
        if tab == NOBODY or (there is None and len(session.tabs) >= _MOST_TABS):
            return
        if there is None or self._is_gone(there):
            # Whoever comes from nowhere, as after a start of the server, may show what is out of date.
            there = session.tabs[tab] = _Tab(self.clock(), stale=True)
        there.gone = self.clock()
        if drawn is not None:
            there.stale = drawn.stale
            for delivery in session.deliveries.values():
                if page in delivery.wanted_by:
                    delivery.wanted_by.remove(page)
                    delivery.wanted_by.add(tab)

    def connected(self, session_id: str, tab: str) -> None:
        """A tab that has :meth:`arrived` has opened its socket."""
        found = self._tab(session_id, tab)
        if found is not None:
            found.sockets += 1

    def left(self, session_id: str, tab: str) -> None:
        """Its socket is closed. It may come again."""
        found = self._tab(session_id, tab)
        if found is not None and found.sockets:
            found.sockets -= 1
            found.gone = self.clock()
            if not found.sockets:
                found.stale = True   # what was sent last may not have got through

    def is_stale(self, session_id: str, tab: str) -> bool:
        """Whether a task may have ended unseen by the tab. It is told now, so the next time it is not."""
        found = self._tab(session_id, tab)
        stale = found is not None and found.stale
        if found is not None:
            found.stale = False
        return stale

    def task_ended(self, session_id: str) -> None:
        """Those who have a socket are told by it; all others are told when they come."""
        session = self._sessions.setdefault(session_id, _Session())
        session.last_task = self.clock()
        for tab in session.tabs.values():
            tab.stale = tab.stale or not tab.sockets

    # -- notices ---------------------------------------------------------------------------------------

    def told(self, session_id: str, number: int) -> None:
        """A notice has come up: note whom it is for."""
        session = self._sessions.get(session_id)
        if session is not None:
            session.deliveries.setdefault(number, _Delivery(self._present(session)))

    def wanted(self, session_id: str, tab: str, ids: Iterable[int]) -> list[int]:
        """Which of the waiting notices are for this tab."""
        session = self._sessions.get(session_id)
        if session is None:
            return list(ids)
        return [number for number in ids
                if number not in session.delivered and _wants(session.deliveries.get(number), tab)]

    def took(self, session_id: str, tab: str, ids: Iterable[int]) -> list[int]:
        """The tab has these notices. Returns those that nobody is waited for any more; see :meth:`forget`."""
        session = self._sessions.setdefault(session_id, _Session())
        taken = list(ids)
        for number in taken:
            delivery = session.deliveries.setdefault(number, _Delivery(set()))
            if not delivery.got_by:
                delivery.wanted_by |= self._present(session)
            delivery.got_by.add(tab)
        return self._delivered(session, taken)

    def forget(self, session_id: str, ids: Iterable[int]) -> None:
        """These notices are not stored any more."""
        session = self._sessions.get(session_id)
        if session is not None:
            for number in ids:
                session.deliveries.pop(number, None)
                session.delivered.append(number)

    def expire(self) -> dict[str, list[int]]:
        """Forget the tabs that are gone for good; returns which notices are delivered by that, by session."""
        delivered: dict[str, list[int]] = {}
        for session_id, session in list(self._sessions.items()):
            for name in [name for name, tab in session.tabs.items() if self._is_gone(tab)]:
                del session.tabs[name]
            found = self._delivered(session, list(session.deliveries))
            if found:
                delivered[session_id] = found
            if not session.tabs and self.clock() - session.last_task >= self.grace:
                del self._sessions[session_id]
        return delivered

    def next_expiry(self) -> float | None:
        """In how many seconds :meth:`expire` may have something to do; None while nothing can run out."""
        ends = [tab.gone for session in self._sessions.values() for tab in session.tabs.values() if not tab.sockets]
        ends += [session.last_task for session in self._sessions.values() if not session.tabs]
        return max(0.0, min(ends) + self.grace - self.clock()) if ends else None

    # -- inside ----------------------------------------------------------------------------------------

    def _tab(self, session_id: str, tab: str) -> _Tab | None:
        session = self._sessions.get(session_id)
        return None if session is None else session.tabs.get(tab)

    def _is_gone(self, tab: _Tab) -> bool:
        return not tab.sockets and self.clock() - tab.gone >= self.grace

    def _present(self, session: _Session) -> set[str]:
        return {name for name, tab in session.tabs.items() if not self._is_gone(tab)}

    def _delivered(self, session: _Session, ids: list[int]) -> list[int]:
        present = self._present(session)
        found = [(number, session.deliveries[number]) for number in ids]
        return [number for number, one in found if one.got_by and not (one.wanted_by & present) - one.got_by]


def _wants(delivery: _Delivery | None, tab: str) -> bool:
    if delivery is None or not delivery.got_by:
        return True
    return tab not in delivery.got_by and tab in delivery.wanted_by

