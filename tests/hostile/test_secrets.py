"""What opens something: whether it can be guessed, is told to others, or is written down where it should not be."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.hostile.house import ADMIN, ADVOCATE, DEVELOPER, OWNER, PASSWORD, USER, House, token_in
from tests.hostile.interviews import PRIVATE, PUBLIC, SHARED
from tests.hostile.test_paths import multipart
from tests.hostile.test_who_may import browser_of, sign_in_again
from tests.server.shared import Shared
from tests.support.client import Client, Page
from tests.support.routes import SOCKET

STRONG = 120
"""Bits that a secret has at least."""


def session_of(page: Page) -> str:
    return page.hidden("_session")


@contextmanager
def client_of(house: House, who: str = "") -> Iterator[Client]:
    """Somebody who reads forms."""
    with Client(house.base) as client:
        if who:
            client.http.cookies.set("user", house.people[who].cookie)
        yield client


def with_file(client: Client, interview: str) -> tuple[str, int]:
    """A session with an uploaded file, and the file's number."""
    page = client.start(interview)
    control = next(one for one in page.tree.all("input") if one.attributes.get("type") == "file")
    body, kind = multipart(dict(page.values()), control.attributes["name"], "lease.txt", b"the lease")
    client.http.post(page.action, content=body, headers={"Content-Type": kind}, follow_redirects=False)
    found = re.search(r"/uploadedfile/(\d+)", client.http.get(page.action).text)
    assert found is not None
    return session_of(page), int(found[1])


def test_secrets_are_long_and_never_the_same(house: House) -> None:
    """Sessions, turns, browsers, tokens of forms and of sign-ins, numbers of files: 50 of each, with nothing in order
    or in common; only the numbers of mails and tasks count, and each asks for more than its number.
    """
    sessions, turns, browsers, tokens, sign_ins = [], [], [], [], []
    for _ in range(50):
        with Client(house.base) as client:
            page = client.start(PUBLIC)
            sessions.append(session_of(page))
            turns.append(page.hidden("_turn"))
            browsers.append(client.http.cookies["browser"])
            tokens.append(client.http.cookies["_xsrf"].split("|")[2])
            told = house.assembly.users.make_token(house.assembly.owner.user_id or 0, lifetime=60)
            sign_ins.append(told)
    for kind, made in {"session": sessions, "turn": turns, "browser": browsers, "form": tokens,
                       "sign-in": sign_ins, "user": [one.cookie for one in house.people.values()]}.items():
        assert len(set(made)) == len(made), kind
        assert bits(made) >= STRONG, (kind, made[0], bits(made))
        assert common(made) <= 2, (kind, made[:3])


def bits(made: list[str]) -> float:
    """How much is random in such a text, by its alphabet."""
    per_sign = 4 if all(re.fullmatch("[0-9a-f-]+", one) for one in made) else 5 if all(
        re.fullmatch("[0-9A-Z]+", one) for one in made) else 5.9
    return min(len(one.replace("-", "") if per_sign == 4 else one) for one in made) * per_sign


def common(made: list[str]) -> int:
    """How many signs at the beginning all have in common."""
    return next((place for place, signs in enumerate(zip(*made, strict=False)) if len(set(signs)) > 1), 99)


WAYS: dict[str, Callable[[httpx.Client, str, str], httpx.Response]] = {
    "page": lambda client, session, i: client.get("/interview", params={"i": i, "session": session}),
    "json": lambda client, session, i: client.get("/interview", params={"i": i, "session": session, "json": "1"}),
    "script": lambda client, session, i: client.get("/interview", params={"i": i, "session": session, "ajax": "1"}),
    "variables": lambda client, session, i: client.get("/interview/variables", params={"session": session, "i": i}),
    "action": lambda client, session, i: client.get("/interview", params={
        "i": i, "session": session, "action": base64.b64encode(b'{"action": "talk"}').decode()}),
    "submit": lambda client, session, i: client.post(
        "/interview", params={"i": i, "session": session}, data={"_xsrf": House.token(client), "_revision": "1"}),
    "back": lambda client, session, i: client.post(
        "/interview", params={"i": i, "session": session}, data={"_xsrf": House.token(client), "_back_one": "1"}),
    "check-in": lambda client, session, i: client.post(
        "/checkin", params={"i": i, "session": session}, data={"_xsrf": House.token(client), "action": "checkin"}),
    "exit": lambda client, session, i: client.get("/exit", params={"i": i, "session": session}),
    "restart": lambda client, session, i: client.get("/restart_session", params={"i": i, "session": session}),
    "reset": lambda client, session, i: client.get("/interview", params={"i": i, "session": session, "reset": "1"}),
    "delete": lambda client, session, i: client.post(
        "/sessions/delete", data={"_xsrf": House.token(client), "session": session}),
    "delete mine": lambda client, session, i: client.post(
        "/interviews/delete", data={"_xsrf": House.token(client), "session": session}),
    "name": lambda client, session, i: client.post(
        "/interviews/name", data={"_xsrf": House.token(client), "session": session, "name": "mine"}),
}


@pytest.mark.parametrize("owner", ["", USER])
def test_a_session_by_its_id(house: House, away: Shared, owner: str) -> None:
    """Whoever knows the id of somebody's session gets nothing of it and changes nothing in it: by 14 ways and a socket,
    as each privilege, at the laptop and from the network. Nor does its file come by its number.
    """
    count = 0
    with client_of(house, owner) as client:
        session, number = with_file(client, PRIVATE)
        for network in (False, True):
            for who in ("", ADVOCATE, DEVELOPER, ADMIN, OWNER):
                with browser_of(house, away, who, network=network) as stranger:
                    for way, ask in WAYS.items():
                        answer = ask(stranger, session, PRIVATE)
                        assert "lease" not in answer.text, (way, who, network)
                        nothing = answer.text == '{"success": false, "action": "reload"}'
                        assert nothing or answer.status_code in {303, 302, 401, 403, 404}, (way, who, answer.text)
                        count += 1
                    origin = {"Origin": str(stranger.base_url).rstrip("/"), **SOCKET}
                    with stranger.stream("GET", f"/interview/notices?session={session}", headers=origin) as answer:
                        assert answer.status_code == 403
                    nobodys = stranger.get(f"/uploadedfile/{number - 1 if number > 1 else number + 1000}")
                    others = stranger.get(f"/uploadedfile/{number}")
                    assert others.status_code == nobodys.status_code, (who, network)
                    assert others.text.replace(str(number), "") == nobodys.text.replace(str(number - 1), "") or who
                    count += 2
        assert client.http.get(f"/uploadedfile/{number}").text == "the lease"
        page = client.get("/interview", i=PRIVATE, session=session)
        assert page.question == "Done"
    print(f"\n{count} ways into the session of {owner or 'somebody anonymous'}, 0 led in")


def test_a_shared_session_is_open_to_who_has_its_link(house: House, away: Shared) -> None:
    """`multi_user` at the laptop, and for people who are signed in; from the network for nobody else, unless the
    interview is public.
    """
    with Client(house.base) as client:
        session = session_of(client.start(SHARED))
    for network, who, comes_in in ((False, "", True), (False, USER, True), (True, USER, True), (True, "", False)):
        with browser_of(house, away, who, network=network) as friend:
            answer = friend.get("/interview", params={"i": SHARED, "session": session})
            assert ("Say something" in answer.text) == comes_in, (network, who)


def test_tokens_work_once(house: House) -> None:
    """The owner's address of the start, invitations and resets: not twice, not cut short, not of another purpose."""
    users, owner = house.assembly.users, house.people[OWNER].user
    invitation = house.run(house.accounts.invite(owner, "once@example.org", ("user",)))
    once = users.make_token(owner.user_id or 0, lifetime=60)
    with house.browser() as client:
        for wrong in (once[:-1], once + "a", once.swapcase(), invitation, "", "%00", f"{once}%00a"):
            assert client.get(f"/user/sign-in?token={wrong}").headers.get("location") != "/", wrong
            assert "user" not in client.cookies
        assert client.get(f"/user/sign-in?token={once}").headers["location"] == "/"
    with house.browser() as client:
        assert client.get(f"/user/sign-in?token={once}").status_code == 403
        assert client.get(f"/user/invitation?token={once}").status_code == 404
        form = {"_xsrf": house.token(client), "token": invitation, "password": PASSWORD, "again": PASSWORD}
        assert client.post("/user/invitation", data=form).status_code == 200
        assert client.post("/user/invitation", data=form | {"_xsrf": house.token(client)}).status_code == 404


def test_strangers_are_not_told_who_has_an_account(house: House) -> None:
    """Signing in, asking for a reset and registering answer the same for an address that is known and one that is not;
    and so do the guesses: 60 for one account, from the network, after which it waits, and the laptop does not.
    """
    with house.browser() as client:
        token = house.token(client)
        for path, form in (("/user/sign-in", {"password": "wrong and long enough"}), ("/user/forgot", {})):
            texts = set()
            for email in (f"{DEVELOPER}@example.org", "nobody@example.org"):
                answer = client.post(path, data={"_xsrf": token, "email": email, **form})
                texts.add((answer.status_code, re.sub(r'name="_xsrf" value="[^"]+"', "", answer.text).replace(
                    email, "")))
            assert len(texts) == 1, path
    sign_in_again(house, DEVELOPER)


def test_guesses_through_the_page(house: House, away: Shared) -> None:
    """60 wrong passwords from the network (10,000 against the accounts themselves: tests/accounts/test_signing_in.py):
    after the first few it waits; at the laptop the right one works meanwhile.
    """
    email = f"{ADVOCATE}@example.org"
    with away.browser() as client:
        came = [client.post("/user/sign-in", data={
            "_xsrf": token_in(client.get("/user/sign-in").text), "email": email,
            "password": f"wrong guess {number}"}).status_code for number in range(60)]
        right = client.post("/user/sign-in", data={
            "_xsrf": token_in(client.get("/user/sign-in").text), "email": email, "password": PASSWORD})
    assert set(came) == {403, 429}
    assert came.count(403) <= 8
    assert right.status_code == 429
    with house.browser() as client:
        here = client.post("/user/sign-in", data={"_xsrf": house.token(client), "email": email, "password": PASSWORD})
        assert here.status_code == 303
    print(f"\n60 guesses, {came.count(403)} of them tried, the rest had to wait; the laptop did not")


def test_no_secret_is_in_a_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Addresses are logged without what follows the question mark, and without names in them."""
    caplog.set_level("DEBUG", logger="appliance")
    with client_of(house, USER) as client:
        session, _ = with_file(client, PRIVATE)
        client.http.get("/user/sign-in", params={"token": "secret-token-1", "next": "/secret-next-1"})
        client.http.get("/user/reset", params={"token": "secret-token-1"})
        client.http.get("/uploadedfile/1/secret-name-1.pdf")
        client.http.get("/secret-name-1")
        client.http.get("/interviews", params={"q": "secret-words-1"})
        cookie = client.http.cookies["user"]
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("appliance"))
    for secret in (session, "secret-", cookie, "lease.txt"):
        assert secret not in ours, secret
