"""All addresses of the server, walked from its own table: what is added there is attacked by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tornado.routing import PathMatches, Rule, RuleRouter
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from appliance.server.base import BaseHandler

__all__ = ["HOSTS", "LINKS_ELSEWHERE", "NOT_AT_THE_LAPTOP", "ORIGINS", "SOCKET", "addresses", "example", "pattern",
           "rules", "sockets", "write_addresses"]

HOSTS = ("evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example:{port}",
         "evil.example#127.0.0.1", "127.0.0.1@evil.example", "evil.example/127.0.0.1", "0.0.0.0:{port}",
         "169.254.169.254", "[::ffff:192.168.1.6]:{port}", "xn--localhost.example", "127.0.0.1, evil.example")
NOT_AT_THE_LAPTOP = ("192.168.1.5:{port}", "interviews.local:{port}")
"""Names of the network: whoever uses them on the loopback listener has been led there."""

ORIGINS: tuple[dict[str, str], ...] = (
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Referer": "http://evil.example/a?b"},
    {"X-Token": "none"}, {"X-Token": "of somebody else"})
"""Each alone is enough; the last two have everything right but the token of the form."""

LINKS_ELSEWHERE = ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Referer": "http://evil.example/"})
"""What browsers say when a link or an image of another page leads to us; the last one is old, or speaks plain HTTP."""

SOCKET = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
          "Sec-WebSocket-Version": "13"}
"""What opens a WebSocket, but for its origin."""

_GROUP = re.compile(r"\((?:\?:)?([^()]*)\)(\?)?")
_EXAMPLES = {"backup": "a.backup", r"\d": "1", r"\w": "a", "[": "a", ".*": "a"}
"""What a bracket with this in it takes."""


def rules(router: RuleRouter) -> Iterator[Rule]:
    """The routes, in their order."""
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from rules(rule.target)
        else:
            yield rule


def pattern(matcher: PathMatches) -> str:
    """A route as it was written."""
    return matcher.regex.pattern.rstrip("$")


def example(matcher: PathMatches) -> str:
    """An address that a route takes: without what may be left out, and with the first of several words."""
    path, count = pattern(matcher), 1
    while count:   # from the innermost brackets outwards
        path, count = _GROUP.subn(_instead, path)
    path = path.replace("\\", "")
    assert matcher.regex.match(path), (matcher.regex.pattern, path)
    return path


def _instead(group: re.Match[str]) -> str:
    """A text that a pair of brackets takes."""
    if group[2]:
        return ""
    return next((text for mark, text in _EXAMPLES.items() if mark in group[1]), group[1].split("|")[0])


def addresses(application: Application) -> list[tuple[PathMatches, type[RequestHandler]]]:
    """All routes with their handlers."""
    return [(rule.matcher, rule.target) for rule in rules(application.default_router)
            if isinstance(rule.matcher, PathMatches) and isinstance(rule.target, type)]


def write_addresses(application: Application) -> list[str]:
    """One of every route that takes a form."""
    return [example(matcher) for matcher, handler in addresses(application)
            if issubclass(handler, BaseHandler) and handler.post is not RequestHandler.post]


def sockets(application: Application) -> list[str]:
    """The addresses of all WebSockets."""
    return [example(matcher) for matcher, handler in addresses(application) if issubclass(handler, WebSocketHandler)]
