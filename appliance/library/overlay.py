"""What this turn has stored so far, over what was committed before: a turn reads back what it wrote."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any

from appliance.interview.answers import thaw
from appliance.interview.errors import CannotSave
from appliance.interview.host import current
from appliance.interview.stored import DeleteRecord, NotReadable, Place, StoredEffect, StoreSnapshot, StoreValue
from appliance.interview.stored import WriteRecord as Write
from appliance.library.errors import DAError
from appliance.library.state import turn_state

__all__ = ["Overlay", "opened", "opened_if_possible", "overlay", "pickled", "place"]

BASES = ("user", "session", "interview", "package", "global")


@dataclass
class Overlay:
    """The newest of everything that is not committed yet."""

    values: dict[tuple[Place, str], bytes | None] = field(default_factory=dict)
    records: dict[str, dict[int, bytes | None]] = field(default_factory=dict)
    snapshots: dict[tuple[str, str | None], StoreSnapshot] = field(default_factory=dict)
    taken: int = 0   # of the evaluation's effects

    def take(self, effect: object) -> None:
        """Note what was asked for."""
        if isinstance(effect, StoreValue):
            self.values[(effect.place, effect.name)] = effect.value
        elif isinstance(effect, Write):
            self.records.setdefault(effect.key, {})[effect.record_id] = effect.value
        elif isinstance(effect, DeleteRecord):
            self.records.setdefault(effect.key, {})[effect.record_id] = None
        elif isinstance(effect, StoreSnapshot):
            self.snapshots[(effect.filename, effect.tags)] = effect


def overlay() -> Overlay:
    """Of the running turn."""
    evaluation, state = current(), turn_state()
    found: Overlay | None = state.get("overlay")
    if found is None:
        found = state["overlay"] = Overlay()
        for effect in evaluation.host.stores.pending:   # of the task that has ended, or the event before
            found.take(effect)
    for asked in evaluation.effects[found.taken:]:
        found.take(asked)
    found.taken = len(evaluation.effects)
    return found


def place(base: str, encrypted: bool | None = None, family: str = "value") -> Place:
    """Where an author means.

    :param base: one of :data:`BASES`, or a name of the author's own.
    :param encrypted: None for what is usual there.
    """
    reference = str(current().interview.reference)
    names = {"interview": reference, "package": reference.partition(":")[0]}
    sealed = base in ("user", "session") if encrypted is None else bool(encrypted)
    kind: Any = base if base in BASES else "own"
    return Place(kind, names.get(base, "" if base in BASES else str(base)), family, sealed)  # type: ignore[arg-type]


def committed_or_new(at: Place, name: str) -> bytes | None:
    """The pickle under a name, as this turn sees it."""
    written = overlay().values
    if (at, name) in written:
        return written[(at, name)]
    try:
        return current().host.stores.value(at, name)
    except NotReadable as error:
        raise DAError(str(error)) from error


def names_in(at: Place) -> list[str]:
    """The names in use, as this turn sees it."""
    try:
        names = set(current().host.stores.names(at))
    except NotReadable as error:
        raise DAError(str(error)) from error
    for (where, name), value in overlay().values.items():
        if where == at:
            names = names - {name} if value is None else names | {name}
    return sorted(names)


def keep(at: Place, name: str, value: bytes | None) -> None:
    """Ask for a value to be stored, or (None) deleted."""
    evaluation = current()
    if at.encrypted or at.base == "user":   # the others can be written by everybody
        try:
            evaluation.host.stores.check(at)
        except NotReadable as error:
            raise DAError(str(error)) from error
    evaluation.effects.append(StoreValue(at, name, value))


def ask_for(effect: StoredEffect) -> None:
    """Let it be committed with the turn."""
    current().effects.append(effect)


def pickled(value: Any, what: str) -> bytes:
    """The value as bytes.

    :param what: names it in the error.
    :raises DAError: if it cannot be saved.
    """
    try:
        return pickle.dumps(value, protocol=5)
    except Exception as error:   # objects of authors may fail in any way when pickled
        raise DAError(f"{what} cannot be saved: it holds something that cannot be pickled "
                      f"({type(error).__name__}).") from error


def opened(data: bytes, what: str) -> Any:
    """The value of a pickle.

    :param what: names it in the error.
    :raises DAError: if it cannot be opened any more: a class that it needs is gone, or is another one now.
    """
    try:
        return thaw(data)
    except CannotSave as error:
        raise DAError(f"{what} cannot be opened. {error}") from error
    except Exception as error:   # objects of authors may fail in any way when they are opened
        raise DAError(f"{what} cannot be opened any more ({type(error).__name__}).") from error


def opened_if_possible(data: bytes, what: str) -> Any:
    """Like :func:`opened`, with None in place of an error, which is logged."""
    try:
        return opened(data, what)
    except DAError as error:
        current().host.log(f"{error} None is in its place.")
        return None
