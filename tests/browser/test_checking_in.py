"""Check-ins in the real appliance and Chromium: answers of every kind, two tabs, Back, and loops in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Person
from tests.support.logs import no_unexpected_errors
from tests.support.packages import make_package
from tests.support.process import Appliance

NewPerson = Callable[..., Person]
PACKAGE = "docassemble.checkins:data/questions/"

ORDER = """
mandatory: True
code: |
  looked, sizes = 0, ['small', 'large']
---
question: Your order [TARGET heading]
subquestion: |
  Below [TARGET says]
right: |
  On the right [TARGET says]
fields:
  - Dish [TARGET label]: dish
  - note: A note [TARGET note]
  - Country: country
    choices:
      - Germany: DE
      - France: FR
    required: False
  - Town: town
    choices: [none]
    required: False
  - Extras: extras
    datatype: checkboxes
    choices: [salt, pepper]
    required: False
  - Day: day
    datatype: date
    required: False
  - Size: size
    datatype: radio
    code: sizes
    required: False
under: |
  [TARGET preview]
check in: look
check in delay: 150
---
event: look
code: |
  looked += 1
  typed, changed = action_argument('dish'), action_argument('_changed')
  if changed == 'country':
    towns = {'DE': {'B': 'Berlin', 'U': 'Ulm'}, 'FR': {'P': 'Paris'}}
    background_response({'town': {'choices': towns.get(action_argument('country'), ['none'])}}, 'fields')
  if typed == 'fill' and changed == 'dish':
    background_response({'day': as_datetime('2031-02-03'), 'extras': {'pepper': True}, 'town': {
        'choices': ['Rome', 'Oslo'], 'value': 'Oslo'}}, 'fields')
  if typed == 'tell':
    background_response('You told <b>me</b>', 'flash')
  if typed == 'run':
    background_response('window.ran = val("dish")', 'javascript')
  if typed == 'huge' and 'huge' not in sizes:
    sizes.append('huge')
    background_response('refresh')
  if typed in ('here', 'there'):
    background_response([{'target': 'heading', 'content': '<b>' + typed + '</b>'}, {'target': 'says', 'content': typed},
                         {'target': 'label', 'content': typed}, {'target': 'note', 'content': typed}])
  preview
---
template: preview
target: preview
content: |
  **Preview**: ${ action_argument('dish') or 'nothing' }
---
mandatory: True
question: Thank you
subquestion: |
  ${ dish } ${ town } ${ extras.true_values() } ${ showifdef('day') } ${ size } (${ 'looked' if looked else 'never' })
"""

LOOP = """
mandatory: True
code: |
  turns = 0
---
mandatory: True
question: Turning ${ turns }
fields:
  - Name: name
check in: look
---
event: look
code: |
  turns += 1
  background_response('refresh')
"""


@pytest.fixture(scope="module")
def checkins(shared_appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Appliance:
    """The shared appliance with interviews that check in."""
    source = make_package(tmp_path_factory.mktemp("package"), "checkins", {"order.yml": ORDER, "loop.yml": LOOP})
    shared_appliance.command("install", str(source))
    return shared_appliance


@pytest.fixture
def server(checkins: Appliance) -> Iterator[Appliance]:
    """The same; the test fails if it logs an error that was not announced."""
    with no_unexpected_errors(checkins.logs):
        yield checkins


@pytest.fixture
def person(server: Appliance, new_person: NewPerson) -> Person:
    """Somebody who is about to order."""
    one = new_person(server.url)
    one.start(PACKAGE + "order.yml")
    expect(one.page.locator(".datargetpreview")).to_have_text("Preview: nothing")
    return one


def dish(page: Page, words: str) -> None:
    """Type, without leaving the field."""
    field = page.get_by_role("textbox", name="Dish")
    field.fill("")
    field.press_sequentially(words, delay=10)


def test_targets_and_templates(person: Person) -> None:
    """Texts go to all places of their name, in labels and notes too, while one types; a template with its Markdown."""
    page = person.page
    dish(page, "soup")
    expect(page.locator(".datargetpreview strong")).to_have_text("Preview")
    expect(page.locator(".datargetpreview")).to_have_text("Preview: soup")
    dish(page, "here")
    for name, count in (("heading", 1), ("says", 2), ("label", 1), ("note", 1)):
        expect(page.locator(f".datarget{name}")).to_have_text(["here"] * count)
    expect(page.locator("h1 b")).to_have_text("here")
    expect(page.get_by_role("textbox", name="Dish")).to_be_focused()


def test_fields_messages_and_scripts(person: Person) -> None:
    """Values for fields, new choices that are accepted, a message, JavaScript."""
    page = person.page
    dish(page, "fill")
    expect(page.get_by_label("Day", exact=True)).to_have_value("2031-02-03")
    expect(page.get_by_label("pepper", exact=True)).to_be_checked()
    expect(page.get_by_label("Town", exact=True)).to_have_value("Oslo")
    dish(page, "tell")
    expect(page.locator("#daflash b")).to_have_text("me")
    dish(page, "run")
    page.wait_for_function("window.ran === 'run'")
    person.press("Continue")
    person.sees_question("Thank you")
    person.sees("run Oslo pepper February 3, 2031")
    person.sees("(looked)")


def test_choices_that_depend_on_another_field_and_the_way_back(person: Person) -> None:
    """What was chosen of other choices becomes the answer; no step was added, so Back leads to the form at once."""
    page = person.page
    dish(page, "pie")
    page.get_by_label("Country", exact=True).select_option("DE")
    expect(page.get_by_label("Town", exact=True).locator("option")).to_have_text(["Select...", "Berlin", "Ulm"])
    page.get_by_label("Town", exact=True).select_option("U")
    person.press("Continue")
    person.sees("pie U")
    person.go_back()
    person.sees_question("Your order")
    expect(page.get_by_role("textbox", name="Dish")).to_have_value("pie")
    expect(page.locator("button.dabackicon")).to_have_count(0)


def test_a_refresh_while_typing(person: Person) -> None:
    """The new choice is there, the text and the cursor are as they were."""
    page = person.page
    dish(page, "huge")
    expect(page.get_by_label("huge", exact=True)).to_be_visible()
    page.keyboard.type(" pie")
    expect(page.get_by_role("textbox", name="Dish")).to_have_value("huge pie")
    expect(page.locator(".datargetpreview")).to_have_text("Preview: huge pie")
    person._tick(page.get_by_label("huge", exact=True))
    person.press("Continue")
    person.sees("huge pie")


def test_two_tabs(person: Person) -> None:
    """Two tabs of one session each see what they typed; when one has gone on, nothing reaches the other one."""
    page = person.page
    other = page.context.new_page()
    other.goto(page.url.replace("&new_session=1", ""))
    dish(page, "here")
    expect(page.locator(".datargetnote")).to_have_text("here")
    dish(other, "there")
    expect(other.locator(".datargetnote")).to_have_text("there")
    expect(page.locator(".datargetnote")).to_have_text("here")
    person.press("Continue")
    person.sees_question("Thank you")
    with other.expect_response(lambda response: "/checkin" in response.url) as late:
        dish(other, "here")
    assert [one for one in late.value.json()["commands"] if one["extra"] != "progress"] == []
    expect(other.locator(".datargetnote")).to_have_text("there")


def test_a_loop_of_refreshes_is_told(server: Appliance, new_person: NewPerson) -> None:
    """The screen is drawn a few times and no more; the log names the interview."""
    person = new_person(server.url)
    person.start(PACKAGE + "loop.yml")
    person.sees_question("Turning 4")
    person.page.wait_for_timeout(700)
    person.sees_question("Turning 4")
    log = (server.data / "logs" / "appliance.log").read_text(encoding="utf-8")
    assert log.count(f"{PACKAGE}loop.yml: the check in action 'look' answers 'refresh' each time") == 1
