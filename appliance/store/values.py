"""The values that authors keep with DAStore and DAGlobal: whose they are, and under whose key they lie.

What an author calls a value may hold what a person typed, so a name and the place it lies in are known by marks that
only the appliance's key makes; the name itself is sealed with the value, for ``keys()``. An encrypted value is sealed
under a key made from that of its user (of a session's values: under the session's), all others under the appliance's.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from appliance import clock
from appliance.interview.stored import NotReadable, Place, StoreValue
from appliance.store.errors import WrongKey
from appliance.store.keys import APPLIANCE, Holder
from appliance.store.sealing import derive, seal, unseal

__all__ = [
    "NewValue",
    "Owner",
    "find_names",
    "find_value",
    "is_open",
    "opened_names",
    "opened_value",
    "personal_holder",
    "reseal",
    "values_mark",
    "write_value",
]

_SESSION = "session"   # the holder of what is sealed under a session's key

_OPEN = "open:"   # before the holder of a browser's own values that are sealed under the appliance's key


def is_open(holder: str) -> bool:
    """Whether the appliance's key opens what lies under this holder."""
    return holder == APPLIANCE or holder.startswith(_OPEN)


def personal_holder(holder: Holder) -> Holder:
    """What opens the encrypted values of somebody whose sessions `holder` opens, and nothing else of theirs.

    Tasks carry this with them, and not the key of their user, which opens all of the user's sessions.
    """
    return Holder(holder.name, derive(holder.key, "stored values"))


@lru_cache(maxsize=8)
def _mark_key(appliance_key: bytes) -> bytes:
    return derive(appliance_key, "marks of stored values")


def values_mark(appliance_key: bytes, *parts: str) -> bytes:
    """What stands for these texts in the database."""
    told = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (_raw(part) for part in parts))
    return hmac.digest(_mark_key(appliance_key), told, hashlib.sha256)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Owner:
    """For whom values are read and written.

    :param user_id: None for somebody without an account.
    :param personal: :func:`personal_holder` of the user, or of the browser of somebody without an account; None where
        their key is not at hand.
    """

    appliance_key: bytes = field(repr=False)
    session_id: str
    session_key: bytes = field(repr=False)
    user_id: int | None = None
    personal: Holder | None = None

    def mark_of(self, place: Place) -> bytes:
        """What stands for a place in the database.

        :raises NotReadable: if it is the user's, and there is none.
        """
        whose = ""
        if place.base == "session":
            whose = self.session_id
        elif place.base == "user":
            whose = self._user()
        return values_mark(self.appliance_key, "place", place.family, place.base, place.name, whose)

    def former_mark_of(self, place: Place) -> bytes | None:
        """What stood for the place of an interview in the database when its sessions were known by a name without the
        folder, too; None where there was no such name. What lies there is moved by whoever writes it anew.
        """
        short = place.name.replace(":data/questions/", ":", 1)
        if place.base != "interview" or short == place.name:
            return None
        return self.mark_of(replace(place, name=short))

    def _user(self) -> str:
        if self.user_id is not None:
            return f"user:{self.user_id}"
        if self.personal is None:
            raise NotReadable("What is stored with base 'user' belongs to the user, and nobody is there: use another "
                              "base ('interview', 'session', 'global').")
        return self.personal.name

    def name_mark(self, place_mark: bytes, name: str) -> bytes:
        """What stands for a name."""
        return values_mark(self.appliance_key, "name", place_mark.hex(), name)

    def sealing_for(self, place: Place) -> Holder:
        """Under whose key a new value is sealed.

        :raises NotReadable: if that is the user's, and it is not at hand.
        """
        if not place.encrypted:
            # That a browser's own is its own must be known when nobody has had that browser for long.
            whose = f"{_OPEN}{self._user()}" if place.base == "user" and self.user_id is None else APPLIANCE
            return Holder(whose, self.appliance_key)
        if place.base == "session":
            return Holder(_SESSION, self.session_key)
        if self.personal is None:
            raise NotReadable("What is stored encrypted can only be written and read while its user is there: use "
                              "encrypted=False for what scheduled events and others are to see.")
        return self.personal

    def open(self, holder: str, sealed: bytes, context: str) -> bytes:
        """Unseal what lies under the key of `holder`.

        :raises NotReadable: if that is not at hand, or not the right one.
        """
        holder = APPLIANCE if is_open(holder) else holder
        keys = {APPLIANCE: self.appliance_key, _SESSION: self.session_key}
        if self.personal is not None:
            keys[self.personal.name] = self.personal.key
        try:
            return unseal(keys[holder], sealed, context)
        except (KeyError, WrongKey) as error:
            raise NotReadable("This was stored encrypted by another user, and only they can read it.") from error


@dataclass(frozen=True)
class NewValue:
    """A change of a stored value, sealed; an empty `sealed` deletes it.

    :param session_id: and `user_id`: it goes when they go.
    :param former: its place and mark by its interview's former name, where it lies no more then.
    """

    place: bytes
    mark: bytes
    holder: str = APPLIANCE
    session_id: str | None = None
    user_id: int | None = None
    sealed_name: bytes = field(default=b"", repr=False)
    sealed: bytes = field(default=b"", repr=False)
    former: tuple[bytes, bytes] | None = None

    @staticmethod
    def make(owner: Owner, effect: StoreValue) -> NewValue:
        """:raises NotReadable: if it cannot be sealed for whom it is meant."""
        place = owner.mark_of(effect.place)
        mark = owner.name_mark(place, effect.name)
        before = owner.former_mark_of(effect.place)
        former = None if before is None else (before, owner.name_mark(before, effect.name))
        if effect.value is None:
            return NewValue(place, mark, former=former)
        holder = owner.sealing_for(effect.place)
        base = effect.place.base
        return NewValue(
            place, mark, holder.name, owner.session_id if base == "session" else None,
            owner.user_id if base == "user" or holder.name.startswith("user:") else None,
            seal(holder.key, _raw(effect.name), _context("name", mark)),
            seal(holder.key, effect.value, _context("value", mark)), former)


def _context(what: str, mark: bytes) -> str:
    return f"stored {what}:{mark.hex()}"


def write_value(database: Database, value: NewValue) -> None:
    """In the transaction of the turn."""
    if value.former is not None:
        database.execute("DELETE FROM stored_values WHERE place = ? AND mark = ?", value.former)
    if not value.sealed:
        database.execute("DELETE FROM stored_values WHERE place = ? AND mark = ?", [value.place, value.mark])
        return
    database.execute(
        "INSERT INTO stored_values (place, mark, holder, session_id, user_id, changed, sealed_name, sealed)"
        " VALUES (?, ?, ?, ?, (SELECT id FROM users WHERE id = ?), ?, ?, ?) ON CONFLICT (place, mark) DO UPDATE SET"
        " holder = excluded.holder, user_id = excluded.user_id, changed = excluded.changed,"
        " sealed_name = excluded.sealed_name, sealed = excluded.sealed",
        [value.place, value.mark, value.holder, value.session_id, value.user_id, clock.now(), value.sealed_name,
         value.sealed])


def find_value(database: Database, place: bytes, mark: bytes) -> tuple[str, bytes] | None:
    """The holder and the sealed value."""
    row = database.execute("SELECT holder, sealed FROM stored_values WHERE place = ? AND mark = ?",
                           [place, mark]).fetchone()
    return None if row is None else (str(row[0]), row[1])


def opened_value(owner: Owner, mark: bytes, found: tuple[str, bytes]) -> bytes:
    """:raises NotReadable: if it is for somebody else."""
    return owner.open(found[0], found[1], _context("value", mark))


def find_names(database: Database, place: bytes) -> list[tuple[bytes, str, bytes]]:
    """The marks of all values in a place, with holder and sealed name."""
    return [(row[0], str(row[1]), row[2]) for row in database.execute(
        "SELECT mark, holder, sealed_name FROM stored_values WHERE place = ?", [place])]


def opened_names(owner: Owner, found: list[tuple[bytes, str, bytes]]) -> list[str]:
    """The names that the owner may know, in alphabetical order."""
    names = []
    for mark, holder, sealed in found:
        try:
            names.append(owner.open(holder, sealed, _context("name", mark)).decode("utf-8", "surrogatepass"))
        except NotReadable:
            continue   # somebody else's, encrypted: its name is their business too
    return sorted(names)


def reseal(giver: Owner, taker: Owner, row: dict[str, Any], holder: Holder, place: bytes) -> dict[str, Any]:
    """What a row becomes when it is the taker's: ``mark``, ``holder``, ``sealed_name`` and ``sealed``.

    :param row: of the table, as the giver can open it.
    :param place: where it is to lie.
    :raises NotReadable: if the giver's key does not open it.
    """
    name = giver.open(row["holder"], row["sealed_name"], _context("name", row["mark"]))
    value = giver.open(row["holder"], row["sealed"], _context("value", row["mark"]))
    mark = taker.name_mark(place, name.decode("utf-8", "surrogatepass"))
    return {"mark": mark, "holder": holder.name, "sealed_name": seal(holder.key, name, _context("name", mark)),
            "sealed": seal(holder.key, value, _context("value", mark))}
