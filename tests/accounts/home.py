"""Accounts over a store, opened again as after a restart, and what their people have."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from appliance.accounts.accounts import Accounts
from appliance.accounts.signed_in import Device, SignedIn
from appliance.interview.host import UserInfo
from appliance.store.database import Store
from appliance.store.users import Users
from tests.support.people import CHEAP, KEY, quick_accounts

__all__ = ["ADA", "HERE", "PASSWORD", "THERE", "Home"]

HERE = Device("127.0.0.1", "a browser at the laptop")
THERE = Device("192.168.1.20", "a browser on the network", from_network=True)
ADA = "ada@client.example"
PASSWORD = "three grey herons"

T = TypeVar("T")


class Home:
    """A data folder with accounts in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = {}
        self.store = Store(folder / "data")
        self.accounts = quick_accounts(self.store, settings=self.settings.get)
        owner = Users(self.store, KEY).prepare()
        self.owner: UserInfo = owner

    def restart(self) -> None:
        """What a new process has: the store, and nothing that was in memory."""
        self.close()
        self.store = Store(self.folder / "data")
        self.accounts = Accounts(self.store, KEY, settings=self.settings.get, cost=CHEAP)

    def close(self) -> None:
        self.accounts.close()
        self.store.close()

    def run(self, work: Awaitable[T]) -> T:
        async def whole() -> T:
            return await work
        return asyncio.run(whole())

    async def ada(self, *privileges: str, email: str = ADA) -> tuple[SignedIn, str]:
        """Somebody who accepted an invitation; with her recovery code."""
        token = await self.accounts.invite(self.owner, email, privileges or ("user",), {"first_name": "Ada"})
        return await self.accounts.accept(token, PASSWORD, {}, THERE)

    def on_disk(self) -> bytes:
        """All bytes of the data folder."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())
