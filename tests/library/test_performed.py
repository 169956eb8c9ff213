"""Counters of what was done: kept with the answers and undone by Back, or beside the steps."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.interview.errors import CodeFailed
from appliance.interview.turn import CountTask
from tests.interview.talk import Talk
from tests.memory_host import MemoryHost

ONCE = """
mandatory: True
code: |
  if task_not_yet_performed('show'):
    mark_task_as_performed('show')
    force_ask('shown')
---
event: shown
question: Shown once
buttons:
  - Ok: continue
---
mandatory: True
question: Over
subquestion: |
  ${ task_performed('show') } ${ times_task_performed('show') } ${ times_task_performed('other') }
"""

COUNTED = """
mandatory: True
question: Your name?
fields:
  - Name: name
---
mandatory: True
code: |
  count = mark_task_as_performed('named') + mark_task_as_performed('named')
  set_task_counter('reset', 5)
  set_task_counter('reset', 0)
---
mandatory: True
question: |
  ${ count } ${ times_task_performed('named') } ${ task_performed('reset') }
"""


def test_something_is_shown_once() -> None:
    """The pattern of the documentation's dialog box: forced once, then never again."""
    talk = Talk(ONCE)
    assert talk.question == "Shown once"
    talk.post({}, "Ok")
    assert talk.question == "Over"
    assert "True 1 0" in talk.screen.subquestion_html


def test_counting_setting_and_going_back() -> None:
    """Each mark adds one and says how many there are; Back undoes them."""
    talk = Talk(COUNTED)
    talk.submit(name="Ann")
    assert talk.question == "3 2 False"
    talk.back()
    talk.submit(name="Bob")
    assert talk.question == "3 2 False"


def test_persistent_counters_stand_beside_the_answers() -> None:
    """Read back in the same turn, over what was committed before; the commit is the session's matter."""
    host = MemoryHost(counters={"told": 4})
    talk = Talk("""
        mandatory: True
        code: |
          seen = [times_task_performed('told', persistent=True), mark_task_as_performed('told', persistent='session'),
                  task_performed('other', persistent=True), mark_task_as_performed('told')]
          set_task_counter('other', 7, persistent=True)
          seen.append(mark_task_as_performed('other', True))
        ---
        mandatory: True
        question: ${ seen }
    """, host=host)
    assert talk.answers["seen"] == [4, 5, False, 1, 8]
    assert talk.outcome is not None
    assert talk.outcome.effects == [CountTask("told"), CountTask("other", 7, anew=True), CountTask("other")]


@pytest.mark.parametrize("scope", ["user", "device", "interview", "global", 1])
def test_wider_scopes_are_refused_in_words(scope: Any) -> None:
    """What would not be kept as promised must not look as if it were."""
    with pytest.raises(CodeFailed, match="use persistent=True"):
        Talk(f"""
            mandatory: True
            code: |
              mark_task_as_performed('x', persistent={scope!r})
        """)
