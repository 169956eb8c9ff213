"""Check-ins as turns: which of those that wait run, and what stays of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from appliance.interview.turn import BackgroundAnswer, CheckIn
from tests.sessions.house import ANN, House, run, screen_of

INTERVIEW = """
mandatory: True
code: |
  count, told = 0, []
---
question: Name?
fields:
  - Name: name
check in: looked
---
question: Age?
fields:
  - Age: age
check in: looked
---
event: looked
code: |
  {order}
  count += 1
  told.append([action_argument('_changed'), action_argument('name')])
  background_response(target='x', content=str(count))
---
mandatory: True
question: |
  ${{ name }} ${{ age }} ${{ count }} ${{ told }}
"""


def interview(order: str = "pass") -> str:
    return INTERVIEW.format(order=order)


def looked(changed: str | None = None, name: str = "", *, initial: bool = False) -> CheckIn:
    return CheckIn("looked", {"name": name}, changed, initial)


async def at_once(house: House, revision: int, session_id: str, *check_ins: CheckIn, tabs: str = "") -> list[bool]:
    """Which of these, that come at the same time, run. `tabs` names the tab of each by a letter."""
    turns = [house.turns.check_in(session_id, ANN, one, revision, tab)
             for one, tab in zip(check_ins, tabs or "a" * len(check_ins), strict=True)]
    return [reply.ending is not None for reply in await asyncio.gather(*turns)]


@pytest.mark.parametrize(("check_ins", "tabs", "expected"), [
    ((looked(), looked(), looked()), "", [False, False, True]),
    ((looked(initial=True), looked("name"), looked()), "", [True, True, True]),
    ((looked("name"), looked("age"), looked("name")), "", [False, True, True]),
    ((looked(), looked("name")), "", [False, True]),
    ((looked(), looked()), "ab", [True, True]),
], ids=["periodic ones", "the first one and a change", "changes", "a change after a periodic one", "two tabs"])
def test_of_those_that_wait_all_news_is_told(tmp_path: Path, check_ins: tuple[CheckIn, ...], tabs: str,
                                             expected: list[bool]) -> None:
    """The newest of a tab runs, and the older ones that tell of something else: the first one, and other changes."""
    async def test(house: House) -> None:
        begun = await house.begin()
        assert await at_once(house, begun.revision, begun.session_id, *check_ins, tabs=tabs) == expected
    run(tmp_path, test, interview())


@pytest.mark.parametrize(("order", "count"), [
    ("pass", 2), ("set_save_status('overwrite')", 2), ("set_save_status('new')", 2), ("set_save_status('ignore')", 0)])
def test_changes_belong_to_the_step_that_is_there(tmp_path: Path, order: str, count: int) -> None:
    """No step is added, the open form counts, and Back leads to the screen before with what the action had changed."""
    async def test(house: House) -> None:
        begun = await house.begin()
        for name in ("A", "Ab"):
            reply = await house.turns.check_in(begun.session_id, ANN, looked("name", name), begun.revision)
            assert isinstance(reply.ending, BackgroundAnswer)
            assert (reply.steps, reply.can_go_back, reply.revision) == (begun.steps, False, begun.revision)
        asked = await house.submit(begun, name="Abe")
        assert asked.steps == begun.steps + 1
        back = await house.turns.back(begun.session_id, ANN, "back", asked.revision)
        assert screen_of(back).question_text == "Name?"
        again = await house.submit(back, name="Abel")
        await house.turns.check_in(begun.session_id, ANN, looked("age"), again.revision)
        more = 0 if "ignore" in order else 1
        assert screen_of(await house.submit(again, age="7")).question_text.startswith(f"Abel 7 {count + more} ")
    run(tmp_path, test, interview(order))


def test_one_that_comes_after_the_submit_does_nothing(tmp_path: Path) -> None:
    """Whether it waited behind it or comes later, also where the next screen has the same action."""
    async def test(house: House) -> None:
        begun = await house.begin()
        asked, late = await asyncio.gather(
            house.submit(begun, name="Abe"),
            house.turns.check_in(begun.session_id, ANN, looked("name", "Ab"), begun.revision))
        later = await house.turns.check_in(begun.session_id, ANN, looked("name", "Ab"), begun.revision)
        assert (late.ending, later.ending) == (None, None)
        assert screen_of(await house.submit(asked, age="7")).question_text == "Abe 7 0 []"
    run(tmp_path, test, interview())


def test_a_form_that_was_refused_can_still_be_checked_in(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        begun = await house.begin()
        refused = await house.submit(begun, name="")
        reply = await house.turns.check_in(begun.session_id, ANN, looked("name", "Ab"), refused.revision)
        assert isinstance(reply.ending, BackgroundAnswer)
    run(tmp_path, test, interview())
