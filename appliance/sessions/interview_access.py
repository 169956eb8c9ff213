"""Who may use an interview, as its metadata say: ``require login``, ``required privileges`` and its kin.

Turns of people are looked at here, wherever they come from; scheduled events, tasks and mail do not knock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from appliance.interview.host import UserInfo
from appliance.sessions.errors import PrivilegeNeeded, SignInNeeded

__all__ = ["admit", "is_unique", "may_list"]

_ANONYMOUS = "anonymous"
"""What an interview calls people who are not signed in. It is no privilege."""


def admit(metadata: Mapping[str, Any], user: UserInfo, *, begins: bool) -> None:
    """Let the user in.

    :param begins: they begin a session; going on with one that is there asks for less.
    :raises SignInNeeded: if signing in may help.
    :raises PrivilegeNeeded: if their account has not got what is needed.
    """
    if metadata.get("require login") and not user.logged_in:
        raise SignInNeeded
    if begins and is_unique(metadata, user) and not user.logged_in:
        raise SignInNeeded
    _need(metadata, "required privileges", user)
    if begins:
        _need(metadata, "required privileges for initiating", user)


def may_list(wanted: Collection[str], user: UserInfo) -> bool:
    """Whether a list of what can be started shows the interview to this user.

    :param wanted: the metadata's ``required privileges for listing``.
    """
    return not wanted or _has_one(wanted, user)


def is_unique(metadata: Mapping[str, Any], user: UserInfo) -> bool:
    """Whether the user may have only one session of it: ``sessions are unique``, for all or for some privileges."""
    wanted = metadata.get("sessions are unique")
    if isinstance(wanted, str | list):
        return not set(_texts(wanted)).isdisjoint(user.privileges)
    return bool(wanted)


def _need(metadata: Mapping[str, Any], key: str, user: UserInfo) -> None:
    if _has(metadata, key, user):
        return
    if not user.logged_in:
        raise SignInNeeded
    raise PrivilegeNeeded


def _has(metadata: Mapping[str, Any], key: str, user: UserInfo) -> bool:
    wanted = _texts(metadata.get(key))
    return not wanted or _has_one(wanted, user)


def _has_one(wanted: Collection[str], user: UserInfo) -> bool:
    if not user.logged_in:
        return _ANONYMOUS in wanted
    return not set(wanted).isdisjoint(user.privileges)


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
