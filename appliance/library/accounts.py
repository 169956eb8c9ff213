"""Accounts: looking at them, making and changing them. What is changed is seen at once, and done with the turn."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, NoReturn, TypeVar

from appliance.addresses import is_address
from appliance.interview.accounts import (
    PROFILE,
    Account,
    AccountEffect,
    Asker,
    ChangePrivilege,
    ChangeUser,
    CreateUser,
    InviteUser,
    objection,
)
from appliance.interview.host import current
from appliance.interview.permissions import permissions_of
from appliance.library.errors import DAError, DANotFoundError
from appliance.library.state import setting

__all__ = ["asker", "create_user", "get_user_info", "get_user_list", "get_user_secret", "invite_user",
           "manage_privileges", "own_account", "set_user_info"]

_PAGE = 100
_HIGHEST = (1 << 63) - 1   # that the database can be asked for
_ACCOUNT_EFFECTS = (CreateUser, ChangeUser, InviteUser, ChangePrivilege)
_NOT_ALLOWED = "You do not have sufficient privileges to access information about other users."

T = TypeVar("T")


# -- what authors call -----------------------------------------------------------------------------------------


def get_user_list(include_inactive: bool = False, next_id: Any = None) -> tuple[list[dict[str, Any]], str | None]:
    """The accounts, a hundred at a time, as dictionaries (see :func:`get_user_info`).

    :param next_id: where to go on: what the call before gave with its accounts.
    :returns: the accounts, and the `next_id` of those that follow; None where none do.
    :raises DAError: unless the person has the privilege ``admin`` or ``advocate``, or one with ``access_user_info``.
    """
    _need("access_user_info", _NOT_ALLOWED)
    found: list[Account] = []
    for account in _Seen().following(_number(next_id) if next_id is not None else 0):
        if account.active or include_inactive:
            if len(found) == _PAGE:
                return [_told(one) for one in found], str(found[-1].user_id)
            found.append(account)
    return [_told(one) for one in found], None


def get_user_info(user_id: Any = None, email: str | None = None) -> dict[str, Any] | None:
    """An account: ``id``, ``email``, ``first_name`` and the rest of the profile, ``privileges``, ``active``,
    ``account_type``; None if there is no such account.

    :param user_id: and `email`: whose; the person's own unless given.
    :raises DAError: for somebody else's, unless ``admin``, ``advocate`` or the permission ``access_user_info`` allows
        it.
    """
    own = current().user.user_id
    wanted = _number(user_id) if user_id is not None else None
    if wanted is None and not email:
        if own is None:
            return None
        wanted = own
    account = _Seen().account(wanted, email or "")
    if account is None or account.user_id != own:
        _need("access_user_info", _NOT_ALLOWED)
    return None if account is None else _told(account)


def set_user_info(**kwargs: Any) -> None:
    """Change an account: the person's own, or with `user_id` or `email` another one.

    :param kwargs: ``first_name``, ``last_name``, ``country``, ``subdivisionfirst``, ``subdivisionsecond``,
        ``subdivisionthird``, ``organization``, ``language``, ``timezone``; ``password`` with ``old_password``; and for
        administrators ``privileges`` (a list), ``active``, and ``password`` alone, after which sessions that only the
        old one opened stay closed until the person enters a recovery code.
    :raises DAError: for what is not allowed, and for a name that no account has.
    """
    _check_names(kwargs, (*PROFILE, "user_id", "email", "privileges", "active", "password", "old_password"))
    target = _target(kwargs.get("user_id"), kwargs.get("email"))
    privileges, active = kwargs.get("privileges"), kwargs.get("active")
    new, old = kwargs.get("password"), kwargs.get("old_password")
    wanted = None if privileges is None else _names(privileges) or ("user",)
    effect = ChangeUser(target.user_id, _profile(kwargs), wanted,
                        None if active is None else bool(active), knows_password=old is not None)
    if new is not None:
        _ask(replace(effect, new_password=...), target)   # before the slow part
        password = _worded(lambda: current().host.people.new_password(
            target.user_id, str(new), None if old is None else str(old)))
        effect = replace(effect, new_password=password)
    _ask(effect, target)
    current().effects.append(effect)


def create_user(email: str, password: str, privileges: Any = None, info: dict[str, Any] | None = None) -> int:
    """Make an account; returns its number.

    :param privileges: a name or a list of names; ``user`` unless given.
    :param info: the profile, by the names that :func:`set_user_info` has.
    :raises DAError: unless the person is an administrator or has the permission ``create_user``; for an address that
        is none or has an account already, and for a password that is too easy.
    """
    account = _new_account(email, privileges, info)
    lock = _worded(lambda: current().host.people.lock(str(password)))
    account = replace(account, user_id=current().host.people.new_user_id())
    current().effects.append(CreateUser(account, lock))
    return account.user_id


def invite_user(email_address: str, privilege: Any = None, send: bool = True) -> str | None:
    """Let somebody make an account who has none.

    :param privilege: what they get, a name or a list of names; ``user`` unless given.
    :param send: mail them the address where they choose a password; otherwise it is returned.
    :raises DAError: as for :func:`create_user`.
    """
    people = current().host.people
    account = replace(_new_account(email_address, privilege, None), user_id=people.new_user_id())
    token = people.new_token()
    current().effects.append(InviteUser(account, token))
    url = f"{current().host.url_root}/user/invitation?token={token}"
    if not send:
        return url
    from appliance.library.send_email import send_email  # imported late: most interviews send none

    send_email(to=account.email, subject="Your invitation", body=(
        f"You are invited to make an account. Please choose a password at this address:\n\n{url}\n\n"
        "It works once, and for seven days."))
    return None


def manage_privileges(*pargs: Any) -> Any:
    """The privileges that there are: ``manage_privileges('list')``, ``('inspect', NAME)`` for what one permits,
    ``('add', NAME)``, ``('remove', NAME)``.

    :raises DAError: if that is not allowed, or no such thing.
    """
    arguments = [str(one) for one in pargs] or ["list"]
    command, names = arguments[0], arguments[1:]
    if command not in ("list", "inspect", "add", "remove"):
        raise DAError(f"manage_privileges() knows no {command!r}; it knows list, inspect, add and remove")
    if command in ("list", "inspect"):
        if not asker().may("access_privileges") and "developer" not in asker().privileges:
            raise DAError("You do not have sufficient privileges to see the list of privileges.", code=403)
        known = _Seen().privileges()
        if command == "list":
            return known
        if not names or names[0] not in known:
            raise DANotFoundError(f"There is no privilege {names[0] if names else ''!r}.")
        return sorted(permissions_of(names[0], asker().configured))
    for name in names:
        if not name.strip():
            raise DAError("A privilege needs a name.")
        effect = ChangePrivilege(name.strip(), there=command == "add")
        _ask(effect, None)
        current().effects.append(effect)
    return None


def get_user_secret(username: str, password: str) -> NoReturn:
    """In docassemble: the key of somebody's sessions, for code that was told their password. There is none here.

    :raises DAError: always.
    """
    raise DAError(
        "get_user_secret() is not there: here, no interview gets hold of the key of somebody's sessions, because "
        "a page that asks for passwords could try them as often as it likes. Set 'multi_user = True' in a session that "
        "other code is to open.", code=403)


# -- for the rest of the library -------------------------------------------------------------------------------


def asker() -> Asker:
    """Whose turn this is, for questions of who may do what."""
    user = current().user
    own = _Seen().account(user.user_id) if user.user_id is not None and _pending() else None
    return Asker(user.user_id, user.privileges if own is None else own.privileges, setting("permissions") or {})


def own_account() -> Account | None:
    """The person's account as this turn has changed it; None where it has not."""
    user_id = current().user.user_id
    changed = any(isinstance(effect, ChangeUser) and effect.user_id == user_id for effect in _pending())
    return _Seen().account(user_id) if changed else None


# -- inside ----------------------------------------------------------------------------------------------------


def _pending() -> list[AccountEffect]:
    """What this turn has asked for so far."""
    evaluation = current()
    own = [effect for effect in evaluation.effects if isinstance(effect, _ACCOUNT_EFFECTS)]
    return [*evaluation.host.people.pending, *own]


class _Seen:
    """The accounts as this turn sees them: what was committed, and over it what the turn has asked for."""

    def __init__(self) -> None:
        self._people = current().host.people
        self._pending = _pending()

    def account(self, user_id: int | None = None, email: str = "") -> Account | None:
        """One account, by its number or else its address."""
        for effect in self._pending:
            if isinstance(effect, CreateUser | InviteUser) and (
                    effect.account.user_id == user_id if user_id is not None
                    else effect.account.email.casefold() == email.strip().casefold()):
                return self._changed(effect.account)
        found = self._people.account(user_id, "" if user_id is not None else email.strip())
        return None if found is None else self._changed(found)

    def following(self, after: int) -> Iterator[Account]:
        """All with larger numbers than `after`, in their order."""
        while True:
            some = self._people.accounts(after, _PAGE)
            for account in some:
                yield self._changed(account)
                after = account.user_id
            if len(some) < _PAGE:
                break
        made = [effect.account for effect in self._pending if isinstance(effect, CreateUser | InviteUser)]
        yield from (self._changed(one) for one in sorted(made, key=lambda one: one.user_id) if one.user_id > after)

    def privileges(self) -> list[str]:
        """All privileges, in the order of the alphabet."""
        names = set(self._people.privileges())
        for effect in self._pending:
            if isinstance(effect, ChangePrivilege):
                (names.add if effect.there else names.discard)(effect.name)
        return sorted(names)

    def _changed(self, account: Account) -> Account:
        for effect in self._pending:
            if isinstance(effect, ChangeUser) and effect.user_id == account.user_id:
                account = replace(
                    account, profile={**account.profile, **effect.profile},
                    privileges=account.privileges if effect.privileges is None else effect.privileges,
                    active=account.active if effect.active is None else effect.active)
            elif isinstance(effect, ChangePrivilege) and not effect.there:
                account = replace(account, privileges=tuple(
                    name for name in account.privileges if name != effect.name))
        return account


def _told(account: Account) -> dict[str, Any]:
    return {"id": account.user_id, "email": account.email, "active": account.active,
            "privileges": list(account.privileges), "account_type": "local",
            **{name: account.profile.get(name, "") for name in PROFILE}}


def _need(permission: str, words: str) -> None:
    if not asker().may(permission):
        raise DAError(words, code=403)


def _ask(effect: AccountEffect, target: Account | None, *, taken: bool = False) -> None:
    """:raises DAError: if something speaks against it."""
    words = objection(effect, asker(), target, _Seen().privileges(), taken=taken)
    if words:
        raise DAError(words, code=403)


def _target(user_id: Any, email: Any) -> Account:
    """Whom set_user_info() is about."""
    if user_id is None and not email:
        user_id = current().user.user_id
        if user_id is None:
            raise DAError("set_user_info() needs a person who is signed in, or 'user_id' or 'email'.", code=403)
    account = _Seen().account(_number(user_id) if user_id is not None else None, str(email or ""))
    if account is None:
        _need("access_user_info", _NOT_ALLOWED)   # others are not told who has an account
        raise DANotFoundError("There is no such account.")
    return account


def _new_account(email: str, privileges: Any, info: dict[str, Any] | None) -> Account:
    """The account to be, without its number."""
    _check_names(info or {}, PROFILE)
    address = str(email).strip()
    account = Account(0, address, _names(privileges) or ("user",), profile=_profile(info or {}))
    _ask(CreateUser(account, None), None)
    if not is_address(address):
        raise DAError("This is not an e-mail address.")
    _ask(CreateUser(account, None), None, taken=_Seen().account(email=address) is not None)
    return account


def _profile(given: dict[str, Any]) -> dict[str, str]:
    return {name: "" if given[name] is None else str(given[name]).strip() for name in PROFILE if name in given}


def _names(privileges: Any) -> tuple[str, ...]:
    """One name, or several, each once."""
    several: Iterable[Any] = [privileges] if isinstance(privileges, str) else privileges or ()
    return tuple(dict.fromkeys(str(name) for name in several))


def _number(user_id: Any) -> int:
    with suppress(TypeError, ValueError, OverflowError):
        number = int(user_id)
        if abs(number) <= _HIGHEST:
            return number
    raise DAError(f"{user_id!r} is not the number of an account")


def _check_names(given: Iterable[str], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, 1)
            raise DAError(f"An account has no {name!r}" + (f"; did you mean {close[0]!r}?" if close else "."))


def _worded(function: Callable[[], T]) -> T:
    try:
        return function()
    except ValueError as problem:
        raise DAError(str(problem)) from problem
