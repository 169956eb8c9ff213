"""What the pages about packages say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from appliance.interview.sources import one_name
from appliance.sessions.public_interviews import PublicInterviews

__all__ = ["day", "doors", "plural", "title_of"]


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its word.

    >>> plural(1, "session"), plural(3, "session"), plural(0, "session")
    ('1 session', '3 sessions', 'no sessions')
    """
    return f"{count or 'no'} {one if count == 1 else many or f'{one}s'}"


def day(written: str) -> float:
    """Seconds since the epoch of a time in ISO 8601."""
    return datetime.fromisoformat(written).timestamp()


def title_of(interview: str, titles: Mapping[str, str]) -> str:
    """The name of an interview for people; of one that nobody can start, its file's."""
    return titles.get(interview) or interview.partition(":")[2].removeprefix("data/questions/")


def doors(directive: str | Sequence[str] | None) -> Callable[[str], str]:
    """Gives for an interview: ``open`` if the configuration names it, ``closed``, or the pattern that opens it too.

    >>> [doors(["a:x.yml", "b:*"])(one) for one in ("a:data/questions/x.yml", "b:data/questions/y.yml")]
    ['open', 'b:*']
    >>> doors(None)("c:data/questions/z.yml")
    'closed'
    """
    names = [directive] if isinstance(directive, str) else list(directive or ())

    def door(interview: str) -> str:
        if interview in map(one_name, names):
            return "open"
        return next((one for one in names if interview in _fitting(one)), "closed")
    return door


def _fitting(pattern: str) -> PublicInterviews:
    """The interviews that one line of the directive opens."""
    return PublicInterviews(lambda _name, _default: pattern)
