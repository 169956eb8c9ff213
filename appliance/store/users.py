"""Accounts and what they may do, and the one-time tokens that sign somebody in without a password."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from appliance import clock
from appliance.interview.host import UserInfo
from appliance.store.database import Store
from appliance.store.retention import note_user_active
from appliance.store.sealing import new_key, seal, unseal

__all__ = ["CRON_EMAIL", "OWNER_EMAIL", "OWNER_PRIVILEGES", "Users"]

OWNER_EMAIL = "owner@localhost"
CRON_EMAIL = "cron@localhost"
OWNER_PRIVILEGES = ("admin", "developer")

_COLUMNS = ("first_name", "last_name", "country", "subdivision_first", "subdivision_second", "subdivision_third",
            "organization", "language", "timezone")


class Users:
    """The table of users. All methods wait for the store; call them from a thread or at start.

    :param appliance_key: opens the keys of users who sign in without a password.
    """

    def __init__(self, store: Store, appliance_key: bytes) -> None:
        self._store = store
        self._key = appliance_key
        self._opened: dict[int, bytes] = {}

    def prepare(self) -> UserInfo:
        """Make the laptop's owner and the cron user if this is the first start; returns the owner."""
        def make(database: Database) -> UserInfo:
            owner = _find(database, "email", OWNER_EMAIL) or self._make(database, OWNER_EMAIL, OWNER_PRIVILEGES, {})
            if _find(database, "email", CRON_EMAIL) is None:
                self._make(database, CRON_EMAIL, ("cron",), {})
            return owner
        return self._store.write(make).result()

    def add(self, email: str, privileges: Iterable[str] = ("user",), **details: str) -> UserInfo:
        """A new user with a key that the appliance opens.

        :param details: columns of the table (``first_name`` …).
        :raises ValueError: if the address is taken, or a privilege or column is unknown.
        """
        unknown = [name for name in details if name not in _COLUMNS]
        if unknown:
            raise ValueError(f"A user has no {unknown[0]}.")
        wanted = tuple(privileges)

        def make(database: Database) -> UserInfo:
            if database.execute("SELECT 1 FROM users WHERE email = ?", [email]).fetchone():
                raise ValueError(f"There is already a user {email}.")
            return self._make(database, email, wanted, details)
        return self._store.write(make).result()

    def get(self, user_id: int) -> UserInfo | None:
        """The user with their privileges; None if there is none or it is not active."""
        return self._store.read(lambda database: _find(database, "id", user_id)).result()

    def by_email(self, email: str) -> UserInfo | None:
        """The active user with this address."""
        return self._store.read(lambda database: _find(database, "email", email)).result()

    def cron_user(self) -> UserInfo:
        """Who scheduled events run as.

        :raises LookupError: before :meth:`prepare`.
        """
        user = self.by_email(CRON_EMAIL)
        if user is None:
            raise LookupError("the cron user is not there yet")
        return user

    def privileges(self) -> list[str]:
        """All privileges there are."""
        return self._store.read(lambda database: [
            str(row[0]) for row in database.execute("SELECT name FROM privileges ORDER BY name")]).result()

    def key_of(self, user_id: int) -> bytes | None:
        """The user's key where the appliance can open it (the owner's); None where only a password does."""
        if user_id not in self._opened:
            found = self._store.read(lambda database: database.execute(
                "SELECT sealed_key FROM users WHERE id = ? AND active", [user_id]).fetchone()).result()
            if found is None or found[0] is None:
                return None
            self._opened[user_id] = unseal(self._key, found[0], f"user key:{user_id}")
        return self._opened[user_id]

    def make_token(self, user_id: int, *, lifetime: float = 600) -> str:
        """A text that signs `user_id` in once within `lifetime` seconds. Only its hash is kept."""
        token = secrets.token_urlsafe(32)

        def keep(database: Database) -> None:
            now = clock.now()
            database.execute("DELETE FROM sign_in_tokens WHERE expires < ?", [now])
            database.execute("INSERT INTO sign_in_tokens (hash, user_id, expires) VALUES (?, ?, ?)",
                             [_hash(token), user_id, now + lifetime])
        self._store.write(keep).result()
        return token

    def use_token(self, token: str) -> UserInfo | None:
        """Who the token signs in; None if it is unknown, over, or was used before."""
        def use(database: Database) -> UserInfo | None:
            found = database.execute("DELETE FROM sign_in_tokens WHERE hash = ? RETURNING user_id, expires",
                                     [_hash(token)]).fetchall()
            if not found or found[0][1] < clock.now():
                return None
            note_user_active(database, found[0][0], clock.now())
            return _find(database, "id", found[0][0])
        return self._store.write(use).result()

    def _make(self, database: Database, email: str, privileges: tuple[str, ...], details: dict[str, str]) -> UserInfo:
        values = {"email": email, "created": clock.now(), **details}
        user_id = int(database.table("users").insert(values).last_rowid or 0)
        database.execute("UPDATE users SET sealed_key = ? WHERE id = ?",
                         [seal(self._key, new_key(), f"user key:{user_id}"), user_id])
        for privilege in privileges:
            if not database.execute("SELECT 1 FROM privileges WHERE name = ?", [privilege]).fetchone():
                raise ValueError(f"There is no privilege {privilege!r}.")
            database.execute("INSERT INTO user_privileges (user_id, privilege) VALUES (?, ?)", [user_id, privilege])
        made = _find(database, "id", user_id)
        if made is None:
            raise LookupError(f"the user {user_id} is not there")
        return made


def _find(database: Database, column: str, value: Any) -> UserInfo | None:
    found = next(iter(database.query(
        "SELECT * FROM users WHERE active AND CASE ? WHEN 'id' THEN id = ? ELSE email = ? END",
        [column, value, value])), None)
    if found is None:
        return None
    privileges = tuple(str(row[0]) for row in database.execute(
        "SELECT privilege FROM user_privileges WHERE user_id = ? ORDER BY privilege", [found["id"]]))
    return UserInfo(
        found["id"], found["email"], found["first_name"], found["last_name"], privileges, found["country"],
        (found["subdivision_first"], found["subdivision_second"], found["subdivision_third"]),
        found["organization"], found["language"], found["timezone"])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
