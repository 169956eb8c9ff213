"""Interview screens in Chromium: sending, Back, conditions between fields, notices, authors' functions."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from appliance.config import Settings
from appliance.interview.screen import Button, Choice, HelpSection, Screen, ShowIf, ShownField
from appliance.sessions.reply import Notice
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW, Session, default_screens
from tests.ui_js.conftest import Opened


def screen(*fields: ShownField, **options: Any) -> Screen:
    return Screen(**{"block": "q", "kind": "fields", "question_html": "A question", "question_text": "A question",
                     "title": "Test", "fields": list(fields)} | options)


NUMBERS = itertools.count(1)
END = Screen(block="end", kind="end", question_html="The end", question_text="The end", title="Test")


def text(number: int, variable: str, label: str, **options: Any) -> ShownField:
    return ShownField(number, variable, label_html=label, **options)


def choices(*texts: str) -> list[Choice]:
    return [Choice(one, one, one) for one in texts]


def only_session(server: Running) -> Session:
    return next(iter(server.turns.sessions.values()))


def posted(server: Running) -> dict[str, list[str]]:
    return only_session(server).answers[-1]


def settled(page: Page) -> None:
    page.wait_for_function("jQuery.active === 0 && document.readyState === 'complete'")


# -- sending ---------------------------------------------------------------------------------------------


def test_a_submit_replaces_the_screen_without_a_page_load(server: Running, opened: Opened) -> None:
    """Focus goes to the new question, the author's script runs with our functions there, daPageLoad is fired."""
    page = opened()
    page.evaluate("window.same = 1; $(document).on('daPageLoad', () => { window.drawn = (window.drawn ?? 0) + 1 })")
    page.get_by_label("Fruit", exact=True).fill("apple")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Done?")).to_be_focused()
    assert page.evaluate("[window.same, window.drawn, window.ran]") == [1, 1, None]
    assert page.evaluate("window.scrollY") == 0
    assert posted(server)["ZnJ1aXQ"] == ["apple"]


def test_a_pressed_button_is_posted(server: Running, opened: Opened) -> None:
    page = opened(default_screens()[1], END)
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()
    assert posted(server)["_button"] == ["0"]


def test_a_double_click_is_one_submit(server: Running, opened: Opened) -> None:
    page = opened()
    page.get_by_label("Fruit", exact=True).fill("apple")
    page.get_by_role("button", name="Continue").dblclick()
    settled(page)
    assert only_session(server).step == 2


def test_errors_get_the_focus_and_keep_what_was_typed(opened: Opened) -> None:
    page = opened()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#daerrors")).to_be_focused()
    expect(page.locator("#daerrors")).to_contain_text("You need to fill this in.")


def test_a_lost_connection_is_told_and_the_same_turn_sent_again(server: Running, opened: Opened) -> None:
    """The reply of the first try is lost on the way: a later try brings it, and the answer counts once."""
    page = opened()
    turns: list[str] = []
    lost = True

    def on_the_way(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        turns.append((route.request.post_data or "").split('name="_turn"')[1].split()[0])
        if len(turns) == 1:
            route.fetch()
        if lost:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(re.compile(r"/interview\?"), on_the_way)
    page.get_by_label("Fruit", exact=True).fill("apple")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#daflash")).to_contain_text("The server cannot be reached. What you typed is still here")
    assert page.get_by_label("Fruit", exact=True).input_value() == "apple"
    lost = False
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_role("heading", name="Done?")).to_be_visible()
    assert len(set(turns)) == 1
    assert len(only_session(server).answers) == 1


def test_an_expired_token_is_renewed_once_by_itself(server: Running, opened: Opened) -> None:
    page = opened()
    page.evaluate("$('[name=_xsrf], [name=csrf_token]').val('old')")
    page.get_by_label("Fruit", exact=True).fill("apple")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Done?")).to_be_visible()
    assert posted(server)["ZnJ1aXQ"] == ["apple"]


def test_an_error_of_the_interview_leaves_the_screen_as_it_is(opened: Opened) -> None:
    broken = [*(Button(n, "x", "special") for n in range(5)), Button(5, "Break", "special", name="break")]
    page = opened(screen(text(0, "fruit", "Fruit", required=False), buttons=broken))
    page.get_by_label("Fruit", exact=True).fill("apple")
    page.get_by_role("button", name="Break").click()
    expect(page.locator(".da-error-answer")).to_contain_text("This interview cannot go on here")
    assert page.get_by_label("Fruit", exact=True).input_value() == "apple"
    expect(page.get_by_role("button", name="Break")).to_be_enabled()


def test_wait_and_exit(server: Running, opened: Opened) -> None:
    page = opened(default_screens()[1])
    page.get_by_role("button", name="Wait").click()
    expect(page.locator("#daflash")).to_contain_text("Please wait")
    settled(page)
    page.get_by_role("button", name="Exit").click()
    page.wait_for_url("**/?goodbye=exit")
    assert server.turns.sessions == {}


def test_a_file_is_downloaded_and_the_page_goes_on(opened: Opened) -> None:
    page = opened(default_screens()[1], END)
    with page.expect_download() as download:
        page.get_by_role("button", name="File").click()
    assert download.value.path().read_bytes() == b"a,b\n"
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()


def test_an_authors_own_button_on_a_final_screen_submits_nothing(server: Running, opened: Opened) -> None:
    page = opened(replace(END, subquestion_html='<button id="run">Run</button>',
                          script_html="<script>$('#run').click(() => { window.ran = 1 })</script>"))
    page.get_by_role("button", name="Run").click()
    page.wait_for_function("window.ran === 1")
    settled(page)
    assert only_session(server).answers == []


# -- Back and the address ------------------------------------------------------------------------------------


def test_the_browsers_back_is_the_back_button(server: Running, opened: Opened) -> None:
    page = opened()
    page.get_by_label("Fruit", exact=True).fill("apple")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Done?")).to_be_visible()
    page.evaluate("history.back()")
    expect(page.get_by_label("Fruit", exact=True)).to_be_visible()
    assert only_session(server).step == 1


def test_the_back_button(server: Running, opened: Opened) -> None:
    page = opened()
    page.get_by_label("Fruit", exact=True).fill("apple")
    page.get_by_role("button", name="Continue").click()
    page.locator("button.dabackicon").click()
    expect(page.get_by_label("Fruit", exact=True)).to_be_visible()
    settled(page)
    assert only_session(server).step == 1


def test_the_address_shows_the_same_screen_when_loaded_again(server: Running, opened: Opened) -> None:
    page = opened(query="&reset=1&from=moon")
    settled(page)
    assert page.url == f"{server.base}/interview?i={INTERVIEW}&from=moon"
    session_id = only_session(server).session_id
    page.reload()
    assert list(server.turns.sessions) == [session_id]


# -- conditions ------------------------------------------------------------------------------------------------


def test_show_if_hides_and_does_not_post(server: Running, opened: Opened) -> None:
    """Also down a chain: what depends on a hidden field is hidden."""
    page = opened(screen(
        text(0, "fruit", "Fruit"),
        text(1, "kind", "Kind", show_if=[ShowIf("fruit", "apple")]),
        text(2, "color", "Color", show_if=[ShowIf("kind", "Gala")]),
        text(3, "other", "Other", show_if=[ShowIf("fruit", "apple", sign=False)])), END)
    expect(page.get_by_label("Kind")).to_be_hidden()
    expect(page.get_by_label("Other")).to_be_visible()
    page.get_by_label("Fruit", exact=True).press_sequentially("apple")
    page.get_by_label("Kind").fill("Gala")
    page.get_by_label("Color").fill("red")
    expect(page.get_by_label("Other")).to_be_hidden()
    page.get_by_label("Fruit", exact=True).fill("pear")
    expect(page.get_by_label("Color")).to_be_hidden()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()
    assert "a2luZA" not in posted(server)
    assert json.loads(posted(server)["_visible"][0]) == ["ZnJ1aXQ", "b3RoZXI"]


def test_conditions_in_javascript(opened: Opened) -> None:
    page = opened(screen(
        text(0, "tv", "Watches TV", datatype="yesno"),
        text(1, "show", "Show", show_if=[ShowIf(javascript="val('tv') == true;")]),
        text(2, "fruits", "Fruits", datatype="checkboxes", choices=choices("Apple", "Plum")),
        text(3, "dish", "Dish", show_if=[ShowIf(javascript="val(\"fruits['Apple']\") && val('fruits[\"Plum\"]')")]),
        text(4, "broken", "Broken", show_if=[ShowIf(javascript="this is no JavaScript")])))
    expect(page.get_by_label("Show")).to_be_hidden()
    page.get_by_text("Watches TV").click()
    expect(page.get_by_label("Show", exact=True)).to_be_visible()
    page.get_by_text("Apple").click()
    expect(page.get_by_label("Dish")).to_be_hidden()
    page.get_by_text("Plum").click()
    expect(page.get_by_label("Dish")).to_be_visible()
    expect(page.get_by_label("Broken")).to_be_hidden()


def test_enable_if_and_disable_others(opened: Opened) -> None:
    page = opened(screen(
        text(0, "one", "One of these", disable_others=True, required=False, input_type="dropdown",
             choices=choices("Fred")),
        text(1, "first", "First name"),
        text(2, "fixed", "Fixed", disabled=True),
        text(3, "second", "Second name", show_if=[ShowIf("first", "Ann", mode="enable")])))
    expect(page.get_by_label("Second name")).to_be_disabled()
    page.get_by_label("First name").fill("Ann")
    expect(page.get_by_label("Second name")).to_be_enabled()
    page.get_by_label("One of these").select_option("Fred")
    expect(page.get_by_label("First name")).to_be_disabled()
    page.get_by_label("One of these").select_option("")
    expect(page.get_by_label("First name")).to_be_enabled()
    expect(page.get_by_label("Fixed")).to_be_disabled()


def test_none_and_all_of_the_above(opened: Opened) -> None:
    page = opened(screen(text(0, "fruits", "Fruits", datatype="checkboxes", choices=choices("Apple", "Plum"),
                              none_of_the_above="None of these", all_of_the_above="All of these")))
    boxes = {name: page.get_by_role("checkbox", name=name)
             for name in ("Apple", "Plum", "None of these", "All of these")}
    boxes["All of these"].check()
    assert [box.is_checked() for box in boxes.values()] == [True, True, False, True]
    boxes["Plum"].uncheck()
    assert [box.is_checked() for box in boxes.values()] == [True, False, False, False]
    boxes["None of these"].check()
    assert [box.is_checked() for box in boxes.values()] == [False, False, True, False]
    boxes["Apple"].check()
    assert [box.is_checked() for box in boxes.values()] == [True, False, False, False]


def test_uncheck_and_check_others(opened: Opened) -> None:
    page = opened(screen(text(0, "a", "Alpha", datatype="yesno"), text(1, "b", "Beta", datatype="yesno"),
                         text(2, "none", "Neither", datatype="yesno", uncheck_others=True),
                         text(3, "both", "Both", datatype="yesno", check_others=["a", "b"])))
    boxes = [page.get_by_role("checkbox", name=name) for name in ("Alpha", "Beta", "Neither", "Both")]
    boxes[3].check()
    assert [box.is_checked() for box in boxes] == [True, True, False, True]
    boxes[2].check()
    assert [box.is_checked() for box in boxes] == [False, False, True, False]
    boxes[0].check()
    assert [box.is_checked() for box in boxes] == [True, False, False, False]


def test_a_combobox_by_mouse_and_by_keys(server: Running, opened: Opened) -> None:
    fruits = choices("Apple", "Apricot", "Plum")
    page = opened(screen(text(0, "fruit", "Fruit", input_type="combobox", choices=fruits)), END)
    page.locator("button.dacomboboxtoggle").click()
    page.locator("div.combobox-container .dropdown-item", has_text="Plum").click()
    box = page.get_by_role("combobox")
    assert box.input_value() == "Plum"
    box.fill("")
    box.press_sequentially("ap")
    expect(page.get_by_role("option")).to_have_count(2)
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("Enter")
    assert box.input_value() == "Apricot"
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()
    assert posted(server)["ZnJ1aXQ"] == ["Apricot"]


# -- authors' functions ---------------------------------------------------------------------------------------------


def fruit_form() -> Screen:
    return screen(
        text(0, "name", "Name"), text(1, "fruit", "Fruit", input_type="radio", choices=choices("Apple", "Plum")),
        text(2, "dish", "Dish", input_type="dropdown", choices=choices("Pie", "Jam")),
        text(3, "likes", "Likes", datatype="checkboxes", choices=choices("Apple", "Plum")),
        text(4, "sure", "Sure", datatype="yesno"))


def test_val_and_set_field(opened: Opened) -> None:
    page = opened(fruit_form())
    assert page.evaluate("getFields()") == ["name", "fruit", "dish", "likes", "sure"]
    page.evaluate("""() => { setField('name', 'Fred'); setField('fruit', 'Plum'); setField('dish', 'Jam');
                     setField("likes['Plum']", true); setField('sure', true); }""")
    assert page.evaluate("getFields().map(val)") == ["Fred", "Plum", "Jam", ["Plum"], True]
    assert page.evaluate("[val(\"likes['Plum']\"), val('likes[\"Apple\"]'), val('nothing')]") == [True, False, None]
    assert page.evaluate("getField('name').value") == "Fred"
    page.evaluate("setField('sure', false)")
    assert page.evaluate("val('sure')") is False


def test_flash_in_an_authors_script_on_the_first_screen(opened: Opened) -> None:
    """The script is there before our modules are loaded, and still finds our functions."""
    page = opened(screen(script_html="<script>flash('Hello, <b>user</b>!'); flash('Look out', 'danger');</script>"))
    expect(page.locator("#daflash .alert")).to_have_count(2)
    expect(page.locator("#daflash .alert-danger")).to_contain_text("Look out")
    page.evaluate("flash('Only this', 'success', true)")
    expect(page.locator("#daflash .alert")).to_have_count(1)


def test_action_call_and_url_action(server: Running, opened: Opened) -> None:
    page = opened(fruit_form())
    pie = page.evaluate("new Promise((done) => action_call('json', {fruit: 'äpple'}, (data) => done(data.pie)))")
    assert pie == "apple"
    assert "action json {'fruit': 'äpple'}" in server.turns.calls
    page.goto(server.base + page.evaluate("url_action('change', {color: 'red'})"))
    assert "action change {'color': 'red'}" in server.turns.calls
    settled(page)
    assert "action=" not in page.url


def test_get_interview_variables(server: Running, opened: Opened) -> None:
    """The function is called with the answers; where they are kept from scripts, it is told so."""
    page = opened(fruit_form())
    ask = "new Promise((done) => get_interview_variables(done))"
    given = page.evaluate(ask)
    assert (given["success"], given["variables"]["fruit"], given["uid"]) == (
        True, "apple", only_session(server).session_id)
    server.turns.variables_are_private = True
    assert page.evaluate(ask) == {"success": False, "variables": {}}
    page.evaluate("void get_interview_variables()")   # its function may be left out
    settled(page)


def test_every_function_has_its_names_with_da(opened: Opened) -> None:
    """For pages on which another script takes the short name."""
    page = opened(fruit_form())
    names = ["val", "getField", "getFields", "setField", "flash", "url_action", "url_action_call", "url_action_perform",
             "action_call", "action_perform", "get_interview_variables"]
    assert page.evaluate("""(names) => names.filter((name) => {
        const camel = 'da' + name.split('_').map((word) => word[0].toUpperCase() + word.slice(1)).join('');
        return !(window[name] && window[name] === window['da_' + name] && window[name] === window[camel]);
    })""", names) == []


def test_val_of_words_that_javascript_knows(opened: Opened) -> None:
    """What a person types is a text, also where it is the name of something in every object."""
    page = opened(fruit_form())
    for words in ("constructor", "toString", "null", "undefined"):
        page.get_by_label("Name", exact=True).fill(words)
        assert page.evaluate("val('name')") == words


# -- news -----------------------------------------------------------------------------------------------------------


def tell(server: Running, kind: str, value: Any = None) -> None:
    notice = Notice(next(NUMBERS), only_session(server).session_id, kind, value)
    server.turns.notices.append(notice)
    server.turns.listeners.on_notice(notice)


def connected(server: Running, page: Page) -> None:
    settled(page)
    for _ in range(100):
        if server.application.tabs.count:
            return
        page.wait_for_timeout(20)
    pytest.fail("the socket did not open")


def test_notices_reach_the_page(server: Running, opened: Opened) -> None:
    page = opened(screen(text(0, "name", "Name"), subquestion_html='<span class="datargetnews"></span>'))
    connected(server, page)
    tell(server, "flash", "Your result is there")
    expect(page.locator("#daflash")).to_contain_text("Your result is there")
    tell(server, "javascript", "window.told = 42")
    page.wait_for_function("window.told === 42")
    tell(server, "fields", {"name": "Fred"})
    expect(page.get_by_label("Name", exact=True)).to_have_value("Fred")
    tell(server, "backgroundresponse", {"target": "news", "content": "<i>new</i>"})
    expect(page.locator(".datargetnews i")).to_have_text("new")


def test_a_refresh_keeps_what_was_typed(server: Running, opened: Opened) -> None:
    """The same question with another text is redrawn around what the person typed; the caret stays where it was."""
    page = opened(screen(text(0, "name", "Name")), END)
    connected(server, page)
    page.get_by_label("Name", exact=True).press_sequentially("Fre")
    server.turns.screens[0].subquestion_html = "<p>The result is 42.</p>"
    tell(server, "refresh")
    expect(page.get_by_text("The result is 42.")).to_be_visible()
    page.keyboard.type("d")
    assert page.get_by_label("Name", exact=True).input_value() == "Fred"
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()


def test_a_waiting_screen_goes_at_once_and_its_words_stay_for_a_moment(server: Running, opened: Opened) -> None:
    """Also when the news comes before the reply to the submit that leads to the waiting screen."""
    page = opened(screen(text(0, "name", "Name", required=False)),
                  screen(block="w", reload_after=600, question_html="Hang tight."), END)
    connected(server, page)
    session = only_session(server)

    def reply_after_the_news(route: Route) -> None:
        if route.request.method == "POST":
            reply = route.fetch()
            session.step = 3
            server.turns.listeners.on_notice(Notice(0, session.session_id, "reload"))
            page.evaluate("new Promise((done) => setTimeout(done, 200))")
            route.fulfill(response=reply)
        else:
            route.continue_()

    page.route(re.compile(r"/interview\?"), reply_after_the_news)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()
    expect(page.locator(".da-fading")).to_have_text("✓ Hang tight.")
    expect(page.locator(".da-fading")).to_have_count(0)


def test_reload_after(server: Running, opened: Opened) -> None:
    page = opened(screen(reload_after=0.2))
    server.turns.screens[0].subquestion_html = "<p>Later</p>"
    expect(page.get_by_text("Later")).to_be_visible()


def test_reload_after_goes_on_when_the_server_does_not_answer(server: Running, opened: Opened) -> None:
    """A waiting page is not left waiting for good by one refresh that failed, in the network or at the server."""
    page = opened(screen(reload_after=0.2))
    failed: list[str] = []

    def fail(route: Route) -> None:
        failed.append(route.request.url)
        if len(failed) == 1:
            route.abort()
        else:
            route.fulfill(status=503, json={"action": "error", "title": "Stopping", "message": "Come back."})

    page.route(re.compile(r"/interview\?"), fail, times=3)
    server.turns.screens[0].subquestion_html = "<p>Later</p>"
    expect(page.get_by_text("Later")).to_be_visible()
    assert len(failed) == 3
    expect(page.locator(".da-error-answer")).to_have_count(0)


def test_without_the_socket_the_page_polls(server: Running, opened: Opened) -> None:
    server.application.parts.settings = Settings({"checkin interval": 1000})
    page = opened(screen(text(0, "name", "Name")))
    connected(server, page)
    server.loop.call_soon_threadsafe(server.application.tabs.close)
    page.route_web_socket("**/interview/notices*", lambda socket: socket.close())
    server.turns.notices.append(Notice(7, only_session(server).session_id, "flash", "By the poll"))
    expect(page.locator("#daflash")).to_contain_text("By the poll")


def test_a_check_in_action_gets_the_fields(server: Running, opened: Opened) -> None:
    page = opened(screen(text(0, "fruit", "Fruit"), check_in="look", subquestion_html='<b class="datargett"></b>'))
    settled(page)
    assert "initial=True" in server.turns.calls[-1]
    page.get_by_label("Fruit", exact=True).fill("apple")
    page.get_by_label("Fruit", exact=True).blur()
    expect(page.locator(".datargett")).to_have_text("apple")
    assert "changed='fruit'" in server.turns.calls[-1]


def test_help_and_terms(opened: Opened) -> None:
    page = opened(screen(text(0, "name", "Name", help_html="Your full name"),
                         help=[HelpSection("How", "<p>Like this.</p>")]))
    page.locator("#dahelptoggle").click()
    expect(page.get_by_text("Like this.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_hidden()
    page.locator("#dabackToQuestion").click()
    expect(page.get_by_role("textbox", name="Name")).to_be_visible()
    page.locator("label a.da-label-help").click()
    expect(page.get_by_text("Your full name")).to_be_visible()
