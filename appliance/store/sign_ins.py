"""The browsers that are signed in, as rows. The cookie's text is not here: only its hash, and what it opens."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlite_utils import Database

__all__ = ["LIFETIME", "SignInRow", "add_sign_in", "end_sign_in", "end_sign_ins", "find_sign_in", "sign_ins_of",
           "touch_sign_in"]

LIFETIME = 30 * 86400.0
"""Seconds without use after which a browser is signed out."""

_MOST = 50
"""Sign-ins that an account has at a time; the one used longest ago makes room."""


@dataclass(frozen=True)
class SignInRow:
    """One browser of one account. Times are seconds since the epoch, UTC.

    :param sealed_key: the user's key, sealed under the cookie; None where the appliance opens it.
    """

    hash: bytes = field(repr=False)
    user_id: int
    created: float
    last_used: float
    sealed_key: bytes | None = field(repr=False)
    sealed_device: bytes = field(repr=False)


_COLUMNS = "hash, user_id, created, last_used, sealed_key, sealed_device"


def add_sign_in(database: Database, row: SignInRow) -> None:
    """Somebody has signed in; what is over goes."""
    database.execute("DELETE FROM sign_ins WHERE last_used < ?", [row.created - LIFETIME])
    database.execute(f"INSERT INTO sign_ins ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
                     [row.hash, row.user_id, row.created, row.last_used, row.sealed_key, row.sealed_device])
    database.execute("DELETE FROM sign_ins WHERE user_id = ? AND hash NOT IN (SELECT hash FROM sign_ins"
                     " WHERE user_id = ? ORDER BY last_used DESC LIMIT ?)", [row.user_id, row.user_id, _MOST])


def find_sign_in(database: Database, hashed: bytes, now: float) -> SignInRow | None:
    """The sign-in of a cookie; None if it has ended."""
    found = database.execute(f"SELECT {_COLUMNS} FROM sign_ins WHERE hash = ? AND last_used >= ?",  # noqa: S608 - ours
                             [hashed, now - LIFETIME]).fetchone()
    return None if found is None else SignInRow(*found)


def sign_ins_of(database: Database, user_id: int, now: float) -> list[SignInRow]:
    """Where the user is signed in, used last first."""
    return [SignInRow(*found) for found in database.execute(
        f"SELECT {_COLUMNS} FROM sign_ins WHERE user_id = ? AND last_used >= ? ORDER BY last_used DESC",  # noqa: S608
        [user_id, now - LIFETIME])]


def touch_sign_in(database: Database, hashed: bytes, now: float) -> None:
    """It is used."""
    database.execute("UPDATE sign_ins SET last_used = ? WHERE hash = ?", [now, hashed])


def end_sign_in(database: Database, hashed: bytes) -> int | None:
    """Sign one browser out; returns whose it was, or None if it was signed out already."""
    found = database.execute("DELETE FROM sign_ins WHERE hash = ? RETURNING user_id", [hashed]).fetchall()
    return int(found[0][0]) if found else None


def end_sign_ins(database: Database, user_id: int, but: bytes = b"") -> None:
    """Sign the user out everywhere.

    :param but: the hash of a cookie that stays.
    """
    database.execute("DELETE FROM sign_ins WHERE user_id = ? AND hash <> ?", [user_id, but])
