"""Stored values whose owner changes: of a browser that somebody signs in with, of a key that was lost or is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from sqlite_utils import Database

from appliance.interview.stored import NotReadable, Place
from appliance.store.keys import APPLIANCE, Holder
from appliance.store.values import Owner, is_open, personal_holder, reseal, values_mark

__all__ = ["adopt_values", "lose_values", "regain_values"]

_FAMILIES: tuple[Literal["value", "object"], ...] = ("value", "object")


def adopt_values(database: Database, appliance_key: bytes, before: Holder, after: Holder, user_id: int) -> int:
    """What a browser without an account stored belongs to the user who signs in with it.

    Where the user has a value of that name already, theirs stays and the browser's goes.

    :param before: the browser's holder of sessions.
    :param after: the user's.
    :returns: how many values were moved.
    """
    old, new = personal_holder(before), personal_holder(after)
    giver, taker = Owner(appliance_key, "", b"", None, old), Owner(appliance_key, "", b"", user_id, new)
    moved = 0
    for family in _FAMILIES:
        place = Place("user", family=family)
        moved += _move(database, giver, taker, giver.mark_of(place), taker.mark_of(place))
    return moved + _reseal_in_place(database, giver, taker)


def lose_values(database: Database, appliance_key: bytes, user_id: int, number: int) -> int:
    """The user's key was lost with their password: what it sealed is put aside until the recovery code brings it back.

    To be called in the transaction that makes the sessions of the key ``lost:NUMBER``. To the user it is as if nothing
    had been stored.

    :returns: how many values are put aside.
    """
    owner = Owner(appliance_key, "", b"", user_id)
    lost = f"lost:{number}"
    for family in _FAMILIES:
        database.execute("UPDATE stored_values SET place = ? WHERE place = ? AND holder = ?",
                         [_aside(appliance_key, lost, family), owner.mark_of(Place("user", family=family)),
                          f"user:{user_id}"])
    return database.execute("UPDATE stored_values SET holder = ? WHERE holder = ?",
                            [lost, f"user:{user_id}"]).rowcount


def regain_values(database: Database, appliance_key: bytes, user_id: int, number: int, lost_key: bytes,
                  user_key: bytes) -> int:
    """The inverse of :func:`lose_values`, with the key that the recovery code opened.

    What the user has stored since under the same names stays.

    :returns: how many values are back.
    """
    lost = f"lost:{number}"
    old = Holder(lost, personal_holder(Holder(f"user:{user_id}", lost_key)).key)
    new = personal_holder(Holder(f"user:{user_id}", user_key))
    giver, taker = Owner(appliance_key, "", b"", user_id, old), Owner(appliance_key, "", b"", user_id, new)
    moved = 0
    for family in _FAMILIES:
        moved += _move(database, giver, taker, _aside(appliance_key, lost, family),
                       taker.mark_of(Place("user", family=family)))
    return moved + _reseal_in_place(database, giver, taker)


def _aside(appliance_key: bytes, lost: str, family: str) -> bytes:
    return values_mark(appliance_key, "aside", family, lost)


def _move(database: Database, giver: Owner, taker: Owner, before: bytes, after: bytes) -> int:
    """All that lies in one place to another one, under the taker's key where it was encrypted."""
    def moved(row: dict[str, Any], new: dict[str, Any]) -> int:
        database.execute("DELETE FROM stored_values WHERE place = ? AND mark = ?", [row["place"], row["mark"]])
        return database.execute(
            "INSERT INTO stored_values (place, mark, holder, user_id, changed, sealed_name, sealed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (place, mark) DO NOTHING",
            [after, new["mark"], new["holder"], taker.user_id, row["changed"], new["sealed_name"],
             new["sealed"]]).rowcount
    rows = list(database.query("SELECT * FROM stored_values WHERE place = ?", [before]))
    return _each(rows, giver, taker, after, moved)


def _reseal_in_place(database: Database, giver: Owner, taker: Owner) -> int:
    """What the giver encrypted where others store too."""
    def resealed(row: dict[str, Any], new: dict[str, Any]) -> int:
        return database.execute(
            "UPDATE stored_values SET holder = ?, user_id = ?, sealed_name = ?, sealed = ?"
            " WHERE place = ? AND mark = ?",
            [new["holder"], taker.user_id, new["sealed_name"], new["sealed"], row["place"], row["mark"]]).rowcount
    if giver.personal is None:
        return 0
    rows = list(database.query("SELECT * FROM stored_values WHERE holder = ?", [giver.personal.name]))
    return _each(rows, giver, taker, None, resealed)


def _each(rows: list[dict[str, Any]], giver: Owner, taker: Owner, place: bytes | None,
          write: Callable[[dict[str, Any], dict[str, Any]], int]) -> int:
    done = 0
    for row in rows:
        holder = taker.personal if not is_open(row["holder"]) else Holder(APPLIANCE, taker.appliance_key)
        if holder is None:
            continue
        try:
            new = reseal(giver, taker, row, holder, row["place"] if place is None else place)
        except NotReadable:   # damaged on the disk; it stays where it is
            continue
        done += write(row, new)
    return done
