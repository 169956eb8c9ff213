"""The demo's way to evidence by mail: its last screen, and an address for the case."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.support.browser import Person
from tests.support.client import Client
from tests.support.demo import FINAL_QUESTION, LAST_STEP, STEPS
from tests.support.process import DEMO

__all__ = ["Case", "make_case"]


@dataclass(frozen=True)
class Case:
    """A session of the demo at its last screen, with an address of its own.

    :param cookies: of whoever answered it.
    """

    url: str
    address: str
    cookies: dict[str, str]

    def is_of(self, person: Person) -> None:
        """Give the person's browser the cookies."""
        person.page.context.add_cookies([
            {"name": name, "value": value, "url": person.base} for name, value in self.cookies.items()])


def make_case(base: str) -> Case:
    """Answer the demo as other tests do in a browser, and say Yes to an address."""
    with Client(base) as client:
        page = client.start(DEMO)
        for step in STEPS:
            page = client.submit(page, step.answers, step.press)
        page = client.submit(client.wait_for(page, LAST_STEP.question), LAST_STEP.answers)
        url = page.url
        asked = client.get(page.link("Add an email from my landlord") or "")
        assert "the staff of this office can then open them too" in asked.text
        page = client.submit(asked, {"Add emails to my case": "Yes"})
        assert page.question.startswith(FINAL_QUESTION)
        assert "No email has come yet." in page.text
        found = re.search(r"\b[bcdfghknprstwxyz]{6}@[\w.-]*\w", page.text)
        assert found is not None
        return Case(url, found[0], {one.name: one.value or "" for one in client.http.cookies.jar})
