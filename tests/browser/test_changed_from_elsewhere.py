"""A session that another one works on while its tabs are open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.support.browser import Person
from tests.support.packages import make_package
from tests.support.process import Appliance

CASE = "docassemble.case:data/questions/case.yml"
DESK = "docassemble.case:data/questions/desk.yml"
CASE_TEXT = """
mandatory: True
code: |
  if way == 'Wait' and not defined('decision'):
    waiting
  story
  decided
---
question: Which way?
buttons:
  - Wait
  - Write
field: way
---
event: waiting
question: Please wait
reload: 600
---
question: What happened?
fields:
  - Story: story
    input type: area
---
event: decide
code: |
  decision
---
question: What is the decision?
fields:
  - Decision: decision
---
event: decided
question: ${ story }
"""
DESK_TEXT = f"""
mandatory: True
code: |
  done = run_action_in_session({CASE!r}, url_args['case'], 'decide', persistent=True)
---
mandatory: True
question: It is done
"""


def test_open_tabs_of_a_session_that_another_one_changes(
        new_person: Callable[..., Person], new_appliance: Callable[..., Appliance], tmp_path: Path) -> None:
    """A screen that waits gives way to the question of a persistent action at once. A screen that somebody writes on
    stays as it is; what they send then is applied, and the question comes after it.
    """
    house = new_appliance()
    texts = {"case.yml": CASE_TEXT, "desk.yml": DESK_TEXT}
    house.command("install", str(make_package(tmp_path / "package", "case", texts)))
    house.start()
    person = new_person(house.url)
    desk = Person(person.page.context.new_page(), house.url)
    for way in ("Wait", "Write"):
        person.page.goto(f"{house.url}/interview?i={CASE}&new_session=1")
        person.press(way)
        person.sees_question("Please wait" if way == "Wait" else "What happened?")
        session = person.page.locator("input[name=_session]").first.get_attribute("value")
        if way == "Write":
            person.fill({"Story": "Long ago"})
        desk.page.goto(f"{house.url}/interview?i={DESK}&new_session=1&case={session}")
        desk.sees_question("It is done")
        if way == "Wait":
            person.sees_question("What is the decision?")
    person.page.wait_for_timeout(300)   # for news that is not to come
    expect(person.page.get_by_label("Story")).to_have_value("Long ago")
    person.press("Continue")
    person.sees_question("What is the decision?")
    person.fill({"Decision": "Granted"})
    person.press("Continue")
    person.sees_question("Long ago")
