"""The door for other processes of this computer: who may not come in, and what those hear who may."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from appliance import clock
from appliance.commands import HEADER, PATH, CommandFailed, Commands, HandOverFailed, Say, hand_over
from appliance.store.sealing import new_key
from tests.server.conftest import Running

KEY = new_key()


async def greet(arguments: Mapping[str, Any], say: Say) -> int:
    """Says some lines, and ends as it is told to."""
    for number in range(int(arguments.get("lines", 1))):
        say(f"hello {arguments['name']} {number}")
    if arguments.get("ends") == "in words":
        raise CommandFailed("This cannot be done.")
    if arguments.get("ends") == "badly":
        raise ZeroDivisionError
    return int(arguments.get("status", 0))


@pytest.fixture
def door(server: Running) -> Running:
    """A server with a command."""
    server.application.parts.commands = Commands(KEY, {"greet": greet})
    return server


@pytest.fixture
def signed(door: Running, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[dict[str, str], bytes]]:
    """Makes what a client would send, header and body, without sending it."""
    def make() -> tuple[dict[str, str], bytes]:
        sent: list[tuple[dict[str, str], bytes]] = []

        def keep(self: object, method: str, url: str, body: bytes, headers: dict[str, str]) -> None:
            sent.append((headers, body))
            raise ConnectionRefusedError
        with monkeypatch.context() as patched:
            patched.setattr("http.client.HTTPConnection.request", keep)
            with pytest.raises(ConnectionRefusedError):
                hand_over(door.base, KEY, "greet", {"name": "Ann"}, print)
        return sent[0]
    return make


def test_lines_come_and_then_the_status(door: Running) -> None:
    """What the command says is heard in order, also texts that JSON has to write differently."""
    heard: list[str] = []
    assert hand_over(door.base, KEY, "greet", {"name": "Ännchen\n2", "lines": 3, "status": 7}, heard.append) == 7
    assert heard == [f"hello Ännchen\n2 {number}" for number in range(3)]


def test_what_goes_wrong_is_said(door: Running) -> None:
    """In the command's own words where it has some; never a traceback."""
    heard: list[str] = []
    assert hand_over(door.base, KEY, "greet", {"name": "Ann", "lines": 0, "ends": "in words"}, heard.append) == 1
    assert hand_over(door.base, KEY, "greet", {"name": "Ann", "lines": 0, "ends": "badly"}, heard.append) == 1
    assert hand_over(door.base, KEY, "unheard", {}, heard.append) == 1
    failed = "The command failed with ZeroDivisionError; logs/appliance.log in the data folder says where."
    assert heard == ["This cannot be done.", failed, "This appliance has no command 'unheard'."]


def test_who_does_not_know_the_key_stays_outside(door: Running) -> None:
    """Another key gives no answer but that there is no such page."""
    with pytest.raises(HandOverFailed, match="404"):
        hand_over(door.base, new_key(), "greet", {"name": "Ann"}, print)


def test_nothing_is_done_twice(door: Running, signed: Callable[[], tuple[dict[str, str], bytes]]) -> None:
    """What was sent once is not taken again, nor with another body, nor later."""
    headers, body = signed()
    with httpx.Client(base_url=door.base) as client:
        assert client.post(PATH, content=body.replace(b"Ann", b"Bob"), headers=headers).status_code == 404
        first = client.post(PATH, content=body, headers=headers)
        assert [json.loads(line) for line in first.text.splitlines()] == [{"say": "hello Ann 0"}, {"status": 0}]
        assert client.post(PATH, content=body, headers=headers).status_code == 404
        headers, body = signed()
        later = clock.now() + 61
        with clock.driven_by(lambda: later):
            assert client.post(PATH, content=body, headers=headers).status_code == 404


@pytest.mark.parametrize("more", [
    {"Origin": "http://127.0.0.1"}, {"Cookie": "browser=x"}, {"Referer": "http://127.0.0.1/"},
    {"Sec-Fetch-Site": "same-origin"}, {"X-Forwarded-For": "192.0.2.1"}, {HEADER: ""}, {HEADER: "soon 1 ab"},
    {HEADER: "\xff"}, {"Host": "evil.example"}])
def test_browsers_and_proxies_stay_outside(door: Running, signed: Callable[[], tuple[dict[str, str], bytes]],
                                           more: dict[str, str]) -> None:
    """Also with a signature: a page in a browser cannot have it, so whoever looks like one is refused."""
    headers, body = signed()
    answer = httpx.post(door.base + PATH, content=body, headers={
        name.encode(): value.encode("latin-1") for name, value in (headers | more).items()})
    assert answer.status_code in {403, 404, 421}
    assert "hello" not in answer.text


def test_nobody_there(door: Running) -> None:
    """A server that has just ended is told apart from one that refuses."""
    with pytest.raises(ConnectionError):
        hand_over("http://127.0.0.1:9", KEY, "greet", {"name": "Ann"}, print)


class Stranger(BaseHTTPRequestHandler):
    """Listens where an appliance did, and says what that might have said."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header(HEADER, "0" * 64)
        self.end_headers()
        self.wfile.write(b'{"say": "come in"}\n{"status": 0}\n')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


def test_a_stranger_at_the_address_of_a_server_that_died_is_not_believed() -> None:
    """Nothing of what it says is heard: it could send a window to its own pages."""
    heard: list[str] = []
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(HandOverFailed, match="not this appliance"):
            hand_over(f"http://127.0.0.1:{server.server_port}", KEY, "greet", {}, heard.append)
        server.shutdown()
    assert heard == []


def test_one_that_hangs_is_not_waited_for_longer_than_wanted() -> None:
    """It takes the connection, as the system does for a process that is stopped, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(HandOverFailed, match="does not answer"):
        hand_over(f"http://127.0.0.1:{server.getsockname()[1]}", KEY, "greet", {}, print, answers_within=0.1)
