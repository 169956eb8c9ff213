"""Counters of what was done: kept with the answers, undone by Back."""

from __future__ import annotations

import pytest

from appliance.interview.errors import CodeFailed
from tests.interview.talk import Talk

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


def test_persistent_counters_are_refused_in_words() -> None:
    """What would not be kept as promised must not look as if it were."""
    with pytest.raises(CodeFailed, match="persistent=True is not there yet"):
        Talk("""
            mandatory: True
            code: |
              mark_task_as_performed('x', persistent=True)
        """)
