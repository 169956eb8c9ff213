"""The Mail page: what it says of received mail, what it lets a browser do with it, and files brought by hand."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from appliance.server import files, mail_views
from appliance.sessions.mail_door import MailPart, MailToRead
from appliance.sessions.received_list import MailOverview
from appliance.store.errors import StoreFull
from appliance.store.received_mail import Refusal
from tests.server.conftest import Running
from tests.server.memory_mail import THEN, MemoryMail, address, mail

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def received(server: Running) -> MemoryMail:
    """The received mail of the server."""
    made = MemoryMail()
    server.application.parts.mail = made
    return made


@pytest.fixture
def browser(server: Running) -> Iterator[httpx.Client]:
    with server.browser() as client:
        yield client


def bring(browser: httpx.Client, *sent: tuple[str, bytes], code: str = "", **headers: str) -> httpx.Response:
    """Press the button, with these files."""
    token = re.search(r'name="_xsrf" value="([^"]+)"', browser.get("/mail").text)
    assert token is not None
    return browser.post("/mail/by-hand", data={"_xsrf": token[1], "code": code}, headers=headers,
                        files=[("mails", (name, content, "message/rfc822")) for name, content in sent])


def test_the_words_for_sizes_and_types() -> None:
    assert doctest.testmod(mail_views).failed == doctest.testmod(files).failed == 0


def test_without_mail_it_says_so(received: MemoryMail, browser: httpx.Client) -> None:
    page = browser.get("/mail").text
    assert "No mail has come in yet." in page
    assert "No interview has asked for an address yet." in page
    assert "the password is wrong" in page
    assert "Not taken" not in page   # that is for administrators


def test_without_the_part_the_page_says_so(browser: httpx.Client) -> None:
    answer = browser.get("/mail")
    assert (answer.status_code, "No mail is received here" in answer.text) == (404, True)


@pytest.mark.parametrize(("state", "expected"), [
    ({"state": "waiting"}, "waits to be given to its session"),
    ({"state": "failed", "error": "The interview cannot run."}, "could not take it. The interview cannot run."),
    ({}, "no action of the interview ran for it"),
    ({"task_id": "t1"}, "its task is gone"),
    ({"task_id": "t1", "task_state": "queued"}, "waits in line"),
    ({"task_id": "t1", "task_state": "running"}, "is at work"),
    ({"task_id": "t1", "task_state": "done"}, "Its task is done."),
    ({"task_id": "t1", "task_state": "failed", "task_error_type": "ValueError"}, "Its task failed: ValueError."),
    ({"task_id": "t1", "task_state": "revoked"}, "ended before it was done"),
])
def test_what_became_of_a_mail(received: MemoryMail, browser: httpx.Client, state: dict[str, Any],
                               expected: str) -> None:
    received.received = [mail(7, **state)]
    page = browser.get("/mail").text
    assert expected in page
    assert ('href="/tasks#task-t1"' in page) == bool(state.get("task_id"))


def test_what_is_not_for_the_visitor_has_no_link(received: MemoryMail, browser: httpx.Client) -> None:
    received.received = [mail(7, visible=False, from_text="", subject="", own=False)]
    received.opened[7] = MailToRead(received.received[0], b"secret", (), ())
    page = browser.get("/mail").text
    assert "somebody else" in page
    assert 'href="/mail/7"' not in page
    for place in ("/mail/7", "/mail/7/original", "/mail/7/parts/0"):
        answer = browser.get(place)
        assert (answer.status_code, "secret" in answer.text) == (403, False)


def test_what_others_wrote_stays_text(received: MemoryMail, browser: httpx.Client) -> None:
    received.addresses = [address(session_title=SCRIPT, key=SCRIPT, index=SCRIPT)]
    received.received = [
        mail(7, subject=SCRIPT, from_text=SCRIPT, session_title=SCRIPT, state="failed", error=SCRIPT)]
    received.opened[7] = MailToRead(received.received[0], b"", [(SCRIPT, SCRIPT)], [
        MailPart("text", "", "text/plain", SCRIPT.encode()), MailPart("attachment", SCRIPT, SCRIPT, b"")], SCRIPT)
    for place in ("/mail", "/mail?fragment=1", "/mail/7"):
        page = browser.get(place).text
        assert "&lt;script&gt;" in page
        assert SCRIPT not in page


def test_many_are_shown_in_pages(received: MemoryMail, browser: httpx.Client) -> None:
    received.received = [mail(number) for number in range(60)]
    assert browser.get("/mail").text.count('class="da-item"') == 50
    assert "(10 are not shown)" in browser.get("/mail").text
    assert browser.get("/mail?show=200").text.count('class="da-item"') == 60
    assert browser.get("/mail?show=x&fragment=1").text.count('class="da-item"') == 50


class TestOneMail:
    @pytest.fixture
    def opened(self, received: MemoryMail) -> MailToRead:
        parts = [MailPart("text", "", "text/plain", "Dear Ann,\r\nüñ".encode()),
                 MailPart("html", "", "text/html", b"<p>Dear <b>Ann</b></p>"),
                 MailPart("attachment", 'no"tice\r\nSet-Cookie: a=b/../ä.html', "text/html", b"<script>1</script>"),
                 MailPart("attachment", "", "text/html\r\nX-A: b", b"x")]
        received.opened[7] = MailToRead(mail(7), b"From: a\r\n\r\nb", [("From", "Ann <ann@example.org>")], parts)
        return received.opened[7]

    @pytest.mark.usefixtures("opened")
    def test_it_is_read_as_text(self, browser: httpx.Client) -> None:
        page = browser.get("/mail/7").text
        assert "Dear Ann,\nüñ</pre>" in page
        assert "Ann &lt;ann@example.org&gt;" in page
        assert "<b>Ann</b>" not in page
        assert "made with formatting" not in page

    def test_html_alone_is_read_as_text_too(self, opened: MailToRead) -> None:
        html = MailToRead(opened.summary, b"", (), [opened.parts[1]])
        assert mail_views.text_of(html) == ("Dear Ann", True, False)

    @pytest.mark.parametrize(("place", "content", "name", "kind"), [
        ("original", b"From: a\r\n\r\nb", 'filename="mail-7.eml"', "message/rfc822"),
        ("parts/1", b"<p>Dear <b>Ann</b></p>", 'filename="mail.html"', "text/html"),
        ("parts/2", b"<script>1</script>", "no_ticeSet-Cookie: a=b_.._", "text/html"),
        ("parts/3", b"x", 'filename="attachment"', "application/octet-stream"),
    ])
    @pytest.mark.usefixtures("opened")
    def test_a_part_is_only_for_saving(self, browser: httpx.Client, place: str, content: bytes, name: str,
                                       kind: str) -> None:
        answer = browser.get(f"/mail/7/{place}")
        assert answer.content == content
        headers = answer.headers
        assert headers["Content-Disposition"].startswith("attachment; ")
        assert name in headers["Content-Disposition"]
        assert headers["Content-Type"].partition(";")[0] == kind
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].endswith("; sandbox")
        assert "set-cookie" not in {key for key, value in headers.multi_items() if value.startswith("a=b")}

    @pytest.mark.parametrize("place", ["/mail/8", "/mail/8/original", "/mail/7/parts/4", "/mail/7/parts/99999999"])
    @pytest.mark.usefixtures("opened")
    def test_what_is_not_there(self, browser: httpx.Client, place: str) -> None:
        assert browser.get(place).status_code == 404

    def test_what_could_not_be_read_has_its_reason(self, received: MemoryMail, browser: httpx.Client) -> None:
        received.opened[7] = MailToRead(mail(7, subject=""), b"\0", (), (), "It has no headers.")
        page = browser.get("/mail/7").text
        assert "It has no headers. It was kept exactly as it came" in page
        assert 'href="/mail/7/original"' in page


class TestByHand:
    @pytest.fixture(autouse=True)
    def addresses(self, received: MemoryMail) -> None:
        received.addresses = [address(), address("kkkkkk", session_title="Ann")]

    def test_several_files_each_with_its_words(self, received: MemoryMail, browser: httpx.Client) -> None:
        """Also without JavaScript; a mail that was brought twice is told apart from one that is new."""
        mine = b"From: a\r\nTo: bcdfgh@clinic.example\r\n\r\n"
        page = bring(browser, ("a.eml", mine), ("a again.eml", mine), ("b.eml", b"From: b\r\n\r\n"),
                     ("cat.png", b"PNG"), ("<b>.eml", b"From: c\r\nCc: kkkkkk@clinic.example\r\n\r\n")).text
        assert "Delivered to bcdfgh@clinic.example." in page
        assert "Seen before: bcdfgh@clinic.example has this very mail already." in page
        assert "It names no address of an interview" in page
        assert "This file is a picture." in page
        assert "Delivered to kkkkkk@clinic.example." in page
        assert "&lt;b&gt;.eml" in page
        assert received.taken[0] == (mine, "")

    def test_the_person_says_whose_it_is(self, received: MemoryMail, browser: httpx.Client) -> None:
        page = bring(browser, ("b.eml", b"From: b\r\n\r\n"), code="kkkkkk").text
        assert "Delivered to kkkkkk@clinic.example." in page
        assert '<option value="kkkkkk">Ann (' in page

    def test_a_script_gets_json(self, received: MemoryMail, browser: httpx.Client) -> None:
        answer = bring(browser, ("b.eml", b"From: b\r\n\r\n"), **{"X-Requested-With": "XMLHttpRequest"}).json()
        told = [(one["name"], one["outcome"], one["good"]) for one in answer["results"]]
        assert told == [("b.eml", "unknown", False)]

    def test_no_file(self, received: MemoryMail, browser: httpx.Client) -> None:
        assert "Choose a file first." in bring(browser, ("", b"")).text
        assert received.taken == []

    def test_a_mail_may_be_larger_than_other_forms(self, received: MemoryMail, browser: httpx.Client,
                                                   server: Running) -> None:
        server.application.body_limit = 10_000
        large = b"From: b\r\nTo: bcdfgh@clinic.example\r\n\r\n" + b"x" * 50_000
        assert "Delivered to" in bring(browser, ("b.eml", large)).text
        assert browser.post("/sessions/delete", content=b"x" * 50_000).status_code == 413

    def test_too_large(self, received: MemoryMail, browser: httpx.Client, server: Running) -> None:
        server.application.parts.settings = {"mail in: smtp: maximum size": 70_000}
        page = bring(browser, ("b.eml", b"From: b\r\n\r\n" + b"x" * 100_000)).text
        assert "Too large: 98 kB, and at most 68 kB are taken." in page
        assert received.taken == []

    def test_a_full_disk(self, received: MemoryMail, browser: httpx.Client) -> None:
        received.broken = StoreFull("no space")
        assert "It could not be kept." in bring(browser, ("b.eml", b"From: b\r\n\r\n")).text

    def test_a_form_of_another_site_is_refused(self, received: MemoryMail, browser: httpx.Client) -> None:
        answer = browser.post("/mail/by-hand", files={"mails": ("a.eml", b"From: a\r\n\r\n")})
        assert (answer.status_code, received.taken) == (403, [])


def test_refusals_have_their_reasons(received: MemoryMail) -> None:
    received.refused = [Refusal(1, THEN, "smtp", "nobody has this address", "spam@example.org", "x@clinic.example")]
    shown = mail_views.shown(MailOverview(refusals=tuple(received.refused)), 10, str).refused
    assert [(one.reason, came) for one, came in shown] == [("nobody has this address", "as mail to this computer")]
