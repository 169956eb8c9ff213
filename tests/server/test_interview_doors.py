"""Interviews that are not for everybody, over HTTP: what their metadata and their special buttons lead to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from appliance.interview.screen import html_name
from tests.server.test_account_pages import HERE, PASSWORD
from tests.server.test_interview import form_of
from tests.server.test_people_and_sessions import ADDRESS, Browser, Place
from tests.sessions.house import INTERVIEW, House, run
from tests.support.two_roles import OPINION

COUNTER = """
metadata:
{metadata}
---
question: Name?
fields:
  - Name: name
---
mandatory: True
question: Hello ${{ name }}
"""


def at(folder: Path, text: str, test: Callable[[Place], Awaitable[None]]) -> None:
    async def whole(house: House) -> None:
        place = Place(house)
        house.turns.listeners.on_account = place.accounts.changed
        try:
            await test(place)
        finally:
            await place.close()
    run(folder, whole, text)


def with_metadata(*lines: str) -> str:
    return COUNTER.format(metadata="\n".join(f"  {line}" for line in lines))


def session_in(page: str) -> str:
    return form_of(page)["_session"]


def leads_to_sign_in(answer: httpx.Response) -> str:
    """Where signing in leads back to."""
    assert answer.status_code == 303, answer.text
    address = urlsplit(answer.headers["location"])
    assert address.path == "/user/sign-in"
    return parse_qs(address.query)["next"][0]


def test_require_login_leads_to_the_sign_in_page_and_back(tmp_path: Path) -> None:
    """A stranger gets the page with Email, Password and Sign in; a script is told; nothing was begun."""
    async def test(place: Place) -> None:
        async with place.browser() as browser:
            answer = await browser.client.get(ADDRESS)
            back = leads_to_sign_in(answer)
            assert back == ADDRESS
            page = await browser.page(answer.headers["location"])
            assert all(f">{words}<" in page for words in ("Email", "Password", "Sign in"))
            by_script = {"X-Requested-With": "XMLHttpRequest"}
            assert (await browser.client.get(ADDRESS, headers=by_script)).status_code == 401
            assert place.house.rows("SELECT count(*) FROM sessions") == [(0,)]
            await browser.register()
            assert "Name?" in await browser.page(back)

    at(tmp_path, with_metadata("require login: True"), test)


def test_a_missing_privilege_is_said_and_a_given_one_counts_at_once(tmp_path: Path) -> None:
    """Signed in without the privilege: a clear page, without an error in the log; with it, the interview."""
    async def test(place: Place) -> None:
        async with place.browser() as browser:
            leads_to_sign_in(await browser.client.get(ADDRESS))
            await browser.register()
            answer = await browser.client.get(ADDRESS)
            assert answer.status_code == 403
            assert "does not have the privilege" in answer.text
            [person] = [one for one in await place.accounts.people() if one.kind == "person"]
            await place.accounts.set_privileges(place.house.owner, person.user_id, ["advocate"])
            page = await browser.page(ADDRESS)
            assert "Name?" in page
            form = form_of(page)
            await place.accounts.set_privileges(place.house.owner, person.user_id, ["user"])
            answer = await browser.client.post(f"{ADDRESS}&session={form['_session']}", data=form)
            assert answer.status_code == 403

    at(tmp_path, with_metadata("required privileges: [advocate]"), test)


def test_unique_sessions_are_resumed_whatever_the_address_says(tmp_path: Path) -> None:
    """'sessions are unique': one session for each person, in every browser, also with new_session=1."""
    async def test(place: Place) -> None:
        async with place.browser() as browser:
            leads_to_sign_in(await browser.client.get(ADDRESS))
            await browser.register()
            first = session_in(await browser.page(ADDRESS))
            assert session_in(await browser.page(f"{ADDRESS}&new_session=1")) == first

    at(tmp_path, with_metadata("sessions are unique: True"), test)


def test_an_address_may_leave_out_the_folder(tmp_path: Path) -> None:
    """A session that a short address began goes on by the long one and the other way round: as a page, as JSON, for
    scripts; and both delete it.
    """
    async def test(place: Place) -> None:
        short = ADDRESS.replace("data/questions/", "")
        async with place.browser() as browser:
            for begun, other in ((short, ADDRESS), (ADDRESS, short)):
                session = session_in(await browser.page(begun))
                assert session_in(await browser.page(other)) == session
                told = (await browser.client.get(f"{other}&json=1")).json()
                assert (told["session"], told["i"]) == (session, INTERVIEW)
                query = urlsplit(other).query
                assert (await browser.client.get(f"/interview/variables?{query}")).json()["uid"] == session
                form = form_of(await browser.page(f"{other}&reset=1"))
                assert form["_session"] != session
                assert place.house.rows("SELECT id, interview FROM sessions") == [(form["_session"], INTERVIEW)]
                await browser.page(f"{other}&new_session=1")
                last = session_in(await browser.page(f"{other}&reset=2"))
                assert place.house.rows("SELECT id FROM sessions") == [(last,)]
                await browser.client.get(f"/exit?{query}")
                assert place.house.rows("SELECT id FROM sessions") == []

    at(tmp_path, with_metadata("title: Counter"), test)


def test_a_temporary_session_makes_room_for_the_next(tmp_path: Path) -> None:
    """'temporary session': a reload shows the same one, a new one takes its place; others are all kept."""
    async def test(place: Place) -> None:
        async with place.browser() as browser:
            first = session_in(await browser.page(ADDRESS))
            assert session_in(await browser.page(ADDRESS)) == first
            second = session_in(await browser.page(f"{ADDRESS}&new_session=1"))
            assert second != first
            assert place.house.rows("SELECT id FROM sessions") == [(second,)]

    at(tmp_path, with_metadata("temporary session: True"), test)

    async def kept(place: Place) -> None:
        async with place.browser() as browser:
            await browser.page(ADDRESS)
            await browser.page(f"{ADDRESS}&new_session=1")
            assert place.house.rows("SELECT count(*) FROM sessions") == [(2,)]

    at(tmp_path / "kept", with_metadata("title: Kept"), kept)


BUTTONS = """
mandatory: True
question: |
  ${ 'You are ' + user_info().email if user_logged_in() else 'Who are you?' }
buttons:
  - In: signin
  - New: register
  - Out: logout
  - Over: exit_logout
"""


def test_special_buttons_sign_in_and_out(tmp_path: Path) -> None:
    """Buttons signin and register lead to their pages and back to the session, which is the person's then; logout and
    exit_logout end the sign-in, and the latter the session.
    """
    async def test(place: Place) -> None:
        async with place.browser() as browser:
            async def press(label: str) -> httpx.Response:
                page = await browser.page(ADDRESS)
                number = page.split(f">{label}<")[0].rpartition('value="')[2].partition('"')[0]
                form = form_of(page)
                return await browser.client.post(f"{ADDRESS}&session={form['_session']}",
                                                 data=form | {"_button": number})
            session = session_in(await browser.page(ADDRESS))
            back = leads_to_sign_in(await press("In"))
            assert back == f"{ADDRESS}&session={session}"
            assert urlsplit((await press("New")).headers["location"]).path == "/user/register"
            await browser.register()
            assert "You are paula" in await browser.page(back)
            assert "goodbye=logout" in (await press("Out")).headers["location"]
            assert "user" not in browser.client.cookies
            assert place.house.rows("SELECT id FROM sessions") == [(session,)]
            await browser.sign_in(PASSWORD)
            assert session_in(await browser.page(ADDRESS)) == session
            await press("Over")
            assert "user" not in browser.client.cookies
            assert place.house.rows("SELECT count(*) FROM sessions") == [(0,)]
            assert "Who are you?" in (await browser.client.get(ADDRESS, headers=HERE)).text

    at(tmp_path, BUTTONS, test)


def test_a_client_and_an_advocate_work_on_one_session(tmp_path: Path) -> None:
    """The client answers, the advocate opens the link and gives an opinion, the client reads it; each gets only the
    questions of their role.
    """
    async def test(place: Place) -> None:
        async def send(browser: Browser, page: str, variable: str, text: str) -> str:
            form = form_of(page)
            answer = await browser.client.post(f"{ADDRESS}&session={form['_session']}",
                                               data=form | {html_name(variable): text})
            assert answer.status_code == 303, answer.text
            return await browser.page(answer.headers["location"])

        async with place.browser() as client, place.browser() as advocate:
            page = await client.page(ADDRESS)
            link = f"{ADDRESS}&session={session_in(page)}"
            await advocate.register()
            [person] = [one for one in await place.accounts.people() if one.kind == "person"]
            await place.accounts.set_privileges(place.house.owner, person.user_id, ["advocate"])
            assert "Waiting for the client" in await advocate.page(link)
            assert "Waiting for the advocate" in await send(client, page, "facts", "A dog bit me")
            page = await advocate.page(link)
            assert "paula@client.example, what do you think of “A dog bit me”?" in page
            assert "The opinion is sue" in await send(advocate, page, "opinion", "sue")
            assert "The opinion is sue" in await client.page(link)

    at(tmp_path, OPINION, test)
