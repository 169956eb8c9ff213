"""The Tasks page: who sees what, how it is worded, what its buttons do, and how it is told that something changed."""

from __future__ import annotations

import asyncio
import doctest
import time
from typing import Any

import httpx
import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from appliance.interview import actions
from appliance.interview.tasks import ErrorDetails
from appliance.library import ocr  # noqa: F401 - brings its actions
from appliance.server import task_views
from appliance.server.task_views import Estimates, sections
from appliance.sessions.progress import Bar
from appliance.sessions.task_list import MOST_ENDED, TaskSummary
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW
from tests.server.test_interview import ADDRESS, form_of
from tests.server.test_notices import cookies

NOW = 1_000_000.0
BUILT_IN = [name for name in actions.BUILT_IN if "_ocr_" in name]


def task(task_id: str, state: Any = "queued", **more: Any) -> TaskSummary:
    known: dict[str, Any] = {
        "task_id": task_id, "session_id": "s1", "interview": INTERVIEW, "session_title": "", "action": "work",
        "state": state, "created": NOW - 100, "started": None, "ended": None, "place_in_line": None, "deaths": 0,
        "error_type": "", "error_where": "", "error": None, "log": (), "own": True, "can_run_again": False,
        "waiting_for": (), "user_email": ""}
    return TaskSummary(**(known | more))


def done(task_id: str, seconds: float, **more: Any) -> TaskSummary:
    return task(task_id, "done", started=NOW - 200, ended=NOW - 200 + seconds, **more)


# -- estimates ---------------------------------------------------------------------------------------------


def test_the_words_for_times() -> None:
    assert doctest.testmod(task_views).failed == 0


def test_without_a_basis_there_is_no_estimate() -> None:
    estimates = Estimates([], workers=2, running=0, now=NOW)
    assert estimates.left(task("q", place_in_line=1), None) is None
    assert estimates.left(task("r", "running", started=NOW - 5), None) is None
    known = Estimates([done("d", 10)], workers=2, running=0, now=NOW)
    assert known.left(task("r", "running", started=NOW - 50), None) is None   # longer than any before
    assert known.left(task("q", place_in_line=1, waiting_for=("x",)), None) is None
    assert Estimates([done("d", 10)], workers=0, running=0, now=NOW).left(task("q", place_in_line=1), None) is None


def test_a_task_that_says_how_far_it_is_is_believed() -> None:
    estimates = Estimates([done("d", 1000)], workers=1, running=1, now=NOW)
    assert estimates.left(task("r", "running", started=NOW - 30), 0.75) == pytest.approx(10)
    assert estimates.left(task("r", "running", started=NOW - 30), None) == pytest.approx(970)


def test_who_is_further_back_in_line_waits_longer() -> None:
    """Two workers, ten seconds each: five rounds for ten tasks. Other actions have their own times."""
    estimates = Estimates([done("d", 10), done("e", 10), done("f", 90, action="long")], workers=2, running=2, now=NOW)
    left = [estimates.left(task("q", place_in_line=place), None) for place in range(1, 11)]
    assert left == sorted(left, key=lambda one: one or 0)
    assert left[0] == pytest.approx(10)
    assert (estimates.left(task("q", place_in_line=1, action="long"), None) or 0) == pytest.approx(90)


def test_sections_hold_what_runs_then_what_waits_then_what_has_ended() -> None:
    tasks = [task("r", "running"), task("q"), task("p"), done("d", 1), task("x", "revoked")]
    found = sections(tasks, state="", most=1, estimates=Estimates([], 0, 0, NOW), bar=lambda task_id: None,
                     title=lambda interview: "Fruit")
    assert [(one.key, [shown.task.task_id for shown in one.tasks], one.total) for one in found] == [
        ("running", ["r"], 1), ("queued", ["q"], 2), ("ended", ["d"], 2)]
    only = sections(tasks, state="revoked", most=9, estimates=Estimates([], 0, 0, NOW), bar=lambda task_id: None,
                    title=lambda interview: "Fruit")
    assert [shown.task.task_id for one in only for shown in one.tasks] == ["x"]


def test_the_appliance_s_own_actions_are_told_in_words() -> None:
    """Nobody wrote ``_da_ocr_page`` into an interview."""
    tasks = [task("author's", "running"), *(task(name, "running", action=name) for name in BUILT_IN)]
    [running] = sections(tasks, state="", most=9, estimates=Estimates([], 0, 0, NOW), bar=lambda task_id: None,
                         title=lambda interview: "")
    assert [bool(one.does) for one in running.tasks] == [False, True, True]


def test_what_a_task_says_is_for_those_who_may_see_values() -> None:
    """How far it is may be seen by all who see the task."""
    tasks = [task("mine", "running"), task("theirs", "running", own=False)]
    [running] = sections(tasks, state="", most=9, estimates=Estimates([], 0, 0, NOW),
                         bar=lambda task_id: Bar(1, 0.5, "Fred's letter"), title=lambda interview: "")
    assert [(one.percent, one.text) for one in running.tasks] == [(50, "Fred's letter"), (50, "")]


# -- the page ----------------------------------------------------------------------------------------------


def sign_in(client: httpx.Client) -> None:
    assert client.get("/user/sign-in?token=once", follow_redirects=True).status_code == 200


def page(client: httpx.Client, query: str = "") -> str:
    answer = client.get(f"/tasks{query}")
    assert answer.status_code == 200
    return answer.text


def test_people_see_their_own_and_administrators_all(server: Running, browser_client: httpx.Client) -> None:
    server.turns.tasks = [task("mine", place_in_line=1), task("theirs", own=False, place_in_line=2)]
    browser_client.get(ADDRESS)
    assert 'id="task-mine"' in page(browser_client)
    assert 'id="task-theirs"' not in page(browser_client)
    assert 'href="/tasks"' in browser_client.get("/").text
    sign_in(browser_client)
    assert 'id="task-theirs"' in page(browser_client)
    assert 'href="/tasks"' in browser_client.get("/").text


def test_a_stranger_sees_nothing(server: Running, browser_client: httpx.Client) -> None:
    server.turns.tasks = [task("mine")]
    assert "No interview has asked for work" in page(browser_client)


def test_every_state_is_told_in_words(server: Running, browser_client: httpx.Client) -> None:
    """What a task printed or an exception said is text, whatever it looks like."""
    trace = ErrorDetails("ZeroDivisionError", "by <zero>", "Traceback <b>", ("ratio",))
    server.turns.tasks = [
        task("run", "running", started=time.time() - 75, deaths=1),
        task("line", place_in_line=3), task("waits", place_in_line=4, waiting_for=("run", "line")),
        done("done", 12, log=("a <line>",)), task("over", "revoked", ended=NOW),
        task("fail", "failed", started=NOW - 3, ended=NOW, error_type="ZeroDivisionError", error=trace,
             error_where="x.yml, line 7", can_run_again=True),
        task("dead", "failed", started=NOW - 3, ended=NOW, error_type="WorkerDied", deaths=3, can_run_again=True),
        task("other", "failed", ended=NOW, error_type="KeyError", error_where="y.yml, line 9", own=False)]
    server.turns.bars["run"] = Bar(1, 0.4, "Page <4>")
    browser_client.get(ADDRESS)
    sign_in(browser_client)
    text = " ".join(page(browser_client).split())
    for words in (
            'value="40"', "Page &lt;4&gt;", "1 min 15 s", "ended once; this is another try", "Number 3 in line",
            "Waits until 2 other tasks have ended", "took 12 s", "a &lt;line&gt;", "before it was done",
            "ZeroDivisionError", "x.yml, line 7", "y.yml, line 9", "Traceback &lt;b&gt;", "by &lt;zero&gt;",
            "Wanted: <code>ratio</code>", "ended unexpectedly 3 times", "Run it again when the cause is gone",
            "may hold what a person typed"):
        assert words in text, words
    assert "<b>" not in text


def test_filters_and_show_more(server: Running, browser_client: httpx.Client) -> None:
    server.turns.tasks = [task(f"q{number}", place_in_line=number) for number in range(1, 121)] + [done("d", 1)]
    browser_client.get(ADDRESS)
    first = page(browser_client)
    assert first.count('<li id="task-q') == 50
    assert "70 are not shown" in first
    assert page(browser_client, "?state=done").count('<li id="task-') == 1
    assert page(browser_client, "?state=queued&show=250").count('<li id="task-') == 120
    assert page(browser_client, "?state=nonsense&show=x").count('<li id="task-q') == 50
    assert "There is no such task" in page(browser_client, "?state=failed")


def test_what_is_not_listed_is_said(server: Running, browser_client: httpx.Client) -> None:
    """There is a most that a page shows, and a most of old tasks that are fetched at all."""
    server.turns.tasks = [task(f"q{number}", place_in_line=number) for number in range(1, 1003)] + [
        done(f"d{number}", 1) for number in range(MOST_ENDED)]
    browser_client.get(ADDRESS)
    most = page(browser_client, "?show=5000")
    assert "2 are not shown" in most
    assert "Show more" not in most
    assert "only the newest 200 each are listed" in most
    server.turns.tasks.pop()
    assert "newest" not in page(browser_client)


def test_the_fragment_is_the_list_and_stays_the_same(server: Running, browser_client: httpx.Client) -> None:
    """It holds no token, so that a page which fetches it again has nothing to change."""
    server.turns.tasks = [done("d", 1)]
    browser_client.get(ADDRESS)
    fragments = [page(browser_client, "?fragment=1").partition(">")[2] for _ in range(2)]
    assert fragments[0] == fragments[1]
    assert "<html" not in fragments[0]
    assert "_xsrf" not in fragments[0]


def test_a_button_without_script(server: Running, browser_client: httpx.Client) -> None:
    server.turns.tasks = [task("mine", place_in_line=1)]
    token = form_of(browser_client.get(ADDRESS).text)["_xsrf"]
    for kind in ("revoke", "again", "dismiss"):
        answer = browser_client.post(f"/tasks/{kind}", data={"task": "mine", "_xsrf": token, "state": "queued"})
        assert answer.status_code == 303
        assert server.turns.calls[-1] == f"{kind} mine"
        assert answer.headers["Location"].startswith("/tasks?state=queued&done=")
    gone = browser_client.post("/tasks/revoke", data={"task": "gone", "_xsrf": token}, follow_redirects=True)
    assert "The task had ended before." in gone.text


def test_a_button_with_script(server: Running, browser_client: httpx.Client) -> None:
    server.turns.tasks = [task("mine", place_in_line=1)]
    token = form_of(browser_client.get(ADDRESS).text)["_xsrf"]
    answer = browser_client.post("/tasks/revoke", data={"task": "mine", "_xsrf": token},
                                 headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.json() == {"success": True, "message": "The task was ended."}


def test_a_button_needs_the_token_and_the_right(server: Running, browser_client: httpx.Client) -> None:
    server.turns.tasks = [task("mine"), task("theirs", own=False)]
    token = form_of(browser_client.get(ADDRESS).text)["_xsrf"]
    assert browser_client.post("/tasks/revoke", data={"task": "mine"}).status_code == 403
    assert browser_client.post("/tasks/revoke", data={"task": "theirs", "_xsrf": token}).status_code == 403
    assert not [call for call in server.turns.calls if call.startswith("revoke")]
    assert browser_client.get("/tasks/revoke").status_code == 405


# -- updates -----------------------------------------------------------------------------------------------


async def listen(server: Running, client: httpx.Client, origin: str) -> WebSocketClientConnection:
    headers = {name: value for name, value in (("Cookie", cookies(client)), ("Origin", origin)) if value}
    return await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{server.port}/tasks/updates", headers=headers))


def test_many_changes_are_few_messages(server: Running, browser_client: httpx.Client) -> None:
    """At most four a second, and after the last change there is always one more."""
    browser_client.get(ADDRESS)
    times: list[float] = []

    async def test() -> None:
        socket = await listen(server, browser_client, server.base)
        assert await socket.read_message() == "changed"
        for _ in range(100):
            server.turns.listeners.on_tasks_changed()
        for _ in range(2):
            async with asyncio.timeout(60):
                assert await socket.read_message() == "changed"
            times.append(time.monotonic())
        silence = asyncio.ensure_future(socket.read_message())
        assert await asyncio.wait([silence], timeout=0.4) == (set(), {silence})
        socket.close()
        assert await silence is None

    asyncio.run(test())
    assert times[1] - times[0] > 0.2


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
def test_other_sites_cannot_listen(server: Running, browser_client: httpx.Client, origin: str) -> None:
    browser_client.get(ADDRESS)

    async def test() -> None:
        with pytest.raises(Exception, match="403"):
            await listen(server, browser_client, origin)

    asyncio.run(test())


def test_the_page_may_open_its_socket_and_nothing_else(browser_client: httpx.Client) -> None:
    policy = browser_client.get("/tasks").headers["Content-Security-Policy"]
    assert f"connect-src 'self' ws://{browser_client.base_url.netloc.decode()}" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
