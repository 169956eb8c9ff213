"""The variables of a session: new ones, and to and from bytes.

Modules, functions, classes and open files among the variables are left out, as docassemble leaves them out; anything
else that cannot be pickled is an error that names the variable.
"""

from __future__ import annotations

import io
import pickle
import types
from datetime import datetime
from typing import Any

from appliance.interview.errors import CannotSave
from appliance.interview.turn import Answers

__all__ = ["freeze", "kept", "new_answers", "thaw"]

# Open files among them: `with open(the_file.path()) as f:` in a code block leaves `f` behind.
_LEFT_OUT = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, type, io.IOBase)


def new_answers(url_args: dict[str, str], started: datetime) -> Answers:
    """The variables every session starts with, under docassemble's names."""
    return {
        "_internal": {
            "answered": set(),
            "answers": {},
            "stack": [],
            "tasks": {},
            "info": {},
            "progress": 0,
            "starttime": started,
            "prevent_going_back": False,
            "parts": {},
            "session_local": {},
            "device_local": {},
            "user_local": {},
        },
        "url_args": dict(url_args),
        "allow_cron": False,
        "multi_user": False,
        "track_location": False,
        "speak_text": False,
        "role": "user",
        "role_needed": None,
        "menu_items": [],
        "nav": {},
    }


def freeze(answers: Answers) -> bytes:
    """The answers as bytes.

    :raises CannotSave: naming the variable that cannot be pickled.
    """
    found = kept(answers)
    try:
        return pickle.dumps(found, protocol=5)
    except Exception as error:  # objects of authors may fail in any way when pickled; the loop below names which one
        raise CannotSave(_culprit(found, error), variables=_culprits(found)) from error


def kept(answers: Answers) -> Answers:
    """What is saved of the answers."""
    return {name: value for name, value in answers.items()
            if name != "__builtins__" and not isinstance(value, _LEFT_OUT)}


def _culprits(kept: dict[str, Any]) -> tuple[str, ...]:
    found = []
    for name, value in kept.items():
        try:
            pickle.dumps(value, protocol=5)
        except Exception:  # noqa: BLE001 - any failure means that this is one of the variables to name
            found.append(name)
    return tuple(found)


def _culprit(kept: dict[str, Any], error: Exception) -> str:
    names = _culprits(kept)
    if not names:
        return f"The answers cannot be saved: {type(error).__name__}."
    return (
        f"The variable {names[0]!r} holds a {type(kept[names[0]]).__name__} that cannot be saved with the answers; "
        "keep what can be computed again out of variables."
    )


class _Unpickler(pickle.Unpickler):
    """Says in an author's words when a class is gone."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except (ImportError, AttributeError) as error:
            raise CannotSave(f"What was saved needs {module}.{name}, which is not there any more.") from error


def thaw(data: bytes) -> Answers:
    """The answers that :func:`freeze` made bytes of.

    :raises CannotSave: where a class they need is gone.
    """
    answers: Answers = _Unpickler(io.BytesIO(data)).load()
    return answers
