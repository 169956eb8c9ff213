"""Asking anew: force_ask() and force_gather() in the forms that docassemble documents, and process_action()."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.interview.turn import Action, Response
from tests.interview.talk import Talk

FOOD = """
---
code: |
  tries = 0
---
mandatory: True
code: |
  tries
  fruit
  vegetable
---
mandatory: True
question: You like ${ fruit } and ${ vegetable }, ${ tries }
---
question: Fruit?
fields:
  - Fruit: fruit
---
question: Vegetable?
fields:
  - Vegetable: vegetable
---
code: |
  secret = fruit + '!'
---
event: count
code: |
  tries += action_argument('by') or 1
"""


def fed(text: str) -> Talk:
    """An interview that has come to its end once."""
    talk = Talk(text + FOOD)
    talk.submit(fruit="fig")
    talk.submit(vegetable="leek")
    return talk


def go(call: str) -> Talk:
    talk = fed(f"event: go\ncode: |\n  {call}")
    talk.turn(Action("go"))
    return talk


@pytest.mark.parametrize("call", ["force_ask('fruit', 'vegetable')", "force_ask(['fruit', 'vegetable'])"])
def test_several_are_asked_in_their_order_with_the_old_answers(call: str) -> None:
    talk = go(call)
    assert (talk.question, talk.screen.fields[0].default) == ("Fruit?", "fig")
    talk.submit(fruit="plum")
    assert talk.question == "Vegetable?"
    talk.submit(vegetable="kale")
    assert talk.question == "You like plum and kale, 0"


@pytest.mark.parametrize(("requests", "end"), [
    ("'fruit', {'action': 'count', 'arguments': {'by': 5}}", "You like plum and leek, 5"),
    ("'fruit', {'undefine': ['tries']}, {'action': 'count'}", "You like plum and leek, 1"),
    ("{'set': [{'vegetable': 'kale'}]}, 'fruit'", "You like plum and kale, 0"),
    ("'fruit', {'recompute': ['tries']}", "You like plum and leek, 0"),
])
def test_actions_and_orders_among_them(requests: str, end: str) -> None:
    talk = go(f"force_ask({requests})")
    assert talk.question == "Fruit?"
    talk.submit(fruit="plum")
    assert talk.question == end


def test_what_waits_is_forgotten_on_demand() -> None:
    """``forget_prior=True``: the action that was interrupted does not come again."""
    talk = fed("event: outer\ncode: |\n  force_ask('fruit', 'vegetable')\n---\n"
               "event: inner\ncode: |\n  force_ask('vegetable', forget_prior=True)")
    talk.turn(Action("outer"))
    talk.turn(Action("inner"))
    assert talk.question == "Vegetable?"
    talk.submit(vegetable="kale")
    assert talk.question == "You like fig and kale, 0"


def test_letters_stand_for_what_they_stand_for_in_the_block() -> None:
    """In a block for ``people[i]``, ``force_ask('people[i].age')`` asks for that person's."""
    talk = Talk("""
        objects:
          - people: DAList.using(object_type=Individual, gathered=True)
        ---
        mandatory: True
        code: |
          people.appendObject()
          people.appendObject()
          people.gathered = True
        ---
        mandatory: True
        code: |
          people[1].looked_at
        ---
        code: |
          people[i].looked_at = True
          force_ask('people[i].age')
        ---
        question: Age of ${ i }?
        fields:
          - Age: people[i].age
            datatype: integer
        ---
        mandatory: True
        question: The end
        """)
    assert talk.question == "Age of 1?"
    talk.post({field.html_name: ["42"] for field in talk.screen.fields})
    assert talk.question == "The end"
    assert talk.answers["people"][1].age == 42


def test_gathering_asks_only_what_is_missing() -> None:
    talk = Talk("event: go\ncode: |\n  force_gather('fruit', 'vegetable')\n  json_response([fruit, vegetable])" + FOOD)
    talk.submit(fruit="fig")
    talk.turn(Action("go"))
    assert talk.question == "Vegetable?"
    ending: Any = talk.submit(vegetable="leek")
    assert isinstance(ending, Response)
    assert ending.body == b'["fig", "leek"]'


@pytest.mark.parametrize("interface", ["web", "cron", "worker"])
def test_where_actions_run_is_the_interviews_choice(interface: str) -> None:
    """``process_action()`` in an initial block runs them there, after what stands before it; tasks and events too."""
    talk = Talk("initial: True\ncode: |\n  role = 'cook'\n  process_action()\n---\n"
                "event: who\ncode: |\n  json_response(role)" + FOOD)
    talk.submit(fruit="fig")
    talk.host.interface = interface
    ending = talk.turn(Action("who"))
    assert isinstance(ending, Response)
    assert ending.body == b'"cook"'
