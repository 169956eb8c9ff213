"""The Outbox page: how mail is worded, what its buttons do, and who is refused."""

from __future__ import annotations

import doctest
import html
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from appliance.server import outbox_views
from appliance.sessions.errors import NotYours
from appliance.sessions.mail_list import Decision, MailSummary, OutboxOverview
from appliance.sessions.mail_preview import Attachment, MailPreview
from appliance.sessions.visitor import Visitor
from appliance.store.outbox import MailState
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW
from tests.server.test_interview import ADDRESS, form_of
from tests.server.test_tasks import sign_in

SAYS = MailPreview(("Ann <ann@client.example>",), (), ("b@client.example",), "", "", "Your <b>hearing</b>",
                   "It is on\nTuesday & Friday", attachments=(Attachment("a<b>.pdf", 20_400),),
                   mailto="mailto:ann@client.example?subject=x&body=y")


def mail(number: int = 1, **more: Any) -> MailSummary:
    known: dict[str, Any] = {
        "number": number, "state": "waiting", "interview": INTERVIEW, "of_session": True, "session_id": "s1",
        "session_title": "", "created": 1e6, "next_try": 1e6, "tries": 0, "ended": None, "repeats": 1, "readable": True,
        "error": "", "answer": "", "preview": SAYS, "by_hand": False, "under_way": False}
    return MailSummary(**(known | more))


class MemoryOutbox:
    """Gives what a test puts in, and notes what is decided."""

    def __init__(self) -> None:
        self.mails: list[MailSummary] = []
        self.calls: list[str] = []
        self.came: Decision = "done"
        self.on_changed: Callable[[], None] = lambda: None

    async def overview(self, visitor: Visitor, most: int = 50) -> OutboxOverview:
        states: tuple[MailState, ...] = ("waiting", "failed", "sent")
        found = {state: [one for one in self.mails if one.state == state] for state in states}
        return OutboxOverview({state: mails[:most] for state, mails in found.items()},
                              {state: len(mails) for state, mails in found.items()})

    async def totals(self, visitor: Visitor) -> dict[MailState, int]:
        return {"waiting": len(self.mails), "failed": 0}

    async def draft(self, number: int, visitor: Visitor) -> bytes | None:
        if number == 2:
            raise NotYours("")
        return b"X-Unsent: 1\r\n\r\nHello" if number == 1 else None

    async def try_again(self, number: int, visitor: Visitor) -> Decision:
        return self._decided("again", number)

    async def delete(self, number: int, visitor: Visitor) -> Decision:
        return self._decided("delete", number)

    async def sent_by_hand(self, number: int, visitor: Visitor) -> Decision:
        return self._decided("sent", number)

    def _decided(self, what: str, number: int) -> Decision:
        if number == 2:
            raise NotYours("")
        self.calls.append(f"{what} {number}")
        return self.came


@pytest.fixture
def outbox(server: Running, browser_client: httpx.Client) -> MemoryOutbox:
    """An outbox that the server shows, with a mail server; the browser has been here before."""
    server.application.parts.outgoing = outbox = MemoryOutbox()
    server.application.parts.health["mail"] = lambda: {"status": "ok"}
    browser_client.get(ADDRESS)
    return outbox


def page(client: httpx.Client, query: str = "") -> str:
    answer = client.get(f"/outbox{query}")
    assert answer.status_code == 200
    return answer.text


def test_the_words() -> None:
    assert doctest.testmod(outbox_views).failed == 0


def test_what_is_told_of_a_mail(outbox: MemoryOutbox, browser_client: httpx.Client) -> None:
    """Everything in its own words, and nothing of what it says as HTML."""
    now = time.time()
    outbox.mails = [
        mail(1), mail(2, tries=2, error="gaierror", next_try=now + 240), mail(3, under_way=True),
        mail(4, state="failed", ended=1e6, tries=1, error="a recipient was refused (550)", answer="550 <i>nobody</i>"),
        mail(5, state="sent", preview=None, ended=1e6), mail(6, state="sent", preview=None, ended=1e6, by_hand=True),
        mail(7, readable=False, preview=None, session_id=""), mail(8, error="no mail server is configured as x"),
        mail(9, of_session=False, interview="", session_id="")]
    text = html.unescape(page(browser_client))
    for words in (
            "Waiting to be sent", "Your <b>hearing</b>", "To Ann <ann@client.example>, b@client.example",
            "It is on\nTuesday & Friday", "a<b>.pdf (20 kB)", "It is sent in a moment", "There is no network",
            "Tried 2 times; next try in about 4 minutes", "It is being sent at this moment",
            "Could not be sent", "tried once. A recipient was refused (550). It is not tried again by itself.",
            "550 <i>nobody</i>", "Sent by hand", "Only the people of that interview may read it",
            "It waits. No mail server is configured as x.", "From the appliance itself"):
        assert words in text, words
    raw = page(browser_client)
    assert "<b>" not in raw
    assert "<i>" not in raw
    assert 'id="delete-3"' not in raw, "a mail that is being sent has no buttons"
    assert 'id="draft-7"' not in raw
    assert 'id="delete-7"' in raw
    assert "Nothing is sent by itself" not in raw
    assert "<title>Outbox</title>" in raw


def test_without_a_mail_server_it_says_how_to_send_by_oneself(
        server: Running, outbox: MemoryOutbox, browser_client: httpx.Client) -> None:
    server.application.parts.health["mail"] = lambda: {"status": "off"}
    outbox.mails = [mail()]
    text = page(browser_client)
    assert "No mail server is set up yet" in text
    assert 'id="again-1"' not in text
    assert 'id="draft-1"' in text
    assert "config.yml" not in text, "who is no administrator cannot change it"
    sign_in(browser_client)
    assert "mail:\n  server: smtp.example.com\n" in page(browser_client), "YAML lives by its spaces"


def test_strangers_and_empty_outboxes(server: Running, outbox: MemoryOutbox, browser_client: httpx.Client) -> None:
    outbox.mails = [mail()]
    with server.browser() as stranger:
        assert "No mail waits" in page(stranger)
    assert "1 mail waits" in browser_client.get("/").text
    outbox.mails = []
    assert "No mail waits" in page(browser_client)
    assert "/outbox" not in browser_client.get("/").text


def test_show_more(outbox: MemoryOutbox, browser_client: httpx.Client) -> None:
    outbox.mails = [mail(number) for number in range(1, 231)]
    first = page(browser_client)
    assert first.count('<li id="mail-') == 50
    assert "180 are not shown" in first
    assert page(browser_client, "?show=200").count('<li id="mail-') == 200
    assert "Show more" not in page(browser_client, "?show=5000")
    assert page(browser_client, "?show=x").count('<li id="mail-') == 50


def test_the_fragment_has_no_token_and_stays_the_same(outbox: MemoryOutbox, browser_client: httpx.Client) -> None:
    outbox.mails = [mail()]
    fragments = [page(browser_client, "?fragment=1").partition(">")[2] for _ in range(2)]
    assert fragments[0] == fragments[1]
    assert "_xsrf" not in fragments[0]
    assert "<html" not in fragments[0]


@pytest.mark.parametrize("came", ["done", "gone", "busy"])
def test_a_button_with_and_without_script(outbox: MemoryOutbox, browser_client: httpx.Client, came: Decision) -> None:
    outbox.mails, outbox.came = [mail()], came
    token = form_of(browser_client.get(ADDRESS).text)["_xsrf"]
    for kind in ("again", "delete", "sent"):
        answer = browser_client.post(f"/outbox/{kind}", data={"mail": "1", "_xsrf": token})
        assert answer.status_code == 303
        told = answer.headers["Location"]
        assert told == f"/outbox?done={kind}&came={came}"
        script = browser_client.post(f"/outbox/{kind}", data={"mail": "1", "_xsrf": token},
                                     headers={"X-Requested-With": "XMLHttpRequest"}).json()
        assert script["success"] == (came == "done")
        assert script["message"] in page(browser_client, told.removeprefix("/outbox"))
    assert outbox.calls == ["again 1", "again 1", "delete 1", "delete 1", "sent 1", "sent 1"]


def test_a_button_needs_the_token_and_the_right(outbox: MemoryOutbox, browser_client: httpx.Client) -> None:
    token = form_of(browser_client.get(ADDRESS).text)["_xsrf"]
    for kind in ("again", "delete", "sent"):
        assert browser_client.post(f"/outbox/{kind}", data={"mail": "1"}).status_code == 403
        assert browser_client.post(f"/outbox/{kind}", data={"mail": "2", "_xsrf": token}).status_code == 403
        assert browser_client.get(f"/outbox/{kind}").status_code == 405
        for no_number in ("²x", "9" * 30, "9" * 5000):
            gone = browser_client.post(f"/outbox/{kind}", data={"mail": no_number, "_xsrf": token})
            assert gone.headers["Location"].endswith("came=gone")
    assert outbox.calls == []


def test_a_draft_is_a_file_and_never_a_page(outbox: MemoryOutbox, browser_client: httpx.Client) -> None:
    answer = browser_client.get("/outbox/1/mail.eml")
    assert answer.content == b"X-Unsent: 1\r\n\r\nHello"
    assert answer.headers["Content-Type"] == "message/rfc822"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mail-1.eml"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser_client.get("/outbox/2/mail.eml").status_code == 403
    assert browser_client.get("/outbox/3/mail.eml").status_code == 404


def test_an_appliance_without_an_outbox_says_so(browser_client: httpx.Client) -> None:
    assert browser_client.get("/outbox").status_code == 404
