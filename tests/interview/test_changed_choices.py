"""Drop-down lists whose choices code changed on the page: by a check-in, or by a task that fills fields."""

from __future__ import annotations

import pytest

from appliance.interview import datatypes
from appliance.interview.screen import html_name
from tests.interview.talk import Talk

SCREEN = """
mandatory: True
code: |
  {before}
---
event: work
code: |
  background_response({{'state': {{'choices': ['Bavaria', 'Hesse'], 'value': 'Hesse'}}}}, 'fields')
---
mandatory: True
question: Where?
fields:
  - Country: country
  - State: state
    choices: [Texas, Maine]
{check_in}
---
mandatory: True
question: |
  ${{ country }}, ${{ state }}
"""


@pytest.mark.parametrize(("before", "check_in"), [
    ("task = background_action('work', 'fields')", ""),
    ("pass", "check in: work"),
], ids=["a task fills fields", "the screen checks in"])
def test_a_choice_that_code_offered_is_taken(before: str, check_in: str) -> None:
    """What was chosen from the new list becomes the answer, made harmless; it stays chosen when the form comes back."""
    talk = Talk(SCREEN.format(before=before, check_in=check_in))
    talk.submit(country="", state="Hesse")
    assert talk.errors
    drawn = datatypes.find(talk.screen.fields[1]).control(talk.screen.fields[1], {html_name("state"): ["Hesse"]}, None)
    assert '<option value="Hesse" selected>Hesse</option>' in drawn
    talk.submit(country="Germany", state="Hesse <b>")
    assert talk.question == "Germany, Hesse <b>"


def test_elsewhere_only_the_choices_of_the_screen_count() -> None:
    """Nothing can have changed them."""
    talk = Talk(SCREEN.format(before="pass", check_in=""))
    talk.submit(country="Germany", state="Hesse")
    assert list(talk.errors.values()) == ["This is not one of the choices."]


SEVERAL = """
event: work
code: |
  background_response({'pets': {'choices': ['cow', 'sheep']}}, 'fields')
---
mandatory: True
question: Which?
fields:
  - Name: name
  - Pets: pets
    datatype: multiselect
    choices: [cat, dog]
check in: work
---
mandatory: True
question: ${ pets.true_values() }
"""


def test_several_choices_that_code_offered_are_taken() -> None:
    """In a list in which several can be marked too, beside those of the screen."""
    talk = Talk(SEVERAL)
    chosen = {html_name("pets"): ["cow", "sheep", "dog"]}
    talk.post({html_name("name"): [""], **chosen})
    assert talk.errors
    drawn = datatypes.find(talk.screen.fields[1]).control(talk.screen.fields[1], chosen, None)
    assert '<option value="cow" selected>cow</option>' in drawn
    talk.post({html_name("name"): ["Ann"], **chosen})
    assert sorted(talk.answers["pets"].true_values()) == ["cow", "dog", "sheep"]
