"""What is drawn is what people, screen readers and scripted clients look for."""

from __future__ import annotations

import json
import time

import pytest

from appliance.interview import datatypes
from appliance.interview.errors import InterviewError
from appliance.interview.host import UserInfo
from appliance.interview.screen import Button, Choice, ShowIf, ShownField, html_name
from appliance.interview.turn import Wait
from appliance.ui.context import PageContext
from appliance.ui.drawing import body_class, browser_title, draw_body, draw_page, extra_css, extra_scripts
from tests.support.html import Element, read
from tests.ui.page import CHOICES, PAGE, StandInReply, everything, reply_with, screen_with

CONTROLS = ("input", "select", "textarea")


def body(*fields: ShownField, **more: object) -> Element:
    return read(draw_body(reply_with(screen_with(*fields), **more), PAGE))  # type: ignore[arg-type]


def texts(element: Element) -> list[str]:
    return [child for child in element.children if isinstance(child, str)]


def named(root: Element, variable: str) -> list[Element]:
    return [one for one in root.all(*CONTROLS) if one.attributes.get("name") == html_name(variable)]


@pytest.fixture(scope="module")
def page() -> Element:
    return read(draw_page(reply_with(everything()), PAGE))


class TestEveryKind:
    """A page with a field of every datatype."""

    def test_ids_are_unique(self, page: Element) -> None:
        """No id is there twice."""
        ids = [one.attributes["id"] for one in page.all() if "id" in one.attributes]
        assert len(ids) == len(set(ids))

    def test_everything_that_is_pointed_to_is_there(self, page: Element) -> None:
        """for, aria-labelledby, aria-describedby, aria-controls, list and href=#… lead to an element."""
        for one in page.all():
            for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list", "form"):
                for ident in one.attributes.get(name, "").split():
                    assert page.find(ident) is not None, (name, ident)
            if one.attributes.get("href", "").startswith("#"):
                assert page.find(one.attributes["href"][1:]) is not None, one.attributes

    def test_every_control_has_a_label(self, page: Element) -> None:
        """By ``for``, or by the question where the author wants no label."""
        labelled = {one.attributes.get("for") for one in page.all("label")}
        for control in page.all(*CONTROLS):
            if control.attributes.get("type") != "hidden":
                assert control.attributes["id"] in labelled or "aria-labelledby" in control.attributes

    def test_labels_are_whole_text_nodes(self, page: Element) -> None:
        """``//label[text()="X"]`` finds the label and its ``for`` the control, also beside a help icon."""
        for name in ("text", "area", "integer", "currency", "date", "dropdown", "combobox", "datalist", "multiselect"):
            [label] = [one for one in page.all("label") if f"Label of {name}" in texts(one)]
            control = page.find(label.attributes["for"])
            assert control is not None
            assert control.tag in CONTROLS
            assert [child.tag for child in label.children if isinstance(child, Element)] == ["a"]

    def test_text_inputs_say_input_box(self, page: Element) -> None:
        """``alt="Input box"`` marks what one can type into."""
        typed = [one for one in page.all("input", "textarea")
                 if one.attributes.get("type") not in {"hidden", "radio", "checkbox", "range", "file"}]
        assert {one.attributes.get("alt") for one in typed} == {"Input box"}

    def test_choices_are_spans_in_their_label(self, page: Element) -> None:
        """The parent of the span with the option's words holds the control: a click on it toggles the control."""
        for group in ("radio", "yesnoradio", "checkboxes"):
            row = page.find(html_name(f"my.{group}"))
            assert row is not None
            for label in row.all("label"):
                assert [child.tag for child in label.children if isinstance(child, Element)][-2:] == ["input", "span"]

    def test_groups(self, page: Element) -> None:
        """A group is a fieldset named by its da-legend, whose following sibling holds the options."""
        row = page.find(html_name("my.yesnomaybe"))
        assert row is not None
        assert row.tag == "fieldset"
        legend, options = [child for child in row.children if isinstance(child, Element)][:2]
        assert texts(legend) == ["Label of yesnomaybe"]
        assert legend.has_class("da-legend")
        assert row.attributes["aria-labelledby"] == legend.attributes["id"]
        assert [texts(span) for span in options.all("span")] == [["Yes"], ["No"], ["I don’t know"]]

    def test_the_forms_hidden_inputs(self, page: Element) -> None:
        """All names that scripted clients post."""
        form = page.find("daform")
        assert form is not None
        hidden = {one.attributes["name"]: one.attributes["value"] for one in form.all("input")
                  if one.attributes.get("type") == "hidden" and one.attributes["name"].startswith(("_", "csrf"))}
        assert hidden["_xsrf"] == hidden["csrf_token"] == "token<"
        assert (hidden["_question_name"], hidden["_revision"], hidden["_turn"]) == ("block", "7", "t1")
        assert {"_session", "_tracker", "_event", "_datatypes", "_varnames", "_visible", "_checkboxes", "_empties",
                "_files"} <= set(hidden)

    def test_no_outside_address(self, page: Element) -> None:
        """Nothing is fetched from another host."""
        for one in page.all("link", "script", "img"):
            address = one.attributes.get("href") or one.attributes.get("src") or "/"
            assert address.startswith("/")
            assert not address.startswith("//")

    def test_places(self, page: Element) -> None:
        """The ids of the page contract."""
        for ident in ("dabody", "daquestion", "daMainQuestion", "dahelp", "dahelptoggle", "dabackToQuestion", "daright",
                      "daform", "daflash", "damenuLabel", "dapagetitle", "daquestionhelp", "da-continue-button",
                      "dasettings", "daattributions"):
            assert page.find(ident) is not None, ident

    def test_enter_does_not_go_back(self, page: Element) -> None:
        """The first button that the form owns is Continue: pressing Enter in a field presses that one."""
        form = page.find("daform")
        assert form is not None
        owned = [one for one in page.all("button")
                 if one.attributes.get("form", "daform") == "daform" and form in one.above()
                 and one.attributes.get("type") == "submit"]
        assert owned[0].attributes["id"] == "da-continue-button"


@pytest.mark.parametrize(("datatype", "default", "attribute", "value"), [
    ("text", 'a "b" &lt;c', "value", 'a "b" <c'), ("number", 5.0, "value", "5"), ("currency", 2.5, "value", "2.50"),
    ("date", "2/28/2026", "value", "2026-02-28"), ("time", "9:30 PM", "value", "21:30"),
    ("datetime", "2026-02-28 21:30", "value", "2026-02-28T21:30"), ("range", None, "value", "50"),
    ("hidden", "turnip", "value", "turnip"), ("yesno", True, "checked", ""), ("noyes", False, "checked", ""),
])
def test_defaults(datatype: str, default: object, attribute: str, value: str) -> None:
    """The control starts with the default, as its kind of input wants it written."""
    [control] = named(body(ShownField(0, "x", datatype=datatype, default=default)), "x")
    assert (control.attributes[attribute] or "") == value


@pytest.mark.parametrize("datatype", ["radio", "yesnoradio", "yesno", "noyes"])
def test_nothing_is_chosen_without_a_default(datatype: str) -> None:
    """A person has to choose by themselves."""
    controls = named(body(ShownField(0, "x", datatype=datatype, choices=CHOICES if datatype == "radio" else [])), "x")
    assert controls
    assert not any("checked" in one.attributes for one in controls)


@pytest.mark.parametrize(("datatype", "default"), [("radio", "pear"), ("dropdown", "pear"), ("combobox", "pear")])
def test_chosen_by_default(datatype: str, default: str) -> None:
    """The choice of the default is chosen, and only that."""
    root = body(ShownField(0, "x", datatype=datatype, choices=CHOICES, default=default))
    if datatype == "combobox":
        assert named(root, "x")[0].attributes["value"] == "Pears & quinces"
        return
    marked = [one.attributes["value"] for one in root.all("input", "option")
              if {"checked", "selected"} & set(one.attributes)]
    assert marked == ["pear"]


@pytest.mark.parametrize("default", ["pear", ["pear"], {"pear": True, "apple": False}])
def test_checkboxes_checked_by_default(default: object) -> None:
    """A default may be one value, a list, or a mapping."""
    root = body(ShownField(0, "x", datatype="checkboxes", choices=CHOICES, default=default))
    checked = [one.attributes["name"] for one in root.all("input") if "checked" in one.attributes]
    assert checked == [html_name("x['pear']")]


@pytest.mark.parametrize("name", sorted(datatypes.NAMES - datatypes.LATER - {"password", "hidden"}))
def test_what_was_typed_is_shown_again(name: str) -> None:
    """After an error the form holds what the person entered, and says what was wrong where it is wrong."""
    shown = ShownField(0, "x", datatype=name, label_html="Label", choices=CHOICES if name in {
        "radio", "dropdown", "combobox", "datalist", "checkboxes", "multiselect"} else [])
    typed = {html_name("x"): ["False" if name.startswith("noyes") else "True" if "yesno" in name or name in {
        "boolean", "threestate"} else "pear"], html_name("x['pear']"): ["True"]}
    root = read(draw_body(reply_with(screen_with(shown), {0: "Not <good>"}, typed), PAGE))
    states = [one.attributes.get("value") for one in root.all("input", "option")
              if {"checked", "selected"} & set(one.attributes)]
    texts_shown = [one.attributes.get("value") for one in named(root, "x")] + [
        text.strip() for one in root.all("textarea") for text in texts(one)]
    again = [text for one in root.all("p") for text in texts(one) if text.startswith("Please choose pear again")]
    assert states or again or "pear" in texts_shown or "Pears & quinces" in texts_shown
    error = root.find(f"{html_name('x')}-error")
    assert error is not None
    assert " Not <good>" in texts(error)
    summary = root.find("daerrors")
    assert summary is not None
    assert summary.attributes["role"] == "alert"
    assert [one.attributes["href"] for one in summary.all("a")] == [f"#{html_name('x')}"]
    ident = error.attributes["id"]
    assert [one for one in root.all() if ident in one.attributes.get("aria-describedby", "").split()]


def test_a_password_is_never_sent_back() -> None:
    """Not even after an error."""
    shown = ShownField(0, "x", datatype="password")
    assert "hunter2" not in draw_body(reply_with(screen_with(shown), {0: "Short"}, {html_name("x"): ["hunter2"]}), PAGE)


def test_error_of_the_whole_form() -> None:
    """The words of ``validation code`` stand in the summary, without a link."""
    summary = read(draw_body(reply_with(screen_with(ShownField(0, "x")), {-1: "A < B"}), PAGE)).find("daerrors")
    assert summary is not None
    assert [texts(one) for one in summary.all("li")] == [["A < B"]]


def test_conditions_reach_the_script() -> None:
    """``data-da-show-if`` is the JSON that the table in screen.html describes."""
    root = body(ShownField(0, "a", datatype="yesno"),
                ShownField(0, "b", show_if=[ShowIf("a", mode="enable", sign=False)]),
                ShownField(0, None, html="x", show_if=[ShowIf(javascript="val('a') == \"<\"")]))
    found = [json.loads(one.attributes["data-da-show-if"]) for one in root.all() if "data-da-show-if" in one.attributes]
    assert found == [
        [{"name": html_name("a"), "option": None, "equals": ["True"], "sign": False, "mode": "enable", "js": None}],
        [{"name": None, "option": None, "equals": [], "sign": True, "mode": "show", "js": "val('a') == \"<\""}]]


def test_fields_that_change_others() -> None:
    """uncheck, check and disable others as html names, or all."""
    root = body(ShownField(0, "a", datatype="yesno", uncheck_others=True),
                ShownField(0, "b", disable_others=["c", "d"]))
    assert named(root, "a")[0].attributes["data-da-uncheck-others"] == "all"
    assert json.loads(named(root, "b")[0].attributes["data-da-disable-others"]) == [html_name("c"), html_name("d")]


def test_two_rows_for_one_variable() -> None:
    """Both post under the variable's name, each label leads to its own control, and so does the error."""
    screen = screen_with(ShownField(0, "a", label_html="One", choices=CHOICES), ShownField(0, "a", label_html="Other"))
    root = read(draw_body(reply_with(screen, {1: "Too odd"}, {}), PAGE))
    controls = named(root, "a")
    targets = [one.attributes["for"] for one in root.all("label")]
    assert targets == [one.attributes["id"] for one in controls]
    assert len(set(targets)) == 2
    assert root.find(f"{targets[1]}-error") is not None


def test_buttons() -> None:
    """Values and special buttons post their number, links go away, the words are whole text nodes."""
    screen = screen_with(buttons=[
        Button(0, "Yes", "value", choice=Choice(True, "Yes", "True")), Button(1, "Leave", "special", name="leave"),
        Button(2, "Read", "link", url="/a?b&c", color='odd"color')])
    screen.kind = "buttons"
    root = read(draw_body(reply_with(screen), PAGE))
    pressed = {texts(one)[0]: one.attributes for one in root.all("button") if "name" in one.attributes}
    assert {words: one["value"] for words, one in pressed.items()} == {"Yes": "0", "Leave": "1"}
    [link] = [one for one in root.all("a") if "btn-primary" in one.attributes.get("class", "")]
    assert (texts(link), link.attributes["href"]) == (["Read"], "/a?b&c")
    assert root.find("da-continue-button") is None


def test_continue_button_as_the_author_wants_it() -> None:
    """Named, disabled, or not there."""
    root = read(draw_body(reply_with(screen_with(continue_label_html="Go on", disable_continue_button=True)), PAGE))
    button = root.find("da-continue-button")
    assert button is not None
    assert texts(button) == ["Go on"]
    assert "disabled" in button.attributes
    root = read(draw_body(reply_with(screen_with(hide_continue_button=True)), PAGE))
    assert root.find("da-continue-button") is None


@pytest.mark.parametrize(("session", "author", "drawn"), [
    (True, True, True), (False, True, False), (True, False, False)])
def test_back(session: bool, author: bool, drawn: bool) -> None:
    """Back is there only if there is a step to go back to and the author allows it; it posts ``_back_one``."""
    root = read(draw_body(reply_with(screen_with(can_go_back=author), can_go_back=session), PAGE))
    backs = [one for one in root.all("button") if one.has_class("dabackicon")]
    assert bool(backs) is drawn
    assert bool([one for one in root.all("input") if one.attributes.get("name") == "_back_one"]) is drawn


def test_shuffled_choices_stay_put() -> None:
    """The order is the session's own: the same after an error, another in another session."""
    many = [Choice(number, f"Choice {number}", str(number)) for number in range(30)]
    screen = screen_with(ShownField(0, "x", datatype="radio", choices=many, shuffle=True))

    def order(session: str) -> list[str]:
        return [one.attributes["value"] for one in named(
            read(draw_body(reply_with(screen, session_id=session), PAGE)), "x")]

    assert order("a") == order("a") != order("b")
    assert sorted(order("a"), key=int) == [str(number) for number in range(30)]


def test_texts_of_people_are_escaped() -> None:
    """Names, labels of choices in attributes, messages and drafts cannot become markup."""
    nasty = '"><script>alert(1)</script>'
    page = PageContext(xsrf=nasty, action=nasty, user=UserInfo(user_id=1, first_name=nasty), message=nasty)
    shown = ShownField(0, "x", datatype="text", hint=nasty, default=nasty, validation_messages={})
    made = draw_page(reply_with(screen_with(shown), {0: nasty}, {html_name("x"): [nasty]}, message=nasty), page)
    assert nasty not in made
    scripts = [one for one in read(made).all("script") if one.attributes.get("type") != "application/json"]
    assert not any("alert(1)" in "".join(texts(one)) for one in scripts)


def test_a_datatype_of_a_later_version() -> None:
    """A screen that uses one is a clear error."""
    with pytest.raises(InterviewError, match="'signature' is not there yet in this version"):
        body(ShownField(0, "x", datatype="signature"))


def test_no_screen() -> None:
    """Only a reply that shows a screen can be drawn."""
    with pytest.raises(TypeError):
        draw_body(StandInReply(Wait(1.0)), PAGE)


def test_title_classes_and_files() -> None:
    """The document's title, the body's classes, and the features' files of the interview's own package or another's."""
    screen = screen_with(id="fruit", css_class="wide", tab_title="Tab", css_html="<style>x</style>",
                         script_html="<script>y</script>",
                         features={"css": ["my.css", "other.pkg:data/static/their.css"], "javascript": "my.js"})
    reply = reply_with(screen)
    assert (browser_title(screen), body_class(screen)) == ("Tab", "dabody question-fruit wide")
    assert [one.attributes["href"] for one in read(extra_css(reply, PAGE)).all("link")] == [
        "/packagestatic/docassemble.demo/my.css", "/packagestatic/other.pkg/their.css"]
    assert extra_css(reply, PAGE).endswith("<style>x</style>")
    assert extra_scripts(reply, PAGE) == (
        '<script src="/packagestatic/docassemble.demo/my.js"></script><script>y</script>')


def test_drawing_is_quick() -> None:
    """A screen with one field takes far less than the five milliseconds a whole submit may take."""
    reply = reply_with(screen_with(ShownField(0, "x", label_html="Fruit")))
    draw_page(reply, PAGE)
    began = time.perf_counter()
    for _ in range(200):
        draw_page(reply, PAGE)
    assert (time.perf_counter() - began) / 200 < 0.002
