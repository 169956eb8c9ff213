"""When which user last came to a session: a row for each, so that an interview can ask how long its client was away.

Anybody who was not signed in is user 0. The scheduled events' own user is kept like a person: who asks says whether
it counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlite_utils import Database

from appliance.interview.host import Visit

__all__ = ["NOBODY", "last_visits", "visits_with_privileges", "write_visit"]

NOBODY = 0
"""The number that stands for all who were not signed in."""


def write_visit(database: Database, session_id: str, user_id: int, at: float) -> None:
    """Note that the user (:data:`NOBODY` for one who is not signed in) was there, in the transaction of the turn."""
    database.execute("INSERT INTO visits (session_id, user_id, last_access) VALUES (?, ?, ?)"
                     " ON CONFLICT (session_id, user_id) DO UPDATE SET last_access = excluded.last_access",
                     [session_id, user_id, at])


def last_visits(database: Database, session_id: str) -> dict[int, float]:
    """User to the time of the last visit, in seconds since the epoch."""
    return dict(database.execute("SELECT user_id, last_access FROM visits WHERE session_id = ?",
                                 [session_id]).fetchall())


def visits_with_privileges(database: Database, last: dict[int, float]) -> list[Visit]:
    """The visits with the privileges that their users have now.

    Who is not signed in, has no privileges of their own or is not there any more counts as ``user``, as
    ``user_privileges()`` has it.
    """
    held: dict[int, list[str]] = {}
    for user_id, privilege in database.execute(
            "SELECT user_id, privilege FROM user_privileges WHERE user_id IN (SELECT value FROM json_each(?))"
            " ORDER BY privilege", [_as_json(last)]):
        held.setdefault(user_id, []).append(privilege)
    return [Visit(user_id or None, tuple(held.get(user_id, ("user",))), at) for user_id, at in last.items()]


def _as_json(ids: Iterable[int]) -> str:
    return json.dumps(list(ids))
