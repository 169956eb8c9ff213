"""Mail as evidence, from the demo's last screen over the Mail page and back; and what attackers write into mails."""

from __future__ import annotations

import email.message
import email.policy
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.browser import Person
from tests.support.demo import FINAL_QUESTION, LAST_STEP, STEPS
from tests.support.process import DEMO, Appliance

NewPerson = Callable[..., Person]
NOTICE = b"%PDF-1.4 notice to quit"


def landlords_mail(address: str) -> bytes:
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = "Hilltop Homes <office@hilltop.example>", address, "Notice to *quit*"
    mail["Date"], mail["Message-ID"] = "Mon, 02 Mar 2026 10:00:00 +0000", "<1@hilltop.example>"
    mail.set_content("Dear tenant,\nplease leave.\n")
    mail.add_attachment(NOTICE, maintype="application", subtype="pdf", filename="Kündigung [1].pdf")
    return bytes(mail)


def at_the_end(person: Person) -> None:
    """Walk the demo to its last screen."""
    person.start(DEMO)
    for step in (*STEPS, LAST_STEP):
        person.sees_question(step.question, seconds=20)
        person.take(step)
    person.sees_question(FINAL_QUESTION)


def address_of_the_case(person: Person) -> str:
    """Say Yes to an address on the last screen."""
    person.press("Add an email from my landlord")
    person.sees_question("Has your landlord written to you by email?")
    person.sees("the staff of this office can then open them too")
    person.fill({"Give my case an email address": "Yes"})
    person.press("Continue")
    person.sees_question(FINAL_QUESTION)
    person.sees("No email has come yet.")
    found = re.search(r"[bcdfghknprstwxyz]{6}@[\w.-]+", person.page.locator("#dabody").inner_text())
    assert found is not None
    return found[0]


def bring(person: Person, files: dict[str, bytes]) -> None:
    """Choose files on the Mail page and send them."""
    person.page.goto(f"{person.base}/mail")
    if not person.page.locator("#by-hand[open]").count():
        person.page.locator("#by-hand summary").click()
    person.page.get_by_label("E-mail files", exact=True).set_input_files([
        {"name": name, "mimeType": "message/rfc822", "buffer": content} for name, content in files.items()])
    person.page.get_by_role("button", name="Bring", exact=True).click()


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 640}], ids=["narrow"])
def test_a_notice_by_mail_is_in_the_case(new_person: NewPerson, appliance: Appliance, tmp_path: Path,
                                         viewport: dict[str, int]) -> None:
    """The address, the mail brought by hand, its task, the last screen with what came, and every byte of it."""
    person = new_person(appliance.url, viewport=viewport)
    at_the_end(person)
    case = person.page.url
    address = address_of_the_case(person)
    mail = landlords_mail(address)
    bring(person, {"notice.eml": mail, "again.eml": mail, "lost.eml": b"From: a@example.org\r\n\r\nlost", "cat.png": b"PNG"})
    results = person.page.locator("#da-by-hand-results")
    expect(results.get_by_role("listitem")).to_have_text([
        re.compile(f"notice.eml Delivered to {address}"), re.compile("again.eml Seen before"),
        re.compile("lost.eml It names no address"), re.compile("cat.png This is not an e-mail file")])
    chosen = results.get_by_label("For which interview is lost.eml")
    chosen.select_option(index=1)
    results.get_by_role("button", name="Bring").click()
    expect(results).to_contain_text(f"lost.eml Delivered to {address}")
    expect(person.page.locator(".da-badge-done")).to_have_count(2, timeout=20_000)
    assert not person.scrolls_sideways()
    assert person.unlabelled() == []
    person.page.get_by_role("link", name="Read").last.click()
    expect(person.page.locator(".da-mail-text")).to_have_text("Dear tenant,\nplease leave.")
    person.sees("Hilltop Homes <office@hilltop.example>")
    assert not person.scrolls_sideways()
    with person.page.expect_download() as saved:
        person.page.get_by_role("link", name=re.compile("Save the original")).click()
    assert saved.value.suggested_filename.endswith(".eml")
    assert Path(saved.value.path()).read_bytes() == mail
    with person.page.expect_download() as saved:
        person.page.get_by_role("link", name="Save Kündigung [1].pdf").click()
    assert Path(saved.value.path()).read_bytes() == NOTICE
    person.page.goto(case)
    person.sees("Notice to *quit*")
    person.sees("An email without a subject")
    assert not person.scrolls_sideways()
    link = person.page.get_by_role("link", name="Kündigung [1].pdf")
    assert person.page.request.get(f"{person.base}{link.get_attribute('href')}").body() == NOTICE


def test_somebody_else_sees_nothing_of_it(new_person: NewPerson, appliance: Appliance) -> None:
    """Another browser has neither the addresses nor the mails of the first."""
    stranger = new_person(appliance.url)
    stranger.page.goto(f"{appliance.url}/mail")
    stranger.sees("No mail has come in yet.")
    stranger.sees("No interview has asked for an address yet.")
    for number in range(1, 4):
        assert stranger.page.request.get(f"{appliance.url}/mail/{number}/original").status in (403, 404)
