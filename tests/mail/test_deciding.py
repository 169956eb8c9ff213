"""What a person decides about a mail while the outbox is at work: the decision counts, or the mail server's answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from appliance.interview.host import UserInfo
from appliance.sessions.mail_list import Decision, MailList
from appliance.sessions.visitor import Visitor
from appliance.store.errors import StoreFull
from tests.mail.office import KEY, Office, in_loop, office
from tests.mail.receiver import Receiver, receiver

ADMIN = Visitor("the window", UserInfo(user_id=1, privileges=("admin",)))
DECISIONS = ("delete", "sent_by_hand", "try_again")


class Nobody:
    """No session is there: all mail is the appliance's own."""

    async def held_by(self, visitor: Visitor) -> list[str]:
        return []

    async def titles_of(self, session_ids: Collection[str], visitor: Visitor) -> dict[str, str]:
        return {}


def list_of(there: Office) -> MailList:
    return MailList(there.store, KEY, Nobody(), under_way=there.outbox.is_under_way, wake=there.outbox.wake)


def decide(mails: MailList, what: str, number: int) -> Awaitable[Decision]:
    do: Callable[[int, Visitor], Awaitable[Decision]] = getattr(mails, what)
    return do(number, ADMIN)


@pytest.mark.parametrize("what", DECISIONS)
def test_a_mail_that_the_mail_server_has_taken_is_sent_whatever_is_decided(tmp_path: Path, what: str) -> None:
    """Decided between the server's taking it and its saying so: the person is told that it is being sent."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port) as one:
            mails = list_of(one)
            came: list[Decision] = []
            answer_late(there, mails, what, 1, came)
            one.post("ann@client.example")
            one.outbox.start()
            row = await one.until("sent")
            assert came == ["busy"]
            assert (row.state, row.sealed, row.sealed_answer is None) == ("sent", None, False)
            while (decision := await decide(mails, what, 1)) == "busy":  # noqa: ASYNC110 - the outbox tells nobody
                await asyncio.sleep(0.01)
            assert decision == "gone"
            assert len(there.mails) == 1
    in_loop(test)


@pytest.mark.parametrize(("what", "sent"), [("delete", 1), ("sent_by_hand", 1), ("try_again", 2)])
def test_what_is_decided_of_a_mail_further_back_holds(tmp_path: Path, what: str, sent: int) -> None:
    """The outbox has chosen both to be sent; the second one is looked at once more when its turn comes."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port) as one:
            mails = list_of(one)
            came: list[Decision] = []
            answer_late(there, mails, what, 2, came)
            one.post("ann@client.example")
            one.post("bob@client.example")
            one.outbox.start()
            await one.until_all(lambda rows: all(row.state == "sent" for row in rows))
            assert came == ["done"]
            assert len(there.mails) == sent
            one.post("late@client.example")
            one.outbox.wake()
            await one.until_all(lambda rows: rows[-1].state == "sent")
            assert len(there.mails) == sent + 1
    in_loop(test)


def test_a_mail_that_could_not_be_marked_is_not_decided_about(tmp_path: Path) -> None:
    """It is sent already; nobody is told that it was deleted, or sends it a second time."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port) as one:
            mails, write, failed = list_of(one), one.store.write, asyncio.Event()
            loop = asyncio.get_running_loop()

            def full_disk(function: Callable[..., Any]) -> Any:
                if threading.current_thread().name == "outbox" and not failed.is_set():
                    loop.call_soon_threadsafe(failed.set)
                    raise StoreFull("no space left")
                return write(function)
            one.store.write = full_disk  # type: ignore[method-assign]
            one.post("ann@client.example")
            one.outbox.start()
            await failed.wait()
            for what in DECISIONS:
                assert await decide(mails, what, 1) == "busy"
            row = await one.until("sent")   # the last of them woke the outbox
            assert row.sealed_answer is not None
            assert len(there.mails) == 1
    in_loop(test)


def answer_late(there: Receiver, mails: MailList, what: str, number: int, came: list[Decision]) -> None:
    """The mail server takes its first mail, and answers when the decision about `number` has come to something."""
    take = there.handle_DATA

    async def handle(server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await take(server, session, envelope)
        if not came:
            came.append(await decide(mails, what, number))
        return answer
    there.handle_DATA = handle  # type: ignore[method-assign]
