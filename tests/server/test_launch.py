"""``/launch``: links that expire lead on, once where they are meant so; and the cookies that tell visitors apart."""

from __future__ import annotations

import httpx
import pytest

from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW

ADDRESS = f"/interview?i={INTERVIEW}"


def test_a_link_leads_on_until_it_is_over(server: Running, browser_client: httpx.Client) -> None:
    """What the address means is decided where it leads; one that is over says so, and what to do."""
    server.turns.links["a code"] = f"{ADDRESS}&session=S"
    answer = browser_client.get("/launch", params={"c": "a code"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, f"{ADDRESS}&session=S")
    over = browser_client.get("/launch", params={"c": "a code"})
    assert over.status_code == 410
    assert "has been used" in over.text
    assert "ask whoever gave it to you" in over.text
    assert browser_client.get("/launch").status_code == 410


@pytest.mark.parametrize("header", ["Sec-Purpose: prefetch;prerender", "Purpose: prefetch", "X-Purpose: preview"])
def test_a_browser_that_looks_ahead_does_not_use_a_link_up(server: Running, browser_client: httpx.Client,
                                                           header: str) -> None:
    server.turns.links["a code"] = ADDRESS
    name, _, value = header.partition(": ")
    assert browser_client.get("/launch?c=a+code", headers={name: value}, follow_redirects=False).status_code == 425
    assert browser_client.get("/launch?c=a+code", follow_redirects=False).status_code == 302


def test_one_cookie_goes_with_the_browser_and_one_stays(browser_client: httpx.Client) -> None:
    """They come with the first screen, once, and scripts see neither."""
    given = {text.partition("=")[0]: text for text in browser_client.get(ADDRESS).headers.get_list("set-cookie")}
    assert "expires" not in given["browser_run"].lower()
    assert "expires" in given["browser_device"].lower()
    for name in ("browser_run", "browser_device"):
        assert "HttpOnly; Path=/; SameSite=Lax" in given[name]
    again = [text.partition("=")[0] for text in browser_client.get(ADDRESS).headers.get_list("set-cookie")]
    assert not {"browser_run", "browser_device"}.intersection(again)
