"""Which interviews sessions use."""

from __future__ import annotations

from sqlite_utils import Database

__all__ = ["sessions_by_interview"]


def sessions_by_interview(database: Database) -> dict[str, int]:
    """Interview → how many sessions of it are kept."""
    return {str(interview): int(count) for interview, count in database.execute(
        "SELECT interview, COUNT(*) FROM sessions GROUP BY interview")}
