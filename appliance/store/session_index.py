"""Lists of sessions for author code: those of some people, or of all, page by page."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlite_utils import Database

from appliance.store.sessions import SessionRow, row_of
from appliance.store.steps import StepRow, chain_start, load_steps

__all__ = ["START", "IndexRow", "find_sessions", "keys_of", "newest_steps"]

START = (1 << 62, "")
"""Where the first page begins: there are not so many sessions."""


@dataclass(frozen=True)
class IndexRow:
    """A session, as one of its people has it.

    :param number: counts sessions in the order they began.
    """

    number: int
    row: SessionRow
    holder: str
    keys: dict[str, bytes] = field(default_factory=dict, repr=False)


def find_sessions(database: Database, holders: Collection[str] | None, interview: str, session_id: str,
                  after: tuple[int, str] | None, most: int) -> list[IndexRow]:
    """Those that were begun last first, each with the keys that are sealed for anybody.

    :param holders: of these people, each session once; None for all people, each session once for each of them.
    :param interview: and `session_id`: only these, unless empty.
    :param after: number and holder of the last one of the page before.
    """
    # What is about to be deleted is gone already.
    sql = ("SELECT sessions.*, max(holder) AS holder FROM session_keys JOIN sessions ON sessions.id = session_id"
           " WHERE step > 0 AND (?1 IS NULL OR holder IN (SELECT value FROM json_each(?1)))"
           " AND (?1 IS NOT NULL OR holder GLOB 'user:*' OR holder GLOB 'browser:*')"
           " AND (?2 = '' OR interview = ?2) AND (?3 = '' OR sessions.id = ?3)"
           # Of all people a session is listed once for each; otherwise the page before has it with all its keys.
           " AND (sessions.number < ?4 OR (?1 IS NULL AND sessions.number = ?4 AND holder < ?5))"
           " AND NOT EXISTS (SELECT 1 FROM session_changes WHERE session_changes.session_id = sessions.id AND deletes)"
           " GROUP BY sessions.id, CASE WHEN ?1 IS NULL THEN holder END"
           " ORDER BY sessions.number DESC, holder DESC LIMIT ?6")
    number, holder = after or START
    wanted = None if holders is None else json.dumps(list(holders))
    cursor = database.execute(sql, [wanted, interview, session_id, number, holder, most])
    names = [column[0] for column in cursor.description]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    keys = keys_of(database, [str(one["id"]) for one in found])
    return [IndexRow(one["number"], row_of(one), one["holder"], keys.get(one["id"], {})) for one in found]


def keys_of(database: Database, session_ids: Collection[str]) -> dict[str, dict[str, bytes]]:
    """Each session's key, sealed for each holder."""
    keys: dict[str, dict[str, bytes]] = {}
    for session_id, holder, sealed in database.execute(
            "SELECT session_id, holder, sealed_key FROM session_keys"
            " WHERE session_id IN (SELECT value FROM json_each(?))", [json.dumps(list(session_ids))]):
        keys.setdefault(session_id, {})[holder] = sealed
    return keys


def newest_steps(database: Database, row: SessionRow) -> list[StepRow]:
    """What it takes to open the current step."""
    return load_steps(database, row.id, chain_start(row.step), row.step)
