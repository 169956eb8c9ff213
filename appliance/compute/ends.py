"""From how an evaluation ended to the end of a task.

The rules are those of docassemble's ``background_action()``: only ``background_response()`` gives a value, a question
is an error because nobody is there to answer it, and an error runs the action that ``background_error_action()``
registered.
"""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from typing import Any

from appliance.compute.captured import Captured
from appliance.compute.report import Report
from appliance.interview.errors import CannotSave, CodeFailed, InterviewError
from appliance.interview.tasks import ErrorDetails, TaskEnd
from appliance.interview.turn import (
    BackgroundAnswer,
    FollowUp,
    Goodbye,
    Outcome,
    Response,
    ShowScreen,
    Wait,
)

__all__ = ["from_error", "from_outcome"]

_DELETES = {"exit": "exit", "exit_logout": "exit", "restart": "restart"}

_NO_RESPONSE = "The task ended without background_response(); its value is None."
_NO_WAIT = "command('wait') does nothing in a background task; its value is None."


def from_outcome(task_id: str, outcome: Outcome, output: Captured) -> Report:
    """The end of a task whose evaluation came to an end of its own.

    :raises CannotSave: if a value that goes back to the interview cannot be pickled.
    """
    for line in outcome.log:
        output.note(line)
    effects = _pickled(outcome.effects, "What the task asked for") if outcome.effects else None

    def end(**fields: Any) -> Report:
        return Report(TaskEnd(task_id, effects=effects, log=output.lines, **fields))

    ending = outcome.ending
    match ending:
        case BackgroundAnswer():
            return end(value=_pickled(ending.value, "The value given to background_response()"))
        case FollowUp():
            return end(follow_up=_pickled(ending, "What was given to background_response_action()"))
        case ShowScreen():
            sought = ending.screen.sought
            error = ErrorDetails("QuestionError", ending.screen.question_text,
                                 variables=(sought,) if sought is not None else ())
            return _failed(error, outcome.error_action, end)
        case Goodbye():
            return end(value=_NONE, goodbye=_DELETES.get(ending.kind))
        case Response():
            _note_response(ending, output)
            return end(value=_NONE)
        case _:
            output.note(_NO_WAIT if isinstance(ending, Wait) else _NO_RESPONSE)
            return end(value=_NONE)


def from_error(task_id: str, error: BaseException, output: Captured) -> Report:
    """The end of a task that raised `error`, whatever that is."""
    action: FollowUp | None = getattr(error, "error_action", None)
    where = error.where if isinstance(error, InterviewError) else ""

    def end(**fields: Any) -> Report:
        return Report(TaskEnd(task_id, log=output.lines, **fields), where=where)

    return _failed(_details(error), action, end)


_NONE = pickle.dumps(None)


def _details(error: BaseException) -> ErrorDetails:
    if isinstance(error, CodeFailed):
        return ErrorDetails(error.error_type, error.message, error.trace, tuple(error.variables))
    trace = "".join(traceback.format_exception(error))
    variables = tuple(error.variables) if isinstance(error, InterviewError) else ()
    return ErrorDetails(type(error).__name__, str(error), trace, variables)


def _failed(error: ErrorDetails, action: FollowUp | None, end: Callable[..., Report]) -> Report:
    if action is None:
        return end(error=error)
    arguments = {
        **action.arguments,
        "error_type": error.error_type,
        "error_message": error.error_message,
        "error_trace": error.error_trace,
        "variables": list(error.variables),
    }
    try:
        follow_up = _pickled(FollowUp(action.action, arguments), "What was given to background_error_action()")
    except CannotSave:
        # The error that ended the task says more to an author than this one, so the action goes without its arguments.
        own = set(action.arguments)
        follow_up = pickle.dumps(FollowUp(action.action, {k: v for k, v in arguments.items() if k not in own}))
    return end(error=error, follow_up=follow_up)


def _note_response(response: Response, output: Captured) -> None:
    if response.body and not response.null:
        output.note(response.body.decode("utf-8", errors="replace"))


def _pickled(value: Any, what: str) -> bytes:
    try:
        return pickle.dumps(value, protocol=5)
    except Exception as error:  # objects of authors can fail in any way when pickled
        raise CannotSave(f"{what} holds a {type(error).__name__.lower()} problem: it cannot be sent back to the "
                         "interview.") from error
