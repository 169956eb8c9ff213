"""Evaluating threads that wait for a task, and what wakes them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Waits"]


class Waits:
    """Who waits for which task, and which tasks have ended in an action whose turn is still to come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, list[threading.Event]] = {}
        self._acting: set[str] = set()
        self.stopping = False

    @contextmanager
    def expecting(self, task_ids: list[str]) -> Iterator[threading.Event]:
        """An event that is set when one of the tasks ends, or when it turns out to end in an action."""
        event = threading.Event()
        with self._lock:
            for task_id in task_ids:
                self._events.setdefault(task_id, []).append(event)
        try:
            yield event
        finally:
            with self._lock:
                for task_id in task_ids:
                    events = self._events[task_id]
                    events.remove(event)
                    if not events:
                        del self._events[task_id]

    def ended(self, task_id: str) -> None:
        """The end of the task is on disk."""
        with self._lock:
            for event in self._events.get(task_id, ()):
                event.set()

    @contextmanager
    def acting(self, task_id: str) -> Iterator[None]:
        """While the action that the task ended in waits for its turn and runs."""
        with self._lock:
            self._acting.add(task_id)
            for event in self._events.get(task_id, ()):
                event.set()
        try:
            yield
        finally:
            with self._lock:
                self._acting.discard(task_id)

    def are_acting(self, task_ids: list[str]) -> bool:
        """Whether one of the tasks ended in an action whose turn is still to come, or runs."""
        with self._lock:
            return not self._acting.isdisjoint(task_ids)

    def stop(self) -> None:
        """Wake everybody: the appliance stops, and no task will end any more."""
        with self._lock:
            self.stopping = True
            for events in self._events.values():
                for event in events:
                    event.set()
