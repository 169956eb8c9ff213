"""The scripts of interview screens in a real browser, over turns in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from appliance.interview.screen import Screen
from tests.server.conftest import Running, server
from tests.server.memory_turns import INTERVIEW

__all__ = ["Opened", "server"]

Opened = Callable[..., Page]


@pytest.fixture
def opened(server: Running, browser: Browser) -> Iterator[Opened]:
    """Opens an interview of the given screens; a JavaScript error on the page fails the test."""
    contexts = []
    errors: list[str] = []

    def open_page(*screens: Screen, query: str = "") -> Page:
        if screens:
            server.turns.screens = list(screens)
        context = browser.new_context()
        context.set_default_timeout(5000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server.base}/interview?i={INTERVIEW}{query}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
