"""News for open tabs: the check-in, and the socket."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from appliance.interview.turn import CheckIn, Ending, ShowScreen
from appliance.server.tabs import Tabs
from appliance.sessions.progress import Bar, TaskProgress
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


def test_an_action_that_would_ask_something_is_told_to_the_author(
        server: Running, browser_client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing comes of it on the page; the log says why, once."""
    async def asks(check_in: CheckIn) -> Ending:
        return ShowScreen(server.turns.screens[1])
    server.turns.answer_check_in = asks
    data = opened(browser_client) | {"do_action": "look"}
    for _ in range(2):
        assert check_in(browser_client, data)["commands"] == []
    [told] = [record.getMessage() for record in caplog.records if "look" in record.getMessage()]
    assert told.startswith(f"{INTERVIEW}: the check in action 'look' needs 'q2', for which there is a question;")


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


async def connect(server: Running, session: str, cookie: str, origin: str, **names: str) -> WebSocketClientConnection:
    headers = {name: value for name, value in (("Cookie", cookie), ("Origin", origin)) if value}
    query = "".join(f"&{name}={value}" for name, value in names.items())
    return await websocket_connect(HTTPRequest(
        f"ws://127.0.0.1:{server.port}/interview/notices?session={session}{query}", headers=headers))


async def read(socket: WebSocketClientConnection, *, all_kinds: bool = False) -> Any:
    """The commands of the next message, without how far the tasks are, which each tab is told when it comes."""
    while True:
        async with asyncio.timeout(60):
            message = await socket.read_message()
        assert message is not None
        commands = json.loads(message)["commands"]
        told = [one for one in commands if all_kinds or one["extra"] != "progress"]
        if told:
            return told


async def hang_up(socket: WebSocketClientConnection) -> None:
    """Close the socket and wait until it is."""
    socket.close()
    async with asyncio.timeout(60):
        while await socket.read_message() is not None:
            pass


class Tab:
    """An open tab with its socket."""

    def __init__(self, server: Running, client: httpx.Client, session: str, name: str) -> None:
        self.server, self.client, self.session, self.name = server, client, session, name

    async def open(self, page: str = "") -> Tab:
        tabs = self.server.application.tabs
        before = tabs.count
        self.socket = await connect(self.server, self.session, cookies(self.client), self.server.base, tab=self.name,
                                    page=page)
        await until(lambda: tabs.count > before)
        return self

    async def takes(self) -> list[int]:
        """The stored notices of the next message that has some, which the tab then has."""
        ids: list[int] = []
        while not ids:
            ids = [one["id"] for one in await read(self.socket) if one["id"]]
        await self.socket.write_message(json.dumps({"seen": ids}))
        return ids

    async def closes(self) -> None:
        before = self.server.application.tabs.count
        await hang_up(self.socket)
        await until(lambda: self.server.application.tabs.count < before)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for is in the server's thread
            await asyncio.sleep(0.01)


def push(server: Running, session: str, number: int, kind: str = "flash") -> None:
    """As after a commit: the notice is stored, then told."""
    notice = Notice(number, session, kind, "Hello")
    server.turns.notices.append(notice)
    server.turns.listeners.on_notice(notice)


def stored(server: Running) -> list[int]:
    return [one.id for one in server.turns.notices]


def in_a_session(server: Running, client: httpx.Client,
                 test: Callable[[Callable[[str], Tab], str], Awaitable[None]]) -> None:
    """Run `test` with what opens a tab by its name, and the session. No page of it was drawn."""
    data = opened(client)
    client.headers["X-XSRFToken"] = data["_xsrf"]
    server.application.tabs.presence._sessions.clear()
    asyncio.run(test(lambda name: Tab(server, client, data["session"], name), data["session"]))  # type: ignore[arg-type]


def test_a_notice_is_pushed_and_counts_when_the_tab_has_it(server: Running, browser_client: httpx.Client) -> None:
    """What waited comes at the opening, what is new at once; an id that was not sent marks nothing."""
    form = form_of(browser_client.get(ADDRESS).text)
    session = form["_session"]
    server.turns.notices.append(Notice(1, session, "flash", "waited"))

    async def tab() -> None:
        socket = await connect(server, session, cookies(browser_client), server.base, page=form["_turn"])
        assert await read(socket) == [{"id": 1, "value": "waited", "extra": "flash"}]
        push(server, session, 2, "refresh")
        assert await read(socket) == [{"id": 2, "value": "Hello", "extra": "refresh"}]
        await socket.write_message(json.dumps({"seen": [1, 99, "x"]}))
        await socket.write_message("nonsense")
        await socket.write_message(json.dumps({"seen": "1"}))
        server.turns.listeners.on_notice(Notice(0, session, "reload"))
        assert (await read(socket))[0]["extra"] == "reload"
        await until(lambda: stored(server) == [2])
        await hang_up(socket)

    asyncio.run(tab())


def test_two_open_tabs_get_it_both(server: Running, browser_client: httpx.Client) -> None:
    async def test(tab: Callable[[str], Tab], session: str) -> None:
        one, two = await tab("tab-number-1").open(), await tab("tab-number-2").open()
        push(server, session, 1)
        assert await one.takes() == [1]
        assert stored(server) == [1]
        assert await two.takes() == [1]
        await until(lambda: stored(server) == [])
        await hang_up(one.socket)
        await hang_up(two.socket)
    in_a_session(server, browser_client, test)


def test_a_tab_that_is_being_loaded_again_gets_it_too(server: Running, browser_client: httpx.Client) -> None:
    """The other tab has it long before, and neither gets it a second time."""
    async def test(tab: Callable[[str], Tab], session: str) -> None:
        one, two = await tab("tab-number-1").open(), await tab("tab-number-2").open()
        await two.closes()
        push(server, session, 1)
        assert await one.takes() == [1]
        await two.open()
        assert await two.takes() == [1]
        await until(lambda: stored(server) == [])
        push(server, session, 2)
        assert await one.takes() == await two.takes() == [2]
        await hang_up(one.socket)
        await hang_up(two.socket)
    in_a_session(server, browser_client, test)


def test_a_tab_that_does_not_come_back_is_forgotten(server: Running, browser_client: httpx.Client) -> None:
    """The notice is deleted when the time of the tab that is gone has run out, without anybody asking."""
    server.application.tabs.presence.grace = 0.3

    async def test(tab: Callable[[str], Tab], session: str) -> None:
        one, two = await tab("tab-number-1").open(), await tab("tab-number-2").open()
        await two.closes()
        push(server, session, 1)
        assert await one.takes() == [1]
        await until(lambda: stored(server) == [])
        await hang_up(one.socket)
    in_a_session(server, browser_client, test)


def test_of_many_pages_that_nobody_opened_not_each_is_looked_for_by_itself(server: Running) -> None:
    """Each look goes through all that are there, so they are a part of the grace apart however many pages there are."""
    looks = 0

    async def test() -> None:
        nonlocal looks
        tabs = Tabs(server.turns, grace=1.5)
        expire = tabs.presence.expire

        def counted() -> dict[str, list[int]]:
            nonlocal looks
            looks += 1
            return expire()
        tabs.presence.expire = counted  # type: ignore[method-assign]
        for number in range(100):
            tabs.drawn(f"session {number}", f"page-number-{number}", time.monotonic())
            await asyncio.sleep(0.004)
        await until(lambda: tabs.presence.next_expiry() is None)
    asyncio.run(test())
    assert 1 <= looks <= 25


def test_with_nobody_there_it_waits_for_whoever_comes_first(server: Running, browser_client: httpx.Client) -> None:
    """A person closes the lid and comes back an hour later, with a tab of another name."""
    presence = server.application.tabs.presence

    async def test(tab: Callable[[str], Tab], session: str) -> None:
        one = await tab("tab-number-1").open()
        await one.closes()
        push(server, session, 1)
        presence.clock = lambda: time.monotonic() + 3600
        two = await tab("tab-number-2").open()
        assert await two.takes() == [1]
        await until(lambda: stored(server) == [])
        await hang_up(two.socket)
    in_a_session(server, browser_client, test)


def test_two_polling_tabs_get_it_both_and_once(server: Running, browser_client: httpx.Client) -> None:
    data = opened(browser_client)
    server.application.tabs.presence._sessions.clear()
    tabs = [data | {"tab": f"tab-number-{number}", "seen": "[]"} for number in (1, 2)]

    def gets(tab: dict[str, str]) -> list[int]:
        ids = [one["id"] for one in check_in(browser_client, tab)["commands"] if one["id"]]
        tab["seen"] = json.dumps(ids)
        return ids

    assert [gets(tab) for tab in tabs] == [[], []]
    push(server, data["session"], 1)
    assert [gets(tab) for tab in tabs] == [[1], [1]]
    assert [gets(tab) for tab in tabs] == [[], []]
    assert stored(server) == []


def test_a_client_without_a_name_takes_nothing_from_a_tab(server: Running, browser_client: httpx.Client) -> None:
    """Docassemble's scripts say no name: each notice once, and an open tab of ours has it as well."""
    async def test(tab: Callable[[str], Tab], session: str) -> None:
        one = await tab("tab-number-1").open()
        push(server, session, 1)
        data = {"session": session, "_xsrf": browser_client.headers["X-XSRFToken"]}
        answers = [await asyncio.to_thread(check_in, browser_client, data) for _ in range(2)]
        assert [[entry["extra"] for entry in answer["commands"]] for answer in answers] == [["flash"], []]
        assert await one.takes() == [1]
        await until(lambda: stored(server) == [])
        await hang_up(one.socket)
    in_a_session(server, browser_client, test)


def test_a_page_whose_task_ends_before_its_socket_opens_looks_again(server: Running,
                                                                    browser_client: httpx.Client) -> None:
    """And one whose task does not is left alone."""
    form = form_of(browser_client.get(ADDRESS).text)
    later = form_of(browser_client.get(ADDRESS).text)
    session = form["_session"]

    async def tabs() -> None:
        server.turns.listeners.on_notice(Notice(0, session, "reload"))
        first = await connect(server, session, cookies(browser_client), server.base, tab="tab-number-1",
                              page=form["_turn"])
        assert [one["extra"] for one in await read(first, all_kinds=True)] == ["progress", "reload"]
        after = form_of((await asyncio.to_thread(browser_client.get, ADDRESS)).text)
        second = await connect(server, session, cookies(browser_client), server.base, tab="tab-number-2",
                               page=after["_turn"])
        assert [one["extra"] for one in await read(second, all_kinds=True)] == ["progress"]
        await hang_up(first)
        await hang_up(second)

    asyncio.run(tabs())
    told = check_in(browser_client, {"session": session, "_xsrf": later["_xsrf"], "tab": "tab-number-3",
                                     "page": later["_turn"]})["commands"]
    assert [one["extra"] for one in told] == ["progress", "reload"]


def test_progress_is_told_to_whoever_comes_and_to_who_is_there(server: Running, browser_client: httpx.Client) -> None:
    """By the socket and by polling; of what a task says only the text is the author's, and it stays a text."""
    async def test(tab: Callable[[str], Tab], session: str) -> None:
        server.turns.progress[session] = TaskProgress((Bar(3, 0.25, "<b>a quarter</b>"),), 7)
        one = await tab("tab-number-1").open()
        first = {"version": 7, "bars": [{"number": 3, "fraction": 0.25, "text": "<b>a quarter</b>"}]}
        assert (await read(one.socket, all_kinds=True))[0] == {"id": 0, "value": first, "extra": "progress"}
        server.turns.listeners.on_notice(Notice(0, session, "progress", TaskProgress((Bar(3, None, "nearly"),), 8)))
        told = await read(one.socket, all_kinds=True)
        assert told[0]["value"] == {"version": 8, "bars": [{"number": 3, "fraction": None, "text": "nearly"}]}
        await hang_up(one.socket)
    in_a_session(server, browser_client, test)


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
