"""Rounds of events: one event for all sessions that offer it, session after session, each exactly once.

What is left of a round is in the database, and goes from there in the transaction of the session's own turn; so after a
kill at any instant the rounds go on where they were. One session at a time: events are to be no hurry, and people who
submit a screen meanwhile are to notice nothing. Several rounds at a time take turns. A session that somebody is in
comes after the others; what takes long on purpose (a pause, an event that waits for a task) holds up its own round
alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pickle
import time
from collections.abc import Callable, Collection
from functools import partial
from typing import Protocol, TypeVar

from sqlite_utils import Database

from appliance import clock
from appliance.interview.errors import InterviewError
from appliance.interview.tasks import ErrorDetails
from appliance.sessions.ends import details_of
from appliance.sessions.error_mail import ErrorMails, Trouble, place_in_program
from appliance.sessions.errors import SessionBusy, Stopping
from appliance.sessions.events import BACKGROUND, EventResult
from appliance.store.database import Store
from appliance.store.errors import StoreError, WrongKey
from appliance.store.keys import APPLIANCE, appliance_holder, unwrap
from appliance.store.outbox import NewMail, add_mail
from appliance.store.retention import interviews_with_cron
from appliance.store.schedule import (
    FailureRow,
    Left,
    NewFailure,
    NotLeft,
    Outcome,
    Reason,
    RoundRow,
    begin_round,
    count_start,
    end_round,
    first_left,
    interview_failed,
    round_of,
    session_over,
    set_aside,
    unfinished_rounds,
)
from appliance.store.sealing import seal, unseal

__all__ = ["STARTS_ALLOWED", "EventDoor", "Rounds", "Tidy", "open_failure"]

logger = logging.getLogger(__name__)

STARTS_ALLOWED = 3
"""How often a session's event may end the whole appliance before the round goes on without it."""

_LONGEST_BREATH = 0.05

_PATIENCE = 5.0
"""Seconds that an event may hold up the other rounds; then it waits for a task, or calculates endlessly."""

_LONGEST_PAUSE = 10.0
"""Seconds of ``response(sleep=…)``."""

_LOOK_AGAIN = 0.5
"""Seconds after which it is looked whether somebody has left."""

_DIED = ("The appliance ended {times} times while this event ran in this session. The event is not tried again in this "
         "round, so that the other sessions have theirs.")

_ASKED = 24 * 3600.0
"""Seconds after which nobody still waits for what they asked for: the laptop was off meanwhile."""

Say = Callable[[str], None]
T = TypeVar("T")


class EventDoor(Protocol):
    """What rounds need of :class:`appliance.sessions.turns.Turns`."""

    async def event(self, session_id: str, event: str,
                    also: Callable[[EventResult], Callable[[Database], None]], *, if_free: bool) -> EventResult:
        """Run the event, and write what `also` gives with it; raises SessionBusy and then has written nothing."""
        ...

    def is_busy(self, session_id: str) -> bool:
        """Whether somebody is in the session."""
        ...

    def offers(self, interview: str, event: str) -> bool:
        """Whether the interview has a block for the event; raises InterviewError."""
        ...


class Tidy(Protocol):
    """What deletes what is old (:meth:`appliance.cron.retention.Retention.run`)."""

    async def __call__(self, now: float, *, at_once: bool) -> object:
        """:param at_once: a person asks for it."""
        ...


class Rounds:
    """Begins rounds and runs them to their end.

    :param tidy: runs at the beginning of each round of ``cron_daily``; what it raises stops no event.
    :param error_mails: makes the mails about what fails here rather than in a turn.
    """

    def __init__(self, store: Store, appliance_key: bytes, turns: EventDoor, *, error_mails: ErrorMails,
                 tidy: Tidy | None = None) -> None:
        self._store = store
        self._key = appliance_key
        self._turns = turns
        self._error_mails = error_mails
        self._tidy = tidy
        self._one_at_a_time = asyncio.Lock()
        self._running: dict[int, asyncio.Task[None]] = {}
        self._resumed = False
        self._says: dict[int, Say] = {}
        self.on_changed: Callable[[], None] = _nobody
        self.on_mail: Callable[[], None] = _nobody

    # -- beginning ----------------------------------------------------------------------------------------

    async def begin(self, event: str, reason: Reason, due: float | None = None, say: Say | None = None
                    ) -> list[RoundRow]:
        """Begin a round of the event, and one of its twin in the background where there are sessions for that.

        :param say: gets the texts of the event's ``response()``.
        """
        names = _names_due_with(event)
        offering, broken = await self._who_offers(names)

        def write(database: Database) -> list[RoundRow]:
            rounds = [begin_round(database, event, reason, due, offering[event], [one for one, _ in broken])]
            rounds += [begin_round(database, twin, reason, due, offering[twin]) for twin in names[1:] if offering[twin]]
            for _, mail in broken:
                if mail is not None:
                    add_mail(database, mail)
            return rounds
        rounds = await self._write(write)
        if any(mail for _, mail in broken):
            self.on_mail()
        for one in rounds:
            if say is not None:
                self._says[one.number] = say
            self._start(one)
        self.on_changed()
        return rounds

    async def carry_on(self) -> None:
        """Go on with all rounds that have not ended; what was under way when the last process ended goes first."""
        for one in await self._read(unfinished_rounds):
            self._start(one, again=not self._resumed)
        self._resumed = True

    async def ended(self, number: int) -> RoundRow | None:
        """The round when it has ended; also when it cannot go on now, and then its `ended` is None."""
        if (task := self._running.get(number)) is not None:
            await asyncio.wait([task])
        return await self._read(lambda database: round_of(database, number))

    async def stop(self) -> None:
        """Begin no more events. The turn that is under way ends by itself."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _who_offers(self, names: tuple[str, ...]
                          ) -> tuple[dict[str, list[str]], list[tuple[NewFailure, NewMail | None]]]:
        """The interviews that offer each of the events; and those that cannot be read, with the mail about that."""
        offering: dict[str, list[str]] = {name: [] for name in names}
        broken = []
        for interview in await self._read(interviews_with_cron):
            try:
                for name in names:
                    if await asyncio.to_thread(self._turns.offers, interview, name):
                        offering[name].append(interview)
            except InterviewError as error:
                broken.append((_unreadable(interview, error), self._told(interview, names[0], error)))
        return offering, broken

    def _told(self, interview: str, event: str, error: InterviewError) -> NewMail | None:
        """Tell the log that an interview cannot be asked; gives the mail about it."""
        logger.warning("%s: whether it offers %s is unknown (%s)", interview, event, type(error).__name__)
        return self._error_mails.about_turn(error, interview=interview, happening="event", action=event)

    # -- running ------------------------------------------------------------------------------------------

    def _start(self, one: RoundRow, *, again: bool = False) -> None:
        if one.number not in self._running:
            task = self._running[one.number] = asyncio.create_task(self._run(one, again))
            task.add_done_callback(lambda task: self._over(one, task))

    def _over(self, one: RoundRow, task: asyncio.Task[None]) -> None:
        self._running.pop(one.number, None)
        self._says.pop(one.number, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:   # the next tick begins it anew
            logger.error("the round of %s broke off: %s at %s", one.event, type(error).__name__,
                         place_in_program(error))
        self.on_changed()

    async def _run(self, one: RoundRow, again: bool) -> None:
        """To the end of the round; or to an error that later goes away, after which :meth:`carry_on` begins anew.

        :param again: it was under way when the last process ended.
        """
        busy: set[str] = set()
        try:
            if one.event == "cron_daily" and self._tidy is not None:
                await self._tidied(one, self._tidy)
            while (left := await self._read(lambda database: first_left(database, one.number))) is not None:
                if left.session_id in busy:   # so all that are left are
                    await self._until_one_is_free(busy)
                    busy.clear()
                if await self._in_its_turn(one, left, again):
                    again = False
                    busy.discard(left.session_id)
                else:
                    busy.add(left.session_id)
                self.on_changed()
            await self._write(lambda database: end_round(database, one.number))
        except (StoreError, Stopping) as error:
            logger.warning("the round of %s cannot go on now (%s)", one.event, type(error).__name__)
            return
        ended = await self._read(lambda database: round_of(database, one.number))
        if ended is not None:
            logger.info("%s: %d sessions, %d failed, %d deleted", one.event, ended.sessions, ended.failed,
                        ended.deleted)

    async def _tidied(self, one: RoundRow, tidy: Tidy) -> None:
        now = clock.now()
        asked = one.reason in ("person", "command") and abs(now - one.started) < _ASKED
        try:
            await tidy(now, at_once=asked)
        except (Stopping, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the events are not to wait for it
            logger.error("what is old was not deleted: %s at %s",  # noqa: TRY400 - its text may hold values
                         type(error).__name__, place_in_program(error))

    async def _until_one_is_free(self, session_ids: Collection[str]) -> None:
        while True:
            await asyncio.sleep(_LOOK_AGAIN)
            if not all(self._turns.is_busy(session_id) for session_id in session_ids):
                return

    async def _in_its_turn(self, one: RoundRow, left: Left, again: bool) -> bool:
        """Run the event in a session while other rounds wait, for a while; False if somebody is in the session.

        :param again: the appliance may have ended in the middle of it.
        """
        async with self._one_at_a_time:
            began = time.monotonic()
            running = asyncio.create_task(self._session_again(one, left) if again else self._session(one, left))
            try:
                await asyncio.wait([running], timeout=_PATIENCE)
            except asyncio.CancelledError:
                running.cancel()
                await asyncio.wait([running])
                raise
        pause = await running
        if pause is not None:
            # As long as the event took, the processor is other people's.
            await asyncio.sleep(max(min(time.monotonic() - began, _LONGEST_BREATH), min(pause, _LONGEST_PAUSE)))
        return pause is not None

    async def _session(self, one: RoundRow, left: Left) -> float | None:
        """One session: when this returns, it is not left any more, or set aside because somebody is in it.

        :returns: the seconds that the event wants to pause; None if somebody is in the session.
        """
        try:
            if not left.wanted:
                await self._write(lambda database: session_over(database, one.number, left.session_id, "skipped"))
                return 0.0
            result = await self._turns.event(left.session_id, one.event, partial(self._also, one, left),
                                             if_free=True)
        except SessionBusy:
            await self._write(lambda database: set_aside(database, one.number, left.session_id))
            return None
        except NotLeft:   # it was deleted meanwhile, and its row with it
            return 0.0
        except (StoreError, Stopping):
            raise
        except Exception as error:  # noqa: BLE001 - the other sessions are not to wait for what is wrong with one
            await self._failed(one, left, details_of(error), place_in_program(error))
            return 0.0
        if result.text and (say := self._says.get(one.number)) is not None:
            say(result.text)
        if result.unreadable is not None:
            self.on_mail()
        return result.pause

    async def _session_again(self, one: RoundRow, left: Left) -> float | None:
        """A session in whose event the appliance may have ended. Of each round one ran at a time, and it is the first
        that is left: it is counted before it runs again.
        """
        if left.starts < STARTS_ALLOWED - 1:
            await self._write(lambda database: count_start(database, one.number, left.session_id))
            return await self._session(one, left)
        await self._failed(one, left, ErrorDetails("ProcessDied", _DIED.format(times=STARTS_ALLOWED)))
        return 0.0

    async def _failed(self, one: RoundRow, left: Left, error: ErrorDetails, where: str = "") -> None:
        """The event failed without a turn that could say so."""
        logger.error("%s: %s failed with %s at %s", left.interview, one.event, error.error_type,
                     where or "unknown place")
        mail = self._error_mails.about(Trouble(left.interview, "scheduled event", error.error_type, where, one.event,
                                               message=error.error_message, trace=error.error_trace))

        def write(database: Database) -> None:
            self._write_failure(database, one, left, error, error.error_type, where)
            if mail is not None:
                add_mail(database, mail)
        with contextlib.suppress(NotLeft):   # as in _session
            await self._write(write)
        if mail is not None:
            self.on_mail()

    # -- what is written with a session's turn --------------------------------------------------------------

    def _also(self, one: RoundRow, left: Left, result: EventResult) -> Callable[[Database], None]:
        """That the event has run in this session, in the transaction of what it did there."""
        def write(database: Database) -> None:
            if result.unreadable is not None:
                session_over(database, one.number, left.session_id, "skipped")
                if (interview_failed(database, one.number, _unreadable(left.interview, result.unreadable))
                        and (mail := self._told(left.interview, one.event, result.unreadable)) is not None):
                    add_mail(database, mail)
            elif result.outcome == "failed":
                self._write_failure(database, one, left, result.error, result.error_type, result.error_where)
            else:
                session_over(database, one.number, left.session_id, _COUNTED[result.outcome])
        return write

    def _write_failure(self, database: Database, one: RoundRow, left: Left, error: ErrorDetails | None,
                       error_type: str, where: str) -> None:
        """What the error said may quote answers, so it is sealed as they are, under the session's key."""
        sealed = None
        key = None if error is None else _session_key(database, left.session_id, self._key)
        if error is not None and key is not None:
            sealed = seal(key, pickle.dumps(error), _context(one.number, left.session_id))
        session_over(database, one.number, left.session_id, "failed", NewFailure(
            left.interview, error_type, where, left.session_id, sealed))

    # -- the store ------------------------------------------------------------------------------------------

    async def _read(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.read(function))

    async def _write(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.write(function))


_COUNTED: dict[str, Outcome] = {"saved": "done", "ignored": "done", "queued": "done", "deleted": "deleted",
                                "no_event": "skipped"}


def open_failure(database: Database, failure: FailureRow, appliance_key: bytes) -> str:
    """What the error said, with its traceback; empty where there is nothing, where only the session's people may open
    it, and where it is damaged.

    The appliance, and so its administrators, can open sessions that say ``multi_user = True``.
    """
    if failure.sealed is None or failure.session_id is None:
        return ""
    try:
        key = _session_key(database, failure.session_id, appliance_key)
        if key is None:
            return ""
        error: ErrorDetails = pickle.loads(unseal(key, failure.sealed, _context(failure.round, failure.session_id)))
    except WrongKey:   # the page shows all the others
        return ""
    return "\n\n".join(text for text in (error.error_message, error.error_trace) if text)


def _session_key(database: Database, session_id: str, appliance_key: bytes) -> bytes | None:
    found = database.execute("SELECT sealed_key FROM session_keys WHERE session_id = ? AND holder = ?",
                             [session_id, APPLIANCE]).fetchone()
    return None if found is None else unwrap(appliance_holder(appliance_key), session_id, found[0])


def _unreadable(interview: str, error: InterviewError) -> NewFailure:
    """The failure of an interview as a whole."""
    return NewFailure(interview, type(error).__name__, error.where)


def _context(number: int, session_id: str) -> str:
    return f"event failure:{number}:{session_id}"


def _names_due_with(event: str) -> tuple[str, ...]:
    """The events that run when `event` is due: itself, and its twin in the background."""
    return (event,) if event.endswith(BACKGROUND) else (event, event + BACKGROUND)


def _nobody() -> None:
    """Until app.py says who is to be told."""
