"""The administrator's pages in the real appliance: a package by upload, a setting and its restart, a log."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.test_tasks_page import owner_of
from tests.support.browser import Person
from tests.support.packages import make_package
from tests.support.process import Appliance

NewPerson = Callable[..., Person]

QUESTIONS = """
metadata:
  title: The rent
---
mandatory: True
question: |
  In ${ get_config('timezone') }
subquestion: VERSION
"""


def zipped(folder: Path, version: str) -> Path:
    root = make_package(folder / version, "rent", {"rent.yml": QUESTIONS.replace("VERSION", version)})
    file = folder / f"rent-{version}.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for one in root.rglob("*"):
            archive.write(one, one.relative_to(root.parent).as_posix())
    return file


def test_a_package_a_setting_and_a_log(new_person: NewPerson, new_appliance: Callable[..., Appliance],
                                       tmp_path: Path) -> None:
    """On a small screen, the menu by keyboard: install, run; change a setting, which counts when the page has come back
    by itself, still signed in; find the restart in the log.
    """
    appliance = new_appliance()
    (appliance.data / "config.yml").write_text("# the clinic's\ntimezone: Europe/Paris\n")
    appliance.start()
    owner = owner_of(new_person, appliance, viewport={"width": 320, "height": 740}, color_scheme="dark")
    page = owner.page
    page.goto(f"{appliance.url}/")
    owner.tab_to(page.locator("#menu-administration summary"))
    page.keyboard.press("Enter")
    owner.tab_to(page.get_by_role("link", name="Packages"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Packages")).to_be_hidden()
    page.keyboard.press("Enter")
    owner.tab_to(page.get_by_role("link", name="Packages"))
    page.keyboard.press("Enter")
    page.get_by_label("Files of packages").set_input_files([zipped(tmp_path, "one")])
    owner.press("Install")
    owner.sees("docassemble.rent 1.0.0 is installed.")
    assert not owner.scrolls_sideways()
    assert owner.unlabelled() == []
    owner.press("The rent")
    owner.sees_question("In Europe/Paris")

    page.goto(f"{appliance.url}/config#topic-language-and-region")
    page.get_by_label("Timezone").fill("Mars/Olympus")
    owner.press("Save and start anew")
    owner.sees("This is not a time zone like America/New_York")
    assert not owner.scrolls_sideways()
    assert owner.unlabelled() == []
    page.get_by_label("Timezone").fill("Asia/Tokyo")
    owner.press("Save and start anew")
    owner.sees_question("The appliance starts anew")
    expect(page.get_by_text("The settings are saved, and count now.")).to_be_visible(timeout=60_000)
    assert (appliance.data / "config.yml").read_text() == "# the clinic's\ntimezone: Asia/Tokyo\n"
    owner.start("docassemble.rent:data/questions/rent.yml")
    owner.sees_question("In Asia/Tokyo")

    page.goto(f"{appliance.url}/logs")
    page.get_by_label("Words in it").fill("listening")
    owner.press("Search")
    expect(page.locator(".da-log > li")).to_have_count(2)
    assert not owner.scrolls_sideways()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    assert re.fullmatch(r"logs-[\d-]+\.zip", download.value.suggested_filename)
    page.goto(f"{appliance.url}/audit?q=timezone")
    owner.sees("changed a setting")
    owner.sees("Asia/Tokyo")
