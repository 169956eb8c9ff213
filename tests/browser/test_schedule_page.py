"""The schedule in the real appliance: an event runs at the press of a button; what is old is listed before it goes."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.test_tasks_page import owner_of
from tests.support.browser import Person
from tests.support.packages import make_package
from tests.support.process import Appliance

NewPerson = Callable[..., Person]
INTERVIEW = "docassemble.reminders:data/questions/reminder.yml"
DAY = 86400

QUESTIONS = """
metadata:
  title: A reminder
---
mandatory: True
code: |
  multi_user = allow_cron = url_args.get('shared') == 'yes'
---
question: Your name?
fields:
  - Name: name
---
mandatory: True
question: Thank you ${ name }
---
event: cron_hourly
code: |
  import pathlib, time
  if name == 'Waits':
    while not pathlib.Path(FLAG).exists():
      time.sleep(0.02)
  if name == 'Fails':
    raise ValueError('no such person: ' + name)
  reminded = True
"""


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """While there is no such file, the event of one session goes on."""
    return tmp_path / "flag.txt"


@pytest.fixture
def house(tmp_path: Path, flag: Path, new_appliance: Callable[..., Appliance]) -> Appliance:
    appliance = new_appliance()
    text = QUESTIONS.replace("FLAG", repr(str(flag)))
    appliance.command("install", str(make_package(tmp_path / "package", "reminders", {"reminder.yml": text})))
    (appliance.data / "config.yml").write_text("timezone: Asia/Tokyo\n", encoding="utf-8")
    return appliance.start()


def begin(person: Person, name: str, shared: str = "yes") -> None:
    person.page.goto(f"{person.base}/interview?i={INTERVIEW}&new_session=1&shared={shared}")
    person.fill({"Name": name})
    person.press("Continue")
    person.sees_question(f"Thank you {name}")


def age(house: Appliance, days: float) -> None:
    """Let all sessions be as old as that."""
    with closing(sqlite3.connect(house.data / "appliance.db", timeout=10)) as database, database:
        database.execute("UPDATE sessions SET person_active = ?", [time.time() - days * DAY])


def test_run_now_progress_and_what_failed(new_person: NewPerson, house: Appliance, flag: Path) -> None:
    """By keyboard: the bar moves by itself, and then it says what failed, where and why, with a way to the session."""
    house.logs.allow("ValueError")
    client = new_person(house.url)
    begin(client, "Waits")
    begin(client, "Fails")
    owner = owner_of(new_person, house, viewport={"width": 320, "height": 640})
    page = owner.page
    page.goto(f"{house.url}/")
    owner.choose("Administration", "Schedule")
    hourly = page.locator("#event-cron_hourly")
    expect(hourly).to_contain_text("It has not run yet.")
    expect(hourly).to_contain_text(re.compile(r"Next (today|tomorrow) at"))   # there, the next hour may be tomorrow's
    expect(page.locator("main")).to_contain_text("Times are those of Asia/Tokyo.")
    owner.tab_to(hourly.get_by_role("button", name="Run now"))
    page.keyboard.press("Enter")
    expect(page.locator("#da-told")).to_have_text("It runs now.")
    expect(hourly.get_by_role("progressbar")).to_have_attribute("max", "100")
    expect(hourly.get_by_role("button", name="Runs now")).to_be_disabled()
    flag.touch()
    expect(hourly).to_contain_text("because somebody pressed Run now. It took")
    expect(hourly).to_contain_text("2 sessions, 1 failed.")
    failures = hourly.get_by_label("What failed")
    expect(failures).to_contain_text(f"ValueError at {INTERVIEW}, line")
    failures.get_by_text("What went wrong").click()
    expect(failures).to_contain_text("no such person: Fails")
    assert not owner.scrolls_sideways()
    assert owner.unlabelled() == []
    failures.get_by_role("link", name="A reminder").click()
    owner.sees_question("Thank you Fails")

    client.page.goto(f"{house.url}/schedule")
    client.sees("What will be deleted")
    expect(client.page.get_by_role("button", name="Run now")).to_have_count(0)
    expect(client.page.locator("main")).not_to_contain_text("ValueError")


def test_old_sessions_are_listed_before_they_go(new_person: NewPerson, house: Appliance) -> None:
    """With the day and the reason; one that waits for an event is kept, and says so. All of it without JavaScript."""
    client = new_person(house.url, java_script_enabled=False)
    begin(client, "Private", shared="no")
    begin(client, "Waits")
    age(house, 87)
    client.page.goto(f"{house.url}/schedule")
    going = client.page.locator("#list-going li")
    expect(going).to_have_count(1)
    expect(going).to_contain_text("because nobody was here for 90 days")
    age(house, 200)
    owner = owner_of(new_person, house, java_script_enabled=False)
    owner.page.goto(f"{house.url}/schedule")
    kept = owner.page.locator("#list-staying li")
    expect(kept).to_have_count(1)
    expect(kept).to_contain_text("200 days ago. It waits for a scheduled event")
    expect(kept.get_by_role("link", name="Open")).to_have_count(1)
    expect(owner.page.locator("#list-going li").get_by_role("link")).to_have_count(0)   # it is not the owner's
    owner.page.locator("#run-cron_weekly").click()
    owner.sees("It runs now.")
    expect(owner.page.locator("#event-cron_weekly")).to_contain_text("because somebody pressed Run now")
    going.get_by_role("link", name="Open").click()
    client.sees_question("Thank you Private")
