"""News for open tabs: the check-in, and the socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from appliance.sessions.reply import Notice
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW
from tests.server.test_interview import ADDRESS, form_of, session_of


def check_in(client: httpx.Client, data: dict[str, str]) -> Any:
    return client.post(f"/checkin?i={INTERVIEW}", data={"action": "checkin", "checkinCode": "7"} | data).json()


def opened(client: httpx.Client) -> dict[str, str]:
    form = form_of(client.get(ADDRESS).text)
    return {"session": form["_session"], "_revision": form["_revision"], "_xsrf": form["_xsrf"]}


def test_a_check_in_brings_what_waited_once(server: Running, browser_client: httpx.Client) -> None:
    data = opened(browser_client)
    server.turns.notices.append(Notice(1, data["session"], "flash", "Hello"))
    answer = check_in(browser_client, data)
    assert answer["success"] is True
    assert answer["checkin_code"] == "7"
    assert answer["commands"] == [{"id": 1, "value": "Hello", "extra": "flash"}]
    assert check_in(browser_client, data)["commands"] == []


def test_a_tab_that_says_what_it_has_gets_the_rest_again(server: Running, browser_client: httpx.Client) -> None:
    """A reply that was lost on the way is made good by the next check-in."""
    data = opened(browser_client) | {"seen": "[]"}
    server.turns.notices.append(Notice(1, data["session"], "flash", "Hello"))
    assert [one["id"] for one in check_in(browser_client, data)["commands"]] == [1]
    assert [one["id"] for one in check_in(browser_client, data)["commands"]] == [1]
    assert check_in(browser_client, data | {"seen": "[1]"})["commands"] == []
    assert check_in(browser_client, data | {"seen": "not a list"})["commands"] == []


def test_a_check_in_runs_the_screens_action(server: Running, browser_client: httpx.Client) -> None:
    parameters = {"fruit": "apple", "_initial": True, "_changed": "fruit"}
    answer = check_in(browser_client, opened(browser_client) | {"do_action": "look",
                                                                "parameters": json.dumps(parameters)})
    assert answer["commands"] == [{"value": [{"target": "t", "content": "apple"}], "extra": "backgroundresponse"}]
    assert "changed='fruit', initial=True" in server.turns.calls[-1]


@pytest.mark.parametrize("parameters", ["{", "[]", "7", ""])
def test_damaged_parameters_are_none(browser_client: httpx.Client, parameters: str) -> None:
    assert check_in(browser_client, opened(browser_client) | {"do_action": "look", "parameters": parameters})["success"]


def test_a_failing_check_in_action_leaves_the_screen_alone(browser_client: httpx.Client) -> None:
    answer = check_in(browser_client, opened(browser_client) | {"do_action": "fails"})
    assert answer["success"] is True
    assert answer["commands"] == []


def test_a_check_in_for_somebody_elses_session(server: Running, browser_client: httpx.Client) -> None:
    data = opened(browser_client)
    with server.browser() as stranger:
        own = form_of(stranger.get(ADDRESS).text)
        assert check_in(stranger, data | {"_xsrf": own["_xsrf"]})["success"] is False


def test_a_check_in_needs_the_token(browser_client: httpx.Client) -> None:
    data = opened(browser_client) | {"_xsrf": ""}
    answer = browser_client.post(f"/checkin?i={INTERVIEW}", data=data)
    assert answer.status_code == 403
    assert answer.json()["error"] == "xsrf"


def cookies(client: httpx.Client) -> str:
    return "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)


async def connect(server: Running, session: str, cookie: str, origin: str) -> WebSocketClientConnection:
    headers = {name: value for name, value in (("Cookie", cookie), ("Origin", origin)) if value}
    return await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{server.port}/interview/notices?session={session}",
                                               headers=headers))


async def read(socket: WebSocketClientConnection) -> Any:
    async with asyncio.timeout(5):
        message = await socket.read_message()
    assert message is not None
    return json.loads(message)["commands"]


def test_a_notice_is_pushed_and_counts_when_the_tab_has_it(server: Running, browser_client: httpx.Client) -> None:
    """What waited comes at the opening, what is new at once; an id that was not sent marks nothing."""
    data = opened(browser_client)
    session = data["session"]
    server.turns.notices.append(Notice(1, session, "flash", "waited"))

    async def tab() -> None:
        socket = await connect(server, session, cookies(browser_client), server.base)
        assert (await read(socket))[0] == {"id": 1, "value": "waited", "extra": "flash"}
        notice = Notice(2, session, "refresh")
        server.turns.notices.append(notice)
        server.turns.on_notice(notice)
        assert await read(socket) == [{"id": 2, "value": None, "extra": "refresh"}]
        await socket.write_message(json.dumps({"seen": [1, 99, "x"]}))
        await socket.write_message("nonsense")
        await socket.write_message(json.dumps({"seen": "1"}))
        server.turns.on_notice(Notice(0, session, "reload"))
        assert (await read(socket))[0]["extra"] == "reload"
        socket.close()

    asyncio.run(tab())
    assert [one.id for one in server.turns.notices] == [2]


def test_a_socket_that_fails_is_logged_without_its_session(server: Running, browser_client: httpx.Client,
                                                           monkeypatch: pytest.MonkeyPatch,
                                                           caplog: pytest.LogCaptureFixture) -> None:
    """The address of the socket names the session, which for some sessions is all that opens it."""
    session = opened(browser_client)["session"]

    async def fails(session_id: str, visitor: object = None) -> list[Notice]:
        raise ZeroDivisionError(session_id)

    async def tab() -> None:
        with pytest.raises(HTTPClientError, match="500"):
            await connect(server, session, cookies(browser_client), server.base)

    monkeypatch.setattr(server.turns, "undelivered", fails)
    asyncio.run(tab())
    assert "/interview/notices failed: ZeroDivisionError" in caplog.text
    assert session not in caplog.text


@pytest.mark.parametrize(("cookie", "origin"), [
    (True, "http://evil.example"), (True, "null"), (True, ""), (False, None)])
def test_the_socket_is_refused_to_others(server: Running, browser_client: httpx.Client, cookie: bool,
                                         origin: str | None) -> None:
    """Another site's page, a sandboxed page, a program without origin, another browser."""
    browser_client.get(ADDRESS)
    refused: list[int] = []

    async def tab() -> None:
        try:
            await connect(server, session_of(server), cookies(browser_client) if cookie else "",
                          server.base if origin is None else origin)
        except Exception as error:  # noqa: BLE001 - any refusal will do; its status is what counts
            refused.append(getattr(error, "code", 0))

    asyncio.run(tab())
    assert refused == [403]
