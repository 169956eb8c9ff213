"""A person at a browser: finds things by their visible words, as people and screen readers do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests import chromium
from tests.support.client import Answer
from tests.support.demo import Step

__all__ = ["Person", "launch"]

_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
          "--disable-sync", "--no-first-run", "--disable-quic")


@contextmanager
def launch(playwright: Playwright) -> Iterator[Browser]:
    """A headless browser that talks to nobody but us."""
    path = chromium.find()
    assert path is not None, "no Chromium here"
    browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
    try:
        yield browser
    finally:
        browser.close()


class Person:
    """What a person does on one page."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self._only_ours(request.url))
        page.set_default_timeout(10_000)

    def _only_ours(self, url: str) -> None:
        if not url.startswith((self.base, "data:", "blob:")):
            self.problems.append(f"the page asked another host: {url}")

    def start(self, interview: str) -> None:
        self.page.goto(f"{self.base}/interview?i={interview}&new_session=1")

    @property
    def question(self) -> Locator:
        return self.page.locator("#daMainQuestion")

    def sees_question(self, beginning: str, seconds: float = 10) -> None:
        expect(self.question).to_have_text(re.compile("^\\s*" + re.escape(beginning)), timeout=seconds * 1000)

    def sees(self, text: str, seconds: float = 10) -> None:
        expect(self.page.locator("body")).to_contain_text(text, timeout=seconds * 1000)

    def press(self, words: str) -> None:
        """Press a button or link by its exact words."""
        named = self.page.get_by_role("button", name=words, exact=True)
        target = named.or_(self.page.get_by_role("link", name=words, exact=True))
        target.locator("visible=true").first.click()

    def choose(self, menu: str, words: str) -> None:
        """Open one of the menus at the top of our own pages, and follow a link in it."""
        self.page.locator("details.da-menu > summary").filter(has_text=menu).click()
        self.press(words)

    def go_back(self) -> None:
        self.page.locator("button.dabackicon").click()

    def leaves_turn(self, turn: str | None) -> None:
        """Until another screen, or the same one drawn anew, has taken the place of the one with this turn id."""
        expect(self.page.locator("#daform")).not_to_have_attribute("data-da-turn", turn or "")

    def group(self, label: str) -> Locator:
        """The group of boxes or radio buttons with this legend; the whole form without one."""
        if not label:
            return self.page.locator("#daform")
        named = self.page.get_by_role("group", name=label, exact=True)
        return named.or_(self.page.get_by_role("radiogroup", name=label, exact=True)).first

    def option(self, label: str, words: str) -> Locator:
        return self.group(label).get_by_label(words, exact=True)

    def fill(self, answers: Mapping[str, Answer]) -> None:
        for label, answer in answers.items():
            if answer is not None:
                self.fill_one(label, answer)

    def fill_one(self, label: str, answer: str | Sequence[str]) -> None:
        """Write, select, or check: whatever the question with this label needs."""
        if not isinstance(answer, str):
            self._check_boxes(label, answer)
            return
        control = self.page.locator("#daform").get_by_label(label, exact=True).and_(
            self.page.locator("input, select, textarea")) if label else None
        if control is None or control.count() == 0:
            self._tick(self.option(label, answer))
        elif control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(label=answer)
        else:
            control.fill(answer)
            control.dispatch_event("change")

    def _check_boxes(self, label: str, wanted: Sequence[str]) -> None:
        if self.group(label).count() == 0:   # a single box with its own label
            self._tick(self.page.get_by_label(label, exact=True))
            return
        boxes = self.group(label).get_by_role("checkbox")
        for index in range(boxes.count()):
            box = boxes.nth(index)
            name = " ".join((box.evaluate("e => e.labels[0] ? e.labels[0].innerText : ''") or "").split())
            if box.is_checked() != (name in wanted):
                self._tick(box)
        for words in wanted:
            expect(self.option(label, words)).to_be_checked()

    @staticmethod
    def _tick(control: Locator) -> None:
        """Click the words of a box or radio button, as its own square may be drawn by CSS."""
        label = control.locator("xpath=ancestor::label[1]")
        (label if label.count() else control).click()

    def take(self, step: Step) -> None:
        """One screen of a script: recognise it, fill it in, go on."""
        self.sees_question(step.question)
        self.fill(step.answers)
        self.press(step.press)

    def scrolls_sideways(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def unlabelled(self) -> list[str]:
        """The controls that a screen reader could not name."""
        found: list[str] = self.page.evaluate(_UNLABELLED)
        return found

    def tab_to(self, control: Locator, presses: int = 60) -> None:
        """Press Tab until `control` has the focus.

        :raises AssertionError: if it is not reached.
        """
        for _ in range(presses):
            if control.evaluate("e => e === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError("the keyboard does not reach the control")


_UNLABELLED = """() => [...document.querySelectorAll('input, select, textarea, button, a[href]')]
    .filter(e => e.type !== 'hidden' && e.checkVisibility())
    .filter(e => !(e.labels && [...e.labels].some(l => l.textContent.trim()))
        && !e.getAttribute('aria-label') && !e.textContent.trim() && !e.title
        && !(e.getAttribute('aria-labelledby') || '').split(' ').some(
            i => i && document.getElementById(i) && document.getElementById(i).textContent.trim()))
    .map(e => e.outerHTML.slice(0, 200))"""
