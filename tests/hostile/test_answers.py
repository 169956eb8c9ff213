"""What every answer says to the browser beside its content, whatever was asked, how, and by whom."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.cookies import SimpleCookie

import httpx
import pytest
from tornado.websocket import WebSocketHandler

from tests.hostile.house import ADMIN, House
from tests.hostile.interviews import PUBLIC
from tests.server.shared import Shared
from tests.support.routes import SOCKET, addresses, example

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
_PUBLIC_FILES = ("/static/", "/packagestatic/", "/favicon")


def answers(client: httpx.Client, house: House, **headers: str) -> Iterator[tuple[str, httpx.Response]]:
    """Every address by every method, found or not, allowed or not; and every refusal that comes before."""
    token = house.token(client)
    paths = [example(matcher) for matcher, handler in addresses(house.application)
             if not issubclass(handler, WebSocketHandler)]
    paths += [f"/interview?i={PUBLIC}", "/interview?i=no:such.yml", "/interview?session=nobodys&i=x", "/%ff", "/%00",
              "/static/appliance.css", f"/static/{house.application.assets.version}/appliance.css", "/static/../x",
              "/packagestatic/docassemble.hostile/cow.css", "/nowhere"]
    for path in paths:
        for method in METHODS:
            form = {"_xsrf": token} if method in {"POST", "PUT", "PATCH"} else None
            if (method, path) in {("POST", "/user/sign-out"), ("POST", "/user/sign-out-everywhere"),
                                  ("GET", "/user/sign-out"), ("GET", "/exit_logout"), ("POST", "/exit_logout")}:
                continue
            yield f"{method} {path}", client.request(method, path, data=form, headers=headers)
    yield "another name", client.get("/", headers={"Host": "evil.example"})
    yield "from elsewhere", client.post("/", headers={"Origin": "http://evil.example"}, data={"_xsrf": token})
    yield "without a token", client.post("/user/sign-in", data={})
    yield "GET /static/appliance.css once more", client.get("/static/appliance.css", headers={
        "If-None-Match": client.get("/static/appliance.css").headers["etag"]})


def missing(request: str, answer: httpx.Response) -> Iterator[str]:
    """What an answer lacks, or says too much."""
    headers = answer.headers
    path = request.partition(" ")[2]
    if "server" in headers:
        yield "it names the server"
    if "x-powered-by" in headers:
        yield "it names what it is made of"
    if headers.get("x-content-type-options") != "nosniff":
        yield "browsers may guess its kind"
    policy = headers.get("content-security-policy", "")
    if "default-src" not in policy or "frame-ancestors" not in policy:
        yield f"its policy is {policy!r}"
    if any(word in policy for word in ("*", "http:", "https:", "//e")):
        yield "its policy lets others in"
    if headers.get("referrer-policy") != "same-origin":
        yield "it tells others where people were"
    if not path.startswith(_PUBLIC_FILES) and "no-store" not in headers.get("cache-control", ""):
        yield "browsers may keep it"
    if any(name.startswith("access-control-") for name in headers):
        yield "other sites may read it"


@pytest.mark.parametrize("who", ["", ADMIN])
@pytest.mark.parametrize("network", [False, True], ids=["laptop", "network"])
def test_the_headers_of_every_answer(house: House, away: Shared, network: bool, who: str) -> None:
    """Each address by each method, also where it is refused: policy, nosniff, referrer, no cache, no server's name."""
    wrong, count = [], 0
    with away.browser() if network else house.browser() as client:
        if who:
            client.cookies.set("__Host-user" if network else "user", house.people[who].cookie)
        for request, answer in answers(client, house):
            count += 1
            wrong += [(request, answer.status_code, one) for one in missing(request, answer)]
            wrong += [(request, answer.status_code, one) for one in about_cookies(answer, encrypted=network)]
    print(f"\n{'network' if network else 'laptop'}, {who or 'nobody'}: {count} answers, {len(wrong)} lack something")
    assert wrong == []


def about_cookies(answer: httpx.Response, *, encrypted: bool) -> Iterator[str]:
    """What is wrong with the cookies that an answer sets."""
    for line in answer.headers.get_list("set-cookie"):
        name, cookie = next(iter(SimpleCookie(line).items()))
        if cookie["domain"]:
            yield f"{name} goes to other hosts"
        if cookie["samesite"].lower() not in {"lax", "strict"} and cookie.value:
            yield f"other sites' forms send {name}"
        if name == "color_scheme":
            continue
        if not cookie["httponly"] and cookie.value:
            yield f"scripts read {name}"
        if encrypted and not (cookie["secure"] and name.startswith("__Host-") and cookie["path"] == "/"):
            yield f"{name} is sent in the clear too"


def test_sockets_and_what_is_no_request(house: House, away: Shared) -> None:
    """Refused sockets, and answers that are given before anything is understood, name no server either."""
    raw = [b"GARBAGE\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
           b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
           b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
           b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
           b"GET //evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
           b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
           b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n"]
    for request in raw:
        with socket.create_connection(("127.0.0.1", house.port), 10) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            came = b""
            try:
                while piece := connection.recv(65536):
                    came += piece
            except ConnectionResetError:
                pass
        head = came.partition(b"\r\n\r\n")[0].lower()
        assert b"\nserver:" not in head, (request[:60], head)
        assert b"tornado" not in came.lower()
        assert not came.startswith(b"HTTP/1.1 200"), request[:60]
        assert b"\nlocation: http" not in head
    with house.browser(ADMIN) as client:
        house.token(client)
        for headers in ({}, {"Origin": "null"}, {"Origin": house.base}):
            with client.stream("GET", "/network/updates", headers={**SOCKET, **headers}) as answer:
                assert "server" not in answer.headers
