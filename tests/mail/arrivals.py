"""Stands where the appliance keeps mail: everything in memory, and as slow or broken as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from appliance.store.errors import StoreBroken
from appliance.store.received_mail import Way

__all__ = ["Arrivals", "Kept", "Reception"]


@dataclass(frozen=True)
class Kept:
    """A message that was kept for one address; the same one is what has the same `same_as`."""

    message: bytes = field(compare=False)
    recipient: str
    sender: str
    way: Way
    same_as: bytes


@dataclass(frozen=True)
class Reception:
    recipient: str
    outcome: Literal["taken", "repeated", "unknown"]


@dataclass
class Arrivals:
    """MailIn in memory.

    :param known: the addresses that were given out, in small letters.
    :param broken: nothing can be kept.
    :param may_keep: what `receive` waits for before it keeps anything.
    :param on_knows: what happens when it is asked for an address the next time.
    :param fetched: how many messages it was given, kept or not.
    """

    known: set[str]
    domain: str = "in.example.org"
    broken: bool = False
    kept: list[Kept] = field(default_factory=list)
    refused: list[tuple[str, str, str, str]] = field(default_factory=list)
    may_keep: asyncio.Event | None = None
    receiving: asyncio.Event = field(default_factory=asyncio.Event)
    on_knows: Callable[[], None] | None = None
    fetched: int = 0

    async def knows(self, address: str) -> bool:
        work, self.on_knows = self.on_knows, None
        if work is not None:
            await asyncio.to_thread(work)
        return address.lower() in self.known

    async def receive(self, message: bytes, recipients: Sequence[str], sender: str, way: Way,
                      same_as: bytes = b"") -> list[Reception]:
        self.receiving.set()
        self.fetched += 1
        if self.may_keep is not None:
            await self.may_keep.wait()
        if self.broken:
            raise StoreBroken("The disk is full.")
        receptions = []
        for recipient in recipients:
            new = Kept(message, recipient.lower(), sender, way, same_as or message)
            known = recipient.lower() in self.known
            outcome: Literal["taken", "repeated", "unknown"] = (
                "unknown" if not known else "repeated" if new in self.kept else "taken")
            receptions.append(Reception(recipient, outcome))
            if outcome == "taken":
                self.kept.append(new)
        return receptions

    async def refuse(self, reason: str, sender: str, recipient: str, way: Way) -> None:
        self.refused.append((reason, sender, recipient, way))
