"""Several real tabs of one session: what each is told, when, and how often."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, WebSocketRoute, expect

from appliance.config import Settings
from appliance.interview.turn import ShowScreen, Wait
from appliance.server.presence import Presence
from appliance.sessions.progress import Bar, TaskProgress
from appliance.sessions.reply import Notice, Reply
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW
from tests.ui_js.test_screen import END, NUMBERS, only_session, screen, text

Open = Callable[[], Page]
INTERVIEW_PAGE = re.compile(r"/interview\?")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One browser; a JavaScript error in a tab fails the test."""
    made = browser.new_context()
    made.set_default_timeout(5000)
    errors: list[str] = []
    made.on("weberror", lambda error: errors.append(str(error.error)))
    yield made
    made.close()
    assert errors == []


@pytest.fixture
def open_tab(server: Running, context: BrowserContext) -> Open:
    """Opens one more tab of the session."""
    server.turns.screens = [screen(text(0, "name", "Name"))]

    def open_one() -> Page:
        page = context.new_page()
        page.goto(f"{server.base}/interview?i={INTERVIEW}")
        return page

    return open_one


def until(page: Page, condition: Callable[[], bool]) -> None:
    for _ in range(250):
        if condition():
            return
        page.wait_for_timeout(20)
    pytest.fail("it did not come to pass")


def with_sockets(server: Running, page: Page, count: int) -> None:
    until(page, lambda: server.application.tabs.count == count)


def push(server: Running, kind: str, value: Any = None) -> None:
    notice = Notice(next(NUMBERS), only_session(server).session_id, kind, value)
    server.turns.notices.append(notice)
    server.turns.listeners.on_notice(notice)


def shows_once(page: Page, words: str) -> None:
    expect(page.locator(".da-alert").filter(has_text=words)).to_have_count(1)


def poll_only(server: Running, context: BrowserContext) -> None:
    context.route_web_socket("**/interview/notices*", lambda socket: socket.close())
    server.application.parts.settings = Settings({"checkin interval": 1000})


def test_two_open_tabs(server: Running, open_tab: Open) -> None:
    one, two = open_tab(), open_tab()
    with_sockets(server, one, 2)
    push(server, "flash", "Ready")
    push(server, "javascript", "window.times = (window.times ?? 0) + 1")
    for page in (one, two):
        shows_once(page, "Ready")
        page.wait_for_function("window.times === 1")
    until(one, lambda: server.turns.notices == [])


def test_a_tab_that_is_reloading_at_that_instant(server: Running, open_tab: Open) -> None:
    """The old page still lives while the new one is on its way: it neither shows the message nor says it has it."""
    one, two = open_tab(), open_tab()
    with_sockets(server, one, 2)

    def while_it_loads(route: Route) -> None:
        push(server, "flash", "Ready")
        one.wait_for_timeout(200)
        route.continue_()

    two.route(INTERVIEW_PAGE, while_it_loads, times=1)
    two.reload()
    shows_once(one, "Ready")
    shows_once(two, "Ready")
    until(one, lambda: server.turns.notices == [])


def test_two_polling_tabs(server: Running, context: BrowserContext, open_tab: Open) -> None:
    poll_only(server, context)
    one, two = open_tab(), open_tab()
    for page in (one, two):
        page.wait_for_function("jQuery.active === 0")
    push(server, "flash", "By the poll")
    shows_once(one, "By the poll")
    shows_once(two, "By the poll")
    until(one, lambda: server.turns.notices == [])
    shows_once(one, "By the poll")


def test_nobody_there_and_back_an_hour_later(server: Running, open_tab: Open) -> None:
    page = open_tab()
    with_sockets(server, page, 1)
    page.goto("about:blank")
    with_sockets(server, page, 0)
    push(server, "flash", "While you were away")
    presence = server.application.tabs.presence
    clock = presence.clock
    presence.clock = lambda: clock() + 3600
    page.go_back()
    shows_once(page, "While you were away")
    until(page, lambda: server.turns.notices == [])


def test_not_twice_in_a_tab_also_after_a_reload(server: Running, open_tab: Open) -> None:
    """Neither while another tab is still waited for, nor when the server has started anew and knows of nothing."""
    one, two = open_tab(), open_tab()
    with_sockets(server, one, 2)
    two.goto("about:blank")
    with_sockets(server, one, 1)
    push(server, "flash", "Only once")
    shows_once(one, "Only once")
    assert len(server.turns.notices) == 1
    one.reload()
    with_sockets(server, one, 1)
    expect(one.locator(".da-alert")).to_have_count(0)
    server.application.tabs.presence = Presence()
    one.reload()
    with_sockets(server, one, 1)
    until(one, lambda: server.turns.notices == [])
    expect(one.locator(".da-alert")).to_have_count(0)


def test_a_copy_of_a_tab_is_a_tab_of_its_own(server: Running, open_tab: Open) -> None:
    """The copy takes over what the browser stores for the tab, but not its name."""
    one = open_tab()
    with_sockets(server, one, 1)
    with one.expect_popup() as copied:
        one.evaluate("window.open(location.href)")
    with_sockets(server, one, 2)
    push(server, "flash", "For both")
    shows_once(one, "For both")
    shows_once(copied.value, "For both")


def test_a_page_that_stays_after_all_shows_what_came_meanwhile(server: Running, open_tab: Open) -> None:
    """A download begins as if the page were left."""
    page = open_tab()
    with_sockets(server, page, 1)
    page.evaluate("window.dispatchEvent(new Event('beforeunload'))")
    push(server, "flash", "Still here")
    page.wait_for_timeout(300)
    expect(page.locator(".da-alert")).to_have_count(0)
    assert len(server.turns.notices) == 1
    shows_once(page, "Still here")
    until(page, lambda: server.turns.notices == [])


def test_a_message_outlives_the_screen_that_it_came_to(server: Running, open_tab: Open) -> None:
    """It comes together with the news that the screen is out of date; and just when a person presses Continue."""
    server.turns.screens = [screen(block="w", reload_after=600), screen(text(0, "name", "Name", required=False)), END]
    page = open_tab()
    with_sockets(server, page, 1)
    only_session(server).step = 2
    push(server, "flash", "Ready")
    server.turns.listeners.on_notice(Notice(0, only_session(server).session_id, "reload"))
    expect(page.get_by_label("Name", exact=True)).to_be_visible()
    shows_once(page, "Ready")
    push(server, "flash", "Another")
    shows_once(page, "Another")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()
    shows_once(page, "Another")


def test_a_task_that_ends_before_the_socket_opens(server: Running, context: BrowserContext, open_tab: Open) -> None:
    """The page was drawn for a task that ran; it does not wait for its own timer."""
    server.turns.screens = [screen(block="w", reload_after=600, question_html="Hang tight."), END]

    def ended_meanwhile(socket: WebSocketRoute) -> None:
        session = only_session(server)
        session.step = 2
        server.turns.listeners.on_notice(Notice(0, session.session_id, "reload"))
        socket.connect_to_server()

    context.route_web_socket("**/interview/notices*", ended_meanwhile)
    page = open_tab()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()


@pytest.mark.parametrize("polls", [False, True], ids=["socket", "polls"])
def test_a_wait_of_the_interview_goes_on_and_ends_with_its_task(server: Running, context: BrowserContext,
                                                                open_tab: Open, polls: bool) -> None:
    """``command('wait')`` several times in a row, as BackgroundAction.run() has it; news make the last one short."""
    if polls:
        poll_only(server, context)
    server.turns.screens = [screen(text(0, "name", "Name", required=False)), END]
    page = open_tab()
    waits = [0.1, 0.1, 0.1 if polls else 600.0]
    original = server.turns.refresh

    async def refresh(session_id: str, visitor: Any, url_args: Any = None) -> Reply:
        reply = await original(session_id, visitor, url_args)
        assert isinstance(reply.ending, ShowScreen)
        return server.turns.reply(only_session(server), Wait(waits.pop(0))) if waits else reply

    server.turns.refresh = refresh  # type: ignore[method-assign]
    if not polls:
        with_sockets(server, page, 1)
    page.evaluate("void daRefreshSubmit()")
    until(page, lambda: not waits)
    server.turns.listeners.on_notice(Notice(0, only_session(server).session_id, "reload"))
    expect(page.locator(".da-please-wait")).to_have_count(0)
    expect(page.locator("#daSpinner")).to_be_hidden()
    expect(page.get_by_label("Name", exact=True)).to_be_visible()


# -- how far the tasks are -----------------------------------------------------------------------------------------


def progress(server: Running, version: int, *bars: Bar) -> None:
    """What the tasks tell now."""
    session = only_session(server).session_id
    server.turns.progress[session] = TaskProgress(bars, version)
    server.turns.listeners.on_notice(Notice(0, session, "progress", TaskProgress(bars, version)))


def test_bars_follow_the_tasks(server: Running, open_tab: Open) -> None:
    """One for each task in their order, below the text of the question; text is text; they go when tasks end."""
    server.turns.screens = [screen(block="w", reload_after=600, subquestion_html="<p>Hang tight.</p>")]
    page = open_tab()
    with_sockets(server, page, 1)
    bars = page.get_by_role("progressbar")
    expect(bars).to_have_count(0)
    progress(server, 1, Bar(4, 0.25, "Reading <b>page</b> 1"), Bar(9, None, "Thinking"))
    expect(bars).to_have_count(2)
    expect(bars.first).to_have_attribute("aria-valuenow", "25")
    assert bars.nth(1).get_attribute("aria-valuenow") is None
    expect(page.locator(".da-task-words").first).to_have_text("Reading <b>page</b> 1" + "25 %")
    assert page.evaluate("document.querySelector('.da-subquestion').nextElementSibling.id") == "da-task-progress"
    expect(page.locator("#da-task-progress [role=status]")).to_have_text("Reading <b>page</b> 1 25 %, Thinking")
    page.evaluate("window.first = document.querySelector('.da-task')")
    progress(server, 2, Bar(2, 0.5, "Before"), Bar(4, 1.0, "Ready"))
    expect(page.locator(".da-task-words")).to_have_text(["Before50 %", "Ready100 %"])
    assert page.evaluate("window.first === document.querySelectorAll('.da-task')[1]")
    expect(page.locator("#da-task-progress [role=status]")).to_have_text("Reading <b>page</b> 1 25 %, Thinking")
    progress(server, 3)
    expect(bars).to_have_count(0)


def test_bars_are_there_from_the_start_and_older_news_do_not_undo_newer_ones(server: Running, open_tab: Open) -> None:
    server.turns.screens = [screen(block="w", reload_after=600)]
    page = open_tab()
    progress(server, 5, Bar(1, 0.5, "Half"))
    page.reload()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    with_sockets(server, page, 1)
    session = only_session(server).session_id
    server.turns.listeners.on_notice(Notice(0, session, "progress", TaskProgress((Bar(1, 0.1, "Old"),), 4)))
    progress(server, 6, Bar(1, 0.6, "New"))
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "60")


def test_bars_by_polling(server: Running, context: BrowserContext, open_tab: Open) -> None:
    poll_only(server, context)
    server.turns.screens = [screen(block="w", reload_after=600)]
    page = open_tab()
    progress(server, 1, Bar(1, 0.5, "Half"))
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    progress(server, 2)
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_no_bars_on_a_screen_that_is_filled_in(server: Running, open_tab: Open) -> None:
    page = open_tab()
    with_sockets(server, page, 1)
    progress(server, 1, Bar(1, 0.5, "Half"))
    push(server, "flash", "After it")
    shows_once(page, "After it")
    expect(page.get_by_role("progressbar")).to_have_count(0)
