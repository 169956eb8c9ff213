"""The mailbox against a real Dovecot: fetched once whatever happens, marked after it is kept, nothing else touched."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.mail.mail_folder import KEYWORD, _heading
from appliance.mail.mail_log import MailLog
from appliance.mail.mailbox import Mailbox
from appliance.mail.mailbox_server import MailboxServer
from appliance.store.database import Store
from appliance.store.mailboxes import ReadUpTo, folder_name, read_up_to, set_read_up_to
from tests.mail.arrivals import Arrivals
from tests.mail.listening import until
from tests.mail.peers.dovecot import Dovecot, dovecot

ADA, BOB, GONE = "clinic+bcdfgh@example.org", "clinic+kprstw@example.org", "clinic+xyzxyz@example.org"
LARGEST = 200_000
TAKEN = {b"\\Seen", KEYWORD}


@pytest.fixture(scope="module")
def running() -> Iterator[Dovecot]:
    """One for all tests that find a mailbox of their own in it: a folder."""
    with dovecot() as started:
        yield started


@pytest.fixture
def folder(running: Dovecot, request: pytest.FixtureRequest) -> str:
    name: str = request.node.name
    with running.person() as client:
        client.create_folder(name)
    return name


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.mail.mailbox._FIRST_PAUSE", 0.05)
    monkeypatch.setattr("appliance.mail.mailbox._LONGEST_PAUSE", 0.2)
    monkeypatch.setattr("appliance.mail.mail_folder._SLICE", 0.1)
    monkeypatch.setattr("appliance.mail.mail_folder._IDLE", 3.0)


@asynccontextmanager
async def fetching(folder: Path, arrivals: Arrivals, server: MailboxServer) -> AsyncIterator[Mailbox]:
    """A mailbox that is being fetched from, until the block is left."""
    store, log = Store(folder), MailLog(folder / "logs")
    mailbox = Mailbox(arrivals, server, store, log, largest=LARGEST, is_ours=lambda address: "+" in address)
    mailbox.start()
    try:
        yield mailbox
    finally:
        await mailbox.stop()
        log.close()
        store.close()


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()
    asyncio.run(bounded())


def mail(*to: str, subject: str = "Notice", extra: str = "", body: str = "You owe rent.") -> bytes:
    return (f"{extra}From: Landlord <landlord@example.com>\r\nTo: {', '.join(to)}\r\nSubject: {subject}\r\n\r\n"
            f"{body}\r\n").encode()


def test_mail_for_interviews_is_taken_and_everything_else_is_left_alone(
        running: Dovecot, folder: str, tmp_path: Path) -> None:
    """What was there before, and at once what comes then; only ours is marked, what nobody knows is noted once."""
    arrivals = Arrivals({ADA, BOB})
    messages = [mail('"Clinic, for Ada" <Clinic+BCDFGH@example.org>', BOB), mail("clinic@example.org"),
                mail("clinic@example.org", extra=f"Return-Path: <bounces@example.com>\r\nDelivered-To: {ADA}\r\n"),
                mail(ADA, body="x" * 300_000)]
    for message in messages:
        running.deliver(message, folder)

    async def test() -> None:
        async with fetching(tmp_path, arrivals, running.server(folder=folder)) as mailbox:
            await until(lambda: mailbox.health()["fetched"] is not None)
            assert [kept.recipient for kept in arrivals.kept] == [ADA, BOB, ADA]
            await asyncio.sleep(0.4)   # it now waits for news
            await asyncio.to_thread(running.deliver, mail(BOB, subject="At once"), folder)
            await asyncio.to_thread(running.deliver, mail(GONE), folder)
            await until(lambda: len(arrivals.refused) == 2, seconds=20)
            assert mailbox.health()["status"] == "ok"
        async with fetching(tmp_path, arrivals, running.server(folder=folder)) as mailbox:
            await until(lambda: mailbox.health()["fetched"] is not None)

    run(test)
    assert [kept.message for kept in arrivals.kept] == [messages[0]] * 2 + [messages[2], mail(BOB, subject="At once")]
    assert [kept.sender for kept in arrivals.kept] == ["landlord@example.com"] * 2 + [
        "bounces@example.com", "landlord@example.com"]
    assert arrivals.refused == [("it is too large", "landlord@example.com", ADA, "mailbox"),
                                ("there is no such address", "landlord@example.com", GONE, "mailbox")]
    assert list(running.flags(folder).values()) == [TAKEN, set(), TAKEN, set(), TAKEN, set()]
    assert "example" not in (tmp_path / "logs" / "mail.log").read_text(encoding="utf-8")


def test_a_message_that_was_kept_but_not_marked_is_kept_once(running: Dovecot, folder: str, tmp_path: Path) -> None:
    """A kill after the commit: the message is fetched again, known as the same, and marked."""
    arrivals = Arrivals({ADA})
    running.deliver(mail(ADA), folder)
    server = running.server(folder=folder)

    async def test() -> None:
        async with fetching(tmp_path, arrivals, server) as mailbox:
            await until(lambda: mailbox.health()["fetched"] is not None)
        with running.person(folder) as client:
            client.remove_flags([1], [b"\\Seen", KEYWORD])
        name, store = folder_name(server.host, server.user, server.folder), Store(tmp_path)
        mark = store.read(lambda database: read_up_to(database, name)).result()
        assert mark is not None
        assert mark.uid == 1
        store.write(lambda database: set_read_up_to(database, name, ReadUpTo(mark.uidvalidity, 0))).result()
        store.close()
        async with fetching(tmp_path, arrivals, server) as mailbox:
            await until(lambda: mailbox.health()["fetched"] is not None)

    run(test)
    assert len(arrivals.kept) == 1
    assert arrivals.fetched == 2
    assert running.flags(folder) == {1: TAKEN}


def test_a_heading_that_is_meant_to_take_for_ever() -> None:
    """Megabytes without an end to an address are looked at in no time; what is found at the beginning counts."""
    raw = b"From: " + b"<" * 100_000 + b"\r\nTo: <" + ADA.encode() + b">, " + b"a" * 3_000_000 + b"\r\n b@b"
    began = time.monotonic()
    heading = _heading(1, {b"RFC822.SIZE": 4_000_000, b"BODY[HEADER.FIELDS (TO FROM)]": raw})
    assert heading.addresses[0] == ADA
    assert time.monotonic() - began < 2


def test_copies_for_several_addresses_reach_each_once(running: Dovecot, folder: str, tmp_path: Path) -> None:
    """A provider may put a mail for two addresses of one mailbox into it once or twice."""
    arrivals = Arrivals({ADA, BOB})
    for address in (ADA, BOB):
        running.deliver(mail(ADA, BOB, extra=f"Delivered-To: {address}\r\nMessage-ID: <one@example.com>\r\n"), folder)

    async def test() -> None:
        async with fetching(tmp_path, arrivals, running.server(folder=folder)) as mailbox:
            await until(lambda: mailbox.health()["fetched"] is not None)

    run(test)
    assert [kept.recipient for kept in arrivals.kept] == [ADA, BOB]
    assert list(running.flags(folder).values()) == [TAKEN, TAKEN]


def test_a_folder_whose_numbers_begin_anew(running: Dovecot, folder: str, tmp_path: Path) -> None:
    """Somebody moves all messages away, makes the folder anew and moves them back: each is there once, and new ones."""
    arrivals = Arrivals({ADA})
    running.deliver(mail(ADA, subject="Old"), folder)

    async def test() -> None:
        async with fetching(tmp_path, arrivals, running.server(folder=folder)) as mailbox:
            await until(lambda: mailbox.health()["fetched"] is not None)
        with running.person(folder) as client:
            client.create_folder("elsewhere")
            client.move(client.search(), "elsewhere")
            client.select_folder("elsewhere")
            client.delete_folder(folder)
            client.create_folder(folder)
            client.move(client.search(), folder)
        running.deliver(mail(ADA, subject="New"), folder)
        async with fetching(tmp_path, arrivals, running.server(folder=folder)) as mailbox:
            await until(lambda: mailbox.health()["fetched"] is not None)

    run(test)
    assert [kept.message for kept in arrivals.kept] == [mail(ADA, subject="Old"), mail(ADA, subject="New")]
    assert arrivals.fetched == 2   # the mark on the first one moved with it


def test_a_server_without_keywords_and_news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked each minute (here: sooner). Messages become read ones; numbers that begin anew double nothing."""
    monkeypatch.setattr("appliance.mail.mailbox._EACH", 0.2)
    arrivals = Arrivals({ADA})
    with dovecot(keywords=False, idle=False) as server:

        async def test() -> None:
            server.deliver(mail(ADA, subject="First"))
            async with fetching(tmp_path, arrivals, server.server()) as mailbox:
                await until(lambda: mailbox.health()["fetched"] is not None)
                await asyncio.to_thread(server.deliver, mail(ADA, subject="Second"))
                await until(lambda: len(arrivals.kept) == 2)
            for index in (server.folder / "home" / "Maildir").glob("dovecot*uidlist"):
                index.unlink()
            server.deliver(mail(ADA, subject="Third"))
            async with fetching(tmp_path, arrivals, server.server()) as mailbox:
                await until(lambda: mailbox.health()["fetched"] is not None)

        run(test)
        assert [kept.message for kept in arrivals.kept] == [
            mail(ADA, subject=subject) for subject in ("First", "Second", "Third")]
        assert list(server.flags().values()) == [{b"\\Seen"}] * 3


def test_trouble_of_ours_loses_nothing(running: Dovecot, folder: str, tmp_path: Path) -> None:
    """While nothing can be kept, the message stays unread in the mailbox; then it is taken."""
    arrivals = Arrivals({ADA}, broken=True)
    running.deliver(mail(ADA), folder)

    async def test() -> None:
        async with fetching(tmp_path, arrivals, running.server(folder=folder)) as mailbox:
            await until(lambda: mailbox.health().get("error") == "a mail could not be kept")
            assert running.flags(folder) == {1: set()}
            arrivals.broken = False
            await until(lambda: mailbox.health()["status"] == "ok")

    run(test)
    assert len(arrivals.kept) == 1
    assert running.flags(folder) == {1: TAKEN}


def test_a_message_that_somebody_removes_meanwhile(running: Dovecot, folder: str, tmp_path: Path) -> None:
    """Between looking and fetching: the others come all the same."""
    arrivals = Arrivals({ADA, BOB})
    running.deliver(mail(ADA), folder)
    running.deliver(mail(BOB), folder)

    def remove() -> None:
        with running.person(folder) as client:
            client.delete_messages([1])
            client.expunge([1])

    async def test() -> None:
        arrivals.on_knows = remove
        async with fetching(tmp_path, arrivals, running.server(folder=folder)) as mailbox:
            await until(lambda: mailbox.health()["fetched"] is not None, seconds=20)

    run(test)
    assert [kept.recipient for kept in arrivals.kept] == [BOB]


def test_lost_connections_are_made_again(running: Dovecot, folder: str, tmp_path: Path) -> None:
    """In the middle of a message, while it waits for news, and while the server is away."""
    arrivals = Arrivals({ADA})
    running.deliver(mail(ADA, subject="First", body="x" * 150_000), folder)

    async def test() -> None:
        arrivals.on_knows = running.cut
        async with fetching(tmp_path, arrivals, running.server(folder=folder)) as mailbox:
            await until(lambda: mailbox.health()["fetched"] is not None, seconds=20)
            await asyncio.to_thread(running.cut)
            await asyncio.to_thread(running.deliver, mail(ADA, subject="Second"), folder)
            await until(lambda: len(arrivals.kept) == 2, seconds=20)
            await asyncio.to_thread(running.stop)
            await until(lambda: "error" in mailbox.health())
            assert mailbox.health()["error"].startswith(("there is no way to the mailbox's server", "the mailbox's"))
            await asyncio.to_thread(running.start)
            await asyncio.to_thread(running.deliver, mail(ADA, subject="Third"), folder)
            await until(lambda: len(arrivals.kept) == 3, seconds=20)
            await until(lambda: mailbox.health()["status"] == "ok")

    run(test)
    assert list(running.flags(folder).values()) == [TAKEN] * 3


def test_a_folder_that_is_missing(running: Dovecot, tmp_path: Path) -> None:
    """It is said so, and when somebody makes it, mail is fetched from it."""
    async def test() -> None:
        async with fetching(tmp_path, Arrivals({ADA}), running.server(folder="Interviews")) as mailbox:
            await until(lambda: mailbox.health().get("error") == "the mailbox has no folder of that name")
            with running.person() as client:
                client.create_folder("Interviews")
            await until(lambda: mailbox.health()["status"] == "ok")

    run(test)


def test_encryption(running: Dovecot, folder: str, tmp_path: Path) -> None:
    """A certificate that nobody trusts is refused before the password is said; one that is named is trusted."""
    arrivals = Arrivals({ADA})
    running.deliver(mail(ADA), folder)
    server = running.server(folder=folder, encrypted=True)

    async def test() -> None:
        async with fetching(tmp_path, arrivals, replace(server, certificates="")) as mailbox:
            await until(lambda: "the certificate of the mailbox's server is not" in mailbox.health().get("error", ""))
        starttls = replace(server, port=running.port, use_ssl=False, use_tls=True)
        for encrypted in (server, starttls):
            async with fetching(tmp_path, arrivals, encrypted) as mailbox:
                await until(lambda: mailbox.health()["fetched"] is not None)

    run(test)
    assert len(arrivals.kept) == 1


def test_a_wrong_password_is_told_and_not_hammered(running: Dovecot, folder: str, tmp_path: Path) -> None:
    """One try, and none for a quarter of an hour; the words have no name in them. Last: Dovecot is slow after it."""
    def tries() -> int:
        return (running.folder / "dovecot.log").read_text(encoding="utf-8").count("auth failed")

    before = tries()

    async def test() -> None:
        async with fetching(tmp_path, Arrivals({ADA}), running.server(folder=folder, password="wrong")) as mailbox:
            await until(lambda: mailbox.health()["status"] == "failed")
            assert mailbox.health()["error"] == "the user name or password was refused"
            await asyncio.sleep(0.5)
            await until(lambda: tries() == before + 1)

    run(test)
