"""What a turn needs of the interview language, in one value, so that tests can give a small one of their own."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from appliance.interview.answers import freeze, new_answers, thaw
from appliance.interview.errors import CannotSave
from appliance.interview.namespace import as_data
from appliance.interview.turn import Answers, Outcome

__all__ = ["Evaluate", "InterviewsByName", "Language", "dump", "load"]


class InterviewsByName(Protocol):
    def get(self, name: str, /) -> Any:
        """The parsed interview; raises InterviewError."""
        ...


Evaluate = Callable[..., Outcome]
"""``evaluate(interview, answers, turn, host, prior=None)``"""


@dataclass(frozen=True)
class Language:
    """The interviews, and how one of them is run, begun, saved and looked at."""

    interviews: InterviewsByName
    evaluate: Evaluate
    begin: Callable[[dict[str, str], datetime], Answers] = new_answers
    freeze: Callable[[Answers], bytes] = freeze
    thaw: Callable[[bytes], Answers] = thaw
    as_data: Callable[[Answers], dict[str, Any]] = as_data


def dump(value: Any, what: str) -> bytes:
    """Any value of an author as bytes.

    :param what: names it in the error.
    :raises CannotSave: if it cannot be pickled.
    """
    try:
        return pickle.dumps(value, protocol=5)
    except Exception as error:  # objects of authors may fail in any way when pickled
        raise CannotSave(f"{what} cannot be saved: {type(error).__name__}.") from error


def load(data: bytes) -> Any:
    """The inverse of :func:`dump`; only for bytes that were sealed here or came from our own workers."""
    return pickle.loads(data)
