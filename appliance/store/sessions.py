"""The rows of sessions: what is known of one without opening it, who holds its key, and which turns it has seen."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, fields
from typing import Any

from sqlite_utils import Database

from appliance.store.steps import StepRow, chain_start, load_steps
from appliance.store.visits import last_visits

__all__ = [
    "TURNS_KEPT",
    "LoadedSession",
    "SessionRow",
    "add_key",
    "delete_session",
    "delete_unbegun",
    "find_session",
    "insert_session",
    "load_session",
    "new_session_id",
    "note_turn",
    "remove_key",
    "sessions_held_by",
    "told_session",
    "touch_session",
    "update_session",
]

TURNS_KEPT = 100


@dataclass(frozen=True)
class SessionRow:
    """One session. Times are seconds since the epoch, UTC.

    :param person_active: when a person, not the cron user or a task, last did something.
    :param revision: counts what makes an open form stale.
    :param step: the number of the current step; steps after it were undone by Back.
    :param callbacks: how many callbacks of tasks were applied.
    :param sealed_title: the title for the list of sessions, which may hold what a person typed.
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


@dataclass(frozen=True)
class LoadedSession:
    """What one read brings of a session: all that a turn needs."""

    row: SessionRow
    keys: dict[str, bytes] = field(repr=False)      # holder's name to sealed key
    turns: dict[str, int]                           # seen turn ids to the revision they led to
    steps: list[StepRow] = field(repr=False)
    visits: dict[int, float]                        # user to when they were last there


def new_session_id() -> str:
    """An unguessable one, in 32 letters as links and cookies take them."""
    return secrets.token_urlsafe(24)


def told_session(session_id: str) -> str:
    """What logs say of a session: enough to tell two apart. The whole id opens one with ``multi_user = True``."""
    return session_id[:8]


def load_session(database: Database, session_id: str) -> LoadedSession | None:
    """The session with its keys, the current step, the one before and the one after; None if there is none."""
    found = next(iter(database.query("SELECT * FROM sessions WHERE id = ?", [session_id])), None)
    if found is None:
        return None
    row = _row(found)
    keys = dict(database.execute("SELECT holder, sealed_key FROM session_keys WHERE session_id = ?", [session_id]))
    turns = dict(database.execute("SELECT turn_id, revision FROM turn_ids WHERE session_id = ?", [session_id]))
    steps = load_steps(database, session_id, chain_start(max(row.step - 1, 1)), row.step + 1)
    return LoadedSession(row, keys, turns, steps, last_visits(database, session_id))


def insert_session(database: Database, row: SessionRow) -> None:
    """A new session. Nothing happens if it is there already."""
    database.execute(
        "INSERT INTO sessions (id, interview, user_id, created, modified, person_active, revision, step, multi_user,"
        " allow_cron, callbacks, sealed_title) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING",
        [row.id, row.interview, row.user_id, row.created, row.modified, row.person_active, row.revision, row.step,
         row.multi_user, row.allow_cron, row.callbacks, row.sealed_title])


def update_session(database: Database, row: SessionRow) -> bool:
    """Write what may change; False if the session is gone."""
    cursor = database.execute(
        "UPDATE sessions SET user_id = ?, modified = ?, person_active = ?, revision = ?, step = ?, multi_user = ?,"
        " allow_cron = ?, callbacks = ?, sealed_title = ? WHERE id = ?",
        [row.user_id, row.modified, row.person_active, row.revision, row.step, row.multi_user, row.allow_cron,
         row.callbacks, row.sealed_title, row.id])
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


def add_key(database: Database, session_id: str, holder: str, sealed_key: bytes) -> None:
    database.execute("INSERT INTO session_keys (session_id, holder, sealed_key) VALUES (?, ?, ?)"
                     " ON CONFLICT (session_id, holder) DO UPDATE SET sealed_key = excluded.sealed_key",
                     [session_id, holder, sealed_key])


def remove_key(database: Database, session_id: str, holder: str) -> None:
    database.execute("DELETE FROM session_keys WHERE session_id = ? AND holder = ?", [session_id, holder])


def note_turn(database: Database, session_id: str, turn_id: str, revision: int) -> None:
    """Remember that this turn was applied; of each session the last hundred are kept."""
    database.execute("INSERT OR IGNORE INTO turn_ids (session_id, turn_id, revision) VALUES (?, ?, ?)",
                     [session_id, turn_id, revision])
    if revision > TURNS_KEPT:
        database.execute("DELETE FROM turn_ids WHERE session_id = ? AND revision <= ?",
                         [session_id, revision - TURNS_KEPT])


def find_session(database: Database, interview: str, holders: list[str]) -> str | None:
    """The session of this interview that any of the holders used last: tasks and scheduled events are nobody's use."""
    found = database.execute(
        "SELECT sessions.id FROM session_keys JOIN sessions ON sessions.id = session_keys.session_id"
        " WHERE session_keys.holder IN (SELECT value FROM json_each(?)) AND sessions.interview = ?"
        " AND sessions.step > 0"
        " ORDER BY sessions.person_active DESC, sessions.modified DESC, sessions.number DESC LIMIT 1",
        [json.dumps(holders), interview]).fetchone()
    return None if found is None else str(found[0])


def sessions_held_by(database: Database, holders: list[str]) -> list[tuple[SessionRow, str, bytes]]:
    """All sessions of the holders, those used last first, each with a holder and the key sealed for it."""
    rows = database.query(
        "SELECT sessions.*, session_keys.holder, session_keys.sealed_key"
        " FROM session_keys JOIN sessions ON sessions.id = session_keys.session_id"
        " WHERE session_keys.holder IN (SELECT value FROM json_each(?)) AND sessions.step > 0"
        " GROUP BY sessions.id ORDER BY sessions.person_active DESC, sessions.modified DESC, sessions.number DESC",
        [json.dumps(holders)])
    return [(_row(row), row["holder"], row["sealed_key"]) for row in rows]


def _row(found: dict[str, Any]) -> SessionRow:
    values = {name: found[name] for name in _NAMES}
    return SessionRow(**{**values, "multi_user": bool(found["multi_user"]), "allow_cron": bool(found["allow_cron"])})


_NAMES = tuple(one.name for one in fields(SessionRow))
