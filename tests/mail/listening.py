"""A listener on a port of its own, and somebody who speaks to it byte by byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from appliance.mail.limits import Limits
from appliance.mail.listener import Listener, ListenerOptions
from appliance.mail.mail_log import MailLog
from tests.mail.arrivals import Arrivals

__all__ = ["ADA", "BOB", "MAIL", "Peer", "insecure", "listening", "until"]

ADA, BOB = "bcdfgh@in.example.org", "kprstw@in.example.org"
MAIL = b"From: landlord@example.com\r\nSubject: Notice\r\n\r\nYou owe rent.\r\n"


@asynccontextmanager
async def listening(folder: Path, arrivals: Arrivals, *, limits: Limits | None = None,
                    **options: Any) -> AsyncIterator[tuple[Listener, list[int]]]:
    """A listener with both doors open, and their ports, until the block is left."""
    log = MailLog(folder / "logs")
    listener = Listener(arrivals, ListenerOptions(**{"port": 0, "tls_port": 0} | options), folder, log, limits)
    listener.start()
    try:
        async with asyncio.timeout(60):
            ports = await listener.opened()
        yield listener, ports
    finally:
        await listener.stop()
        log.close()


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for what nobody tells us of."""
    for _ in range(round(seconds * 100)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"it has not happened in {seconds:g} s")


def insecure() -> ssl.SSLContext:
    """How a peer encrypts that does not look at certificates, as most mail servers do not."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Peer:
    """One connection, with bytes as they are written and answers as they come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    @asynccontextmanager
    async def connected(cls, port: int, *, tls: bool = False, greeted: bool = True) -> AsyncIterator[Peer]:
        """A connection; with `greeted`, EHLO has been said and answered."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=insecure() if tls else None)
        peer = cls(reader, writer)
        try:
            if greeted:
                assert (await peer.answer()).startswith("220")
                assert (await peer.say("EHLO peer.example")).startswith("250")
            yield peer
        finally:
            writer.close()

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    def hang_up(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        """As a cut cable looks from the other side."""
        self._writer.transport.abort()

    async def say(self, line: str) -> str:
        """Send a command; its answer, the last line of several."""
        self.write(line.encode() + b"\r\n")
        return await self.answer()

    async def answer(self) -> str:
        """The last line of the next answer; empty if the connection has ended."""
        async with asyncio.timeout(60):
            while True:
                try:
                    line = (await self._reader.readline()).decode().rstrip("\r\n")
                except ConnectionError:
                    return ""
                if line[3:4] != "-":
                    return line

    async def rest(self) -> list[str]:
        """All that is still said, until the listener hangs up."""
        lines = []
        while line := await self.answer():
            lines.append(line)
        return lines

    async def send(self, message: bytes, *recipients: str, sender: str = "landlord@example.com") -> str:
        """A whole mail; the answer to it, or to the first command that was refused."""
        for line in (f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{one}>" for one in recipients), "DATA"):
            answer = await self.say(line)
            if answer[0] not in "23":
                return answer
        self.write(message + b".\r\n")
        return await self.answer()
