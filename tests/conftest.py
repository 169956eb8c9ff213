"""Fixtures of all tests: the appliance as a process, and a browser to look at it with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import chromium
from tests.support.browser import Person, launch
from tests.support.logs import no_unexpected_errors
from tests.support.process import Appliance

# Where this is set, each of the many programs that the tests start would compile all of its modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

ONLY_WHEN_ASKED = ("bench", "fault50", "faults_full", "load_full", "window_qt")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what asks for the browser, and run it last; leave out what takes long unless asked.

    Playwright's event loop stays in the main thread as long as the browser is open: no ``asyncio.run`` after it.
    """
    with_browser = [item for item in items if "browser" in getattr(item, "fixturenames", ())]
    for item in with_browser:
        item.add_marker(pytest.mark.browser)
    items[:] = [item for item in items if item not in with_browser] + with_browser
    asked_for = config.getoption("markexpr")
    long_ones = [name for name in ONLY_WHEN_ASKED if name not in asked_for]
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in long_ones)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture
def new_appliance(tmp_path: Path) -> Iterator[Callable[..., Appliance]]:
    """Makes appliances that are stopped, and whose logs are read, when the test ends."""
    made: list[Appliance] = []

    def make(name: str = "appliance", **options: Any) -> Appliance:
        made.append(Appliance(tmp_path / name, **options))
        return made[-1]

    yield make
    for one in made:
        one.stop()
    unexpected = [line for one in made for line in one.logs.unexpected()]
    assert not unexpected, "the logs hold errors that the test did not expect:\n" + "\n".join(unexpected)


@pytest.fixture(scope="session")
def shared_appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """One running appliance for all tests that leave it as it was."""
    one = Appliance(tmp_path_factory.mktemp("shared"))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def appliance(shared_appliance: Appliance) -> Iterator[Appliance]:
    """The shared appliance; the test fails if it logs an error that was not announced."""
    with no_unexpected_errors(shared_appliance.logs):
        yield shared_appliance


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. `make test` sees to it that there is one."""
    if chromium.find() is None:
        pytest.fail("no Chromium on this machine: install it (Debian: apt install chromium), or leave these tests out "
                    "with -m 'not browser'")
    with sync_playwright() as playwright, launch(playwright) as started:
        yield started


@pytest.fixture
def new_person(browser: Browser) -> Iterator[Callable[..., Person]]:
    """Makes people, each with own cookies; a JavaScript error or a foreign address on their pages fails the test."""
    contexts = []
    people: list[Person] = []

    def make(base: str, **options: Any) -> Person:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(**options)
        contexts.append(context)
        people.append(Person(context.new_page(), base))
        return people[-1]

    yield make
    for context in contexts:
        context.close()
    problems = [problem for person in people for problem in person.problems]
    assert not problems, "\n".join(problems)
