"""Accounts as author code sees them, and what it asks to be done to them.

The rules about who may do what are here, because they are asked twice: when the code says what it wants, and again in
the transaction that does it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from appliance.interview.errors import InterviewError
from appliance.interview.permissions import permitted

__all__ = ["PROFILE", "Account", "AccountEffect", "AccountsRefused", "Asker", "ChangePrivilege", "ChangeUser",
           "CreateUser", "InviteUser", "People", "objection"]

PROFILE = ("first_name", "last_name", "country", "subdivisionfirst", "subdivisionsecond", "subdivisionthird",
           "organization", "language", "timezone")
"""What an account says about its person, beside the address."""

_KEPT = frozenset({"admin", "advocate", "cron", "customer", "developer", "trainer", "user"})
"""Privileges that docassemble itself defines; they stay."""

_OF_ADMINISTRATORS = frozenset({"admin", "developer"})
"""Privileges that only administrators give and take: whoever has one may change how the appliance works."""


class AccountsRefused(InterviewError):
    """What author code wants of an account is not allowed, or cannot be."""


@dataclass(frozen=True)
class Account:
    """One account.

    :param kind: ``owner`` of the computer and the ``cron`` user are there always, and stay as they are.
    :param profile: of :data:`PROFILE`.
    """

    user_id: int
    email: str = field(repr=False)
    privileges: tuple[str, ...] = ()
    active: bool = True
    kind: Literal["owner", "cron", "person"] = "person"
    profile: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class CreateUser:
    """Make an account.

    :param lock: of its password, as :meth:`People.lock` gives it.
    """

    account: Account
    lock: Any = field(repr=False)


@dataclass(frozen=True)
class ChangeUser:
    """Change an account; None and an empty profile leave things alone.

    :param new_password: as :meth:`People.new_password` gives it.
    """

    user_id: int
    profile: Mapping[str, str] = field(default_factory=dict, repr=False)
    privileges: tuple[str, ...] | None = None
    active: bool | None = None
    new_password: Any = field(default=None, repr=False)
    knows_password: bool = False


@dataclass(frozen=True)
class InviteUser:
    """Make an account whose person chooses a password by the address with `token`."""

    account: Account
    token: str = field(repr=False)


@dataclass(frozen=True)
class ChangePrivilege:
    """Have a privilege of this name, or have it no more."""

    name: str
    there: bool


AccountEffect = CreateUser | ChangeUser | InviteUser | ChangePrivilege


class People(Protocol):
    """The accounts as they are in what was committed before (:attr:`appliance.interview.host.Host.people`)."""

    @property
    def pending(self) -> tuple[AccountEffect, ...]:
        """What is committed together with this turn and came before it: of the task whose response action it runs."""
        ...

    def account(self, user_id: int | None = None, email: str = "") -> Account | None:
        """One by its number or its address; None if there is none."""
        ...

    def accounts(self, after: int, most: int) -> list[Account]:
        """Those with larger numbers than `after`, at most so many, in their order; without the cron user."""
        ...

    def privileges(self) -> list[str]:
        """All that there are."""
        ...

    def new_user_id(self) -> int:
        """The number of an account that is made now."""
        ...

    def lock(self, password: str) -> Any:
        """What the key of a new account is sealed with; takes a while.

        :raises ValueError: with words, if this is no password.
        """
        ...

    def new_password(self, user_id: int, new: str, old: str | None) -> Any:
        """What another password of an account takes; takes a while.

        :param old: the one it has. None: nobody knows it, and what only it opened stays closed.
        :raises ValueError: with words, if the new one is no password, or the old one another.
        """
        ...

    def new_token(self) -> str:
        """A text for an invitation, that nobody can guess."""
        ...


@dataclass(frozen=True)
class Asker:
    """Whose turn it is that wants something of accounts.

    :param user_id: None for somebody who is not signed in.
    :param configured: what privileges permit beside the usual.
    """

    user_id: int | None
    privileges: tuple[str, ...] = ()
    configured: Mapping[str, Iterable[str]] = field(default_factory=dict)

    def may(self, permission: str) -> bool:
        """Whether one of the privileges permits it."""
        return permitted(permission, self.privileges, self.configured)

    @property
    def is_administrator(self) -> bool:
        return "admin" in self.privileges


def objection(effect: AccountEffect, asker: Asker, target: Account | None, known: Collection[str], *,
              taken: bool = False) -> str:
    """What speaks against it, in words for the author; empty if nothing does.

    :param target: the account to be changed, as it is.
    :param known: the privileges that there are.
    :param taken: whether another account has the address already.
    """
    if isinstance(effect, ChangePrivilege):
        return _about_privilege(effect, asker, known)
    if isinstance(effect, ChangeUser):
        return _about_change(effect, asker, target, known)
    if not asker.may("create_user"):
        return "Only administrators, and privileges with the permission 'create_user', may make accounts."
    if taken:
        return "There is already an account with this e-mail address."
    return _about_giving(effect.account.privileges, (), asker, known)


def _about_change(effect: ChangeUser, asker: Asker, target: Account | None, known: Collection[str]) -> str:
    if target is None:
        return "There is no such account."
    own = target.user_id == asker.user_id
    if not own and "admin" in target.privileges and not asker.is_administrator:
        return "Only administrators may change the account of an administrator."
    if effect.profile and not own and not asker.may("edit_user_info"):
        return "You do not have sufficient privileges to edit this user."
    if target.kind != "person" and (effect.privileges is not None or effect.active is not None
                                    or effect.new_password is not None):
        return "The accounts of this computer's owner and of scheduled events stay as they are."
    if effect.new_password is not None and not (own and effect.knows_password) and not asker.may("edit_user_password"):
        return ("Without 'old_password', only administrators, and privileges with the permission 'edit_user_password', "
                "may set a password.")
    if effect.active is not None:
        if not asker.may("edit_user_active_status"):
            return ("Only administrators, and privileges with the permission 'edit_user_active_status', may switch "
                    "accounts on and off.")
        if own and not effect.active:
            return "Nobody can switch their own account off."
    if effect.privileges is None:
        return ""
    if not asker.may("edit_user_privileges"):
        return ("Only administrators, and privileges with the permission 'edit_user_privileges', may change "
                "privileges.")
    if own and asker.is_administrator and "admin" not in effect.privileges:
        return "You cannot take away your own admin privilege."
    return _about_giving(effect.privileges, target.privileges, asker, known)


def _about_giving(wanted: tuple[str, ...], held: tuple[str, ...], asker: Asker, known: Collection[str]) -> str:
    changed = set(wanted).symmetric_difference(held)
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        return f"There is no privilege {unknown[0]!r}; there are {', '.join(sorted(known))}."
    if "cron" in changed:
        return "The privilege 'cron' is that of scheduled events alone."
    if not asker.is_administrator and (reserved := sorted(changed & _OF_ADMINISTRATORS)):
        return f"Only administrators may give and take the privilege {reserved[0]!r}."
    return ""


def _about_privilege(effect: ChangePrivilege, asker: Asker, known: Collection[str]) -> str:
    if not asker.may("edit_privileges"):
        return ("Only administrators, and privileges with the permission 'edit_privileges', may add and remove "
                "privileges.")
    if effect.there:
        return "The privilege could not be added because it already exists." if effect.name in known else ""
    if effect.name in _KEPT:
        return f"The privilege {effect.name!r} cannot be removed."
    return "" if effect.name in known else f"There is no privilege {effect.name!r}."
