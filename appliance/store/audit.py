"""The audit log as rows: what was done, when and by whom; everything that names somebody is sealed."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlite_utils import Database

__all__ = ["AuditRow", "add_audit_row", "audit_rows"]

_MOST = 100_000
"""Rows that are kept; whoever makes more of them pushes out the oldest."""


@dataclass(frozen=True)
class AuditRow:
    """One entry. `created` is in seconds since the epoch, UTC; `user_id` who did it, None for nobody that is known."""

    number: int
    created: float
    kind: str
    user_id: int | None
    sealed: bytes = field(repr=False)


def add_audit_row(database: Database, created: float, kind: str, user_id: int | None, sealed: bytes) -> None:
    """Write an entry; it may be part of the transaction that it tells of."""
    number = database.execute("INSERT INTO audit (created, kind, user_id, sealed) VALUES (?, ?, ?, ?)",
                              [created, kind, user_id, sealed]).lastrowid or 0
    database.execute("DELETE FROM audit WHERE number <= ?", [number - _MOST])


def audit_rows(database: Database, before: int | None, most: int) -> list[AuditRow]:
    """The newest entries, the newest first.

    :param before: only those with a smaller number.
    """
    return [AuditRow(*found) for found in database.execute(
        "SELECT number, created, kind, user_id, sealed FROM audit WHERE ? IS NULL OR number < ?"
        " ORDER BY number DESC LIMIT ?", [before, before, most])]
