"""What may load in the window, and what opens outside of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from appliance.shell.bridge import WISHES, Bridge
from appliance.shell.downloads import Downloads
from appliance.shell.guard import Guard, Verdict
from appliance.shell.menus import MENUS

ORIGIN = "http://127.0.0.1:8080"


def guard_that_writes_down(opened: list[str]) -> Guard:
    def refuse(_name: str, _arguments: Mapping[str, Any], _say: Callable[[str], None]) -> int:
        raise AssertionError("nothing was to be handed over")
    guard = Guard(Bridge(refuse), downloads=Downloads(), opener=opened.append)
    guard.serve_from(f"{ORIGIN}/welcome?x=1")
    return guard


@pytest.mark.parametrize(("url", "verdict"), [
    (f"{ORIGIN}/interview?i=x", Verdict.INSIDE),
    ("HTTP://127.0.0.1:8080/", Verdict.INSIDE),
    ("about:blank", Verdict.INSIDE),
    (f"blob:{ORIGIN}/0123", Verdict.INSIDE),
    ("blob:https://evil.example/0123", Verdict.REFUSED),
    (f"{ORIGIN}/window/install", Verdict.WISH),
    (f"{ORIGIN}/window/install?file=/etc/passwd", Verdict.WISH),
    (f"{ORIGIN}/window/else", Verdict.INSIDE),   # the server says that there is no such page
    ("http://127.0.0.1:8081/", Verdict.ELSEWHERE),
    ("https://127.0.0.1:8080/", Verdict.ELSEWHERE),
    ("http://localhost:8080/", Verdict.ELSEWHERE),
    (f"{ORIGIN}@evil.example/", Verdict.ELSEWHERE),
    ("http://me@127.0.0.1:8080/", Verdict.ELSEWHERE),
    ("http://127.0.0.1:8080.evil.example/", Verdict.ELSEWHERE),
    ("http://127.0.0.1:99999/", Verdict.ELSEWHERE),
    ("mailto:a@example.org", Verdict.ELSEWHERE),
    ("tel:+49", Verdict.ELSEWHERE),
    ("file:///etc/passwd", Verdict.REFUSED),
    ("javascript:alert(1)", Verdict.REFUSED),
    ("steam://run/1", Verdict.REFUSED),
    ("ms-settings:privacy", Verdict.REFUSED),
    ("http://[broken", Verdict.REFUSED),
])
def test_every_address_has_its_verdict(url: str, verdict: Verdict) -> None:
    """Ours inside, the web and mail elsewhere, the rest nowhere."""
    assert guard_that_writes_down([]).verdict(url) is verdict


def test_another_port_is_another_server() -> None:
    """When the server has moved, what listens at its old address is a stranger."""
    opened: list[str] = []
    guard = guard_that_writes_down(opened)
    guard.serve_from("http://127.0.0.1:9090")
    assert guard.follow("http://127.0.0.1:9090/")
    assert not guard.follow(f"{ORIGIN}/")
    assert not guard.follow("file:///etc/passwd")
    assert opened == [f"{ORIGIN}/"]


def test_before_there_is_a_server_nothing_is_ours() -> None:
    """No empty origin matches an address without one."""
    assert Guard(Bridge(lambda *_: 0)).verdict("http:///x") is not Verdict.INSIDE


def test_the_menus_lead_to_pages_and_wishes_that_there_are() -> None:
    """Each place of the menu is one of the appliance's navigation, and no wish is a page."""
    from appliance.server.navigation import _DAILY, _HOUSE, _INSIDE, _MAIN

    pages = {"/", *(address for group in (_MAIN, _DAILY, _HOUSE, _INSIDE) for address, _ in group)}
    places = {entry.does for _, entries in MENUS for entry in entries if entry is not None and entry.does[0] == "/"}
    assert places <= pages
    assert not WISHES & pages
