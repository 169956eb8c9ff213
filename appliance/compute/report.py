"""What a worker sends back: the end of a task, and what ``worker.log`` may say of it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

from appliance.interview.tasks import TaskEnd

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """The end of one task.

    :param seconds: how long the worker had it.
    :param warnings: what its author should know, without values.
    :param kept: bytes that its tasks so far have left with the worker's process.
    """

    end: TaskEnd
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    kept: int = 0

    def to_bytes(self) -> bytes:
        """What crosses from the worker to the server; the scheduler between them does not open it."""
        return pickle.dumps(self, protocol=5)

    @staticmethod
    def from_bytes(data: bytes) -> Report:
        """The inverse of :meth:`to_bytes`; the author's values inside stay pickled."""
        report = pickle.loads(data)
        if not isinstance(report, Report):
            raise TypeError(f"a worker sent a {type(report).__name__} instead of a report")
        return report
