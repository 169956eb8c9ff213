"""What a request costs, counted: who knocks, and what may be opened, is known without asking the database each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.interview.screen import html_name
from tests.server.test_interview import form_of
from tests.server.test_interview_doors import at
from tests.server.test_people_and_sessions import ADDRESS, Place
from tests.sessions.house import THREE_STEPS
from tests.sessions.test_cost_of_a_turn import Counted


@pytest.mark.parametrize("signed_in", [False, True], ids=["anonymous", "signed in"])
def test_a_submit_asks_the_database_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, signed_in: bool) -> None:
    """For the commit. After a sign-out the same cookie is nobody's at once, though nothing was asked."""
    async def test(place: Place) -> None:
        async with place.browser() as browser:
            if signed_in:
                await browser.register()
            form = form_of(await browser.page(ADDRESS))
            counted = Counted(place.house, monkeypatch)
            answer = await browser.client.post(f"{ADDRESS}&session={form['_session']}",
                                               data=form | {html_name("name"): "Ann", "ajax": "1"})
            assert "How old are you, Ann?" in answer.json()["body"]
            assert (counted.reads, counted.writes) == (0, 1)
            if signed_in:
                cookie = browser.client.cookies["user"]
                await browser.send("/user/sign-out")
                assert await place.accounts.signed_in(cookie) is None
    at(tmp_path, THREE_STEPS, test)
