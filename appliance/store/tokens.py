"""Texts that work once and for a while: they sign in, invite, or reset a password. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from typing import Literal

from sqlite_utils import Database

__all__ = ["Purpose", "drop_tokens", "keep_token", "new_token", "take_token", "token_user"]

Purpose = Literal["sign in", "invitation", "reset"]


def new_token() -> str:
    """A text that nobody can guess."""
    return secrets.token_urlsafe(32)


def keep_token(database: Database, token: str, user_id: int, purpose: Purpose, now: float, lifetime: float) -> None:
    """Have `token` work for `lifetime` seconds; those that are over go."""
    database.execute("DELETE FROM sign_in_tokens WHERE expires < ?", [now])
    database.execute("INSERT INTO sign_in_tokens (hash, user_id, expires, purpose) VALUES (?, ?, ?, ?)",
                     [_hash(token), user_id, now + lifetime, purpose])


def token_user(database: Database, token: str, purpose: Purpose, now: float) -> int | None:
    """Whom it is for, and it can still be used; None if it is unknown, over, or was used."""
    found = database.execute("SELECT user_id FROM sign_in_tokens WHERE hash = ? AND purpose = ? AND expires >= ?",
                             [_hash(token), purpose, now]).fetchone()
    return None if found is None else int(found[0])


def take_token(database: Database, token: str, purpose: Purpose, now: float) -> int | None:
    """As :func:`token_user`, and it has been used then."""
    found = database.execute("DELETE FROM sign_in_tokens WHERE hash = ? AND purpose = ? RETURNING user_id, expires",
                             [_hash(token), purpose]).fetchall()
    return int(found[0][0]) if found and found[0][1] >= now else None


def drop_tokens(database: Database, user_id: int, *purposes: Purpose) -> None:
    """Have none of these work any more for this user."""
    for purpose in purposes:
        database.execute("DELETE FROM sign_in_tokens WHERE user_id = ? AND purpose = ?", [user_id, purpose])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
