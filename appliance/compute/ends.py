"""From how an evaluation ended to the end of a task.

The rules are those of docassemble's ``background_action()``: only ``background_response()`` gives a value, a question
is an error because nobody is there to answer it, and an error runs the action that ``background_error_action()``
registered.
"""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Sequence
from typing import Any

from appliance.compute.captured import Captured
from appliance.compute.report import Report
from appliance.interview.errors import CannotSave, CodeFailed, InterviewError
from appliance.interview.failures import words_of
from appliance.interview.tasks import ErrorDetails, TaskEnd
from appliance.interview.turn import (
    BackgroundAnswer,
    Effect,
    FollowUp,
    Goodbye,
    Outcome,
    Response,
    ShowScreen,
    Wait,
)

__all__ = ["error_follow_up", "from_error", "from_outcome"]

_DELETES = {"exit": "exit", "exit_logout": "exit", "restart": "restart"}

_NO_RESPONSE = "The task ended without background_response(); its value is None."
_NO_WAIT = "command('wait') does nothing in a background task; its value is None."
_ASKED = ("The action did not end with background_response(), or a variable that it needs is not defined: the "
          "interview went on to a question, which nobody is there to answer.")


def from_outcome(task_id: str, outcome: Outcome, output: Captured, asked_at: str = "") -> Report:
    """The end of a task whose evaluation came to an end of its own.

    :param asked_at: file and line of the question that it ended on.
    :raises CannotSave: if a value that goes back to the interview cannot be pickled.
    """
    for line in outcome.log:
        output.note(line)
    effects = _pickled_effects(outcome.effects)
    ending = outcome.ending
    follow_up: bytes | None = None
    value: bytes | None = None
    error: ErrorDetails | None = None
    goodbye: str | None = None
    warnings: tuple[str, ...] = ()
    try:
        match ending:
            case BackgroundAnswer():
                value = _pickled(ending.value, "The value given to background_response()")
            case FollowUp():
                follow_up = _pickled(ending, "What was given to background_response_action()")
            case ShowScreen():
                warnings = (_ASKED,)
                sought = ending.screen.sought
                error = ErrorDetails("QuestionError", ending.screen.question_text,
                                     variables=(sought,) if sought is not None else ())
                follow_up = None if outcome.error_action is None else error_follow_up(error, outcome.error_action)
            case Goodbye():
                value, goodbye = _NONE, _DELETES.get(ending.kind)
            case Response():
                _note_response(ending, output)
                value = _NONE
            case _:
                value, warnings = _NONE, (_NO_WAIT if isinstance(ending, Wait) else _NO_RESPONSE,)
    except CannotSave as problem:
        problem.error_action, problem.effects = outcome.error_action, outcome.effects
        raise
    for warning in warnings:
        output.note(warning)
    return Report(TaskEnd(task_id, value, follow_up, error, goodbye, output.lines, effects,
                          where=asked_at if error is not None else ""), warnings=warnings)


def from_error(task_id: str, error: BaseException, output: Captured) -> Report:
    """The end of a task that raised `error`, whatever that is."""
    details = _details(error)
    if not isinstance(error, InterviewError):
        return Report(TaskEnd(task_id, error=details, log=output.lines))
    follow_up = None if error.error_action is None else error_follow_up(details, error.error_action)
    try:
        effects = _pickled_effects(error.effects)
    except CannotSave as problem:
        output.note(str(problem))
        effects = None
    return Report(TaskEnd(task_id, follow_up=follow_up, error=details, log=output.lines, effects=effects,
                          where=error.where))


def error_follow_up(error: ErrorDetails, action: FollowUp) -> bytes:
    """The error action with the four arguments that say what went wrong, pickled."""
    told = {
        "error_type": error.error_type,
        "error_message": error.error_message,
        "error_trace": error.error_trace,
        "variables": list(error.variables),
    }
    try:
        return _pickled(FollowUp(action.action, {**action.arguments, **told}),
                        "What was given to background_error_action()")
    except CannotSave:
        # The error that ended the task says more to an author than this one, so the action goes without its arguments.
        return pickle.dumps(FollowUp(action.action, dict(told)))


_NONE = pickle.dumps(None)


def _details(error: BaseException) -> ErrorDetails:
    if isinstance(error, CodeFailed):
        return ErrorDetails(error.error_type, error.message, error.trace, tuple(error.variables))
    trace = "".join(traceback.format_exception(error))
    variables = tuple(error.variables) if isinstance(error, InterviewError) else ()
    return ErrorDetails(type(error).__name__, words_of(error), trace, variables)


def _pickled_effects(effects: Sequence[Effect]) -> bytes | None:
    return _pickled(list(effects), "What the task asked for") if effects else None


def _note_response(response: Response, output: Captured) -> None:
    if response.body and not response.null:
        output.note(response.body.decode("utf-8", errors="replace"))


def _pickled(value: Any, what: str) -> bytes:
    try:
        return pickle.dumps(value, protocol=5)
    except Exception as error:  # objects of authors can fail in any way when pickled
        raise CannotSave(f"{what} holds something that cannot be stored, such as an open file, a lock or a "
                         f"function ({type(error).__name__}): it cannot be sent back to the interview.") from error
