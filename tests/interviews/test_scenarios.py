"""Small interviews, one for each kind of block, field and background work, walked with and without a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.interviews.conftest import scenarios
from tests.support.browser import Person
from tests.support.client import Client, Page
from tests.support.process import Appliance

ALL = scenarios()
NAMES = [f"{one['group']}: {one['name']}" for one in ALL]


def texts(step: dict[str, Any], key: str) -> list[str]:
    words = step.get(key, [])
    return [words] if isinstance(words, str) else words


@pytest.mark.parametrize("scenario", ALL, ids=NAMES)
def test_without_a_browser(scenario: dict[str, Any], scenario_appliance: Appliance) -> None:
    """Plain form posts get through the interview, so it works without JavaScript."""
    if "logs" in scenario:
        scenario_appliance.logs.allow(scenario["logs"])
    with Client(scenario_appliance.url) as client:
        page = client.start(scenario["reference"])
        for step in scenario["steps"]:
            page = check_page(client, page, step)
            page = act_without_browser(client, page, step)


def check_page(client: Client, page: Page, step: dict[str, Any]) -> Page:
    if "eventually" in step:
        page = client.wait_for(page, step["eventually"])
    for text in texts(step, "sees"):
        assert text in page.text
    for text in texts(step, "not sees"):
        assert text not in page.text
    return page


def act_without_browser(client: Client, page: Page, step: dict[str, Any]) -> Page:
    if step.get("back"):
        return client.back(page)
    if "select" in step:
        page.select(step["select"])
    page.fill(step.get("fill", {}))
    if "press" not in step:
        return page
    target = page.link(step["press"])
    return client.get(target) if target else client.submit(page, {}, step["press"])


@pytest.mark.parametrize("scenario", ALL, ids=NAMES)
def test_in_a_browser(scenario: dict[str, Any], scenario_appliance: Appliance,
                      new_person: Callable[..., Person]) -> None:
    """The same with Chromium, scripts and the socket; every control has a label."""
    if "logs" in scenario:
        scenario_appliance.logs.allow(scenario["logs"])
    person = new_person(scenario_appliance.url)
    person.start(scenario["reference"])
    for step in scenario["steps"]:
        if "eventually" in step:
            person.sees(step["eventually"], seconds=20)
        for text in texts(step, "sees"):
            person.sees(text)
        for text in texts(step, "not sees"):
            expect(person.page.get_by_text(text)).to_have_count(0)
        assert person.unlabelled() == []
        act_in_browser(person, step)


def act_in_browser(person: Person, step: dict[str, Any]) -> None:
    if step.get("back"):
        before = person.page.locator("#daform").get_attribute("data-da-turn")
        person.go_back()
        person.leaves_turn(before)
        return
    if "select" in step:
        person.page.locator("#daform select").select_option(label=step["select"])
    person.fill(step.get("fill", {}))
    if "press" in step:
        before = person.page.locator("#daform").get_attribute("data-da-turn")
        person.press(step["press"])
        person.leaves_turn(before)
