"""Every address as everybody, at the laptop and from the network: the table here says who may what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from appliance.accounts.errors import AccountError
from appliance.accounts.signed_in import Device
from tests.hostile.house import ADMIN, ADVOCATE, DEVELOPER, LIBRARIAN, OWNER, PASSWORD, USER, House
from tests.hostile.interviews import PRIVATE, PUBLIC
from tests.server.shared import Shared
from tests.support.routes import SOCKET, addresses, example, pattern

NOBODY = ""
EVERYBODY = (NOBODY, USER, ADVOCATE, LIBRARIAN, DEVELOPER, ADMIN, OWNER)

ANYONE = "whoever comes"
HERE = "at the laptop anyone, from the network whoever is signed in"
SIGNED_IN = "whoever is signed in"
ADMINISTRATORS = "administrators"
AT_THE_LAPTOP = "administrators at the laptop"
LAPTOP_KEY = "nobody with a browser"

TABLE: dict[str, tuple[str, str]] = {
    # the route: who may read it, and who may send something to it; "" where it takes neither
    r"/interview": (ANYONE, ANYONE),              # each interview and session by itself: see below
    r"/(run|start)/([\w.-]{1,100})(?:/([\w.-]{1,200}))?": (ANYONE, ""),
    r"/launch": (ANYONE, ""),
    r"/checkin": ("", ANYONE),
    r"/interview/notices": ("a session's own", ""),
    r"/interview/variables": (ANYONE, ""),
    r"/uploadedfile/(\d{1,15})(?:\.(\w{1,10}))?(?:/([^/]*))?": (ANYONE, ""),
    r"/static/(.*)": (ANYONE, ""),
    r"/packagestatic/(.*)": (ANYONE, ""),
    r"/": (ANYONE, ""),
    r"/checkout": ("", ANYONE),
    r"/sessions/delete": ("", ANYONE),
    r"/interviews": (HERE, ""),
    r"/interviews/name": ("", HERE),
    r"/interviews/delete": ("", HERE),
    r"/interviews/delete-all": ("", HERE),
    r"/dark_mode": (ANYONE, ""),
    r"/user/sign-in": (ANYONE, ANYONE),
    r"/user/sign-out": (ANYONE, ANYONE),
    r"/user/sign-out-everywhere": ("", SIGNED_IN),
    r"/user/register": (ANYONE, ANYONE),
    r"/user/invitation": (ANYONE, ANYONE),
    r"/user/forgot": (ANYONE, ANYONE),
    r"/user/reset": (ANYONE, ANYONE),
    r"/user/profile": (SIGNED_IN, SIGNED_IN),
    r"/user/change-email": (SIGNED_IN, SIGNED_IN),
    r"/user/change-password": (SIGNED_IN, SIGNED_IN),
    r"/user/recovery-code": (SIGNED_IN, SIGNED_IN),
    r"/user/lost-interviews": (SIGNED_IN, SIGNED_IN),
    r"/user/manage": (SIGNED_IN, SIGNED_IN),
    r"/tasks": (HERE, ""),
    r"/tasks/updates": (HERE, ""),
    r"/schedule/updates": (HERE, ""),
    r"/outbox/updates": (HERE, ""),
    r"/mail/updates": (HERE, ""),
    r"/network/updates": (ADMINISTRATORS, ""),
    r"/tasks/revoke": ("", HERE),
    r"/tasks/again": ("", HERE),
    r"/tasks/dismiss": ("", HERE),
    r"/mail": (HERE, ""),
    r"/mail/by-hand": ("", HERE),
    r"/mail/(\d{1,15})": (HERE, ""),
    r"/mail/(\d{1,15})/original": (HERE, ""),
    r"/mail/(\d{1,15})/parts/(\d{1,6})": (HERE, ""),
    r"/network": (ADMINISTRATORS, ""),
    r"/network/share": (ADMINISTRATORS, ADMINISTRATORS),
    r"/trust": (ANYONE, ""),
    r"/trust/(interview-appliance\.(?:crt|mobileconfig))": (ANYONE, ""),
    r"/schedule": (HERE, ""),
    r"/schedule/run": ("", ADMINISTRATORS),
    r"/outbox": (HERE, ""),
    r"/outbox/again": ("", HERE),
    r"/outbox/delete": ("", HERE),
    r"/outbox/sent": ("", HERE),
    r"/outbox/(\d{1,15})/mail\.eml": (HERE, ""),
    r"/backup": (ADMINISTRATORS, ADMINISTRATORS),
    r"/backup/delete": ("", ADMINISTRATORS),
    r"/backup/code": ("", ADMINISTRATORS),
    r"/backup/restore": (AT_THE_LAPTOP, AT_THE_LAPTOP),
    r"/backup/([\w.-]{1,100}\.backup)": (ADMINISTRATORS, ""),
    r"/welcome": (AT_THE_LAPTOP, AT_THE_LAPTOP),
    r"/welcome/place": (AT_THE_LAPTOP, AT_THE_LAPTOP),
    r"/welcome/share": (AT_THE_LAPTOP, AT_THE_LAPTOP),
    r"/userlist": (ADMINISTRATORS, ""),
    r"/userlist/invite": (ADMINISTRATORS, ADMINISTRATORS),
    r"/userlist/privileges": (ADMINISTRATORS, ADMINISTRATORS),
    r"/userlist/(\d{1,15})": (ADMINISTRATORS, ADMINISTRATORS),
    r"/userlist/(\d{1,15})/reset": (ADMINISTRATORS, ADMINISTRATORS),
    r"/userlist/(\d{1,15})/delete": (ADMINISTRATORS, ADMINISTRATORS),
    r"/packages": (ADMINISTRATORS, ""),
    r"/packages/install": ("", ADMINISTRATORS),
    r"/packages/public": ("", ADMINISTRATORS),
    r"/packages/([\w.]{1,200})": (ADMINISTRATORS, ""),
    r"/packages/([\w.]{1,200})/remove": (ADMINISTRATORS, ADMINISTRATORS),
    r"/updatepackage": (ADMINISTRATORS, ""),
    r"/config": (ADMINISTRATORS, ADMINISTRATORS),
    r"/config/text": (ADMINISTRATORS, ADMINISTRATORS),
    r"/config/login-item": ("", AT_THE_LAPTOP),
    r"/logs": (ADMINISTRATORS, ""),
    r"/logs/download": (ADMINISTRATORS, ""),
    r"/logs/all\.zip": (ADMINISTRATORS, ""),
    r"/audit": (ADMINISTRATORS, ""),
    r"/about": (ADMINISTRATORS, ""),
    r"/about/licence": (ADMINISTRATORS, ""),
    r"/restarting": (ANYONE, ""),
    r"/health": (ANYONE, ""),
    r"/command": ("", LAPTOP_KEY),
    r"/(favicon\.(?:ico|svg))": (ANYONE, ""),
    r"/exit": (ANYONE, ANYONE),
    r"/leave": (ANYONE, ANYONE),
    r"/restart_session": (ANYONE, ANYONE),
    r"/new_session": (ANYONE, ANYONE),
    r"/exit_logout": (ANYONE, ANYONE),
}

SIGN_IN, REFUSED, IN, ABSENT = "asked to sign in", "refused", "in", "no such way"


def expected(rule: str, who: str, *, away: bool) -> str:
    """What somebody meets."""
    if rule in ("", LAPTOP_KEY, "a session's own"):
        return {"": ABSENT, LAPTOP_KEY: ABSENT}.get(rule, REFUSED)
    if rule == AT_THE_LAPTOP and away:
        return REFUSED
    if rule == ANYONE or (rule == HERE and not away):
        return IN
    if who == NOBODY:
        return SIGN_IN
    return REFUSED if rule in (ADMINISTRATORS, AT_THE_LAPTOP) and who not in (ADMIN, OWNER) else IN


# What takes no such request may say so, ask to sign in or refuse: the one thing it may not do is let in.


def met(answer: httpx.Response, route: str = "") -> str:
    """What somebody met."""
    if answer.status_code == 401 or answer.headers.get("location", "").startswith("/user/sign-in?next="):
        return SIGN_IN
    if answer.status_code == 405 or (route == "/command" and answer.status_code == 404):
        return ABSENT
    closed = ("This page is not for everybody", "This page is closed", "This page is for the appliance&#x27;s own")
    return REFUSED if any(words in answer.text for words in closed) else IN


@contextmanager
def browser_of(house: House, away: Shared, who: str, *, network: bool) -> Iterator[httpx.Client]:
    """Somebody's browser, at the laptop or elsewhere."""
    with away.browser() if network else house.browser() as client:
        house.token(client)   # the cookies
        if who:
            client.cookies.set("__Host-user" if network else "user", house.people[who].cookie)
        yield client


def sign_in_again(house: House, who: str) -> None:
    """After an address that has signed them out."""
    if house.run(house.accounts.signed_in(house.people[who].cookie)) is not None:
        return
    device = Device("127.0.0.1", "a browser")
    if who == OWNER:
        token = house.assembly.users.make_token(house.assembly.owner.user_id or 0, lifetime=600)
        again = house.run(house.accounts.redeem(token, device))
    else:
        again = house.run(house.accounts.sign_in(f"{who}@example.org", PASSWORD, device))
    assert again is not None
    house.people[who] = again


def test_every_address_has_a_line(house: House) -> None:
    """And every line is about what is there: what an address takes, and nothing else."""
    there = {pattern(matcher): handler for matcher, handler in addresses(house.application)}
    there.pop(".*", None)   # what there is no address for
    assert set(there) == set(TABLE)
    for route, (reads, sends) in TABLE.items():
        handler = there[route]
        assert bool(sends) == (handler.post is not RequestHandler.post), route
        assert bool(reads) == (handler.get is not RequestHandler.get), route


@pytest.mark.parametrize("network", [False, True], ids=["laptop", "network"])
def test_who_may_read_what(house: House, away: Shared, network: bool) -> None:
    """Every page, file and socket as everybody, against the table."""
    wrong, count = [], 0
    port = away.port if network else house.port
    origin = {"Origin": f"{'https' if network else 'http'}://127.0.0.1:{port}", **SOCKET}
    for who in EVERYBODY:
        with browser_of(house, away, who, network=network) as client:
            for matcher, handler in addresses(house.application):
                route = pattern(matcher)
                wanted = expected(TABLE[route][0], who, away=network)
                if issubclass(handler, WebSocketHandler):
                    came = opened(client, example(matcher), origin)
                    wanted = wanted if wanted == IN else REFUSED
                else:
                    came = met(client.get(example(matcher)), route)
                    if who and came != SIGN_IN:
                        sign_in_again(house, who)
                        client.cookies.set("__Host-user" if network else "user", house.people[who].cookie)
                count += 1
                if came != wanted and not (wanted == ABSENT and came != IN):
                    wrong.append((route, who or "nobody", came, wanted))
    print(f"\n{'network' if network else 'laptop'}: {count} addresses read as {len(EVERYBODY)} people, "
          f"{len(wrong)} differ")
    assert wrong == []


def opened(client: httpx.Client, path: str, headers: dict[str, str]) -> str:
    """Whether a socket opens."""
    with client.stream("GET", path, headers=headers) as answer:
        return IN if answer.status_code == 101 else REFUSED if answer.status_code == 403 else str(answer.status_code)


@pytest.mark.parametrize("network", [False, True], ids=["laptop", "network"])
def test_who_may_send_what(house: House, away: Shared, network: bool) -> None:
    """Every form as everybody, with a token that counts, against the table."""
    wrong, count = [], 0
    for who in EVERYBODY:
        with browser_of(house, away, who, network=network) as client:
            for matcher, _ in addresses(house.application):
                route = pattern(matcher)
                wanted = expected(TABLE[route][1], who, away=network)
                answer = client.post(example(matcher), data={"_xsrf": house.token(client), "run": "x"})
                came = ABSENT if answer.status_code in (403, 404, 405) and wanted == ABSENT else met(answer, route)
                if who:
                    sign_in_again(house, who)
                    client.cookies.set("__Host-user" if network else "user", house.people[who].cookie)
                count += 1
                if came != wanted and not (wanted == ABSENT and came != IN):
                    wrong.append((route, who or "nobody", came, wanted))
    print(f"\n{'network' if network else 'laptop'}: {count} addresses written to as {len(EVERYBODY)} people, "
          f"{len(wrong)} differ")
    assert wrong == []


def test_who_may_run_which_interview(house: House, away: Shared) -> None:
    """At the laptop anybody any; from the network nobody but who is signed in, unless it is public. As a page, as JSON
    and for a script.
    """
    count = 0
    for network in (False, True):
        for who in EVERYBODY:
            for interview in (PRIVATE, PUBLIC):
                for more in ({}, {"json": "1"}, {"ajax": "1"}):
                    with browser_of(house, away, who, network=network) as client:
                        answer = client.get("/interview", params={"i": interview, "new_session": "1", **more})
                        lets_in = not network or bool(who) or interview == PUBLIC
                        assert met(answer) == (IN if lets_in else SIGN_IN), (network, who, interview, more)
                        assert ("Say something" in answer.text) == lets_in
                        count += 1
    print(f"\n{count} beginnings of interviews")


def test_the_cron_user_signs_in_nowhere(house: House) -> None:
    """It has no password, none can be set for it, and no token leads to it; its privilege opens no page."""
    cron = house.assembly.users.cron_user()
    device = Device("127.0.0.1", "a browser")
    for guess in ("", "cron", PASSWORD):
        with pytest.raises(AccountError):
            house.run(house.accounts.sign_in(cron.email, guess, device))
    assert house.run(house.accounts.ask_reset(cron.email)) is None
    with pytest.raises(AccountError):
        house.run(house.accounts.reset_by(house.people[OWNER].user, cron.user_id or 0))
    assert "admin" not in cron.privileges


@pytest.mark.parametrize("who", [USER, ADVOCATE, LIBRARIAN, DEVELOPER])
def test_nobody_gives_themselves_privileges(house: House, who: str) -> None:
    """Not by any method of the accounts: no invitation, no privilege, no reset of somebody else."""
    by, accounts = house.people[who].user, house.accounts
    other = house.people[ADMIN].user.user_id or 0
    own = by.user_id or 0
    for attempt in (
            lambda: accounts.invite(by, "new@example.org", ("admin",)),
            lambda: accounts.set_privileges(by, own, ("admin",)),
            lambda: accounts.set_privileges(replace(by, privileges=()), own, ("admin",)),
            lambda: accounts.set_active(by, other, False),
            lambda: accounts.reset_by(by, other),
            lambda: accounts.add_privilege(by, "kings"),
            lambda: accounts.remove_privilege(by, "advocate"),
            lambda: accounts.delete(by, other),
            lambda: accounts.change_profile(other, by=by, first_name="Mallory")):
        with pytest.raises(AccountError):
            house.run(attempt())
