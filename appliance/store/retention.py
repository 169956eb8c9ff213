"""What nobody has used for so long that it is to go, as rows: sessions, accounts, and mail that belongs to nobody.

Nothing here opens a session. Days are of 24 hours.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqlite_utils import Database

__all__ = [
    "ANNOUNCED",
    "DAY",
    "AccountRules",
    "AgedSession",
    "IdleAccount",
    "SessionRules",
    "Spare",
    "aged_sessions",
    "announce_anew",
    "delete_account",
    "deletes_from",
    "forget_mail_of",
    "idle_accounts",
    "interviews_with_cron",
    "is_unfinished",
    "last_session_number",
    "note_run",
    "note_user_active",
    "session_is_due",
    "sessions_of_account",
    "spared_sessions",
    "tidy_mail",
    "tidy_values",
]

DAY = 86400.0

ANNOUNCED = 7 * DAY
"""For so long the appliance says what it is to delete, on a clock that it ran on, before it does."""

_EARLIER = 2 * 3600.0
"""Seconds by which a week of days may be shorter: a clock changes, a run is a little late."""

_SET_BACK = 2 * DAY
"""Seconds by which a clock may be set back with nothing wrong about what was said, as of events."""

FAILED_MAIL_KEPT = 365 * DAY
"""Seconds; what failed is kept for a person to look at, but not for ever."""

Spare = Literal["event", "unreadable", "task", "mail"]
"""Why a session is kept although its time is over: it waits for events; its interview cannot be read, so nobody knows
whether it does; a task has not ended; mail waits to go out."""


@dataclass(frozen=True)
class SessionRules:
    """For how many days sessions without a person are kept; 0 is for ever.

    :param by_interview: other days than `days`.
    :param with_events: of sessions that allow cron and whose interview is one of `offering` or `unreadable`.
    :param offering: the interviews that offer a scheduled event.
    :param unreadable: those that may offer one.
    """

    days: float
    by_interview: Mapping[str, float] = field(default_factory=dict)
    with_events: float = 0
    offering: Collection[str] = ()
    unreadable: Collection[str] = ()

    @property
    def shortest(self) -> float | None:
        """The fewest days that any session is kept; None if all are kept for ever."""
        return min((days for days in (self.days, *self.by_interview.values()) if days), default=None)


@dataclass(frozen=True)
class AgedSession:
    """A session whose time is over, or will be.

    :param active: when a person was there last, or a mail came for it.
    :param over: when its days are over; for one that is spared because of events, without regard to these.
    :param why: why it is spared; None if it is not.
    """

    session_id: str
    interview: str
    active: float
    over: float
    why: Spare | None = None


@dataclass(frozen=True)
class AccountRules:
    """Which accounts go after how many `days`: those of people with no privilege beside `privileges`.

    :param shared: their sessions that others can open are deleted too.
    """

    days: float
    privileges: Collection[str]
    shared: bool = False


@dataclass(frozen=True)
class IdleAccount:
    """An account that nobody uses; `over` is when its days are over."""

    user_id: int
    sealed_profile: bytes | None = field(repr=False)
    active: float
    over: float


# -- announcing ----------------------------------------------------------------------------------------------


def deletes_from(database: Database, now: float) -> float:
    """From when on a run deletes anything.

    Where none has run in the last week, as after months in a drawer or a jump of the clock, nobody can have read what
    is to go: it is said anew for as long as :data:`ANNOUNCED`, from the run at `now` on.
    """
    return _announced_since(database, now) + ANNOUNCED - _EARLIER


def note_run(database: Database, now: float) -> float:
    """A run is at `now`; returns what :func:`deletes_from` does."""
    since = _announced_since(database, now)
    _keep(database, ran=repr(now), since=repr(since))
    return since + ANNOUNCED - _EARLIER


def announce_anew(database: Database) -> None:
    """The clock is, or was, wrong: what it says of ages is to be announced before anything goes."""
    _keep(database, ran="", since=repr(0.0))


def _announced_since(database: Database, now: float) -> float:
    """Since when what is to go has been announced without a break; 0 is since ever."""
    found = dict(database.execute("SELECT name, value FROM meta WHERE name IN ('retention_ran', 'retention_since')"
                                  ).fetchall())
    if not found:   # nothing has run here
        [oldest] = database.execute("SELECT min(created) FROM (SELECT created FROM users UNION ALL"
                                    " SELECT created FROM sessions)").fetchone()
        return 0.0 if oldest is None or 0 <= now - oldest <= ANNOUNCED + _EARLIER else now
    ran, since = found["retention_ran"], float(found["retention_since"])
    goes_on = bool(ran) and -_SET_BACK <= now - float(ran) <= ANNOUNCED + _EARLIER
    return since if goes_on else now


def _keep(database: Database, *, ran: str, since: str) -> None:
    database.execute("INSERT INTO meta (name, value) VALUES ('retention_ran', ?), ('retention_since', ?)"
                     " ON CONFLICT (name) DO UPDATE SET value = excluded.value", [ran, since])


# -- sessions; all of these run inside Store.write or Store.read --------------------------------------------

# `plain` are the days of a session as if it offered no event, `kept` those that count; 0 is for ever.
_AGED = """
    WITH special AS MATERIALIZED (
        SELECT json_extract(value, '$[0]') AS interview, json_extract(value, '$[1]') AS days FROM json_each(:special)),
    waiting AS MATERIALIZED (
        SELECT json_extract(value, '$[0]') AS interview, json_extract(value, '$[1]') AS why FROM json_each(:waiting)),
    old AS (
        SELECT sessions.id, sessions.interview,
            max(sessions.person_active, coalesce((
                SELECT max(received) FROM email_addresses JOIN received_mail USING (code)
                WHERE email_addresses.session_id = sessions.id), 0)) AS active,
            coalesce((SELECT days FROM special WHERE special.interview = sessions.interview), :days) AS plain,
            CASE WHEN allow_cron AND multi_user
                THEN (SELECT why FROM waiting WHERE waiting.interview = sessions.interview) END AS event
        FROM sessions WHERE number IN (
            SELECT number FROM sessions WHERE :only IS NULL AND :holders IS NULL AND :first IS NULL
                AND person_active <= :latest
            UNION SELECT number FROM sessions WHERE number BETWEEN :first AND :last AND person_active <= :latest
            UNION SELECT number FROM sessions WHERE id = :only
            UNION SELECT number FROM session_keys JOIN sessions ON id = session_id
                WHERE holder IN (SELECT value FROM json_each(:holders)))),
    aged AS (
        SELECT id, interview, active, plain, event,
            CASE WHEN event IS NULL THEN plain WHEN plain = 0 OR :with_events = 0 THEN 0
                ELSE max(plain, :with_events) END AS kept,
            EXISTS (SELECT 1 FROM tasks WHERE session_id = old.id AND state IN ('queued', 'running')) AS has_task,
            EXISTS (SELECT 1 FROM outbox WHERE session_id = old.id AND state = 'waiting') AS has_mail
        FROM old)
    SELECT id, interview, active, active + (CASE WHEN :spared THEN plain ELSE kept END) * 86400.0 AS over,
        CASE WHEN NOT :spared THEN NULL WHEN kept = 0 OR active + kept * 86400.0 > :until THEN event
            WHEN has_task THEN 'task' ELSE 'mail' END
    FROM aged WHERE CASE WHEN :spared
        THEN plain > 0 AND active + plain * 86400.0 <= :until
            AND (kept = 0 OR active + kept * 86400.0 > :until OR has_task OR has_mail)
        ELSE kept > 0 AND active + kept * 86400.0 <= :until AND NOT has_task AND NOT has_mail END
    ORDER BY over, id LIMIT :most
"""


def interviews_with_cron(database: Database) -> list[str]:
    """The interviews of all sessions in which scheduled events may run."""
    return [str(row[0]) for row in database.execute(
        "SELECT DISTINCT interview FROM sessions WHERE allow_cron AND multi_user")]


def last_session_number(database: Database) -> int:
    """The number of the newest session; 0 if there is none."""
    return int(database.execute("SELECT coalesce(max(number), 0) FROM sessions").fetchone()[0])


def aged_sessions(database: Database, rules: SessionRules, until: float, *, held_by: Collection[str] | None = None,
                  numbers: range | None = None, most: int = -1) -> list[AgedSession]:
    """The sessions that are to go if nobody comes until `until`, the first to go first.

    :param held_by: only those whose key one of these holders has.
    :param numbers: only those of these numbers, so that no read takes long.
    """
    return _aged(database, rules, until, held_by=held_by, numbers=numbers, most=most)


def spared_sessions(database: Database, rules: SessionRules, now: float, *, held_by: Collection[str] | None = None,
                    most: int = -1) -> list[AgedSession]:
    """The sessions whose time is over, and that are kept because something is still to happen; the oldest first."""
    return _aged(database, rules, now, spared=True, held_by=held_by, most=most)


def session_is_due(database: Database, rules: SessionRules, now: float, session_id: str) -> bool:
    """Whether this session is to go now."""
    return bool(_aged(database, rules, now, only=session_id))


def _aged(database: Database, rules: SessionRules, until: float, *, spared: bool = False, only: str | None = None,
          held_by: Collection[str] | None = None, numbers: range | None = None, most: int = -1) -> list[AgedSession]:
    if rules.shortest is None:
        return []
    waiting = [[interview, "event"] for interview in rules.offering]
    waiting += [[interview, "unreadable"] for interview in rules.unreadable]
    return [AgedSession(*row) for row in database.execute(_AGED, {
        "special": json.dumps(list(rules.by_interview.items())), "waiting": json.dumps(waiting),
        "days": float(rules.days), "with_events": float(rules.with_events), "latest": until - rules.shortest * DAY,
        "until": until, "most": most, "only": only, "spared": spared,
        "first": None if numbers is None else numbers[0], "last": None if numbers is None else numbers[-1],
        "holders": None if held_by is None else json.dumps(list(held_by))})]


def forget_mail_of(database: Database, session_id: str) -> None:
    """Drop the session's mail that was sent or has failed; without the session it would stay as nobody's."""
    database.execute("DELETE FROM outbox WHERE session_id = ? AND state <> 'waiting'", [session_id])


# -- accounts ------------------------------------------------------------------------------------------------

# Whoever alone can open a session was there when a person was there.
_IDLE = """
    WITH seen AS (
        SELECT id, sealed_profile, max(coalesce(last_active, created), coalesce((
            SELECT max(person_active) FROM sessions WHERE user_id = users.id AND multi_user = 0), 0)) AS active
        FROM users WHERE (:only IS NULL OR id = :only)
            AND EXISTS (SELECT 1 FROM user_privileges WHERE user_id = users.id)
            AND NOT EXISTS (SELECT 1 FROM user_privileges WHERE user_id = users.id
                            AND privilege NOT IN (SELECT value FROM json_each(:privileges)))
            AND kind = 'person')
    SELECT id, sealed_profile, active, active + :days * 86400.0 AS over FROM seen
    WHERE active + :days * 86400.0 <= :until ORDER BY over, id
"""


# What stands for an account among the holders of sessions' keys: itself, and the keys that resets have left behind.
_HOLDERS = ("SELECT 'user:' || :user AS holder UNION ALL"
            " SELECT 'lost:' || number FROM lost_keys WHERE user_id = :user")


def note_user_active(database: Database, user_id: int, now: float) -> None:
    """The user is there."""
    database.execute("UPDATE users SET last_active = ? WHERE id = ?", [now, user_id])


def idle_accounts(database: Database, rules: AccountRules, until: float,
                  only: int | None = None) -> list[IdleAccount]:
    """The accounts that are to go if nobody signs in until `until`, the first to go first.

    :param only: ask for this one alone.
    """
    return [IdleAccount(*row) for row in database.execute(_IDLE, {
        "days": rules.days, "privileges": json.dumps(list(rules.privileges)),
        "until": until, "only": only})]


def sessions_of_account(database: Database, user_id: int, *, shared: bool) -> dict[str, bool]:
    """The sessions that an account began or whose key it has, each with whether it goes with the account: nobody else
    can open it.

    :param shared: those go too that it began and others can open.
    """
    found = database.execute(
        f"WITH own AS ({_HOLDERS})"  # noqa: S608 - ours
        " SELECT id, (:shared AND user_id IS :user) OR NOT EXISTS ("
        "   SELECT 1 FROM session_keys WHERE session_id = id AND holder NOT IN (SELECT holder FROM own))"
        " FROM sessions WHERE user_id = :user"
        " OR id IN (SELECT session_id FROM session_keys WHERE holder IN (SELECT holder FROM own))",
        {"user": user_id, "shared": shared})
    return {str(session_id): bool(goes) for session_id, goes in found}


def is_unfinished(database: Database, session_ids: Collection[str]) -> bool:
    """Whether any of these sessions has a task that has not ended, or mail that waits to go out."""
    ids = json.dumps(list(session_ids))
    return database.execute(
        "SELECT 1 FROM tasks WHERE state IN ('queued', 'running') AND session_id IN (SELECT value FROM json_each(?))"
        " UNION ALL SELECT 1 FROM outbox WHERE state = 'waiting' AND session_id IN (SELECT value FROM json_each(?))"
        " LIMIT 1", [ids, ids]).fetchone() is not None


def delete_account(database: Database, user_id: int) -> None:
    """The account, with its key and the keys of sessions that were sealed for it, lost ones too."""
    database.execute(f"DELETE FROM session_keys WHERE holder IN ({_HOLDERS})", {"user": user_id})  # noqa: S608 - ours
    database.execute("DELETE FROM visits WHERE user_id = ?", [user_id])
    database.execute("DELETE FROM users WHERE id = ?", [user_id])


# -- what belongs to nobody ------------------------------------------------------------------------------------


def tidy_mail(database: Database, now: float, days: float, most: int) -> int:
    """Delete mail that belongs to no session: what was sent or refused more than `days` ago, what failed a year ago.

    :param most: how many rows of a kind at once.
    :returns: how many rows were deleted.
    """
    old = {"before": now - days * DAY, "most": most}
    sent = database.execute(
        "DELETE FROM outbox WHERE number IN (SELECT number FROM outbox WHERE session_id IS NULL AND state = 'sent'"
        " AND ended <= :before ORDER BY number LIMIT :most)", old)
    failed = database.execute(
        "DELETE FROM outbox WHERE number IN (SELECT number FROM outbox WHERE session_id IS NULL AND state = 'failed'"
        " AND ended <= :before ORDER BY number LIMIT :most)", {**old, "before": now - FAILED_MAIL_KEPT})
    refused = database.execute(
        "DELETE FROM refused_mail WHERE number IN (SELECT number FROM refused_mail WHERE created <= :before"
        " ORDER BY number LIMIT :most)", old)
    return sent.rowcount + failed.rowcount + refused.rowcount


def tidy_values(database: Database, now: float, days: float, most: int) -> int:
    """Delete what browsers without an account have stored (DAStore) more than `days` ago and whose sessions are gone.

    :param most: how many rows at once.
    :returns: how many rows were deleted.
    """
    return database.execute(
        "DELETE FROM stored_values WHERE rowid IN (SELECT rowid FROM stored_values AS value"
        " WHERE (holder >= 'browser:' AND holder < 'browser;'"
        " OR holder >= 'open:browser:' AND holder < 'open:browser;')"
        " AND changed <= :before AND NOT EXISTS ("
        " SELECT 1 FROM session_keys WHERE session_keys.holder = replace(value.holder, 'open:', '')) LIMIT :most)",
        {"before": now - days * DAY, "most": most}).rowcount
