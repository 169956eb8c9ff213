"""The outgoing mail as people see it: that of their sessions, or all for an administrator, with what they do about it.

Whoever may open a session, or could when it ended, may read its mail and send it by themselves. An administrator reads
the mail of sessions that several people share and the appliance's own; of other mail an administrator sees that it is
there, for which interview, and what kind of trouble it has, and may have it tried again or deleted.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeVar

from sqlite_utils import Database

from appliance.sessions.errors import NotYours
from appliance.sessions.mail_preview import MailPreview, draft_of, preview_of
from appliance.sessions.opened import title_context
from appliance.sessions.task_list import ADMINISTRATORS
from appliance.sessions.visitor import Visitor
from appliance.store.database import Store
from appliance.store.errors import WrongKey
from appliance.store.keys import APPLIANCE, Holder, appliance_holder, unwrap
from appliance.store.outbox import MailRow, MailState, mail_row, open_answer, open_mail, sealed_mail
from appliance.store.outbox_list import (
    ListedMail,
    delete_mail,
    listed_mail,
    one_mail,
    retry_mail,
    sent_by_hand,
)
from appliance.store.sealing import unseal

__all__ = ["Decision", "MailList", "MailOverview", "MailSummary"]

Decision = Literal["done", "gone", "busy"]
"""What came of a decision: `gone` where there was nothing left to decide, `busy` where the mail is being sent."""

_PREVIEWS_KEPT = 500

T = TypeVar("T")


@dataclass(frozen=True)
class MailSummary:
    """One mail for the Outbox page. Times are seconds since the epoch, UTC.

    :param interview: empty for the appliance's own mail.
    :param session_id: empty where the visitor cannot open it.
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
class MailOverview:
    """What a visitor sees of the outbox, by state: the first mails, and how many there are.

    Of sent mail only the newest are known.
    """

    mails: dict[MailState, list[MailSummary]]
    totals: dict[MailState, int]


class MailList:
    """What people see of outgoing mail and decide about it.

    A mail that is being handed over to a mail server is left alone (``busy``): what is decided counts, or the mail
    server's answer, never half of each.

    :param holders: what a visitor can open sessions with.
    :param under_way: whether a mail is being handed over; asked on the store's thread.
    :param wake: there may be something to send now.
    """

    def __init__(self, store: Store, appliance_key: bytes, holders: Callable[[Visitor], Awaitable[list[Holder]]], *,
                 under_way: Callable[[int], bool], wake: Callable[[], None]) -> None:
        self._store = store
        self._key = appliance_key
        self._holders = holders
        self._under_way = under_way
        self._wake = wake
        self._previews: OrderedDict[tuple[int, bytes, int], MailPreview | None] = OrderedDict()
        self.on_changed: Callable[[], None] = lambda: None
        """Called when the Outbox page would show something else; from any thread."""

    async def overview(self, visitor: Visitor, most: int = 50) -> MailOverview:
        """The mail of the visitor's own sessions, or all for an administrator.

        :param most: how many of each state.
        """
        holders = await self._holders(visitor)
        names = None if _is_administrator(visitor) else [holder.name for holder in holders]
        pages = await self._read(lambda database: listed_mail(database, names, most))
        seen = _Seen(visitor, holders, self._key)
        await self._look([one for page in pages.values() for one in page.mails if seen.may_read(one)])
        mails = await asyncio.to_thread(
            lambda: {state: [self._summary(one, seen) for one in page.mails] for state, page in pages.items()})
        return MailOverview(mails, {state: page.total for state, page in pages.items()})

    async def totals(self, visitor: Visitor) -> dict[MailState, int]:
        """How many mails wait and have failed that the visitor would see."""
        names = None if _is_administrator(visitor) else [one.name for one in await self._holders(visitor)]
        pages = await self._read(lambda database: listed_mail(database, names, 0))
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

    async def _allowed(self, number: int, visitor: Visitor, *, reading: bool = False) -> ListedMail | None:
        found = await self._read(lambda database: one_mail(database, number))
        if found is None:
            return None
        seen = _Seen(visitor, await self._holders(visitor), self._key)
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

    def _summary(self, found: ListedMail, seen: _Seen) -> MailSummary:
        row, readable = found.row, seen.may_read(found)
        answer = ""
        if readable:
            with suppress(WrongKey):
                answer = open_answer(row, self._key)
        key = seen.key_of(found)
        return MailSummary(
            row.number, row.state, found.interview, (row.session_id or "") if key is not None else "",
            _title(found, key), row.created, row.next_try, row.tries, row.ended, row.repeats, readable, row.error,
            answer, self._previews.get(_place(found)) if readable else None,
            row.state == "sent" and row.sealed_answer is None,
            row.state == "waiting" and self._under_way(row.number))

    async def _read(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.read(function))


class _Seen:
    """What a visitor may see."""

    def __init__(self, visitor: Visitor, holders: list[Holder], appliance_key: bytes) -> None:
        self.administrator = _is_administrator(visitor)
        self._own = {holder.name for holder in holders}
        # The appliance holds the keys of multi_user sessions, which are for several people to see.
        self._openers = [*holders, appliance_holder(appliance_key)]

    def may_read(self, mail: ListedMail) -> bool:
        if not self._own.isdisjoint(mail.holders):
            return True
        return self.administrator and (not mail.interview or APPLIANCE in mail.holders)

    def key_of(self, mail: ListedMail) -> bytes | None:
        """The key of the session that sent it, where that is there and the visitor may open it."""
        opener = next((one for one in self._openers if one.name in mail.keys), None)
        if opener is None or mail.row.session_id is None or not self.may_read(mail):
            return None
        with suppress(WrongKey):
            return unwrap(opener, mail.row.session_id, mail.keys[opener.name])
        return None


def _place(mail: ListedMail) -> tuple[int, bytes, int]:
    return mail.row.number, mail.mark, mail.row.repeats


def _title(mail: ListedMail, key: bytes | None) -> str:
    if key is None or not mail.sealed_title or mail.row.session_id is None:
        return ""
    with suppress(WrongKey):
        return unseal(key, mail.sealed_title, title_context(mail.row.session_id)).decode()
    return ""


def _is_administrator(visitor: Visitor) -> bool:
    return not ADMINISTRATORS.isdisjoint(visitor.user.privileges)
