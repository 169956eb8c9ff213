"""My interviews: what somebody can resume, by name, words and tags, page by page, and how it is deleted."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW, Session
from tests.server.test_account_pages import send
from tests.server.test_interview import ADDRESS


def fill(server: Running, client: httpx.Client, count: int) -> list[Session]:
    """Sessions of this browser; the title of each is its number in words of its own."""
    client.get(ADDRESS)
    secret = client.cookies["browser"]
    server.turns.sessions.clear()
    for number in range(count):
        session_id = f"session-{number}"
        server.turns.sessions[session_id] = Session(session_id, INTERVIEW, secret, None, {}, title=f"Case <{number}>",
                                                    created=1e9 + number)
    return list(server.turns.sessions.values())


def headings(page: str) -> list[str]:
    return re.findall(r"<h2>([^<]*)</h2>", page)


def until(page: str) -> str:
    found = re.search(r'name="until" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_what_this_browser_began_is_listed_and_nothing_else(server: Running, browser_client: httpx.Client) -> None:
    fill(server, browser_client, 2)
    server.turns.sessions["session-0"].secret = "somebody else's"
    page = browser_client.get("/interviews").text
    assert headings(page) == ["Case &lt;1&gt;"]
    assert "begun in this browser" in page
    assert f"/interview?i={INTERVIEW}&amp;session=session-1" in page
    with server.browser() as other:
        assert "There is nothing here yet" in other.get("/interviews").text
    assert "Case &lt;1&gt;" in browser_client.get("/").text


def test_a_session_gets_a_name_of_ones_own(server: Running, browser_client: httpx.Client) -> None:
    """It is shown before the title; a name that is empty again brings back the title."""
    fill(server, browser_client, 1)
    assert send(browser_client, "/interviews/name", session="session-0", name="<Mine>").status_code == 303
    page = browser_client.get("/interviews?done=named").text
    assert headings(page) == ["&lt;Mine&gt;"]
    assert "Case &lt;0&gt;" in page
    assert "The new name is kept" in page
    send(browser_client, "/interviews/name", session="session-0", name="")
    assert headings(browser_client.get("/interviews").text) == ["Case &lt;0&gt;"]
    with server.browser() as other:
        assert send(other, "/interviews/name", session="session-0", name="Theirs").status_code == 403
    answer = send(browser_client, "/interviews/name", session="gone", name="x")
    assert answer.headers["location"] == "/interviews?done=gone"


def test_words_and_tags_find(server: Running, browser_client: httpx.Client) -> None:
    sessions = fill(server, browser_client, 4)
    sessions[0].tags, sessions[1].tags = ("court", "housing & co"), ("housing & co",)
    sessions[1].name = "Aunt Ägnes"
    for query, found in (("q=aunt", 1), ("q=%C3%84GNES+case", 1), ("q=aunt+uncle", 0), ("q=fruit.yml", 4),
                         ("tag=housing+%26+co", 2), ("tag=housing+%26+co&q=court", 1), ("tag=nothing", 0)):
        page = browser_client.get(f"/interviews?{query}").text
        assert len(headings(page)) == found, query
        assert ("1 interview found" if found == 1 else f"{found} interviews found") in page
    page = browser_client.get("/interviews?tag=housing+%26+co").text
    assert 'aria-current="true">housing &amp; co <span class="da-count">2</span>' in page
    assert "Show all" in page


def test_long_lists_have_pages(server: Running, browser_client: httpx.Client) -> None:
    """The address of each keeps the search; a page that there is not is the last one."""
    fill(server, browser_client, 45)
    assert len(headings(browser_client.get("/interviews?q=case").text)) == 20
    page = browser_client.get("/interviews?q=case&page=2").text
    assert "Page 2 of 3" in page
    assert 'href="/interviews?q=case&amp;page=3" rel="next"' in page
    assert 'href="/interviews?q=case" rel="prev"' in page
    for beyond in ("3", "4", "99999999"):
        assert len(headings(browser_client.get(f"/interviews?page={beyond}").text)) == 5
    for damaged in ("0", "-1", "x", "²", "9" * 30):
        assert "Page 1 of 3" in browser_client.get("/interviews", params={"page": damaged}).text


def test_one_is_deleted_and_the_list_stays_where_it_was(server: Running, browser_client: httpx.Client) -> None:
    fill(server, browser_client, 3)
    answer = send(browser_client, "/interviews/delete", session="session-1", q="case", tag="", page="2")
    assert answer.headers["location"] == "/interviews?q=case&page=2&done=deleted"
    assert set(server.turns.sessions) == {"session-0", "session-2"}
    answer = send(browser_client, "/interviews/delete", session="session-1")
    assert answer.headers["location"] == "/interviews?done=gone"
    with server.browser() as other:
        send(other, "/interviews/delete", session="session-0")
    assert set(server.turns.sessions) == {"session-0", "session-2"}


def test_what_was_joined_is_only_left(server: Running, browser_client: httpx.Client) -> None:
    """It is somebody else's: neither the button nor deleting everything deletes it for them."""
    sessions = fill(server, browser_client, 3)
    sessions[0].joined = sessions[1].joined = True
    page = browser_client.get("/interviews").text
    assert page.count("Shared with you") == 2
    assert page.count(">Remove</button>") == 2
    assert "1 interview session will be deleted" in page
    assert "2 that are shared with you" in page
    answer = send(browser_client, "/interviews/delete", session="session-0")
    assert answer.headers["location"] == "/interviews?done=left"
    send(browser_client, "/interviews/delete-all", until=until(page))
    assert [call for call in server.turns.calls if call.startswith("leave")] == ["leave session-0", "leave session-1"]


def test_all_that_the_list_shows_is_deleted(server: Running, browser_client: httpx.Client) -> None:
    """On all its pages, but not what another filter would show, nor what was begun after the page was drawn."""
    sessions = fill(server, browser_client, 45)
    for session in sessions[:41]:
        session.tags = ("old",)
    page = browser_client.get("/interviews?tag=old").text
    assert "Delete all 41 that were found" in page
    late = Session("late", INTERVIEW, sessions[0].secret, None, {}, created=2e9, tags=("old",))
    server.turns.sessions["late"] = late
    answer = send(browser_client, "/interviews/delete-all", tag="old", until=until(page))
    assert parse_qs(urlsplit(answer.headers["location"]).query) == {
        "tag": ["old"], "done": ["deleted"], "count": ["41"]}
    assert set(server.turns.sessions) == {"session-41", "session-42", "session-43", "session-44", "late"}
    assert "41 interview sessions were deleted" in browser_client.get(answer.headers["location"]).text
    answer = send(browser_client, "/interviews/delete-all", until="never")
    assert answer.headers["location"] == "/interviews?done=none"
    assert len(server.turns.sessions) == 5
