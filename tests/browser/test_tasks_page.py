"""Background tasks as people see them: bars on a screen that waits, and the Tasks page, in the real appliance."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.support.browser import Person
from tests.support.packages import make_package
from tests.support.process import Appliance

NewPerson = Callable[..., Person]
INTERVIEW = "docassemble.taskstest:data/questions/tasks.yml"

QUESTIONS = """
metadata:
  title: Long work
---
mandatory: True
code: |
  started
  if task.ready():
    ready
  waiting
---
question: Shall it begin?
buttons:
  - It works: works
  - It fails: fails
field: kind
---
code: |
  task = background_action(kind, 'flash')
  started = True
---
event: works
code: |
  import pathlib, time
  told = pathlib.Path(FOLDER)
  while (words := (told / 'words.txt').read_text().split('|'))[0] != 'end':
    background_progress(float(words[0]), words[1])
    time.sleep(0.05)
  background_response('It is <em>there</em>')
---
event: fails
code: |
  log('a word of the task')
  background_response(1 / 0)
---
event: waiting
question: Please wait
subquestion: It takes a while.
reload: 600
---
event: ready
question: It is ready
subquestion: ${ 'It failed' if task.failed() else task.get() }
"""


class Task:
    """Makes the task of the interview tell something, or end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tells("0.0|Beginning")

    def tells(self, words: str) -> None:
        fresh = self.folder / "fresh.txt"
        fresh.write_text(words, encoding="utf-8")
        fresh.replace(self.folder / "words.txt")

    def ends(self) -> None:
        self.tells("end|")


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return Task(tmp_path)


@pytest.fixture
def house(tmp_path: Path, task: Task, new_appliance: Callable[..., Appliance]) -> Appliance:
    """An appliance with the interview, its workers ready."""
    appliance = new_appliance()
    text = QUESTIONS.replace("FOLDER", repr(str(task.folder)))
    appliance.command("install", str(make_package(tmp_path / "package", "taskstest", {"tasks.yml": text})))
    appliance.start()
    appliance.wait_for_workers()
    return appliance


def start(person: Person, kind: str) -> None:
    person.start(INTERVIEW)
    person.press(kind)


def owner_of(new_person: NewPerson, appliance: Appliance, **options: object) -> Person:
    """The owner, who signs in by the address that was printed at the start."""
    person = new_person(appliance.url, **options)
    address = re.search(r"http\S+token=\S+", appliance.printed_text())
    assert address is not None
    person.page.goto(address.group(0))
    return person


def only(person: Person, state: str) -> Locator:
    return person.page.locator("li.da-item").filter(has_text=state)


def test_bars_in_every_tab_and_after_a_reload(new_person: NewPerson, house: Appliance, task: Task) -> None:
    """Pushed to two tabs, drawn with the page, gone with the end of the task; its message comes once in each tab."""
    person = new_person(house.url, viewport={"width": 320, "height": 640})
    start(person, "It works")
    bar = person.page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "0")
    second = Person(person.page.context.new_page(), house.url)
    second.page.goto(person.page.url)
    task.tells("0.5|Half of a very long text that says what is being done <b>now</b>")
    for one in (person, second):
        expect(one.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
        one.sees("done <b>now</b>")
        assert not one.scrolls_sideways()
    person.page.reload()
    expect(bar).to_have_attribute("aria-valuenow", "50")
    task.ends()
    for one in (person, second):
        one.sees_question("It is ready")
        expect(one.page.locator("#daflash .alert")).to_have_text("It is there")
        expect(one.page.get_by_role("progressbar")).to_have_count(0)


def test_without_javascript_the_page_shows_how_far_it_is(new_person: NewPerson, house: Appliance, task: Task) -> None:
    person = new_person(house.url, java_script_enabled=False)
    task.tells("0.25|A quarter")
    start(person, "It works")
    for _ in range(100):
        if person.page.get_by_role("progressbar").count():
            break
        person.page.wait_for_timeout(50)
        person.page.reload()
    expect(person.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
    person.page.goto(f"{house.url}/tasks")
    expect(only(person, "Running").get_by_role("progressbar")).to_have_attribute("value", "25")
    person.press("End")
    person.sees("The task was ended.")
    expect(only(person, "Ended early")).to_have_count(1)


def test_the_tasks_page_follows(new_person: NewPerson, house: Appliance, task: Task) -> None:
    """From running to done without a reload: the bar, the clock, and the focus that stays where it was."""
    person = owner_of(new_person, house)
    start(person, "It works")
    tasks = Person(person.page.context.new_page(), house.url)
    tasks.page.goto(f"{house.url}/")
    tasks.press("Tasks")
    running = only(tasks, "Running")
    expect(running).to_have_count(1)
    expect(tasks.page.locator(".da-health")).to_contain_text("1 task runs")
    tasks.tab_to(running.get_by_role("button", name="End"))
    before = running.locator("[data-da-since]").inner_text()
    task.tells("0.75|Three quarters")
    expect(running.get_by_role("progressbar")).to_have_attribute("value", "75")
    expect(running).to_contain_text("Three quarters")
    expect(running.locator("[data-da-since]")).not_to_have_text(before)
    expect(running.get_by_role("button", name="End")).to_be_focused()
    task.ends()
    expect(only(tasks, "Done")).to_have_count(1)
    expect(only(tasks, "Done").get_by_role("heading")).to_be_focused()
    expect(tasks.page.locator(".da-health")).to_contain_text("0 tasks run")


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (375, "dark"), (1280, "dark")])
def test_a_failed_task_is_explained_and_runs_again(new_person: NewPerson, house: Appliance, task: Task, width: int,
                                                   scheme: str) -> None:
    """By keyboard: open what went wrong, run it again, dismiss it; what is open stays open meanwhile."""
    house.logs.allow("ZeroDivisionError")
    person = owner_of(new_person, house, viewport={"width": width, "height": 740}, color_scheme=scheme)
    start(person, "It fails")
    person.sees_question("It is ready", seconds=20)
    person.sees("It failed")
    page = person.page
    page.goto(f"{house.url}/tasks")
    failed = only(person, "Failed")
    expect(failed).to_contain_text("ZeroDivisionError at docassemble.taskstest:data/questions/tasks.yml, line")
    summary = failed.get_by_text("What went wrong")
    person.tab_to(summary)
    page.keyboard.press("Enter")
    expect(failed.locator("pre.da-trace").first).to_be_visible()
    assert not person.scrolls_sideways()
    assert person.unlabelled() == []
    again = failed.get_by_role("button", name="Run again")
    ended = failed.locator("time").get_attribute("data-da-time")
    person.tab_to(again, presses=120)
    page.keyboard.press("Enter")
    expect(page.locator("#da-told")).to_have_text("The task runs again.")
    expect(failed.locator("time")).not_to_have_attribute("data-da-time", ended or "")
    page.on("dialog", lambda dialog: dialog.accept())
    failed.get_by_role("button", name="Dismiss").click()
    expect(page.locator("#da-told")).to_have_text("What the task worked on is forgotten.")
    expect(failed.get_by_role("button", name="Run again")).to_have_count(0)
    expect(failed).to_have_count(1)


def test_the_tasks_page_without_its_socket(new_person: NewPerson, house: Appliance, task: Task) -> None:
    """It looks by itself every few seconds."""
    person = owner_of(new_person, house)
    start(person, "It works")
    tasks = person.page.context.new_page()
    tasks.route_web_socket("**/tasks/updates", lambda socket: socket.close())
    tasks.goto(f"{house.url}/tasks")
    expect(tasks.locator("li.da-item")).to_contain_text("Running", timeout=10_000)
    task.ends()
    expect(tasks.locator("li.da-item")).to_contain_text("Done", timeout=15_000)


def test_people_see_no_tasks_of_others(new_person: NewPerson, house: Appliance, task: Task) -> None:
    person = new_person(house.url)
    start(person, "It works")
    person.page.goto(f"{house.url}/tasks")
    expect(person.page.locator("li.da-item")).to_have_count(1)
    stranger = new_person(house.url)
    stranger.page.goto(f"{house.url}/tasks")
    stranger.sees("No interview has asked for work in the background yet.")
    owner = owner_of(new_person, house)
    owner.page.goto(f"{house.url}/tasks")
    expect(owner.page.locator("li.da-item")).to_contain_text("somebody without an account")
    expect(owner.page.get_by_role("link", name="Open the interview")).to_have_count(0)
