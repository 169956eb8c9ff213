"""Received mail as people see it: of their own sessions, or of all for an administrator.

What is in a mail sees whoever may open its session; of other people's sessions an administrator sees that there are
addresses, that mail came, and what became of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from appliance.interview.tasks import TaskState
from appliance.sessions.email_codes import full_address
from appliance.sessions.errors import NotYours
from appliance.sessions.opened import title_context
from appliance.sessions.runner import Runner
from appliance.sessions.task_list import is_administrator
from appliance.sessions.visitor import Visitor
from appliance.store.errors import WrongKey
from appliance.store.files import Blob
from appliance.store.keys import Holder, appliance_holder, unwrap
from appliance.store.profiles import email_of
from appliance.store.received_mail import (
    AddressRow,
    MailRow,
    MailState,
    Refusal,
    Way,
    addresses_of,
    mails_of,
    refusals,
)
from appliance.store.sealing import unseal
from appliance.store.tasks import TaskRow, task_row

__all__ = ["AddressSummary", "MailOverview", "MailSummary", "ReceivedList"]

MOST_SESSIONS = 500
"""How many sessions with addresses a list shows, those with the newest mail first."""


@dataclass(frozen=True)
class AddressSummary:
    """An address that was given out. Times are seconds since the epoch, UTC.

    :param session_title: empty where the caller may not see values; so are `key` and `index` None then.
    :param owner: the e-mail address of the account that got it; empty for somebody without one.
    :param own: the caller's own session.
    :param mails: how many came.
    :param visible: the caller may see what comes to it, and bring mail for it by hand.
    """

    address: str
    code: str
    session_id: str
    interview: str
    session_title: str = field(repr=False)
    key: Any = field(repr=False)
    index: Any = field(repr=False)
    owner: str = field(repr=False)
    created: float
    own: bool
    mails: int
    visible: bool


@dataclass(frozen=True)
class MailSummary:
    """A mail that came.

    :param from_text: and `subject`: empty where the caller may not see values. They are as they came, for pages that
        escape them.
    :param error: why its interview could not take it, without values.
    :param task_state: of the task that its session began for it; None where there is none.
    """

    number: int
    address: str
    session_id: str
    interview: str
    session_title: str = field(repr=False)
    received: float
    way: Way
    size: int
    state: MailState
    error: str
    from_text: str = field(repr=False)
    subject: str = field(repr=False)
    task_id: str
    task_state: TaskState | None
    task_error_type: str
    task_error_where: str
    visible: bool
    own: bool


@dataclass(frozen=True)
class MailOverview:
    """What the Mail page shows.

    :param mails: the newest first.
    :param refusals: for administrators; empty for anybody else.
    """

    addresses: tuple[AddressSummary, ...] = ()
    mails: tuple[MailSummary, ...] = ()
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class _Session:
    """What one read brings of a session that has given out addresses."""

    session_id: str
    interview: str
    sealed_title: bytes = field(repr=False)
    keys: dict[str, bytes] = field(repr=False)
    addresses: list[AddressRow]
    mails: list[MailRow]
    tasks: dict[str, TaskRow]


class ReceivedList:
    """What people see of addresses and mail.

    :param holders: what a visitor can open sessions with.
    """

    def __init__(self, runner: Runner, holders: Callable[[Visitor], Awaitable[list[Holder]]]) -> None:
        self._runner = runner
        self._holders = holders

    async def overview(self, visitor: Visitor) -> MailOverview:
        """Addresses and mails of the visitor's own sessions; of all sessions, and refusals, for an administrator."""
        sees_all = is_administrator(visitor)
        holders = await self._holders(visitor)
        names = None if sees_all else [holder.name for holder in holders]
        found = await self._runner.read(lambda database: _sessions(database, names))
        refused: list[Refusal] = []
        if sees_all:
            refused = await self._runner.read(lambda database: refusals(database, self._runner.appliance_key))
        return await asyncio.to_thread(self._summaries, found, holders, tuple(refused))

    async def message(self, number: int, visitor: Visitor) -> tuple[MailSummary, Blob] | None:
        """One mail, and where its message lies; None if it is gone.

        :raises NotYours: if the visitor may not see what is in it.
        """
        found = await self._runner.read(lambda database: _session_of(database, number))
        if found is None:
            return None
        holders = await self._holders(visitor)
        own = not {holder.name for holder in holders}.isdisjoint(found.keys)
        openers = [*holders, appliance_holder(self._runner.appliance_key)] if own or is_administrator(visitor) else []
        key = await asyncio.to_thread(_key, found, openers)
        if key is None:
            raise NotYours(found.session_id)
        row = next(one for one in found.mails if one.number == number)
        envelope = row.envelope(self._runner.appliance_key if row.sealed_mail is None else key)
        return self._mail(found, row, key, _title(found, key), own), row.message(envelope)

    def _summaries(self, found: list[_Session], holders: list[Holder], refused: tuple[Refusal, ...]) -> MailOverview:
        own = {holder.name for holder in holders}
        # The appliance holds the keys of multi_user sessions, which are for several people to see.
        openers = [*holders, appliance_holder(self._runner.appliance_key)]
        addresses: list[AddressSummary] = []
        mails: list[MailSummary] = []
        for session in found:
            key = _key(session, openers)
            title = _title(session, key)
            is_own = not own.isdisjoint(session.keys)
            addresses += [self._address(session, row, key, title, is_own) for row in session.addresses]
            mails += [self._mail(session, row, key, title, is_own) for row in session.mails]
        addresses.sort(key=lambda one: one.created, reverse=True)
        mails.sort(key=lambda one: one.number, reverse=True)
        return MailOverview(tuple(addresses), tuple(mails), refused)

    def _address(self, session: _Session, row: AddressRow, key: bytes | None, title: str, own: bool) -> AddressSummary:
        label_key = label_index = None
        if key is not None:
            with suppress(WrongKey):   # one that is damaged on the disk must not take the others from the page
                label_key, label_index, _url = row.label(key)
        owner = email_of(self._runner.appliance_key, row.user_id, row.sealed_profile)
        return AddressSummary(full_address(row.code, self._runner.settings), row.code, session.session_id,
                              session.interview, title, label_key, label_index, owner, row.created, own,
                              sum(mail.code == row.code for mail in session.mails), key is not None)

    def _mail(self, session: _Session, row: MailRow, key: bytes | None, title: str, own: bool) -> MailSummary:
        from_text = subject = ""
        if key is not None:
            with suppress(WrongKey):   # as above
                envelope = row.envelope(self._runner.appliance_key if row.sealed_mail is None else key)
                from_text, subject = envelope.from_text, envelope.subject
        task = session.tasks.get(row.task_id)
        return MailSummary(
            row.number, full_address(row.code, self._runner.settings), session.session_id, session.interview, title,
            row.received, row.way, row.size, row.state, row.error, from_text, subject, row.task_id,
            None if task is None else task.state, "" if task is None else task.error_type,
            "" if task is None else task.error_where, key is not None, own)


def _sessions(database: Database, holders: list[str] | None) -> list[_Session]:
    """The sessions that have given out addresses: all, or those that one of `holders` opens."""
    found = database.execute(
        "SELECT id, interview, sealed_title FROM sessions WHERE id IN (SELECT session_id FROM email_addresses)"
        " ORDER BY (SELECT max(received_mail.number) FROM received_mail JOIN email_addresses USING (code)"
        " WHERE session_id = sessions.id) DESC, created DESC LIMIT ?", [MOST_SESSIONS if holders is None else -1])
    sessions = []
    for session_id, interview, sealed_title in found.fetchall():
        keys = dict(database.execute("SELECT holder, sealed_key FROM session_keys WHERE session_id = ?", [session_id]))
        if holders is None or not keys.keys().isdisjoint(holders):
            sessions.append(_session(database, session_id, interview, sealed_title, keys))
            if len(sessions) == MOST_SESSIONS:
                break
    return sessions


def _session(database: Database, session_id: str, interview: str, sealed_title: bytes,
             keys: dict[str, bytes]) -> _Session:
    mails = mails_of(database, session_id)
    tasks = {row.id: row for one in mails if one.task_id if (row := task_row(database, one.task_id)) is not None}
    return _Session(session_id, interview, sealed_title, keys, addresses_of(database, session_id), mails, tasks)


def _session_of(database: Database, number: int) -> _Session | None:
    """The session that a mail came to; None if it is gone."""
    found = database.execute(
        "SELECT id, interview, sealed_title FROM sessions WHERE id = (SELECT session_id FROM email_addresses"
        " JOIN received_mail USING (code) WHERE number = ?)", [number]).fetchone()
    if found is None:
        return None
    session_id, interview, sealed_title = found
    keys = dict(database.execute("SELECT holder, sealed_key FROM session_keys WHERE session_id = ?", [session_id]))
    return _session(database, session_id, interview, sealed_title, keys)


def _key(session: _Session, openers: list[Holder]) -> bytes | None:
    opener = next((one for one in openers if one.name in session.keys), None)
    if opener is not None:
        with suppress(WrongKey):
            return unwrap(opener, session.session_id, session.keys[opener.name])
    return None


def _title(session: _Session, key: bytes | None) -> str:
    if key is not None and session.sealed_title:
        with suppress(WrongKey):
            return unseal(key, session.sealed_title, title_context(session.session_id)).decode()
    return ""
