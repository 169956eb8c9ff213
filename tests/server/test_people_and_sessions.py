"""The pages of accounts over real sessions: what a password opens, a crash leaves, and a forgotten password loses."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from appliance.accounts.accounts import Accounts
from appliance.config import Settings
from appliance.interview.screen import html_name
from appliance.server.application import Parts, make_application
from tests.server.memory_turns import MemoryPackages, MemorySecrets
from tests.server.test_account_pages import ANOTHER, HERE, PASSWORD, PAULA, code_on
from tests.server.test_interview import form_of
from tests.sessions.house import INTERVIEW, House, run
from tests.support.people import quick_accounts

ADDRESS = f"/interview?i={INTERVIEW}"


class Place:
    """A server over a house, with accounts that anybody may make."""

    def __init__(self, house: House) -> None:
        settings = Settings({"allow registration": True})
        self.house = house
        self.accounts: Accounts = quick_accounts(house.store, house.key, settings=settings.get,
                                                 expire=house.turns.expire)
        self.application = make_application(Parts(
            turns=house.turns, accounts=self.accounts, packages=MemoryPackages(house.folder), settings=settings,
            secrets=MemorySecrets()))
        sockets = bind_sockets(0, "127.0.0.1")
        self.base = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        self.server = HTTPServer(self.application)
        self.server.add_sockets(sockets)

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        async with httpx.AsyncClient(base_url=self.base, timeout=60) as client:
            yield Browser(client)

    async def close(self) -> None:
        self.server.stop()
        await self.server.close_all_connections()
        self.accounts.close()


class Browser:
    """One browser of somebody."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def send(self, path: str, **fields: str) -> httpx.Response:
        page = (await self.client.get("/user/sign-in")).text
        token = re.search(r'name="_xsrf" value="([^"]*)"', page)
        assert token is not None
        return await self.client.post(path, data=fields | {"_xsrf": token[1]})

    async def page(self, path: str) -> str:
        return (await self.client.get(path)).text

    async def begin(self, name: str = "Paula") -> str:
        """An interview up to its second screen; gives the address that shows it."""
        form = form_of(await self.page(f"{ADDRESS}&new_session=1"))
        answer = await self.client.post(f"{ADDRESS}&session={form['_session']}", data=form | {html_name("name"): name})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def register(self) -> str:
        answer = await self.send("/user/register", email=PAULA, password=PASSWORD, again=PASSWORD)
        return code_on(answer.text)

    async def sign_in(self, password: str) -> None:
        answer = await self.send("/user/sign-in", email=PAULA, password=password)
        assert answer.status_code == 303, answer.text

    async def sessions(self) -> int:
        return (await self.page("/interviews")).count(">Resume</a>")


def at(folder: Path, test: Callable[[Place], Awaitable[None]]) -> None:
    async def whole(house: House) -> None:
        place = Place(house)
        try:
            await test(place)
        finally:
            await place.close()
    run(folder, whole)


def test_the_password_opens_the_interviews_from_any_browser(tmp_path: Path) -> None:
    """Also what was begun before there was an account, also after another password; the browser that signed out and
    its old secret open nothing.
    """
    async def test(place: Place) -> None:
        async with place.browser() as first, place.browser() as second, place.browser() as thief:
            screen = await first.begin()
            secret = first.client.cookies["browser"]
            await first.register()
            assert "How old are you, Paula" in await first.page(screen)
            await second.sign_in(PASSWORD)
            assert "How old are you, Paula" in await second.page(screen)
            await second.send("/user/change-password", old_password=PASSWORD, password=ANOTHER, again=ANOTHER)
            assert "How old are you, Paula" in await second.page(screen)
            assert (await first.client.get(screen)).status_code == 403   # its sign-in has ended
            await first.sign_in(ANOTHER)
            assert "How old are you, Paula" in await first.page(screen)
            await first.client.get("/user/sign-out", headers=HERE)
            thief.client.cookies["browser"] = secret
            for browser in (first, thief):
                assert await browser.sessions() == 0
                assert (await browser.client.get(screen)).status_code == 403
            assert await second.sessions() == 1
    at(tmp_path, test)


def test_an_account_is_deleted_by_its_person(tmp_path: Path) -> None:
    """After a page that says what goes; what a tab began in the meantime goes too."""
    async def test(place: Place) -> None:
        async with place.browser() as browser:
            await browser.register()
            await browser.begin()
            assert "1 interview will be deleted" in await browser.page("/user/manage")
            for wrong in ({"email": PAULA}, {"password": ANOTHER}):
                answer = await browser.send("/user/manage", **wrong)
                assert answer.status_code == 403
                assert "This is not your password" in answer.text
                assert await browser.sessions() == 1
            answer = await browser.send("/user/manage", password=PASSWORD)
            assert answer.headers["location"] == "/?goodbye=account"
            assert place.house.rows("SELECT count(*) FROM sessions") == [(0,)]
            answer = await browser.send("/user/sign-in", email=PAULA, password=PASSWORD)
            assert answer.status_code == 403
            assert await browser.sessions() == 0
    at(tmp_path, test)


def test_a_kill_between_signing_in_and_adopting_loses_nothing(tmp_path: Path) -> None:
    """The browser has both cookies and still holds the session's key: the next request gives it to the person."""
    async def test(place: Place) -> None:
        async with place.browser() as first, place.browser() as elsewhere:
            await elsewhere.register()
            screen = await first.begin()
            first.client.cookies["user"] = elsewhere.client.cookies["user"]   # the sign-in is on disk, no more
            assert await elsewhere.sessions() == 0
            assert "How old are you, Paula" in await first.page(screen)
            assert await elsewhere.sessions() == 1
            assert place.house.rows("SELECT DISTINCT substr(holder, 1, 5) FROM session_keys") == [("user:",)]
    at(tmp_path, test)


def test_a_reset_says_what_it_loses_before_and_the_old_code_brings_it_back(tmp_path: Path) -> None:
    """Without the code it takes a yes; nothing that only the old password opened can be opened then, until the code
    is found. With the code nothing is lost.
    """
    async def test(place: Place) -> None:
        async with place.browser() as browser:
            code = await browser.register()
            screens = [await browser.begin("Paula"), await browser.begin("Quentin")]
            owner, paula = await place.accounts.people()
            assert paula.user.user_id is not None
            token = await place.accounts.reset_by(owner.user, paula.user.user_id)
            page = await browser.page(f"/user/reset?token={token}")
            assert "2 interviews of yours open only with the old password or the recovery code" in page
            asked = {"token": token, "password": ANOTHER, "again": ANOTHER}
            for fields, told in ((asked, "say that you do without it"), (asked | {"code": "WRONG"}, "not the recovery"),
                                 (asked | {"understood": "1", "again": "x"}, "not the same")):
                answer = await browser.send("/user/reset", **fields)
                assert answer.status_code == 400
                assert told in answer.text
                assert "2 interviews of yours" in answer.text
            assert await browser.sessions() == 2   # nothing has happened yet
            new_code = code_on((await browser.send("/user/reset", **asked, understood="1")).text)
            assert await browser.sessions() == 0
            assert (await browser.client.get(screens[0])).status_code == 403
            assert "2 interviews stay closed" in await browser.page("/user/profile")
            assert (await browser.send("/user/lost-interviews", code=new_code)).status_code == 400
            answer = await browser.send("/user/lost-interviews", code=code.lower().replace("-", " "))
            assert "2 interviews are open to you again" in answer.text
            assert "How old are you, Quentin" in await browser.page(screens[1])
            assert "stay closed" not in await browser.page("/user/profile")

            token = await place.accounts.reset_by(owner.user, paula.user.user_id)
            asked = {"token": token, "password": PASSWORD, "again": PASSWORD, "code": new_code}
            code_on((await browser.send("/user/reset", **asked)).text)
            assert "How old are you, Paula" in await browser.page(screens[0])
            assert (await browser.send("/user/reset", **asked)).status_code == 404
    at(tmp_path, test)
