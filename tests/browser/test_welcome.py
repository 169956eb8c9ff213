"""The first start in a browser, where no toolkit draws a window: on a large screen, and at 320 px in the dark."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.first_start.attendant import Attendant
from tests.support.browser import Person

NewPerson = Callable[..., Person]
DARK_PHONE = {"viewport": {"width": 320, "height": 700}, "color_scheme": "dark"}


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attendant]:
    """The app on an empty folder, which is where every command would look for it."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    one = Attendant(tmp_path / "home" / "interview-appliance")
    one.start()
    yield one
    one.stop()


def looked_at(person: Person, name: str) -> None:
    """What must hold on each page; and a picture, where somebody wants to look (WELCOME_SHOTS)."""
    assert person.unlabelled() == []
    assert not person.scrolls_sideways()
    folder = os.environ.get("WELCOME_SHOTS")
    if folder:
        person.page.wait_for_timeout(400)   # buttons change their colours slowly
        person.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_the_three_steps(start: Attendant, new_person: NewPerson, tmp_path: Path) -> None:
    """Forwards and back, with what cannot be, by mouse and by keyboard; then the demo interview."""
    person = new_person(start.ups[0].address)
    person.page.goto(start.ups[0].sign_in)
    signed_in = person.page.context.storage_state()
    phone = new_person(start.ups[0].address, storage_state=signed_in, **DARK_PHONE)
    phone.page.goto(f"{phone.base}/welcome")
    (tmp_path / "Documents").mkdir()
    (tmp_path / "Documents" / "letter.docx").touch()
    for one, size in ((person, "large"), (phone, "small")):
        one.sees_question("Welcome. What is your office called?")
        looked_at(one, f"{size}-1")
        one.page.get_by_label("Name of the office").fill("x" * 81)
        one.press("Continue")
        one.sees("at most 80 letters")
        one.page.get_by_label("Name of the office").fill("Riverside Housing Clinic")
        one.press("Continue")
        one.sees_question("Where shall the data live?")
        expect(one.page.locator("header")).to_contain_text("Riverside Housing Clinic")
        looked_at(one, f"{size}-2")
        other = one.page.get_by_label("The other folder")
        other.fill(str(tmp_path / "Documents"))
        expect(one.page.get_by_label("In another folder")).to_be_checked()
        other.press("Enter")
        one.sees("There are other things in this folder")
        expect(other).to_have_value(str(tmp_path / "Documents" / "Interview Appliance"))
        looked_at(one, f"{size}-3")
        other.fill(str(tmp_path / "Dropbox" / "data"))
        one.press("Continue")
        one.sees("kept the same elsewhere by Dropbox")
        looked_at(one, f"{size}-4")
        one.press("Use this folder all the same")
        one.sees_question("Shall others on your network use it too?")
        looked_at(one, f"{size}-5")
        one.press("Back")
        one.page.get_by_label("In the usual place").check()
        one.press("Continue")
        one.sees_question("Shall others on your network use it too?")
    phone.press("Back")
    phone.press("Back")
    phone.press("I have a backup")
    phone.sees_question("Bring a backup back")
    looked_at(phone, "small-6")
    phone.page.goto(f"{phone.base}/welcome/share")
    person.tab_to(person.page.get_by_role("button", name="Finish, and try an interview"))
    person.page.keyboard.press("Enter")
    person.sees_question("Let us answer your eviction case together")
    for address, name in (("/backup", "7"), ("/backup/restore", "8"), ("/config", "9")):
        for one, size in ((person, "large"), (phone, "small")):
            one.page.goto(f"{one.base}{address}")
            expect(one.page).to_have_title(re.compile("Backup|Bring|Settings"))
            looked_at(one, f"{size}-{name}")
    phone.page.goto(f"{phone.base}/welcome")
    expect(phone.page).to_have_title("Riverside Housing Clinic")
    assert person.problems == phone.problems == []
