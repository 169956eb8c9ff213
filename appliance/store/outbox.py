"""Mail that is to go out: written with what caused it, kept until a mail server has taken it.

Who it is for and what it says is sealed under the appliance's key, and so is what a mail server answers, which may
quote both. When a mail was taken, its content is dropped; the row stays.
"""

from __future__ import annotations

import json
import pickle
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields, replace
from typing import Literal

from sqlite_utils import Database

from appliance import clock
from appliance.store.sealing import seal, unseal

__all__ = [
    "Mail",
    "MailCounts",
    "MailRow",
    "NewMail",
    "add_mail",
    "due_mail",
    "mail_counts",
    "mail_failed",
    "mail_postponed",
    "mail_row",
    "mail_sent",
    "mail_without_server",
    "next_due",
    "open_answer",
    "open_mail",
    "postpone_mail",
    "sealed_mail",
]

MailState = Literal["waiting", "sent", "failed"]

_LONGEST_PAUSE = 3600.0
"""Seconds; nothing waits longer than this for its next try, so a time that is further away came from a wrong clock."""


@dataclass(frozen=True)
class Mail:
    """A mail as it goes out.

    :param sender: of the envelope; empty for the default sender at the time it is sent.
    :param recipients: of the envelope, plain addresses: those that it is still to be sent to.
    :param message: headers and text, as they are sent; without a ``From`` it gets the default sender's.
    :param refused: recipients for whom a mail server has refused it for good.
    """

    sender: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    message: bytes = field(repr=False)
    refused: tuple[str, ...] = field(default=(), repr=False)

    def for_everybody(self) -> Mail:
        """The same for all who have not got it, also those it was refused for."""
        return replace(self, recipients=(*self.refused, *self.recipients), refused=())


@dataclass(frozen=True)
class NewMail:
    """A mail for the outbox.

    :param message_id: the same at every try, so that a receiver can tell a repeat.
    :param topic: mails of the same topic are not sent one by one: see :func:`add_mail`.
    :param spacing: seconds between two mails of the same topic.
    :param config: the name of the mail server's configuration; empty for the first.
    """

    message_id: str
    sealed: bytes = field(repr=False)
    session_id: str | None = None
    topic: str = ""
    spacing: float = 0.0
    config: str = ""

    @staticmethod
    def make(mail: Mail, message_id: str, appliance_key: bytes, *, session_id: str | None = None, topic: str = "",
             spacing: float = 0.0, config: str = "") -> NewMail:
        """Seal a mail under the appliance's key.

        :raises ValueError: if it is for nobody.
        """
        if not mail.recipients:
            raise ValueError("a mail needs a recipient")
        return NewMail(message_id, sealed_mail(mail, message_id, appliance_key), session_id, topic, spacing, config)

    @staticmethod
    def new_message_id(domain: str) -> str:
        """A random one; it tells neither the time nor the computer's name."""
        return f"<{secrets.token_hex(16)}@{domain}>"


@dataclass(frozen=True)
class MailRow:
    """A mail as it lies in the database. Times are seconds since the epoch, UTC.

    :param repeats: how often it would have been sent, had each been sent by itself.
    :param error: the kind of the last try's trouble, without any value.
    """

    number: int
    message_id: str
    session_id: str | None
    topic: str
    repeats: int
    state: MailState
    created: float
    next_try: float
    tries: int
    ended: float | None
    error: str
    sealed_answer: bytes | None = field(repr=False)
    sealed: bytes | None = field(repr=False)
    config: str = ""
    spacing: float = 0.0


@dataclass(frozen=True)
class MailCounts:
    """How the outbox is; `error` is the kind of the newest trouble among mail that waits or has failed."""

    waiting: int
    failed: int
    error: str


def open_mail(row: MailRow, appliance_key: bytes) -> Mail | None:
    """What is to be sent; None when it was."""
    if row.sealed is None:
        return None
    mail: Mail = pickle.loads(unseal(appliance_key, row.sealed, f"mail:{row.message_id}"))
    return mail


def open_answer(row: MailRow, appliance_key: bytes) -> str:
    """What the mail server said at the last try; empty before."""
    if row.sealed_answer is None:
        return ""
    return unseal(appliance_key, row.sealed_answer, f"mail answer:{row.message_id}").decode()


def sealed_mail(mail: Mail, message_id: str, appliance_key: bytes) -> bytes:
    """A mail as its row holds it."""
    return seal(appliance_key, pickle.dumps(mail), f"mail:{message_id}")


def _sealed_answer(answer: str, message_id: str, appliance_key: bytes) -> bytes:
    return seal(appliance_key, answer.encode(), f"mail answer:{message_id}")


# -- rows; all of these run inside Store.write or Store.read ------------------------------------------


def add_mail(database: Database, mail: NewMail) -> None:
    """Keep a mail, in the transaction of what caused it.

    With a topic: while a mail of that topic waits, this one only counts as another of its `repeats`; and after one has
    ended, the next waits until `spacing` seconds are over.
    """
    now = clock.now()
    due = now
    if mail.topic:
        last = database.execute("SELECT number, state, ended FROM outbox WHERE topic = ? ORDER BY number DESC LIMIT 1",
                                [mail.topic]).fetchone()
        if last is not None and last[1] == "waiting":
            database.execute("UPDATE outbox SET repeats = repeats + 1 WHERE number = ?", [last[0]])
            return
        if last is not None and 0 <= now - last[2] < mail.spacing:
            due = last[2] + mail.spacing
    database.execute(
        "INSERT INTO outbox (message_id, session_id, topic, spacing, state, created, next_try, sealed, config)"
        " VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?)",
        [mail.message_id, mail.session_id, mail.topic, mail.spacing, now, due, mail.sealed, mail.config])


def due_mail(database: Database, configs: Collection[str] = ("",), limit: int = 100) -> list[int]:
    """The numbers of those that are to be tried now, the oldest first.

    What waits longer than anything does got its time from a clock that was set back since: it is due.

    :param configs: of the mail servers that are asked for.
    """
    now = clock.now()
    found = database.execute(
        "SELECT number FROM outbox WHERE state = 'waiting' AND config IN (SELECT value FROM json_each(?))"
        " AND (next_try <= ? OR next_try > ?) ORDER BY number LIMIT ?",
        [json.dumps(list(configs)), now, now + _LONGEST_PAUSE, limit])
    return [int(number) for number, in found]


def mail_row(database: Database, number: int) -> MailRow | None:
    """One mail; None if it was deleted."""
    row = next(iter(database.query("SELECT * FROM outbox WHERE number = ?", [number])), None)
    return None if row is None else MailRow(**{name: row[name] for name in _NAMES})


def next_due(database: Database, configs: Collection[str] = ("",)) -> float | None:
    """When the next mail of these mail servers is to be tried; None if nothing waits for them."""
    found = database.execute(
        "SELECT min(next_try) FROM outbox WHERE state = 'waiting' AND config IN (SELECT value FROM json_each(?))",
        [json.dumps(list(configs))]).fetchone()[0]
    return None if found is None else float(found)


def mail_without_server(database: Database, configs: Collection[str]) -> int:
    """Say of mail that waits for another mail server than those of `configs` that there is none; of how many anew."""
    said = "'no mail server is configured' || CASE config WHEN '' THEN '' ELSE ' under the name ' || config END"
    done = database.execute(
        f"UPDATE outbox SET error = {said} WHERE state = 'waiting' AND error <> {said}"   # noqa: S608 - ours
        " AND config NOT IN (SELECT value FROM json_each(?))", [json.dumps(list(configs))])
    return done.rowcount


def _tell_the_rest(database: Database, row: MailRow, appliance_key: bytes) -> None:
    """What was counted while a mail of a topic was under way is told by another one, when its time has come.

    :param row: as it was when it went under way.
    """
    if not row.topic:
        return
    found = database.execute("SELECT repeats, spacing FROM outbox WHERE number = ?", [row.number]).fetchone()
    mail = open_mail(row, appliance_key)
    if found is None or mail is None or found[0] <= row.repeats:
        return
    now, message_id = clock.now(), NewMail.new_message_id(row.message_id.rpartition("@")[2].rstrip(">"))
    again = Mail(mail.sender, (*mail.refused, *mail.recipients),
                 mail.message.replace(row.message_id.encode(), message_id.encode(), 1))
    database.execute("UPDATE outbox SET repeats = ? WHERE number = ?", [row.repeats, row.number])
    database.execute(
        "INSERT INTO outbox (message_id, session_id, topic, spacing, repeats, state, created, next_try, sealed, config)"
        " SELECT ?, session_id, topic, spacing, ?, 'waiting', ?, ?, ?, config FROM outbox WHERE number = ?",
        [message_id, found[0] - row.repeats, now, now + found[1], sealed_mail(again, message_id, appliance_key),
         row.number])


def mail_sent(database: Database, row: MailRow, answer: str, appliance_key: bytes) -> None:
    """A mail server has taken it: what it said is kept, the content dropped."""
    _tell_the_rest(database, row, appliance_key)
    database.execute("UPDATE outbox SET state = 'sent', ended = ?, tries = tries + 1, error = '', sealed_answer = ?,"
                     " sealed = NULL WHERE number = ?",
                     [clock.now(), _sealed_answer(answer, row.message_id, appliance_key), row.number])


def mail_failed(database: Database, row: MailRow, error: str, answer: str, appliance_key: bytes,
                left: Mail | None = None) -> None:
    """It is not tried any more; its content is kept for a person to look at.

    :param left: what of it was not sent, where some recipients were served.
    """
    if left is not None:
        _tell_the_rest(database, row, appliance_key)
    database.execute(
        "UPDATE outbox SET state = 'failed', ended = ?, tries = tries + 1, error = ?, sealed_answer = ?,"
        " sealed = COALESCE(?, sealed) WHERE number = ? AND state = 'waiting'",
        [clock.now(), error, _sealed_answer(answer, row.message_id, appliance_key),
         None if left is None else sealed_mail(left, row.message_id, appliance_key), row.number])


def mail_postponed(database: Database, row: MailRow, error: str, answer: str, appliance_key: bytes, pause: float,
                   left: Mail | None = None) -> None:
    """It is to be tried again after `pause` seconds.

    :param left: what is still to be sent, where some recipients were served.
    """
    if left is not None:
        _tell_the_rest(database, row, appliance_key)
    database.execute(
        "UPDATE outbox SET next_try = ?, tries = tries + 1, error = ?, sealed_answer = ?,"
        " sealed = COALESCE(?, sealed) WHERE number = ? AND state = 'waiting'",
        [clock.now() + min(pause, _LONGEST_PAUSE), error, _sealed_answer(answer, row.message_id, appliance_key),
         None if left is None else sealed_mail(left, row.message_id, appliance_key), row.number])


def postpone_mail(database: Database, configs: Collection[str], error: str, answer: str, appliance_key: bytes,
                  pause_after: Callable[[int], float | None]) -> list[tuple[int, int]]:
    """All that is due for mail servers that cannot be reached has had its try.

    :param pause_after: seconds until the next try, by how many there were; None where it was the last.
    :returns: number and tries of those that have failed for good.
    """
    numbers = due_mail(database, configs, limit=-1)
    found = database.execute("SELECT number, message_id, tries + 1 FROM outbox WHERE number IN"
                             " (SELECT value FROM json_each(?))", [json.dumps(numbers)]).fetchall()
    failed, now = [], clock.now()
    for number, message_id, tries in found:
        pause = pause_after(tries)
        if pause is None:
            failed.append((number, tries))
        database.execute(
            "UPDATE outbox SET state = ?, ended = ?, next_try = ?, tries = ?, error = ?, sealed_answer = ?"
            " WHERE number = ?",
            ["waiting" if pause is not None else "failed", None if pause is not None else now, now + (pause or 0.0),
             tries, error, _sealed_answer(answer, message_id, appliance_key), number])
    return failed


def mail_counts(database: Database) -> MailCounts:
    """For ``/health``; never looks at what was sent."""
    waiting = database.execute("SELECT count(*) FROM outbox WHERE state = 'waiting'").fetchone()[0]
    failed = database.execute("SELECT count(*) FROM outbox WHERE state = 'failed'").fetchone()[0]
    last = database.execute("SELECT error FROM outbox WHERE state IN ('waiting', 'failed') AND error <> ''"
                            " ORDER BY number DESC LIMIT 1").fetchone()
    return MailCounts(int(waiting), int(failed), "" if last is None else str(last[0]))


_NAMES = tuple(one.name for one in fields(MailRow))
