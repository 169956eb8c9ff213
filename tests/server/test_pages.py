"""The pages around interviews, what is refused before a handler runs, and the headers of all."""

from __future__ import annotations

import logging
from pathlib import Path

import httpx
import pytest

from appliance.server import security
from appliance.server.parts import Health
from appliance.sessions.visitor import Visitor
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW, MemoryPackages
from tests.server.test_interview import form_of
from tests.support.routes import LINKS_ELSEWHERE

ADDRESS = f"/interview?i={INTERVIEW}"


def test_home_lists_what_can_be_started_and_resumed(browser_client: httpx.Client) -> None:
    browser_client.get(ADDRESS)
    page = browser_client.get("/").text
    assert "Fruit &lt;interview&gt;" in page
    assert "Resume" in page
    assert "Go on where you stopped" in page


def test_a_long_list_starts_closed_and_can_be_searched(server: Running, browser_client: httpx.Client,
                                                       tmp_path: Path) -> None:
    """970 examples must not push everything else off the page."""
    server.packages.entries = MemoryPackages(tmp_path, 970).entries
    page = browser_client.get("/").text
    assert page.count("<details") == 2
    assert page.count(" open>") == 1
    assert 'id="filter"' in page


def test_home_says_which_sessions_will_be_deleted(server: Running, browser_client: httpx.Client) -> None:
    """With the day, beside the session, and what keeps it."""
    class AllGo:
        async def own(self, visitor: Visitor, days: float = 7) -> dict[str, float]:
            return {one.session_id: 1900000000.0 for one in await server.turns.sessions_of(visitor)}

    browser_client.get(ADDRESS)
    assert "will be deleted" not in browser_client.get("/").text
    server.application.parts.retention = AllGo()  # type: ignore[assignment]
    page = browser_client.get("/").text
    assert "will be deleted on" in page
    assert "2030-03-17 17:46 UTC" in page
    assert "Resume it to keep it" in page


def test_a_session_is_deleted_from_home(server: Running, browser_client: httpx.Client) -> None:
    browser_client.get(ADDRESS)
    session_id = next(iter(server.turns.sessions))
    page = browser_client.get("/").text
    token = page.partition('name="_xsrf" value="')[2].partition('"')[0]
    assert browser_client.post("/sessions/delete", data={"session": session_id}).status_code == 403
    assert browser_client.post("/sessions/delete", data={"session": session_id, "_xsrf": token}).status_code == 303
    assert server.turns.sessions == {}


def test_the_owner_signs_in_once_with_a_token(browser_client: httpx.Client, server: Running) -> None:
    answer = browser_client.get("/user/sign-in", params={"token": "once", "next": ADDRESS})
    assert answer.headers["location"] == ADDRESS
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Olive" in browser_client.get("/").text
    with server.browser() as other:
        assert other.get("/user/sign-in?token=once").status_code == 403
    browser_client.get("/user/sign-out", headers={"Sec-Fetch-Site": "same-origin"})
    assert "Olive" not in browser_client.get("/").text


@pytest.mark.parametrize(("target", "reached"), [
    ("/interview?i=x", "/interview?i=x"), ("interview?i=a:b", "/interview?i=a:b"), ("", "/?goodbye=leave"),
    ("https://evil.example/", "/?goodbye=leave"), ("https:evil.example", "/?goodbye=leave"),
    ("//evil.example/", "/?goodbye=leave"), ("///evil.example", "/evil.example"), ("//[", "/?goodbye=leave"),
    ("/\\evil.example", "/?goodbye=leave"), ("javascript:alert(1)", "/?goodbye=leave")])
def test_leaving_goes_nowhere_else(browser_client: httpx.Client, target: str, reached: str) -> None:
    """Browsers take backslashes, further slashes and a scheme without any for the name of a host."""
    answer = browser_client.get("/leave", params={"next": target})
    assert (answer.status_code, answer.headers["Location"]) == (302, reached)


@pytest.mark.parametrize("target", [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_sign_in_sends_nobody_elsewhere(browser_client: httpx.Client, target: str) -> None:
    answer = browser_client.get("/user/sign-in", params={"token": "once", "next": target})
    assert answer.headers["location"] == "/"


def test_a_forged_user_cookie_signs_nobody_in(server: Running) -> None:
    with httpx.Client(base_url=server.base, cookies={"user": "2|1:0|1:0|4:user|4:MQ==|00"}) as client:
        assert "Olive" not in client.get("/").text


def test_the_sign_in_page_has_the_words_people_look_for(browser_client: httpx.Client) -> None:
    page = browser_client.get("/user/sign-in").text
    for text in (">Email</label>", ">Password</label>", ">Sign in</button>", "jquery"):
        assert text in page
    token = page.partition('name="_xsrf" value="')[2].partition('"')[0]
    answer = browser_client.post("/user/sign-in", data={"email": "a@b.c", "password": "x", "_xsrf": token})
    assert answer.status_code == 403
    assert "is not right" in answer.text


def test_health(server: Running, browser_client: httpx.Client) -> None:
    told = browser_client.get("/health").json()
    for name in ("version", "database", "workers", "queue", "schedule", "mail"):
        assert name in told

    def broken() -> dict[str, str]:
        raise OSError

    health: Health = broken
    server.application.parts.health["database"] = health
    answer = browser_client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["database"] == {"status": "failed", "error": "OSError"}


@pytest.mark.parametrize("host", [
    "evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example", "192.168.1.5"])
def test_foreign_names_are_refused(browser_client: httpx.Client, host: str) -> None:
    """DNS rebinding: a page of evil.example that resolves to 127.0.0.1 reads nothing here."""
    for path in ("/", ADDRESS, "/health", "/static/pages.css"):
        assert 400 <= browser_client.get(path, headers={"Host": host}).status_code < 500


@pytest.mark.parametrize("host", [
    "localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:8080", "127.8.8.8", "app.localhost"])
def test_names_of_this_computer_are_taken(host: str) -> None:
    assert security.host_allowed(host, ())


def test_configured_names_are_taken() -> None:
    assert security.host_allowed("forms.example:443", {"forms.example"})


@pytest.mark.parametrize(("method", "path"), [("PUT", ADDRESS), ("DELETE", "/"), ("POST", "/health"),
                                              ("GET", "/checkin"), ("PATCH", "/user/sign-in")])
def test_wrong_methods(browser_client: httpx.Client, method: str, path: str) -> None:
    answer = browser_client.request(method, path)
    assert answer.status_code in {403, 405}
    assert "Traceback" not in answer.text


def test_unknown_pages(browser_client: httpx.Client) -> None:
    answer = browser_client.get("/nowhere")
    assert answer.status_code == 404
    assert "<title>Error</title>" in answer.text
    assert browser_client.post("/nowhere").status_code in {403, 404}


def test_static_files_carry_their_version(server: Running, browser_client: httpx.Client) -> None:
    """A versioned address may be kept for ever, any other must be asked for again."""
    address = server.application.assets.url("pages.css")
    assert "immutable" in browser_client.get(address).headers["cache-control"]
    assert browser_client.get("/static/pages.css").headers["cache-control"] == "no-cache"
    assert browser_client.get("/static/000000000000/pages.css").headers["cache-control"] == "no-cache"
    assert browser_client.get("/static/vendor/jquery/jquery.min.js").status_code == 200
    assert browser_client.get("/favicon.ico").headers["content-type"].startswith("image/svg")


@pytest.mark.parametrize("path", [
    "/static/../base.py", "/static/%2e%2e/context.py", "/static/vendor/../context.py",
    "/packagestatic/docassemble.tests/../x", "/packagestatic/none/cow.css",
    "/packagestatic/docassemble.tests/%2e%2e%2fsecret", "/packagestatic/docassemble.tests/",
    "/static/vendor/%2e%2e%2f%2e%2e%2f__init__.py"])
def test_files_outside_are_not_served(browser_client: httpx.Client, path: str) -> None:
    assert browser_client.get(path).status_code in {403, 404}


def test_package_files(browser_client: httpx.Client) -> None:
    answer = browser_client.get("/packagestatic/docassemble.tests/cow.css")
    assert answer.text == "cow { color: brown }"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_policies(browser_client: httpx.Client) -> None:
    """Ours allow nothing inline; screens allow authors' scripts and no foreign source."""
    own = browser_client.get("/").headers["content-security-policy"]
    assert "unsafe" not in own
    screen = browser_client.get(ADDRESS).headers["content-security-policy"]
    assert "'unsafe-inline'" in screen
    assert "*" not in screen
    assert "https:" not in screen


def test_leaving_keeps_and_exit_deletes(server: Running, browser_client: httpx.Client) -> None:
    browser_client.get(ADDRESS)
    assert browser_client.get(f"/leave?i={INTERVIEW}").headers["location"] == "/?goodbye=leave"
    assert len(server.turns.sessions) == 1
    for elsewhere in LINKS_ELSEWHERE:
        for way in ("exit", "exit_logout", "restart_session"):
            asked = browser_client.get(f"/{way}?i={INTERVIEW}", headers=elsewhere)
            assert "Are you sure?" in asked.text, (way, elsewhere)
    assert len(server.turns.sessions) == 1
    browser_client.get(f"/exit?i={INTERVIEW}")
    assert server.turns.sessions == {}
    assert "answers of that interview were deleted" in browser_client.get("/?goodbye=exit").text


def test_dark_mode(browser_client: httpx.Client) -> None:
    browser_client.get("/dark_mode")
    assert 'data-bs-theme="dark"' in browser_client.get("/").text
    browser_client.get("/dark_mode")
    assert 'data-bs-theme="light"' in browser_client.get("/").text


def test_the_log_holds_no_query(browser_client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    """Addresses may hold what a person typed."""
    with caplog.at_level(logging.INFO):
        browser_client.get(f"{ADDRESS}&name=Fred")
        browser_client.get(f"{ADDRESS}&session=Fred")
    lines = [record.getMessage() for record in caplog.records if record.name.startswith(("appliance", "tornado"))]
    assert any("/interview" in line for line in lines)
    assert not any("Fred" in line for line in lines)


@pytest.mark.parametrize(("method", "address", "headers", "status"), [
    ("GET", "/interview?i=%ff", {}, 400),
    ("GET", f"/interview?i={INTERVIEW}&action=" + "%7B%22a%22:" * 5000, {}, 400),
    ("GET", "/dark_mode", {"Referer": "http://[bad"}, 302),
    ("PUT", "/interview", {}, 405),
])
def test_what_a_request_has_wrong_is_no_error_of_ours(browser_client: httpx.Client, caplog: pytest.LogCaptureFixture,
                                                      method: str, address: str, headers: dict[str, str],
                                                      status: int) -> None:
    """A damaged address, an endless nesting, another method: a page in words, and no error in the log."""
    answer = browser_client.request(method, address, headers=headers)
    assert answer.status_code == status
    assert status == 302 or "<h1" in answer.text
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_deep_parameters_of_a_check_in_are_none(browser_client: httpx.Client) -> None:
    form = form_of(browser_client.get(ADDRESS).text)
    answer = browser_client.post("/checkin", data={"_xsrf": form["_xsrf"], "session": form["_session"],
                                                   "do_action": "look", "parameters": "[" * 50_000})
    assert answer.json()["success"] is True
