"""Sessions and accounts that nobody uses any more go, and it is said beforehand which.

A session goes when no person was in it for the days of its interview; mail that it received counts as a person. It
stays while something is still to happen in it: a task that has not ended, mail that waits to go out, or scheduled
events, which no setting but one of their own overrules. An interview that cannot be read may offer events: a typo
deletes nothing.

Nothing goes that the appliance has not announced for a week on a clock that it ran on, unless a person asks for it.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from sqlite_utils import Database

from appliance import clock
from appliance.interview.sources import one_name
from appliance.sessions.task_list import is_administrator
from appliance.sessions.turns import Turns
from appliance.sessions.visitor import Visitor
from appliance.store.database import Store
from appliance.store.profiles import email_of
from appliance.store.retention import (
    ANNOUNCED,
    DAY,
    AccountRules,
    AgedSession,
    SessionRules,
    Spare,
    aged_sessions,
    delete_account,
    deletes_from,
    idle_accounts,
    interviews_with_cron,
    is_unfinished,
    last_session_number,
    note_run,
    session_is_due,
    sessions_of_account,
    spared_sessions,
    tidy_mail,
    tidy_values,
)

__all__ = ["AccountToDelete", "Retention", "RetentionResult", "Spared", "ToDelete"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_BATCH, _PAUSE = 20, 0.05
"""After so many sessions people's turns have the database to themselves for so many seconds."""

_LOOKED_AT = 1000
"""How many sessions one read looks at."""

_MOST = 500
"""How many rows a list on a page has, unless it is asked for more."""

_OTHERWISE_TIDY = 365.0
"""Days after which mail of nobody goes where sessions are kept for ever."""


@dataclass(frozen=True)
class RetentionResult:
    """What one run deleted.

    :param mails: those that belonged to no session (any more).
    :param values: that browsers had stored which have no session any more.
    """

    sessions: int = 0
    accounts: int = 0
    mails: int = 0
    values: int = 0


@dataclass(frozen=True)
class ToDelete:
    """A session that is to go. Times are seconds since the epoch, UTC.

    :param title: empty where the visitor may not see it.
    :param due: the round of ``cron_daily`` that takes it, unless somebody comes before.
    :param days: for how many days it will have been without a person.
    """

    session_id: str
    interview: str
    title: str = field(repr=False)
    active: float
    due: float
    days: int

    @property
    def reason(self) -> str:
        """Why, in words."""
        return f"nobody was here for {self.days} {'day' if self.days == 1 else 'days'}"


@dataclass(frozen=True)
class Spared:
    """A session whose time is over and that stays.

    :param title: empty where the visitor may not see it.
    :param active: when somebody was there last, or a mail came for it.
    :param age: in days since then.
    :param why: ``event``, ``unreadable``, ``task`` or ``mail`` (:data:`appliance.store.retention.Spare`).
    """

    session_id: str
    interview: str
    title: str = field(repr=False)
    active: float
    age: int
    why: Spare


@dataclass(frozen=True)
class AccountToDelete:
    """An account that is to go; the times as of :class:`ToDelete`."""

    user_id: int
    email: str = field(repr=False)
    active: float
    due: float


class Retention:
    """What goes and what stays.

    :param settings: name and default to a configuration directive.
    :param events_of: the scheduled events that an interview offers; raises anything where it cannot be read. It is
        called in a thread.
    :param next_run: the first time after another one at which :meth:`run` is due.
    :ivar on_account_deleted: called with the id of an account that was deleted; on the loop.
    """

    def __init__(self, store: Store, appliance_key: bytes, turns: Turns, settings: Callable[[str, Any], Any],
                 events_of: Callable[[str], Collection[str]], next_run: Callable[[float], float]) -> None:
        self._store = store
        self._appliance_key = appliance_key
        self._turns = turns
        self._settings = settings
        self._events_of = events_of
        self._next_run = next_run
        self._unreadable: dict[str, str] = {}   # what the log was told of each
        self.on_account_deleted: Callable[[int], None] = lambda _user_id: None

    # -- deleting ----------------------------------------------------------------------------------------

    async def run(self, now: float, *, at_once: bool = False) -> RetentionResult:
        """Delete what is over at `now`, each session and each account in a transaction of its own.

        :param at_once: a person asks for it: also what has not been announced for long enough.
        :raises StoreError: if it could not be written; what was deleted before stays deleted.
        """
        if now < await asyncio.wrap_future(self._store.write(partial(note_run, now=now))) and not at_once:
            return RetentionResult()
        result = RetentionResult(await self._delete_sessions(now), await self._delete_accounts(now),
                                 await self._tidy_mail(now), await self._tidy_values(now))
        if result != RetentionResult():
            logger.info("deleted %d sessions and %d accounts that nobody used, %d mails of no session, and %d values "
                        "of browsers without one", result.sessions, result.accounts, result.mails, result.values)
        return result

    async def _delete_sessions(self, now: float) -> int:
        rules = await self._session_rules()
        deleted = 0
        for first in range(0, await self._read(last_session_number) + 1, _LOOKED_AT):
            numbers = range(first, first + _LOOKED_AT)
            found = await self._read(partial(aged_sessions, rules=rules, until=now, numbers=numbers))
            for number, session in enumerate(found, 1):
                deleted += len(await self._turns.expire(
                    [session.session_id], partial(_if_still_due, rules, now, session.session_id)))
                if number % _BATCH == 0:
                    await asyncio.sleep(_PAUSE)
        return deleted

    async def _delete_accounts(self, now: float) -> int:
        rules = self._account_rules()
        if rules is None:
            return 0
        deleted = 0
        for account in await self._read(lambda database: idle_accounts(database, rules, now)):
            ending = _AccountsEnd(rules, now, account.user_id, await self._read(
                partial(sessions_of_account, user_id=account.user_id, shared=rules.shared)))
            await self._turns.expire(ending.sessions, ending.doomed)
            if ending.deleted:
                deleted += 1
                self.on_account_deleted(account.user_id)
            await asyncio.sleep(_PAUSE)
        return deleted

    async def _tidy_mail(self, now: float) -> int:
        days = float(self._settings("interview delete days", 0)) or _OTHERWISE_TIDY
        return await self._in_batches(partial(tidy_mail, now=now, days=days, most=_BATCH * 10))

    async def _tidy_values(self, now: float) -> int:
        days = float(self._settings("interview delete days", 0))
        return await self._in_batches(partial(tidy_values, now=now, days=days, most=_BATCH * 10)) if days else 0

    async def _in_batches(self, delete: Callable[[Database], int]) -> int:
        total = 0
        while deleted := await asyncio.wrap_future(self._store.write(delete)):
            total += deleted
            await asyncio.sleep(_PAUSE)
        return total

    # -- saying so ---------------------------------------------------------------------------------------

    async def preview(self, days: float = 7, visitor: Visitor | None = None, most: int = _MOST) -> list[ToDelete]:
        """The sessions that will be deleted within so many days, the first to go first.

        Where announcing has begun anew, those of a week are those that go when it has been a week.

        :param visitor: sees their own sessions, an administrator all, each with the titles they may see. Without one
            all are given, without titles.
        """
        rules, runs = await self._session_rules(), await self._runs(days)
        if not runs:
            return []
        held_by = await self._only(visitor)
        found = await self._read(lambda database: aged_sessions(
            database, rules, runs[-1], held_by=held_by, most=most))
        titles = await self._titles(found, visitor)
        return [ToDelete(one.session_id, one.interview, titles.get(one.session_id, ""), one.active,
                         _first(runs, one.over), round((one.over - one.active) / DAY)) for one in found]

    async def spared(self, visitor: Visitor | None = None, most: int = _MOST) -> list[Spared]:
        """The sessions that would have gone, were not something still to happen in them; the oldest first.

        :param visitor: as for :meth:`preview`.
        """
        now, rules = clock.now(), await self._session_rules()
        held_by = await self._only(visitor)
        found = await self._read(lambda database: spared_sessions(database, rules, now, held_by=held_by, most=most))
        titles = await self._titles(found, visitor)
        return [Spared(one.session_id, one.interview, titles.get(one.session_id, ""), one.active,
                       int((now - one.active) / DAY), one.why or "event") for one in found]

    async def accounts(self, days: float = 7) -> list[AccountToDelete]:
        """The accounts that will be deleted within so many days, the first to go first."""
        rules, runs = self._account_rules(), await self._runs(days)
        if rules is None or not runs:
            return []
        found = await self._read(lambda database: idle_accounts(database, rules, runs[-1]))
        return [AccountToDelete(one.user_id, email_of(self._appliance_key, one.user_id, one.sealed_profile), one.active,
                                _first(runs, one.over)) for one in found]

    async def own(self, visitor: Visitor, days: float = 7) -> dict[str, float]:
        """When which of the visitor's own sessions will be deleted, for those that go within so many days."""
        held_by = await self._turns.held_by(visitor)
        rules, runs = await self._session_rules(), await self._runs(days)
        if not runs:
            return {}
        found = await self._read(lambda database: aged_sessions(database, rules, runs[-1], held_by=held_by))
        return {one.session_id: _first(runs, one.over) for one in found}

    # -- inside ------------------------------------------------------------------------------------------

    async def _session_rules(self) -> SessionRules:
        interviews = await self._read(interviews_with_cron)
        offering, unreadable = await asyncio.to_thread(self._offering, interviews)
        by_name = self._settings("interview delete days by filename", None) or {}
        return SessionRules(
            self._settings("interview delete days", 0), {one_name(name): days for name, days in by_name.items()},
            self._settings("interview delete days with events", 0), offering, unreadable)

    def _offering(self, interviews: list[str]) -> tuple[list[str], list[str]]:
        """Those that offer events, and those of which nobody knows; in a thread."""
        offering, unreadable = [], []
        for interview in interviews:
            try:
                if self._events_of(interview):
                    offering.append(interview)
            except Exception as error:  # noqa: BLE001 - whatever keeps it from being read, its sessions must stay
                why = f"{type(error).__name__} {error}"   # another one where the file was changed, as a rule
                if self._unreadable.get(interview) != why:
                    logger.warning("%s cannot be read, so its sessions are kept: %s", interview, type(error).__name__)
                self._unreadable[interview] = why
                unreadable.append(interview)
            else:
                self._unreadable.pop(interview, None)
        return offering, unreadable

    def _account_rules(self) -> AccountRules | None:
        if not self._settings("user auto delete: enable", False):
            return None
        privileges = self._settings("user auto delete: privileges", "user")
        return AccountRules(
            self._settings("user auto delete: inactive days", 730),
            [privileges] if isinstance(privileges, str) else privileges,
            bool(self._settings("user auto delete: delete shared", False)))

    async def _runs(self, days: float) -> list[float]:
        """The times within so many days at which something is deleted. In a week is one at least, or a little later."""
        now = clock.now()
        first = await self._read(partial(deletes_from, now=now))
        until = now + days * DAY
        if first > now and days * DAY >= ANNOUNCED:
            until = max(until, self._next_run(first - 1))
        runs = []
        while (now := self._next_run(now)) <= until:
            if now >= first:
                runs.append(now)
        return runs

    async def _only(self, visitor: Visitor | None) -> list[str] | None:
        """The holders whose sessions alone the visitor sees; None for all sessions."""
        return None if visitor is None or is_administrator(visitor) else await self._turns.held_by(visitor)

    async def _titles(self, found: list[AgedSession], visitor: Visitor | None) -> dict[str, str]:
        if visitor is None or not found:
            return {}
        return await self._turns.titles_of([one.session_id for one in found], visitor)

    async def _read(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.read(function))


@dataclass
class _AccountsEnd:
    """The end of one account with its sessions, decided in the transaction that deletes them.

    :param sessions: those that it has to do with.
    """

    rules: AccountRules
    now: float
    user_id: int
    sessions: Collection[str]
    deleted: bool = False

    def doomed(self, database: Database) -> list[str]:
        """All of its sessions, with the account deleted; none if it is used again or something is still to happen."""
        self.deleted = False
        sessions = sessions_of_account(database, self.user_id, shared=self.rules.shared)
        ending = [session_id for session_id, goes in sessions.items() if goes]
        if (not idle_accounts(database, self.rules, self.now, only=self.user_id)
                or not set(sessions) <= set(self.sessions) or is_unfinished(database, ending)):
            return []
        delete_account(database, self.user_id)
        self.deleted = True
        return ending


def _if_still_due(rules: SessionRules, now: float, session_id: str, database: Database) -> list[str]:
    return [session_id] if session_is_due(database, rules, now, session_id) else []


def _first(runs: Sequence[float], over: float) -> float:
    """The first run at which something that is over then is deleted."""
    return runs[bisect_left(runs, over)]
