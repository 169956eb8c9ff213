"""The tasks as a page lists them: those that are outstanding, those that ended last, and what their sessions say."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from sqlite_utils import Database

from appliance.store.tasks import TaskRow, rows_of_tasks

__all__ = ["ListedTask", "TaskSession", "listed_tasks"]

_OUTSTANDING = """SELECT * FROM tasks WHERE state IN ('queued', 'running') AND (? IS NULL OR session_id IN (
        SELECT session_id FROM session_keys WHERE holder IN (SELECT value FROM json_each(?))))
    ORDER BY number"""

_ENDED = """SELECT * FROM tasks WHERE number IN (SELECT number FROM (
        SELECT number, row_number() OVER (PARTITION BY state ORDER BY ended DESC, number DESC) AS newest FROM tasks
        WHERE state NOT IN ('queued', 'running') AND (? IS NULL OR session_id IN (
            SELECT session_id FROM session_keys WHERE holder IN (SELECT value FROM json_each(?)))))
        WHERE newest <= ?) ORDER BY ended DESC, number DESC"""
# Of each state, so that a thousand tasks that went well do not hide one that waits to be run again. By their numbers
# first: results can be large, and those that are not listed are not to be read.


@dataclass(frozen=True)
class TaskSession:
    """What is known of a task's session without opening it.

    :param keys: holder's name to the session's key, sealed.
    """

    interview: str
    sealed_title: bytes = field(repr=False)
    keys: dict[str, bytes] = field(repr=False)


@dataclass(frozen=True)
class ListedTask:
    """One task of the list.

    :param place: in line, from 1; None for a task that is not queued.
    :param waiting_for: the tasks that must end before it can be taken.
    :param sealed_profile: of the account that asked for it (:mod:`appliance.store.profiles`).
    """

    row: TaskRow
    session: TaskSession
    place: int | None
    waiting_for: tuple[str, ...]
    sealed_profile: bytes | None = field(repr=False)


def listed_tasks(database: Database, holders: list[str] | None, most_ended: int) -> list[ListedTask]:
    """The outstanding tasks in the order they were asked for, then those that ended last, the newest first.

    :param holders: only those of sessions that one of these holds the key of; None for all.
    :param most_ended: how many that are done, how many that failed, and how many that were revoked.
    """
    names = None if holders is None else json.dumps(holders)
    rows = rows_of_tasks(database, _OUTSTANDING, [names, names])
    rows += rows_of_tasks(database, _ENDED, [names, names, most_ended])
    queued = database.execute("SELECT id FROM tasks WHERE state = 'queued' ORDER BY number").fetchall()
    places = {str(row[0]): place for place, row in enumerate(queued, 1)}
    sessions = {session_id: _session(database, session_id) for session_id in {row.session_id for row in rows}}
    profiles = {row.user_id: _profile(database, row.user_id) for row in rows}
    return [ListedTask(row, sessions[row.session_id], places.get(row.id), _waiting_for(database, row),
                       profiles[row.user_id]) for row in rows]


def _session(database: Database, session_id: str) -> TaskSession:
    interview, sealed_title = database.execute(
        "SELECT interview, sealed_title FROM sessions WHERE id = ?", [session_id]).fetchone()
    keys = dict(database.execute("SELECT holder, sealed_key FROM session_keys WHERE session_id = ?", [session_id]))
    return TaskSession(interview, sealed_title, keys)


def _profile(database: Database, user_id: int | None) -> bytes | None:
    found = None if user_id is None else database.execute(
        "SELECT sealed_profile FROM users WHERE id = ?", [user_id]).fetchone()
    return None if found is None else found[0]


def _waiting_for(database: Database, row: TaskRow) -> tuple[str, ...]:
    if row.state != "queued":
        return ()
    found = database.execute(
        "SELECT other.id FROM task_waits JOIN tasks AS other ON other.id = after_id WHERE task_id = ?"
        " AND other.state IN ('queued', 'running') ORDER BY other.number", [row.id]).fetchall()
    return tuple(str(one[0]) for one in found)
