"""One connection of somebody who brings mail: aiosmtpd's SMTP, made narrower where strangers could do harm.

Since 1.4.5 aiosmtpd ends a message at CR LF . CR LF only (CVE-2024-27305, SMTP smuggling), and since 1.4.6 it forgets
what came unencrypted behind STARTTLS (CVE-2024-34083); the tests try both over sockets. Its DATA keeps an object for
each line of a message: here a message is taken in pieces, and is in memory only.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import defaultdict
from typing import Any

from aiosmtpd.smtp import SMTP

from appliance.mail.limits import Doorkeeper

__all__ = ["Conversation"]

# aiosmtpd writes addresses, and whatever first word a stranger sends, into this log.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)

_END = b"\r\n.\r\n"
_LONGEST_COMMAND = 1000
"""More than RFC 5321's 512, for addresses with other letters and for options; fits into aiosmtpd's reader."""


class Conversation(SMTP):
    """What one peer says, and is told.

    :param handler: see :class:`appliance.mail.smtp_handler.SmtpHandler`.
    :param starttls: how to encrypt when the peer asks for it; None where the connection is encrypted already.
    """

    def __init__(self, handler: Any, doorkeeper: Doorkeeper, *, hostname: str, starttls: ssl.SSLContext | None,
                 loop: asyncio.AbstractEventLoop) -> None:
        # aiosmtpd shares this table between all connections, and lets each EHLO raise its numbers.
        self.command_size_limits = defaultdict(lambda: _LONGEST_COMMAND)
        self.command_size_limit = _LONGEST_COMMAND
        self.limits = limits = doorkeeper.limits
        self.over = asyncio.Event()
        self.unknown_recipients = 0
        self._doorkeeper = doorkeeper
        super().__init__(
            handler, hostname=hostname, ident="ESMTP", tls_context=starttls, loop=loop, enable_SMTPUTF8=True,
            data_size_limit=limits.message, timeout=limits.idle, auth_exclude_mechanism=["LOGIN", "PLAIN"],
            command_call_limit={"*": limits.command, "RCPT": limits.recipient_command,
                                **dict.fromkeys(("MAIL", "DATA", "RSET"), limits.mail_command)})

    # -- the connection --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The peer is there; a second time when STARTTLS has encrypted the connection."""
        super().connection_made(transport)
        assert self._handler_coroutine is not None
        self._handler_coroutine.add_done_callback(_end_quietly)

    def connection_lost(self, error: Exception | None) -> None:
        """The peer is gone."""
        super().connection_lost(error)
        self.over.set()

    def hang_up(self) -> None:
        """End the connection at once, whatever is under way."""
        for transport in (self.transport, self._original_transport):
            if isinstance(transport, asyncio.Transport):
                transport.abort()

    def say_goodbye(self) -> None:
        """The appliance stops: end the connection, with a word for the peer."""
        if isinstance(self.transport, asyncio.Transport) and not self.transport.is_closing():
            self.transport.write(b"421 4.3.2 The appliance stops; please try again later\r\n")
            self.transport.close()

    @property
    def peer_address(self) -> str:
        """The IP address of the peer; empty where it is gone."""
        peer: Any = self.session.peer if self.session is not None else None   # not the text that aiosmtpd declares
        return str(peer[0]) if isinstance(peer, tuple) and peer else ""

    # -- what is answered differently ------------------------------------------------------------------

    async def smtp_RCPT(self, arg: str | None) -> None:
        """Likewise; but who guesses too often has to come again."""
        await super().smtp_RCPT(arg)
        if self.unknown_recipients > self.limits.unknown_recipients:
            await self._close()

    async def smtp_VRFY(self, arg: str | None) -> None:
        """Tell nothing of who gets mail here."""
        await self.push("252 2.5.0 Send the mail, and see")

    async def smtp_AUTH(self, arg: str | None) -> None:
        """Nobody has an account for bringing mail."""
        await self.push("502 5.5.1 Nobody needs to sign in here")

    async def smtp_BDAT(self, arg: str | None) -> None:
        """A message follows without waiting for an answer, and none of it may be taken for commands."""
        await self.push("502 5.5.1 BDAT is not known here")
        await self._close()

    async def smtp_POST(self, arg: str | None) -> None:
        """A page in somebody's browser sends a form to this port, with commands in it."""
        await self.push("502 5.5.1 This is a mail server")
        await self._close()

    smtp_GET = smtp_PUT = smtp_HEAD = smtp_OPTIONS = smtp_CONNECT = smtp_POST

    async def _close(self) -> None:
        """Hang up when what was said is sent; what came behind the command is not looked at. Does not return."""
        assert self._handler_coroutine is not None
        assert self.transport is not None
        self.transport.close()
        self._handler_coroutine.cancel()
        await asyncio.sleep(0)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        try:
            return super()._getaddr(arg)
        except (IndexError, AttributeError, TypeError):   # how Python's parser meets some wrong addresses
            return None, None

    # -- the message -----------------------------------------------------------------------------------

    async def smtp_DATA(self, arg: str | None) -> None:
        """Take a message, and have it kept."""
        if await self.check_helo_needed():
            return
        assert self.envelope is not None
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        message = _Message(self._doorkeeper)
        try:
            await self._collect(message)
            status = message.judged()
            if not status:
                self.envelope.content = message.taken_out()
                status = await self._call_handler_hook("DATA")
        finally:
            message.release()
        self.envelope = self._create_envelope()
        await self.push(status)
        if message.endless:
            await self._close()

    async def _collect(self, message: _Message) -> None:
        """Read until the only end there is: CR LF . CR LF. The reader holds a piece of 256 kB, as it came.

        A lone CR or LF ends nothing. What follows the end stays in the reader: the next command.
        """
        last = b"\r\n"   # of the line with DATA: the end may be the first thing that comes
        while last != _END:
            self._reset_timeout(self.limits.idle_in_message)
            try:
                piece = await self._reader.readuntil(b".\r\n")
            except asyncio.LimitOverrunError as much:
                piece = await self._reader.readexactly(much.consumed)
            last = (last + piece[-len(_END):])[-len(_END):]
            message.add(piece)
            if message.endless:
                break
        self._reset_timeout()


class _Message:
    """A message that is coming in: its bytes, or why it is not taken. What is refused is read on, but not kept."""

    def __init__(self, doorkeeper: Doorkeeper) -> None:
        self._doorkeeper = doorkeeper
        self._limits = doorkeeper.limits
        self._data = bytearray()
        self._held = 0
        self._size = 0
        self.refusal = ""

    @property
    def endless(self) -> bool:
        """So much more than is allowed has come that it is not worth waiting for the end."""
        return self._size > 2 * self._limits.message + (1 << 20)

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self.refusal:
            return
        if self._size - len(b".\r\n") > self._limits.message:
            self._refuse(f"552 5.3.4 A mail may have {self._limits.message} bytes here")
        elif not self._doorkeeper.hold(len(piece)):
            self._refuse("452 4.3.1 Too much mail is coming in at once; please try again")
        else:
            self._held += len(piece)
            self._data += piece

    def judged(self) -> str:
        """When the end has come: why the message is not taken; empty if it is."""
        if not self.refusal and _has_longer_line(self._data, self._limits.line):
            self._refuse("500 5.6.0 A line of the mail is too long")
        return self.refusal

    def taken_out(self) -> bytes:
        """The message as it was before it was sent: without its end, and without the dots that were doubled."""
        data, self._data = self._data, bytearray()
        del data[-len(b".\r\n"):]
        if data.startswith(b"."):
            del data[0]
        if b"\r\n." in data:
            data = data.replace(b"\r\n.", b"\r\n")
        return bytes(data)

    def release(self) -> None:
        self._data = bytearray()
        self._doorkeeper.release(self._held)
        self._held = 0

    def _refuse(self, status: str) -> None:
        self.refusal = status
        self.release()


def _has_longer_line(data: bytearray, limit: int) -> bool:
    """Whether there are more than `limit` bytes without a line feed; looks at few of them."""
    start = 0
    while len(data) - start > limit:
        feed = data.rfind(b"\n", start, start + limit)
        if feed < 0:
            return True
        start = feed + 1
    return False


def _end_quietly(task: asyncio.Task[None]) -> None:
    """Peers that vanish end the task with a ConnectionError, which nobody awaits and nobody needs to hear of."""
    if not task.cancelled() and task.exception() is not None and not isinstance(task.exception(), ConnectionError):
        logging.getLogger(__name__).error("a connection of somebody who brings mail broke", exc_info=task.exception())
