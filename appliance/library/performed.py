"""Counting what an interview has done, so that it does it once: ``if task_not_yet_performed('remind'): …``

The counters are answers: going Back undoes them. With ``persistent=True`` they are kept beside the steps instead, and
it does not.
"""

from __future__ import annotations

from typing import Any

from appliance.interview.host import current
from appliance.interview.turn import CountTask
from appliance.library.errors import DAError

__all__ = [
    "check_persistent",
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
    if not persistent:
        return int(_counters().get(task, 0))
    check_persistent(persistent)
    evaluation = current()
    times = evaluation.host.times_performed(task)
    for effect in evaluation.effects:
        if isinstance(effect, CountTask) and effect.task == task:
            times = effect.times if effect.anew else times + effect.times
    return times


def mark_task_as_performed(task: str, persistent: Any = False) -> int:
    """Count the task once more; returns how often it was performed."""
    if persistent:
        check_persistent(persistent)
        current().effects.append(CountTask(task))
    else:
        _counters()[task] = times_task_performed(task) + 1
    return times_task_performed(task, persistent)


def set_task_counter(task: str, times: int, persistent: Any = False) -> None:
    """Say how often the task was performed."""
    if persistent:
        check_persistent(persistent)
        current().effects.append(CountTask(task, int(times), anew=True))
    else:
        _counters()[task] = int(times)


def _counters() -> dict[str, int]:
    """The counters among the answers."""
    counters: dict[str, int] = current().internal.setdefault("tasks", {})
    return counters


def check_persistent(persistent: Any, argument: str = "persistent") -> None:
    """Refuse counters that are not there.

    :param argument: what the author calls it.
    :raises DAError: for counters that belong to more than the session.
    """
    if persistent is not True and persistent != "session":
        raise DAError(
            f"{argument}={persistent!r} is not there yet in this version: use {argument}=True, which keeps the count "
            "with the session."
        )
