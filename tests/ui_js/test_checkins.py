"""Check-ins in Chromium: what the action is told and when, what its answers do, that nobody who types is disturbed."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from appliance.config import Settings
from appliance.interview.screen import Choice, Screen, ShowIf, ShownField, html_name
from appliance.interview.turn import BackgroundAnswer, CheckIn, Ending
from appliance.sessions.reply import Notice
from tests.server.conftest import Running
from tests.ui_js.conftest import Opened

Answer = Callable[[CheckIn], Ending]
TARGET = '<p><span class="datargett"></span></p>'
END = Screen(block="end", kind="end", question_html="The end", question_text="The end", title="Test")


def screen(*fields: ShownField, **options: Any) -> Screen:
    return Screen(**{"block": "q", "kind": "fields", "question_html": "A question", "question_text": "A question",
                     "title": "Test", "fields": list(fields), "check_in": "look", "subquestion_html": TARGET} | options)


def text(number: int, variable: str, label: str, **options: Any) -> ShownField:
    return ShownField(number, variable, label_html=label, **options)


def choices(*texts: str) -> list[Choice]:
    return [Choice(one, one.title(), one) for one in texts]


def answers(server: Running, answer: Answer) -> None:
    """What check-ins are answered from now on."""
    async def answered(check_in: CheckIn) -> Ending:
        return answer(check_in)
    server.turns.answer_check_in = answered


class Held:
    """Answers that are held back until the test lets them go."""

    def __init__(self, server: Running, answer: Answer) -> None:
        self._loop = server.loop
        self._free = asyncio.Event()
        self._answer = answer
        server.turns.answer_check_in = self.answer

    async def answer(self, check_in: CheckIn) -> Ending:
        await self._free.wait()
        return self._answer(check_in)

    def let_go(self) -> None:
        self._loop.call_soon_threadsafe(self._free.set)


def fields_answer(values: dict[str, Any]) -> BackgroundAnswer:
    return BackgroundAnswer(values, "fields")


def checked_in(page: Page, server: Running, times: int) -> None:
    """Until so many check-ins were asked for."""
    for _ in range(200):
        if len(server.turns.check_ins) >= times:
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"{len(server.turns.check_ins)} check-ins, not {times}")


def settled(page: Page) -> None:
    page.wait_for_timeout(60)   # what a change leads to is told after a moment
    page.wait_for_function("jQuery.active === 0")


def leave(control: Locator) -> None:
    control.blur()


# -- what the action is told ------------------------------------------------------------------------------------------


KINDS = screen(
    text(0, "name", "Name"), text(1, "story", "Story", datatype="area"), text(2, "born", "Born", datatype="date"),
    text(3, "age", "Age", datatype="integer"),
    text(4, "sure", "Sure", datatype="range", minimum="0", maximum="10", default=5),
    text(5, "agree", "Agree", datatype="yesno"), text(6, "refuse", "Refuse", datatype="noyes"),
    text(7, "owns", "Owns", datatype="yesnoradio"),
    text(8, "fruit", "Fruit", datatype="checkboxes", choices=choices("apple", "pear")),
    text(9, "color", "Color", datatype="radio", choices=choices("red", "blue")),
    text(10, "town", "Town", input_type="dropdown", choices=choices("bonn", "ulm")),
    text(11, "pets", "Pets", datatype="multiselect", choices=choices("cat", "dog")),
    text(12, "car", "Car", input_type="combobox", choices=choices("audi", "opel")),
    text(13, "token", "Token", datatype="hidden", default="abc"), text(14, "proof", "Proof", datatype="file"),
    text(15, "secret", "Secret", show_if=[ShowIf(variable="name", equals="Ann")]))


def test_the_texts_of_all_kinds_of_fields(server: Running, opened: Opened) -> None:
    """Raw texts: check boxes one by one and as a list, keys of choices, names of files; nothing of hidden fields."""
    page = opened(KINDS)
    checked_in(page, server, 1)
    first = server.turns.check_ins[0]
    assert first.initial
    assert first.changed is None
    assert first.fields == {
        "name": "", "story": "", "born": "", "age": "", "sure": "5", "agree": "False", "refuse": "True", "owns": "",
        "fruit": "[]", "fruit['apple']": "False", "fruit['pear']": "False", "color": "", "town": "", "pets": "[]",
        "car": "", "token": "abc", "proof": ""}
    page.get_by_label("Name", exact=True).fill("Ann")
    page.get_by_label("Story", exact=True).fill("one\ntwo")
    page.get_by_label("Born", exact=True).fill("2001-02-03")
    page.get_by_label("Age", exact=True).fill("1o")
    page.get_by_text("Agree").click()
    page.get_by_text("Refuse").click()
    page.get_by_text("Yes", exact=True).click()
    page.get_by_text("Pear").click()
    page.get_by_text("Blue").click()
    page.get_by_label("Town", exact=True).select_option("ulm")
    page.get_by_label("Pets", exact=True).select_option(["cat", "dog"])
    page.get_by_label("Car", exact=True).fill("Opel")
    page.locator("input[type=file]").set_input_files({"name": "deed.txt", "mimeType": "text/plain", "buffer": b"x"})
    page.get_by_label("Secret", exact=True).fill("hush")
    leave(page.get_by_label("Secret", exact=True))
    settled(page)
    last = server.turns.check_ins[-1]
    assert (last.changed, last.initial) == ("secret", False)
    assert last.fields == {
        "name": "Ann", "story": "one\ntwo", "born": "2001-02-03", "age": "1o", "sure": "5", "agree": "True",
        "refuse": "False", "owns": "True", "fruit": '["pear"]', "fruit['apple']": "False", "fruit['pear']": "True",
        "color": "blue", "town": "ulm", "pets": '["cat","dog"]', "car": "opel", "token": "abc", "proof": "deed.txt",
        "secret": "hush"}


def test_every_change_is_told_also_of_fields_that_change_at_once(server: Running, opened: Opened) -> None:
    """While one check-in is on its way, others wait in order; none is lost to a later one."""
    page = opened(screen(text(0, "a", "A"), text(1, "b", "B"), text(2, "c", "C")))
    checked_in(page, server, 1)
    held = Held(server, lambda check_in: BackgroundAnswer(None))
    for name in ("A", "B", "A", "C"):
        control = page.get_by_label(name, exact=True)
        control.press_sequentially("x")
        leave(control)
        page.wait_for_timeout(50)
    held.let_go()
    checked_in(page, server, 4)
    settled(page)
    assert [one.changed for one in server.turns.check_ins[1:]] == ["a", "b", "a", "c"]


def test_a_change_that_did_not_get_through_is_told_later(server: Running, opened: Opened) -> None:
    """The network fails for a moment: the next check-in tells the change."""
    server.application.parts.settings = Settings({"checkin interval": 1000})
    page = opened(screen(text(0, "a", "A")))
    checked_in(page, server, 1)
    page.route("**/checkin?*", lambda route: route.abort(), times=1)
    page.get_by_label("A", exact=True).fill("x")
    leave(page.get_by_label("A", exact=True))
    checked_in(page, server, 2)
    assert server.turns.check_ins[1].changed == "a"


def test_the_interval_of_the_interview(server: Running, opened: Opened) -> None:
    """`features: checkin interval` counts before the configuration; 0 is none; changes are told all the same."""
    server.application.parts.settings = Settings({"checkin interval": 0})
    page = opened(screen(text(0, "a", "A"), features={"checkin interval": 1000}))
    checked_in(page, server, 3)
    assert [one.initial for one in server.turns.check_ins[:3]] == [True, False, False]
    quiet = opened(screen(text(0, "a", "A")))
    assert quiet.evaluate("JSON.parse(document.getElementById('dasettings').textContent).checkinInterval") == 0
    page.close()
    settled(quiet)
    before = len(server.turns.check_ins)
    quiet.wait_for_timeout(1500)
    assert len(server.turns.check_ins) == before
    quiet.get_by_label("A", exact=True).fill("x")
    leave(quiet.get_by_label("A", exact=True))
    checked_in(quiet, server, before + 1)


def test_while_one_types(server: Running, opened: Opened) -> None:
    """`check in delay`: told in the pauses, once for each text, and not again when the field is left."""
    page = opened(screen(text(0, "fruit", "Fruit"), check_in_delay=150))
    checked_in(page, server, 1)
    fruit = page.get_by_label("Fruit", exact=True)
    fruit.press_sequentially("app", delay=20)
    expect(page.locator(".datargett")).to_have_text("app")
    expect(fruit).to_be_focused()
    fruit.press_sequentially("le", delay=20)
    expect(page.locator(".datargett")).to_have_text("apple")
    leave(fruit)
    settled(page)
    assert [(one.changed, one.fields["fruit"]) for one in server.turns.check_ins[1:]] == [
        ("fruit", "app"), ("fruit", "apple")]


def test_two_tabs(server: Running, opened: Opened) -> None:
    """Each tab of a browser checks in for itself: under its own name, with its own texts, and gets its own answers."""
    page = opened(screen(text(0, "fruit", "Fruit")))
    checked_in(page, server, 1)
    other = page.context.new_page()
    other.goto(page.url)
    checked_in(other, server, 2)
    for one, words in ((page, "apple"), (other, "pear")):
        one.get_by_label("Fruit", exact=True).fill(words)
        leave(one.get_by_label("Fruit", exact=True))
    expect(page.locator(".datargett")).to_have_text("apple")
    expect(other.locator(".datargett")).to_have_text("pear")
    assert len(set(server.turns.tabs)) == 2


# -- the ways of answering --------------------------------------------------------------------------------------------


def test_one_target_and_several(server: Running, opened: Opened) -> None:
    """Raw HTML goes into each place of that name; what is the same as before is not drawn again."""
    answers(server, lambda check_in: BackgroundAnswer(
        {"target": "t", "content": "<b>One</b>"} if check_in.initial else
        [{"target": "t", "content": "<b>Two</b>"}, {"target": "u", "content": "Three"}]))
    page = opened(screen(text(0, "a", "A"), under_html=TARGET + '<span class="datargetu"></span>'))
    expect(page.locator(".datargett b")).to_have_text(["One", "One"])
    leave_changed(page, "A", "x")
    expect(page.locator(".datargett b")).to_have_text(["Two", "Two"])
    expect(page.locator(".datargetu")).to_have_text("Three")
    page.evaluate("document.querySelector('.datargett b').mark = 1")
    leave_changed(page, "A", "y")
    settled(page)
    assert page.evaluate("document.querySelector('.datargett b').mark") == 1


def leave_changed(page: Page, label: str, words: str) -> None:
    page.get_by_label(label, exact=True).fill(words)
    leave(page.get_by_label(label, exact=True))


VALUES: dict[str, Any] = {
    "name": "Ann", "story": "one\ntwo", "born": "2001-02-03T00:00:00", "age": 7, "sure": 8, "agree": True,
    "refuse": False, "owns": False, "fruit": {"apple": True, "pear": False}, "color": "blue", "town": "ulm",
    "pets": ["dog"], "car": "opel", "token": "xyz", "proof": "nothing"}


def test_values_for_all_kinds_of_fields(server: Running, opened: Opened) -> None:
    """The fields have what the answer says, also ranges with their number, and what hangs on them follows."""
    answers(server, lambda check_in: fields_answer(VALUES) if check_in.initial else BackgroundAnswer(None))
    page = opened(KINDS)
    expect(page.get_by_label("Secret", exact=True)).to_be_visible()   # it is for Ann
    page.get_by_label("Secret", exact=True).fill("x")
    leave(page.get_by_label("Secret", exact=True))
    settled(page)
    assert [one.changed for one in server.turns.check_ins] == [None, "secret"], "the action's own changes are no news"
    assert server.turns.check_ins[-1].fields == {
        "name": "Ann", "story": "one\ntwo", "born": "2001-02-03", "age": "7", "sure": "8", "agree": "True",
        "refuse": "False", "owns": "False", "fruit": '["apple"]', "fruit['apple']": "True", "fruit['pear']": "False",
        "color": "blue", "town": "ulm", "pets": '["dog"]', "car": "opel", "token": "xyz", "proof": "", "secret": "x"}
    expect(page.locator("output")).to_have_text("8")
    expect(page.get_by_label("Car", exact=True)).to_have_value("Opel")


def test_new_choices(server: Running, opened: Opened) -> None:
    """A list gets the new choices and keeps what is chosen if it is still there; with `value` that is chosen."""
    given = [["ulm", "Ulm"], ["kiel", "Kiel"]]
    answers(server, lambda check_in: fields_answer({} if check_in.initial else {
        "town": {"choices": given}, "pets": {"choices": [["cow", "Cow"]], "value": "cow"},
        "car": {"choices": [["vw", "Volkswagen"]], "value": "vw"}, "born": {"choices": given, "value": "kiel"}}))
    page = opened(screen(
        text(0, "a", "A"), text(1, "town", "Town", input_type="dropdown", choices=choices("bonn", "ulm")),
        text(2, "pets", "Pets", datatype="multiselect", choices=choices("cat", "dog")),
        text(3, "car", "Car", input_type="combobox", choices=choices("audi")),
        text(4, "born", "Born", input_type="dropdown", choices=choices("bonn"))), END)
    page.get_by_label("Town", exact=True).select_option("ulm")
    leave(page.get_by_label("Town", exact=True))
    leave_changed(page, "A", "x")
    expect(page.get_by_label("Town", exact=True).locator("option")).to_have_text(["Select...", "Ulm", "Kiel"])
    expect(page.get_by_label("Town", exact=True)).to_have_value("ulm")
    expect(page.get_by_label("Pets", exact=True)).to_have_values(["cow"])
    expect(page.get_by_label("Car", exact=True)).to_have_value("Volkswagen")
    expect(page.get_by_label("Born", exact=True)).to_have_value("kiel")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()
    sent = next(iter(server.turns.sessions.values())).answers[-1]
    assert {name: sent[html_name(name)] for name in ("town", "pets", "car", "born")} == {
        "town": ["ulm"], "pets": ["cow"], "car": ["vw"], "born": ["kiel"]}


def test_a_list_that_may_be_open_gets_its_choices_when_it_is_left(server: Running, opened: Opened) -> None:
    answers(server, lambda check_in: fields_answer({"town": {"choices": [["kiel", "Kiel"]], "value": "kiel"}}
                                                   if check_in.changed == "town" else {}))
    page = opened(screen(text(0, "town", "Town", input_type="dropdown", choices=choices("bonn", "ulm"))))
    town = page.get_by_label("Town", exact=True)
    town.focus()
    town.select_option("ulm")
    checked_in(page, server, 2)
    settled(page)
    expect(town).to_have_value("ulm")
    leave(town)
    expect(town).to_have_value("kiel")


def test_a_message_that_comes_each_time_is_shown_once(server: Running, opened: Opened) -> None:
    answers(server, lambda check_in: BackgroundAnswer(f"You wrote {check_in.fields['a'] or 'nothing'}", "flash"))
    page = opened(screen(text(0, "a", "A"), text(1, "b", "B")))
    expect(page.locator("#daflash .da-alert")).to_have_text(["You wrote nothing"])
    leave_changed(page, "B", "x")
    leave_changed(page, "A", "x")
    expect(page.locator("#daflash .da-alert")).to_have_text(["You wrote nothing", "You wrote x"])


def test_javascript(server: Running, opened: Opened) -> None:
    answers(server, lambda check_in: BackgroundAnswer("window.ran = val('a')", "javascript"))
    page = opened(screen(text(0, "a", "A", default="x")))
    page.wait_for_function("window.ran === 'x'")


def test_a_refresh_shows_what_is_new_and_keeps_what_was_typed(server: Running, opened: Opened) -> None:
    """Choices and defaults come anew; what a person touched stays, and so does what the action had put in."""
    first = screen(text(0, "count", "Count"), text(1, "b", "B", default="old"),
                   text(2, "thing", "Thing", datatype="radio", choices=choices("one", "two")))

    def answer(check_in: CheckIn) -> Ending:
        if check_in.changed == "count":
            server.turns.screens = [screen(
                text(0, "count", "Count"), text(1, "b", "B", default="new"),
                text(2, "thing", "Thing", datatype="radio", choices=choices("one", "two", "three")))]
            return BackgroundAnswer("refresh", "refresh")
        return BackgroundAnswer({"target": "t", "content": "Hello"} if check_in.initial else None)

    answers(server, answer)
    page = opened(first)
    expect(page.locator(".datargett")).to_have_text("Hello")
    page.get_by_text("Two").click()
    leave_changed(page, "Count", "3")
    expect(page.get_by_label("Three")).to_be_visible()
    expect(page.get_by_label("Count", exact=True)).to_have_value("3")
    expect(page.get_by_label("B", exact=True)).to_have_value("new")
    expect(page.get_by_label("Two")).to_be_checked()
    expect(page.locator(".datargett")).to_have_text("Hello")
    settled(page)
    assert [one.initial for one in server.turns.check_ins].count(True) == 1


# -- nobody is disturbed ----------------------------------------------------------------------------------------------


def refreshing(server: Running) -> Answer:
    """Every check-in finds a new text above the fields, and asks for a refresh when something has changed."""
    numbers = itertools.count(1)

    def answer(check_in: CheckIn) -> Ending:
        if check_in.changed is None:
            return BackgroundAnswer(None)
        server.turns.screens[0].pre_html = f"<p>Version {next(numbers)}</p>" * 3
        return BackgroundAnswer("refresh", "refresh")

    answers(server, answer)
    return answer


@pytest.mark.parametrize("datatype", ["text", "area"])
def test_typing_during_refreshes(server: Running, opened: Opened, datatype: str) -> None:
    """No letter is lost or doubled, the cursor stays where it is, and leaving the field is a change all the same."""
    refreshing(server)
    page = opened(screen(text(0, "fruit", "Fruit", datatype=datatype, default="<>"), text(1, "b", "B"),
                         check_in_delay=100))
    checked_in(page, server, 1)
    fruit = page.get_by_label("Fruit", exact=True)
    fruit.evaluate("(e) => { e.focus(); e.setSelectionRange(1, 1); e.mark = 1 }")
    typed = "the quick brown fox jumps"
    for word in typed.split(" "):
        page.keyboard.type(f"{word} ", delay=25)
        page.wait_for_timeout(140)
    expect(page.get_by_text("Version").first).to_be_visible()
    expect(fruit).to_have_value(f"<{typed} >")
    assert fruit.evaluate("(e) => [e.mark, e.selectionStart, document.activeElement === e]") == [1, 1 + len(typed) + 1,
                                                                                                True]
    page.keyboard.press("Control+z")   # what was typed can still be undone
    assert fruit.input_value() != f"<{typed} >"
    page.keyboard.type("!")
    before = len(server.turns.check_ins)
    leave(fruit)
    checked_in(page, server, before + 1)


def test_selection_and_scroll_stay(server: Running, opened: Opened) -> None:
    """What is selected stays so, and the field stays at the same height of the window though there is more above it."""
    answer = refreshing(server)
    tall = '<div style="height: 1500px"></div>'
    page = opened(screen(text(0, "a", "A"), text(1, "b", "B", default="one two three"), text(2, "c", "C"),
                         under_html=tall, subquestion_html=TARGET + tall))
    page.emulate_media(reduced_motion="reduce")   # else the page glides to the field
    checked_in(page, server, 1)
    held = Held(server, answer)
    leave_changed(page, "A", "x")
    b = page.get_by_label("B", exact=True)
    b.evaluate("(e) => { e.focus(); e.setSelectionRange(4, 7, 'backward'); }")
    top = b.evaluate("(e) => e.getBoundingClientRect().top")
    held.let_go()
    expect(page.get_by_text("Version").first).to_be_attached()
    assert b.evaluate("(e) => [e.selectionStart, e.selectionEnd, e.selectionDirection]") == [4, 7, "backward"]
    assert abs(b.evaluate("(e) => e.getBoundingClientRect().top") - top) < 3
    assert page.evaluate("scrollY") > 500


def test_letters_being_composed_are_not_broken_off(server: Running, opened: Opened) -> None:
    """While letters are being composed nothing is drawn; when they are done, the refresh follows."""
    answer = refreshing(server)
    page = opened(screen(text(0, "a", "A"), text(1, "b", "B"), check_in_delay=100))
    checked_in(page, server, 1)
    held = Held(server, answer)
    page.get_by_label("A", exact=True).press_sequentially("x")
    b = page.get_by_label("B", exact=True)
    b.focus()
    devtools = page.context.new_cdp_session(page)
    for letters in ("n", "ni", "nih"):
        devtools.send("Input.imeSetComposition", {"text": letters, "selectionStart": len(letters),
                                                  "selectionEnd": len(letters)})
        held.let_go()
        page.wait_for_timeout(150)
    checked_in(page, server, 2)
    expect(page.get_by_text("Version")).to_have_count(0)
    assert all(one.changed != "b" for one in server.turns.check_ins)
    devtools.send("Input.insertText", {"text": "日本"})
    expect(page.get_by_text("Version").first).to_be_visible()
    expect(b).to_have_value("日本")
    expect(b).to_be_focused()


def test_an_open_list_of_suggestions_stays_open(server: Running, opened: Opened) -> None:
    refreshing(server)
    page = opened(screen(text(0, "car", "Car", input_type="combobox", choices=choices("audi", "opel", "austin")),
                         check_in_delay=100))
    checked_in(page, server, 1)
    page.get_by_label("Car", exact=True).press_sequentially("au")
    expect(page.get_by_text("Version").first).to_be_visible()
    expect(page.get_by_role("option", name="Austin")).to_be_visible()
    page.get_by_role("option", name="Austin").click()
    expect(page.get_by_label("Car", exact=True)).to_have_value("Austin")


def test_a_field_that_is_typed_into_is_not_filled(server: Running, opened: Opened) -> None:
    """Neither the one that has the focus, nor one that was changed after the check-in had left; the others are."""
    page = opened(screen(text(0, "a", "A"), text(1, "b", "B"), text(2, "c", "C"), text(3, "d", "D")))
    checked_in(page, server, 1)
    held = Held(server, lambda check_in: fields_answer({"a": "A!", "b": "B!", "c": "C!", "d": "D!"}))
    leave_changed(page, "A", "first")
    page.wait_for_timeout(100)
    page.get_by_label("B", exact=True).press_sequentially("second")
    leave(page.get_by_label("B", exact=True))
    page.get_by_label("C", exact=True).press_sequentially("thi")
    held.let_go()
    expect(page.get_by_label("D", exact=True)).to_have_value("D!")
    page.get_by_label("C", exact=True).press_sequentially("rd")
    expect(page.get_by_label("C", exact=True)).to_have_value("third")
    expect(page.get_by_label("A", exact=True)).to_have_value("A!")


def test_a_task_does_not_fill_what_is_typed_into(server: Running, opened: Opened) -> None:
    """The same for values that come by the socket."""
    page = opened(screen(text(0, "a", "A"), text(1, "b", "B")))
    checked_in(page, server, 1)
    session = next(iter(server.turns.sessions))
    page.get_by_label("A", exact=True).press_sequentially("mine")
    server.loop.call_soon_threadsafe(
        server.turns.listeners.on_notice, Notice(9, session, "fields", {"a": "theirs", "b": "theirs"}))
    expect(page.get_by_label("B", exact=True)).to_have_value("theirs")
    expect(page.get_by_label("A", exact=True)).to_have_value("mine")


def test_a_button_does_not_move_away_while_the_mouse_is_down(server: Running, opened: Opened) -> None:
    """Feedback above Continue comes after the click on it, which therefore is one."""
    answers(server, lambda check_in: BackgroundAnswer(
        {"target": "t", "content": f"<div style='height: 200px'>{check_in.fields['a']}</div>"}))
    page = opened(screen(text(0, "a", "A")), END)
    checked_in(page, server, 1)
    page.get_by_label("A", exact=True).fill("x")
    box = page.get_by_role("button", name="Continue").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    checked_in(page, server, 2)
    page.wait_for_timeout(200)
    page.mouse.up()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()


def test_a_list_that_the_mouse_has_opened_holds_nothing_back(server: Running, opened: Opened) -> None:
    """Browsers need not tell that the mouse was let go there."""
    page = opened(screen(text(0, "fruit", "Fruit", input_type="dropdown", choices=choices("apple"))))
    checked_in(page, server, 1)
    fruit = page.get_by_label("Fruit", exact=True)
    fruit.dispatch_event("pointerdown")
    fruit.select_option("apple")
    expect(page.locator(".datargett")).to_have_text("apple")


@pytest.mark.parametrize("refused", [False, True])
def test_an_answer_after_the_submit_is_dropped(server: Running, opened: Opened, refused: bool) -> None:
    """The next screen, or the same one with what is to be put right, gets nothing of it."""
    page = opened(screen(text(0, "fruit", "Fruit"), text(1, "b", "B")),
                  screen(text(0, "c", "C"), block="q2", question_html="Another question", check_in=None))
    checked_in(page, server, 1)
    held = Held(server, lambda check_in: BackgroundAnswer([{"target": "t", "content": "late"}]))
    leave_changed(page, "B", "x")
    page.wait_for_timeout(100)
    page.get_by_label("Fruit", exact=True).fill("" if refused else "apple")
    page.get_by_role("button", name="Continue").click()
    if refused:
        answers(server, lambda check_in: BackgroundAnswer(None))
        expect(page.locator("#daerrors")).to_be_visible()
    else:
        expect(page.get_by_role("heading", name="Another question")).to_be_visible()
    held.let_go()
    settled(page)
    page.wait_for_timeout(100)
    expect(page.locator(".datargett")).to_have_text("")
    if refused:
        assert server.turns.check_ins[-1].initial, "the screen was loaded again"


def test_a_check_in_is_not_sent_while_the_screen_is_being_sent(server: Running, opened: Opened) -> None:
    page = opened(screen(text(0, "fruit", "Fruit")), END)
    checked_in(page, server, 1)
    page.get_by_label("Fruit", exact=True).fill("apple")
    page.get_by_label("Fruit", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="The end")).to_be_visible()
    settled(page)
    assert len(server.turns.check_ins) == 1


def test_a_refresh_loop_is_slowed_and_logged(server: Running, opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    """An action that answers refresh each time, each time with another screen: few drawings, and a line in the log."""
    numbers = itertools.count(1)
    drawn: list[str] = []

    def answer(check_in: CheckIn) -> Ending:
        server.turns.screens[0].subquestion_html = f"<p>Version {next(numbers)}</p>"
        return BackgroundAnswer("refresh", "refresh")

    answers(server, answer)
    with caplog.at_level(logging.WARNING):
        page = opened(screen(text(0, "a", "A")))
        page.on("request", lambda request: drawn.append(request.url) if "ajax=1" in request.url else None)
        page.wait_for_timeout(1500)
    assert len(drawn) <= 4
    told = [record.getMessage() for record in caplog.records if "refresh" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("docassemble.tests:data/questions/fruit.yml: the check in action 'look' ")
