"""What authors store beside the answers, as data: where it lies, what a turn asks to be written, and how it is read.

DAStore, DAGlobal, ``write_record()`` and snapshots are part of the turn: what is written is an effect, which the same
turn reads back (:mod:`appliance.library.overlay`), and is committed with it. DARedis acts at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

__all__ = [
    "Command",
    "DeleteRecord",
    "NotReadable",
    "Place",
    "QuickError",
    "StoreSnapshot",
    "StoreValue",
    "StoredEffect",
    "Stores",
    "WriteRecord",
]


class NotReadable(Exception):
    """A stored value cannot be opened, or none can be written, by whom this runs for; the message tells the author."""


class QuickError(Exception):
    """A command of DARedis that cannot be carried out; the message tells the author why."""


@dataclass(frozen=True)
class Place:
    """Where values are kept under names of their own.

    :param base: ``user`` and ``session`` are those of the turn; all others are the same for everybody.
    :param name: of the interview, the package, or an author's own; empty for the others.
    :param family: ``value`` for DAStore, ``object`` for DAGlobal: the names of one are not those of the other.
    :param encrypted: what is written there can be opened by its user alone (of a session: by whoever may open that).
        Not part of what tells places apart: what is read says itself how it is sealed.
    """

    base: Literal["user", "session", "interview", "package", "global", "own"]
    name: str = ""
    family: Literal["value", "object"] = "value"
    encrypted: bool = field(default=False, compare=False)


# -- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StoreValue:
    """Keep a value under a name.

    :param value: a pickle; None deletes what is there.
    """

    place: Place
    name: str
    value: bytes | None = field(repr=False)


@dataclass(frozen=True)
class WriteRecord:
    """Add a record under a key that others may share; `value` is a pickle."""

    record_id: int
    key: str
    value: bytes = field(repr=False)


@dataclass(frozen=True)
class DeleteRecord:
    record_id: int
    key: str


@dataclass(frozen=True)
class StoreSnapshot:
    """Put a copy of answers into ``author.db``, in the clear, because the author asked for it.

    :param filename: of the interview.
    :param data: JSON.
    :param tags: what the author told it from other snapshots of the session by; None for the one without a name.
    :param persistent: stays when the session is deleted.
    """

    filename: str
    data: str = field(repr=False)
    tags: str | None = None
    persistent: bool = False


StoredEffect = StoreValue | WriteRecord | DeleteRecord | StoreSnapshot


# -- reading -----------------------------------------------------------------------------------------------


Command = tuple[str, tuple[Any, ...], dict[str, Any]]
"""A command of DARedis: its name, and its arguments as redis-py takes them."""


class Stores(Protocol):
    """What was committed before, as the turn or task may see it. All raise NotReadable where they cannot answer."""

    @property
    def pending(self) -> tuple[StoredEffect, ...]:
        """What is committed together with this turn, and was asked for before it (by the task that has ended)."""
        ...

    def check(self, place: Place) -> None:
        """Return if something can be written there."""
        ...

    def value(self, place: Place, name: str) -> bytes | None:
        """The pickle under this name; None if there is none."""
        ...

    def names(self, place: Place) -> list[str]:
        """All names in use there, in alphabetical order."""
        ...

    def records(self, key: str) -> dict[int, bytes]:
        """The records under a key, in the order they were written."""
        ...

    def new_record_id(self) -> int:
        """An id that no record has, higher than all before."""
        ...

    def quick(self, commands: list[Command]) -> list[Any]:
        """Carry out commands of DARedis at once, all in one transaction; what each gave.

        :raises QuickError: if one of them cannot be carried out; none was then.
        """
        ...

    def write_snapshots(self) -> None:
        """Return when the snapshots that were committed before are in ``author.db``."""
        ...
