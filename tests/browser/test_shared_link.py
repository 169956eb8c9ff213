"""Two people in one session: the second comes by a link that works once, and each has what is theirs alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.support.browser import Person
from tests.support.packages import make_package
from tests.support.process import Appliance

INTERVIEW = "docassemble.shared:data/questions/plan.yml"
PHONE = {"width": 375, "height": 720}
QUESTIONS = """
metadata:
  title: A plan
---
mandatory: True
code: |
  multi_user = True
---
mandatory: True
code: |
  session_local.role
  plan
---
question: Who are you?
fields:
  - Role: session_local.role
---
question: What is the plan?
fields:
  - Plan: plan
---
mandatory: True
question: The ${ session_local.role } plans ${ plan }
subquestion: |
  Ask [your lawyer](${ interview_url(once_temporary=48) }) to come.
"""


def test_two_phones_share_a_session_by_a_link(
        new_person: Callable[..., Person], new_appliance: Callable[..., Appliance], tmp_path: Path) -> None:
    """The lawyer is asked for her own role, sees the client's plan, changes nothing of his, and finds the session again
    without the link, which leads nobody else there.
    """
    house = new_appliance()
    house.command("install", str(make_package(tmp_path / "package", "shared", {"plan.yml": QUESTIONS})))
    house.start()
    client, lawyer, stranger = (new_person(house.url, viewport=PHONE) for _ in range(3))
    client.start(INTERVIEW)
    client.fill({"Role": "client"})
    client.press("Continue")
    client.sees_question("What is the plan?")
    client.fill({"Plan": "a walk"})
    client.press("Continue")
    client.sees_question("The client plans a walk")
    link = str(client.page.get_by_role("link", name="your lawyer").get_attribute("href"))

    lawyer.page.goto(link)
    lawyer.sees_question("Who are you?")
    lawyer.fill({"Role": "lawyer"})
    lawyer.press("Continue")
    lawyer.sees_question("The lawyer plans a walk")
    client.page.reload()
    client.sees_question("The client plans a walk")

    stranger.page.goto(link)
    stranger.sees("This link does not work any more")
    assert not stranger.scrolls_sideways()

    lawyer.page.goto(f"{house.url}/interviews")
    expect(lawyer.page.locator("li.da-item")).to_contain_text("Shared with you")
    lawyer.page.get_by_text("Resume", exact=True).click()
    lawyer.sees_question("The lawyer plans a walk")
    assert not lawyer.scrolls_sideways()
    lawyer.page.goto(f"{house.url}/interviews")
    lawyer.page.on("dialog", lambda dialog: dialog.accept())
    lawyer.page.get_by_text("Remove", exact=True).click()
    expect(lawyer.page.locator("li.da-item")).to_have_count(0)
    client.page.reload()
    client.sees_question("The client plans a walk")
