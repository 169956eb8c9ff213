"""What authors stored beside the answers, as a task reads it: asked of the server, which alone has it."""

from __future__ import annotations

from typing import Any

from appliance.compute.asking import ask
from appliance.interview.stored import Command, NotReadable, Place, QuickError, StoredEffect

__all__ = ["WorkerStores"]


class WorkerStores:
    """:class:`appliance.interview.stored.Stores` on a worker.

    :param pending: what the turn that waits for the task has stored, and not committed yet.
    """

    def __init__(self, pending: tuple[StoredEffect, ...] = ()) -> None:
        self.pending = pending

    def check(self, place: Place) -> None:
        """:raises NotReadable: if nothing can be written there."""
        _asked("check", place)

    def value(self, place: Place, name: str) -> bytes | None:
        """:raises NotReadable: if it was stored encrypted by somebody else."""
        found: bytes | None = _asked("value", place, name)
        return found

    def names(self, place: Place) -> list[str]:
        """:raises NotReadable: if it is the user's place, and there is none."""
        names: list[str] = _asked("names", place)
        return names

    def records(self, key: str) -> dict[int, bytes]:
        """The records under a key."""
        records: dict[int, bytes] = _asked("records", key)
        return records

    def new_record_id(self) -> int:
        return int(_asked("new_record_id"))

    def quick(self, commands: list[Command]) -> list[Any]:
        """:raises QuickError: if one of them cannot be carried out."""
        results: list[Any] = _asked("quick", commands)
        return results

    def write_snapshots(self) -> None:
        """Also in a task: those of former turns are to be found."""
        _asked("write_snapshots")


_REFUSED: dict[str, type[Exception]] = {"NotReadable": NotReadable, "QuickError": QuickError}


def _asked(method: str, *arguments: Any) -> Any:
    refused, answer = ask("stores", method=method, arguments=arguments)
    if refused:
        raise _REFUSED[refused](answer)
    return answer
