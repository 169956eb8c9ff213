"""The outbox as a page lists it, and what a person decides about a mail in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any

from sqlite_utils import Database

from appliance import clock
from appliance.store.outbox import MailRow, MailState

__all__ = ["ListedMail", "MailPage", "delete_mail", "listed_mail", "one_mail", "retry_mail",
           "sent_by_hand"]

_HELD = """SELECT number FROM outbox WHERE session_id IN (
        SELECT session_id FROM session_keys WHERE holder IN (SELECT value FROM json_each(:names)))
    UNION SELECT number FROM outbox_ended, json_each(outbox_ended.holders) AS held
        WHERE held.value IN (SELECT value FROM json_each(:names))"""

_LISTED: dict[MailState, str] = {
    "waiting": "SELECT number FROM outbox WHERE state = 'waiting' ORDER BY number",
    "failed": "SELECT number FROM outbox WHERE state = 'failed' ORDER BY number DESC",
    "sent": "SELECT number FROM outbox WHERE state = 'sent' ORDER BY ended DESC",
}

# Without the content, which may be large: whoever shows it asks for those that it has not seen yet.
_ROW = (f"SELECT {', '.join(one.name for one in fields(MailRow) if one.name != 'sealed')},"   # noqa: S608 - ours
        " NULL AS sealed, substr(sealed, 1, 13) AS mark FROM outbox WHERE number = ?")


@dataclass(frozen=True)
class ListedMail:
    """One mail of the list.

    :param row: without its content.
    :param mark: another one for each content; empty where it was dropped.
    :param interview: of the session that sent it, also when that has ended; empty where that is not known.
    :param of_session: sent by a session; else it is the appliance's own mail.
    :param holders: who holds, or held at its end, the key of that session.
    """

    row: MailRow
    mark: bytes
    interview: str
    of_session: bool
    holders: frozenset[str]


@dataclass(frozen=True)
class MailPage:
    """The mails of one state, the first so many of all.

    :param total: of them all; of sent mail only how many are listed.
    """

    mails: list[ListedMail]
    total: int


def listed_mail(database: Database, holders: list[str] | None, most: int) -> dict[MailState, MailPage]:
    """By state: what waits, the oldest first, and what failed or was sent, the newest first.

    :param holders: only mail of sessions that one of these holds, or held at their end; None for all.
    :param most: how many of each state.
    """
    mine = None if holders is None else {int(row[0]) for row in database.execute(
        _HELD, {"names": json.dumps(holders)})}
    pages = {}
    for state, sql in _LISTED.items():
        found = (int(row[0]) for row in database.execute(sql) if mine is None or row[0] in mine)
        numbers = list(islice(found, most) if state == "sent" else found)
        mails = [one for number in numbers[:most] if (one := one_mail(database, number)) is not None]
        pages[state] = MailPage(mails, len(numbers))
    return pages


def one_mail(database: Database, number: int) -> ListedMail | None:
    """One mail; None if there is none of that number."""
    found: dict[str, Any] | None = next(iter(database.query(_ROW, [number])), None)
    if found is None:
        return None
    mark = found.pop("mark") or b""
    row = MailRow(**found)
    if row.session_id is not None:
        interview = database.execute("SELECT interview FROM sessions WHERE id = ?", [row.session_id]).fetchone()[0]
        holders = database.execute("SELECT holder FROM session_keys WHERE session_id = ?", [row.session_id]).fetchall()
        return ListedMail(row, mark, str(interview), True, frozenset(str(one[0]) for one in holders))
    ended = database.execute("SELECT interview, holders FROM outbox_ended WHERE number = ?", [number]).fetchone()
    return ListedMail(row, mark, "", False, frozenset()) if ended is None else ListedMail(
        row, mark, ended[0], True, frozenset(json.loads(ended[1])))


# -- what a person decides; each gives False where there was nothing (any more) to decide ------------------


def retry_mail(database: Database, number: int, sealed: bytes | None = None) -> bool:
    """Have it tried now; one that has failed gets its three days anew.

    :param sealed: what is to be sent of one that has failed, where that is more than it had left.
    """
    now = clock.now()
    done = database.execute("UPDATE outbox SET next_try = ? WHERE number = ? AND state = 'waiting'", [now, number])
    if done.rowcount:
        return True
    again = database.execute(
        "UPDATE outbox SET state = 'waiting', next_try = ?, tries = 0, ended = NULL, sealed = COALESCE(?, sealed)"
        " WHERE number = ? AND state = 'failed'", [now, sealed, number])
    return again.rowcount == 1


def delete_mail(database: Database, number: int) -> bool:
    """Forget one that was not sent."""
    return database.execute("DELETE FROM outbox WHERE number = ? AND state <> 'sent'", [number]).rowcount == 1


def sent_by_hand(database: Database, number: int) -> bool:
    """A person has sent it: its content is dropped. That no mail server answered tells it from others."""
    return database.execute(
        "UPDATE outbox SET state = 'sent', ended = ?, error = '', sealed_answer = NULL, sealed = NULL"
        " WHERE number = ? AND state <> 'sent'", [clock.now(), number]).rowcount == 1
