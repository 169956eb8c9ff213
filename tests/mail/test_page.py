"""What the Mail page asks of received mail: who may read and bring which mail, and what is no mail."""

from __future__ import annotations

import asyncio
import doctest
import threading
import time
from collections.abc import Awaitable, Callable
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from appliance.mail import page, ways
from appliance.mail.incoming import MailIn
from appliance.mail.page import MailPage, as_mail, named_addresses
from appliance.mail.ways import mailbox_state, smtp_state
from appliance.sessions.errors import NotYours
from appliance.sessions.mail_door import NotMail, Receipt
from appliance.sessions.visitor import Visitor
from appliance.store.files import FileStore
from tests.sessions.house import ANN, BOB, House, run, screen_of

SETTINGS = {"incoming mail domain": "mail.example.org"}
PRIVATE = """
mandatory: True
question: Send to ${ interview_email() }
buttons:
  - Refresh: refresh
---
event: incoming_email
code: |
  background_response()
"""
SHARED = f"""
mandatory: True
code: |
  multi_user = True
---
{PRIVATE}"""
MESSAGE = (b"From: Fred Lord <fred@example.com>\r\nTo: x@mail.example.org\r\nSubject: Notice\r\n"
           b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
           b"You must leave.\r\n--b\r\nContent-Type: text/plain; name=notice.txt\r\nContent-Disposition: attachment\r\n"
           b"\r\nthe notice\r\n--b--\r\n")

Test = Callable[["Desk", str, str], Awaitable[None]]


class Desk:
    """The page of a house, and who may come to it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.mail_in = MailIn(house.store, house.key, house.turns, SETTINGS.get)
        self.page = MailPage(self.mail_in, house.turns, FileStore(house.store.folder), SETTINGS.get,
                             lambda: {"smtp": None, "imap": None})
        self.administrator = Visitor("the window", house.owner)

    async def bring(self, message: bytes, visitor: Visitor = ANN, code: str = "") -> list[Receipt]:
        receipts = await self.page.by_hand(message, visitor, code)
        await self.mail_in.delivered()
        return receipts


def at_desk(folder: Path, interview: str, test: Test) -> None:
    """Run `test` with the address that Ann's session gave out, and the session."""
    async def whole(house: House) -> None:
        reply = await house.begin()
        desk = Desk(house)
        [given] = (await desk.page.overview(ANN)).addresses
        assert given.address in screen_of(reply).question_text
        await test(desk, given.address, reply.session_id)
    run(folder, whole, interview, settings=SETTINGS)


def addressed(address: str) -> bytes:
    return MESSAGE.replace(b"x@mail.example.org", address.encode())


@pytest.mark.parametrize("interview", [SHARED, PRIVATE], ids=["multi_user", "alone"])
def test_a_mail_is_brought_once_and_read_as_it_came(tmp_path: Path, interview: str) -> None:
    """Whether or not the appliance can open its session by itself."""
    async def test(desk: Desk, address: str, session_id: str) -> None:
        message = addressed(address)
        assert await desk.bring(message) == [Receipt(address, "taken")]
        assert await desk.bring(message) == [Receipt(address, "repeated")]
        [mail] = (await desk.page.overview(ANN)).mails
        assert (mail.way, mail.state, mail.subject) == ("hand", "taken", "Notice")
        opened = await desk.page.open(mail.number, ANN)
        assert opened is not None
        assert opened.raw == message
        assert ("From", "Fred Lord <fred@example.com>") in opened.headers
        assert [(one.kind, one.name, one.content.strip()) for one in opened.parts] == [
            ("text", "", b"You must leave."), ("attachment", "notice.txt", b"the notice")]
        await desk.house.turns.delete(session_id, ANN)
        assert await desk.page.open(mail.number, ANN) is None
    at_desk(tmp_path, interview, test)


def test_it_is_for_the_one_that_is_chosen(tmp_path: Path) -> None:
    async def test(desk: Desk, address: str, session_id: str) -> None:
        assert await desk.bring(MESSAGE) == []
        assert await desk.bring(MESSAGE, code=address.partition("@")[0]) == [Receipt(address, "taken")]
    at_desk(tmp_path, SHARED, test)


def test_a_stranger_finds_and_adds_nothing(tmp_path: Path) -> None:
    async def test(desk: Desk, address: str, session_id: str) -> None:
        await desk.bring(addressed(address))
        [mail] = (await desk.page.overview(ANN)).mails
        assert (await desk.page.overview(BOB)).mails == ()
        assert await desk.bring(addressed(address), BOB) == []
        with pytest.raises(NotYours):
            await desk.bring(MESSAGE, BOB, address.partition("@")[0])
        with pytest.raises(NotYours):
            await desk.page.open(mail.number, BOB)
        assert await desk.page.open(999, BOB) is None
    at_desk(tmp_path, SHARED, test)


def test_an_administrator_reads_and_brings_what_several_people_use(tmp_path: Path) -> None:
    async def test(desk: Desk, address: str, session_id: str) -> None:
        assert await desk.bring(addressed(address), desk.administrator) == [Receipt(address, "taken")]
        [mail] = (await desk.page.overview(desk.administrator)).mails
        assert (mail.visible, mail.own, mail.subject) == (True, False, "Notice")
        opened = await desk.page.open(mail.number, desk.administrator)
        assert opened is not None
        assert opened.raw == addressed(address)
    at_desk(tmp_path, SHARED, test)


def test_an_administrator_does_not_read_what_is_one_persons_alone(tmp_path: Path) -> None:
    async def test(desk: Desk, address: str, session_id: str) -> None:
        await desk.bring(addressed(address))
        [mail] = (await desk.page.overview(desk.administrator)).mails
        assert (mail.visible, mail.subject, mail.from_text) == (False, "", "")
        with pytest.raises(NotYours):
            await desk.page.open(mail.number, desk.administrator)
        assert await desk.bring(addressed(address), desk.administrator) == []
        with pytest.raises(NotYours):
            await desk.bring(MESSAGE, desk.administrator, address.partition("@")[0])
    at_desk(tmp_path, PRIVATE, test)


def test_what_cannot_be_taken_apart_has_its_reason(tmp_path: Path) -> None:
    async def test(desk: Desk, address: str, session_id: str) -> None:
        broken = f"To: {address}\r\nContent-Type: multipart/mixed; boundary=gone\r\n\r\nall that there is".encode()
        await desk.bring(broken)
        [mail] = (await desk.page.overview(ANN)).mails
        opened = await desk.page.open(mail.number, ANN)
        assert opened is not None
        assert opened.problem
        assert opened.raw == broken
        assert ("attachment", "message.eml", broken) in [(one.kind, one.name, one.content) for one in opened.parts]
    at_desk(tmp_path, SHARED, test)


def test_two_at_a_time_are_taken_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes several times its size, and up to 48 MB come in one: many people who look at once must wait."""
    lock, now, most = threading.Lock(), 0, 0
    real = page._parsed

    def counted(raw: bytes) -> Any:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.05)   # long enough for the others to come, were they let in
        made = real(raw)
        with lock:
            now -= 1
        return made

    async def test(desk: Desk, address: str, session_id: str) -> None:
        await desk.bring(addressed(address))
        [mail] = (await desk.page.overview(ANN)).mails
        opened = await asyncio.gather(*(desk.page.open(mail.number, ANN) for _ in range(8)))
        assert all(one is not None and one.raw for one in opened)
        assert most <= 2
    monkeypatch.setattr(page, "_parsed", counted)
    at_desk(tmp_path, PRIVATE, test)


def test_a_damaged_one_says_so(tmp_path: Path) -> None:
    async def test(desk: Desk, address: str, session_id: str) -> None:
        await desk.bring(addressed(address))
        [mail] = (await desk.page.overview(ANN)).mails
        [(blob,)] = desk.house.store.read(lambda database: database.execute(
            "SELECT blob FROM received_mail").fetchall()).result()
        [path] = (desk.house.store.folder / "files").rglob(blob)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        opened = await desk.page.open(mail.number, ANN)
        assert opened is not None
        assert "damaged on the disk" in opened.problem
    at_desk(tmp_path, SHARED, test)


@pytest.mark.parametrize(("content", "kept"), [
    (b"From: a@example.org\r\n\r\nx", b"From: a@example.org\r\n\r\nx"), (b"subject:\n\n", b"subject:\n\n"),
    (b"\xef\xbb\xbfFrom: a\n\nx", b"From: a\n\nx"),
    (b"From a@b Mon Mar  2 10:00:00 2026\nFrom: a\n\nx", b"From: a\n\nx"),
    (b"Received: \xff\xfe\0\nX-\xff: \x80\n\n\0", b"Received: \xff\xfe\0\nX-\xff: \x80\n\n\0"),
])
def test_what_is_a_mail(content: bytes, kept: bytes) -> None:
    assert as_mail(content)[0] == kept


@pytest.mark.parametrize(("content", "why"), [
    (b"", "empty"), (b"\r\n \n", "empty"), (bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 500, "Outlook's own"),
    (b"%PDF-1.4\n", "not an e-mail"), (b"PK\x03\x04", "not an e-mail"), (b"<html><body>From: x", "not an e-mail"),
    (b"Dear tenant,\nFrom: me", "not an e-mail"), (b"\x89PNG\r\n\x1a\n", "not an e-mail"),
    (b"BEGIN:VCARD\nFN:Ann\n", "not an e-mail"), (b"\0" * 1000, "not an e-mail"), (b"From ", "not an e-mail"),
])
def test_what_is_no_mail(content: bytes, why: str) -> None:
    with pytest.raises(NotMail, match=why):
        as_mail(content)


def test_whom_a_mail_names() -> None:
    headers = Message()
    headers["To"] = 'Ann <a@x.org>, "b, c" <b@x.org>, undisclosed-recipients:;'
    headers["Cc"] = "=?utf-8?q?J=C3=BCrgen?= <c@x.org>, d@x.org (a comment)"
    headers["Delivered-To"] = "e@x.org"
    headers["X-Original-To"] = "f@x.org"
    headers["Bcc"], headers["From"], headers["Reply-To"] = "g@x.org", "h@x.org", "i@x.org"
    assert set(named_addresses(headers)) == {f"{letter}@x.org" for letter in "abcdefg"}


@pytest.mark.parametrize("value", ["(" * 100_000, "<" * 100_000, '"\\' * 50_000, "[" * 100_000, "a@b.org," * 12_000])
def test_whom_a_hostile_mail_names(value: str) -> None:
    """Python reads some of these in a time that grows with the square, and fails on others."""
    headers = Message()
    headers["Delivered-To"] = "a@x.org"
    for _ in range(3):
        headers["To"] = value
    began = time.process_time()
    assert "a@x.org" in named_addresses(headers)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(("health", "words", "light"), [
    (None, "off", "off"), ({"status": "ok", "ports": []}, "starting", "off"),
    ({"ports": [25, 465]}, "25 and 465", "on"),
    ({"ports": [25], "error": "port 465 is taken"}, "port 465 is taken", "bad"),
])
def test_the_listener_in_words(health: dict[str, object] | None, words: str, light: str) -> None:
    state = smtp_state(health)
    assert words in state.words
    assert state.light == light


@pytest.mark.parametrize(("health", "words", "light"), [
    (None, "none", "off"), ({"status": "starting", "fetched": None}, "first time", "off"),
    ({"status": "ok", "fetched": 0.0}, "1970-01-01 at 00:00 UTC", "on"),
    ({"status": "failed", "fetched": 0.0, "error": "the password is wrong"}, "the password is wrong", "bad"),
])
def test_the_mailbox_in_words(health: dict[str, object] | None, words: str, light: str) -> None:
    state = mailbox_state(health)
    assert words in state.words
    assert state.light == light


def test_the_examples() -> None:
    assert doctest.testmod(ways).failed == 0
