"""``/interview/variables``: who gets the answers of a session as JSON."""

from __future__ import annotations

import httpx

from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW

ADDRESS = "/interview/variables"


def begun(server: Running, browser: httpx.Client) -> str:
    browser.get("/interview", params={"i": INTERVIEW})
    return next(iter(server.turns.sessions))


def test_the_session_of_the_browser_is_given_with_what_docassemble_tells(
    server: Running, browser_client: httpx.Client
) -> None:
    """With the session named, or without, when it is the one that the browser used last."""
    session = begun(server, browser_client)
    for query in ({"i": INTERVIEW, "session": session}, {"i": INTERVIEW}):
        reply = browser_client.get(ADDRESS, params=query)
        assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.json() == {
            "success": True, "variables": {"fruit": "apple", "since": "2026-11-23"}, "steps": 1, "i": INTERVIEW,
            "uid": session, "encrypted": True}


def test_nobody_else_gets_them(server: Running, browser_client: httpx.Client) -> None:
    """Another browser that knows the session's name, and one that has none."""
    session = begun(server, browser_client)
    with server.browser() as other:
        for query in ({"i": INTERVIEW, "session": session}, {"i": INTERVIEW}, {}):
            reply = other.get(ADDRESS, params=query)
            assert reply.status_code in (403, 404)
            assert reply.json()["success"] is False
            assert "apple" not in reply.text


def test_an_interview_can_keep_them_from_scripts(server: Running, browser_client: httpx.Client) -> None:
    """``set_status(variable_access=False)``."""
    session = begun(server, browser_client)
    server.turns.variables_are_private = True
    reply = browser_client.get(ADDRESS, params={"session": session})
    assert (reply.status_code, reply.json()["success"]) == (403, False)
    assert "apple" not in reply.text
