"""The records of ``write_record()``: several values under a key, which all interviews share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from sqlite_utils import Database

from appliance import clock
from appliance.store.database import Store
from appliance.store.sealing import seal, unseal
from appliance.store.values import values_mark

__all__ = ["NewRecord", "RecordIds", "delete_record", "find_records", "opened_record", "record_mark", "write_record"]


def record_mark(appliance_key: bytes, key: str) -> bytes:
    """What stands for a key in the database."""
    return values_mark(appliance_key, "record", key)


@dataclass(frozen=True)
class NewRecord:
    """A record to write."""

    record_id: int
    mark: bytes
    sealed: bytes = field(repr=False)

    @staticmethod
    def make(appliance_key: bytes, record_id: int, key: str, value: bytes) -> NewRecord:
        return NewRecord(record_id, record_mark(appliance_key, key), seal(appliance_key, value, _context(record_id)))


def _context(record_id: int) -> str:
    return f"record:{record_id}"


def write_record(database: Database, record: NewRecord) -> None:
    """In the transaction of the turn. One that is there stays: the turn asked for it before."""
    database.execute("INSERT INTO records (id, mark, sealed) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
                     [record.record_id, record.mark, record.sealed])


def delete_record(database: Database, record_id: int, mark: bytes) -> None:
    """Nothing happens if there is none of this id under this key."""
    database.execute("DELETE FROM records WHERE id = ? AND mark = ?", [record_id, mark])


def find_records(database: Database, mark: bytes) -> list[tuple[int, bytes]]:
    """Ids and sealed values, in the order they were written."""
    return [(int(row[0]), row[1]) for row in database.execute(
        "SELECT id, sealed FROM records WHERE mark = ? ORDER BY id", [mark])]


def opened_record(appliance_key: bytes, record_id: int, sealed: bytes) -> bytes:
    """The pickle of a record."""
    return unseal(appliance_key, sealed, _context(record_id))


class RecordIds:
    """Gives out the ids of records: known before the commit, each one once, and higher than those before.

    They are microseconds since 1970, which JavaScript still counts exactly, and never less than the last one: a clock
    that was set back gives none twice.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> int:
        """May wait for the store, the first time."""
        with self._lock:
            if not self._last:
                self._last = self._store.read(lambda database: int(
                    database.execute("SELECT COALESCE(MAX(id), 1) FROM records").fetchone()[0])).result()
            self._last = max(self._last + 1, int(clock.now() * 1_000_000))
            return self._last
