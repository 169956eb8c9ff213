"""``show if`` and its kin are decided on the server as in the browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appliance.interview import datatypes
from appliance.interview.screen import Choice, Screen, ShowIf, ShownField, html_name

FRUIT = [Choice("apple", "Apple", "apple"), Choice("pear", "Pear", "pear")]


def screen(*fields: ShownField) -> Screen:
    for number, field in enumerate(fields):
        field.number = number
    return Screen("block", "fields", "Q", "Q", fields=list(fields))


def field(variable: str | None, datatype: str = "text", *conditions: ShowIf, **more: Any) -> ShownField:
    return ShownField(0, variable, datatype=datatype, show_if=list(conditions), **more)


def post(**values: str) -> dict[str, list[str]]:
    return {html_name(name) if not name.startswith("_") else name: [value] for name, value in values.items()}


@pytest.mark.parametrize(("decider", "condition", "value", "shown"), [
    (field("a", "yesno"), ShowIf("a"), "True", True),
    (field("a", "yesno"), ShowIf("a"), None, False),
    (field("a", "yesno"), ShowIf("a", equals=False), None, True),
    (field("a", "yesno"), ShowIf("a", sign=False), "True", False),
    (field("a", "yesno"), ShowIf("a", sign=False, mode="enable"), None, True),
    (field("a", "noyes"), ShowIf("a"), None, True),
    (field("a", "noyes"), ShowIf("a"), "False", False),
    (field("a", "yesnoradio"), ShowIf("a"), "True", True),
    (field("a", "yesnomaybe"), ShowIf("a", equals=None), "None", True),
    (field("a"), ShowIf("a", equals="apple"), "apple", True),
    (field("a"), ShowIf("a", equals="apple"), "Apple", False),
    (field("a", "integer"), ShowIf("a", equals=3), "3", True),
    (field("a", "radio", choices=[Choice(7, "Seven", "k7")]), ShowIf("a", equals=7), "k7", True),
    (field("a", "combobox", choices=FRUIT), ShowIf("a", equals="pear"), "Pear", True),
    (field("a", "multiselect", choices=FRUIT), ShowIf("a", equals="pear"), "pear", True),
    (field("a", "multiselect", choices=FRUIT), ShowIf("a['pear']"), "apple", False),
])
def test_one_condition(decider: ShownField, condition: ShowIf, value: str | None, shown: bool) -> None:
    """The posted text is compared with the text of the value, as docassemble's pages do."""
    made = screen(decider, field("b", "text", condition))
    posted = {} if value is None else post(a=value)
    assert (1 in datatypes.visible(made, posted)) is shown


@pytest.mark.parametrize("variable", ["a['pear']", 'a["pear"]'])
@pytest.mark.parametrize(("checked", "shown"), [("pear", True), ("apple", False)])
def test_one_box_of_checkboxes(variable: str, checked: str, shown: bool) -> None:
    """A condition may be about one box, in either kind of quotes."""
    made = screen(field("a", "checkboxes", choices=FRUIT), field("b", "text", ShowIf(variable)))
    assert (1 in datatypes.visible(made, {html_name(f"a[{checked!r}]"): ["True"]})) is shown
    [[condition]] = datatypes.conditions(made).values()
    assert condition["name"] == html_name("a['pear']")
    assert condition["equals"] == ["True"]


def test_a_hidden_field_hides_what_depends_on_it() -> None:
    """Of a chain, everything behind a hidden link is hidden, in whatever order the fields stand."""
    made = screen(field("c", "text", ShowIf("b", equals="x")), field("b", "text", ShowIf("a")), field("a", "yesno"))
    values = post(b="x", c="y")
    assert datatypes.visible(made, values) == {2}
    assert datatypes.visible(made, values | post(a="True")) == {0, 1, 2}


def test_several_conditions_must_all_hold() -> None:
    """A field with two conditions needs both."""
    made = screen(field("a", "yesno"), field("b", "yesno"), field("c", "text", ShowIf("a"), ShowIf("b", sign=False)))
    assert 2 in datatypes.visible(made, post(a="True"))
    assert 2 not in datatypes.visible(made, post(a="True", b="True"))


def test_a_circle_ends() -> None:
    """Two fields that depend on each other are decided, not an endless loop."""
    made = screen(field("a", "yesno", ShowIf("b")), field("b", "yesno", ShowIf("a")))
    assert datatypes.visible(made, post(a="True", b="True")) == {0, 1}


@pytest.mark.parametrize(("said", "shown"), [
    (json.dumps([html_name("b")]), True), ("[]", False), ("", True), ("{broken", True), ("7", True),
])
def test_conditions_in_javascript(said: str, shown: bool) -> None:
    """The server cannot decide them: what the browser said holds; without it the field counts."""
    made = screen(field("b", "text", ShowIf(javascript="val('a') > 3")))
    assert (0 in datatypes.visible(made, {"_visible": [said]})) is shown


@pytest.mark.parametrize(("posted", "shown"), [
    (["Red", ""], {0, 3}),         # without a script nothing is disabled
    (["Red"], {0, 3}),             # with it, the other rows post nothing
    (["", "Orange"], {2, 3}),
    (["", ""], {2, 3}),
])
def test_disable_others_with_one_variable_twice(posted: list[str], shown: set[int]) -> None:
    """A list of choices and a text box for anything else: the one that was filled in counts."""
    made = screen(field("a", choices=[Choice("Red", "Red", "Red")], disable_others=["a", "c"]), field(None),
                  field("a"), field("b"))
    assert datatypes.visible(made, {html_name("a"): posted, html_name("b"): ["why"]}) - {1} == shown


def test_disable_others_all() -> None:
    """A filled field with ``disable others: True`` is alone; an empty one leaves the answer to the others."""
    made = screen(field("a", choices=FRUIT, disable_others=True), field("b"), field("c", "yesno"))
    assert datatypes.visible(made, post(a="apple")) == {0}
    assert datatypes.visible(made, post(a="", b="x")) == {1, 2}
    alone = screen(field("a", choices=FRUIT, disable_others=True))
    assert datatypes.visible(alone, post(a="")) == {0}


def test_an_other_field_that_sets_the_same_variable() -> None:
    """“Other” in a list shows a text box for the same variable, whose text then counts."""
    cars = [Choice("Honda", "Honda", "Honda"), Choice("Other", "Other", "Other")]
    made = screen(field("a", choices=cars), field("a", "text", ShowIf("a", equals="Other")))
    assert datatypes.visible(made, {html_name("a"): ["Honda"]}) == {0}
    posted = {html_name("a"): ["Other", "Ferrari"]}
    assert datatypes.visible(made, posted) == {1}
    assert datatypes.find(made.fields[1]).read(made.fields[1], posted) == "Ferrari"


def test_a_condition_on_a_variable_that_is_not_on_the_screen() -> None:
    """It never holds."""
    made = screen(field("b", "text", ShowIf("z")), field("c", "text", ShowIf("z", sign=False)), field(None))
    assert datatypes.visible(made, {}) == {1, 2}
