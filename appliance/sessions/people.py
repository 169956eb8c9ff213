"""Accounts as turns reach them: what author code asks of them, and what it has done to them with the commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, Protocol

from sqlite_utils import Database

from appliance.interview.accounts import (
    Account,
    AccountEffect,
    ChangePrivilege,
    ChangeUser,
    CreateUser,
    InviteUser,
    People,
)
from appliance.interview.host import UserInfo

__all__ = ["AccountChanges", "AccountDoor", "NoAccounts", "TurnPeople", "accounts_among"]

_KINDS = (CreateUser, ChangeUser, InviteUser, ChangePrivilege)


class AccountDoor(People, Protocol):
    """What turns need of the accounts (:class:`appliance.accounts.for_authors.ForAuthors`); may wait for the store."""

    def write(self, database: Database, effects: Sequence[AccountEffect], by: UserInfo) -> list[int]:
        """Do what code asked for, inside the transaction of its turn; gives whose accounts are others now.

        :raises AccountsRefused: if something speaks against it by now; nothing of the turn is kept then.
        """
        ...


class NoAccounts:
    """In place of the accounts, where there are none: nobody is found, and nobody can be made."""

    pending: tuple[AccountEffect, ...] = ()

    def account(self, *_: Any, **__: Any) -> Account | None:
        """Nobody."""

    def accounts(self, *_: Any) -> list[Account]:
        """None."""
        return []

    def privileges(self) -> list[str]:
        """None."""
        return []

    def _refuse(self, *_: Any) -> NoReturn:
        """:raises RuntimeError: always."""
        raise RuntimeError("There are no accounts here.")

    new_user_id = lock = new_password = new_token = write = _refuse


@dataclass(frozen=True)
class TurnPeople:
    """The accounts of one turn (:class:`appliance.interview.accounts.People`).

    :param pending: what is committed together with the turn and came before it, of the task that has ended.
    """

    door: AccountDoor
    pending: tuple[AccountEffect, ...] = ()

    def account(self, user_id: int | None = None, email: str = "") -> Account | None:
        return self.door.account(user_id, email)

    def accounts(self, after: int, most: int) -> list[Account]:
        return self.door.accounts(after, most)

    def privileges(self) -> list[str]:
        return self.door.privileges()

    def new_user_id(self) -> int:
        return self.door.new_user_id()

    def lock(self, password: str) -> Any:
        return self.door.lock(password)

    def new_password(self, user_id: int, new: str, old: str | None) -> Any:
        return self.door.new_password(user_id, new, old)

    def new_token(self) -> str:
        return self.door.new_token()


@dataclass
class AccountChanges:
    """The part of a commit that is about accounts.

    :param by: who asked for it.
    :ivar changed: whose accounts are others now, after :meth:`write`.
    """

    door: AccountDoor
    by: UserInfo
    effects: tuple[AccountEffect, ...]
    changed: list[int] = field(default_factory=list)

    def followed_by(self, later: AccountChanges) -> AccountChanges:
        """These, and then those of somebody who acts for the same user."""
        return replace(self, effects=self.effects + later.effects)

    def write(self, database: Database) -> None:
        """:raises AccountsRefused: if something speaks against it."""
        self.changed = self.door.write(database, self.effects, self.by)


def accounts_among(effects: Iterable[Any]) -> tuple[AccountEffect, ...]:
    """Those of the effects that are about accounts."""
    return tuple(effect for effect in effects if isinstance(effect, _KINDS))
