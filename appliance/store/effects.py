"""What a commit asked for and nobody has carried out yet, so that a crash in between loses none of it.

Tasks wait in the journal and notices in their own table; here are the revocations, which outlive their session.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

__all__ = ["Revocation", "add_revocation", "carried_out", "revocations"]


@dataclass(frozen=True)
class Revocation:
    """A task to end wherever it runs."""

    id: int
    task_id: str
    terminate: bool


def add_revocation(database: Database, task_id: str, *, terminate: bool) -> Revocation:
    """Ask for it, in the transaction that marks the task as revoked or deletes it."""
    cursor = database.execute("INSERT INTO effects (kind, task_id, terminate) VALUES ('revoke', ?, ?)",
                              [task_id, terminate])
    return Revocation(int(cursor.lastrowid or 0), task_id, terminate)


def revocations(database: Database) -> list[Revocation]:
    """What waits, in order."""
    return [Revocation(row[0], row[1], bool(row[2])) for row in
            database.execute("SELECT id, task_id, terminate FROM effects WHERE kind = 'revoke' ORDER BY id")]


def carried_out(database: Database, ids: list[int]) -> None:
    """Forget what was done."""
    for number in ids:
        database.execute("DELETE FROM effects WHERE id = ?", [number])
