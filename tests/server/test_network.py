"""``/network`` and ``/trust``: the switch, what it shows, who may use it, and how many people are there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from appliance.network.state import NetworkState
from appliance.server.connected import Connected
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW
from tests.server.shared import Shared, shared_on


@pytest.fixture
def shared(server: Running, tmp_path: Path) -> Iterator[Shared]:
    with shared_on(server, tmp_path) as one:
        yield one


@pytest.fixture
def owner(server: Running) -> Iterator[httpx.Client]:
    with server.browser() as browser:
        browser.get("/user/sign-in", params={"token": "once"})
        yield browser


def switch(browser: httpx.Client, share: str) -> httpx.Response:
    token = re.search(r'name="_xsrf" value="([^"]+)"', browser.get("/network").text)
    assert token
    return browser.post("/network/share", data={"_xsrf": token[1], "share": share})


def test_the_page_shows_what_others_need(shared: Shared, owner: httpx.Client) -> None:
    """Address and name in large letters, a QR code of it without styles, the fingerprint, the firewall."""
    page = owner.get("/network").text.replace("<wbr>", "")
    assert f'<p class="da-big">https://192.168.1.5:{shared.port}</p>' in page
    assert f"https://interviews.local:{shared.port}" in page
    assert f"QR code of https://192.168.1.5:{shared.port}" in page
    assert "A firewall may be in the way." in page
    assert shared.network.trust is not None
    assert shared.network.trust.fingerprint in page
    assert "Nobody is connected" in page
    for code in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert "style" not in code
    assert "Stop sharing" in page
    fragment = owner.get("/network?fragment=1").text
    assert "_xsrf" not in fragment
    assert "Shared on the network" in fragment


def test_the_switch(shared: Shared, owner: httpx.Client) -> None:
    """Off, then on again; both are in the audit log, with who it was."""
    assert switch(owner, "off").headers["location"] == "/network?done=stopped"
    assert not shared.network.state.shared
    assert "Only this computer can reach the appliance" in owner.get("/network").text
    assert switch(owner, "on").headers["location"] == "/network?done=shared"
    assert shared.network.state.shared
    entries = shared.in_loop(shared.server.accounts.audit.entries())
    noted = [(entry.what, entry.email) for entry in entries if entry.kind == "network"]
    assert [what for what, _ in noted] == [{"shared": "on"}, {"shared": "off"}]
    assert all(email for _, email in noted)
    assert switch(owner, "perhaps").status_code == 400


def test_why_it_cannot_be_shared(shared: Shared, owner: httpx.Client) -> None:
    """The page says what is in the way, and nothing is noted."""
    switch(owner, "off")
    shared.network.refuses = "Port 8443 cannot be used."
    answer = switch(owner, "on")
    assert answer.status_code == 409
    assert "could not be shared. Port 8443 cannot be used." in answer.text
    entries = shared.in_loop(shared.server.accounts.audit.entries())
    assert [entry.what for entry in entries if entry.kind == "network"] == [{"shared": "off"}]


def test_whoever_switches_off_from_elsewhere_is_told_before(shared: Shared) -> None:
    """They cut themselves off, and cannot come back by themselves."""
    with shared.browser() as away, shared.server.browser() as laptop:
        away.get("/user/sign-in", params={"token": "once"})
        assert "You are on the network yourself" in away.get("/network").text
        cookie = away.cookies.get("__Host-user")
        assert cookie is not None
        page = laptop.get("/network", headers={"Cookie": f"user={cookie}"}).text
        assert "Stop sharing" in page
        assert "You are on the network yourself" not in page


@pytest.mark.parametrize("path", ["/network", "/network?fragment=1"])
def test_it_is_for_administrators(shared: Shared, path: str) -> None:
    """Whoever is not signed in is asked to, at the laptop and from the network; nothing of it is told before."""
    for browser in (shared.server.browser(), shared.browser()):
        with browser:
            answer = browser.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/user/sign-in?next=/network")
            assert browser.get(path, headers={"X-Requested-With": "XMLHttpRequest"}).status_code == 401


def test_the_name_may_be_missing(shared: Shared, owner: httpx.Client) -> None:
    """Where no name can be announced, the page says so, and why; without a network it waits for one."""
    shared.network.on = NetworkState(shared=True, addresses=("https://10.0.0.7:8443",), name_problem="it is blocked")
    shared.in_loop(shared.network.share())
    assert "No name can be announced on this network: it is blocked." in owner.get("/network").text
    shared.network.on = NetworkState(shared=True)
    shared.in_loop(shared.network.share())
    assert "in no network at the moment" in owner.get("/network").text


def test_how_many_are_connected(shared: Shared, owner: httpx.Client) -> None:
    """Browsers on the network that have asked for a page; the laptop's own does not count."""
    with shared.browser() as ann, shared.browser() as bob:
        for browser in (ann, ann, bob):
            browser.get("/user/sign-in")
            browser.get("/user/sign-in")
        page = owner.get("/network").text
        assert "2 people are connected" in page
        assert "A firewall may be in the way." not in page
    switch(owner, "off")
    assert shared.server.application.connected.count == 0


def test_an_interview_that_is_not_public_asks_to_sign_in(shared: Shared) -> None:
    """Pages of one's own too; the way back is in the address. The laptop runs everything."""
    with shared.browser() as away, shared.server.browser() as laptop:
        for path in ("/tasks", "/mail", "/schedule", "/outbox"):
            assert away.get(path).headers["location"] == f"/user/sign-in?next={path}"
            assert laptop.get(path).status_code != 303
        assert INTERVIEW not in away.get("/").text
        assert INTERVIEW in laptop.get("/").text


def test_nothing_to_trust(server: Running) -> None:
    """While nothing is shared, or with a certificate that devices know, there is no such page."""
    with server.browser() as browser:
        assert browser.get("/trust").status_code == 404
        assert browser.get("/trust/interview-appliance.crt").status_code == 404


@pytest.mark.parametrize(("agent", "opened"), [
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Windows (Edge, Chrome)"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0)", "Mac (Safari, Chrome)"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)", "iPhone and iPad (Safari)"),
    ("Mozilla/5.0 (Linux; Android 14; Pixel 8)", "Android (Chrome)")])
def test_the_steps_of_the_own_system_are_open(shared: Shared, agent: str, opened: str) -> None:
    with shared.browser() as browser:
        page = browser.get("/trust", headers={"User-Agent": agent}).text
    assert re.findall(r"<details[^>]* open><summary>([^<]+)", page) == [opened]


class TestCounting:
    """:class:`Connected` with a clock of its own."""

    @staticmethod
    def counted(work: list[tuple[float, str, str]]) -> list[int]:
        """The count after each of (time, what, browser)."""
        async def run() -> list[int]:
            now = [0.0]
            connected = Connected(lambda: now[0])
            told: list[int] = []
            connected.on_changed = lambda: told.append(connected.count)
            counts = []
            for when, what, browser in work:
                now[0] = when
                if what == "asks":
                    connected.asked(browser)
                elif what == "opens":
                    connected.opened(browser, f"socket of {browser}")
                elif what == "closes":
                    connected.closed(f"socket of {browser}")
                counts.append(connected.count)
            return counts
        return asyncio.run(run())

    def test_who_asks_counts_for_some_minutes(self) -> None:
        assert self.counted([(0, "asks", "a"), (10, "asks", "a"), (20, "asks", "b"), (189, "", ""), (191, "", ""),
                             (500, "", "")]) == [1, 1, 2, 2, 1, 0]

    def test_who_has_a_page_open_counts_as_long(self) -> None:
        assert self.counted([(0, "opens", "a"), (9000, "", ""), (9000, "asks", "a"), (9001, "closes", "a"),
                             (9002, "closes", "a"), (9500, "", "")]) == [1, 1, 1, 1, 1, 0]
