"""A store with an outbox over it, and a mail server to send to: what the tests of outgoing mail live in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from appliance.mail.mail_server import MailServer
from appliance.mail.outbox import Outbox
from appliance.store.database import Store
from appliance.store.outbox import Mail, MailRow, NewMail, add_mail
from appliance.store.sealing import new_key

__all__ = ["KEY", "Office", "free_port", "in_loop", "office"]

T = TypeVar("T")

KEY = new_key()


class WatchedStore(Store):
    """Tells when something was written."""

    def __init__(self, folder: Path) -> None:
        self.changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        super().__init__(folder)

    def write(self, function: Callable[[Database], T]) -> Future[T]:
        written = super().write(function)
        written.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self.changed.set))
        return written


class Office:
    """A store with an outbox over it."""

    def __init__(self, folder: Path, port: int | None, more: dict[str, MailServer] | None = None,
                 **server: Any) -> None:
        self.folder = folder
        self.store = WatchedStore(folder / "data")
        settings = {"use_tls": False, **server}
        servers = {} if port is None else {"": MailServer(
            "127.0.0.1", port, '"Housing Clinic" <clinic@example.com>', **settings)}
        self.outbox = Outbox(self.store, KEY, servers | (more or {}), folder / "logs")

    def new(self, *recipients: str, text: str = "It is on Tuesday.\n.\nBring a pen.\n", key: bytes = KEY,
            **more: Any) -> NewMail:
        message = EmailMessage()
        message["To"] = ", ".join(recipients).replace("ä", "a")
        message["Subject"] = "Your hearing"
        message_id = message["Message-ID"] = NewMail.new_message_id("example.com")
        message.set_content(text)
        return NewMail.make(Mail("", recipients, message.as_bytes()), message_id, key, **more)

    def post(self, *recipients: str, **more: Any) -> NewMail:
        """Write a mail into the outbox, as a commit does."""
        mail = self.new(*recipients, **more)
        self.store.write(lambda database: add_mail(database, mail)).result()
        return mail

    def rows(self) -> list[MailRow]:
        return self.store.read(lambda database: [MailRow(**row) for row in database.query(
            "SELECT * FROM outbox ORDER BY number")]).result()

    def due_now(self) -> None:
        """The pause is over."""
        self.store.write(lambda database: database.execute("UPDATE outbox SET next_try = created")).result()
        self.outbox.wake()

    async def until(self, state: str, tries: int = 1) -> MailRow:
        """The first mail, when it is in `state` after so many tries."""
        return (await self.until_all(lambda rows: (rows[0].state, rows[0].tries) == (state, tries)))[0]

    async def until_all(self, fine: Callable[[list[MailRow]], bool]) -> list[MailRow]:
        """All mails, when they are as they should be."""
        async with asyncio.timeout(60):
            while True:
                self.store.changed.clear()
                if fine(rows := self.rows()):
                    return rows
                await self.store.changed.wait()

    async def until_states(self, *states: str) -> list[MailRow]:
        return await self.until_all(lambda rows: [row.state for row in rows] == list(states))

    def log(self) -> str:
        path = self.folder / "logs" / "mail.log"
        return path.read_text() if path.exists() else ""


@asynccontextmanager
async def office(folder: Path, port: int | None, more: dict[str, MailServer] | None = None,
                 **server: Any) -> AsyncIterator[Office]:
    one = Office(folder, port, more, **server)
    try:
        yield one
    finally:
        await one.outbox.stop()
        one.store.close()


def in_loop(test: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(60):
            await test()
    asyncio.run(whole())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
