"""Links to us that would send people elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit

import httpx

from tests.hostile.house import PASSWORD, USER, House
from tests.hostile.interviews import PUBLIC
from tests.hostile.payloads import REDIRECTS
from tests.support.html import read

_IN_ADDRESSES = re.compile(r"[\t\r\n]")
_INTERVIEW = f"/interview?i={PUBLIC}"
WAYS = ("/user/sign-in?token=none&next=", "/user/sign-out?next=", "/dark_mode?next=", "/exit?next=", "/leave?next=",
        "/exit_logout?next=", f"/leave?i={PUBLIC}&next=", "/restart_session?i=", "/new_session?i=",
        "/user/register?next=", "/user/forgot?next=", "/user/reset?next=", "/user/invitation?next=",
        "/user/profile?next=", "/interviews?next=", "/?next=",
        "/user/change-password?next=", "/restarting?run=x&next=", f"{_INTERVIEW}&next=")


def leaves(target: str, base: str) -> bool:
    """Whether a browser that is at `base` would go elsewhere, read as browsers read addresses (WHATWG URL): without
    tabs, line ends and blanks around, backslashes as slashes, and any number of slashes after the scheme.
    """
    target = _IN_ADDRESSES.sub("", target).strip("".join(map(chr, range(33)))).replace("\\", "/")
    if re.match(r"(?i)https?:/*", target):
        target = re.sub(r"(?i)^(https?):/*", r"\1://", target)
    elif re.match(r"//+", target):
        target = "//" + target.lstrip("/")
    try:
        found = urlsplit(urljoin(base, target))
    except ValueError:
        return False   # no browser goes there
    return (found.scheme, found.netloc.lower()) != tuple(urlsplit(base)[:2])


def targets(answer: httpx.Response) -> Iterator[str]:
    """Where an answer sends a browser: at once, after a while, or by a link or form of the page."""
    if "location" in answer.headers:
        yield answer.headers["location"]
    if "refresh" in answer.headers:
        yield answer.headers["refresh"].partition("=")[2]
    for one in read(answer.text).all():
        for name in ("href", "action", "formaction", "data-da-next", "src"):
            if name in one.attributes:
                yield one.attributes[name]
        if one.attributes.get("http-equiv", "").lower() == "refresh":
            yield one.attributes.get("content", "").partition("=")[2]


def test_browsers_are_understood() -> None:
    """The judge of these tests knows what leaves the site and what does not."""
    base = "http://127.0.0.1:8080/a/b"
    assert all(leaves(one, base) for one in (
        "//evil.example", "/\\evil.example", "/\t/evil.example", "http:evil.example", "javascript:alert(1)",
        "\t//evil.example", "http://127.0.0.1:8080@evil.example", "https://127.0.0.1:8080/"))
    assert not any(leaves(one, base) for one in ("/", "x", "/.//evil.example/", "http://127.0.0.1:8080/x", "", "?a=b"))


def test_no_address_leads_off_the_site(house: House) -> None:
    """40 payloads in every parameter that says where to go next: whoever follows them stays here."""
    left, count = [], 0
    with house.browser(USER) as user, house.browser() as nobody:
        for payload in REDIRECTS:
            for way in WAYS:
                client = nobody if "out?" in way else user   # who signs out once is nobody afterwards
                answer = client.get(way + quote(payload.format(port=house.port), safe=""))
                count += 1
                left += [(way, payload, one) for one in targets(answer) if leaves(one, house.base + "/")]
    print(f"\n{count} addresses with payloads, {len(left)} lead off the site")
    assert left == []


def test_no_referer_leads_off_the_site(house: House) -> None:
    """What an older page says it was: the way back after a switch or a form is a path here, whatever it says."""
    left, count = [], 0
    with house.browser() as client:
        client.get(_INTERVIEW)
        for payload in REDIRECTS:
            referer = quote(payload.format(port=house.port), safe="/:@\\ .;=()<>")
            for value in (referer, f"{house.base}{referer}", f"{house.base}/{referer}"):
                for path in ("/dark_mode", "/user/profile", "/tasks/again", "/leave", "/network", "/checkout"):
                    try:
                        answer = client.get(path, headers={"Referer": value})
                    except (httpx.RemoteProtocolError, httpx.LocalProtocolError, httpx.ReadError):
                        continue   # no header of a browser
                    count += 1
                    left += [(path, value, one) for one in targets(answer) if leaves(one, house.base + "/")]
    print(f"\n{count} requests with such a Referer, {len(left)} lead off the site")
    assert left == []


def test_no_form_leads_off_the_site(house: House) -> None:
    """Signing in with the right password, and out again, with 40 payloads in the form's own `next`."""
    left = []
    with house.browser() as client:
        for payload in REDIRECTS:
            target = payload.format(port=house.port)
            for path, form in (("/user/sign-in", {"email": "user@example.org", "password": PASSWORD}),
                               ("/user/sign-out", {})):
                answer = client.post(path, data={"_xsrf": house.token(client), "next": target, **form})
                assert answer.status_code == 303, (path, payload)
                left += [(path, payload, one) for one in targets(answer) if leaves(one, house.base + "/")]
    print(f"\n{2 * len(REDIRECTS)} forms, {len(left)} lead off the site")
    assert left == []
