"""Scripts of authors in the real appliance: variables, actions, conditions, responses, what was typed before Back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.support.browser import Person
from tests.support.logs import no_unexpected_errors
from tests.support.packages import make_package
from tests.support.process import Appliance

NewPerson = Callable[..., Person]
INTERVIEW = "docassemble.scripts:data/questions/pie.yml"

QUESTIONS = """
objects:
  - cook: Individual
---
code: |
  import datetime
  since = datetime.date(2026, 11, 23)
  tries = 0
---
mandatory: True
code: |
  since
  tries
  introduced
---
question: Who cooks?
fields:
  - First name: cook.name.first
  - Pie: pie
    datatype: yesno
  - Its fruit: fruit
    js show if: val('pie') && val('cook.name.first') == 'Ford'
  - Why no pie: reason
    js hide if: val('pie') || da_val('cook.name.first') == ''
    required: True
continue button field: introduced
subquestion: |
  Before: ${ showifdef('cook.name.first', 'nobody', prior=True) }.
---
id: the kitchen
mandatory: True
question: The kitchen
subquestion: |
  <span id="known"></span> <span id="called"></span> Tried ${ tries } times.

  [As JSON](${ url_action('all') })

  [By address](${ interview_url_action('tried') })
fields:
  - Dish: dish
script: |
  <script>
    $(document).one('daPageLoad', () => { window.loaded = (window.loaded || 0) + 1; });
    get_interview_variables((data) => {
      if (data.success) {
        const known = data.variables;
        $('#known').text([known.cook.name.first, known.fruit, known.since, data.steps].join(', '));
      }
    });
  </script>
---
event: price
code: |
  json_response({'cost': 4.5 + action_argument('size')})
---
event: tried
code: |
  tries += 1
---
event: all
all_variables: True
---
event: ask_again
code: |
  force_ask('fruit_again')
---
question: The fruit again?
fields:
  - Fruit: fruit_again
---
mandatory: True
question: The end
subquestion: ${ dish } after ${ tries }
"""


@pytest.fixture(scope="module")
def scripted(shared_appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Appliance:
    """The shared appliance with an interview full of scripts."""
    source = make_package(tmp_path_factory.mktemp("package"), "scripts", {"pie.yml": QUESTIONS})
    shared_appliance.command("install", str(source))
    return shared_appliance


@pytest.fixture
def server(scripted: Appliance) -> Iterator[Appliance]:
    """The same; the test fails if it logs an error that was not announced."""
    with no_unexpected_errors(scripted.logs):
        yield scripted


@pytest.fixture
def in_the_kitchen(server: Appliance, new_person: NewPerson) -> Person:
    """Somebody who has answered the first screen."""
    person = new_person(server.url)
    person.start(INTERVIEW)
    person.fill({"First name": "Ford"})
    expect(person.page.get_by_label("Why no pie")).to_be_visible()
    person.page.get_by_text("Pie", exact=True).click()
    expect(person.page.get_by_label("Why no pie")).to_be_hidden()
    person.fill({"Its fruit": "apple"})
    person.press("Continue")
    person.sees_question("The kitchen")
    return person


def test_scripts_read_the_variables(in_the_kitchen: Person) -> None:
    """Objects, dates and the step; a hidden field that is required was no hindrance."""
    in_the_kitchen.sees("Ford, apple, 2026-11-23, 2")
    assert in_the_kitchen.page.evaluate("window.loaded") == 1


def test_an_answer_is_called_for_and_the_screen_goes_on(in_the_kitchen: Person) -> None:
    """An action that answers with JSON leaves the form as it is, and what was typed there still counts."""
    in_the_kitchen.fill({"Dish": "pie"})
    page = in_the_kitchen.page
    cost = page.evaluate("new Promise((done) => action_call('price', {size: 2}, (data) => done(data.cost)))")
    assert cost == 6.5
    by_url = page.evaluate("new Promise((d) => da_url_action_call(daUrlAction('price', {size: 1}), (x) => d(x.cost)))")
    assert by_url == 5.5
    assert page.get_by_label("Dish").input_value() == "pie"
    in_the_kitchen.press("Continue")
    in_the_kitchen.sees("pie after 0")


def test_actions_that_change_the_answers(in_the_kitchen: Person) -> None:
    """By script, and by an address that the interview made."""
    page = in_the_kitchen.page
    page.evaluate("action_perform('tried')")
    in_the_kitchen.sees("Tried 1 times")
    page.evaluate("url_action_perform(url_action('tried', {}))")
    in_the_kitchen.sees("Tried 2 times")
    page.goto(page.get_by_role("link", name="By address").get_attribute("href") or "")
    in_the_kitchen.sees("Tried 3 times")
    page.evaluate("action_perform('ask_again')")
    in_the_kitchen.sees_question("The fruit again?")
    in_the_kitchen.fill({"Fruit": "plum"})
    in_the_kitchen.press("Continue")
    in_the_kitchen.sees_question("The kitchen")


def test_a_block_answers_with_all_variables(in_the_kitchen: Person) -> None:
    page = in_the_kitchen.page
    address = page.get_by_role("link", name="As JSON").get_attribute("href")
    given = page.evaluate("(at) => fetch(at).then((reply) => reply.json())", address)
    assert given["cook"]["name"]["first"] == "Ford"
    assert "_internal" not in given


def test_what_was_typed_before_back_is_known(in_the_kitchen: Person) -> None:
    """``showifdef(…, prior=True)``."""
    in_the_kitchen.go_back()
    in_the_kitchen.sees("Before: Ford.")
    expect(in_the_kitchen.page.get_by_label("Its fruit")).to_have_value("apple")


def test_another_browser_does_not_get_the_variables(in_the_kitchen: Person, new_person: NewPerson) -> None:
    """Not with the session's name either; its own script is told so."""
    session = in_the_kitchen.page.locator("#daform").get_attribute("data-da-session")
    other = new_person(in_the_kitchen.base)
    other.start(INTERVIEW)
    found = other.page.evaluate(
        "(session) => fetch('/interview/variables?session=' + session).then((reply) => reply.status)", session)
    assert found == 403
