"""Values from elsewhere for the variables of a session: what ``set_session_variables()`` does, without running it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from appliance.interview import namespace
from appliance.interview.errors import InterviewError
from appliance.interview.evaluate import Evaluation
from appliance.interview.failures import MISSING, code_failed, words_of
from appliance.interview.host import Host, reset_current, set_current
from appliance.interview.interview import Interview
from appliance.interview.names import accessors
from appliance.interview.other_sessions import CarriedFile, SessionRefused
from appliance.interview.turn import Answers, Outcome, Refresh

__all__ = ["assign_variables"]

_TAKEN: dict[str, Callable[[Any], Any]] = {
    "answered": set, "answers": dict, "session_local": dict, "device_local": dict, "user_local": dict, "tags": set,
    "info": dict, "parts": dict, "tasks": dict, "defaults": dict,
}
"""What of ``_internal`` may come from elsewhere, as copies of a session do; the rest belongs to its own session."""


def assign_variables(interview: Interview, answers: Answers, host: Host, variables: Mapping[str, Any], *,
                     files: Iterable[CarriedFile] = (), delete: Iterable[str] = (),
                     question_name: str = "") -> Outcome:
    """Assign, as the statement ``NAME = VALUE`` would, and undefine what is to be deleted.

    An object that an assignment needs (``client`` for ``client.phone_number``) is made where code can make it.

    :param files: what the values hold of the session that they come from.
    :param answers: changed in place; the caller keeps them only if this returns.
    :raises SessionRefused: if something cannot be assigned.
    """
    namespace.attach(answers, interview.namespace)
    namespace.attach_local(answers, host.places)
    evaluation = Evaluation(interview, answers, Refresh(), host)
    token = set_current(evaluation)
    try:
        namespace.renumber(variables, {file.number: _copied(host, file) for file in files})
        for name, value in variables.items():
            _assign(evaluation, str(name), value)
        evaluation.undefine(*(str(name) for name in delete))
        if question_name:
            evaluation.internal["answered"].add(question_name)
        evaluation.finish()
        namespace.detach_local(answers, host.places)
    finally:
        for close in evaluation.closing:
            close()
        reset_current(token)
    return Outcome(answers, None, evaluation.effects, log=evaluation.log)


def _copied(host: Host, file: CarriedFile) -> int:
    info = host.new_file(file.filename, file.mimetype)
    host.file_path(info.number).write_bytes(file.content)
    return info.number


def _assign(evaluation: Evaluation, name: str, value: Any) -> None:
    parts = accessors(name)
    if parts is None:
        raise SessionRefused(f"{name!r} is not the name of a variable.")
    try:
        if parts.base == "_internal":
            _assign_internal(evaluation, parts.steps, value)
        elif not (parts.base.startswith("__") or (parts.base in namespace.LOCAL and not parts.steps)):
            _ensure(evaluation, name, parts.base)
            evaluation.assign(name, value)
    except InterviewError:
        raise
    except (*MISSING, AttributeError, LookupError, TypeError, ValueError) as error:
        raise SessionRefused(f"{name} cannot be set in {evaluation.interview.reference}: {words_of(error)}.",
                             variables=(name,)) from error
    except Exception as error:
        # Objects of authors can fail in any way when something is assigned to them.
        raise code_failed(error, evaluation.interview.files, (name,)) from error


def _ensure(evaluation: Evaluation, name: str, base: str) -> None:
    """Make the object that `name` is a part of, if blocks can do that without a question."""
    if name != base and not evaluation.is_defined(base):
        evaluation.compute(base)


def _assign_internal(evaluation: Evaluation, steps: tuple[str, ...], value: Any) -> None:
    """Take what a copy of a session brings of ``_internal``; what belongs to one session alone is left as it is."""
    if not steps:
        for key, kind in _TAKEN.items():
            if isinstance(value, Mapping) and key in value:
                evaluation.internal[key] = kind(value[key])
        return
    key = steps[0].strip("[]'\"")
    if key not in _TAKEN:
        return
    if len(steps) == 1:
        evaluation.internal[key] = _TAKEN[key](value)
    else:
        evaluation.assign("_internal" + "".join(steps), value)
