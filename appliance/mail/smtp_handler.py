"""What becomes of recipients and messages that a peer brings: aiosmtpd's handler over ``MailIn``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Literal, Protocol

from aiosmtpd.smtp import Envelope, Session, TLSSetupException

from appliance.mail.conversation import Conversation
from appliance.mail.limits import Doorkeeper
from appliance.mail.mail_log import MailLog
from appliance.store.errors import StoreError
from appliance.store.received_mail import Way

__all__ = ["Received", "ReceivesMail", "SmtpHandler"]

logger = logging.getLogger(__name__)

_UNKNOWN = "550 5.1.1 There is no such address here"
_NOT_NOW = "451 4.3.0 The mail cannot be kept right now; please try again"
_NOBODY = "<>"
"""How aiosmtpd names the empty sender, of mail that nobody should answer."""


class Received(Protocol):
    """What became of a message for one of its recipients."""

    @property
    def outcome(self) -> Literal["taken", "repeated", "unknown"]: ...


class ReceivesMail(Protocol):
    """What those who bring mail need of :class:`appliance.mail.incoming.MailIn`."""

    @property
    def domain(self) -> str:
        """What stands behind the ``@`` of the addresses."""
        ...

    async def knows(self, address: str) -> bool:
        """Whether a session has this address."""
        ...

    async def receive(self, message: bytes, recipients: Sequence[str], sender: str, way: Way,
                      same_as: bytes = b"") -> Sequence[Received]:
        """Keep a message for all its recipients; returns when it is on disk.

        :param same_as: what it is known by when it comes again; empty for every byte.
        :raises StoreError: if it could not be kept.
        """
        ...

    async def refuse(self, reason: str, sender: str, recipient: str, way: Way) -> None:
        """Note what was refused."""
        ...


class SmtpHandler:
    """One for all connections. aiosmtpd calls the methods by their names."""

    def __init__(self, mail_in: ReceivesMail, doorkeeper: Doorkeeper, log: MailLog) -> None:
        self._mail_in = mail_in
        self._doorkeeper = doorkeeper
        self._log = log
        self._keeping: set[asyncio.Task[Sequence[Received]]] = set()

    async def wait(self, patience: float) -> None:
        """Until the messages that are being kept are kept, at most `patience` seconds."""
        if self._keeping:
            await asyncio.wait(self._keeping, timeout=patience)

    async def handle_EHLO(self, server: Conversation, session: Session, envelope: Envelope,
                          hostname: str, responses: list[str]) -> list[str]:
        """What we can do: nobody signs in, and commands may come together (RFC 2920)."""
        session.host_name = hostname
        told = [line for line in responses if not line[4:].startswith(("AUTH", "HELP"))]
        return [*told, "250 PIPELINING"]

    async def handle_RCPT(self, server: Conversation, session: Session, envelope: Envelope,
                          address: str, options: list[str]) -> str:
        """Take those that we gave out."""
        if len(envelope.rcpt_tos) >= server.limits.recipients:
            return "452 4.5.3 Too many recipients; send it to the others after this"
        if not _can_be_written(address) or not await self._mail_in.knows(address):
            return await self._unknown(server, envelope, address)
        if address not in envelope.rcpt_tos:
            envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def _unknown(self, server: Conversation, envelope: Envelope, address: str) -> str:
        """Let those who guess wait, and make them come again."""
        pause = self._doorkeeper.guessed(server.peer_address)
        server.unknown_recipients += 1
        await self.refused("there is no such address", envelope, address)
        await asyncio.sleep(pause)
        if server.unknown_recipients > server.limits.unknown_recipients:
            return "421 4.7.0 Too many recipients that do not exist; goodbye"
        return _UNKNOWN

    async def handle_DATA(self, server: Conversation, session: Session, envelope: Envelope) -> str:
        """Have the message kept; what is said here tells the peer whether it may forget it."""
        message = envelope.content
        assert isinstance(message, bytes)
        keeping = asyncio.ensure_future(self._keep(message, envelope))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._kept)
        # A peer that hangs up meanwhile ends this connection; what is half kept must not be left so.
        receipts = await asyncio.shield(keeping)
        if all(receipt.outcome == "unknown" for receipt in receipts):
            await self.refused("there is no such address", envelope, ", ".join(envelope.rcpt_tos))
            return _UNKNOWN
        self._log.taken("smtp", len(message), sum(receipt.outcome != "unknown" for receipt in receipts))
        return "250 2.0.0 OK, kept"

    async def _keep(self, message: bytes, envelope: Envelope) -> Sequence[Received]:
        return await self._mail_in.receive(message, tuple(envelope.rcpt_tos), _sender(envelope), "smtp")

    def _kept(self, task: asyncio.Task[Sequence[Received]]) -> None:
        self._keeping.discard(task)
        if not task.cancelled():
            task.exception()   # told to the peer, where it is still there

    async def refused(self, reason: str, envelope: Envelope, recipient: str) -> None:
        """Note a refusal; where that is not possible, the refusal stands all the same."""
        self._log.refused("smtp", reason)
        try:
            await self._mail_in.refuse(reason, _sender(envelope), _writable(recipient), "smtp")
        except (StoreError, OSError) as error:
            logger.warning("a refused mail could not be noted: %s", type(error).__name__)

    async def handle_exception(self, error: Exception) -> str:
        """Anything unforeseen is our trouble: the peer is to keep the message and come again."""
        if isinstance(error, ConnectionError | TLSSetupException):   # the peer is gone, or encrypts in no way we know
            return _NOT_NOW
        if isinstance(error, StoreError | OSError):
            logger.warning("a mail could not be kept", exc_info=error)
        else:
            logger.error("a mail could not be taken", exc_info=error)
        self._log.refused("smtp", f"it could not be kept: {type(error).__name__}")
        return _NOT_NOW


def _sender(envelope: Envelope) -> str:
    sender = envelope.mail_from or ""
    return "" if sender == _NOBODY else _writable(sender)


def _can_be_written(address: str) -> bool:
    """Whether it is text: aiosmtpd keeps bytes that are no UTF-8 as halves of characters."""
    return _writable(address) == address


def _writable(address: str) -> str:
    return address.encode("utf-8", "replace").decode()
