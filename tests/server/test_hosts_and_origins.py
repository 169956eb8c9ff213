"""Requests that a page elsewhere sends in somebody's name: to every address that changes something; none passes."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from appliance.server.admission import Admission
from appliance.server.origins import is_foreign
from appliance.server.page_updates import FOLLOWED
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW
from tests.server.shared import Shared, shared_on
from tests.support import routes
from tests.support.routes import HOSTS, NOT_AT_THE_LAPTOP, ORIGINS, SOCKET


def write_addresses(server: Running) -> list[str]:
    """One of every route that takes a form."""
    return [f"{path}?i={INTERVIEW}" if path == "/interview" else path for path in
            routes.write_addresses(server.application)]


def posted(browser: httpx.Client, path: str, headers: dict[str, str], form: dict[str, str]) -> int:
    """The answer's status; 400 where the connection was closed before all was sent."""
    try:
        return browser.post(path, headers=headers, data=form).status_code
    except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
        return 400


def token_of(browser: httpx.Client) -> str:
    page = browser.get("/user/sign-in").text
    found = re.search(r'name="_xsrf" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.fixture
def shared(server: Running, tmp_path: Path) -> Iterator[Shared]:
    with shared_on(server, tmp_path) as one:
        yield one


def test_foreign_names_are_refused_everywhere(server: Running) -> None:
    """DNS rebinding: a page elsewhere makes its own name mean this computer. Every write address, 14 names each."""
    addresses = write_addresses(server)
    assert len(addresses) >= 20
    with server.browser() as browser:
        token = token_of(browser)
        for host in (*HOSTS, *NOT_AT_THE_LAPTOP):
            headers = {"Host": host.format(port=server.port)}
            came = {path: posted(browser, path, headers, {"_xsrf": token}) for path in addresses}
            assert set(came.values()) <= {421, 400}, (host, came)   # 400: no name at all
    assert server.turns.calls == []


@pytest.mark.parametrize("path", ["/", "/static/appliance.css", "/health", "/tasks", "/user/sign-in", "/trust",
                                  "/interview?i=x", "/uploadedfile/1", "/checkin", "/nowhere"])
def test_foreign_names_can_read_nothing(shared: Shared, path: str) -> None:
    """Pages, files, static files: on both listeners."""
    with shared.server.browser() as laptop, shared.browser() as away:
        for host in HOSTS:
            for browser, port in ((laptop, shared.server.port), (away, shared.port)):
                answer = browser.get(path, headers={"Host": host.format(port=port)})
                assert answer.status_code in {421, 400}   # 400: no name at all
                assert "set-cookie" not in answer.headers
        for host in NOT_AT_THE_LAPTOP:
            assert laptop.get(path, headers={"Host": host.format(port=shared.port)}).status_code == 421
            assert away.get(path, headers={"Host": host.format(port=shared.port)}).status_code != 421


def test_what_pages_elsewhere_send_is_refused(server: Running) -> None:
    """Every write address, 8 variants each: none does anything, though all but two have the token."""
    addresses = write_addresses(server)
    with server.browser() as browser, server.browser() as somebody:
        token, foreign = token_of(browser), token_of(somebody)
        for variant in ORIGINS:
            headers = {name: value for name, value in variant.items() if name != "X-Token"}
            tokens = {"": {"_xsrf": token}, "none": {"a": "b"}, "of somebody else": {"_xsrf": foreign}}
            given = tokens[variant.get("X-Token", "")]
            came = {path: posted(browser, path, headers, given) for path in addresses}
            # Where something is read as it comes, a stranger is asked to sign in before the token has arrived.
            streamed = {path: came.pop(path) for path in list(came) if came[path] == 303 and "X-Token" in variant}
            assert set(streamed) <= {"/packages/install"}
            assert {status for path, status in came.items() if path != "/command"} == {403}, (variant, came)
            assert came["/command"] in {403, 404}   # it says that it is not there
    assert set(server.turns.calls) <= {"find"}   # for the words of the refusal


def status_of_socket(port: int, path: str, headers: dict[str, str], encrypt: ssl.SSLContext | None = None) -> int:
    """What the server answers to who wants to open a socket: 101 where it is opened."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        connection = encrypt.wrap_socket(plain, server_hostname="localhost") if encrypt else plain
        with connection:
            lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
            connection.sendall("\r\n".join(lines).encode())
            return int(connection.recv(12).split()[1])


def test_sockets_are_opened_for_our_own_pages_only(server: Running, shared: Shared,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    """Another origin, none, `null`, another name, a page that came in the clear: refused, on both listeners. Only the
    page's own origin opens it.
    """
    monkeypatch.setitem(FOLLOWED, "tasks", Admission.ANYONE)   # so that it is the origin that counts
    for browser, port, base, encrypt in ((shared.server.browser(), server.port, server.base, None),
                                         (shared.browser(), shared.port, shared.base, shared.context())):
        host = f"127.0.0.1:{port}"
        with browser:
            browser.get(f"/interview?i={INTERVIEW}")
            cookies = "; ".join(f"{one.name}={one.value}" for one in browser.cookies.jar)
        good = {**SOCKET, "Host": host, "Cookie": cookies, "Origin": base}
        others: list[dict[str, str]] = [
            {"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": f"{base}.evil.example"}, {"Origin": ""},
            {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}]
        others += [{"Origin": f"http://{host}"}] if encrypt else []
        session = list(server.turns.sessions)[-1]
        for path in ("/tasks/updates", f"/interview/notices?session={session}"):
            for other in others:
                assert status_of_socket(port, path, {**good, **other}, encrypt) in {403, 421}, (path, other)
            assert status_of_socket(port, path, good, encrypt) == 101


def asked(protocol: str = "http", host: str = "127.0.0.1:8080", **headers: str) -> HTTPServerRequest:
    fields = HTTPHeaders({"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}})
    request = HTTPServerRequest(headers=fields, start_line=RequestStartLine("POST", "/", "HTTP/1.1"))
    request.protocol = protocol
    return request


@pytest.mark.parametrize("request_", [
    asked(), asked(Origin="http://127.0.0.1:8080"), asked(Origin="HTTP://127.0.0.1:8080"), asked(Sec_Fetch_Site="none"),
    asked(Sec_Fetch_Site="same-origin", Origin="http://127.0.0.1:8080"), asked(Referer="http://127.0.0.1:8080/a?b"),
    asked("https", "192.168.1.5:8443", Origin="https://192.168.1.5:8443"),
    asked("http", "127.0.0.1:8080", Origin="https://clinic.example.org"),   # a proxy asks for us by another name
])
def test_what_our_own_pages_send(request_: HTTPServerRequest) -> None:
    assert not is_foreign(request_, {"clinic.example.org"})


@pytest.mark.parametrize("request_", [
    asked(Origin="http://127.0.0.1:8081"), asked(Origin="http://localhost:8080"), asked(Origin="null"),
    asked(Origin=""),
    asked(Origin="http://127.0.0.1:8080.evil.example"), asked(Origin="http://127.0.0.1:8080@evil.example"),
    asked(Origin="http://evil.example@127.0.0.1:8080"), asked(Origin="file://"), asked(Origin="chrome-extension://abc"),
    asked(Origin="http://127.0.0.1:8080/"), asked(Origin="http://[bad"), asked(Origin="http://127.0.0.1:99999999"),
    asked(Sec_Fetch_Site="same-site"), asked(Sec_Fetch_Site="nonsense"), asked(Sec_Fetch_Site=""),
    asked(Sec_Fetch_Site="cross-site", Origin="http://127.0.0.1:8080"), asked(Referer="about:blank"), asked(Referer=""),
    asked(Referer="http://evil.example/http://127.0.0.1:8080/"),
    asked("https", "192.168.1.5:8443", Origin="http://192.168.1.5:8443"),   # a page that came in the clear
    asked(Origin="https://clinic.example.org.evil.example"),
])
def test_what_pages_elsewhere_send(request_: HTTPServerRequest) -> None:
    assert is_foreign(request_, {"clinic.example.org"})
