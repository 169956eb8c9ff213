"""What authors store beside the answers, in memory: for tests that evaluate interviews without a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from appliance.interview.stored import (
    Command,
    DeleteRecord,
    Place,
    StoredEffect,
    StoreSnapshot,
    WriteRecord,
)
from appliance.interview.turn import Effect
from appliance.sessions.stores import stored_among
from appliance.store.migrations import MIGRATIONS
from appliance.store.quick_commands import carry_out
from appliance.store.quick_values import QuickValues

__all__ = ["MemoryStores"]


def _tables() -> Database:
    database = Database(memory=True)
    for migration in MIGRATIONS:
        migration(database)
    return database


@dataclass
class MemoryStores:
    """:class:`appliance.interview.stored.Stores`; :meth:`commit` takes what a turn asked for."""

    pending: tuple[StoredEffect, ...] = ()
    kept: dict[tuple[Place, str], bytes] = field(default_factory=dict)
    written: dict[str, dict[int, bytes]] = field(default_factory=dict)
    snapshots: list[StoreSnapshot] = field(default_factory=list)
    database: Database = field(default_factory=_tables)
    last: int = 0

    def commit(self, effects: list[Effect]) -> None:
        for effect in stored_among(effects):
            if isinstance(effect, StoreSnapshot):
                self.snapshots.append(effect)
            elif isinstance(effect, WriteRecord):
                self.written.setdefault(effect.key, {})[effect.record_id] = effect.value
            elif isinstance(effect, DeleteRecord):
                self.written.get(effect.key, {}).pop(effect.record_id, None)
            elif effect.value is not None:
                self.kept[(effect.place, effect.name)] = effect.value
            else:
                self.kept.pop((effect.place, effect.name), None)

    def check(self, place: Place) -> None:
        """Everything can be written."""

    def value(self, place: Place, name: str) -> bytes | None:
        return self.kept.get((place, name))

    def names(self, place: Place) -> list[str]:
        return sorted(name for at, name in self.kept if at == place)

    def records(self, key: str) -> dict[int, bytes]:
        return dict(self.written.get(key, {}))

    def new_record_id(self) -> int:
        self.last += 1
        return self.last

    def quick(self, commands: list[Command]) -> list[Any]:
        values = QuickValues(self.database, b"k" * 32)
        return [carry_out(values, one) for one in commands]

    def write_snapshots(self) -> None:
        """There is no author.db."""
