"""A hundred scripts typed into everything that takes a text, and every page that shows it again: none runs."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Container, Sequence
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import BrowserContext

from tests.hostile.house import ADMIN, USER, House
from tests.hostile.interviews import ECHO, KINDS, PRIVATE, REFUSING, SCREENS, SHARED
from tests.hostile.scripts import LOOK, hostile_elements, listen
from tests.support.browser import Person
from tests.support.client import Client, Page
from tests.support.hostile import SCRIPTS

EACH = 10
"""Scripts in one parameter: where one is not harmless, so it is beside others."""

NewPerson = Callable[..., Person]


def typed(page: Page, kinds: Container[str], scripts: Sequence[str] = SCRIPTS) -> list[tuple[str, str]]:
    """The form with each of the scripts in its own field, and the button."""
    def value(name: str, before: str) -> str:
        try:
            kind, _, number = base64.b64decode(name + "=" * (-len(name) % 4)).decode().rpartition("_")
        except (binascii.Error, UnicodeDecodeError):
            return before
        return scripts[int(number)] if kind in kinds and number.isdigit() else before
    return [(name, value(name, before)) for name, before in page.values()] + page.button("Continue")


def look_at(person: Person, address: str, heard: list[str]) -> None:
    """Open a page, and wait until all that it would run has run."""
    person.page.goto(f"{person.base}{address}" if address.startswith("/") else address)
    person.page.wait_for_function("() => document.readyState === 'complete' && (!window.jQuery || !jQuery.active)")
    person.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60)))")
    heard.extend(f"{address}: {one}" for one in person.page.evaluate(LOOK))


def is_of(context: BrowserContext, client: httpx.Client, base: str) -> None:
    context.add_cookies([{"name": one.name, "value": one.value or "", "url": base} for one in client.cookies.jar])


def test_the_judge_knows_scripts() -> None:
    """What reads HTML here sees each kind of script that it is to find."""
    for html in ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<a href='java\nscript:alert(1)'>x</a>",
                 "<form action=' javascript:x'>", "<iframe src='data:text/html,x'>", "<style>alert(5)</style>"):
        assert list(hostile_elements(html)), html
    assert not list(hostile_elements("<p title='<script>alert(1)</script>'>&lt;script>alert(1)</p>"))


def test_answers_in_a_browser(house: House, new_person: NewPerson) -> None:
    """Six datatypes that take any text and eight that refuse it, on screens that show it in some forty places: Markdown
    of all kinds, labels, hints, defaults, choices, help, buttons, titles; then where sessions are listed with
    their tags and names, and as JSON.
    """
    person = new_person(house.base)
    heard = listen(person.page)
    with Client(house.base) as client:
        page = client.start(ECHO, title=SCRIPTS[0])
        for _ in KINDS:
            page = client.post(page, typed(page, KINDS))
        page = client.post(page, typed(page, REFUSING))
        assert page.question == "Say the rest"
        assert page.html.count("alert(") >= len(REFUSING) * 90   # refused, and there to be mended
        is_of(person.page.context, client.http, house.base)
        assert list(hostile_elements(page.html)) == []
        page = client.post(page, typed(page, REFUSING, [""] * len(SCRIPTS)))
        for screen in SCREENS:
            assert page.question.startswith(screen)
            assert page.html.count("alert(") >= 90
            look_at(person, page.url, heard)
            if screen != SCREENS[-1]:
                page = client.post(page, page.values() + page.button("Continue"))
        token = house.token(client.http)
        session = httpx.URL(page.url).params["session"]
        for number, script in enumerate(SCRIPTS):
            answer = client.http.post("/interviews/name", data={"_xsrf": token, "session": session, "name": script})
            assert list(hostile_elements(answer.text)) == [], (number, script)
        for address in ("/interviews", "/", "/tasks", "/mail", "/outbox", "/schedule"):
            look_at(person, address, heard)
        as_json = client.http.get("/interview", params={"i": ECHO, "session": session, "json": "1"})
        variables = client.http.get("/interview/variables", params={"session": session})
        for answer in (as_json, variables):
            assert answer.headers["content-type"].startswith("application/json")
    assert heard == []
    print(f"\n{len(KINDS) + len(REFUSING)} datatypes, titles, names and tags of sessions: {len(SCRIPTS)} scripts each, "
          "0 run")


def test_profiles_in_a_browser(house: House, new_person: NewPerson) -> None:
    """All that accounts say about people, on their own pages and on those of administrators: the last one stays there.
    And what a browser calls itself.
    """
    person = new_person(house.base)
    heard = listen(person.page)
    fields = ("first_name", "last_name", "organization", "country", "subdivisionfirst", "subdivisionsecond",
              "subdivisionthird", "language", "timezone")
    with house.browser(USER) as client:
        token = house.token(client)
        for script in TOGETHER:
            form = {"_xsrf": token, **dict.fromkeys(fields, script)}
            itself = {b"User-Agent": "".join(one for one in f"Firefox {script}" if one.isprintable()).encode()}
            answer = client.post("/user/profile", data=form, headers=itself)
            assert list(hostile_elements(answer.text)) == [], script
            shown = client.get("/user/profile", headers=itself)
            assert list(hostile_elements(shown.text)) == [], script
        client.post("/user/profile", data={"_xsrf": token, "first_name": "".join(SCRIPTS[:20]),
                                           "last_name": "".join(SCRIPTS[44:60])})
        is_of(person.page.context, client, house.base)
        for address in ("/user/profile", "/"):
            look_at(person, address, heard)
    with house.browser(ADMIN) as client:
        is_of(person.page.context, client, house.base)
        for address in ("/", "/userlist", "/audit", "/logs", "/network", "/backup", "/packages", "/config", "/about"):
            look_at(person, address, heard)
    with house.browser(USER) as client:
        client.post("/user/profile", data={"_xsrf": house.token(client), "first_name": "User", "last_name": ""})
    assert heard == []
    print(f"\n{len(fields)} fields of profiles and the browser's name: {len(SCRIPTS)} scripts each, 0 run")


SHOWN_AGAIN = (
    "/interview?i={}", f"/interview?i={PRIVATE}&new_session=1&{{}}=1", f"/interview?i={PRIVATE}&session={{}}",
    f"/interview?i={PRIVATE}&action={{}}", "/interviews?q={}", "/interviews?tag={}", "/interviews?page={}",
    "/interviews?done={}", "/user/sign-in?next={}", "/user/sign-in?token={}", "/user/sign-out?next={}",
    "/user/invitation?token={}", "/user/reset?token={}", "/user/register?next={}", "/logs?q={}", "/logs?log={}",
    "/logs?level={}", "/audit?q={}", "/audit?before={}", "/packages/{}", "/packages?done={}", "/config?q={}",
    "/userlist?q={}", "/tasks?show={}", "/outbox?done={}&came={}", "/network?done={}", "/restarting?next=/{}",
    "/restarting?run={}", "/backup/{}.backup", "/static/{}", "/packagestatic/{}", "/uploadedfile/1/{}", "/{}",
    "/leave?i={}", "/exit?i={}&next={}", "/new_session?i={}", "/dark_mode?scheme={}", "/?goodbye={}")

FORMS = (
    ("/user/sign-in", ("email", "next")), ("/user/register", ("email", "first_name", "last_name", "next")),
    ("/user/forgot", ("email",)), ("/user/invitation", ("token", "first_name")), ("/user/reset", ("token", "code")),
    ("/interviews/name", ("session", "name")), ("/interviews/delete", ("session", "q", "tag")),
    ("/schedule/run", ("event",)), ("/outbox/again", ("mail",)), ("/tasks/again", ("task",)),
    ("/backup/delete", ("name",)), ("/network/share", ("share",)), ("/packages/install", ("token",)),
    ("/packages/public", ("open",)), ("/config", ("name", "value", "text")), ("/userlist", ("email",)),
    ("/mail/by-hand", ("code",)), ("/sessions/delete", ("session",)), ("/user/recovery-code", ("password",)))


TOGETHER = ["".join(SCRIPTS[start:start + EACH]) for start in range(0, len(SCRIPTS), EACH)]


def pages_of(answer: httpx.Response) -> str:
    """What a browser would read as a page."""
    return answer.text if answer.headers.get("content-type", "").startswith("text/html") else ""


@pytest.mark.parametrize("who", ["", ADMIN])
def test_what_addresses_and_forms_say_is_shown_harmless(house: House, who: str) -> None:
    """Every parameter of every page that shows something of its address again, in errors too; and forms that come back
    with what was typed. As nobody, and as an administrator, who is shown more.
    """
    found, count = [], 0
    with house.browser(who) as client:
        token = house.token(client)
        for script in TOGETHER:
            for address in SHOWN_AGAIN:
                answer = client.get(address.replace("{}", quote(script, safe="")))
                found += [(address, one) for one in hostile_elements(pages_of(answer))]
                assert answer.status_code < 500 or "no such" in answer.text or "damaged" in answer.text, address
                count += 1
        for script in TOGETHER:
            for path, fields in FORMS:
                answer = client.post(path, data={"_xsrf": token, **dict.fromkeys(fields, script)})
                found += [(path, one) for one in hostile_elements(pages_of(answer))]
                count += 1
    print(f"\n{who or 'nobody'}: {count} pages with a script in their address or form, {len(found)} show it as one")
    assert found == []


def test_arguments_of_actions(house: House) -> None:
    """What a link's action is given, in messages, notices, errors and their pages for authors: a page or JSON."""
    found, count = [], 0
    for who in ("", ADMIN):
        with house.browser(who) as client:
            session = httpx.URL(str(client.get(
                "/interview", params={"i": SHARED, "new_session": "1"}).url)).params.get("session", "")
            for script in SCRIPTS[:: 4]:
                for action in ("talk", "explain", "fail", script):
                    told = base64.b64encode(json.dumps({"action": action, "arguments": {"words": script}}).encode())
                    answer = client.get("/interview", params={"i": SHARED, "session": session, "action": told.decode()}
                                        if session else {"i": SHARED, "action": told.decode()})
                    found += [(action, one) for one in hostile_elements(pages_of(answer))]
                    count += 1
    print(f"\n{count} actions with scripts, {len(found)} shown as one")
    assert found == []
