"""``action buttons``: where they stand, what they show, and where they lead."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from appliance.interview.errors import BadInterview, InterviewError
from appliance.interview.screen import Button
from appliance.server.interview import parse_action
from appliance.ui.buttons import draw_buttons
from tests.interview.talk import Talk

QUESTION = """
question: Apples
field: seen
action buttons:
{}
---
code: |
  fruit = 'fig'
---
mandatory: True
code: |
  seen
---
mandatory: True
question: The end
"""


def asked(text: str) -> Talk:
    return Talk(QUESTION.format(text))


def action_of(button: Button) -> object:
    return parse_action(parse_qs(urlsplit(button.url).query)["action"][0])


def test_a_button_runs_an_action_with_arguments() -> None:
    """Texts are filled in, other values stay what they are, and icon and label are drawn as docassemble does."""
    talk = asked("""
  - label: More ${ fruit }
    action: change
    arguments:
      amount: 1
      fruit: ${ fruit }
    color: success
    css class: up
    icon: chevron-up
    forget prior: True
    """)
    going_on, button = talk.screen.buttons
    assert (going_on.kind, button.kind, button.label_html) == ("continue", "link", "More fig")
    assert action_of(button) == ("change", {"amount": 1, "fruit": "fig", "_forget_prior": True})
    drawn = draw_buttons(talk.screen, can_go_back=False)
    assert '<a class="btn btn-success up"' in drawn
    assert '<i class="fa-solid fa-chevron-up" aria-hidden="true"></i> More fig</a>' in drawn
    talk.submit()
    assert talk.question == "The end"


def test_where_they_stand_and_whether_they_are_there() -> None:
    talk = asked("""
  - label: One
    action: change
    placement: before
  - label: Two
    action: https://example.com
    new window: True
  - label: Three
    action: change
    show if: fruit == 'apple'
    """)
    assert [button.label_html for button in talk.screen.buttons] == ["One", "Continue", "Two"]
    assert talk.screen.buttons[2].url == "https://example.com"
    assert 'href="https://example.com" target="_blank" rel="noopener"' in draw_buttons(talk.screen, can_go_back=False)


def test_code_gives_them() -> None:
    talk = asked("""
  code: |
    [{'label': 'Eat ' + fruit, 'action': 'eat', 'arguments': {'fruit': fruit}, 'color': 'secondary'}]
    """)
    assert action_of(talk.screen.buttons[1]) == ("eat", {"fruit": "fig"})
    with pytest.raises(InterviewError, match="list of dictionaries"):
        asked("  code: |\n    ['eat']")
    with pytest.raises(InterviewError, match="needs 'label' and 'action'"):
        asked("  code: |\n    [{'label': 'Eat'}]")


@pytest.mark.parametrize(("text", "words"), [
    ("  - label: More", "needs 'action'"),
    ("  - More", "has 'label' and 'action'"),
    ("  - label: More\n    action: change\n    colour: red", "did you mean 'color'"),
])
def test_mistakes_are_named(text: str, words: str) -> None:
    with pytest.raises(BadInterview, match=words):
        asked(text)
