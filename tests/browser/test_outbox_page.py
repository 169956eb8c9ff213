"""The outbox in the real appliance: mail that waits without a mail server, and mail that a mail server refuses."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.test_tasks_page import owner_of
from tests.mail.receiver import Receiver, receiver
from tests.support.browser import Person
from tests.support.packages import make_package
from tests.support.process import Appliance

NewPerson = Callable[..., Person]
INTERVIEW = "docassemble.letters:data/questions/letter.yml"

QUESTIONS = """
metadata:
  title: A letter
---
question: Your name?
fields:
  - Name: name
---
mandatory: True
code: |
  sent = send_email(to='ann@client.example', bcc='file@clinic.example', subject='For ' + name,
                    body='Dear Ann,\\n\\nit is on Tuesday.')
---
mandatory: True
question: It is written
"""


@pytest.fixture
def house(tmp_path: Path, new_appliance: Callable[..., Appliance]) -> Appliance:
    """An appliance with the interview; it is not started yet."""
    appliance = new_appliance()
    appliance.command("install", str(make_package(tmp_path / "package", "letters", {"letter.yml": QUESTIONS})))
    return appliance


@contextmanager
def mail_server() -> Iterator[Receiver]:
    """A mail server in a thread of its own, because the browser has the main thread's loop."""
    made: list[Receiver] = []
    up, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with receiver() as there:
            made.append(there)
            up.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert up.wait(10)
    try:
        yield made[0]
    finally:
        stop.set()
        thread.join(10)


def writes(person: Person, name: str) -> None:
    person.start(INTERVIEW)
    person.fill({"Name": name})
    person.press("Continue")
    person.sees_question("It is written")


def mail_about(person: Person, subject: str) -> Locator:
    return person.page.locator("li.da-item").filter(has_text=subject)


def test_mail_is_sent_by_hand_without_a_mail_server(
        new_person: NewPerson, house: Appliance, tmp_path: Path) -> None:
    """By keyboard on a small screen: read it, save it as a draft, say that it is sent; the page follows new mail.

    The buttons do without JavaScript too.
    """
    house.start()
    person = new_person(house.url, viewport={"width": 320, "height": 640}, color_scheme="dark")
    writes(person, "Fred")
    page = person.page
    page.goto(house.url)
    person.sees("1 mail waits to be sent")
    person.press("Look into the outbox")
    person.sees("No mail server is set up yet")
    mail = mail_about(person, "For Fred")
    person.tab_to(mail.get_by_text("What it says"))
    page.keyboard.press("Enter")
    expect(mail.get_by_label("Text of the mail")).to_have_text("Dear Ann,\n\nit is on Tuesday.")
    expect(mail.get_by_role("link", name="this link")).to_have_attribute("href", re.compile("^mailto:ann@client.ex"))
    assert not person.scrolls_sideways()
    assert person.unlabelled() == []
    with page.expect_download() as download:
        mail.get_by_role("link", name="Open in my own mail program").click()
    assert download.value.suggested_filename == "mail-1.eml"
    download.value.save_as(tmp_path / "mail.eml")
    draft: Any = message_from_bytes((tmp_path / "mail.eml").read_bytes(), policy=policy.default)
    assert isinstance(draft, EmailMessage)
    assert [str(draft[name]) for name in ("X-Unsent", "To", "Bcc", "Subject")] == [
        "1", "ann@client.example", "file@clinic.example", "For Fred"]

    writes(Person(page.context.new_page(), house.url), "Paula")
    expect(mail_about(person, "For Paula")).to_have_count(1)
    expect(mail.locator("details")).to_have_attribute("open", "")   # what was open stays open
    page.on("dialog", lambda dialog: dialog.accept())
    sent = mail.get_by_role("button", name="I have sent it myself")
    person.tab_to(sent)
    page.keyboard.press("Enter")
    expect(page.locator("#da-told")).to_have_text("The mail counts as sent.")
    expect(mail).to_have_count(0)
    expect(page.locator("#list-sent")).to_contain_text("Sent by hand")
    expect(page.locator("#name-1")).to_be_focused()
    mail_about(person, "For Paula").get_by_role("button", name="Delete").click()
    expect(page.locator("#list-waiting")).to_have_count(0)

    plain = new_person(house.url, java_script_enabled=False)
    writes(plain, "Lou")
    plain.page.goto(f"{house.url}/outbox")
    plain.press("I have sent it myself")
    plain.sees("The mail counts as sent.")
    expect(plain.page.locator("#list-sent li")).to_have_count(1)
    assert "Lou" not in plain.page.url


def test_a_refused_mail_is_explained_and_tried_again(new_person: NewPerson, house: Appliance) -> None:
    """The owner sees that somebody's mail failed, not what it says; who wrote it sees why, and has it sent."""
    with mail_server() as there:
        there.refused["ann@client.example"] = "550 ann moved away"
        (house.data / "config.yml").write_text(
            f"mail:\n  server: 127.0.0.1\n  port: {there.port}\n  use tls: False\n", encoding="utf-8")
        house.start()
        house.logs.allow("a recipient was refused")
        person = new_person(house.url)
        writes(person, "Fred")
        person.page.goto(f"{house.url}/outbox")
        failed = mail_about(person, "For Fred")
        expect(failed).to_contain_text("A recipient was refused (550). It is not tried again by itself.")
        expect(failed).to_contain_text("To ann@client.example")
        expect(failed).not_to_contain_text("file@clinic.example")   # who was served needs nothing more
        failed.get_by_text("What the mail server said").click()
        expect(failed).to_contain_text("550 ann moved away")

        owner = owner_of(new_person, house)
        owner.page.goto(f"{house.url}/")
        owner.sees("1 mail could not be sent.")
        owner.page.goto(f"{house.url}/outbox")
        hidden = mail_about(owner, "A mail of A letter")
        expect(hidden).to_contain_text("Only the people of that interview may read it")
        for words in ("Fred", "ann@client.example", "moved away"):
            expect(owner.page.locator("main")).not_to_contain_text(words)
        assert owner.page.request.get(f"{house.url}/outbox/1/mail.eml").status == 403

        there.refused.clear()
        failed.get_by_role("button", name="Try again now").click()
        expect(person.page.locator("#list-sent")).to_contain_text("Sent")
        expect(owner.page.locator("#list-sent")).to_contain_text("Sent")
        assert [mail.recipients for mail in there.mails] == [("file@clinic.example",), ("ann@client.example",)]
