"""The rows of scheduled events: which due times have had their round, what is left of the rounds, and what failed.

A round is one event for all sessions that offer it. What is left of it are rows of ``schedule_left``: each goes in the
transaction of what the event did in that session, so a crash at any instant leaves it to be done, or done.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from typing import Literal

from sqlite_utils import Database

from appliance import clock

__all__ = [
    "MOST_FAILURES",
    "ROUNDS_KEPT",
    "EventOverview",
    "FailureOverview",
    "FailureRow",
    "Left",
    "NewFailure",
    "NotLeft",
    "Outcome",
    "Reason",
    "RoundRow",
    "add_failure",
    "begin_round",
    "begun_dues",
    "count_start",
    "end_round",
    "failures_of",
    "first_left",
    "had_round",
    "interview_failed",
    "note_due",
    "round_of",
    "rounds_of_events",
    "session_over",
    "set_aside",
    "unfinished_rounds",
]

ROUNDS_KEPT = 50
"""Rounds of each event that are kept; of each hour they reach back two days."""

MOST_FAILURES = 100
"""Failures of one round that are kept in detail; all are counted."""

Reason = Literal["due", "missed", "person", "command"]
Outcome = Literal["done", "failed", "deleted", "skipped"]


class NotLeft(Exception):
    """The event has run in this session before, in this round; nothing of the transaction was written."""


@dataclass(frozen=True)
class RoundRow:
    """One round. Times are seconds since the epoch, UTC.

    :param reason: ``missed`` where the appliance was off, or asleep, when it was due.
    :param due: None for one that a person or a command asked for.
    :param sessions: how many were to have the event; when the round has ended, how many had it.
    :param failed: sessions in which it failed, and interviews that could not be asked whether they offer it.
    :param deleted: sessions that the event has ended.
    """

    number: int
    event: str
    reason: Reason
    due: float | None
    started: float
    ended: float | None
    sessions: int
    done: int
    failed: int
    deleted: int


@dataclass(frozen=True)
class Left:
    """A session in which a round's event has not run yet.

    :param starts: how often it was begun anew after the appliance had ended in the middle of it.
    :param wanted: whether it still allows scheduled events.
    """

    session_id: str
    interview: str
    starts: int
    wanted: bool


@dataclass(frozen=True)
class NewFailure:
    """What failed. Type and place are never values; what the error said is sealed.

    :param session_id: None where the interview as a whole could not be used.
    """

    interview: str
    error_type: str
    where: str = ""
    session_id: str | None = None
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class FailureRow:
    """A failure of a round, as it lies in the database."""

    number: int
    round: int
    session_id: str | None
    interview: str
    created: float
    error_type: str
    error_where: str
    sealed: bytes | None = field(repr=False)


@dataclass(frozen=True)
class FailureOverview:
    """A failure as a page shows it to an administrator.

    :param text: what the error said, with its traceback; empty where only the session's people may open it.
    """

    interview: str
    session_id: str | None
    created: float
    error_type: str
    where: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class EventOverview:
    """One event as a page shows it.

    :param next_due: None for an event that does not come by itself.
    :param rounds: the newest first.
    :param failures: of the newest round.
    """

    event: str
    next_due: float | None
    running: bool
    rounds: tuple[RoundRow, ...] = ()
    failures: tuple[FailureOverview, ...] = ()

    @property
    def last(self) -> RoundRow | None:
        """The newest round."""
        return self.rounds[0] if self.rounds else None


# -- due times ----------------------------------------------------------------------------------------------


def begun_dues(database: Database) -> dict[str, float]:
    """Of each event the last due time that needs no round any more."""
    return dict(database.execute("SELECT event, begun_due FROM schedule").fetchall())


def note_due(database: Database, event: str, due: float) -> None:
    """What was due until then needs no round."""
    database.execute("INSERT INTO schedule (event, begun_due) VALUES (?, ?)"
                     " ON CONFLICT (event) DO UPDATE SET begun_due = excluded.begun_due", [event, due])


def had_round(database: Database, event: str, due: float) -> bool:
    """Whether a round for exactly this due time is among those that are kept."""
    return database.execute("SELECT 1 FROM schedule_rounds WHERE event = ? AND due = ?",
                            [event, due]).fetchone() is not None


# -- rounds -------------------------------------------------------------------------------------------------


def begin_round(database: Database, event: str, reason: Reason, due: float | None, interviews: Collection[str],
                broken: Collection[NewFailure] = ()) -> RoundRow:
    """A round for all sessions of these interviews that allow scheduled events; older rounds are forgotten.

    :param due: noted as begun, unless it is None.
    :param broken: interviews that could not be asked.
    """
    if due is not None:
        note_due(database, event, due)
    number = int(database.execute(
        "INSERT INTO schedule_rounds (event, reason, due, started) VALUES (?, ?, ?, ?) RETURNING number",
        [event, reason, due, clock.now()]).fetchone()[0])
    database.execute(
        "INSERT INTO schedule_left (round, session_id) SELECT ?, id FROM sessions WHERE allow_cron AND multi_user"
        " AND step > 0 AND interview IN (SELECT value FROM json_each(?))", [number, json.dumps(list(interviews))])
    database.execute("UPDATE schedule_rounds SET sessions ="
                     " (SELECT count(*) FROM schedule_left WHERE round = schedule_rounds.number) WHERE number = ?",
                     [number])
    for failure in broken:
        interview_failed(database, number, failure)
    database.execute(
        "DELETE FROM schedule_rounds WHERE event = ? AND ended IS NOT NULL AND number NOT IN"
        " (SELECT number FROM schedule_rounds WHERE event = ? AND (due IS NULL) = ? ORDER BY number DESC LIMIT ?)"
        " AND (due IS NULL) = ?", [event, event, due is None, ROUNDS_KEPT, due is None])
    return _found(database, "WHERE number = ?", number)[0]


def unfinished_rounds(database: Database) -> list[RoundRow]:
    """The rounds that have not ended, in the order they began."""
    return _found(database, "WHERE ended IS NULL ORDER BY number")


def round_of(database: Database, number: int) -> RoundRow | None:
    return next(iter(_found(database, "WHERE number = ?", number)), None)


def rounds_of_events(database: Database, most: int) -> list[RoundRow]:
    """The newest rounds of each event, the newest first."""
    return _found(database, "WHERE number IN (SELECT number FROM (SELECT number, row_number() OVER"
                  " (PARTITION BY event ORDER BY number DESC) AS place FROM schedule_rounds) WHERE place <= ?)"
                  " ORDER BY number DESC", most)


def end_round(database: Database, number: int) -> None:
    """Nothing is left of it. Sessions that went away meanwhile are not counted."""
    database.execute("UPDATE schedule_rounds SET ended = ?, sessions = done + deleted + failed - (SELECT count(*)"
                     " FROM schedule_failures WHERE round = schedule_rounds.number AND session_id IS NULL)"
                     " WHERE number = ?", [clock.now(), number])


# -- sessions of a round ------------------------------------------------------------------------------------


def first_left(database: Database, number: int) -> Left | None:
    """The session whose turn is next: what was under way when the appliance ended comes first again, because the order
    changes only by :func:`set_aside`.
    """
    found = database.execute(
        "SELECT session_id, interview, starts, allow_cron AND multi_user FROM schedule_left"
        " JOIN sessions ON sessions.id = session_id WHERE round = ? ORDER BY aside, session_id LIMIT 1",
        [number]).fetchone()
    return None if found is None else Left(found[0], found[1], found[2], bool(found[3]))


def set_aside(database: Database, number: int, session_id: str) -> None:
    """Somebody is in this session: the others come before it."""
    database.execute("UPDATE schedule_left SET aside = aside + 1 WHERE round = ? AND session_id = ?",
                     [number, session_id])


def count_start(database: Database, number: int, session_id: str) -> None:
    """The event is begun again in a session in which it may have ended the whole appliance."""
    database.execute("UPDATE schedule_left SET starts = starts + 1 WHERE round = ? AND session_id = ?",
                     [number, session_id])


def session_over(database: Database, number: int, session_id: str, outcome: Outcome,
                 failure: NewFailure | None = None) -> None:
    """The round's event has run in this session; belongs into the transaction of what it did there.

    :raises NotLeft: if it had run before.
    """
    if database.execute("DELETE FROM schedule_left WHERE round = ? AND session_id = ?",
                        [number, session_id]).rowcount != 1:
        raise NotLeft
    if outcome != "skipped":
        database.execute(f"UPDATE schedule_rounds SET {outcome} = {outcome} + 1 WHERE number = ?",  # noqa: S608 - ours
                         [number])
    if failure is not None:
        add_failure(database, number, failure)


def add_failure(database: Database, number: int, failure: NewFailure) -> None:
    """Keep what failed in a session, unless enough of this round is kept."""
    if _failures(database, number) < MOST_FAILURES:
        _write_failure(database, number, failure)


def interview_failed(database: Database, number: int, failure: NewFailure) -> bool:
    """Count and keep that an interview as a whole cannot be used; False if that was known in this round.

    These are always kept: they are few, and :func:`end_round` counts them.
    """
    if database.execute("SELECT 1 FROM schedule_failures WHERE round = ? AND session_id IS NULL AND interview = ?",
                        [number, failure.interview]).fetchone() is not None:
        return False
    _write_failure(database, number, failure)
    database.execute("UPDATE schedule_rounds SET failed = failed + 1 WHERE number = ?", [number])
    return True


def failures_of(database: Database, number: int) -> list[FailureRow]:
    """What failed in a round, as far as it is kept, in the order it happened."""
    return [FailureRow(**row) for row in database.query(
        "SELECT * FROM schedule_failures WHERE round = ? ORDER BY number", [number])]


def _failures(database: Database, number: int) -> int:
    """How many are kept of a round."""
    return int(database.execute("SELECT count(*) FROM schedule_failures WHERE round = ?", [number]).fetchone()[0])


def _write_failure(database: Database, number: int, failure: NewFailure) -> None:
    database.execute(
        "INSERT INTO schedule_failures (round, session_id, interview, created, error_type, error_where, sealed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)", [number, failure.session_id, failure.interview, clock.now(),
                                          failure.error_type, failure.where, failure.sealed])


def _found(database: Database, where: str, *values: object) -> list[RoundRow]:
    return [RoundRow(**{name: row[name] for name in _NAMES})
            for row in database.query(f"SELECT * FROM schedule_rounds {where}", list(values))]  # noqa: S608 - ours


_NAMES = tuple(one.name for one in fields(RoundRow))
