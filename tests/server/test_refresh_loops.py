"""Screens that would be refreshed without end: let through a few times, then less and less often."""

from __future__ import annotations

import logging

import pytest

from appliance.server.refresh_loops import RefreshLoops


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_loop_is_slowed_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """Four in a row pass; then pauses of 5, 10, 20, 40 and 60 seconds. Another answer ends it."""
    clock = Clock()
    loops = RefreshLoops(clock)
    passed = []
    with caplog.at_level(logging.WARNING, "appliance.server"):
        for second in range(200):
            clock.now = float(second)
            if loops.may_refresh("session", "tab", "docassemble.x:data/questions/y.yml", "look"):
                passed.append(second)
    assert passed == [0, 1, 2, 3, 8, 18, 38, 78, 138, 198]
    [told] = caplog.records
    assert told.getMessage() == (
        "docassemble.x:data/questions/y.yml: the check in action 'look' answers 'refresh' each time; the screen is "
        "refreshed less and less often. It should do so only when something has changed.")
    loops.over("session", "tab")
    assert all(loops.may_refresh("session", "tab", "y.yml", "look") for _ in range(4))


def test_tabs_are_told_apart() -> None:
    """One tab's loop does not slow another one."""
    loops = RefreshLoops(Clock())
    for _ in range(5):
        last = loops.may_refresh("session", "one", "y.yml", "look")
    assert not last
    assert loops.may_refresh("session", "two", "y.yml", "look")


def test_refreshes_with_other_answers_between_are_no_loop() -> None:
    """A screen that is refreshed for every change of a field checks in again, which is answered otherwise."""
    loops = RefreshLoops(Clock())
    for _ in range(20):
        assert loops.may_refresh("session", "tab", "y.yml", "look")
        loops.over("session", "tab")
