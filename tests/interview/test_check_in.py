"""Check-ins: what their action is told, what it may answer, what is kept of it, and where its texts can go."""

from __future__ import annotations

import dataclasses
import textwrap
from typing import Any

import pytest

from appliance.interview.errors import BadInterview
from appliance.interview.turn import BackgroundAnswer, CheckIn, Ending
from tests.interview.talk import Talk

SCREEN = """
mandatory: True
question: Food
fields:
  - Favorite food: food
  - Country: country
    required: False
check in: look
---
mandatory: True
question: The end
---
"""


def check_in(code: str, fields: dict[str, str] | None = None, changed: str | None = None, **more: Any) -> Ending:
    """What an action answers with this code."""
    talk = Talk(SCREEN + "event: look\ncode: |\n" + textwrap.indent(textwrap.dedent(code), "  "))
    return talk.turn(CheckIn("look", fields or {}, changed, **more))


def answer(code: str, fields: dict[str, str] | None = None, changed: str | None = None, **more: Any) -> Any:
    ending = check_in(code, fields, changed, **more)
    assert isinstance(ending, BackgroundAnswer), ending
    return ending


def test_the_arguments() -> None:
    """The fields' texts as they are; `_initial` and `_changed` only by name."""
    code = "background_response([action_arguments(), action_argument('_initial'), action_argument('_changed')])"
    assert answer(code, {"food": "23.2", "fruit['apple']": "True"}, "food").value == [
        {"food": "23.2", "fruit['apple']": "True"}, False, "food"]
    assert answer(code, {"food": ""}, initial=True).value == [{"food": ""}, True, None]
    assert answer("background_response([action_argument('elsewhere'), action_argument()])").value == [None, "look"]


@pytest.mark.parametrize(("code", "value", "kind"), [
    ("background_response(target='t', content='<b>x</b>')", {"target": "t", "content": "<b>x</b>"}, None),
    ("background_response([dict(target='t', content='x')])", [{"target": "t", "content": "x"}], None),
    ("background_response({'food': 'soup'}, 'fields')", {"food": "soup"}, "fields"),
    ("background_response('Hello', 'flash')", "Hello", "flash"),
    ("background_response('run()', 'javascript')", "run()", "javascript"),
    ("background_response('refresh')", "refresh", "refresh"),
    ("background_response()", {}, None),
])
def test_ways_of_answering(code: str, value: Any, kind: str | None) -> None:
    given = answer(code)
    assert (given.value, given.kind) == (value, kind)


@pytest.mark.parametrize("choices", [
    "['DE', 'FR']", "{'DE': 'Germany', 'FR': 'France'}", "[{'DE': 'Germany'}, {'FR': 'France'}]",
    "[['DE', 'Germany'], ['FR', 'France']]",
], ids=["texts", "dictionary", "dictionaries", "pairs"])
def test_forms_of_choices(choices: str) -> None:
    """All four come to pairs of value and label; `value` goes along."""
    labels = ["DE", "FR"] if choices == "['DE', 'FR']" else ["Germany", "France"]
    code = f"background_response({{'country': {{'choices': {choices}, 'value': 'FR'}}}}, 'fields')"
    assert answer(code).value == {"country": {"choices": [["DE", labels[0]], ["FR", labels[1]]], "value": "FR"}}


def test_values_that_controls_take() -> None:
    """Dates are not written in the words of a language; groups of docassemble's are plain."""
    code = """
    boxes = DADict('boxes', elements={'salt': True}, auto_gather=False, gathered=True)
    towns = DAList('towns', elements=['Bonn'], auto_gather=False, gathered=True)
    background_response({'day': as_datetime('2031-02-03').date(), 'boxes': boxes, 'town': {'choices': towns,
        'value': towns[0]}}, 'fields')
    """
    assert answer(code).value == {
        "day": "2031-02-03", "boxes": {"salt": True}, "town": {"choices": [["Bonn", "Bonn"]], "value": "Bonn"}}


def test_an_action_that_answers_nothing_is_all_right() -> None:
    assert check_in("seen = action_argument('food')", {"food": "soup"}) is None


def test_a_template_with_a_target() -> None:
    """Named by `check in`, and mentioned at the end of code: its Markdown goes to its target."""
    template = "template: look\ntarget: place\ncontent: |\n  *${ action_argument('food') }*\n"
    talk = Talk(SCREEN + template)
    ending = talk.turn(CheckIn("look", {"food": "soup"}))
    assert ending == BackgroundAnswer({"target": "place", "content": "<p><em>soup</em></p>"}, "backgroundresponse")
    talk = Talk(SCREEN + "event: look\ncode: |\n  shout = action_argument('food').upper()\n  said\n---\n"
                "template: said\ntarget: place\ncontent: |\n  ${ shout }!\n")
    for word in ("soup", "pie"):
        ending = talk.turn(CheckIn("look", {"food": word}))
        assert isinstance(ending, BackgroundAnswer)
        assert ending.value == {"target": "place", "content": f"<p>{word.upper()}!</p>"}


def test_a_template_that_the_screen_shows_as_well() -> None:
    """Its text stands in the screen from the start, and code that mentions it still sends it to its target."""
    talk = Talk("""
    mandatory: True
    question: Food
    subquestion: "[TARGET place] ${ said }"
    fields:
      - Favorite food: food
    check in: look
    ---
    event: look
    code: |
      seen = True
      said
    ---
    template: said
    target: place
    content: |
      ${ action_argument('food') or 'nothing' }
    """)
    assert "nothing" in talk.screen.subquestion_html
    for word in ("soup", "pie"):
        ending = talk.turn(CheckIn("look", {"food": word}))
        assert isinstance(ending, BackgroundAnswer)
        assert ending.value == {"target": "place", "content": f"<p>{word}</p>"}


@pytest.mark.parametrize(("order", "kept"), [("", "overwrite"), ("set_save_status('overwrite')\n", "overwrite"),
                                             ("set_save_status('ignore')\n", "ignore")])
def test_what_is_kept(order: str, kept: str) -> None:
    """Changes belong to the current step, unless the action says that they are nothing to keep."""
    talk = Talk(SCREEN + "event: look\ncode: |\n" + textwrap.indent(order + "seen = True\n", "  "))
    talk.turn(CheckIn("look"))
    assert talk.outcome is not None
    assert talk.outcome.save == kept


TARGETS = """
mandatory: True
question: Question [TARGET one]
subquestion: Below [TARGET one]
under: Under [TARGET one]
right: Right [TARGET one]
pre: Before [TARGET one]
post: After [TARGET one]
submit: Above the buttons [TARGET one]
help: Help [TARGET one]
fields:
  - Label [TARGET one]: food
    help: Help for it [TARGET one]
  - note: Note [TARGET one]
  - html: "<i>Html</i> [TARGET one]"
  - Boxes: boxes
    datatype: checkboxes
    choices:
      - Box [TARGET one]: box
check in: look
"""


def test_targets_everywhere() -> None:
    """Every text of a screen can hold a target."""
    screen = Talk(TARGETS).screen
    place = '<span class="datargetone"></span>'
    texts = [screen.question_html, screen.subquestion_html, screen.under_html, screen.right_html, screen.pre_html,
             screen.post_html, screen.submit_html, screen.help[0].content_html, screen.fields[0].label_html,
             screen.fields[0].help_html, screen.fields[1].html, screen.fields[2].html,
             screen.fields[3].choices[0].label_html]
    assert [text for text in texts if place not in str(text)] == []
    assert "TARGET" not in str(dataclasses.asdict(screen))


def test_the_name_of_a_target_loses_what_no_class_can_have() -> None:
    talk = Talk("mandatory: True\nquestion: x\nsubquestion: '[TARGET my-place.two]'\n")
    assert "datargetmyplacetwo" in talk.screen.subquestion_html


def test_while_typing() -> None:
    talk = Talk(SCREEN.replace("check in: look", "check in: look\ncheck in delay: 400"))
    assert talk.screen.check_in_delay == 400


@pytest.mark.parametrize(("lines", "message"), [
    ("check in: look\ncheck in delay: soon", "'check in delay' must be a whole number of milliseconds, at least 100"),
    ("check in: look\ncheck in delay: 20", "'check in delay' must be a whole number of milliseconds, at least 100"),
    ("check in: look\ncheck in delay: True", "'check in delay' must be a whole number of milliseconds, at least 100"),
    ("check in delay: 400", "'check in delay' says when an action runs, and there is none"),
    ("check in: look\ncheck-in delay: 400", "a question block has no key 'check-in delay'"),
])
def test_a_wrong_delay(lines: str, message: str) -> None:
    with pytest.raises(BadInterview) as raised:
        Talk(SCREEN.replace("check in: look", lines))
    assert raised.value.message == message
    assert raised.value.line is not None


@pytest.mark.parametrize("interval", ["500", "often", "-1", "True", "2000.5"])
def test_a_wrong_interval(interval: str) -> None:
    """The interview does not start, and its line is named."""
    with pytest.raises(BadInterview) as raised:
        Talk(f"features:\n  navigation: True\n  checkin interval: {interval}\n---\n" + SCREEN)
    assert raised.value.line == 3
    assert "at least 1000, or 0" in raised.value.message


@pytest.mark.parametrize("interval", [0, 1000, 9000])
def test_an_interval(interval: int) -> None:
    talk = Talk(f"features:\n  checkin interval: {interval}\n---\n" + SCREEN)
    assert talk.screen.features["checkin interval"] == interval
