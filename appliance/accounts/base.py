"""What all of the accounts' work shares: the store, passwords in threads of their own, and who was changed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlite_utils import Database

from appliance.accounts.audit import Audit
from appliance.accounts.errors import NotAllowed, TooManyTries
from appliance.accounts.passwords import normalised
from appliance.accounts.throttle import Throttle
from appliance.interview.host import UserInfo
from appliance.store.database import Store
from appliance.store.errors import WrongKey
from appliance.store.passwords import COST, Lock, PasswordRow
from appliance.store.sealing import new_key
from appliance.store.users import Account, find_account

__all__ = ["Base", "Expire", "Settings", "is_administrator", "only_administrators"]

T = TypeVar("T")

Settings = Callable[[str, Any], Any]
"""Name and default to a configuration directive."""

Expire = Callable[[Collection[str], Callable[[Database], Collection[str]]], Awaitable[list[str]]]
"""Deletes sessions in their places in the line (:meth:`appliance.sessions.turns.Turns.expire`)."""

_AT_ONCE = 2
"""Passwords that are tried at the same time: each takes 64 MB."""

_WAITING = 32
"""Passwords that may wait to be tried; who comes then is asked to come back, so that a flood fills no memory."""

_BACK_IN = 10.0


def is_administrator(user: UserInfo) -> bool:
    """Whether `user` looks after the accounts of others."""
    return "admin" in user.privileges


async def _no_sessions(_session_ids: Collection[str], _doomed: Callable[[Database], Collection[str]]) -> list[str]:
    raise LookupError("these accounts were made without sessions, so none can be deleted")


class Base:
    """The parts that accounts are made of.

    :param settings: name and default to a configuration directive.
    :param expire: deletes sessions, for accounts that are deleted.
    :param cost: of scrypt; tests give a small one.
    :ivar on_changed: called on the loop with the id of a user whose sign-ins, privileges, profile or account may be
        others now: whoever holds a socket of that user looks again whether its cookie still signs in.
    """

    def __init__(self, store: Store, appliance_key: bytes, *,
                 settings: Settings = lambda name, default: default,  # noqa: ARG005 - nothing is configured
                 expire: Expire = _no_sessions, cost: int = COST) -> None:
        self.on_changed: Callable[[int], None] = lambda _user_id: None
        self.audit = Audit(store, appliance_key)
        self.throttle = Throttle()
        self._store = store
        self._key = appliance_key
        self._settings = settings
        self._expire = expire
        self._cost = cost
        self._nobody = PasswordRow(0, os.urandom(16), cost, new_key() * 2)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="passwords")
        self._busy = 0

    def close(self) -> None:
        """Try no more passwords."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def changed(self, user_id: int) -> None:
        """Something of this user is other than it was; called on the loop, after it was written."""
        self.on_changed(user_id)

    # -- passwords, in threads ---------------------------------------------------------------------------

    async def _lock(self, password: str) -> Lock:
        """What seals a key under a new password."""
        return await self._slowly(lambda: Lock.new(password, self._cost))

    async def _opened(self, password: str, row: PasswordRow | None) -> bytes | None:
        """The key that the password opens; None if it is wrong. It takes as long where there is no account."""
        tried = row or self._nobody

        def work() -> bytes | None:
            try:
                return Lock.of(normalised(password), tried).opened(tried)
            except WrongKey:
                return None
        return await self._slowly(work)

    async def _slowly(self, work: Callable[[], T]) -> T:
        if self._busy >= _AT_ONCE + _WAITING:
            raise TooManyTries(_BACK_IN)
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._busy -= 1

    # -- rows --------------------------------------------------------------------------------------------

    async def _account(self, user_id: int) -> Account | None:
        return await self._read(lambda database: find_account(database, self._key, "id", user_id))

    async def _read(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.read(function))

    async def _write(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self._store.write(function))


def only_administrators(by: UserInfo) -> None:
    """:raises NotAllowed: for everybody else."""
    if not is_administrator(by):
        raise NotAllowed
