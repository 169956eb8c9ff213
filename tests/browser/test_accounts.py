"""People at their browsers: what somebody begins without an account is theirs with one, wherever they sign in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.support.browser import Person
from tests.support.packages import make_package
from tests.support.process import Appliance

NewPerson = Callable[..., Person]
INTERVIEW = "docassemble.letters:data/questions/letter.yml"
PASSWORD, ANOTHER = "blue horse staple tree", "green horse staple tree"
PHONE = {"width": 320, "height": 640}

QUESTIONS = """
metadata:
  title: A letter
  tags:
    - housing
---
question: Your name?
fields:
  - Name: name
---
question: How are you, ${ name }?
fields:
  - Mood: mood
---
mandatory: True
question: ${ name } is ${ mood }
"""


def types(person: Person, **fields: str) -> None:
    """Fill in a form of ours; names hold blanks as ``_``."""
    for label, text in fields.items():
        person.page.get_by_label(label.replace("_", " "), exact=True).fill(text)


def fits(person: Person) -> None:
    """Nothing is wider than the screen, and every control has a name."""
    assert not person.scrolls_sideways()
    assert person.unlabelled() == []


def entries(person: Person) -> Locator:
    person.page.goto(f"{person.base}/interviews")
    return person.page.locator("li.da-item")


def test_an_anonymous_interview_belongs_to_the_person_after(
        new_person: NewPerson, new_appliance: Callable[..., Appliance], tmp_path: Path) -> None:
    """On a phone, in the dark, by the menu: begin, register, find it, sign out and see nothing; sign in on another
    browser without script, change the password, and it still opens. A tab that was open all the while goes on.
    """
    house = new_appliance()
    (house.data / "config.yml").write_text("allow registration: true\n")
    house.command("install", str(make_package(tmp_path / "package", "letters", {"letter.yml": QUESTIONS})))
    house.start()
    paula = new_person(house.url, viewport=PHONE, color_scheme="dark")
    paula.start(INTERVIEW)
    paula.fill({"Name": "Paula"})
    paula.press("Continue")
    paula.sees_question("How are you, Paula?")
    tab = Person(paula.page.context.new_page(), house.url)
    tab.page.goto(paula.page.url)

    paula.page.bring_to_front()   # a tab behind another one draws once a second, and each click waits for that
    paula.press("Menu")
    paula.press("Sign in or sign up to save answers")
    fits(paula)
    paula.press("Make an account")
    fits(paula)
    types(paula, First_name="Paula", Email="paula@client.example", Password=PASSWORD, Password_again=PASSWORD)
    paula.press("Make an account")
    expect(paula.page.get_by_label("Recovery code")).to_contain_text("-")
    fits(paula)
    paula.press("I have kept it. Go on")
    paula.sees_question("How are you, Paula?")

    tab.page.bring_to_front()
    tab.fill({"Mood": "well"})
    tab.press("Continue")
    tab.sees_question("Paula is well")
    paula.page.bring_to_front()

    expect(entries(paula)).to_have_count(1)
    paula.page.get_by_text("Give it a name").click()
    paula.page.get_by_label("Name of A letter").fill("For my aunt")
    paula.press("Save")
    expect(paula.page.get_by_role("heading", name="For my aunt")).to_be_visible()
    expect(paula.page.get_by_role("link", name="housing", exact=True)).to_be_visible()
    fits(paula)
    paula.page.goto(f"{house.url}/user/profile")
    fits(paula)
    paula.choose("Paula", "Sign out")
    paula.sees("You are signed out")
    paula.page.go_back()   # the browser keeps no page of hers
    expect(paula.page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(entries(paula)).to_have_count(0)

    elsewhere = new_person(house.url, java_script_enabled=False)
    elsewhere.page.goto(f"{house.url}/user/sign-in?next=/user/change-password")
    types(elsewhere, Email="paula@client.example", Password=PASSWORD)
    elsewhere.page.get_by_role("button", name="Sign in", exact=True).click()
    types(elsewhere, Password_until_now=PASSWORD, New_password=ANOTHER, New_password_again=ANOTHER)
    elsewhere.press("Change it")
    elsewhere.sees("Your password is changed")
    expect(entries(elsewhere)).to_have_count(1)
    elsewhere.press("Resume For my aunt")
    elsewhere.sees_question("Paula is well")
