"""Fixtures of tests with windows."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.window.driver import Program, Screen, missing
from tests.window.pages import Pages


@dataclass(frozen=True)
class Desk:
    """A screen with one window on pages that tests write."""

    screen: Screen
    program: Program
    pages: Pages

    def show(self, body: str, **headers: str) -> None:
        """Show a page."""
        self.pages.page("/shown", body, **headers)
        mark = secrets.token_hex(8)
        self.program.js(f"location.href = '/shown?{mark}'")
        self.program.wait_for(f"document.readyState === 'complete' && location.search === '?{mark}'")


@pytest.fixture(scope="module", params=["gtk", pytest.param("qt", marks=pytest.mark.window_qt)])
def toolkit(request: pytest.FixtureRequest) -> str:
    """What draws the windows."""
    name = str(request.param)
    if reason := missing(name):
        pytest.skip(reason)
    return name


@pytest.fixture
def screen(toolkit: str) -> Iterator[Screen]:
    """A screen of its own."""
    with Screen(toolkit=toolkit) as one:
        yield one


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    """A server for pages that the test writes."""
    with Pages() as one:
        yield one


@pytest.fixture
def desk(shared_desk: Desk) -> Desk:
    """The window of all tests of a module, when what the test before left is forgotten."""
    pages, screen = shared_desk.pages, shared_desk.screen
    for kept in (pages.at, pages.sent, pages.asked):
        kept.clear()
    (screen.folder / "opened").unlink(missing_ok=True)
    for file in screen.downloads.iterdir():
        file.unlink()
    return shared_desk


@pytest.fixture(scope="module")
def shared_desk(toolkit: str, pages: Pages) -> Iterator[Desk]:
    """One window for all tests of a module."""
    pages.page("/", "start")
    with Screen(toolkit=toolkit) as screen, open_bare(screen, pages) as program:
        yield Desk(screen, program, pages)


def open_bare(screen: Screen, pages: Pages, path: str = "/") -> Program:
    """A window on the test's pages (tests/window/bare.py)."""
    program = screen.start("bare.py", pages.address, path, str(screen.folder / "state"), str(screen.downloads))
    program.wait_for("document.readyState === 'complete' && location.protocol === 'http:'")
    return program
