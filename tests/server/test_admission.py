"""Who may enter which address: every handler says so, and what says nothing is closed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from appliance.interview.host import UserInfo
from appliance.server.admission import Admission, Admitting, admit, is_from_network, shared_context
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused
from appliance.server.page_updates import FOLLOWED
from appliance.sessions.errors import SignInNeeded
from appliance.sessions.visitor import Visitor
from tests.server.conftest import Running
from tests.support.routes import rules


def test_every_handler_says_who_may_enter(server: Running) -> None:
    """No address has a handler that forgot to say who may enter: pages, files and sockets."""
    found = [rule for rule in rules(server.application.default_router) if isinstance(rule.target, type)]
    assert len(found) > 30
    for rule in found:
        handler = rule.target
        assert isinstance(handler, type)
        assert issubclass(handler, Admitting), f"{handler.__name__} does not say who may enter"
        assert handler.admits is not Admission.NOBODY, f"{handler.__name__} does not say who may enter"
    assert all(isinstance(level, Admission) for level in FOLLOWED.values())
    assert BaseHandler.admits is Admission.NOBODY


def test_handlers_that_know_nobody_are_open_to_anyone(server: Running) -> None:
    """Who enters is looked at in `prepare`: a handler with one of its own must be one for anyone, or ask the base's."""
    for rule in rules(server.application.default_router):
        handler = rule.target
        if isinstance(handler, type) and issubclass(handler, BaseHandler) and "prepare" in vars(handler):
            assert handler.admits is Admission.ANYONE, handler.__name__


ANONYMOUS = Visitor("secret")
USER = replace(ANONYMOUS, user=UserInfo(5, "ann@example.com", privileges=("user",)))
DEVELOPER = replace(ANONYMOUS, user=UserInfo(6, "dev@example.com", privileges=("developer",)))
ADMINISTRATOR = replace(ANONYMOUS, user=UserInfo(7, "boss@example.com", privileges=("admin",)))


def came(level: Admission, visitor: Visitor) -> str:
    try:
        admit(level, visitor)
    except SignInNeeded:
        return "sign in"
    except Refused as refused:
        return str(refused.status_code)
    return "in"


@pytest.mark.parametrize(("level", "here", "network"), [
    (Admission.NOBODY, "403 403 403 403", "403 403 403 403"),
    (Admission.ANYONE, "in in in in", "in in in in"),
    (Admission.INTERVIEWS, "in in in in", "in in in in"),   # each interview and session is looked at by the turns
    (Admission.HERE_OR_SIGNED_IN, "in in in in", "sign_in in in in"),
    (Admission.SIGNED_IN, "sign_in in in in", "sign_in in in in"),
    (Admission.DEVELOPERS, "sign_in 403 in in", "sign_in 403 in in"),
    (Admission.ADMINISTRATORS, "sign_in 403 403 in", "sign_in 403 403 in"),
])
def test_who_enters(level: Admission, here: str, network: str) -> None:
    """The whole table: nobody signed in, a user, a developer, an administrator; at the laptop and from the network."""
    people = (ANONYMOUS, USER, DEVELOPER, ADMINISTRATOR)
    assert [came(level, one) for one in people] == [word.replace("_", " ") for word in here.split()]
    away = [replace(one, from_network=True) for one in people]
    assert [came(level, one) for one in away] == [word.replace("_", " ") for word in network.split()]


class _Context:
    protocol = "http"
    remote_ip = "127.0.0.1"

    def __init__(self, address: tuple[str, int] | None) -> None:
        self.address = address


class _Connection:
    def __init__(self, context: object) -> None:
        self.context = context


def request(address: tuple[str, int] | None, host: str = "127.0.0.1:8080", *, shared: bool = False,
            **headers: str) -> HTTPServerRequest:
    context = _Context(address)
    if shared:
        shared_context(context)
    fields = HTTPHeaders({"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}})
    return HTTPServerRequest(headers=fields, connection=_Connection(context),  # type: ignore[arg-type]
                             start_line=RequestStartLine("GET", "/", "HTTP/1.1"))


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80", "LOCALHOST:1", "a.localhost", "127.5.5.5"])
def test_the_laptop_itself(host: str) -> None:
    """What comes over loopback for a loopback name is the laptop's own."""
    assert not is_from_network(request(("127.0.0.1", 5555), host))
    assert not is_from_network(request(("::1", 5555), host))


@pytest.mark.parametrize("knock", [
    request(("127.0.0.1", 5555), shared=True),
    request(("192.168.1.5", 5555)),
    request(("fe80::1", 5555)),
    request(None),
    request(("", 0)),
    request(("127.0.0.1", 5555), "clinic.example.org"),
    request(("127.0.0.1", 5555), ""),
    request(("127.0.0.1", 5555), X_Forwarded_For="10.0.0.9"),
    request(("127.0.0.1", 5555), Forwarded="for=10.0.0.9"),
    request(("127.0.0.1", 5555), Via="1.1 proxy"),
    request(("127.0.0.1", 5555), X_Real_Ip="10.0.0.9"),
    request(("127.0.0.1", 5555), X_Forwarded_Host="clinic.example.org"),
])
def test_from_the_network(knock: HTTPServerRequest) -> None:
    """The shared listener, other addresses, other names, and what programs between pass on: all count as elsewhere."""
    assert is_from_network(knock)
