"""The tasks as the Tasks page words them: in which order, how far, and how long it may still take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from statistics import fmean

from appliance.interview.tasks import TaskState
from appliance.sessions.progress import Bar
from appliance.sessions.task_list import TaskSummary

__all__ = ["FILTERS", "Estimates", "Section", "ShownTask", "about", "duration", "sections"]

FILTERS: dict[str, str] = {"": "All", "running": "Running", "queued": "Waiting", "done": "Done", "failed": "Failed",
                           "revoked": "Ended early"}
"""What a person may choose to see, by task state, in words."""

_SECTIONS: tuple[tuple[str, str, frozenset[TaskState]], ...] = (
    ("running", "Running", frozenset({"running"})),
    ("queued", "Waiting in line", frozenset({"queued"})),
    ("ended", "Ended", frozenset({"done", "failed", "revoked"})),
)
_BUILT_IN: dict[str, str] = {"_da_ocr_page": "Reading a page", "_da_ocr_collect": "Putting the pages together"}
"""What actions do that are the appliance's own and no author's, by their names (:mod:`appliance.library.ocr`)."""

_RECENT = 20
"""How many tasks that have ended an estimate looks at."""

_KNOWN_ENOUGH = 0.02
"""The part of a task that must be done before its own pace says something."""


@dataclass(frozen=True)
class ShownTask:
    """One task in words.

    :param name: of the interview, for people.
    :param percent: how far it is; None where it does not say.
    :param text: what it says of itself, where the person may see values.
    :param left: words for the time it may still take; empty where there is no basis.
    """

    task: TaskSummary
    name: str
    percent: int | None = None
    text: str = field(default="", repr=False)
    left: str = ""

    @property
    def file(self) -> str:
        """The interview's file."""
        return self.task.interview.rpartition("/")[2]

    @property
    def does(self) -> str:
        """What it does, in words; empty for an action of the interview, whose name says it."""
        return _BUILT_IN.get(self.task.action, "")

    @property
    def whose(self) -> str:
        """Who asked for it."""
        return self.task.user_email or ("" if self.task.own else "somebody without an account")

    @property
    def took(self) -> str:
        """How long it ran, where that is known."""
        task = self.task
        return "" if task.started is None or task.ended is None else duration(task.ended - task.started)


@dataclass(frozen=True)
class Section:
    """Tasks under one heading; `total` counts those too that are not shown."""

    key: str
    heading: str
    tasks: list[ShownTask]
    total: int


class Estimates:
    """How long tasks may still take, from how long those took that have ended last.

    :param workers: how many tasks run at once; 0 where nothing can run.
    :param running: how many run now, also those that the person does not see.
    """

    def __init__(self, tasks: Iterable[TaskSummary], workers: int, running: int, now: float) -> None:
        self._workers, self._running, self._now = workers, running, now
        took: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        done = (task for task in tasks if task.state == "done" and task.started is not None and task.ended is not None)
        for task in islice(done, 10 * _RECENT):
            took[task.interview, task.action].append((task.ended or 0) - (task.started or 0))
        self._means = {kind: fmean(seconds[:_RECENT]) for kind, seconds in took.items()}
        self._mean = fmean(self._means.values()) if self._means else None

    def left(self, task: TaskSummary, fraction: float | None) -> float | None:
        """Seconds until the task may have ended; None where there is no basis for a guess."""
        usual = self._means.get((task.interview, task.action), self._mean)
        if task.state == "running" and task.started is not None:
            so_far = self._now - task.started
            if fraction is not None and fraction >= _KNOWN_ENOUGH:
                return so_far * (1 - fraction) / fraction
            return usual - so_far if usual is not None and usual > so_far else None
        if task.state != "queued" or task.waiting_for or task.place_in_line is None:
            return None
        if usual is None or self._mean is None or not self._workers:
            return None
        before = max(0.0, task.place_in_line - 1 + self._running / 2 - (self._workers - 1))
        return before * self._mean / self._workers + usual


def sections(tasks: list[TaskSummary], *, state: str, most: int, estimates: Estimates,
             bar: Callable[[str], Bar | None], title: Callable[[str], str]) -> list[Section]:
    """What is shown, by heading. Tasks come in the order that people look for them.

    :param state: show only these; empty for all.
    :param most: how many under one heading.
    :param bar: what a task tells of its progress.
    :param title: of an interview.
    """
    found = []
    for key, heading, states in _SECTIONS:
        mine = [task for task in tasks if task.state in states and state in ("", task.state)]
        if mine:
            shown = [_shown(task, estimates, bar, title) for task in mine[:most]]
            found.append(Section(key, heading, shown, len(mine)))
    return found


def _shown(task: TaskSummary, estimates: Estimates, bar: Callable[[str], Bar | None],
           title: Callable[[str], str]) -> ShownTask:
    told = bar(task.task_id) if task.state == "running" else None
    fraction = None if told is None else told.fraction
    left = estimates.left(task, fraction)
    return ShownTask(
        task, task.session_title or title(task.interview), None if fraction is None else round(100 * fraction),
        told.text if told is not None and task.own else "", "" if left is None else about(left))


def duration(seconds: float) -> str:
    """A time that has passed.

    >>> duration(0.2), duration(12.4), duration(185), duration(7500)
    ('less than 1 s', '12 s', '3 min 5 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 1:
        return "less than 1 s"
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def about(seconds: float) -> str:
    """A time that is only guessed.

    >>> about(3), about(42), about(100), about(4000), about(30000), about(500000)
    ('some seconds', 'about 40 seconds', 'about 2 minutes', 'about 67 minutes', 'about 8 hours', 'about 6 days')
    """
    if seconds < 10:
        return "some seconds"
    if seconds < 90:
        return f"about {round(seconds / 10) * 10} seconds"
    if seconds < 5400:
        return f"about {round(seconds / 60)} minutes"
    return f"about {round(seconds / 3600)} hours" if seconds < 172_800 else f"about {round(seconds / 86400)} days"
