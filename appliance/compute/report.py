"""What a worker sends back: the end of a task, and what ``worker.log`` may say of it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

from appliance.interview.tasks import TaskEnd

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """The end of one task.

    :param where: file and line of an error, where known; never a value.
    :param seconds: how long the worker had it.
    """

    end: TaskEnd
    where: str = ""
    seconds: float = 0.0

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
