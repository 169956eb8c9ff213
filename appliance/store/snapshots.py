"""Snapshots of answers on their way into ``author.db``.

``store_variables_snapshot()`` is part of its turn, and ``author.db`` is another file: so a snapshot is committed with
the turn here, sealed, and carried over after it; what a crash leaves here is carried over at the next start. The end of
a session is noted by a trigger, and deletes its snapshots there.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field

from sqlite_utils import Database

from appliance import clock
from appliance.interview.stored import StoreSnapshot
from appliance.store.sealing import seal, unseal

__all__ = ["NewSnapshot", "WaitingSnapshot", "carried_over", "waiting_snapshots", "write_snapshot"]


@dataclass(frozen=True)
class NewSnapshot:
    """A snapshot to commit."""

    session_id: str
    sealed: bytes = field(repr=False)

    @staticmethod
    def make(appliance_key: bytes, session_id: str, effect: StoreSnapshot) -> NewSnapshot:
        return NewSnapshot(session_id, seal(appliance_key, pickle.dumps((effect, clock.now())), _context(session_id)))


@dataclass(frozen=True)
class WaitingSnapshot:
    """One that waits, or (`sealed` is None) the news that a session has ended."""

    number: int
    session_id: str
    sealed: bytes | None = field(repr=False)

    def opened(self, appliance_key: bytes) -> tuple[StoreSnapshot, float]:
        """What is to be stored, and when it was made."""
        found: tuple[StoreSnapshot, float] = pickle.loads(
            unseal(appliance_key, self.sealed or b"", _context(self.session_id)))
        return found


def _context(session_id: str) -> str:
    return f"snapshot:{session_id}"


def write_snapshot(database: Database, snapshot: NewSnapshot) -> None:
    """In the transaction of the turn."""
    database.execute("INSERT INTO snapshots (session_id, sealed) VALUES (?, ?)", [snapshot.session_id, snapshot.sealed])
    database.execute("INSERT OR IGNORE INTO snapshot_sessions (session_id) VALUES (?)", [snapshot.session_id])


def waiting_snapshots(database: Database, most: int = 100) -> list[WaitingSnapshot]:
    """Those that wait, in the order of their turns."""
    return [WaitingSnapshot(int(row[0]), str(row[1]), row[2]) for row in database.execute(
        "SELECT number, session_id, sealed FROM snapshots ORDER BY number LIMIT ?", [most])]


def carried_over(database: Database, done: list[WaitingSnapshot]) -> None:
    """They are in ``author.db``."""
    for one in done:
        database.execute("DELETE FROM snapshots WHERE number = ?", [one.number])
        if one.sealed is None:
            database.execute("DELETE FROM snapshot_sessions WHERE session_id = ?", [one.session_id])
