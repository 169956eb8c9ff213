"""What comes in with a submit and what goes back to the browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from appliance.interview.files import Upload
from appliance.interview.turn import Ending, Posted

__all__ = ["Notice", "Reply", "SessionSummary", "Submission", "as_json"]


@dataclass(frozen=True)
class Submission:
    """A form as the browser sent it.

    :param posted: the fields of the form; a pressed button's number may also be in ``_button``.
    :param question: ``_question_name``, the block of the screen that was filled in.
    :param revision: ``_revision``, the state of the session that the screen was drawn for.
    :param turn_id: ``_turn``, random; the same one twice is the same submit sent twice.
    :param button: the number of the pressed button, where there was one.
    :param uploads: the files that came with the form.
    """

    posted: Posted
    question: str
    revision: int
    turn_id: str
    button: int | None = None
    uploads: tuple[Upload, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Reply:
    """What a turn brought, after its commit.

    :param revision: goes into the form as ``_revision``; a submit for another revision is not applied.
    :param turn_id: a fresh random one, goes into the form as ``_turn``.
    :param ending: what to show; None where nothing is to be shown.
    :param steps: the number of the current step, from 1.
    :param message: a sentence for the person, shown above the question; plain text.
    """

    session_id: str
    interview: str
    revision: int
    turn_id: str
    ending: Ending
    steps: int = 0
    can_go_back: bool = False
    message: str = ""


@dataclass(frozen=True)
class SessionSummary:
    """One session that its visitor may resume. The times are seconds since the epoch, UTC.

    :param name: what the visitor calls it.
    :param joined: they came through its link: it is somebody else's.
    :param shared: its link opens it for others (``multi_user``).
    """

    session_id: str
    interview: str
    title: str = field(repr=False)
    created: float
    modified: float
    steps: int
    name: str = field(default="", repr=False)
    tags: tuple[str, ...] = ()
    joined: bool = False
    shared: bool = False


@dataclass(frozen=True)
class Notice:
    """Something to tell the open tabs of a session.

    :param id: of a stored notice, to report as delivered; 0 for one that is not kept (``reload``).
    :param kind: ``flash``, ``refresh``, ``javascript``, ``fields``, ``backgroundresponse`` (as in a check-in's
        ``commands``), or ``reload``: the screen waits for a task (it has ``reload``), so fetch it again now.
    """

    id: int
    session_id: str
    kind: str
    value: Any = field(default=None, repr=False)


def as_json(value: object) -> object:
    """`value` made of what JSON knows; other keys, numbers without a value and objects become texts.

    >>> as_json({(1, 2): float("nan"), "x": {3}})
    {'(1, 2)': 'nan', 'x': [3]}
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item) for item in value]
    return str(value)
