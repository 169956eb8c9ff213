"""How often a session's tasks were performed (``mark_task_as_performed(…, persistent=True)``), beside its steps.

Going back to a step does not undo these counters. What an author called a task may hold what a person typed, so a task
is known here by a mark that only the session's key makes.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from sqlite_utils import Database

from appliance.store.sealing import derive

__all__ = ["Count", "mark_of", "times_counted", "write_count"]


@dataclass(frozen=True)
class Count:
    """A change of a counter.

    :param times: added to it, or with `anew` what it is from now on.
    """

    mark: bytes
    times: int
    anew: bool = False


def mark_of(session_key: bytes, task: str) -> bytes:
    """What stands for a task's name in the database."""
    return hmac.digest(derive(session_key, "counters"), task.encode("utf-8", "surrogatepass"), hashlib.sha256)


def times_counted(database: Database, session_id: str, mark: bytes) -> int:
    """How often; 0 if never."""
    found = database.execute("SELECT times FROM counters WHERE session_id = ? AND mark = ?",
                             [session_id, mark]).fetchone()
    return 0 if found is None else int(found[0])


def write_count(database: Database, session_id: str, count: Count) -> None:
    """Change a counter, in the transaction of the turn."""
    database.execute(
        "INSERT INTO counters (session_id, mark, times) VALUES (?, ?, ?) ON CONFLICT (session_id, mark)"
        " DO UPDATE SET times = excluded.times + CASE WHEN ? THEN 0 ELSE times END",
        [session_id, count.mark, count.times, count.anew])
