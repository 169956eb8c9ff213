"""The demo interview in Chromium, as a tenant meets it: wide, narrow, by keyboard, without scripts, twice at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Person
from tests.support.demo import (
    FACTS_OF_THE_ANSWER,
    FILED,
    FILING_STEP,
    FINAL_QUESTION,
    LAST_STEP,
    STEPS,
    WAITING_QUESTION,
    Step,
)
from tests.support.process import DEMO, Appliance

NewPerson = Callable[..., Person]
PHONE = {"width": 375, "height": 740}
DESK = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 640}


def check_the_screen(person: Person) -> None:
    assert not person.scrolls_sideways(), f"scrolls sideways: {person.question.inner_text()}"
    assert person.unlabelled() == []


def walk(person: Person, steps: tuple[Step, ...], *, look: bool = False) -> None:
    for step in steps:
        person.sees_question(step.question)
        if look:
            check_the_screen(person)
        person.take(step)


@pytest.mark.parametrize("viewport", [PHONE, DESK, NARROW], ids=["phone", "desk", "narrow"])
def test_from_the_first_to_the_last_screen(new_person: NewPerson, appliance: Appliance,
                                           viewport: dict[str, int]) -> None:
    """All screens fit, have labels on every control, and what was answered on each is in the final answer; so do the
    filing and what is said of the reminder.
    """
    person = new_person(appliance.url, viewport=viewport)
    person.start(DEMO)
    walk(person, STEPS, look=True)
    person.sees_question(LAST_STEP.question, seconds=20)
    check_the_screen(person)
    for chosen in LAST_STEP.answers["Put these into my answer"] or ():
        expect(person.option("Put these into my answer", chosen)).to_be_checked()
    person.take(LAST_STEP)
    person.sees_question(FINAL_QUESTION)
    check_the_screen(person)
    for fact in FACTS_OF_THE_ANSWER:
        person.sees(fact)
    person.page.get_by_role("link", name=FILED, exact=True).click()
    person.sees_question(FILING_STEP.question)
    check_the_screen(person)
    person.fill(FILING_STEP.answers)
    expect(person.page.get_by_label("Email", exact=True)).to_have_value("robin@example.com")
    person.press("Continue")
    person.sees_question(FINAL_QUESTION)
    person.sees("we will send an email to robin@example.com")
    check_the_screen(person)


def test_result_of_the_check_comes_by_itself(new_person: NewPerson, appliance: Appliance) -> None:
    """The waiting screen gives way to the result because the socket says so, not by its own reload or a poll."""
    person = new_person(appliance.url)
    told: list[str] = []
    polls: list[str] = []
    person.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: told.append(str(frame))))
    person.page.on("request", lambda request: polls.append(request.url) if request.url.endswith("/checkin") else None)
    person.start(DEMO)
    walk(person, STEPS)
    person.sees_question(WAITING_QUESTION)
    before = len(told)
    person.sees_question(LAST_STEP.question, seconds=20)
    assert any('"reload"' in frame for frame in told[before:]), "the result came by the screen's own reload"
    assert not polls, "the result came by a poll, not through the socket"


def test_back_shows_what_was_entered(new_person: NewPerson, appliance: Appliance) -> None:
    """Back leads to the screen before with its answers filled in, and another answer replaces the old one."""
    person = new_person(appliance.url)
    person.start(DEMO)
    walk(person, STEPS[:3])
    person.sees_question(STEPS[3].question)
    person.go_back()
    person.sees_question(STEPS[2].question)
    person.go_back()
    person.sees_question(STEPS[1].question)
    expect(person.page.get_by_label("First name", exact=True)).to_have_value("Robin")
    person.fill({"First name": "Alex"})
    person.press("Continue")
    person.sees_question("Where is your home, Alex?")


def test_the_browsers_own_back_does_the_same(new_person: NewPerson, appliance: Appliance) -> None:
    """The browser's Back, and a phone's gesture, go one question back and not out of the interview."""
    person = new_person(appliance.url, viewport=PHONE)
    person.start(DEMO)
    walk(person, STEPS[:2])
    person.sees_question(STEPS[2].question)
    person.page.go_back()
    person.sees_question(STEPS[1].question)
    person.take(STEPS[1])
    person.sees_question(STEPS[2].question)


def test_by_keyboard_alone(new_person: NewPerson, appliance: Appliance) -> None:
    """Tab reaches everything, the focus starts at the new question, arrows choose a radio button, Enter continues."""
    person = new_person(appliance.url)
    person.start(DEMO)
    walk(person, STEPS[:3])
    person.sees_question(STEPS[3].question)
    keyboard = person.page.keyboard
    name = person.page.get_by_label("Name of the landlord", exact=True)
    person.tab_to(name)
    keyboard.type("Hilltop Homes")
    person.tab_to(person.option("The landlord is", "A person"))
    keyboard.press("Space")
    keyboard.press("ArrowDown")
    expect(person.option("The landlord is", "A company")).to_be_checked()
    person.tab_to(person.page.get_by_role("button", name="Continue", exact=True))
    keyboard.press("Enter")
    person.sees_question(STEPS[4].question)


def test_errors_are_told_and_nothing_is_lost(new_person: NewPerson, appliance: Appliance) -> None:
    """A day in the future and a missing answer: words beside the field, the focus on them, the rest still filled in."""
    person = new_person(appliance.url)
    person.start(DEMO)
    walk(person, STEPS[:5])
    person.sees_question(STEPS[5].question)
    person.fill({**STEPS[5].answers, "Day you got them": "2999-01-01"})
    person.press("Continue")
    person.sees("This day has not come yet.")
    expect(person.page.get_by_label("Number of the case, if you see one", exact=True)).to_have_value("LT-000777")
    expect(person.option("How you got them", "They came by mail only")).to_be_checked()
    person.fill({"Day you got them": STEPS[5].answers["Day you got them"]})
    person.press("Continue")
    person.sees_question(STEPS[6].question)


def test_follow_up_fields_show_and_hide(new_person: NewPerson, appliance: Appliance) -> None:
    """A `show if` field is there when its answer asks for it, and only then."""
    person = new_person(appliance.url)
    person.start(DEMO)
    walk(person, STEPS[:7])
    person.sees_question(STEPS[7].question)
    owed = person.page.get_by_label("How much do you think you owe?", exact=True)
    expect(owed).to_be_hidden()
    person.fill({"Is this amount right?": "No"})
    expect(owed).to_be_visible()
    person.fill({"Is this amount right?": "Yes"})
    expect(owed).to_be_hidden()
    person.fill({"Rent for one month": "950", "Amount the landlord asks for": "2850"})
    person.press("Continue")
    person.sees_question(STEPS[8].question)


def test_none_of_these_takes_the_others_back(new_person: NewPerson, appliance: Appliance) -> None:
    """Checking 'None of these' unchecks the other boxes, and another box unchecks it."""
    person = new_person(appliance.url)
    person.start(DEMO)
    walk(person, STEPS[:8])
    person.sees_question(STEPS[8].question)
    person.fill({"What happened": ["My home needs repairs"]})
    person.fill({"What happened": ["None of these"]})
    expect(person.option("What happened", "My home needs repairs")).not_to_be_checked()
    person.press("Continue")
    person.sees_question(STEPS[10].question)   # without repairs, their screen is not asked


def test_help_and_terms(new_person: NewPerson, appliance: Appliance) -> None:
    """The help of a screen opens and closes; a term tells its meaning."""
    person = new_person(appliance.url)
    person.start(DEMO)
    walk(person, STEPS[:5])
    person.sees_question(STEPS[5].question)
    person.page.locator("#dahelptoggle").click()
    expect(person.page.get_by_text("look at the envelope", exact=False)).to_be_visible()
    person.page.locator("#dabackToQuestion").click()
    person.sees_question(STEPS[5].question)
    person.page.locator(".daterm", has_text="served").click()
    person.sees("Court papers are served when they are given to you")


def test_two_tabs_submit_the_same_screen(new_person: NewPerson, appliance: Appliance) -> None:
    """The first answer counts; the second tab gets the current screen and a message, and no answer is lost."""
    person = new_person(appliance.url)
    person.start(DEMO)
    walk(person, STEPS[:2])
    person.sees_question(STEPS[2].question)
    second = Person(person.page.context.new_page(), appliance.url)
    second.page.goto(person.page.url)
    second.sees_question(STEPS[2].question)
    walk(person, STEPS[2:3])
    person.sees_question(STEPS[3].question)
    second.fill({**STEPS[2].answers, "Street and number": "99 Other Road"})
    second.press("Continue")
    second.sees_question(STEPS[3].question)
    expect(second.page.locator(".alert, [role=alert], [role=status]").first).to_be_visible()
    walk(second, STEPS[3:4])
    second.sees_question(STEPS[4].question)
    second.go_back()
    second.go_back()
    second.sees_question(STEPS[2].question)
    expect(second.page.get_by_label("Street and number", exact=True)).to_have_value("12 Orchard Lane")


def test_without_javascript(new_person: NewPerson, appliance: Appliance) -> None:
    """Without scripts a person can answer every screen, waits with the page's own reload, and gets to the end."""
    person = new_person(appliance.url, java_script_enabled=False)
    person.start(DEMO)
    for step in STEPS:
        assert person.question.inner_text().startswith(step.question)
        fill_without_scripts(person.page, person, step)
        person.press(step.press)
    for _ in range(40):
        if person.question.inner_text().startswith(LAST_STEP.question):
            break
        person.page.wait_for_timeout(500)
        person.page.reload()
    person.press("Continue")
    assert person.question.inner_text().startswith(FINAL_QUESTION)
    text = " ".join(person.page.locator("body").inner_text().split())
    assert [fact for fact in FACTS_OF_THE_ANSWER if fact not in text] == []


def fill_without_scripts(page: Page, person: Person, step: Step) -> None:
    """Like :meth:`Person.fill`, with locators alone, as nothing can be evaluated in the page."""
    for label, answer in step.answers.items():
        if isinstance(answer, str):
            control = page.locator("#daform").get_by_label(label, exact=True).and_(
                page.locator("input, textarea")) if label else page.locator("#none")
            choice = page.locator("#daform").get_by_label(label, exact=True).and_(page.locator("select"))
            if label and choice.count():
                choice.select_option(label=answer)
            elif control.count():
                control.fill(answer)
            else:
                person.option(label, answer).check(force=True)
        else:
            for words in answer or ():
                person.option(label, words).check(force=True)


def test_resume_after_the_server_was_switched_off(new_person: NewPerson,
                                                  new_appliance: Callable[..., Appliance]) -> None:
    """The page that was open goes on after a restart of the server, and the list on the front page leads to it too."""
    appliance = new_appliance().start()
    person = new_person(appliance.url)
    person.start(DEMO)
    walk(person, STEPS[:2])
    person.sees_question(STEPS[2].question)
    appliance.stop()
    appliance.start()
    walk(person, STEPS[2:4])
    person.sees_question(STEPS[4].question)
    person.page.goto(appliance.url)
    person.sees("Answer an eviction case")
    person.page.get_by_role("link", name="Resume").or_(person.page.get_by_role("button", name="Resume")).first.click()
    person.sees_question(STEPS[4].question)


def test_leave_keeps_and_exit_deletes(new_person: NewPerson, appliance: Appliance) -> None:
    """The restart button begins anew with no answers left."""
    person = new_person(appliance.url)
    person.start(DEMO)
    walk(person, STEPS)
    person.sees_question(LAST_STEP.question, seconds=20)
    person.take(LAST_STEP)
    person.sees_question(FINAL_QUESTION)
    person.press("Start again")
    person.sees_question(STEPS[0].question)
    walk(person, STEPS[:1])
    person.sees_question(STEPS[1].question)
    expect(person.page.get_by_label("First name", exact=True)).to_have_value("")
