"""A browser for all tests of this folder, and a fresh profile for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import chromium
from tests.support.browser import Person, launch
from tests.support.process import Appliance


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. `make test` sees to it that there is one."""
    if chromium.find() is None:
        pytest.fail("no Chromium on this machine: install it (Debian: apt install chromium), or leave these tests out "
                    "with -m 'not browser'")
    with sync_playwright() as playwright, launch(playwright) as started:
        yield started


@pytest.fixture
def new_person(browser: Browser, appliance: Appliance) -> Iterator[Callable[..., Person]]:
    """Makes people, each with own cookies; a JavaScript error or a foreign address on their pages fails the test."""
    contexts = []
    people: list[Person] = []

    def make(base: str = "", **options: Any) -> Person:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(**options)
        contexts.append(context)
        people.append(Person(context.new_page(), base or appliance.url))
        return people[-1]

    yield make
    for context in contexts:
        context.close()
    problems = [problem for person in people for problem in person.problems]
    assert not problems, "\n".join(problems)
