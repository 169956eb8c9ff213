"""Received mail in memory, for tests of the Mail page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from appliance.sessions.errors import NotYours
from appliance.sessions.mail_door import MailToRead, NotMail, Receipt, WayState
from appliance.sessions.received_list import AddressSummary, MailOverview, MailSummary
from appliance.sessions.visitor import Visitor
from appliance.store.received_mail import Refusal
from tests.server.memory_turns import INTERVIEW

__all__ = ["MemoryMail", "address", "mail"]

THEN = 1_000_000.0


def address(code: str = "bcdfgh", **more: Any) -> AddressSummary:
    known: dict[str, Any] = {
        "code": code, "address": f"{code}@clinic.example", "session_id": "s1", "interview": INTERVIEW,
        "session_title": "", "key": None, "index": None, "owner": "", "own": True, "created": THEN, "mails": 0,
        "visible": True}
    return AddressSummary(**(known | more))


def mail(number: int = 1, **more: Any) -> MailSummary:
    known: dict[str, Any] = {
        "number": number, "address": "bcdfgh@clinic.example", "session_id": "s1", "interview": INTERVIEW,
        "session_title": "", "received": THEN, "way": "smtp", "size": 2048, "state": "taken", "error": "",
        "from_text": "lou@example.org", "subject": f"Mail {number}", "task_id": "", "task_state": None,
        "task_error_type": "", "task_error_where": "", "visible": True, "own": True}
    return MailSummary(**(known | more))


class MemoryMail:
    """Gives what a test puts in; takes by hand what begins with ``From:``, for the addresses that it names."""

    def __init__(self) -> None:
        self.on_changed: Callable[[], None] = lambda: None
        self.addresses: list[AddressSummary] = []
        self.received: list[MailSummary] = []
        self.refused: list[Refusal] = []
        self.opened: dict[int, MailToRead] = {}
        self.taken: list[tuple[bytes, str]] = []
        self.broken: Exception | None = None

    async def ways(self) -> Sequence[WayState]:
        return [WayState("Mail to this computer", "off.", "off"), WayState("Mailbox", "the password is wrong.", "bad")]

    async def overview(self, visitor: Visitor) -> MailOverview:
        return MailOverview(tuple(self.addresses), tuple(self.received), tuple(self.refused))

    async def open(self, number: int, visitor: Visitor) -> MailToRead | None:
        found = self.opened.get(number)
        if found is not None and not found.summary.visible:
            raise NotYours(found.summary.session_id)
        return found

    async def by_hand(self, message: bytes, visitor: Visitor, code: str = "") -> list[Receipt]:
        if self.broken is not None:
            raise self.broken
        if not message.startswith(b"From:"):
            raise NotMail("This file is a picture.")
        named = [one for one in self.addresses if one.code == code or one.address.encode() in message]
        again = any(message == before for before, _ in self.taken)
        self.taken.append((message, code))
        return [Receipt(one.address, "repeated" if again else "taken") for one in named]
