"""Links that expire. Where one leads is sealed under the code in the link itself, which the database does not hold."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from sqlite_utils import Database

from appliance import clock
from appliance.store.sealing import derive, seal, unseal

__all__ = ["NewLink", "add_link", "follow_link", "new_code"]


@dataclass(frozen=True)
class NewLink:
    """A link to keep.

    :param expires: seconds since the epoch, UTC.
    :param once: it works once.
    """

    hash: bytes = field(repr=False)
    expires: float
    once: bool
    sealed: bytes = field(repr=False)

    @staticmethod
    def make(code: str, address: str, expires: float, *, once: bool) -> NewLink:
        """Seal where the link leads."""
        return NewLink(_hash(code), expires, once, seal(_key(code), address.encode(), "temporary link"))


def new_code() -> str:
    """What a link is known by; nobody can guess it."""
    return secrets.token_urlsafe(24)


def add_link(database: Database, link: NewLink) -> None:
    """Keep it; what has expired goes."""
    database.execute("DELETE FROM temporary_links WHERE expires < ?", [clock.now()])
    database.execute("INSERT OR IGNORE INTO temporary_links (hash, expires, once, sealed) VALUES (?, ?, ?, ?)",
                     [link.hash, link.expires, link.once, link.sealed])


def follow_link(database: Database, code: str) -> str | None:
    """Where it leads; None if there is no such link any more. One that works once is used up then."""
    found = database.execute("SELECT expires, once, sealed FROM temporary_links WHERE hash = ?",
                             [_hash(code)]).fetchone()
    if found is None or found[0] < clock.now():
        return None
    if found[1]:
        database.execute("DELETE FROM temporary_links WHERE hash = ?", [_hash(code)])
    return unseal(_key(code), found[2], "temporary link").decode()


def _hash(code: str) -> bytes:
    return hashlib.sha256(b"link " + code.encode()).digest()


def _key(code: str) -> bytes:
    return derive(code.encode(), "temporary link")
