"""How far a background task is, told to whoever waits for it. Docassemble has no such thing."""

from __future__ import annotations

import math
from typing import Any

from appliance.interview.host import running_evaluation
from appliance.library.errors import DAError

__all__ = ["background_progress"]


def background_progress(fraction: Any = None, text: Any = "") -> None:
    """In a background task: show on the waiting screen, and on the Tasks page, how far it is.

    Nothing happens outside a task, so that an action may also be called in other ways.

    :param fraction: from 0 to 1 (0.5 is half); None where nobody knows.
    :param text: what the task is doing, in plain text.
    :raises DAError: if `fraction` is no number from 0 to 1.
    """
    told = None if fraction is None else _fraction(fraction)
    evaluation = running_evaluation()
    if evaluation is not None and evaluation.in_task:
        evaluation.host.progress(told, "" if text is None else str(text))


def _fraction(given: Any) -> float:
    try:
        number = math.nan if isinstance(given, bool | str) else float(given)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= 1:
        hint = f" Did you mean {number / 100:g}?" if 1 < number <= 100 else ""
        raise DAError(f"background_progress() takes a number from 0 to 1 (0.5 is half), or None, not {given!r}.{hint}")
    return number
