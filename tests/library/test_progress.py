"""background_progress(): what it takes, and where it goes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from appliance.interview.host import reset_current, set_current
from appliance.library.errors import DAError
from appliance.library.progress import background_progress
from tests.interview.talk import Talk
from tests.memory_host import MemoryHost

TEXT = """
event: work
code: |
  background_progress(0.5, 'Half of it')
  background_response(1)
---
mandatory: True
question: Hello
"""


@pytest.mark.parametrize(("given", "told"), [
    ((0,), (0.0, "")), ((1, "Ready"), (1.0, "Ready")), ((Fraction(1, 4),), (0.25, "")),
    ((None, "Thinking"), (None, "Thinking")), ((0.5, None), (0.5, "")), ((0.5, 7), (0.5, "7"))])
def test_in_a_task_it_is_told(given: tuple[Any, ...], told: tuple[float | None, str]) -> None:
    host = MemoryHost(interface="worker")
    token = set_current(_Task(host))  # type: ignore[arg-type]
    try:
        background_progress(*given)
    finally:
        reset_current(token)
    assert host.told == [told]


class _Task:
    in_task = True

    def __init__(self, host: MemoryHost) -> None:
        self.host = host


@pytest.mark.parametrize("wrong", [-0.1, 1.01, 50, "half", "0.5", True, float("nan"), float("inf"), [1], 10 ** 400])
def test_anything_else_is_a_clear_error(wrong: Any) -> None:
    with pytest.raises(DAError, match="from 0 to 1"):
        background_progress(wrong)


def test_a_percentage_is_recognised() -> None:
    with pytest.raises(DAError, match=r"Did you mean 0\.5\?"):
        background_progress(50)


def test_outside_a_task_nothing_happens() -> None:
    background_progress(0.5, "nobody listens")


def test_interviews_have_it_without_an_import() -> None:
    """In a task it tells the host; the same action in a turn tells nobody."""
    for interface, told in (("worker", [(0.5, "Half of it")]), ("web", [])):
        talk = Talk(TEXT)
        talk.host.interface = interface
        talk.act("work")
        assert talk.host.told == told
