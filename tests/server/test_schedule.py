"""The Schedule page: how events are worded, Run now, and who sees what will be deleted."""

from __future__ import annotations

import doctest
import html
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from appliance.server import schedule_views
from appliance.sessions.task_list import is_administrator
from appliance.sessions.visitor import Visitor
from appliance.store.retention import Spare
from appliance.store.schedule import EventOverview, FailureOverview, RoundRow
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW
from tests.server.test_interview import ADDRESS, form_of
from tests.server.test_tasks import sign_in

NOW = time.time()
OTHER = "docassemble.broken:data/questions/x.yml"


def round_of(event: str = "cron_daily", **more: Any) -> RoundRow:
    known: dict[str, Any] = {"number": 1, "event": event, "reason": "due", "due": NOW - 60, "started": NOW - 60,
                             "ended": NOW - 48, "sessions": 240, "done": 240, "failed": 0, "deleted": 0}
    return RoundRow(**(known | more))


def event(name: str = "cron_daily", *rounds: RoundRow, failures: tuple[FailureOverview, ...] = (),
          due: float | None = NOW + 3 * 3600 + 30) -> EventOverview:
    return EventOverview(name, due, bool(rounds) and rounds[0].ended is None, rounds, failures)


@dataclass(frozen=True)
class Going:
    session_id: str
    own: bool = True
    interview: str = INTERVIEW
    title: str = ""
    active: float = NOW - 88 * 86400
    due: float = NOW + 2 * 86400
    reason: str = "nobody was here for 90 days"


@dataclass(frozen=True)
class Staying:
    session_id: str
    why: Spare
    own: bool = True
    interview: str = INTERVIEW
    title: str = ""
    active: float = NOW - 200 * 86400
    age: int = 200


@dataclass(frozen=True)
class Account:
    user_id: int = 7
    email: str = "old@example.com"
    active: float = NOW - 728 * 86400
    due: float = NOW + 2 * 86400


class MemorySchedule:
    """Gives what a test puts in, and notes what is run."""

    def __init__(self) -> None:
        self.events: list[EventOverview] = []
        self.calls: list[str] = []
        self.on_changed: Callable[[], None] = lambda: None

    async def overview(self) -> list[EventOverview]:
        return self.events

    async def run_now(self, event: str) -> int:
        self.calls.append(event)
        return 1


class MemoryRetention:
    """As :class:`MemorySchedule`."""

    def __init__(self) -> None:
        self.going: list[Going] = []
        self.staying: list[Staying] = []

    async def own(self, visitor: Visitor, days: float = 7) -> dict[str, float]:
        return {}

    async def preview(self, days: float = 7, visitor: Visitor | None = None, most: int = 500) -> list[Going]:
        assert visitor is not None
        return [one for one in self.going if one.own or is_administrator(visitor)][:most]

    async def spared(self, visitor: Visitor | None = None, most: int = 500) -> list[Staying]:
        assert visitor is not None
        return [one for one in self.staying if one.own or is_administrator(visitor)][:most]

    async def accounts(self, days: float = 7) -> list[Account]:
        return [Account()]


@dataclass
class Plan:
    schedule: MemorySchedule
    retention: MemoryRetention


@pytest.fixture
def plan(server: Running, browser_client: httpx.Client) -> Plan:
    """A schedule that the server shows; the browser has been here before."""
    plan = Plan(MemorySchedule(), MemoryRetention())
    server.application.parts.schedule, server.application.parts.retention = plan.schedule, plan.retention
    browser_client.get(ADDRESS)
    return plan


def page(client: httpx.Client, query: str = "") -> str:
    answer = client.get(f"/schedule{query}")
    assert answer.status_code == 200
    return answer.text


def test_the_words() -> None:
    assert doctest.testmod(schedule_views).failed == 0


def test_how_events_went_and_when_they_come(plan: Plan, browser_client: httpx.Client) -> None:
    sign_in(browser_client)
    plan.schedule.events = [
        event("cron_hourly", round_of("cron_hourly", ended=None, sessions=8, done=1, deleted=1)),
        event("cron_daily", round_of(failed=2, deleted=1, reason="missed"), round_of(reason="person", sessions=1),
              failures=(FailureOverview(INTERVIEW, "s1", NOW, "ValueError", "x.yml, line 3", "no <b>such</b> person"),
                        FailureOverview(OTHER, None, NOW, "BadYAML", "x.yml, line 9", ""))),
        event("cron_weekly"), event("cron_nightly", round_of("cron_nightly", reason="command", sessions=0), due=None),
        event("cron_daily_background", round_of("cron_daily_background", started=NOW - 50, sessions=3))]
    text = " ".join(html.unescape(page(browser_client)).split())
    for words in (
            "Each hour", "2 of 8 sessions so far, 1 ended and was deleted", 'value="25"', "Each day", "With failures",
            "late, because the appliance was off or asleep when it was due. It took 12 s: 240 sessions, 2 failed",
            "in about 3 hours", "ValueError", "x.yml, line 3", "no <b>such</b> person",
            "The interview <strong>x.yml</strong> cannot be read, so nothing ran in its sessions:",
            "because somebody pressed Run now, took 12 s: 1 session", "It has not run yet", "cron_nightly",
            "by a command. It took 12 s: nothing to do.", "It runs only when somebody asks for it.",
            "3 sessions got a task in the background"):
        assert words in text, words
    raw = page(browser_client)
    assert "<b>" not in raw
    assert raw.count('<li id="event-') == 4, "a twin in the background has no entry of its own"
    assert [line.count(" disabled") for line in raw.splitlines() if 'id="run-' in line] == [1, 0, 0, 0]


def test_what_goes_and_what_stays(server: Running, plan: Plan, browser_client: httpx.Client) -> None:
    """People see their own sessions, administrators all; a link only to what they may open."""
    plan.retention.going = [Going("mine", title="My letter"), Going("theirs", own=False)]
    plan.retention.staying = [Staying("kept", "event"), Staying("held", "mail", own=False)]
    server.turns.titles = {"mine": "My letter", "kept": ""}
    text = page(browser_client)
    assert "My letter" in text
    assert "because nobody was here for 90 days" in text
    assert "200 days ago" in text
    assert 'id="open-mine"' in text
    assert 'id="going-theirs"' not in text
    assert 'id="staying-held"' not in text
    assert "Scheduled events" not in text
    assert "old@example.com" not in text
    sign_in(browser_client)
    text = page(browser_client)
    for words in ('id="going-theirs"', 'id="openkept-kept"', "waits for a scheduled event", "see the Outbox page",
                  "old@example.com"):
        assert words in text, words
    assert 'id="open-theirs"' not in text
    with server.browser() as stranger:
        assert "My letter" not in page(stranger)


def test_when_nothing_goes(plan: Plan, browser_client: httpx.Client) -> None:
    assert "Your interviews are kept for 90 days after somebody was there last." in page(browser_client)
    plan.retention.going = [Going(f"s{number}") for number in range(120)]
    assert "Only the first 100 are listed." in page(browser_client)


def test_run_now(plan: Plan, browser_client: httpx.Client) -> None:
    """For administrators, with the token, an event that is known and does not run already."""
    plan.schedule.events = [event(), event("cron_hourly", round_of("cron_hourly", ended=None))]
    token = form_of(browser_client.get(ADDRESS).text)["_xsrf"]

    def run(name: str, **headers: str) -> httpx.Response:
        return browser_client.post("/schedule/run", data={"event": name, "_xsrf": token}, headers=headers)

    assert run("cron_daily").headers["Location"].startswith("/user/sign-in?next=")
    sign_in(browser_client)
    assert browser_client.post("/schedule/run", data={"event": "cron_daily"}).status_code == 403
    assert browser_client.get("/schedule/run").status_code == 405
    assert run("cron_unheard_of").status_code == 404
    assert plan.schedule.calls == []
    answer = run("cron_daily")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/schedule?run=yes")
    assert "It runs now." in page(browser_client, "?run=yes")
    assert run("cron_hourly", **{"X-Requested-With": "XMLHttpRequest"}).json() == {
        "success": False, "message": "It runs already."}
    assert plan.schedule.calls == ["cron_daily"]


def test_the_fragment_has_no_token(plan: Plan, browser_client: httpx.Client) -> None:
    sign_in(browser_client)
    plan.schedule.events = [event()]
    text = page(browser_client, "?fragment=1")
    assert "_xsrf" not in text
    assert "<html" not in text
    assert 'id="event-cron_daily"' in text


def test_an_appliance_without_a_schedule(browser_client: httpx.Client) -> None:
    browser_client.get(ADDRESS)
    assert "What will be deleted" in page(browser_client)
