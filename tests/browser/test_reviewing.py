"""Changing an answer later, in Chromium: the documentation's screen for country and state, and a review's looks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.support.browser import Person
from tests.support.logs import no_unexpected_errors
from tests.support.packages import make_package
from tests.support.process import Appliance

NewPerson = Callable[..., Person]
PLACE = "docassemble.reviewing:data/questions/place.yml"
FOOD = "docassemble.reviewing:data/questions/food.yml"
WIDTHS = {"narrow": {"width": 320, "height": 640}, "phone": {"width": 375, "height": 740},
          "desk": {"width": 1280, "height": 900}}

PLACE_QUESTIONS = """
metadata:
  title: Where you live
---
question: Where do you live?
fields:
  - Country: country
    code: countries_list()
  - State: state
    code: |
      states_list(country_code=showifdef('country', 'US', prior=True)) or ['N/A']
    js enable if: val('country')
check in: update_states
---
event: update_states
code: |
  if action_argument('_changed') == 'country':
    background_response(
      {'state': {'choices': states_list(country_code=action_argument('country')) or ['N/A']}}, 'fields')
  background_response()
---
event: look_again
question: Your answers
review:
  - Change: country
    button: |
      You live in ${ state_name(state, country_code=country) }, ${ country_name(country) }.
---
mandatory: True
code: |
  menu_items = [action_menu_item('Look again', 'look_again')]
---
mandatory: True
question: |
  You live in ${ state_name(state, country_code=country) } in ${ country_name(country) }.
subquestion: |
  The codes are ${ state } and ${ country }. [Look again](${ url_action('look_again') })
"""

FOOD_QUESTIONS = """
mandatory: True
code: |
  fruit = 'a very long name of an apple that grows in the garden of a friend'
---
mandatory: True
question: Your answers
review:
  - note: |
      #### What you like
  - Fruit: fruit
    help: You like ${ fruit }.
    note: This should be a tasty fruit.
  - Edit: fruit
    button: |
      You said you liked **${ fruit }**.
    note: Another word on it.
  - label: Edit
    field: vegetable
    button: Not there
  - raw html: <section id="mine">
  - html: <b id="inside">inside</b>
  - raw html: </section>
  - Change: fruit
    button: ${ fruit }
    css class: bg-warning-subtle
TABULAR
---
question: Fruit?
fields:
  - Fruit: fruit
---
question: Vegetable?
fields:
  - Vegetable: vegetable
---
mandatory: True
question: The end
"""


@pytest.fixture(scope="module")
def reviewing(shared_appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Appliance:
    questions = {"place.yml": PLACE_QUESTIONS, "food.yml": FOOD_QUESTIONS.replace("TABULAR\n", ""),
                 "table.yml": FOOD_QUESTIONS.replace("TABULAR", "tabular: table table-striped")}
    shared_appliance.command("install", str(make_package(tmp_path_factory.mktemp("package"), "reviewing", questions)))
    return shared_appliance


@pytest.fixture
def server(reviewing: Appliance) -> Iterator[Appliance]:
    with no_unexpected_errors(reviewing.logs):
        yield reviewing


class PlacePerson:
    """Somebody on the screen with a country and its states."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.country: Locator = person.page.get_by_label("Country", exact=True)
        self.state: Locator = person.page.get_by_label("State", exact=True)

    def lives(self, country: str, state: str) -> None:
        """Chooses a country, waits until its states are there, and chooses one of them."""
        self.country.select_option(label=country)
        expect(self.state.locator("option", has_text=state).first).to_be_attached()
        self.state.select_option(label=state)


def test_the_three_ways_to_the_screen_of_country_and_state(new_person: NewPerson, server: Appliance) -> None:
    """The specification's three: for the first time, by Back, and from a review, when both variables are defined."""
    place = PlacePerson(person := new_person(server.url))
    person.start(PLACE)

    person.sees_question("Where do you live?")
    expect(place.state).to_be_disabled()
    place.lives("Canada", "Ontario")
    person.press("Continue")
    person.sees_question("You live in Ontario in Canada.")

    person.go_back()
    person.sees_question("Where do you live?")
    expect(place.country).to_have_value("CA")
    expect(place.state).to_have_value("ON")
    expect(place.state).to_be_enabled()
    place.state.select_option(label="Quebec")
    person.press("Continue")
    person.sees_question("You live in Quebec in Canada.")

    person.press("Look again")
    person.sees_question("Your answers")
    person.press("Change")
    person.sees_question("Where do you live?")
    expect(place.country).to_have_value("CA")
    expect(place.state).to_have_value("QC")
    expect(place.state).to_be_enabled()
    assert "Manitoba" in place.state.inner_text()
    place.lives("Sweden", "Skåne län [SE-12]")
    person.press("Continue")
    person.sees_question("Your answers")
    person.sees("You live in Skåne län [SE-12], Sweden.")
    person.press("Resume")
    person.sees_question("You live in Skåne län [SE-12] in Sweden.")
    person.sees("The codes are M and SE.")


def test_only_the_state_is_changed_from_a_review(new_person: NewPerson, server: Appliance) -> None:
    """The states of the country are there without the country being chosen anew."""
    place = PlacePerson(person := new_person(server.url))
    person.start(PLACE)
    place.lives("Canada", "Ontario")
    person.press("Continue")
    person.press("Look again")
    person.press("Change")
    person.sees_question("Where do you live?")
    place.state.select_option(label="Yukon")
    person.press("Continue")
    person.sees("You live in Yukon, Canada.")


def test_a_country_without_states(new_person: NewPerson, server: Appliance) -> None:
    """There is something to choose all the same, and the answer can be changed to a country that has some."""
    place = PlacePerson(person := new_person(server.url))
    person.start(PLACE)
    place.lives("Holy See (Vatican City State)", "N/A")
    person.press("Continue")
    person.sees_question("You live in N/A in Holy See (Vatican City State).")
    person.press("Look again")
    person.press("Change")
    expect(place.state).to_have_value("N/A")
    place.lives("Canada", "Yukon")
    person.press("Continue")
    person.sees("You live in Yukon, Canada.")


def test_back_from_a_changed_answer_leads_to_the_review(new_person: NewPerson, server: Appliance) -> None:
    person = new_person(server.url)
    place = PlacePerson(person)
    person.start(PLACE)
    place.lives("Canada", "Ontario")
    person.press("Continue")
    person.press("Look again")
    person.press("Change")
    person.sees_question("Where do you live?")
    person.go_back()
    person.sees_question("Your answers")
    person.sees("You live in Ontario, Canada.")


@pytest.mark.parametrize("interview", ["food", "table"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_review_fits_and_reads_well(new_person: NewPerson, server: Appliance, width: str, interview: str) -> None:
    """No sideways scrolling; every link and button has its name, and is described by the answer beside it."""
    person = new_person(server.url, viewport=WIDTHS[width])
    person.start(FOOD.replace("food", interview))
    person.sees_question("Your answers")
    assert not person.scrolls_sideways()
    assert person.unlabelled() == []
    edit = person.page.get_by_role("link", name="Edit", exact=True)
    expect(edit).to_have_count(1)
    told = "You said you liked a very long name of an apple that grows in the garden of a friend."
    if interview == "table":   # the note stands in the same cell
        told += " Another word on it."
    expect(edit).to_have_accessible_description(told)
    expect(person.page.locator("form#daform")).to_have_class("daformreview")
    expect(edit).to_have_text(" Edit")
    small = person.page.evaluate(
        "[...document.querySelectorAll('.dareview a')].filter(e => e.getBoundingClientRect().height < 40).length")
    assert small == 0


def test_raw_html_opens_and_closes_elements_around_items(new_person: NewPerson, server: Appliance) -> None:
    person = new_person(server.url)
    person.start(FOOD)
    expect(person.page.locator("#mine #inside")).to_have_text("inside")


def test_a_note_stands_beside_its_item_where_there_is_room(new_person: NewPerson, server: Appliance) -> None:
    for width, beside in (("desk", True), ("phone", False)):
        person = new_person(server.url, viewport=WIDTHS[width])
        person.start(FOOD)
        item = person.page.locator(".dareview-item", has_text="tasty")
        main, side = item.locator(".dareview-main").bounding_box(), item.locator(".dareview-side").bounding_box()
        assert main is not None
        assert side is not None
        assert (side["x"] >= main["x"] + main["width"]) is beside, json.dumps([main, side])


def test_by_keyboard_and_without_scripts(new_person: NewPerson, server: Appliance) -> None:
    """Everything in a review is a link or a button of a form, so it works without our scripts."""
    person = new_person(server.url, java_script_enabled=False)
    person.start(FOOD)
    edit = person.page.get_by_role("link", name="Edit", exact=True)
    edit.focus()
    person.page.keyboard.press("Enter")
    person.sees_question("Fruit?")
    person.fill({"Fruit": "pear"})
    person.press("Continue")
    person.sees_question("Your answers")
    person.sees("You said you liked pear.")
    person.press("Resume")
    person.sees_question("The end")
