"""``/interview`` over real HTTP: beginning, going on, submitting, leaving, and every bad input."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import httpx
import pytest

from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW
from tests.support.routes import LINKS_ELSEWHERE

ADDRESS = f"/interview?i={INTERVIEW}"
FRUIT = "ZnJ1aXQ"


def form_of(page: str) -> dict[str, str]:
    """The hidden inputs of the screen's form."""
    form = page[page.index('id="daform"'):]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") == "hidden":
            found[attributes["name"]] = attributes.get("value", "")
    return found


def filled(page: str, **fields: str) -> dict[str, str]:
    return form_of(page) | {FRUIT: "apple"} | fields


def session_of(server: Running) -> str:
    return next(iter(server.turns.sessions))


def submit(client: httpx.Client, data: dict[str, str], **options: Any) -> httpx.Response:
    return client.post(f"{ADDRESS}&session={data['_session']}", data=data, **options)


def test_a_new_session_is_drawn_in_the_same_response(server: Running, browser_client: httpx.Client) -> None:
    """One request, no redirect, and no look for sessions of a browser that was never here."""
    page = browser_client.get(ADDRESS)
    assert page.status_code == 200
    assert "What fruit &amp; why?" in page.text
    assert server.turns.calls == ["begin"]
    assert "etag" not in page.headers


def test_a_short_address_leads_to_the_interview(browser_client: httpx.Client) -> None:
    """With all that it is given but another interview; folders and foreign names have none."""
    answer = browser_client.get("/run/demo/questions?x=a%26b&i=other&reset=1", follow_redirects=False)
    assert answer.headers["location"] == (
        "/interview?i=docassemble.demo:data/questions/questions.yml&x=a%26b&reset=1")
    begins = browser_client.get("/start/demo/questions.yml?new_session=0", follow_redirects=False)
    assert begins.headers["location"] == "/interview?i=docassemble.demo:data/questions/questions.yml&new_session=1"
    assert "no interview of this name" in browser_client.get("/start/housing").text
    assert browser_client.get("/run/demo/examples/fields").status_code == 404
    assert browser_client.get("/run/demo//elsewhere.org").status_code == 404


def test_a_reload_shows_the_same_session(server: Running, browser_client: httpx.Client) -> None:
    browser_client.get(ADDRESS)
    browser_client.get(ADDRESS)
    assert len(server.turns.sessions) == 1


def test_unknown_query_keys_become_url_args(server: Running, browser_client: httpx.Client) -> None:
    browser_client.get(f"{ADDRESS}&from=moon&reset=2&cache=0&new_session=1")
    assert server.turns.sessions[session_of(server)].url_args == {"from": "moon"}


@pytest.mark.parametrize(("query", "left"), [("reset=1", 2), ("reset=2", 1), ("new_session=1", 3)])
def test_reset_and_new_session(server: Running, browser_client: httpx.Client, query: str, left: int) -> None:
    """reset=1 replaces the session that would be resumed, reset=2 all of them, new_session=1 none."""
    browser_client.get(ADDRESS)
    browser_client.get(f"{ADDRESS}&new_session=1")
    assert browser_client.get(f"{ADDRESS}&{query}").status_code == 200
    assert len(server.turns.sessions) == left


@pytest.mark.parametrize("elsewhere", LINKS_ELSEWHERE)
def test_a_link_on_another_site_does_not_reset(server: Running, browser_client: httpx.Client,
                                               elsewhere: dict[str, str]) -> None:
    """Before it deletes answers the page asks; its own link then does it. Another port of this computer counts as
    another site, though it gets our cookies.
    """
    browser_client.get(ADDRESS)
    asked = browser_client.get(f"{ADDRESS}&reset=1", headers=elsewhere)
    assert "Are you sure?" in asked.text
    assert "reset=1" in asked.text
    assert len(server.turns.sessions) == 1
    browser_client.get(f"{ADDRESS}&reset=1", headers={"Sec-Fetch-Site": "same-origin"})
    assert server.turns.calls.count("begin") == 2


def test_submit_by_script_answers_with_the_next_body(server: Running, browser_client: httpx.Client) -> None:
    """The JSON of the page contract, with all its keys."""
    data = filled(browser_client.get(ADDRESS).text)
    answer = submit(browser_client, data | {"ajax": "1"}).json()
    assert answer["action"] == "body"
    assert "Done?" in answer["body"]
    assert "window.ran" in "".join(answer["extra_scripts"])
    assert answer["allow_going_back"] is True
    assert answer["steps"] == 2
    for name in ("extra_css", "browser_title", "lang", "bodyclass", "reload_after", "livehelp", "csrf_token",
                 "do_action", "message_log", "id_dict"):
        assert name in answer
    assert server.turns.sessions[data["_session"]].answers[0][FRUIT] == ["apple"]
    assert "_xsrf" not in server.turns.sessions[data["_session"]].answers[0]


def test_submit_without_script_is_followed_by_a_redirect(server: Running, browser_client: httpx.Client) -> None:
    """So a reload does not send the form again."""
    data = filled(browser_client.get(ADDRESS).text)
    answer = submit(browser_client, data)
    assert answer.status_code == 303
    assert "Done?" in browser_client.get(answer.headers["location"]).text


def test_errors_without_script_are_shown_at_once(browser_client: httpx.Client) -> None:
    page = browser_client.get(ADDRESS).text
    answer = submit(browser_client, filled(page, **{FRUIT: ""}))
    assert answer.status_code == 200
    assert "You need to fill this in." in answer.text


def test_the_same_turn_sent_twice_counts_once(server: Running, browser_client: httpx.Client) -> None:
    data = filled(browser_client.get(ADDRESS).text) | {"ajax": "1"}
    first, second = submit(browser_client, data).json(), submit(browser_client, data).json()
    assert first["body"].count("Done?") == second["body"].count("Done?")
    assert len(server.turns.sessions[data["_session"]].answers) == 1


def test_two_tabs_submitting_the_same_screen(server: Running, browser_client: httpx.Client) -> None:
    """The second one gets the current screen with a message; nothing is applied twice."""
    one, two = browser_client.get(ADDRESS).text, browser_client.get(ADDRESS).text
    submit(browser_client, filled(one))
    answer = submit(browser_client, filled(two))
    assert answer.status_code == 200
    assert "already answered in another tab" in answer.text
    assert len(server.turns.sessions[session_of(server)].answers) == 1


def test_back(server: Running, browser_client: httpx.Client) -> None:
    data = filled(browser_client.get(ADDRESS).text)
    submit(browser_client, data)
    data = form_of(browser_client.get(ADDRESS).text)
    assert "What fruit" in submit(browser_client, data | {"_back_one": "1", "ajax": "1"}).json()["body"]


def second_screen(client: httpx.Client) -> dict[str, str]:
    """The screen of buttons, in a new session."""
    submit(client, filled(client.get(f"{ADDRESS}&new_session=1").text))
    return form_of(client.get(ADDRESS).text)


@pytest.mark.parametrize(("button", "script", "plain"), [
    ("1", {"action": "redirect", "url": "/?goodbye=exit"}, "/?goodbye=exit"),
    ("3", {"action": "wait", "sleep": 2.0}, "Please wait"),
    ("4", {"action": "resubmit"}, "a,b"),
])
def test_special_endings(browser_client: httpx.Client, button: str, script: dict[str, Any], plain: str) -> None:
    """With script the JSON says what to do; the same submit as a page does it."""
    data = second_screen(browser_client) | {"_button": button}
    answer = submit(browser_client, data | {"ajax": "1"}).json()
    assert {name: answer[name] for name in script} == script
    data = second_screen(browser_client) | {"_button": button}
    page = submit(browser_client, data)
    assert plain in page.headers.get("location", "") + page.text


def test_restart_begins_anew(server: Running, browser_client: httpx.Client) -> None:
    data = second_screen(browser_client)
    answer = submit(browser_client, data | {"_button": "2", "ajax": "1"}).json()
    assert answer["action"] == "body"
    assert answer["session"] != data["_session"]
    assert list(server.turns.sessions) == [answer["session"]]


@pytest.mark.parametrize("encode", [json.dumps, lambda action: base64.b64encode(json.dumps(action).encode()).decode(),
                                    lambda action: base64.urlsafe_b64encode(json.dumps(action).encode()).decode()])
def test_actions_come_as_json_or_base64(server: Running, browser_client: httpx.Client, encode: Any) -> None:
    action = {"action": "json", "arguments": {"fruit": "äpple??>>"}}
    answer = browser_client.get(ADDRESS, params={"i": INTERVIEW, "action": encode(action)})
    assert answer.json() == {"pie": "apple"}
    assert "action json {'fruit': 'äpple??>>'}" in server.turns.calls


def test_json_shows_the_screen_as_data(browser_client: httpx.Client) -> None:
    answer = browser_client.get(f"{ADDRESS}&json=1")
    assert "<!DOCTYPE html>" not in answer.text
    screen = answer.json()
    assert screen["questionText"] == "What fruit &amp; why?"
    assert [one["variable_name"] for one in screen["fields"]] == ["fruit", "color"]
    assert screen["fields"][1]["choices"] == [{"label": "Red", "value": "red", "key": "red"}]


# -- bad input -----------------------------------------------------------------------------------------


def test_unknown_interview(browser_client: httpx.Client) -> None:
    page = browser_client.get("/interview?i=docassemble.none:data/questions/x.yml")
    assert page.status_code == 404
    assert "<title>Error</title>" in page.text
    assert "There is no file docassemble.none" in page.text
    assert "jquery" in page.text
    assert "Traceback" not in page.text


def test_no_such_session(browser_client: httpx.Client) -> None:
    page = browser_client.get(f"{ADDRESS}&session=none")
    assert page.status_code == 404
    assert "does not exist any more" in page.text


def test_somebody_elses_session(server: Running, browser_client: httpx.Client) -> None:
    browser_client.get(ADDRESS)
    with server.browser() as stranger:
        page = stranger.get(f"{ADDRESS}&session={session_of(server)}")
    assert page.status_code == 403
    assert "belongs to somebody else" in page.text


@pytest.mark.parametrize("token", ["", "forged", "2|00000000|00000000000000000000000000000000|1"])
def test_forged_or_missing_token(server: Running, browser_client: httpx.Client, token: str) -> None:
    """A page in clear words, and nothing is applied."""
    data = filled(browser_client.get(ADDRESS).text, _xsrf=token, csrf_token=token)
    answer = submit(browser_client, data)
    assert answer.status_code == 403
    assert "too old to be sent" in answer.text
    assert "Open the interview" in answer.text
    assert server.turns.sessions[session_of(server)].answers == []


def test_a_script_gets_a_fresh_token_for_its_own_session_only(server: Running, browser_client: httpx.Client) -> None:
    data = filled(browser_client.get(ADDRESS).text, _xsrf="", csrf_token="", ajax="1")
    answer = submit(browser_client, data)
    assert answer.status_code == 403
    token = answer.json()["csrf_token"]
    assert submit(browser_client, data | {"_xsrf": token}).json()["action"] == "body"
    with server.browser() as stranger:
        refused = submit(stranger, data)
        assert refused.status_code == 403
        assert "csrf_token" not in refused.json()


def test_the_token_is_also_taken_from_a_header(browser_client: httpx.Client) -> None:
    data = form_of(browser_client.get(ADDRESS).text)
    token = data.pop("_xsrf")
    data.pop("csrf_token", None)
    assert submit(browser_client, data | {"ajax": "1"}, headers={"X-CSRFToken": token}).status_code == 200


@pytest.mark.parametrize("by_script", [True, False])
def test_twenty_megabytes(server: Running, browser_client: httpx.Client, by_script: bool) -> None:
    """A clear 413 that arrives, not a dropped connection; the session goes on."""
    data = filled(browser_client.get(ADDRESS).text, big="x" * 20_000_000)
    headers = {"X-Requested-With": "XMLHttpRequest"} if by_script else {}
    answer = submit(browser_client, data, headers=headers)
    assert answer.status_code == 413
    words = answer.json()["message"] if by_script else answer.text
    assert "At most 16 MB can be sent at once" in words
    assert browser_client.get(ADDRESS).status_code == 200
    assert server.turns.sessions[session_of(server)].answers == []


@pytest.mark.parametrize("action", ["{", "bm9uc2Vuc2U", "[]", '{"arguments": {}}', "äöü"])
def test_damaged_actions(browser_client: httpx.Client, action: str) -> None:
    answer = browser_client.get("/interview", params={"i": INTERVIEW, "action": action})
    assert answer.status_code == 400
    assert "link is damaged" in answer.text


def test_damaged_numbers_in_the_form_are_an_older_screen(server: Running, browser_client: httpx.Client) -> None:
    data = filled(browser_client.get(ADDRESS).text, _revision="x", _button="y")
    assert submit(browser_client, data).status_code == 200
    assert server.turns.sessions[session_of(server)].answers == []


def test_errors_of_the_interview_show_no_trace_to_a_person(browser_client: httpx.Client) -> None:
    data = second_screen(browser_client) | {"_button": "5"}
    page = submit(browser_client, data)
    assert page.status_code == 500
    assert "<title>Error</title>" in page.text
    assert "secret value" not in page.text
    assert "line 7" not in page.text
    by_script = submit(browser_client, data | {"ajax": "1"})
    assert by_script.json()["action"] == "error"
    assert "secret value" not in by_script.text


def test_the_owner_sees_where_the_error_is(browser_client: httpx.Client) -> None:
    browser_client.get("/user/sign-in?token=once")
    data = second_screen(browser_client) | {"_button": "5"}
    page = submit(browser_client, data)
    for text in ("ZeroDivisionError", INTERVIEW, "ratio", "secret value 42"):
        assert text in page.text
