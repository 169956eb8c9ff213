"""What a test's interview imports whose code takes the process with it."""

from __future__ import annotations

import threading

__all__ = ["Poison", "swallowed"]


class Poison:
    """Counts how often it was taken; from the second time on whoever takes it does not come back until `over`."""

    runs = 0
    taken = threading.Semaphore(0)
    over = threading.Event()


def swallowed() -> None:
    """Called by the interview. The first time is the look of the turn that asks for the change."""
    Poison.runs += 1
    if Poison.runs > 1:
        Poison.taken.release()
        Poison.over.wait(60)
