"""Signing in and out, and who a cookie means.

The cookie holds a random text. What it hashes to names the row of the sign-in; the user's key lies there sealed under
the text itself. So a restart signs nobody out, and a stolen database opens nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from appliance import clock
from appliance.accounts.base import Base
from appliance.accounts.errors import AccountInactive, WrongPassword
from appliance.accounts.signed_in import Device, SignedIn
from appliance.addresses import is_address
from appliance.store.errors import StoreError, WrongKey
from appliance.store.passwords import PasswordRow, find_password
from appliance.store.profiles import email_mark
from appliance.store.retention import note_user_active
from appliance.store.sealing import derive, seal, unseal
from appliance.store.sign_ins import (
    SignInRow,
    add_sign_in,
    end_sign_in,
    end_sign_ins,
    find_sign_in,
    sign_ins_of,
    touch_sign_in,
)
from appliance.store.tokens import take_token
from appliance.store.users import Account, find_account

__all__ = ["Elsewhere", "SigningIn", "cookie_hash"]

_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")
_REMEMBERED = 2000
_HOUR = 3600.0


@dataclass(frozen=True)
class Elsewhere:
    """A browser that is signed in, as its person sees it. Times are seconds since the epoch, UTC."""

    created: float
    last_used: float
    address: str = field(repr=False)
    user_agent: str = field(repr=False)
    this_one: bool = False


@dataclass
class _Remembered:
    signed_in: SignedIn
    used: float


class SigningIn(Base):
    """What sign-in pages and every request ask for."""

    def __init__(self, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._changes = 0

    async def sign_in(self, email: str, password: str, device: Device) -> SignedIn:
        """Sign somebody in with a password.

        :raises WrongPassword: whether or not there is such an account, and as late.
        :raises TooManyTries: if wrong ones were tried too often.
        :raises AccountInactive: to somebody who knows the password.
        """
        mark = email_mark(self._key, email)
        attempt = self.throttle.begin(mark, device)

        def look(database: Database) -> tuple[Account | None, PasswordRow | None]:
            account = find_account(database, self._key, "email_mark", mark)
            return account, None if account is None else find_password(database, account.user_id)
        account, row = await self._read(look)
        user_key = await self._opened(password, row)
        if account is None or user_key is None:
            told = email.strip() if is_address(email.strip()) else ""   # else it may be a password in the wrong field
            await self.audit.note("sign-in failed", None, account=told, **_where(device))
            raise WrongPassword
        if not account.active:
            raise AccountInactive
        attempt.was_right()
        return await self._write(
            lambda database: self._signed_in_now(database, account, user_key, device, row))

    async def redeem(self, token: str, device: Device) -> SignedIn | None:
        """Sign the owner in with a one-time token; None if it is unknown, over, or was used before."""
        def redeem(database: Database) -> SignedIn | None:
            user_id = take_token(database, token, "sign in", clock.now())
            account = None if user_id is None else find_account(database, self._key, "id", user_id)
            if account is None or not account.active or account.kind != "owner":
                return None
            return self._signed_in_now(database, account, None, device)
        return await self._write(redeem)

    async def signed_in(self, cookie: str | None) -> SignedIn | None:
        """Who a cookie means; None if it means nobody (any more)."""
        if cookie is None or _COOKIE.fullmatch(cookie) is None:
            return None
        hashed, now = cookie_hash(cookie), clock.now()
        known = self._remembered.get(hashed)
        if known is None:
            changes = self._changes
            found = await self._read(lambda database: self._find(database, cookie, now))
            if found is None:
                return None
            known = _Remembered(*found)
            if changes == self._changes:   # else it may be over already
                self._remember(hashed, known)
        else:
            self._remembered.move_to_end(hashed)
        if not 0 <= now - known.used < _HOUR:
            known.used = now
            await self._touch(hashed, known.signed_in.user_id, now)
        return known.signed_in

    async def sign_out(self, cookie: str | None) -> None:
        """End one browser's sign-in. Nothing happens if it has ended."""
        if cookie is None or _COOKIE.fullmatch(cookie) is None:
            return
        hashed = cookie_hash(cookie)

        def end(database: Database) -> int | None:
            user_id = end_sign_in(database, hashed)
            account = None if user_id is None else find_account(database, self._key, "id", user_id)
            if account is not None:
                self.audit.add(database, "sign-out", account.user)
            return user_id
        user_id = await self._write(end)
        if user_id is not None:
            self.changed(user_id)

    async def sign_out_everywhere(self, user_id: int, but: str = "") -> None:
        """End all sign-ins of a user.

        :param but: the cookie of the one that stays.
        """
        await self._write(lambda database: end_sign_ins(database, user_id, cookie_hash(but) if but else b""))
        self.changed(user_id)

    async def signed_in_browsers(self, user_id: int, cookie: str = "") -> list[Elsewhere]:
        """Where a user is signed in, used last first.

        :param cookie: which of them asks.
        """
        rows = await self._read(lambda database: sign_ins_of(database, user_id, clock.now()))
        browsers = []
        for row in rows:
            device = json.loads(unseal(self._key, row.sealed_device, _device_context(user_id)))
            browsers.append(Elsewhere(row.created, row.last_used, device["address"], device["user_agent"],
                                      this_one=bool(cookie) and row.hash == cookie_hash(cookie)))
        return browsers

    def changed(self, user_id: int) -> None:
        """Something of this user is other than it was: look it up anew, and tell whoever wants to know."""
        self._changes += 1
        for hashed in [one for one, known in self._remembered.items() if known.signed_in.user_id == user_id]:
            del self._remembered[hashed]
        super().changed(user_id)

    # -- inside ------------------------------------------------------------------------------------------

    def _signed_in_now(self, database: Database, account: Account, user_key: bytes | None, device: Device,
                       by: PasswordRow | None = None, *, note: bool = True) -> SignedIn:
        """A new sign-in, in the transaction that says so.

        :param by: the password that was right.
        :raises WrongPassword: if it was changed meanwhile.
        """
        user_id, now, cookie = account.user_id, clock.now(), secrets.token_urlsafe(32)
        if by is not None and find_password(database, user_id) != by:
            raise WrongPassword
        if account.kind == "owner":
            user_key = None   # the appliance opens it
        sealed_key = None if user_key is None else seal(_cookie_key(cookie), user_key, _key_context(user_id))
        told = json.dumps({"address": device.address, "user_agent": device.user_agent[:300]})
        add_sign_in(database, SignInRow(
            cookie_hash(cookie), user_id, now, now, sealed_key,
            seal(self._key, told.encode("utf-8", "replace"), _device_context(user_id))))
        note_user_active(database, user_id, now)
        if note:
            self.audit.add(database, "sign-in", account.user, **_where(device))
        return SignedIn(cookie, account.user, user_key)

    def _find(self, database: Database, cookie: str, now: float) -> tuple[SignedIn, float] | None:
        row = find_sign_in(database, cookie_hash(cookie), now)
        account = None if row is None else find_account(database, self._key, "id", row.user_id)
        if row is None or account is None or not account.active:
            return None
        key = None
        if row.sealed_key is not None:
            try:
                key = unseal(_cookie_key(cookie), row.sealed_key, _key_context(row.user_id))
            except WrongKey:   # somebody wrote to the database
                return None
        elif account.kind != "owner":
            return None
        return SignedIn(cookie, account.user, key), row.last_used

    def _remember(self, hashed: bytes, known: _Remembered) -> None:
        self._remembered[hashed] = known
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)

    async def _touch(self, hashed: bytes, user_id: int, now: float) -> None:
        def touch(database: Database) -> None:
            touch_sign_in(database, hashed, now)
            note_user_active(database, user_id, now)
        with suppress(StoreError):   # a full disk signs nobody out
            await self._write(touch)


def cookie_hash(cookie: str) -> bytes:
    """What names the sign-in in the database."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()


def _cookie_key(cookie: str) -> bytes:
    return derive(cookie.encode(), "sign-in")


def _key_context(user_id: int) -> str:
    return f"user key by cookie:{user_id}"


def _device_context(user_id: int) -> str:
    return f"device:{user_id}"


def _where(device: Device) -> dict[str, str]:
    return {"from": device.address if device.from_network else "this computer", "browser": device.user_agent[:300]}
