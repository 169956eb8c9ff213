"""The outgoing mail as people see it: that of their sessions, or all for an administrator, with what they do about it.

Whoever may open a session, or could when it ended, may read its mail and send it by themselves. An administrator reads
the mail of sessions that several people share and the appliance's own; of other mail an administrator sees that it is
there, for which interview, and what kind of trouble it has, and may have it tried again or deleted.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol, TypeVar

from sqlite_utils import Database

from appliance.sessions.errors import NotYours
from appliance.sessions.mail_preview import MailPreview, draft_of, preview_of
from appliance.sessions.task_list import is_administrator
from appliance.sessions.visitor import Visitor
from appliance.store.database import Store
from appliance.store.errors import WrongKey
from appliance.store.keys import APPLIANCE
from appliance.store.outbox import MailRow, MailState, mail_row, open_answer, open_mail, sealed_mail
from appliance.store.outbox_list import (
    ListedMail,
    delete_mail,
    listed_mail,
    one_mail,
    retry_mail,
    sent_by_hand,
)

__all__ = ["Decision", "MailList", "MailSummary", "OutboxOverview"]

Decision = Literal["done", "gone", "busy"]
"""What came of a decision: `gone` where there was nothing left to decide, `busy` where the mail is being sent."""

_PREVIEWS_KEPT = 500

T = TypeVar("T")


@dataclass(frozen=True)
class MailSummary:
    """One mail for the Outbox page. Times are seconds since the epoch, UTC.

    :param interview: empty where it is not known.
    :param of_session: an interview sent it; else the appliance itself.
    :param session_id: empty where there is none (any more), or the visitor cannot open it.
    :param readable: the visitor may read it.
    :param error: the kind of the last try's trouble, without any value.
    :param answer: what the mail server said; empty where the visitor may not read it.
    :param preview: None where the visitor may not read it, where it was dropped, or where nothing can be made of it.
    :param by_hand: sent by a person.
    :param under_way: being sent at this moment.
    """

    number: int
    state: MailState
    interview: str
    of_session: bool
    session_id: str
    session_title: str = field(repr=False)
    created: float
    next_try: float
    tries: int
    ended: float | None
    repeats: int
    readable: bool
    error: str
    answer: str = field(repr=False)
    preview: MailPreview | None
    by_hand: bool
    under_way: bool


@dataclass(frozen=True)
class OutboxOverview:
    """What a visitor sees of the outbox, by state: the first mails, and how many there are.

    Of sent mail only the newest are known.
    """

    mails: dict[MailState, list[MailSummary]]
    totals: dict[MailState, int]


class People(Protocol):
    """What is asked of :class:`appliance.sessions.turns.Turns`."""

    async def held_by(self, visitor: Visitor) -> list[str]: ...

    async def titles_of(self, session_ids: Collection[str], visitor: Visitor) -> dict[str, str]: ...


class MailList:
    """What people see of outgoing mail and decide about it.

    A mail that is being handed over to a mail server is left alone (``busy``): what is decided counts, or the mail
    server's answer, never half of each.

    :param people: knows what a visitor can open.
    :param under_way: whether a mail is being handed over; asked on the store's thread.
    :param wake: there may be something to send now.
    """

    def __init__(self, store: Store, appliance_key: bytes, people: People, *,
                 under_way: Callable[[int], bool], wake: Callable[[], None]) -> None:
        self._store = store
        self._key = appliance_key
        self._people = people
        self._under_way = under_way
        self._wake = wake
        self._previews: OrderedDict[tuple[int, bytes, int], MailPreview | None] = OrderedDict()
        self.on_changed: Callable[[], None] = lambda: None
        """Called when the Outbox page would show something else; from any thread."""

    async def overview(self, visitor: Visitor, most: int = 50) -> OutboxOverview:
        """The mail of the visitor's own sessions, or all for an administrator.

        :param most: how many of each state.
        """
        seen = await self._seen(visitor)
        pages = await self._read(lambda database: listed_mail(database, seen.only, most))
        readable = [one for page in pages.values() for one in page.mails if seen.may_read(one)]
        await self._look(readable)
        titles = await self._people.titles_of(
            {one.row.session_id for one in readable if one.row.session_id is not None}, visitor)
        mails = await asyncio.to_thread(lambda: {
            state: [self._summary(one, seen, titles) for one in page.mails] for state, page in pages.items()})
        return OutboxOverview(mails, {state: page.total for state, page in pages.items()})

    async def totals(self, visitor: Visitor) -> dict[MailState, int]:
        """How many mails wait and have failed that the visitor would see."""
        seen = await self._seen(visitor)
        pages = await self._read(lambda database: listed_mail(database, seen.only, 0))
        return {state: page.total for state, page in pages.items() if state != "sent"}

    async def draft(self, number: int, visitor: Visitor) -> bytes | None:
        """A mail that was not sent as a file for the visitor's own mail program; None if there is none.

        :raises NotYours: for mail that the visitor may not read.
        """
        found = await self._allowed(number, visitor, reading=True)
        row = None if found is None else await self._read(lambda database: mail_row(database, number))
        mail = None if row is None else open_mail(row, self._key)
        return None if row is None or mail is None else await asyncio.to_thread(draft_of, mail, row.repeats)

    async def try_again(self, number: int, visitor: Visitor) -> Decision:
        """Have it tried now; one that has failed for all who are left, and for three days.

        :raises NotYours: for mail of somebody else's session, unless the visitor is an administrator.
        """
        done = await self._decide(number, visitor, self._retry)
        self._wake()
        return done

    async def delete(self, number: int, visitor: Visitor) -> Decision:
        """Forget a mail that was not sent.

        :raises NotYours: for mail of somebody else's session, unless the visitor is an administrator.
        """
        return await self._decide(number, visitor, delete_mail)

    async def sent_by_hand(self, number: int, visitor: Visitor) -> Decision:
        """The visitor has sent it by their own mail program: it is not sent once more.

        :raises NotYours: for mail that the visitor may not read.
        """
        return await self._decide(number, visitor, sent_by_hand, reading=True)

    # -- inside ------------------------------------------------------------------------------------------

    async def _seen(self, visitor: Visitor) -> _Seen:
        return _Seen(is_administrator(visitor), frozenset(await self._people.held_by(visitor)))

    async def _allowed(self, number: int, visitor: Visitor, *, reading: bool = False) -> ListedMail | None:
        found = await self._read(lambda database: one_mail(database, number))
        if found is None:
            return None
        seen = await self._seen(visitor)
        if not (seen.may_read(found) or (seen.administrator and not reading)):
            raise NotYours(found.row.session_id or "")
        return found

    async def _decide(self, number: int, visitor: Visitor, decide: Callable[[Database, int], bool], *,
                      reading: bool = False) -> Decision:
        if await self._allowed(number, visitor, reading=reading) is None:
            return "gone"

        def write(database: Database) -> Decision:
            if self._under_way(number):
                return "busy"
            return "done" if decide(database, number) else "gone"
        done = await asyncio.wrap_future(self._store.write(write))
        self.on_changed()
        return done

    def _retry(self, database: Database, number: int) -> bool:
        """With those whom a mail server has refused: a person thinks that it will take them now."""
        row = mail_row(database, number)
        mail = None if row is None or row.state != "failed" else open_mail(row, self._key)
        if row is None or mail is None or not mail.refused:
            return retry_mail(database, number)
        return retry_mail(database, number, sealed_mail(mail.for_everybody(), row.message_id, self._key))

    async def _look(self, found: list[ListedMail]) -> None:
        """Make the previews that are not there yet."""
        new = [one.row.number for one in found if one.mark and _place(one) not in self._previews]
        for number in new:   # one after the other: they may be large
            row = await self._read(partial(mail_row, number=number))
            if row is not None:
                await asyncio.to_thread(self._keep, row)

    def _keep(self, row: MailRow) -> None:
        preview = None
        with suppress(WrongKey):   # one that is damaged on the disk must not take the others from the page
            mail = open_mail(row, self._key)
            preview = None if mail is None else preview_of(mail, row.repeats)
        self._previews[row.number, (row.sealed or b"")[:13], row.repeats] = preview
        while len(self._previews) > _PREVIEWS_KEPT:
            self._previews.popitem(last=False)

    def _summary(self, found: ListedMail, seen: _Seen, titles: dict[str, str]) -> MailSummary:
        row, readable, answer = found.row, seen.may_read(found), ""
        session_id = (row.session_id or "") if readable else ""
        if readable:
            with suppress(WrongKey):
                answer = open_answer(row, self._key)
        return MailSummary(
            row.number, row.state, found.interview, found.of_session, session_id, titles.get(session_id, ""),
            row.created, row.next_try, row.tries, row.ended, row.repeats, readable, row.error, answer,
            self._previews.get(_place(found)) if readable else None,
            row.state == "sent" and row.sealed_answer is None,
            row.state == "waiting" and self._under_way(row.number))

    async def _read(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.read(function))


@dataclass(frozen=True)
class _Seen:
    """What a visitor may see; `own` are the names of their keys."""

    administrator: bool
    own: frozenset[str]

    @property
    def only(self) -> list[str] | None:
        """The holders of whose sessions the mail is listed; None for all mail."""
        return None if self.administrator else sorted(self.own)

    def may_read(self, mail: ListedMail) -> bool:
        # The appliance holds the keys of multi_user sessions, which are for several people to see.
        return not self.own.isdisjoint(mail.holders) or (
            self.administrator and (not mail.of_session or APPLIANCE in mail.holders))


def _place(mail: ListedMail) -> tuple[int, bytes, int]:
    return mail.row.number, mail.mark, mail.row.repeats
