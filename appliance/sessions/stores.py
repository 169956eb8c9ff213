"""What authors stored beside the answers, as a turn may read it, and as its commit writes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from appliance.interview.stored import (
    Command,
    DeleteRecord,
    Place,
    StoredEffect,
    StoreSnapshot,
    StoreValue,
    WriteRecord,
)
from appliance.interview.turn import Effect, SendMail
from appliance.sessions.people import accounts_among
from appliance.sessions.snapshots import SnapshotWriter
from appliance.store import quick_groups as _more_commands  # noqa: F401 - makes its commands known
from appliance.store.database import Store
from appliance.store.quick_commands import READING, carry_out
from appliance.store.quick_values import QuickValues
from appliance.store.records import (
    NewRecord,
    RecordIds,
    delete_record,
    find_records,
    opened_record,
    record_mark,
    write_record,
)
from appliance.store.snapshots import NewSnapshot, write_snapshot
from appliance.store.values import (
    NewValue,
    Owner,
    find_names,
    find_value,
    opened_names,
    opened_value,
    write_value,
)

__all__ = ["SessionStores", "StoreRoom", "Stored", "outlives_session", "sealed_effects", "stored_among"]


class StoreRoom:
    """What all turns share of it."""

    def __init__(self, store: Store, appliance_key: bytes) -> None:
        self.store = store
        self.appliance_key = appliance_key
        self.ids = RecordIds(store)
        self.snapshots = SnapshotWriter(store, appliance_key)


@dataclass(frozen=True)
class SessionStores:
    """:class:`appliance.interview.stored.Stores` over the store, for one turn or task.

    :param pending: see there.
    """

    room: StoreRoom
    owner: Owner
    pending: tuple[StoredEffect, ...] = field(default=(), repr=False)

    def check(self, place: Place) -> None:
        """:raises NotReadable: if nothing can be written there."""
        self.owner.mark_of(place)
        self.owner.sealing_for(place)

    def value(self, place: Place, name: str) -> bytes | None:
        """:raises NotReadable: if it was stored encrypted by somebody else."""
        marks = [(at, self.owner.name_mark(at, name)) for at in self._marks(place)]
        stored = self.room.store.read(
            lambda database: [(mark, find_value(database, at, mark)) for at, mark in marks]).result()
        return next((opened_value(self.owner, mark, found) for mark, found in stored if found is not None), None)

    def names(self, place: Place) -> list[str]:
        """:raises NotReadable: if it is the user's place, and there is none."""
        marks = self._marks(place)
        found = self.room.store.read(
            lambda database: [one for at in marks for one in find_names(database, at)]).result()
        return sorted(set(opened_names(self.owner, found)))

    def _marks(self, place: Place) -> list[bytes]:
        """Where a place lies: under the name of its interview, and under its former one."""
        former = self.owner.former_mark_of(place)
        return [self.owner.mark_of(place), *([] if former is None else [former])]

    def records(self, key: str) -> dict[int, bytes]:
        """The records under a key."""
        mark = record_mark(self.owner.appliance_key, key)
        found = self.room.store.read(lambda database: find_records(database, mark)).result()
        return {number: opened_record(self.owner.appliance_key, number, sealed) for number, sealed in found}

    def new_record_id(self) -> int:
        return self.room.ids.new()

    def quick(self, commands: list[Command]) -> list[Any]:
        """:raises QuickError: if one of them cannot be carried out."""
        def work(database: Database) -> list[Any]:
            values = QuickValues(database, self.room.appliance_key)
            return [carry_out(values, one) for one in commands]

        def change(database: Database) -> list[Any]:
            done = work(database)
            QuickValues(database, self.room.appliance_key).forget_expired()
            return done
        if all(name in READING for name, _, _ in commands):
            return self.room.store.read(work).result()
        return self.room.store.write(change).result()

    def write_snapshots(self) -> None:
        self.room.snapshots.write()


# -- what a commit writes --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    """One of the changes that a turn asked for, sealed."""

    change: NewValue | NewRecord | tuple[int, bytes] | NewSnapshot

    def write(self, database: Database) -> None:
        """In the transaction of the turn."""
        change = self.change
        if isinstance(change, NewValue):
            write_value(database, change)
        elif isinstance(change, NewRecord):
            write_record(database, change)
        elif isinstance(change, NewSnapshot):
            write_snapshot(database, change)
        else:
            delete_record(database, *change)

    def is_for(self, holder: str) -> bool:
        """Whether only this holder will be able to read it."""
        return isinstance(self.change, NewValue) and self.change.holder == holder

    @property
    def is_snapshot(self) -> bool:
        return isinstance(self.change, NewSnapshot)


def sealed_effects(owner: Owner, effects: Iterable[Effect]) -> list[Stored]:
    """Those of the effects that are stored values, in their order, but what one turn overwrote itself.

    :raises NotReadable: if one cannot be sealed for whom it is meant.
    """
    latest: dict[Any, StoredEffect] = {}
    for effect in effects:
        if isinstance(effect, StoreValue):
            latest[(effect.place, effect.name)] = effect
        elif isinstance(effect, StoreSnapshot):
            latest[(effect.filename, effect.tags)] = effect
        elif isinstance(effect, WriteRecord | DeleteRecord):
            latest[(type(effect), effect.record_id)] = effect
    return [Stored(_sealed(owner, effect)) for effect in latest.values()]


def _sealed(owner: Owner, effect: StoredEffect) -> NewValue | NewRecord | tuple[int, bytes] | NewSnapshot:
    if isinstance(effect, StoreValue):
        return NewValue.make(owner, effect)
    if isinstance(effect, WriteRecord):
        return NewRecord.make(owner.appliance_key, effect.record_id, effect.key, effect.value)
    if isinstance(effect, DeleteRecord):
        return effect.record_id, record_mark(owner.appliance_key, effect.key)
    return NewSnapshot.make(owner.appliance_key, owner.session_id, effect)


def stored_among(effects: Iterable[Effect]) -> tuple[StoredEffect, ...]:
    """Those of the effects that are stored values."""
    return tuple(effect for effect in effects if isinstance(effect, StoredEffect))


def outlives_session(effect: Effect) -> bool:
    """Whether the effect counts where the turn that asks for it ends the session."""
    if isinstance(effect, StoreValue):
        return effect.place.base != "session"
    if isinstance(effect, StoreSnapshot):
        return effect.persistent
    return isinstance(effect, SendMail | WriteRecord | DeleteRecord) or bool(accounts_among([effect]))
