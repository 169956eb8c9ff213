"""The scheduled events as the rest of the appliance sees them: what is due begins, what a page shows, Run now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from sqlite_utils import Database

from appliance import clock
from appliance.cron.calendar import EVENTS, Calendar
from appliance.cron.rounds import EventDoor, Rounds, Tidy, open_failure
from appliance.cron.ticker import Ticker
from appliance.sessions.error_mail import ErrorMails
from appliance.store.database import Store
from appliance.store.retention import announce_anew
from appliance.store.schedule import (
    EventOverview,
    FailureOverview,
    RoundRow,
    begun_dues,
    failures_of,
    had_round,
    note_due,
    rounds_of_events,
    unfinished_rounds,
)

__all__ = ["FAR", "LATE", "Schedule"]

logger = logging.getLogger(__name__)

LATE = 5 * 60.0
"""Seconds after its due time from which on an event was missed; a tick comes each 20, and a start takes some."""

FAR = 2 * 24 * 3600.0
"""Seconds that a due time that has had its round may lie ahead. Up to there the clock was set back, by a wrong date or
time zone at the most, and what has run is not run again before the clock is there once more. Beyond it the clock was
wrong then (an empty battery, a mistyped year), and must not keep events silent until it would have been right."""

_ROUNDS_SHOWN = 10

T = TypeVar("T")


class Schedule:
    """Begins what is due, and knows what was.

    Each due time of an event has its round once, in the order of the calendar: of several that were missed, only the
    newest. At the first start nothing was missed.

    :param settings: name and default to a configuration directive.
    :param tidy: runs at the beginning of each round of ``cron_daily`` (retention).
    """

    def __init__(self, store: Store, appliance_key: bytes, turns: EventDoor, calendar: Calendar,
                 settings: Callable[[str, Any], Any], *,
                 tidy: Tidy | None = None) -> None:
        self._store = store
        self._key = appliance_key
        self._calendar = calendar
        self._rounds = Rounds(store, appliance_key, turns, error_mails=ErrorMails(settings, appliance_key), tidy=tidy)
        self._ticker = Ticker(self.look)

    @property
    def on_changed(self) -> Callable[[], None]:
        """Called on the loop, and often, when the overview would show something else."""
        return self._rounds.on_changed

    @on_changed.setter
    def on_changed(self, function: Callable[[], None]) -> None:
        self._rounds.on_changed = function

    @property
    def on_mail(self) -> Callable[[], None]:
        """Called after a commit that put mail into the outbox."""
        return self._rounds.on_mail

    @on_mail.setter
    def on_mail(self, function: Callable[[], None]) -> None:
        self._rounds.on_mail = function

    def start(self) -> None:
        """Go on where the last process ended, begin what is due, and look from now on."""
        self._ticker.start()

    async def stop(self) -> None:
        """Begin nothing more; the turn that is under way ends by itself."""
        await self._ticker.stop()
        await self._rounds.stop()

    async def look(self) -> None:
        """Begin what is due by now. The ticker calls it; tests that drive the clock do."""
        await self._rounds.carry_on()
        now = clock.now()
        begun, busy = await self._read(lambda database: (
            begun_dues(database), {one.event for one in unfinished_rounds(database) if one.due is not None}))
        for event in EVENTS:
            newest, last = self._calendar.newest(event, now), begun.get(event)
            if last is None or last > now + FAR:
                if last is not None:
                    logger.warning("the clock was at %s when %s was due last; it counts from now on", _written(last),
                                   event)
                    await self._write(announce_anew)
                await self._write(partial(note_due, event=event, due=newest))
            elif newest > last and event not in busy:
                await self._due(event, newest, now)

    async def _due(self, event: str, due: float, now: float) -> None:
        """Begin the round, unless there was one before the clock was wrong."""
        if await self._read(lambda database: had_round(database, event, due)):
            await self._write(partial(note_due, event=event, due=due))
        else:
            await self._rounds.begin(event, "missed" if now - due > LATE else "due", due)

    # -- for people ---------------------------------------------------------------------------------------

    async def run_now(self, event: str) -> int:
        """Begin a round at once, whatever is due; returns its number. Events of any name can be run.

        Where one that a person asked for has not ended yet, it is that one.
        """
        for one in await self._read(unfinished_rounds):
            if one.event == event and one.reason == "person":
                return one.number
        return (await self._rounds.begin(event, "person"))[0].number

    async def run_to_the_end(self, event: str, say: Callable[[str], None]) -> list[RoundRow]:
        """Run a round, and that of its twin in the background; returns them when they have ended.

        One without `ended` goes on at the next start, because the appliance is stopping or cannot write.

        :param say: gets the texts of the event's ``response()``.
        """
        rounds = await self._rounds.begin(event, "command", say=say)
        ended = [await self._rounds.ended(one.number) for one in rounds]
        return [one for one in ended if one is not None]

    async def failures(self, number: int) -> tuple[FailureOverview, ...]:
        """What failed in a round, as far as it is kept; for administrators."""
        return await self._read(lambda database: self._failures(database, number))

    async def overview(self) -> list[EventOverview]:
        """All events that come by themselves, and those that were run by name; what failed is for administrators."""
        def look(database: Database) -> list[EventOverview]:
            rounds: dict[str, list[RoundRow]] = {event: [] for event in EVENTS}
            for one in rounds_of_events(database, _ROUNDS_SHOWN):
                rounds.setdefault(one.event, []).append(one)
            running = {one.event for one in unfinished_rounds(database)}
            return [EventOverview(event, self._next(event, now), event in running, tuple(those),
                                  self._failures(database, those[0].number) if those and those[0].failed else ())
                    for event, those in rounds.items()]
        now = clock.now()
        return await self._read(look)

    async def health(self) -> dict[str, Any]:
        """What ``/health`` shows: what runs, how many sessions failed in the last rounds, and what is due next."""
        rounds, now = await self._read(lambda database: rounds_of_events(database, 1)), clock.now()
        return {"status": "ok", "running": [one.event for one in rounds if one.ended is None],
                "failed": sum(one.failed for one in rounds),
                "next": {event: _written(self._calendar.following(event, now)) for event in EVENTS}}

    def _next(self, event: str, now: float) -> float | None:
        """A twin in the background is due together with its event."""
        name = event.removesuffix("_background")
        return self._calendar.following(name, now) if name in EVENTS else None

    def _failures(self, database: Database, number: int) -> tuple[FailureOverview, ...]:
        return tuple(FailureOverview(one.interview, one.session_id, one.created, one.error_type, one.error_where,
                                     open_failure(database, one, self._key))
                     for one in failures_of(database, number))

    async def _read(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.read(function))

    async def _write(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.write(function))


def _written(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
