"""The pages of accounts: who gets in and out, what forms say, the recovery code, and what a reset tells before it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import httpx
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from appliance.config import Settings
from appliance.interview.host import UserInfo
from appliance.server.profile import browser_in_words
from tests.server.conftest import Running
from tests.server.test_interview import ADDRESS, session_of

PASSWORD = "blue horse staple tree"
ANOTHER = "green horse staple tree"
PAULA = "paula@client.example"
OWN = ("/user/profile", "/user/change-email", "/user/change-password", "/user/recovery-code", "/user/lost-interviews")
HERE = {"Sec-Fetch-Site": "same-origin"}

T = TypeVar("T")


def do(server: Running, work: Coroutine[Any, Any, T]) -> T:
    """Run something on the server's loop."""
    return asyncio.run_coroutine_threadsafe(work, server.loop).result(10)


@pytest.fixture
def open_house(server: Running) -> Running:
    """A server where anybody may make an account."""
    settings = Settings({"allow registration": True})
    server.application.parts.settings = settings
    server.accounts._settings = settings.get
    return server


@pytest.fixture
def paula(open_house: Running) -> Iterator[httpx.Client]:
    """A browser that is signed in as Paula, who began an interview in it before."""
    with open_house.browser() as client:
        client.get(ADDRESS)
        register(client)
        yield client


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Post a page's form, with the token that the page has given."""
    token = re.search(r'name="_xsrf" value="([^"]*)"', client.get("/user/sign-in").text)
    assert token is not None
    return client.post(path, data=fields | {"_xsrf": token[1]})


def register(client: httpx.Client, email: str = PAULA, **fields: str) -> str:
    """Make an account; gives the recovery code."""
    answer = send(client, "/user/register", **({"email": email, "first_name": "Paula", "password": PASSWORD,
                                                "again": PASSWORD} | fields))
    assert answer.status_code == 200, answer.text
    return code_on(answer.text)


def code_on(page: str) -> str:
    found = re.search(r'id="code"[^>]*>([^<]*)<', page)
    assert found is not None, page
    return found[1]


def sign_in(client: httpx.Client, password: str = PASSWORD, email: str = PAULA, **fields: str) -> httpx.Response:
    return send(client, "/user/sign-in", email=email, password=password, **fields)


def sessions(client: httpx.Client) -> int:
    return client.get("/interviews").text.count(">Resume</a>")


def test_somebody_registers_and_finds_what_they_began(open_house: Running) -> None:
    """The code is shown this once, in no address; another browser finds the session after signing in; signing out
    leaves nothing in the browser, which gets a new secret.
    """
    with open_house.browser() as first, open_house.browser() as second:
        first.get(ADDRESS)
        secret = first.cookies["browser"]
        code = register(first, next=ADDRESS)
        assert re.fullmatch(r"(\w{5}-){4}\w{5}", code)
        assert sessions(first) == 1
        assert first.cookies["browser"] == secret   # other tabs go on
        assert sign_in(second, next="/interviews").headers["location"] == "/interviews"
        assert sessions(second) == 1
        assert first.get("/user/sign-out", headers=HERE).headers["location"] == "/?goodbye=logout"
        assert "user" not in first.cookies
        assert first.cookies["browser"] != secret
        assert sessions(first) == 0
        assert sessions(second) == 1
        assert "parted" in open_house.turns.calls


def test_wrong_and_unknown_are_told_alike(open_house: Running, paula: httpx.Client) -> None:
    """Nobody learns from the page whether there is such an account; what was typed as a password is not sent back."""
    with open_house.browser() as client:
        pages = [sign_in(client, "wrong password", email) for email in (PAULA, "nobody@client.example")]
    assert [answer.status_code for answer in pages] == [403, 403]
    told = [re.search(r'role="alert">([^<]*)<', answer.text) for answer in pages]
    assert told[0] is not None and told[1] is not None and told[0][1] == told[1][1]  # noqa: PT018
    assert all("wrong password" not in answer.text for answer in pages)


def test_too_many_tries_say_when_to_come_back(open_house: Running, paula: httpx.Client) -> None:
    with open_house.browser() as client:
        answers = [sign_in(client, "wrong password") for _ in range(8)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "try again in" in answers[-1].text


def test_no_form_counts_without_its_token(open_house: Running, paula: httpx.Client) -> None:
    for path in (*OWN, "/user/sign-in", "/user/register", "/user/sign-out", "/user/reset", "/user/sign-out-everywhere",
                 "/user/invitation", "/user/forgot", "/interviews/delete", "/interviews/delete-all",
                 "/interviews/name"):
        answer = paula.post(path, data={"email": PAULA, "password": PASSWORD, "session": session_of(open_house)})
        assert answer.status_code == 403, path
    assert sessions(paula) == 1


def test_own_pages_ask_to_sign_in_first(browser_client: httpx.Client) -> None:
    for path in OWN:
        answer = browser_client.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/user/sign-in?next={path}"


def test_nobody_is_sent_elsewhere(open_house: Running, paula: httpx.Client) -> None:
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)",
                   "/%09/evil.example", "\t//evil.example"):
        for answer in (sign_in(paula, next=target), paula.get("/user/sign-out", params={"next": target}, headers=HERE)):
            assert answer.headers["location"].startswith("/")
            assert httpx.URL(open_house.base).join(answer.headers["location"]).host == "127.0.0.1"


def test_a_foreign_link_signs_nobody_out(paula: httpx.Client) -> None:
    """It leads to a page with a button. Where the browser tells nothing, it may be a foreign link."""
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                    {"Referer": "https://evil.example/"}, {"Referer": "https://["}, {}):
        answer = paula.get("/user/sign-out", headers=headers)
        assert answer.status_code == 200
        assert "Sign out?" in answer.text
        assert sessions(paula) == 1
    assert send(paula, "/user/sign-out").status_code == 303
    assert sessions(paula) == 0


def test_signing_out_twice_changes_nothing(server: Running, browser_client: httpx.Client) -> None:
    """Whoever is not signed in keeps what this browser began."""
    browser_client.get(ADDRESS)
    browser_client.get("/user/sign-out", headers=HERE)
    assert sessions(browser_client) == 1


def test_the_next_person_at_the_same_browser_sees_nothing_of_the_one_before(
        open_house: Running, paula: httpx.Client) -> None:
    secret = paula.cookies["browser"]
    register(paula, "quentin@client.example")
    assert paula.cookies["browser"] != secret
    assert sessions(paula) == 0
    paula.get("/user/sign-out", headers=HERE)
    sign_in(paula)
    assert sessions(paula) == 1


def test_a_sign_in_that_was_cut_off_is_made_good(open_house: Running, paula: httpx.Client) -> None:
    """Whatever the browser still holds when somebody is signed in, however that came, is theirs at the next request."""
    session = next(iter(open_house.turns.sessions.values()))
    session.secret, session.user_id = paula.cookies["browser"], None
    assert sessions(paula) == 1
    assert session.user_id is not None


def test_registering_says_what_is_wrong_and_keeps_what_was_typed(open_house: Running) -> None:
    wrong: list[tuple[dict[str, str], str]] = [
        ({"password": "short", "again": "short"}, "at least 10 characters"),
        ({"again": "something else entirely"}, "not the same"),
        ({"email": "not an address"}, "not an e-mail address"),
        ({"email": "owner@localhost"}, "e-mail address")]
    for fields, told in wrong:
        with open_house.browser() as client:
            answer = send(client, "/user/register", **(
                {"email": PAULA, "first_name": "Paula & Co", "password": PASSWORD, "again": PASSWORD} | fields))
        assert answer.status_code == 400
        assert told in answer.text
        assert "Paula &amp; Co" in answer.text
        assert PASSWORD not in answer.text


def test_registration_is_closed_unless_configured(browser_client: httpx.Client) -> None:
    assert "by invitation" in browser_client.get("/user/register").text
    assert "/user/register" not in browser_client.get("/user/sign-in").text
    answer = send(browser_client, "/user/register", email=PAULA, password=PASSWORD, again=PASSWORD)
    assert answer.status_code == 400
    assert "user" not in browser_client.cookies


def test_an_invitation_is_accepted_once(server: Running) -> None:
    owner = do(server, server.accounts.people())[0]
    token = do(server, server.accounts.invite(owner.user, PAULA, ["advocate"]))
    with server.browser() as client, server.browser() as other:
        client.get(ADDRESS)
        assert PAULA in client.get("/user/invitation", params={"token": token}).text
        answer = send(client, "/user/invitation", token=token, password=PASSWORD, again="another")
        assert answer.status_code == 400
        answer = send(client, "/user/invitation", token=token, first_name="Paula", password=PASSWORD, again=PASSWORD)
        assert code_on(answer.text)
        assert sessions(client) == 1
        assert "advocate" in client.get("/user/profile").text
        assert other.get("/user/invitation", params={"token": token}).status_code == 404
        answer = send(other, "/user/invitation", token=token, password=PASSWORD, again=PASSWORD)
        assert answer.status_code == 404


class Mailbox:
    """Takes the appliance's own letters."""

    def __init__(self) -> None:
        self.sends = True
        self.sent: list[tuple[str, str, str]] = []
        self.came = asyncio.Event()

    async def send(self, to: str, subject: str, text: str) -> bool:
        self.sent.append((to, subject, text))
        self.came.set()
        return True


def test_a_forgotten_password(open_house: Running, paula: httpx.Client) -> None:
    """The answer is the same for an address that nobody has; the link in the mail works once."""
    mailbox = Mailbox()
    open_house.application.parts.letters = mailbox
    with open_house.browser() as client:
        answers = [send(client, "/user/forgot", email=email).text for email in ("nobody@client.example", PAULA)]
        assert re.sub(r'value="[^"]*"', "", answers[0]) == re.sub(r'value="[^"]*"', "", answers[1])
        do(open_house, asyncio.wait_for(mailbox.came.wait(), 5))
        [(to, _, text)] = mailbox.sent
        assert to == PAULA
        link = re.search(r"http://\S+", text)
        assert link is not None
        page = client.get(link[0]).text
        assert "Choose a new password" in page
        token = link[0].partition("token=")[2]
        answer = send(client, "/user/reset", token=token, password=ANOTHER, again=ANOTHER)
        assert code_on(answer.text)
        assert client.get("/user/profile").status_code == 200
        assert client.get(link[0]).status_code == 404
        assert paula.get("/user/profile").status_code == 303   # signed out by the reset
        assert sign_in(paula).status_code == 403
        assert sign_in(paula, ANOTHER).status_code == 303


def test_without_a_mail_server_one_is_told_whom_to_ask(browser_client: httpx.Client) -> None:
    assert "ask the person who looks after" in browser_client.get("/user/forgot").text
    answer = send(browser_client, "/user/forgot", email=PAULA)
    assert answer.status_code == 200
    assert "ask the person who looks after" in answer.text


def test_the_profile_is_changed(paula: httpx.Client) -> None:
    answer = send(paula, "/user/profile", first_name="Pauline", timezone="Europe/Berlin", country="DE", language="de")
    assert answer.headers["location"] == "/user/profile?done=saved"
    page = paula.get("/user/profile").text
    assert 'value="Pauline"' in page
    for option in ("<option selected>Europe/Berlin", '<option value="DE" selected>', '<option value="de" selected>'):
        assert option in page
    refused = send(paula, "/user/profile", first_name="Paula", timezone="Mars/Olympus")
    assert refused.status_code == 400
    assert "is not a time zone" in refused.text
    assert 'value="Pauline"' not in refused.text   # what was typed is still there


def test_a_profile_cannot_give_itself_more(paula: httpx.Client, open_house: Running) -> None:
    """Only the fields of the form count, whatever is posted."""
    send(paula, "/user/profile", first_name="P", email="other@client.example", privileges="admin", active="0")
    page = paula.get("/user/profile").text
    assert PAULA in page
    assert "(user)" in page


def test_the_password_is_changed_and_everywhere_else_is_signed_out(open_house: Running, paula: httpx.Client) -> None:
    with open_house.browser() as other:
        sign_in(other)
        wrong = send(paula, "/user/change-password", old_password="wrong password", password=ANOTHER, again=ANOTHER)
        assert wrong.status_code == 403
        assert sessions(other) == 1
        answer = send(paula, "/user/change-password", old_password=PASSWORD, password=ANOTHER, again=ANOTHER)
        assert answer.headers["location"] == "/user/profile?done=password"
        assert sessions(paula) == 1
        assert sessions(other) == 0
        assert sign_in(other).status_code == 403
        assert sign_in(other, ANOTHER).status_code == 303


def test_a_new_recovery_code_takes_the_password(paula: httpx.Client) -> None:
    assert send(paula, "/user/recovery-code", password="wrong password").status_code == 403
    assert code_on(send(paula, "/user/recovery-code", password=PASSWORD).text)


def test_the_owner_may_choose_a_password(server: Running, browser_client: httpx.Client) -> None:
    """There is no old one to ask for the first time; then there is."""
    browser_client.get("/user/sign-in?token=once")
    assert "Password until now" not in browser_client.get("/user/change-password").text
    assert "Choose a password" in browser_client.get("/user/profile").text
    assert send(browser_client, "/user/change-password", password=PASSWORD, again=PASSWORD).status_code == 303
    assert "Password until now" in browser_client.get("/user/change-password").text
    with server.browser() as other:
        assert sign_in(other, email="owner@localhost").status_code == 303
        assert "Olive" in other.get("/").text


def test_signed_in_browsers_are_listed_and_signed_out(open_house: Running, paula: httpx.Client) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0"
    with open_house.browser() as other:
        other.headers["User-Agent"] = agent
        sign_in(other)
        page = paula.get("/user/profile").text
        assert "Firefox on Windows" in page
        assert page.count("this browser") == 1
        answer = send(paula, "/user/sign-out-everywhere", but="this")
        assert answer.headers["location"] == "/user/profile?done=elsewhere"
        assert sessions(other) == 0
        assert sessions(paula) == 1
        assert send(paula, "/user/sign-out-everywhere").status_code == 303
        assert sessions(paula) == 0


def test_a_reset_tells_of_what_interviews_stored_and_the_code_brings_it_back(open_house: Running) -> None:
    """Also where no session is lost: the page asks for the code, the profile says where to bring it later."""
    accounts = open_house.accounts
    with open_house.browser() as client:
        code = register(client)
        user_id = do(open_house, accounts.people())[1].user_id
        accounts._store.write(lambda database: database.execute(
            "INSERT INTO stored_values (place, mark, holder, user_id, changed, sealed_name, sealed)"
            " VALUES (x'01', x'02', ?, ?, 0, x'', x'')", [f"user:{user_id}", user_id])).result()
        token = do(open_house, accounts.reset_by(None, user_id))
        page = client.get("/user/reset", params={"token": token}).text
        assert "What interviews have kept for you alone opens only with the old password" in page
        assert 'name="code"' in page
        new = {"token": token, "password": ANOTHER, "again": ANOTHER}
        assert send(client, "/user/reset", **new).status_code == 400
        assert code_on(send(client, "/user/reset", **new, understood="1").text) != code
        assert "What interviews had kept for you alone stays closed" in client.get("/user/profile").text
        assert "The code is right" in send(client, "/user/lost-interviews", code=code).text
        assert "stays closed" not in client.get("/user/profile").text


def test_the_owner_invites_ann_on_the_page(server: Running) -> None:
    """With the menus around it, the page shows the link; it leads to the account, whose page says so in its heading."""
    with server.browser() as olive, server.browser() as ann:
        olive.get("/user/sign-in?token=once")
        page = send(olive, "/userlist/invite", email="ann@clinic.example", first_name="Ann", privilege="advocate")
        link = re.search(r'id="link" readonly value="([^"]+)"', page.text)
        assert link is not None, page.text
        token = link[1].partition("token=")[2]
        assert 'id="first_name" name="first_name" autocomplete="given-name" value="Ann"' in ann.get(link[1]).text
        wrong = send(ann, "/user/invitation", token=token, first_name="", last_name="Archer", password="a", again="a")
        assert "Archer" in wrong.text
        assert 'value="Ann"' not in wrong.text   # what she has changed stays changed
        done = send(ann, "/user/invitation", token=token, password=PASSWORD, again=PASSWORD)
        assert '<h1 id="daMainQuestion">Your account is ready</h1>' in done.text


def test_the_owner_gets_no_code_with_a_new_password(server: Running) -> None:
    """What opens the owner's interviews is the appliance's key."""
    with server.browser() as olive:
        token = do(server, server.accounts.reset_by(None, 1))
        answer = send(olive, "/user/reset", token=token, password=PASSWORD, again=PASSWORD)
        assert answer.headers["location"] == "/user/profile?done=password"
        assert olive.get("/user/profile").status_code == 200


def test_the_address_is_changed_with_the_password(open_house: Running, paula: httpx.Client) -> None:
    """The page leads there, says what was wrong without the password, and the next sign-in takes the new address."""
    assert "/user/change-email" in paula.get("/user/profile").text
    wrong = send(paula, "/user/change-email", email="new@client.example", password="not hers at all")
    assert wrong.status_code == 403
    assert "new@client.example" in wrong.text
    assert "not hers" not in wrong.text
    answer = send(paula, "/user/change-email", email="new@client.example", password=PASSWORD)
    assert answer.headers["location"] == "/user/profile?done=email"
    assert "new@client.example" in paula.get("/user/profile").text
    with open_house.browser() as other:
        assert sign_in(other).status_code == 403
        assert sign_in(other, email="new@client.example").status_code == 303
        assert sessions(other) == 1


def test_the_owner_chooses_an_address_and_a_password(server: Running) -> None:
    """Without a password before, as somebody who is signed in at the laptop; then both are asked for elsewhere."""
    with server.browser() as olive, server.browser() as elsewhere:
        olive.get("/user/sign-in?token=once")
        assert 'name="password"' not in olive.get("/user/change-email").text
        assert send(olive, "/user/change-email", email="olive@clinic.example").status_code == 303
        assert send(olive, "/user/change-password", password=PASSWORD, again=PASSWORD).status_code == 303
        assert sign_in(elsewhere, email="olive@clinic.example").status_code == 303
        assert send(olive, "/user/change-email", email="another@clinic.example").status_code == 403


def test_browsers_in_words() -> None:
    for agent, words in (
            ("", "A browser"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari on an iPhone"),
            ("Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/131.0 Mobile Safari/537.36", "Chrome on Android"),
            ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge on Windows")):
        assert browser_in_words(agent) == words


async def connect(server: Running, client: httpx.Client, path: str) -> WebSocketClientConnection:
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{server.port}{path}", headers={
        "Origin": server.base, "Cookie": cookies}))


def test_no_socket_outlives_its_sign_in(open_house: Running, paula: httpx.Client) -> None:
    """That of an interview, and that of a page that follows: both are closed, and the first does not open again."""
    session = session_of(open_house)
    paths = [f"/interview/notices?session={session}", "/tasks/updates"]

    async def ended(sockets: list[WebSocketClientConnection]) -> None:
        for socket in sockets:
            while await asyncio.wait_for(socket.read_message(), 5) is not None:
                pass
            socket.close()

    async def signed_out(way: str) -> None:
        with open_house.browser() as other:
            sign_in(other, ANOTHER if way == "switched off" else PASSWORD)
            sockets = [await connect(open_house, other, path) for path in paths]
            cookies = httpx.Cookies(other.cookies)
            await asyncio.to_thread(leave, open_house, paula, other, way)
            await ended(sockets)
            other.cookies = cookies
            with pytest.raises(HTTPClientError):
                await connect(open_house, other, paths[0])
    for way in ("here", "elsewhere", "password", "switched off"):
        asyncio.run(signed_out(way))
    for _ in range(500):
        if not open_house.application.sockets:
            return
        time.sleep(0.01)
    raise AssertionError("the server keeps sockets that are closed")


def leave(server: Running, paula: httpx.Client, other: httpx.Client, way: str) -> None:
    """Have the sign-in of `other` end."""
    if way == "here":
        other.get("/user/sign-out", headers=HERE)
    elif way == "elsewhere":
        send(paula, "/user/sign-out-everywhere", but="this")
    elif way == "password":
        send(paula, "/user/change-password", old_password=PASSWORD, password=ANOTHER, again=ANOTHER)
    else:
        owner, person = do(server, server.accounts.people())
        by: UserInfo = owner.user
        do(server, server.accounts.set_active(by, person.user.user_id or 0, False))
