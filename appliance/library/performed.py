"""Counting what an interview has done, so that it does it once: ``if task_not_yet_performed('remind'): …``

The counters are answers: going Back undoes them.
"""

from __future__ import annotations

from typing import Any

from appliance.interview.host import current
from appliance.library.errors import DAError

__all__ = [
    "mark_task_as_performed",
    "set_task_counter",
    "task_not_yet_performed",
    "task_performed",
    "times_task_performed",
]


def task_performed(task: str, persistent: Any = False) -> bool:
    """Whether the task was performed at least once."""
    return times_task_performed(task, persistent) > 0


def task_not_yet_performed(task: str, persistent: Any = False) -> bool:
    """Whether the task was never performed."""
    return times_task_performed(task, persistent) == 0


def times_task_performed(task: str, persistent: Any = False) -> int:
    """How often the task was performed."""
    return int(_counters(persistent).get(task, 0))


def mark_task_as_performed(task: str, persistent: Any = False) -> int:
    """Count the task once more; returns how often it was performed."""
    counters = _counters(persistent)
    counters[task] = int(counters.get(task, 0)) + 1
    return int(counters[task])


def set_task_counter(task: str, times: int, persistent: Any = False) -> None:
    """Say how often the task was performed."""
    _counters(persistent)[task] = int(times)


def _counters(persistent: Any) -> dict[str, int]:
    """The counters of the session.

    :raises DAError: for counters that going Back would not undo.
    """
    if persistent:
        raise DAError(
            f"persistent={persistent!r} is not there yet in this version: leave it out, and the task counts as "
            "performed until somebody goes back to a screen before it."
        )
    counters: dict[str, int] = current().internal.setdefault("tasks", {})
    return counters
