"""Accounts and what they may do, and the one-time tokens that sign somebody in without a password."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlite_utils import Database

from appliance import clock
from appliance.interview.host import UserInfo
from appliance.store.database import Store
from appliance.store.profiles import FIELDS, Profile, email_mark
from appliance.store.sealing import new_key, seal, unseal
from appliance.store.tokens import keep_token, new_token

__all__ = ["BUILT_IN_PRIVILEGES", "CRON_EMAIL", "OWNER_EMAIL", "OWNER_PRIVILEGES", "Account", "Kind", "Users",
           "all_privileges", "find_account", "find_user", "insert_user", "list_accounts", "reserve_user_id",
           "write_privileges", "write_profile"]

OWNER_EMAIL = "owner@localhost"
CRON_EMAIL = "cron@localhost"
OWNER_PRIVILEGES = ("admin", "developer")
BUILT_IN_PRIVILEGES = ("admin", "advocate", "cron", "developer", "trainer", "user")

Kind = Literal["owner", "cron", "person"]


@dataclass(frozen=True)
class Account:
    """A user as administrators see them. Times are seconds since the epoch, UTC.

    :param has_password: False for somebody who has not accepted their invitation yet, and mostly for the owner.
    :param last_active: when they were there last; None if never.
    """

    user: UserInfo
    kind: Kind
    active: bool
    created: float
    last_active: float | None
    has_password: bool
    profile: Profile = field(repr=False)

    @property
    def invited(self) -> bool:
        """Whether their invitation waits to be accepted."""
        return self.kind == "person" and not self.has_password

    @property
    def user_id(self) -> int:
        return self.user.user_id or 0


class Users:
    """The users that are there without anybody's password, and a look at the others (:mod:`appliance.accounts` has the
    rest). All methods wait for the store; call them from a thread or at start.

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
        """A new user, who has no key until they have a password (:mod:`appliance.accounts`).

        :param details: of their :class:`~appliance.store.profiles.Profile`.
        :raises ValueError: if the address is taken, or a privilege or detail is unknown.
        """
        unknown = [name for name in details if name not in FIELDS or name == "email"]
        if unknown:
            raise ValueError(f"A user has no {unknown[0]}.")
        wanted = tuple(privileges)
        return self._store.write(
            lambda database: insert_user(database, self._key, wanted, Profile(email, **details))).result()

    def get(self, user_id: int) -> UserInfo | None:
        """The user with their privileges; None if there is none or it is not active."""
        return self._store.read(lambda database: find_user(database, self._key, "id", user_id)).result()

    def by_email(self, email: str) -> UserInfo | None:
        """The active user with this address."""
        mark = email_mark(self._key, email)
        return self._store.read(lambda database: find_user(database, self._key, "email_mark", mark)).result()

    def cron_user(self) -> UserInfo:
        """Who scheduled events run as.

        :raises LookupError: before :meth:`prepare`.
        """
        user = self._store.read(lambda database: find_user(database, self._key, "kind", "cron")).result()
        if user is None:
            raise LookupError("the cron user is not there yet")
        return user

    def key_of(self, user_id: int) -> bytes | None:
        """The user's key where the appliance can open it (the owner's); None where only a password does."""
        if user_id not in self._opened:
            found = self._store.read(lambda database: database.execute(
                "SELECT sealed_key FROM users WHERE id = ? AND kind <> 'person' AND active", [user_id]).fetchone()
            ).result()
            if found is None or found[0] is None:
                return None
            self._opened[user_id] = unseal(self._key, found[0], _key_context(user_id))
        return self._opened[user_id]

    def make_token(self, user_id: int, *, lifetime: float = 600) -> str:
        """A text that signs `user_id` in once within `lifetime` seconds. Only its hash is kept."""
        token, now = new_token(), clock.now()
        self._store.write(lambda database: keep_token(database, token, user_id, "sign in", now, lifetime)).result()
        return token

    def _prepared(self, database: Database, kind: Kind, email: str, privileges: tuple[str, ...]) -> UserInfo:
        found = find_user(database, self._key, "kind", kind, active=False)
        if found is None:
            return insert_user(database, self._key, privileges, Profile(email), kind)
        if not found.email and found.user_id is not None:   # from before profiles were sealed
            write_profile(database, self._key, found.user_id, Profile(email))
            return _found(database, self._key, found.user_id)
        return found


# -- all of these run inside Store.write or Store.read --------------------------------------------------------


def insert_user(database: Database, appliance_key: bytes, privileges: Iterable[str], profile: Profile,
                kind: Kind = "person", user_id: int | None = None) -> UserInfo:
    """A new account. That of a person has no key yet: it gets one with its password.

    :param user_id: as :func:`reserve_user_id` gave it; None for the next one.
    :raises ValueError: if the address is taken or a privilege unknown; the words are for whoever adds the account.
    """
    mark = email_mark(appliance_key, profile.email)
    if database.execute("SELECT 1 FROM users WHERE email_mark = ?", [mark]).fetchone():
        raise ValueError(f"There is already a user {profile.email}.")
    user_id = int(database.table("users").insert(
        {"id": user_id, "email_mark": mark, "kind": kind, "created": clock.now()}).last_rowid or 0)
    write_profile(database, appliance_key, user_id, profile)
    if kind != "person":
        database.execute("UPDATE users SET sealed_key = ? WHERE id = ?",
                         [seal(appliance_key, new_key(), _key_context(user_id)), user_id])
    write_privileges(database, user_id, privileges)
    return _found(database, appliance_key, user_id)


def write_profile(database: Database, appliance_key: bytes, user_id: int, profile: Profile) -> None:
    """What the account says about its person from now on.

    :raises ValueError: if another account has the address.
    """
    mark = email_mark(appliance_key, profile.email)
    if database.execute("SELECT 1 FROM users WHERE email_mark = ? AND id <> ?", [mark, user_id]).fetchone():
        raise ValueError(f"There is already a user {profile.email}.")
    database.execute("UPDATE users SET email_mark = ?, sealed_profile = ? WHERE id = ?",
                     [mark, profile.sealed(appliance_key, user_id), user_id])


def write_privileges(database: Database, user_id: int, privileges: Iterable[str]) -> None:
    """Give the user these privileges and no others.

    :raises ValueError: if there is no such privilege.
    """
    known = set(all_privileges(database))
    wanted = set(privileges)
    if wanted - known:
        raise ValueError(f"There is no privilege {min(wanted - known)!r}.")
    database.execute("DELETE FROM user_privileges WHERE user_id = ?", [user_id])
    for name in wanted:
        database.execute("INSERT INTO user_privileges (user_id, privilege) VALUES (?, ?)", [user_id, name])


def all_privileges(database: Database) -> list[str]:
    """The names of all privileges there are."""
    return [str(row[0]) for row in database.execute("SELECT name FROM privileges ORDER BY name")]


def find_user(database: Database, appliance_key: bytes, column: Literal["id", "email_mark", "kind"], value: Any, *,
              active: bool = True) -> UserInfo | None:
    """A user with their privileges.

    :param active: only if the account is.
    """
    account = find_account(database, appliance_key, column, value)
    return None if account is None or (active and not account.active) else account.user


def find_account(database: Database, appliance_key: bytes, column: Literal["id", "email_mark", "kind"],
                 value: Any) -> Account | None:
    """An account; None if there is none."""
    found = database.execute(_SELECT.format(where=f"WHERE {column} = ?"), [value]).fetchone()
    return None if found is None else _account(found, appliance_key)


def list_accounts(database: Database, appliance_key: bytes, *, after: int = 0, most: int = -1,
                  but: Kind | None = None) -> list[Account]:
    """All accounts, in the order in which they were made.

    :param after: only those with larger numbers, at most `most` of them.
    :param but: without this kind.
    """
    sql = _SELECT.format(where="WHERE id > ? AND kind IS NOT ?") + " ORDER BY id LIMIT ?"
    return [_account(found, appliance_key) for found in database.execute(sql, [after, but, most])]


def reserve_user_id(database: Database) -> int:
    """The number of an account that will be made, perhaps; nobody else gets it."""
    return int(database.execute(
        "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'users' RETURNING seq").fetchone()[0])


_SELECT = """
    SELECT id, kind, active, created, last_active, EXISTS (SELECT 1 FROM passwords WHERE user_id = users.id),
        sealed_profile, (SELECT group_concat(privilege, char(10)) FROM user_privileges WHERE user_id = users.id)
    FROM users {where}"""


def _account(found: tuple[Any, ...], appliance_key: bytes) -> Account:
    user_id, kind, active, created, last_active, has_password, sealed, privileges = found
    one = Profile.opened(appliance_key, user_id, sealed)
    user = UserInfo(user_id, one.email, one.first_name, one.last_name, tuple(sorted((privileges or "").splitlines())),
                    one.country, (one.subdivisionfirst, one.subdivisionsecond, one.subdivisionthird), one.organization,
                    one.language, one.timezone)
    return Account(user, kind, bool(active), created, last_active, bool(has_password), one)


def _found(database: Database, appliance_key: bytes, user_id: int) -> UserInfo:
    found = find_user(database, appliance_key, "id", user_id, active=False)
    if found is None:
        raise LookupError(f"the user {user_id} is not there")
    return found


def _key_context(user_id: int) -> str:
    return f"user key:{user_id}"
