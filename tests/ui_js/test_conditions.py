"""``js show if`` and its kin in Chromium: every kind of field, several conditions, chains, and what is posted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from appliance.interview.screen import Choice, ShowIf, ShownField, html_name
from tests.server.conftest import Running
from tests.ui_js.conftest import Opened
from tests.ui_js.test_screen import END, choices, posted, screen, settled, text


def js(condition: str, *, sign: bool = True, mode: Any = "show") -> ShowIf:
    return ShowIf(None, True, condition, sign, mode)


def many() -> list[ShownField]:
    """A field of each kind that scripts can look at."""
    maybe = [Choice(True, "Yes", "True"), Choice(False, "No", "False"), Choice(None, "Maybe", "None")]
    return [
        text(0, "name", "Name"),
        text(1, "fruit", "Fruit", input_type="radio", choices=choices("Apple", "Plum")),
        text(2, "dish", "Dish", input_type="dropdown", choices=choices("Pie", "Jam")),
        text(3, "likes", "Likes", datatype="checkboxes", choices=choices("Apple", "Plum")),
        text(4, "sure", "Sure", datatype="yesno"),
        text(5, "day", "Day", datatype="date"),
        text(6, "scan", "Scan", datatype="file"),
        text(7, "user.age", "Age", datatype="integer"),
        text(8, "happy", "Happy", datatype="yesnoradio"),
        text(9, "mood", "Mood", input_type="radio", choices=maybe),
        text(10, "both", "Both", datatype="multiselect", choices=choices("Apple", "Plum")),
        text(11, "pet", "Pet", input_type="combobox", choices=choices("Cat", "Dog")),
        text(12, "size", "Size", datatype="range", minimum="0", maximum="10"),
    ]


@pytest.mark.parametrize(("condition", "change"), [
    ('val("name") == "Ford"', "setField('name', 'Ford')"),
    ('val("fruit") == "Plum"', "setField('fruit', 'Plum')"),
    ("val('dish') == 'Jam';", "setField('dish', 'Jam')"),
    ("val(\"likes['Apple']\") && val(\"likes['Plum']\")", "setField('likes', ['Apple', 'Plum'])"),
    ("val('likes[\"Plum\"]') == true", "setField(\"likes['Plum']\", true)"),
    ("val('likes').length == 2", "setField('likes', {Apple: true, Plum: true})"),
    ("val('sure') == true", "setField('sure', true)"),
    ("val('day') > '2026-01-01'", "setField('day', '2026-11-23')"),
    ("val('user.age') >= 18", "setField('user.age', 42)"),
    ("val('happy') === false", "setField('happy', false)"),
    ("val('mood') == 'None'", "setField('mood', 'None')"),
    ("val('both').includes('Plum')", "setField('both', ['Plum'])"),
    ("val('pet') == 'Dog'", "setField('pet', 'Dog')"),
    ("val('size') > 5", "setField('size', 7)"),
    ("getField('name').value.length > 3", "$(getField('name')).val('Ford').trigger('change')"),
    ("// of two\nval('name') == 'Ford'   // at last", "setField('name', 'Ford')"),
    ("val('name') == 'Ford' || val('sure') && val('fruit') == 'Plum'",
     "setField('sure', true); setField('fruit', 'Plum')"),
])
def test_a_condition_looks_at_any_kind_of_field(opened: Opened, condition: str, change: str) -> None:
    """The row appears with the change, and its opposite goes away with it."""
    page = opened(screen(*many(), text(20, "a", "Shown", show_if=[js(condition)]),
                         text(21, "b", "Hidden", show_if=[js(condition, sign=False)]),
                         text(22, "c", "Enabled", show_if=[js(condition, mode="enable")]),
                         text(23, "d", "Disabled", show_if=[js(condition, sign=False, mode="enable")])))
    seen = [page.get_by_label(label, exact=True) for label in ("Shown", "Hidden", "Enabled", "Disabled")]
    expect(seen[0]).to_be_hidden()
    expect(seen[1]).to_be_visible()
    expect(seen[2]).to_be_disabled()
    expect(seen[2]).to_be_visible()
    expect(seen[3]).to_be_enabled()
    page.evaluate(f"() => {{ {change} }}")
    expect(seen[0]).to_be_visible()
    expect(seen[0]).to_be_enabled()
    expect(seen[1]).to_be_hidden()
    expect(seen[2]).to_be_enabled()
    expect(seen[3]).to_be_disabled()
    expect(seen[3]).to_be_visible()


def test_a_condition_looks_at_a_file(opened: Opened) -> None:
    page = opened(screen(*many(), text(20, "a", "Shown", show_if=[js("val('scan') == 'letter.txt'")])))
    expect(page.get_by_label("Shown")).to_be_hidden()
    page.locator("input[type=file]").first.set_input_files(
        {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"Dear"})
    expect(page.get_by_label("Shown")).to_be_visible()
    page.evaluate("setField('scan', 'other.txt')")   # browsers do not allow that; it must not stop the script


def test_a_chain_of_conditions_and_what_is_posted(server: Running, opened: Opened) -> None:
    """What is hidden has no value, so what depends on it is hidden too, and nothing of it is posted."""
    page = opened(screen(
        text(0, "a", "First"), text(1, "b", "Second", show_if=[js("val('a') == '1'")], default="1"),
        text(2, "c", "Third", show_if=[js("val('b') == '1'")], default="1"),
        text(3, "d", "Fourth", show_if=[js("val('c') === null")]),
        text(4, "e", "Fifth", show_if=[ShowIf("c", "1")])), END)
    expect(page.get_by_label("Third")).to_be_hidden()
    expect(page.get_by_label("Fourth")).to_be_visible()
    expect(page.get_by_label("Fifth")).to_be_hidden()
    page.get_by_label("First").press_sequentially("1")
    expect(page.get_by_label("Third")).to_be_visible()
    expect(page.get_by_label("Fifth")).to_be_visible()
    expect(page.get_by_label("Fourth")).to_be_hidden()
    page.get_by_label("First").fill("2")
    expect(page.get_by_label("Third")).to_be_hidden()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()
    sent = posted(server)
    assert not {html_name(name) for name in "bce"} & sent.keys()
    assert json.loads(sent["_visible"][0]) == [html_name(name) for name in "ad"]


def test_conditions_of_both_kinds_on_one_row(opened: Opened) -> None:
    """Shown by one, enabled by the other: a row that may be seen but not used stays visible."""
    page = opened(screen(text(0, "a", "First"), text(1, "b", "Second"), text(2, "c", "Third", show_if=[
        js("val('a') == '1'"), js("val('b') == '1'", mode="enable")])))
    third = page.get_by_label("Third")
    expect(third).to_be_hidden()
    page.get_by_label("First").fill("1")
    expect(third).to_be_visible()
    expect(third).to_be_disabled()
    page.get_by_label("Second").fill("1")
    expect(third).to_be_enabled()


def test_a_mistake_in_a_condition_hides_its_row_only(opened: Opened) -> None:
    page = opened(screen(text(0, "a", "First"), text(1, "b", "Second", show_if=[js("val('a' ==")]),
                         text(2, "c", "Third", show_if=[js("nothing.like.that")]),
                         text(3, "d", "Fourth", show_if=[js("val('a') == '1'")])))
    page.get_by_label("First").fill("1")
    expect(page.get_by_label("Fourth")).to_be_visible()
    expect(page.get_by_label("Second")).to_be_hidden()
    expect(page.get_by_label("Third")).to_be_hidden()


def test_a_condition_follows_what_a_check_in_sets(opened: Opened) -> None:
    """A ``fields`` answer counts like typing, and new choices too."""
    condition = "val('fruit') == 'Plum' && val('dish') == 'Tart'"
    page = opened(screen(*many(), text(20, "a", "Shown", show_if=[js(condition)])))
    settled(page)
    tell(page, {"fruit": "Plum", "dish": {"choices": [["Tart", "A tart"], ["Jam", "Jam"]], "value": "Tart"}})
    expect(page.get_by_label("Shown")).to_be_visible()
    tell(page, {"dish": "Jam"})
    expect(page.get_by_label("Shown")).to_be_hidden()


def tell(page: Page, fields: dict[str, Any]) -> None:
    """Do what the page does when a check-in brings new values."""
    page.evaluate("""async (fields) => {
        const at = [...document.scripts].find((one) => one.src.endsWith('/screen.js')).src.replace('screen.js', '');
        (await import(at + 'commands.js')).apply([{ value: fields, extra: 'fields' }]);
    }""", fields)


def test_a_condition_on_a_note(opened: Opened) -> None:
    """Texts between fields follow conditions too, also such as are raw HTML."""
    page = opened(screen(
        text(0, "a", "First"),
        ShownField(1, None, "note", html="<p>A note</p>", show_if=[js("val('a') == '1'")]),
        ShownField(2, None, "raw html", html="<p>Some HTML</p>", show_if=[js("val('a') == '1'")])))
    expect(page.get_by_text("A note")).to_be_hidden()
    page.get_by_label("First").fill("1")
    expect(page.get_by_text("A note")).to_be_visible()
    expect(page.get_by_text("Some HTML")).to_be_visible()


def test_raw_html_may_open_what_another_row_closes(opened: Opened) -> None:
    page = opened(screen(
        ShownField(0, None, "raw html", html='<div id="box">'), text(1, "a", "First"),
        ShownField(2, None, "raw html", html="</div>"), text(3, "b", "Second")))
    assert page.evaluate("[$('#box [name]').length, $('#daform > .da-form-group').length]") == [1, 1]
