"""Sending files in Chromium: choosing, dropping, being refused, going back; wide, narrow, and without scripts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.support.browser import Person
from tests.support.logs import no_unexpected_errors
from tests.support.packages import make_package
from tests.support.process import Appliance

NewPerson = Callable[..., Person]
INTERVIEW = "docassemble.uploads:data/questions/evidence.yml"
NARROW = {"width": 320, "height": 640}

EVIDENCE = """
question: Your evidence
fields:
  - Rent: rent
    datatype: currency
  - Letter: letter
    datatype: file
    accept: |
      ".txt, image/*"
  - Photos: photos
    datatype: files
    required: False
  - What the letter says: gist
    show if:
      variable: letter
      is: letter.txt
---
mandatory: True
question: Thank you
subquestion: |
  The letter says: ${ letter.slurp() } ${ gist if letter.filename == 'letter.txt' else '' }

  % if photos:
  ${ photos.number() } photos: ${ photos }
  % endif
"""


@pytest.fixture(scope="module")
def uploads(shared_appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Appliance:
    """The shared appliance with an interview that takes files."""
    source = make_package(tmp_path_factory.mktemp("package"), "uploads", {"evidence.yml": EVIDENCE})
    shared_appliance.command("install", str(source))
    return shared_appliance


@pytest.fixture
def server(uploads: Appliance) -> Iterator[Appliance]:
    """The same; the test fails if it logs an error that was not announced."""
    with no_unexpected_errors(uploads.logs):
        yield uploads


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a person has on their disk."""
    (tmp_path / "letter.txt").write_text("Pay or leave!")
    (tmp_path / "Another letter with quite a long name (2024-11-23).txt").write_text("Stay!")
    (tmp_path / "film.mp4").write_bytes(b"film")
    for color in ("red", "green", "blue"):
        Image.new("RGB", (400, 300), color).save(tmp_path / f"{color}.png")
    return tmp_path


@pytest.mark.parametrize("viewport", [NARROW, None], ids=["narrow", "desk"])
def test_choosing_and_sending(new_person: NewPerson, server: Appliance, folder: Path,
                              viewport: dict[str, int] | None) -> None:
    """What was chosen is listed with its size, more can be added and taken away, and all of it arrives."""
    person = new_person(server.url, **({"viewport": viewport} if viewport else {}))
    page = person.page
    person.start(INTERVIEW)
    page.get_by_label("Rent").fill("500")
    expect(page.get_by_label("What the letter says")).to_be_hidden()
    page.get_by_label("Letter", exact=True).set_input_files(folder / "letter.txt")
    page.get_by_label("What the letter says").fill("Pay!")
    photos = page.get_by_label("Photos")
    photos.set_input_files([folder / "red.png", folder / "green.png"])
    photos.set_input_files([folder / "blue.png"])
    listed = page.locator("[data-da-variable=photos] .da-files-chosen li")
    expect(listed).to_have_count(3)
    expect(listed.first).to_contain_text("red.png")
    expect(listed.first).to_contain_text(" KB")
    assert listed.first.locator("img").evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 400
    page.get_by_role("button", name="Remove green.png").click()
    expect(listed).to_have_count(2)
    assert not person.scrolls_sideways()
    assert person.unlabelled() == []
    person.press("Continue")
    person.sees_question("Thank you")
    person.sees("The letter says: Pay or leave! Pay!")
    person.sees("2 photos")
    pictures = page.locator("img.daimageref")
    expect(pictures).to_have_count(2)
    assert pictures.last.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 400


def test_files_stay_when_another_field_is_put_right(new_person: NewPerson, server: Appliance, folder: Path) -> None:
    """Nothing is to be chosen again after an error; a new file takes the place of the one that was sent."""
    person = new_person(server.url)
    page = person.page
    person.start(INTERVIEW)
    page.get_by_label("Rent").fill("much")
    page.get_by_label("Letter", exact=True).set_input_files(folder / "red.png")
    person.press("Continue")
    person.sees("Please look at this again")
    sent = page.get_by_role("group", name="Already sent")
    expect(sent).to_contain_text("red.png")
    expect(sent.get_by_role("checkbox")).to_be_checked()
    other = "Another letter with quite a long name (2024-11-23).txt"
    page.get_by_label("Letter", exact=True).set_input_files(folder / other)
    expect(sent.get_by_role("checkbox")).not_to_be_checked()
    page.get_by_label("Rent").fill("500")
    person.press("Continue")
    person.sees("The letter says: Stay!")


def test_back_and_on_again(new_person: NewPerson, server: Appliance, folder: Path) -> None:
    """The files that were sent are there on the way back, and need not be sent again."""
    person = new_person(server.url)
    page = person.page
    person.start(INTERVIEW)
    page.get_by_label("Rent").fill("500")
    page.get_by_label("Letter", exact=True).set_input_files(folder / "letter.txt")
    page.get_by_label("What the letter says").fill("Pay!")
    person.press("Continue")
    person.sees_question("Thank you")
    person.go_back()
    person.sees_question("Your evidence")
    expect(page.get_by_role("group", name="Already sent")).to_contain_text("letter.txt")
    expect(page.get_by_label("What the letter says")).to_have_value("Pay!")
    person.press("Continue")
    person.sees("The letter says: Pay or leave! Pay!")


def test_dropping(new_person: NewPerson, server: Appliance) -> None:
    """A file that is dropped on the picker is chosen; one of a kind that is not asked for is refused in words."""
    person = new_person(server.url)
    page = person.page
    person.start(INTERVIEW)
    page.get_by_label("Rent").fill("500")
    drop = """(place, name) => {
        const data = new DataTransfer();
        data.items.add(new File(['dropped'], name, { type: 'text/plain' }));
        for (const kind of ['dragover', 'drop']) {
          place.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }
    }"""
    place = page.locator("[data-da-variable=letter] .da-file-drop")
    place.evaluate(drop, "letter.exe")
    expect(page.locator("[data-da-variable=letter] .da-files-chosen li")).to_contain_text("letter.exe")
    person.press("Continue")
    person.sees("This is not the kind of file that is asked for.")
    page.locator("[data-da-variable=letter] .da-file-drop").evaluate(drop, "notes.txt")
    person.press("Continue")
    person.sees("The letter says: dropped")


def test_too_much_is_not_sent(new_person: NewPerson, server: Appliance, folder: Path) -> None:
    """The page says so before anything goes over the network."""
    person = new_person(server.url)
    page = person.page
    person.start(INTERVIEW)
    (folder / "large.txt").write_bytes(b"0" * (17 * 1024 * 1024))
    page.get_by_label("Letter", exact=True).set_input_files(folder / "large.txt")
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    person.press("Continue")
    person.sees("This file is too large to send: 17 MB")
    assert posted == []


@pytest.mark.parametrize("happens", ["changed", "deleted"])
def test_a_file_that_changed_since_it_was_chosen(new_person: NewPerson, server: Appliance, folder: Path,
                                                 happens: str) -> None:
    """Browsers call that a failure of the network; the page names the file, and does not try for ever."""
    person = new_person(server.url)
    page = person.page
    person.start(INTERVIEW)
    page.get_by_label("Rent").fill("500")
    page.get_by_label("Photos").set_input_files([folder / "red.png", folder / "green.png"])
    page.get_by_label("Letter", exact=True).set_input_files(folder / "letter.txt")
    page.get_by_label("What the letter says").fill("Pay!")
    if happens == "changed":
        (folder / "letter.txt").write_text("Pay more, or leave!")
        os.utime(folder / "letter.txt", (1_000_000_000, 1_000_000_000))   # browsers look at the seconds
    else:
        (folder / "letter.txt").unlink()
    person.press("Continue")
    person.sees("letter.txt cannot be read")
    expect(page.locator(".da-files-chosen li")).to_have_count(2)
    expect(page.get_by_label("Letter", exact=True)).to_be_focused()
    expect(page.locator("body")).not_to_contain_text("The server cannot be reached")
    (folder / "letter.txt").write_text("Pay more, or leave!")
    page.get_by_label("Letter", exact=True).set_input_files(folder / "letter.txt")
    person.press("Continue")
    person.sees("The letter says: Pay more, or leave!")
    person.sees("2 photos")


def test_without_scripts(new_person: NewPerson, server: Appliance, folder: Path) -> None:
    """The browser's own control sends the file, and fits a narrow screen."""
    person = new_person(server.url, java_script_enabled=False, viewport=NARROW)
    page = person.page
    person.start(INTERVIEW)
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    page.get_by_label("Rent").fill("500")
    page.get_by_label("Letter", exact=True).set_input_files(folder / "red.png")
    person.press("Continue")
    person.sees_question("Thank you")


def test_nobody_else_sees_a_file(new_person: NewPerson, server: Appliance, folder: Path) -> None:
    """The address of a file is of use to the browser alone that may open the session."""
    person = new_person(server.url)
    page = person.page
    person.start(INTERVIEW)
    page.get_by_label("Rent").fill("500")
    page.get_by_label("Letter", exact=True).set_input_files(folder / "letter.txt")
    page.get_by_label("What the letter says").fill("Pay!")
    page.get_by_label("Photos").set_input_files(folder / "red.png")
    person.press("Continue")
    person.sees_question("Thank you")
    address = page.locator("img.daimageref").get_attribute("src")
    assert page.request.get(f"{server.url}{address}").status == 200
    assert new_person(server.url).page.request.get(f"{server.url}{address}").status == 404
