"""Accounts as the code of interviews reaches them: :class:`appliance.sessions.people.AccountDoor`.

Unlike the rest of the accounts' work this is called on the threads that interviews run in, except for :meth:`write`,
which runs in the transaction of the turn that asks for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlite_utils import Database

from appliance import clock
from appliance.accounts.audit import Audit
from appliance.accounts.details import checked_details, checked_name
from appliance.accounts.errors import AccountError
from appliance.accounts.joining import INVITED_FOR
from appliance.accounts.passwords import check_password, normalised
from appliance.accounts.signed_in import Device
from appliance.accounts.throttle import Throttle
from appliance.interview.accounts import (
    PROFILE,
    Account,
    AccountEffect,
    AccountsRefused,
    Asker,
    ChangePrivilege,
    ChangeUser,
    CreateUser,
    InviteUser,
    objection,
)
from appliance.interview.host import UserInfo
from appliance.store import users
from appliance.store.database import Store
from appliance.store.errors import WrongKey
from appliance.store.lost_sessions import leave_key_behind
from appliance.store.passwords import COST, Lock, find_password, write_password
from appliance.store.profiles import Profile, email_mark
from appliance.store.sealing import new_key
from appliance.store.sign_ins import end_sign_ins
from appliance.store.tokens import drop_tokens, keep_token, new_token
from appliance.store.users import (
    all_privileges,
    find_account,
    insert_user,
    list_accounts,
    reserve_user_id,
    write_privileges,
    write_profile,
)

__all__ = ["ForAuthors"]

_AT_ONCE = 2
"""Passwords that are tried at the same time by code of interviews: each takes 64 MB."""

T = TypeVar("T")


@dataclass(frozen=True)
class _NewPassword:
    """A new password of an account that is there.

    :param key: the user's key, which the old password has opened; None: it stays behind.
    :param made: which password that was.
    """

    lock: Lock = field(repr=False)
    key: bytes | None = field(default=None, repr=False)
    old_salt: bytes = field(default=b"", repr=False)


class ForAuthors:
    """What code of interviews may know of accounts, and do to them.

    :param settings: name and default to a configuration directive.
    :param lose_key: leaves a key behind that nobody can open any more (in the transaction of the new password).
    :param cost: of scrypt; tests give a small one.
    """

    pending: tuple[AccountEffect, ...] = ()

    def __init__(self, store: Store, appliance_key: bytes, audit: Audit, *,
                 settings: Callable[[str, Any], Any] = lambda name, default: default,  # noqa: ARG005
                 cost: int = COST) -> None:
        self._store, self._key, self._audit, self._settings, self._cost = store, appliance_key, audit, settings, cost
        self._tries = Throttle()
        self._tries_lock = threading.Lock()
        self._slow = threading.BoundedSemaphore(_AT_ONCE)

    # -- on the evaluating thread ------------------------------------------------------------------------

    def account(self, user_id: int | None = None, email: str = "") -> Account | None:
        """One account by its number, or else its address."""
        def find(database: Database) -> users.Account | None:
            if user_id is not None:
                return find_account(database, self._key, "id", user_id)
            return find_account(database, self._key, "email_mark", email_mark(self._key, email))
        found = self._store.read(find).result()
        return None if found is None else _as_seen(found)

    def accounts(self, after: int, most: int) -> list[Account]:
        """Those with larger numbers than `after`, at most so many, in their order; without the cron user."""
        found = self._store.read(lambda database: list_accounts(
            database, self._key, after=after, most=most, but="cron")).result()
        return [_as_seen(one) for one in found]

    def privileges(self) -> list[str]:
        """All privileges there are."""
        return self._store.read(all_privileges).result()

    def new_user_id(self) -> int:
        """The number of an account that is made now; nobody else gets it."""
        return self._store.write(reserve_user_id).result()

    def lock(self, password: str) -> Lock:
        """What seals the key of a new account.

        :raises ValueError: with words, if this is no password.
        """
        chosen = _worded(lambda: check_password(password))
        with self._slow:
            return Lock.new(chosen, self._cost)

    def new_password(self, user_id: int, new: str, old: str | None) -> _NewPassword:
        """What another password of an account takes.

        :param old: None if nobody knows it: the sessions that only it opened stay closed.
        :raises ValueError: with words, if the new one is no password, the old one another, or too many were tried.
        """
        lock = self.lock(new)
        if old is None:
            return _NewPassword(lock)
        row = self._store.read(lambda database: find_password(database, user_id)).result()
        if row is None:
            raise ValueError("This account has no password yet.")
        with self._tries_lock:
            attempt = _worded(lambda: self._tries.begin(str(user_id), Device()))
        try:
            with self._slow:
                key = Lock.of(normalised(old), row).opened(row)
        except WrongKey:
            raise ValueError("The old password is not right.") from None
        with self._tries_lock:
            attempt.was_right()
        return _NewPassword(lock, key, row.salt)

    def new_token(self) -> str:
        """A text for an invitation, that nobody can guess."""
        return new_token()

    # -- in the transaction of a turn ----------------------------------------------------------------------

    def write(self, database: Database, effects: Sequence[AccountEffect], by: UserInfo) -> list[int]:
        """Do what code asked for; gives whose accounts are others now.

        :raises AccountsRefused: if something speaks against it by now.
        """
        changed: list[int] = []
        for effect in effects:
            target = None
            if isinstance(effect, ChangeUser):
                found = find_account(database, self._key, "id", effect.user_id)
                target = None if found is None else _as_seen(found)
            words = objection(effect, self._asker(database, by), target, all_privileges(database),
                              taken=self._is_taken(database, effect))
            if words:
                raise AccountsRefused(words)
            try:
                changed += self._written(database, effect, by)
            except AccountError as problem:
                raise AccountsRefused(str(problem)) from problem
        return list(dict.fromkeys(changed))

    def _written(self, database: Database, effect: AccountEffect, by: UserInfo) -> list[int]:
        if isinstance(effect, CreateUser | InviteUser):
            return [self._make(database, effect, by)]
        if isinstance(effect, ChangeUser):
            return [self._change(database, effect, by)]
        return self._change_privilege(database, effect, by)

    def _asker(self, database: Database, by: UserInfo) -> Asker:
        """Who asks, with the privileges they have now; none if their account was switched off."""
        found = None if by.user_id is None else find_account(database, self._key, "id", by.user_id)
        held = found.user.privileges if found is not None and found.active else ()
        configured: Mapping[str, Iterable[str]] = self._settings("permissions", None) or {}
        return Asker(by.user_id, held, configured)

    def _is_taken(self, database: Database, effect: AccountEffect) -> bool:
        if not isinstance(effect, CreateUser | InviteUser):
            return False
        return find_account(database, self._key, "email_mark", email_mark(self._key, effect.account.email)) is not None

    def _make(self, database: Database, effect: CreateUser | InviteUser, by: UserInfo) -> int:
        account, now = effect.account, clock.now()
        profile = Profile(account.email, **checked_details(account.profile))
        insert_user(database, self._key, account.privileges, profile, user_id=account.user_id)
        if isinstance(effect, CreateUser):
            write_password(database, account.user_id, effect.lock, new_key(), now)
            self._audit.add(database, "registered", by, account=account.email,
                            privileges=", ".join(account.privileges))
        else:
            keep_token(database, effect.token, account.user_id, "invitation", now, INVITED_FOR)
            self._audit.add(database, "invited", by, account=account.email, privileges=", ".join(account.privileges))
        return account.user_id

    def _change(self, database: Database, effect: ChangeUser, by: UserInfo) -> int:
        user_id = effect.user_id
        found = find_account(database, self._key, "id", user_id)
        assert found is not None   # it was looked at in this very transaction
        email = found.user.email
        if effect.profile:
            write_profile(database, self._key, user_id, replace(found.profile, **checked_details(effect.profile)))
            self._audit.add(database, "profile", by, account=email, what=", ".join(sorted(effect.profile)))
        if effect.privileges is not None:
            write_privileges(database, user_id, effect.privileges)
            self._audit.add(database, "privileges", by, account=email, before=", ".join(found.user.privileges),
                            after=", ".join(sorted(effect.privileges)))
        if effect.active is not None and effect.active != found.active:
            self._set_active(database, user_id, active=effect.active)
            self._audit.add(database, "activated", by, account=email, what="on" if effect.active else "off")
        if effect.new_password is not None:
            self._set_password(database, user_id, effect.new_password, by, email)
        return user_id

    def _set_active(self, database: Database, user_id: int, *, active: bool) -> None:
        database.execute("UPDATE users SET active = ? WHERE id = ?", [active, user_id])
        if not active:
            end_sign_ins(database, user_id)
            drop_tokens(database, user_id, "sign in", "reset", "invitation")

    def _set_password(self, database: Database, user_id: int, new: _NewPassword, by: UserInfo, email: str) -> None:
        now, row = clock.now(), find_password(database, user_id)
        if new.key is not None:
            if row is None or row.salt != new.old_salt:
                raise AccountsRefused("The password was changed by somebody else meanwhile.")
            write_password(database, user_id, new.lock, new.key, now)
            self._audit.add(database, "password", by, account=email)
        else:
            _, lost = leave_key_behind(database, user_id, new.lock, self._key, now)
            end_sign_ins(database, user_id)
            self._audit.add(database, "reset", by, account=email,
                            what="a new password" + (f", {lost} set aside" if lost else ""))
        drop_tokens(database, user_id, "invitation", "reset")

    def _change_privilege(self, database: Database, effect: ChangePrivilege, by: UserInfo) -> list[int]:
        if effect.there:
            name = checked_name(effect.name)
            if name.casefold() in {known.casefold() for known in all_privileges(database)}:
                raise AccountsRefused("The privilege could not be added because it already exists.")
            database.execute("INSERT INTO privileges (name) VALUES (?)", [name])
            self._audit.add(database, "privileges", by, what=f"new privilege {name}")
            return []
        held = [int(row[0]) for row in database.execute(
            "SELECT user_id FROM user_privileges WHERE privilege = ?", [effect.name]).fetchall()]
        database.execute("DELETE FROM privileges WHERE name = ?", [effect.name])
        for user_id in held:
            if not database.execute("SELECT 1 FROM user_privileges WHERE user_id = ?", [user_id]).fetchone():
                write_privileges(database, user_id, ["user"])
        self._audit.add(database, "privileges", by, what=f"no privilege {effect.name} any more")
        return held


def _as_seen(account: users.Account) -> Account:
    profile = {name: str(getattr(account.profile, name)) for name in PROFILE}
    return Account(account.user_id, account.user.email, account.user.privileges, account.active, account.kind, profile)


def _worded(function: Callable[[], T]) -> T:
    try:
        return function()
    except AccountError as problem:
        raise ValueError(str(problem)) from problem
