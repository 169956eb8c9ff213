"""Scheduled events, and what is deleted or kept, as the Schedule page words them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from appliance.server.parts import Spared, ToDelete
from appliance.server.task_views import about, duration
from appliance.store.retention import Spare
from appliance.store.schedule import EventOverview, FailureOverview, Reason, RoundRow

__all__ = ["Clock", "ShownEvent", "ShownFailure", "ShownRound", "ShownSession", "shown_events", "to_go", "to_stay"]

_BACKGROUND = "_background"
_NAMES = {"cron_hourly": "Each hour", "cron_daily": "Each day", "cron_weekly": "Each week",
          "cron_monthly": "Each month"}
_WHY: dict[Reason, str] = {
    "due": "because it was due", "missed": "late, because the appliance was off or asleep when it was due",
    "person": "because somebody pressed Run now", "command": "by a command"}
_KEPT: dict[Spare, str] = {
    "event": "It waits for a scheduled event, which may still have something to do in it.",
    "unreadable": "Its interview cannot be read at present, so nobody knows whether it still waits for something.",
    "task": "A task of it has not ended yet; see the Tasks page.",
    "mail": "Mail of it waits to be sent; see the Outbox page."}


@dataclass(frozen=True)
class Clock:
    """Words for instants, in one time zone.

    :param zone: None for this computer's.
    """

    now: float
    zone: tzinfo | None

    @classmethod
    def configured(cls, now: float, timezone: Any) -> Clock:
        """:param timezone: the directive; empty for this computer's."""
        return cls(now, ZoneInfo(timezone) if timezone else None)

    @property
    def name(self) -> str:
        """Of the time zone, for people."""
        return self.zone.key if isinstance(self.zone, ZoneInfo) else "this computer"

    def day(self, instant: float) -> str:
        """A day as people say it.

        >>> clock = Clock(1_700_000_000, ZoneInfo("UTC"))
        >>> clock.day(clock.now), clock.day(clock.now - 86400), clock.day(clock.now + 4 * 86400), clock.day(0)
        ('today', 'yesterday', 'on Saturday, November 18', 'on Thursday, January 1, 1970')
        """
        there, today = self._at(instant).date(), self._at(self.now).date()
        near = {today: "today", today - timedelta(days=1): "yesterday", today + timedelta(days=1): "tomorrow"}
        if there in near:
            return near[there]
        year = "" if there.year == today.year else f", {there.year}"
        return f"on {there:%A}, {there:%B} {there.day}{year}"

    def moment(self, instant: float) -> str:
        """Day and time.

        >>> Clock(1_700_000_000, ZoneInfo("Asia/Tokyo")).moment(1_700_000_000)
        'today at 07:13'
        """
        return f"{self.day(instant)} at {self._at(instant):%H:%M}"

    def _at(self, instant: float) -> datetime:
        return datetime.fromtimestamp(instant, UTC).astimezone(self.zone)


@dataclass(frozen=True)
class ShownRound:
    """One round in words.

    :param counts: how many sessions, and what came of it.
    :param percent: how far it is; None when it has ended, or has nothing to do.
    """

    row: RoundRow
    when: str
    why: str
    counts: str
    percent: int | None = None
    took: str = ""


@dataclass(frozen=True)
class ShownFailure:
    """What failed.

    :param name: of the session or interview.
    :param can_open: the person may open the session.
    """

    failure: FailureOverview
    name: str = field(repr=False)
    can_open: bool = False

    @property
    def of_interview(self) -> bool:
        """The interview as a whole could not be asked."""
        return self.failure.session_id is None


@dataclass(frozen=True)
class ShownEvent:
    """An event, with its twin in the background.

    :param name: in words, for those that come by themselves; else its name.
    :param following: when it runs next, and in how long; empty for one that does not come by itself.
    :param last: the newest round, and the rounds before it.
    :param background: the newest round of the twin, where that is no older than `last`.
    """

    event: str
    name: str
    by_itself: bool
    running: bool
    following: str
    left: str
    last: ShownRound | None
    earlier: list[ShownRound]
    background: ShownRound | None
    failures: list[ShownFailure]


@dataclass(frozen=True)
class ShownSession:
    """A session that is to go, or stays although it is old.

    :param name: its title or its interview's.
    :param words: when it goes and why, or why it stays.
    """

    session_id: str
    interview: str
    name: str = field(repr=False)
    can_open: bool
    active: str
    words: str


def shown_events(overviews: Sequence[EventOverview], clock: Clock, titles: dict[str, str],
                 title: Callable[[str], str]) -> list[ShownEvent]:
    """Each event with its twin, those that come by themselves first.

    :param titles: of the sessions that the person may open.
    :param title: of an interview.
    """
    known = {one.event: one for one in overviews}
    bases = dict.fromkeys([*(name for name in _NAMES if name in known),
                           *(_base(one.event, known) for one in overviews)])
    return [_event(known[base], known.get(base + _BACKGROUND), clock, titles, title) for base in bases]


def _base(event: str, known: dict[str, EventOverview]) -> str:
    base = event.removesuffix(_BACKGROUND)
    return base if base in known else event


def _event(one: EventOverview, twin: EventOverview | None, clock: Clock, titles: dict[str, str],
           title: Callable[[str], str]) -> ShownEvent:
    rounds = [_round(row, clock) for row in one.rounds]
    background = None
    if twin is not None and twin.last is not None and (one.last is None or twin.last.started >= one.last.started):
        background = _round(twin.last, clock, background=True)
    failures = [ShownFailure(failure, titles.get(failure.session_id or "") or title(failure.interview),
                             failure.session_id in titles)
                for failure in (*one.failures, *(twin.failures if background is not None and twin is not None else ()))]
    due = one.next_due
    left = "" if due is None else about(due - clock.now) if due > clock.now else "a moment"
    return ShownEvent(one.event, _NAMES.get(one.event, one.event), one.event in _NAMES,
                      one.running or (twin is not None and twin.running), "" if due is None else clock.moment(due),
                      left, rounds[0] if rounds else None, rounds[1:], background, failures)


def _round(row: RoundRow, clock: Clock, *, background: bool = False) -> ShownRound:
    over = min(row.done + row.failed + row.deleted, row.sessions)
    percent = None if row.ended is not None or not row.sessions else round(100 * over / row.sessions)
    counts = f"{over} of {_sessions(row.sessions)} so far" if percent is not None else _sessions(row.sessions)
    if background:
        counts = f"{_sessions(row.sessions)} got a task in the background"
    news = [f"{row.failed} failed" if row.failed else "",
            f"{row.deleted} ended and {'was' if row.deleted == 1 else 'were'} deleted" if row.deleted else ""]
    took = "" if row.ended is None else duration(row.ended - row.started)
    return ShownRound(row, clock.moment(row.started), _WHY[row.reason],
                      ", ".join([counts, *(one for one in news if one)]), percent, took)


def _sessions(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions" if number else "nothing to do"


def to_go(found: Sequence[ToDelete], clock: Clock, titles: dict[str, str],
          title: Callable[[str], str]) -> list[ShownSession]:
    """The sessions that will be deleted."""
    return [ShownSession(one.session_id, one.interview, one.title or title(one.interview), one.session_id in titles,
                         clock.day(one.active), f"It goes {clock.moment(one.due)}, because {one.reason}.")
            for one in found]


def to_stay(found: Sequence[Spared], clock: Clock, titles: dict[str, str],
            title: Callable[[str], str]) -> list[ShownSession]:
    """The sessions that are kept although they are old."""
    return [ShownSession(one.session_id, one.interview, one.title or title(one.interview), one.session_id in titles,
                         f"{clock.day(one.active)}, {one.age} {'day' if one.age == 1 else 'days'} ago", _KEPT[one.why])
            for one in found]
