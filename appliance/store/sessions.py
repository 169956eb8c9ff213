"""The rows of sessions: what is known of one without opening it, who holds its key, and which turns it has seen."""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import dataclass, field, fields
from typing import Any

from sqlite_utils import Database

from appliance.store.steps import StepRow, chain_start, load_steps
from appliance.store.visits import last_visits

__all__ = [
    "MOST_JOINED",
    "TURNS_KEPT",
    "HeldSession",
    "LoadedSession",
    "SessionRow",
    "add_key",
    "delete_session",
    "delete_unbegun",
    "find_session",
    "insert_session",
    "join_session",
    "leave_session",
    "load_session",
    "move_key",
    "name_session",
    "new_session_id",
    "note_turn",
    "remove_key",
    "row_of",
    "sessions_held_by",
    "told_session",
    "touch_session",
    "update_session",
]

MOST_JOINED = 500
"""Browsers that hold a session because they came through its link."""

TURNS_KEPT = 100

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class SessionRow:
    """One session. Times are seconds since the epoch, UTC.

    :param person_active: when a person, not the cron user or a task, last did something.
    :param revision: counts what makes an open form stale.
    :param step: the number of the current step; steps after it were undone by Back.
    :param callbacks: how many callbacks of tasks were applied.
    :param sealed_title: the title for the list of sessions, which may hold what a person typed.
    :param sealed_tags: the tags as a list in JSON; empty where there are none.
    """

    id: str
    interview: str
    user_id: int | None
    created: float
    modified: float
    person_active: float
    revision: int = 0
    step: int = 0
    multi_user: bool = False
    allow_cron: bool = False
    callbacks: int = 0
    sealed_title: bytes = field(default=b"", repr=False)
    sealed_tags: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class HeldSession:
    """A session as one of its holders has it.

    :param joined: they came through its link: it is somebody else's.
    :param sealed_name: what they call it; None where they gave it no name.
    """

    row: SessionRow
    holder: str
    sealed_key: bytes = field(repr=False)
    joined: bool
    sealed_name: bytes | None = field(repr=False)


@dataclass(frozen=True)
class LoadedSession:
    """What one read brings of a session: all that a turn needs."""

    row: SessionRow
    keys: dict[str, bytes] = field(repr=False)      # holder's name to sealed key
    turns: dict[str, int]                           # seen turn ids to the revision they led to
    steps: list[StepRow] = field(repr=False)
    visits: dict[int, float]                        # user to when they were last there
    joined: frozenset[str] = frozenset()            # the holders who came through its link


def new_session_id() -> str:
    """An unguessable one, in 32 letters and digits, which no Markdown takes for anything else."""
    number = secrets.randbelow(len(_LETTERS) ** 32)   # the system is asked for randomness once, not for each letter
    letters = []
    for _ in range(32):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "".join(letters)


def told_session(session_id: str) -> str:
    """What logs say of a session: enough to tell two apart. The whole id opens one with ``multi_user = True``."""
    return session_id[:8]


def load_session(database: Database, session_id: str) -> LoadedSession | None:
    """The session with its keys, the current step, the one before and the one after; None if there is none."""
    found = next(iter(database.query("SELECT * FROM sessions WHERE id = ?", [session_id])), None)
    if found is None:
        return None
    row = row_of(found)
    found_keys = database.execute("SELECT holder, sealed_key, joined FROM session_keys WHERE session_id = ?",
                                  [session_id]).fetchall()
    keys = {holder: sealed_key for holder, sealed_key, _ in found_keys}
    turns = dict(database.execute("SELECT turn_id, revision FROM turn_ids WHERE session_id = ?", [session_id]))
    steps = load_steps(database, session_id, chain_start(max(row.step - 1, 1)), row.step + 1)
    return LoadedSession(row, keys, turns, steps, last_visits(database, session_id),
                         frozenset(holder for holder, _, joined in found_keys if joined))


def insert_session(database: Database, row: SessionRow) -> None:
    """A new session. Nothing happens if it is there already."""
    database.execute(
        "INSERT INTO sessions (id, interview, user_id, created, modified, person_active, revision, step, multi_user,"
        " allow_cron, callbacks, sealed_title, sealed_tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING",
        [row.id, row.interview, row.user_id, row.created, row.modified, row.person_active, row.revision, row.step,
         row.multi_user, row.allow_cron, row.callbacks, row.sealed_title, row.sealed_tags])


def update_session(database: Database, row: SessionRow) -> bool:
    """Write what may change; False if the session is gone."""
    cursor = database.execute(
        "UPDATE sessions SET user_id = ?, modified = ?, person_active = ?, revision = ?, step = ?, multi_user = ?,"
        " allow_cron = ?, callbacks = ?, sealed_title = ?, sealed_tags = ? WHERE id = ?",
        [row.user_id, row.modified, row.person_active, row.revision, row.step, row.multi_user, row.allow_cron,
         row.callbacks, row.sealed_title, row.sealed_tags, row.id])
    return cursor.rowcount == 1


def touch_session(database: Database, session_id: str, person_active: float) -> None:
    """A person looked at the session."""
    database.execute("UPDATE sessions SET person_active = ? WHERE id = ?", [person_active, session_id])


def delete_session(database: Database, session_id: str) -> None:
    """The session with its keys, steps, tasks and notices."""
    database.execute("DELETE FROM sessions WHERE id = ?", [session_id])


def delete_unbegun(database: Database) -> None:
    """Sessions whose first turn started a task and was then cut off."""
    database.execute("DELETE FROM sessions WHERE step = 0")


def add_key(database: Database, session_id: str, holder: str, sealed_key: bytes, *, joined: bool = False) -> None:
    """The session's key, sealed for a holder.

    :param joined: they came through the session's link; what is known of one who is there already stays.
    """
    database.execute("INSERT INTO session_keys (session_id, holder, sealed_key, joined) VALUES (?, ?, ?, ?)"
                     " ON CONFLICT (session_id, holder) DO UPDATE SET sealed_key = excluded.sealed_key",
                     [session_id, holder, sealed_key, joined])


def join_session(database: Database, session_id: str, holder: str, sealed_key: bytes, now: float) -> frozenset[str]:
    """Somebody came through the session's link: they hold it from now on.

    :returns: the browsers that hold it no more, because too many have come since. Their link goes on working.
    """
    add_key(database, session_id, holder, sealed_key, joined=True)
    database.execute("UPDATE session_keys SET since = ? WHERE session_id = ? AND holder = ?",
                     [now, session_id, holder])
    return frozenset(str(name) for (name,) in database.execute(
        "DELETE FROM session_keys WHERE session_id = ? AND holder IN (SELECT holder FROM session_keys"
        " WHERE session_id = ? AND joined AND holder GLOB 'browser:*' AND holder <> ?"
        " ORDER BY sealed_name IS NOT NULL DESC, since DESC LIMIT -1 OFFSET ?) RETURNING holder",
        [session_id, session_id, holder, MOST_JOINED - 1]).fetchall())


def remove_key(database: Database, session_id: str, holder: str) -> None:
    database.execute("DELETE FROM session_keys WHERE session_id = ? AND holder = ?", [session_id, holder])


def move_key(database: Database, session_id: str, before: str, after: str, sealed_key: bytes, user_id: int) -> bool:
    """Give what the holder `before` has of a session to the holder `after`, who is the user `user_id`.

    What nobody owns is theirs from now on, unless `before` came through its link.

    :param sealed_key: the session's key, sealed for `after`.
    :returns: False if `before` does not hold it any more; then nothing was written.
    """
    found = database.execute("DELETE FROM session_keys WHERE session_id = ? AND holder = ?"
                             " RETURNING joined, sealed_name", [session_id, before]).fetchall()
    if not found:
        return False
    joined, sealed_name = found[0]
    database.execute(
        "INSERT INTO session_keys (session_id, holder, sealed_key, joined, sealed_name) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (session_id, holder) DO UPDATE SET joined = min(joined, excluded.joined),"
        " sealed_name = coalesce(sealed_name, excluded.sealed_name)",
        [session_id, after, sealed_key, joined, sealed_name])
    if not joined:
        database.execute("UPDATE sessions SET user_id = ? WHERE id = ? AND user_id IS NULL", [user_id, session_id])
    return True


def name_session(database: Database, session_id: str, holder: str, sealed_name: bytes | None) -> bool:
    """Keep what a holder calls the session, or forget it; False if they do not hold it."""
    return database.execute("UPDATE session_keys SET sealed_name = ? WHERE session_id = ? AND holder = ?",
                            [sealed_name, session_id, holder]).rowcount == 1


def leave_session(database: Database, session_id: str, holders: list[str]) -> bool:
    """Take the key from those of the holders who joined the session; False if none of them did."""
    return database.execute(
        "DELETE FROM session_keys WHERE session_id = ? AND joined AND holder IN (SELECT value FROM json_each(?))",
        [session_id, json.dumps(holders)]).rowcount > 0


def note_turn(database: Database, session_id: str, turn_id: str, revision: int) -> None:
    """Remember that this turn was applied; of each session the last hundred are kept."""
    database.execute("INSERT OR IGNORE INTO turn_ids (session_id, turn_id, revision) VALUES (?, ?, ?)",
                     [session_id, turn_id, revision])
    if revision > TURNS_KEPT:
        database.execute("DELETE FROM turn_ids WHERE session_id = ? AND revision <= ?",
                         [session_id, revision - TURNS_KEPT])


def find_session(database: Database, interview: str, holders: list[str]) -> str | None:
    """The session of this interview that any of the holders used last: tasks and scheduled events are nobody's use.

    What code is about to delete (:mod:`appliance.store.session_changes`) is gone already.
    """
    found = database.execute(
        "SELECT sessions.id FROM session_keys JOIN sessions ON sessions.id = session_keys.session_id"
        " WHERE session_keys.holder IN (SELECT value FROM json_each(?)) AND sessions.interview = ?"
        " AND sessions.step > 0 AND id NOT IN (SELECT session_id FROM session_changes WHERE deletes)"
        " ORDER BY sessions.person_active DESC, sessions.modified DESC, sessions.number DESC LIMIT 1",
        [json.dumps(holders), interview]).fetchone()
    return None if found is None else str(found[0])


def sessions_held_by(database: Database, holders: list[str], most: int = -1) -> list[HeldSession]:
    """The sessions of the holders, those used last first, without what code is about to delete.

    :param most: no more than so many; all of them if it is negative.
    """
    rows = database.query(
        "SELECT sessions.*, session_keys.holder, session_keys.sealed_key, joined, sealed_name"
        " FROM session_keys JOIN sessions ON sessions.id = session_keys.session_id"
        " WHERE session_keys.holder IN (SELECT value FROM json_each(?)) AND sessions.step > 0"
        " AND id NOT IN (SELECT session_id FROM session_changes WHERE deletes)"
        " GROUP BY sessions.id ORDER BY sessions.person_active DESC, sessions.modified DESC, sessions.number DESC"
        " LIMIT ?",
        [json.dumps(holders), most])
    return [HeldSession(row_of(row), row["holder"], row["sealed_key"], bool(row["joined"]), row["sealed_name"])
            for row in rows]


def row_of(found: dict[str, Any]) -> SessionRow:
    """The session in a row of a query."""
    values = {name: found[name] for name in _NAMES}
    return SessionRow(**{**values, "multi_user": bool(found["multi_user"]), "allow_cron": bool(found["allow_cron"])})


_NAMES = tuple(one.name for one in fields(SessionRow))
