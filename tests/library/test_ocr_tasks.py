"""Reading text in the background of a running appliance: pages travel to the workers and come back."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader

from tests.support.client import Client
from tests.support.packages import make_package
from tests.support.process import Appliance
from tests.tesseract import find

pytestmark = pytest.mark.skipif(find() is None, reason="there is no Tesseract on this computer")

PAGES = ("The tenant pays", "every month", "in the kitchen")
INTERVIEW = """\
objects:
  - scan: DAFile
  - bundle: DAFile
---
code: |
  scan.copy_into('scan.pdf')
  uploaded = True
---
code: |
  uploaded
  the_task = ocr_file_in_background(scan, 'refresh')
---
code: |
  uploaded
  the_bundle = bundle.make_ocr_pdf_in_background(scan, filename='searchable')
---
mandatory: True
code: |
  nickname
  the_bundle
  if not (the_task.ready() and the_bundle.ready()):
    waiting
  final
---
question: What is your nickname?
fields:
  - Nickname: nickname
---
event: waiting
question: Please wait
reload: 4
---
event: final
question: The text
subquestion: |
  ${ the_task.get() }

  ${ the_bundle.get().ok } ${ bundle.num_pages() } [${ bundle.filename }](${ bundle.url_for() })
---
code: |
  uploaded
  waited = ocr_file_in_background(scan).get()
---
event: at_once
question: Waited
subquestion: |
  ${ waited }
"""


def scan() -> bytes:
    """A PDF of images of text, like a scanner makes it."""
    pages = []
    for text in PAGES:
        page = Image.new("L", (1200, 300), 255)
        ImageDraw.Draw(page).text((60, 60), text, font=ImageFont.load_default(64), fill=0)
        pages.append(page)
    content = io.BytesIO()
    pages[0].save(content, "PDF", save_all=True, append_images=pages[1:], resolution=300.0)
    return content.getvalue()


@pytest.fixture
def running(new_appliance: Callable[..., Appliance], tmp_path: Path) -> Appliance:
    package = make_package(tmp_path, "ocrtest", {"scan.yml": INTERVIEW})
    static = package / "docassemble" / "ocrtest" / "data" / "static"
    static.mkdir()
    (static / "scan.pdf").write_bytes(scan())
    appliance = new_appliance()
    appliance.command("install", str(package))
    return appliance.start()


REFERENCE = "docassemble.ocrtest:data/questions/scan.yml"


def test_pages_are_read_by_workers(running: Appliance) -> None:
    """The text of all pages comes back in order, and the PDF that was made is the file's content afterwards."""
    with Client(running.url) as client:
        page = client.start(REFERENCE)
        page.fill({"Nickname": "Jo"})
        page = client.wait_for(client.submit(page), "The text", 60)
        assert [page.text.index(words) for words in PAGES] == sorted(page.text.index(words) for words in PAGES)
        assert "True 3 searchable.pdf" in page.text
        link = page.link("searchable.pdf")
        assert link is not None
        reader = PdfReader(io.BytesIO(client.http.get(link).content))
    assert [one.extract_text().strip() for one in reader.pages] == list(PAGES)


def test_waiting_in_the_same_turn(running: Appliance) -> None:
    """``.get()`` right after the start waits for the pages, as documented."""
    with Client(running.url) as client:
        client.start(REFERENCE)
        page = client.get("/interview", i=REFERENCE, action='{"action": "at_once"}')
    assert page.question == "Waited"
    assert all(words in page.text for words in PAGES)
