"""The audit log: sign-ins, privileges, packages and settings; who did it and when. It is sealed on disk."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from sqlite_utils import Database

from appliance import clock
from appliance.interview.host import UserInfo
from appliance.store.audit import AuditRow, add_audit_row, audit_rows
from appliance.store.database import Store
from appliance.store.sealing import seal, unseal

__all__ = ["KINDS", "Audit", "AuditEntry", "AuditKind"]

AuditKind = Literal["sign-in", "sign-in failed", "sign-out", "registered", "invited", "password", "reset", "privileges",
                    "activated", "deleted", "profile", "package", "setting", "network", "backup", "restore"]

KINDS: dict[AuditKind, str] = {
    "sign-in": "signed in", "sign-in failed": "tried to sign in with a wrong password", "sign-out": "signed out",
    "registered": "made an account", "invited": "invited somebody", "password": "changed a password",
    "reset": "reset a password", "privileges": "changed privileges", "activated": "switched an account on or off",
    "deleted": "deleted an account", "profile": "changed a profile", "package": "changed the packages",
    "setting": "changed a setting", "network": "changed who can reach the appliance", "backup": "made a backup",
    "restore": "restored a backup"}
"""What each kind of entry says that somebody did."""

_CHUNK = 500
"""Entries that are opened at a time while one is searched for."""


@dataclass(frozen=True)
class AuditEntry:
    """Something that was done.

    :param created: seconds since the epoch, UTC.
    :param user_id: who did it; None where nobody was signed in.
    :param email: their address then.
    :param what: more of it, name to text.
    """

    number: int
    created: float
    kind: str
    user_id: int | None
    email: str = field(repr=False)
    what: dict[str, str] = field(repr=False)

    @property
    def words(self) -> str:
        """What was done, in words, after the name of whoever did it."""
        return next((words for kind, words in KINDS.items() if kind == self.kind), self.kind)


class Audit:
    """The log. What its entries say is sealed under the appliance's key."""

    def __init__(self, store: Store, appliance_key: bytes) -> None:
        self._store = store
        self._key = appliance_key

    async def note(self, kind: AuditKind, by: UserInfo | None, **what: str) -> None:
        """Write an entry.

        :param by: who did it; None for nobody, or for whoever has the command line.
        :param what: more of it, like ``package="docassemble.demo"``; never a password or a code.
        :raises StoreError: if it could not be written.
        """
        await asyncio.wrap_future(self._store.write(lambda database: self.add(database, kind, by, **what)))

    def add(self, database: Database, kind: AuditKind, by: UserInfo | None, **what: str) -> None:
        """Write an entry in the transaction of what it tells; runs inside Store.write."""
        told = {"email": "" if by is None else by.email, "what": what}
        sealed = seal(self._key, json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"), _context(kind))
        add_audit_row(database, clock.now(), kind, None if by is None else by.user_id, sealed)

    async def entries(self, search: str = "", before: int | None = None, most: int = 50) -> list[AuditEntry]:
        """The newest entries first.

        :param search: only those that hold this text somewhere, in large or small letters.
        :param before: only those with a smaller number, for the next page.
        """
        wanted, found = search.strip().casefold(), list[AuditEntry]()
        while len(found) < most:
            rows = await asyncio.wrap_future(self._store.read(
                partial(audit_rows, before=before, most=_CHUNK if wanted else most)))
            found += [entry for entry in await asyncio.to_thread(self._opened, rows)
                      if not wanted or wanted in _text(entry)]
            if not rows or not wanted:
                break
            before = rows[-1].number
        return found[:most]

    def _opened(self, rows: list[AuditRow]) -> list[AuditEntry]:
        entries = []
        for row in rows:
            told = json.loads(unseal(self._key, row.sealed, _context(row.kind)))
            entries.append(AuditEntry(row.number, row.created, row.kind, row.user_id, told["email"], told["what"]))
        return entries


def _text(entry: AuditEntry) -> str:
    return " ".join([entry.kind, entry.words, entry.email, *entry.what.values()]).casefold()


def _context(kind: str) -> str:
    return f"audit:{kind}"
