"""What DARedis keeps: values by key, for all interviews, that expire if they are told to.

A value is sealed as a whole under the appliance's key, and its key is known by a mark; the commands on it are in
:mod:`appliance.store.quick_commands`.
"""

from __future__ import annotations

import math
import pickle
import re
from contextlib import suppress
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from appliance import clock
from appliance.interview.stored import QuickError
from appliance.store.errors import WrongKey
from appliance.store.sealing import seal, unseal
from appliance.store.values import values_mark

__all__ = ["QuickValues", "Value", "rename_former_keys"]

Value = bytes | list[bytes] | dict[bytes, bytes] | set[bytes] | dict[bytes, float]

WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"


_NAMES = 50_000
"""How many names are kept in memory, with about 300 bytes each."""


class QuickValues:
    """The values, inside one transaction of the store."""

    def __init__(self, database: Database, appliance_key: bytes) -> None:
        self._database = database
        self._key = appliance_key
        self.now = clock.now()

    def get(self, key: bytes, kind: str) -> Any:
        """The value under a key; None if there is none.

        :param kind: ``string``, ``list``, ``hash``, ``set`` or ``zset``, which it must be.
        :raises QuickError: if it is of another kind.
        """
        found = self._found(key)
        if found is not None and found[0] != kind:
            raise QuickError(WRONG_TYPE)
        return None if found is None else found[1]

    def kind(self, key: bytes) -> str:
        """Of the value, ``none`` if there is none."""
        found = self._found(key)
        return "none" if found is None else found[0]

    def put(self, key: bytes, kind: str, value: Value) -> None:
        """Keep the value, or forget the key if it is an empty group; the time when it expires stays."""
        if not value and kind != "string":
            self.drop(key)
            return
        self._forget_expired(key)
        mark = self._mark(key)
        self._database.execute(
            "INSERT INTO quick_values (mark, sealed_name, sealed) VALUES (?, ?, ?)"
            " ON CONFLICT (mark) DO UPDATE SET sealed = excluded.sealed",
            [mark, seal(self._key, key, _context("name", mark)),
             seal(self._key, pickle.dumps((kind, value), protocol=5), _context("value", mark))])

    def rename(self, key: bytes, new: bytes) -> None:
        """Keep under another key, in place of what is there, what is under this one, with the time when it expires."""
        found, expires = self._found(key), self.expires(key)
        if found is not None:
            self.drop(key)
            self.drop(new)
            self.put(new, *found)
            self.expire(new, expires)

    def drop(self, key: bytes) -> bool:
        """Forget a key; whether it was there."""
        self._forget_expired(key)
        return self._database.execute("DELETE FROM quick_values WHERE mark = ?", [self._mark(key)]).rowcount == 1

    def expires(self, key: bytes) -> float | None:
        """When the value goes, in seconds since the epoch; None if it does not."""
        row = self._database.execute("SELECT expires FROM quick_values WHERE mark = ?", [self._mark(key)]).fetchone()
        return None if row is None else row[0]

    def expire(self, key: bytes, at: float | None) -> bool:
        """Let it go at this time, or (None) stay; False if it is not there.

        :raises QuickError: if it is no time.
        """
        if not self.exists(key):
            return False
        if at is not None and not math.isfinite(at):
            raise QuickError("invalid expire time")
        if at is not None and at <= self.now:
            return self.drop(key)
        self._database.execute("UPDATE quick_values SET expires = ? WHERE mark = ?", [at, self._mark(key)])
        return True

    def exists(self, key: bytes) -> bool:
        return self._database.execute(
            "SELECT 1 FROM quick_values WHERE mark = ? AND (expires IS NULL OR expires > ?)",
            [self._mark(key), self.now]).fetchone() is not None

    def keys(self) -> list[bytes]:
        """All keys, in order."""
        return sorted(_name(self._key, mark, sealed) for mark, sealed in self._database.execute(
            "SELECT mark, sealed_name FROM quick_values WHERE expires IS NULL OR expires > ?", [self.now]))

    def forget_expired(self) -> None:
        """Remove from the disk what nobody gets to see any more."""
        self._database.execute("DELETE FROM quick_values WHERE expires <= ?", [self.now])

    def _found(self, key: bytes) -> tuple[str, Value] | None:
        mark = self._mark(key)
        row = self._database.execute(
            "SELECT sealed FROM quick_values WHERE mark = ? AND (expires IS NULL OR expires > ?)",
            [mark, self.now]).fetchone()
        if row is None:
            return None
        found: tuple[str, Value] = pickle.loads(unseal(self._key, row[0], _context("value", mark)))
        return found

    def _forget_expired(self, key: bytes) -> None:
        self._database.execute("DELETE FROM quick_values WHERE mark = ? AND expires <= ?", [self._mark(key), self.now])

    def _mark(self, key: bytes) -> bytes:
        return values_mark(self._key, "quick", key.hex())


_FORMER_KEY = re.compile(rb"([^:/]+:)(?!data/)([^:]+\.ya?ml:)", re.IGNORECASE)


def rename_former_keys(database: Database, appliance_key: bytes) -> None:
    """Once after the step of data that gave interviews one name: what ``DARedis.key()`` made with a former one, without
    the folder, lies under the key that it makes now; where that is in use, both stay as they are.
    """
    if not database.execute("DELETE FROM meta WHERE name = 'former quick keys'").rowcount:
        return
    values = QuickValues(database, appliance_key)
    for mark, sealed in database.execute("SELECT mark, sealed_name FROM quick_values").fetchall():
        with suppress(WrongKey):   # what is damaged on the disk stays where it is
            key = unseal(appliance_key, sealed, _context("name", mark))
            found = _FORMER_KEY.match(key)
            if found is not None and not values.exists(new := found[1] + b"data/questions/" + key[found.start(2):]):
                values.rename(key, new)


@lru_cache(maxsize=_NAMES)
def _name(key: bytes, mark: bytes, sealed: bytes) -> bytes:
    """A key, whose name never changes: whoever asks for all of them again does not wait for all to be opened again,
    and neither does everybody else who wants something of the store meanwhile.
    """
    return unseal(key, sealed, _context("name", mark))


def _context(what: str, mark: bytes) -> str:
    return f"quick {what}:{mark.hex()}"
