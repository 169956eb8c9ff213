"""Mail that comes in: kept, sealed and on disk, before anybody is told that it was taken; then given to its session.

The listener, the mailbox and the Mail page all end here. A mail for several addresses of interviews is kept once, with
a row for each of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import Path
from typing import Any, Literal, TypeVar

from sqlite_utils import Database

from appliance.messages.headers import one_line
from appliance.sessions.email_codes import code_in, domain_of
from appliance.sessions.received_list import MailOverview
from appliance.sessions.turns import Turns
from appliance.sessions.visitor import Visitor
from appliance.store.database import Store
from appliance.store.errors import StoreError
from appliance.store.files import Blob, FileStore
from appliance.store.received_mail import (
    Envelope,
    NewReceived,
    Way,
    add_received,
    add_refusal,
    address_row,
    fingerprint,
    mail_counts,
    waiting_mail,
)

__all__ = ["MailIn", "Reception"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_HEADERS_READ = 100_000
_PIECE = 1 << 20
_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 3600.0
_AT_ONCE = 2   # a big message takes a hundred megabytes while it is taken apart


@dataclass(frozen=True)
class Reception:
    """What became of a mail for one recipient.

    :param outcome: ``taken``; ``repeated``: it is there already; ``unknown``: no interview has given out the address.
    :param number: of the mail; None for an unknown recipient.
    """

    recipient: str = field(repr=False)
    outcome: Literal["taken", "repeated", "unknown"]
    session_id: str = ""
    number: int | None = None


class MailIn:
    """Takes mail for the addresses that interviews gave out.

    :param turns: whose sessions the mail is for.
    :param setting: name and default to a configuration directive.
    """

    def __init__(self, store: Store, appliance_key: bytes, turns: Turns, setting: Callable[[str, Any], Any]) -> None:
        self._store = store
        self._key = appliance_key
        self._turns = turns
        self._setting = setting
        self._files = FileStore(store.folder)
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._delivering: set[asyncio.Task[None]] = set()
        self._receiving: set[asyncio.Task[list[Reception]]] = set()
        self.on_changed: Callable[[], None] = _nothing
        """Called on the loop when the Mail page would show something else."""

    @property
    def domain(self) -> str:
        """Where the addresses are: what stands behind their @."""
        return domain_of(self._setting)

    # -- receiving -----------------------------------------------------------------------------------------

    async def knows(self, address: str) -> bool:
        """Whether mail for this address is taken: an interview gave it out, and its session is there.

        :raises StoreError: if that cannot be said now.
        """
        code = code_in(address, self._setting)
        return code is not None and await self._read(lambda database: address_row(database, code)) is not None

    async def receive(self, message: bytes | Path, recipients: Sequence[str], sender: str, way: Way,
                      same_as: bytes = b"") -> list[Reception]:
        """Keep a mail. When this returns, it is on disk and in the database for every recipient that is known.

        The same message from the same sender to the same address within five days is the same mail. Its sessions
        are given it afterwards, beside the caller.

        :param message: as it came, or the file that holds it.
        :param sender: of the envelope; empty for a bounce, or where there is none.
        :param same_as: what it is known by when it comes again, where that is less than every byte.
        :returns: what became of it for each recipient, in their order.
        :raises StoreError: if it could not be kept; then nothing of it is.
        """
        task = asyncio.get_running_loop().create_task(self._received(message, recipients, sender, way, same_as))
        self._receiving.add(task)
        task.add_done_callback(self._receiving.discard)
        return await asyncio.shield(task)   # whoever asked may go away; what was begun is brought to its end

    async def _received(self, message: bytes | Path, recipients: Sequence[str], sender: str, way: Way,
                        same_as: bytes) -> list[Reception]:
        codes = {recipient: code_in(recipient, self._setting) for recipient in recipients}
        known = await self._read(lambda database: {
            code for code in set(codes.values()) if code is not None and address_row(database, code) is not None})
        if not known:
            return [Reception(recipient, "unknown") for recipient in recipients]
        kept = await asyncio.to_thread(self._keep, message)
        envelopes = {code: Envelope(kept.blob.key, sender, recipient, kept.from_text, kept.subject)
                     for recipient, code in reversed(codes.items()) if code in known}
        news = [NewReceived.make(code, kept.blob, fingerprint(self._key, same_as or kept.digest, sender, code), way,
                                 envelope, self._key) for code, envelope in envelopes.items()]
        try:
            added = await asyncio.wrap_future(self._store.write(lambda database: _add(database, news)))
        except StoreError:
            await asyncio.to_thread(self._files.remove, [kept.blob.name])
            raise
        if not any(new for _, _, new in added.values()):
            await asyncio.to_thread(self._files.remove, [kept.blob.name])
        for session_id, number, new in added.values():
            if new:
                self._deliver(session_id, number)
        self.on_changed()
        return [_reception(recipient, added.get(codes[recipient] or "")) for recipient in recipients]

    def _keep(self, message: bytes | Path) -> _Kept:
        """The message on disk. In a thread."""
        try:
            digest = hashlib.sha256()
            beginning = b""
            for piece in _pieces(message):
                digest.update(piece)
                beginning = beginning or piece[:_HEADERS_READ]
        except OSError as error:
            raise StoreError(f"The message cannot be read: {error.strerror or type(error).__name__}.") from error
        return _Kept(self._files.seal_blob(message), digest.digest(), *_summary(beginning))

    async def refuse(self, reason: str, sender: str, recipient: str, way: Way) -> None:
        """Note for the Mail page that a mail was refused.

        :param reason: in words without values.
        :raises StoreError: if that cannot be written.
        """
        await asyncio.wrap_future(self._store.write(
            lambda database: add_refusal(database, way, reason, sender, recipient, self._key)))
        self.on_changed()

    # -- giving it to its session ----------------------------------------------------------------------------

    async def start(self) -> None:
        """At start, beside the first visitors: give the mails that wait to their sessions.

        :raises StoreError: if they cannot be read.
        """
        for session_id, number in await self._read(waiting_mail):
            self._deliver(session_id, number)

    async def stop(self) -> None:
        """Keep what is being received, and deliver nothing more; what waits is delivered after the next start."""
        if self._receiving:
            await asyncio.wait(self._receiving)
        for task in self._delivering:
            task.cancel()
        await asyncio.gather(*self._delivering, return_exceptions=True)

    async def delivered(self) -> None:
        """Return when no delivery is under way."""
        while self._delivering:
            await asyncio.gather(*self._delivering, return_exceptions=True)

    def _deliver(self, session_id: str, number: int) -> None:
        task = asyncio.get_running_loop().create_task(self._delivery(session_id, number))
        self._delivering.add(task)
        task.add_done_callback(self._delivering.discard)

    async def _delivery(self, session_id: str, number: int) -> None:
        """Until it has worked; what is in the way, a full disk for example, may go away."""
        pause = _FIRST_PAUSE
        while True:
            try:
                async with self._at_once:
                    await self._turns.mail_arrived(session_id, number)
            except Exception as error:  # noqa: BLE001 - whatever it is, the mail must not be forgotten
                logger.warning("mail %d could not be given to its session and is tried again in %g s: %s", number,
                               pause, type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self.on_changed()
                return

    # -- pages and health --------------------------------------------------------------------------------------

    async def overview(self, visitor: Visitor) -> MailOverview:
        """What the Mail page shows to this visitor."""
        return await self._turns.mail_overview(visitor)

    async def health(self) -> dict[str, Any]:
        """How many mails wait to be given to their sessions, and could not be."""
        counts = await self._read(mail_counts)
        return {"waiting": counts["waiting"], "failed": counts["failed"]}

    async def _read(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.read(function))


@dataclass(frozen=True)
class _Kept:
    blob: Blob
    digest: bytes
    from_text: str
    subject: str


def _add(database: Database, news: list[NewReceived]) -> dict[str, tuple[str, int, bool]]:
    """The rows of a mail, one for each code: its session, its number, and whether it is new."""
    added = {}
    for new in news:
        row = address_row(database, new.code)
        if row is not None:   # else its session was deleted a moment ago
            added[new.code] = (row.session_id, *add_received(database, new))
    return added


def _reception(recipient: str, added: tuple[str, int, bool] | None) -> Reception:
    if added is None:
        return Reception(recipient, "unknown")
    session_id, number, new = added
    return Reception(recipient, "taken" if new else "repeated", session_id, number)


def _pieces(message: bytes | Path) -> Iterator[bytes]:
    if isinstance(message, bytes):
        yield message
        return
    with message.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _summary(beginning: bytes) -> tuple[str, str]:
    """From and subject, for the Mail page, of the beginning of a message."""
    headers = BytesHeaderParser(policy=compat32).parsebytes(beginning.partition(b"\r\n\r\n")[0])
    lowered = {name.lower(): str(value) for name, value in reversed(list(headers.raw_items()))}
    return one_line(lowered.get("from", "")), one_line(lowered.get("subject", ""))


def _nothing() -> None:
    """Until somebody wants to know."""
