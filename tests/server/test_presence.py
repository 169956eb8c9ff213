"""Whom a notice is for and when it has arrived, by a clock that the test turns."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from appliance.server.presence import NOBODY, Presence

S = "session"
GRACE = 60.0


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presence(clock: Clock) -> Presence:
    return Presence(GRACE, clock)


def open_tab(presence: Presence, tab: str, page: str = "") -> None:
    presence.arrived(S, tab, page)
    presence.connected(S, tab)


def test_each_open_tab_is_waited_for(presence: Presence) -> None:
    """It is delivered when the second of two tabs has it, and neither wants it twice."""
    open_tab(presence, "a")
    open_tab(presence, "b")
    presence.told(S, 1)
    assert presence.took(S, "a", [1]) == []
    assert presence.wanted(S, "a", [1]) == []
    assert presence.wanted(S, "b", [1]) == [1]
    assert presence.took(S, "b", [1]) == [1]


def test_a_tab_that_is_being_loaded_again_gets_it_when_it_is_back(presence: Presence, clock: Clock) -> None:
    open_tab(presence, "a")
    open_tab(presence, "b")
    presence.left(S, "b")
    presence.told(S, 1)
    assert presence.took(S, "a", [1]) == []
    clock.now += GRACE - 1
    open_tab(presence, "b")
    assert presence.wanted(S, "b", [1]) == [1]
    assert presence.took(S, "b", [1]) == [1]


def test_a_tab_that_is_gone_for_good_is_not_waited_for(presence: Presence, clock: Clock) -> None:
    open_tab(presence, "a")
    open_tab(presence, "b")
    presence.left(S, "b")
    presence.told(S, 1)
    presence.took(S, "a", [1])
    assert presence.expire() == {}
    assert presence.next_expiry() == GRACE
    clock.now += GRACE
    assert presence.expire() == {S: [1]}


def test_where_no_tab_is_it_waits_for_the_first(presence: Presence, clock: Clock) -> None:
    """Also when a tab was there a moment ago that does not come back, and for an hour."""
    open_tab(presence, "a")
    presence.left(S, "a")
    presence.told(S, 1)
    clock.now += 3600
    assert presence.expire() == {}
    open_tab(presence, "c")
    assert presence.wanted(S, "c", [1]) == [1]
    assert presence.took(S, "c", [1]) == [1]


def test_a_tab_that_is_opened_later_does_not_get_old_news(presence: Presence) -> None:
    open_tab(presence, "a")
    open_tab(presence, "b")
    presence.told(S, 1)
    presence.took(S, "a", [1])
    open_tab(presence, "c")
    assert presence.wanted(S, "c", [1]) == []


def test_after_a_restart_what_nobody_took_comes_again(presence: Presence) -> None:
    """Nothing is known of the notice, so whoever is there gets it."""
    open_tab(presence, "a")
    open_tab(presence, "b")
    assert presence.wanted(S, "a", [1]) == presence.wanted(S, "b", [1]) == [1]
    assert presence.took(S, "a", [1]) == []
    assert presence.took(S, "b", [1]) == [1]


def test_a_page_that_was_drawn_is_a_tab_already(presence: Presence) -> None:
    """What comes before its script speaks is its own, under the name that its script then gives."""
    open_tab(presence, "a")
    presence.drawn(S, "page", began=0)
    presence.told(S, 1)
    assert presence.took(S, "a", [1]) == []
    open_tab(presence, "b", "page")
    assert presence.wanted(S, "b", [1]) == [1]
    assert presence.took(S, "b", [1]) == [1]


def test_a_client_without_a_name_gets_it_once_and_takes_it_from_nobody(presence: Presence) -> None:
    open_tab(presence, "a")
    presence.told(S, 1)
    presence.arrived(S, NOBODY)
    assert presence.wanted(S, NOBODY, [1]) == [1]
    assert presence.took(S, NOBODY, [1]) == []
    assert presence.wanted(S, NOBODY, [1]) == []
    assert presence.took(S, "a", [1]) == [1]


def test_alone_a_client_without_a_name_is_enough(presence: Presence) -> None:
    assert presence.took(S, NOBODY, [1]) == [1]


@pytest.mark.parametrize(("ended", "stale"), [(-5.0, False), (+0.1, True)])
def test_a_task_that_ends_while_its_page_is_made(presence: Presence, clock: Clock, ended: float, stale: bool) -> None:
    """The request began at 1000; the page that comes of it knows what had happened by then, and no more."""
    began = clock.now
    clock.now += ended
    presence.task_ended(S)
    clock.now = began + 1
    presence.drawn(S, "page", began)
    open_tab(presence, "a", "page")
    assert presence.is_stale(S, "a") is stale
    assert presence.is_stale(S, "a") is False


def test_a_task_that_ends_between_drawing_and_the_socket(presence: Presence) -> None:
    presence.drawn(S, "page", began=0)
    presence.task_ended(S)
    open_tab(presence, "a", "page")
    assert presence.is_stale(S, "a")


def test_a_tab_looks_again_after_its_socket_was_away(presence: Presence, clock: Clock) -> None:
    """What was sent last may be lost; a page that was just drawn, in the same tab, needs no second look."""
    presence.drawn(S, "first", began=clock.now)
    open_tab(presence, "a", "first")
    assert not presence.is_stale(S, "a")
    presence.left(S, "a")
    open_tab(presence, "a", "first")
    assert presence.is_stale(S, "a")
    presence.left(S, "a")
    presence.drawn(S, "second", began=clock.now)
    open_tab(presence, "a", "second")
    assert not presence.is_stale(S, "a")


def test_nothing_is_kept_of_sessions_without_tabs(presence: Presence, clock: Clock) -> None:
    presence.drawn(S, "page", began=0)
    presence.task_ended(S)
    presence.told(S, 1)
    clock.now += GRACE
    presence.expire()
    assert presence.next_expiry() is None


def test_a_client_cannot_make_tabs_without_end(presence: Presence) -> None:
    for number in range(200):
        presence.arrived(S, f"tab number {number}")
        presence.drawn(S, f"page number {number}", began=0)
    assert len(presence._sessions[S].tabs) == 100
    assert presence.wanted(S, "tab number 199", [1]) == [1]
