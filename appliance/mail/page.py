"""What the Mail page asks of received mail: a mail to look at, one brought by hand, and how the ways are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import Any

from appliance.mail.incoming import MailIn
from appliance.mail.ways import mailbox_state, smtp_state
from appliance.messages.headers import bare_addresses, one_line
from appliance.messages.parsing import ParsedMail, parse
from appliance.sessions.email_codes import code_in
from appliance.sessions.errors import NotYours
from appliance.sessions.mail_door import MailPart, MailToRead, NotMail, Receipt, WayState
from appliance.sessions.received_list import AddressSummary, MailOverview
from appliance.sessions.turns import Turns
from appliance.sessions.visitor import Visitor
from appliance.store.errors import WrongKey
from appliance.store.files import FileStore

__all__ = ["MailPage", "as_mail", "named_addresses"]

_HEADERS_READ = 256 * 1024
_AT_ONCE = 2   # a big message takes a hundred megabytes while it is taken apart
_SHOWN = ("from", "to", "cc", "reply-to", "date")
_MOST_SHOWN = 20
_OF_A_MAIL = frozenset({"from", "to", "subject", "date", "received", "message-id", "return-path", "delivered-to",
                        "mime-version"})
_WHO_GETS_IT = ("delivered-to", "x-delivered-to", "x-original-to", "envelope-to", "to", "cc", "bcc", "resent-to",
                "resent-cc", "resent-bcc")
"""Where mail programs and servers write whom a mail is for; the first four say who really got it."""

_OUTLOOK = bytes.fromhex("d0cf11e0a1b11ae1")
_DAMAGED = "It is damaged on the disk of the appliance."
_HOW = "In your mail program, save the e-mail itself as a file; its name should end in .eml."


class MailPage:
    """The :class:`~appliance.sessions.mail_door.MailDoor` of the server.

    :param setting: name and default to a configuration directive.
    :param health: how the listener (``smtp``) and the mailbox (``imap``) are; None for one that is not set up.
    """

    def __init__(self, mail_in: MailIn, turns: Turns, files: FileStore, setting: Callable[[str, Any], Any],
                 health: Callable[[], Mapping[str, dict[str, Any] | None]]) -> None:
        self._mail_in = mail_in
        self._turns = turns
        self._files = files
        self._setting = setting
        self._health = health
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    @property
    def on_changed(self) -> Callable[[], None]:
        """Called on the loop when the page would show something else."""
        return self._mail_in.on_changed

    @on_changed.setter
    def on_changed(self, function: Callable[[], None]) -> None:
        self._mail_in.on_changed = function

    async def ways(self) -> Sequence[WayState]:
        """The listener and the mailbox, in words."""
        health = self._health()
        return [smtp_state(health.get("smtp")), mailbox_state(health.get("imap"))]

    async def overview(self, visitor: Visitor) -> MailOverview:
        """What this visitor may see."""
        return await self._mail_in.overview(visitor)

    async def open(self, number: int, visitor: Visitor) -> MailToRead | None:
        """One mail; None if it is gone.

        :raises NotYours: if the visitor may not read it.
        """
        found = await self._turns.received_message(number, visitor)
        if found is None:
            return None
        summary, blob = found
        async with self._at_once:
            try:
                raw = await asyncio.to_thread(lambda: b"".join(self._files.read_blob(blob)))
            except FileNotFoundError:   # its session was deleted in this very moment
                return None
            except WrongKey:
                return MailToRead(summary, b"", (), (), _DAMAGED)
            parsed, parts = await asyncio.to_thread(_parsed, raw)
        return MailToRead(summary, raw, _headers(raw), parts, parsed.problem)

    async def by_hand(self, message: bytes, visitor: Visitor, code: str = "") -> list[Receipt]:
        """Take a mail from a file, for those addresses that it names and the visitor may see, or for the one `code`.

        :returns: nothing where it names none.
        :raises NotMail: if the file is something else.
        :raises NotYours: if `code` is of another person's session, or gone.
        :raises StoreError: if it could not be kept.
        """
        message, headers = await asyncio.to_thread(as_mail, message)
        sender, addresses = await asyncio.to_thread(lambda: (_sender(headers), named_addresses(headers)))
        known: dict[str, AddressSummary] = {
            one.code: one for one in (await self.overview(visitor)).addresses if one.visible}
        if code:
            if code not in known:
                raise NotYours("")
            recipients = [known[code].address]
        else:
            named = (code_in(address, self._setting) for address in addresses)
            recipients = [known[one].address for one in dict.fromkeys(named) if one in known]
        if not recipients:
            return []
        taken = await self._mail_in.receive(message, recipients, sender, "hand")
        return [Receipt(one.recipient, "taken" if one.outcome == "taken" else "repeated")
                for one in taken if one.outcome != "unknown"]


def as_mail(content: bytes) -> tuple[bytes, Message]:
    """The message in a file, and its headers.

    :raises NotMail: if the file is something else.
    """
    if not content.strip():
        raise NotMail("The file is empty.")
    if content.startswith(_OUTLOOK):
        raise NotMail("This is a file of Outlook's own (.msg), which other programs cannot read. In Outlook, choose "
                      "Save As and .eml where it is offered, or forward the e-mail to the interview's address.")
    message = content.removeprefix(b"\xef\xbb\xbf")   # what Windows' editors put before a text
    if message.startswith(b"From "):   # the line before each mail in a mailbox file
        message = message.partition(b"\n")[2]
    headers = BytesHeaderParser(policy=compat32).parsebytes(message[:_HEADERS_READ])
    if _OF_A_MAIL.isdisjoint(name.lower() for name in headers.keys()):   # noqa: SIM118 - a Message iterates otherwise
        raise NotMail(f"This is not an e-mail file. {_HOW}")
    return message, headers


def named_addresses(headers: Message) -> list[str]:
    """The addresses that a mail names as its recipients."""
    return [address for name in _WHO_GETS_IT
            for address in bare_addresses([str(value) for value in headers.get_all(name, [])])]


def _sender(headers: Message) -> str:
    """Who sent it; empty where nobody is named."""
    written = str(headers.get("Return-Path", "") or headers.get("From", ""))
    return next(iter(bare_addresses([written])), "")


def _headers(raw: bytes) -> list[tuple[str, str]]:
    """The headers that people look at, as they were written: the page escapes them."""
    found = BytesHeaderParser(policy=compat32).parsebytes(raw[:_HEADERS_READ])
    return [(name.title(), one_line(str(value))) for wanted in _SHOWN
            for name, value in found.raw_items() if name.lower() == wanted][:_MOST_SHOWN]


def _parsed(raw: bytes) -> tuple[ParsedMail, list[MailPart]]:
    parsed = parse(raw)
    parts = []
    if parsed.body_text is not None:
        parts.append(MailPart("text", "", "text/plain", parsed.body_text.content))
    if parsed.body_html is not None:
        parts.append(MailPart("html", "", "text/html", parsed.body_html.content))
    parts += [MailPart("attachment", one.filename, one.mimetype, one.content) for one in parsed.attachments]
    return parsed, parts
