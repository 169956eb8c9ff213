"""Who may enter which address: at the laptop, from the network, signed in or not.

Every handler says so in `admits`; a handler that says nothing lets nobody in. Whether a visitor may open *this* session
or begin *this* interview is decided by :class:`appliance.sessions.turns.Turns`, whatever address it is asked through.
"""

from __future__ import annotations

from enum import Enum
from ipaddress import ip_address
from typing import Any, ClassVar

from tornado.httputil import HTTPServerRequest

from appliance.interview.host import UserInfo
from appliance.server.errors import Refused
from appliance.server.security import is_loopback_name
from appliance.sessions.errors import SignInNeeded
from appliance.sessions.visitor import Visitor

__all__ = ["Admission", "Admitting", "admit", "is_from_network", "is_shared", "shared_context"]

_OF_PROXIES = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
_MARK = "shared"


class Admission(Enum):
    """Who may enter."""

    NOBODY = "nobody"
    """Not decided: the default, so that a handler which was forgotten is closed rather than open."""

    ANYONE = "anyone"
    """Signing in, files of pages, the trust page, health: nothing that belongs to anybody."""

    INTERVIEWS = "interviews"
    """Interviews and what belongs to their sessions. At the laptop anyone; from the network whoever is signed in, and
    for the interviews that are public anyone."""

    HERE_OR_SIGNED_IN = "here or signed in"
    """Pages with what a visitor owns: at the laptop anyone, from the network whoever is signed in."""

    SIGNED_IN = "signed in"
    """An account is needed, at the laptop too."""

    DEVELOPERS = "developers"
    """Privilege `developer` or `admin`."""

    ADMINISTRATORS = "administrators"
    """Privilege `admin`."""

    ADMINISTRATORS_HERE = "administrators at the laptop"
    """Privilege `admin`, and only at the computer that the appliance runs on: what is about that computer."""


_PRIVILEGES: dict[Admission, frozenset[str]] = {
    Admission.DEVELOPERS: frozenset({"admin", "developer"}),
    Admission.ADMINISTRATORS: frozenset({"admin"}),
    Admission.ADMINISTRATORS_HERE: frozenset({"admin"}),
}


class Admitting:
    """What every handler has, pages, files and sockets alike.

    :cvar admits: who may enter.
    """

    admits: ClassVar[Admission] = Admission.NOBODY


def admit(admits: Admission, visitor: Visitor) -> None:
    """Let the visitor through, or say why not.

    :raises SignInNeeded: if signing in may help.
    :raises Refused: 403, if it would not.
    """
    user = visitor.user
    if admits is Admission.NOBODY:
        raise Refused(403, "This page is closed", "It does not say who may see it.", "closed")
    if admits in {Admission.ANYONE, Admission.INTERVIEWS}:
        return
    if admits is Admission.HERE_OR_SIGNED_IN and not visitor.from_network:
        return
    if admits is Admission.ADMINISTRATORS_HERE and visitor.from_network:
        raise Refused(403, "This page is for the appliance's own computer", "It is about that computer itself, so it "
                      "opens there only.", "elsewhere")
    if not user.logged_in:
        raise SignInNeeded
    if admits in _PRIVILEGES and not _has_one(user, _PRIVILEGES[admits]):
        who = "a developer or an administrator" if admits is Admission.DEVELOPERS else "an administrator"
        raise Refused(403, "This page is not for everybody", f"Only {who} may open it. Please ask one, or sign in as "
                      "somebody who is.", "privilege")


def _has_one(user: UserInfo, privileges: frozenset[str]) -> bool:
    return not privileges.isdisjoint(user.privileges)


def shared_context(context: Any) -> None:
    """Note of a connection that it came in by a listener other computers reach."""
    setattr(context, _MARK, True)


def is_shared(request: HTTPServerRequest) -> bool:
    """Whether a request came in by a listener that other computers reach."""
    return bool(getattr(getattr(request.connection, "context", None), _MARK, False))


def is_from_network(request: HTTPServerRequest) -> bool:
    """Whether a request counts as one of somebody elsewhere. Only what certainly comes from this computer does not.

    A program on this computer that passes on what others ask (a proxy, a tunnel) speaks to the loopback listener too:
    it shows in the name that is asked for, or in the headers that such programs add.
    """
    context = getattr(request.connection, "context", None)
    if context is None or is_shared(request):
        return True
    address = getattr(context, "address", None)
    try:
        near = address is not None and ip_address(address[0]).is_loopback
    except (ValueError, IndexError):
        near = False
    return (not near or not is_loopback_name(request.host)
            or any(name in request.headers for name in _OF_PROXIES))
