"""Notices wait here until a tab of their session has got them."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlite_utils import Database

__all__ = ["NoticeRow", "add_notice", "delivered_notices", "notices_of"]


@dataclass(frozen=True)
class NoticeRow:
    """One notice; its value is sealed under the session's key, bound to :meth:`context`."""

    id: int
    session_id: str
    kind: str
    sealed: bytes = field(repr=False)

    @staticmethod
    def context(session_id: str, kind: str) -> str:
        """What a notice's value is sealed for."""
        return f"notice:{session_id}:{kind}"


def add_notice(database: Database, session_id: str, kind: str, sealed: bytes) -> int:
    """Keep a notice; returns its id."""
    cursor = database.execute("INSERT INTO notices (session_id, kind, sealed) VALUES (?, ?, ?)",
                              [session_id, kind, sealed])
    return int(cursor.lastrowid or 0)


def notices_of(database: Database, session_id: str) -> list[NoticeRow]:
    """What waits for this session's tabs, in order."""
    rows = database.execute("SELECT id, session_id, kind, sealed FROM notices WHERE session_id = ? ORDER BY id",
                            [session_id])
    return [NoticeRow(*row) for row in rows]


def delivered_notices(database: Database, ids: list[int]) -> None:
    """Forget the notices that have arrived."""
    for number in ids:
        database.execute("DELETE FROM notices WHERE id = ?", [number])
