"""Accounts and what they may do, and the one-time tokens that sign somebody in without a password."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any, Literal

from sqlite_utils import Database

from appliance import clock
from appliance.interview.host import UserInfo
from appliance.store.database import Store
from appliance.store.profiles import FIELDS, Profile, email_mark
from appliance.store.retention import note_user_active
from appliance.store.sealing import new_key, seal, unseal

__all__ = ["CRON_EMAIL", "OWNER_EMAIL", "OWNER_PRIVILEGES", "Users"]

OWNER_EMAIL = "owner@localhost"
CRON_EMAIL = "cron@localhost"
OWNER_PRIVILEGES = ("admin", "developer")

Kind = Literal["owner", "cron", "person"]


class Users:
    """The table of users. All methods wait for the store; call them from a thread or at start.

    :param appliance_key: opens what accounts say about their people, and the keys of users who sign in without a
        password.
    """

    def __init__(self, store: Store, appliance_key: bytes) -> None:
        self._store = store
        self._key = appliance_key
        self._opened: dict[int, bytes] = {}

    def prepare(self) -> UserInfo:
        """Make the laptop's owner and the cron user if this is the first start; returns the owner."""
        def make(database: Database) -> UserInfo:
            owner = self._prepared(database, "owner", OWNER_EMAIL, OWNER_PRIVILEGES)
            self._prepared(database, "cron", CRON_EMAIL, ("cron",))
            return owner
        return self._store.write(make).result()

    def add(self, email: str, privileges: Iterable[str] = ("user",), **details: str) -> UserInfo:
        """A new user with a key that the appliance opens.

        :param details: of their :class:`~appliance.store.profiles.Profile`.
        :raises ValueError: if the address is taken, or a privilege or detail is unknown.
        """
        unknown = [name for name in details if name not in FIELDS or name == "email"]
        if unknown:
            raise ValueError(f"A user has no {unknown[0]}.")
        wanted = tuple(privileges)

        def make(database: Database) -> UserInfo:
            if self._find(database, "email_mark", email_mark(self._key, email), active=False) is not None:
                raise ValueError(f"There is already a user {email}.")
            return self._make(database, "person", wanted, Profile(email, **details))
        return self._store.write(make).result()

    def get(self, user_id: int) -> UserInfo | None:
        """The user with their privileges; None if there is none or it is not active."""
        return self._store.read(lambda database: self._find(database, "id", user_id)).result()

    def by_email(self, email: str) -> UserInfo | None:
        """The active user with this address."""
        mark = email_mark(self._key, email)
        return self._store.read(lambda database: self._find(database, "email_mark", mark)).result()

    def cron_user(self) -> UserInfo:
        """Who scheduled events run as.

        :raises LookupError: before :meth:`prepare`.
        """
        user = self._store.read(lambda database: self._find(database, "kind", "cron")).result()
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
            found = database.execute("DELETE FROM sign_in_tokens WHERE hash = ? AND purpose = 'sign in'"
                                     " RETURNING user_id, expires", [_hash(token)]).fetchall()
            if not found or found[0][1] < clock.now():
                return None
            note_user_active(database, found[0][0], clock.now())
            return self._find(database, "id", found[0][0])
        return self._store.write(use).result()

    def _prepared(self, database: Database, kind: Kind, email: str, privileges: tuple[str, ...]) -> UserInfo:
        found = self._find(database, "kind", kind, active=False)
        if found is None:
            return self._make(database, kind, privileges, Profile(email))
        if not found.email and found.user_id is not None:   # from before profiles were sealed
            self._write_profile(database, found.user_id, Profile(email))
            return self._found(database, found.user_id)
        return found

    def _make(self, database: Database, kind: Kind, privileges: tuple[str, ...], profile: Profile) -> UserInfo:
        mark = email_mark(self._key, profile.email)
        user_id = int(database.table("users").insert(
            {"email_mark": mark, "kind": kind, "created": clock.now()}).last_rowid or 0)
        self._write_profile(database, user_id, profile)
        database.execute("UPDATE users SET sealed_key = ? WHERE id = ?",
                         [seal(self._key, new_key(), f"user key:{user_id}"), user_id])
        for privilege in privileges:
            if not database.execute("SELECT 1 FROM privileges WHERE name = ?", [privilege]).fetchone():
                raise ValueError(f"There is no privilege {privilege!r}.")
            database.execute("INSERT INTO user_privileges (user_id, privilege) VALUES (?, ?)", [user_id, privilege])
        return self._found(database, user_id)

    def _write_profile(self, database: Database, user_id: int, profile: Profile) -> None:
        database.execute("UPDATE users SET email_mark = ?, sealed_profile = ? WHERE id = ?",
                         [email_mark(self._key, profile.email), profile.sealed(self._key, user_id), user_id])

    def _found(self, database: Database, user_id: int) -> UserInfo:
        found = self._find(database, "id", user_id, active=False)
        if found is None:
            raise LookupError(f"the user {user_id} is not there")
        return found

    def _find(self, database: Database, column: Literal["id", "email_mark", "kind"], value: Any, *,
              active: bool = True) -> UserInfo | None:
        found = next(iter(database.query(
            f"SELECT id, sealed_profile FROM users WHERE {column} = ? AND active >= ?",  # noqa: S608 - ours
            [value, active])), None)
        if found is None:
            return None
        privileges = tuple(str(row[0]) for row in database.execute(
            "SELECT privilege FROM user_privileges WHERE user_id = ? ORDER BY privilege", [found["id"]]))
        one = Profile.opened(self._key, found["id"], found["sealed_profile"])
        return UserInfo(found["id"], one.email, one.first_name, one.last_name, privileges, one.country,
                        (one.subdivisionfirst, one.subdivisionsecond, one.subdivisionthird), one.organization,
                        one.language, one.timezone)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
