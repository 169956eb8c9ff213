"""The names that author code finds besides the session's own answers.

Python looks up a global name in the globals first and then in their ``__builtins__``. The answers are the globals; one
``__builtins__`` mapping for each interview holds Python's own builtins, the library, and what the interview's
``modules`` and ``imports`` blocks bring. So a turn copies nothing, and the answers hold only what the author made.
"""

from __future__ import annotations

import builtins
import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from appliance.interview.errors import BadInterview
from appliance.interview.other_sessions import Places
from appliance.interview.templates import MAKO_NAMES

__all__ = ["LOCAL", "as_data", "attach", "attach_local", "base_names", "detach_local", "import_module", "library",
           "names_of_module", "renumber"]

LOCAL = ("session_local", "device_local", "user_local")
"""Variables of a turn that each browser session, browser and user has of its own."""

_MOST_LOCAL = 100
"""For so many the session remembers what is their own; whoever came first makes room."""


def library() -> dict[str, Any]:
    """The names every interview has: those of ``docassemble.base.util``."""
    names = importlib.import_module("appliance.library.names")
    return dict(names.NAMES)


def base_names(with_library: bool = True) -> dict[str, Any]:
    """A new mapping for ``__builtins__``."""
    names: dict[str, Any] = {**vars(builtins), **MAKO_NAMES}
    if with_library:
        names.update(library())
    return names


def attach(answers: dict[str, Any], names: dict[str, Any]) -> None:
    """Let code that runs with `answers` as globals find `names`."""
    answers["__builtins__"] = names


def attach_local(answers: dict[str, Any], places: Places) -> None:
    """Let the :data:`LOCAL` variables be those of whoever the turn is for.

    What somebody was asked for before they signed in is their account's from then on, if it has nothing yet.
    """
    local = importlib.import_module("appliance.library.local_objects")
    of_users = answers["_internal"].get("user_local", {})
    if places.user not in of_users and places.session in of_users:
        of_users[places.user] = of_users.pop(places.session)
    for name, place in zip(LOCAL, (places.session, places.device, places.user), strict=True):
        if not local.holds_something(answers.get(name)):   # which answers have that were saved while a turn ran
            kept = answers["_internal"].get(name, {}).get(place)
            answers[name] = local.new_local(name) if kept is None else kept


def detach_local(answers: dict[str, Any], places: Places) -> None:
    """Keep what is in them where only the same people find it again."""
    local = importlib.import_module("appliance.library.local_objects")
    for name, place in zip(LOCAL, (places.session, places.device, places.user), strict=True):
        value = answers.pop(name, None)
        kept = answers["_internal"].get(name, {})
        if local.holds_something(value):
            kept[place] = value
            answers["_internal"][name] = dict(list(kept.items())[-_MOST_LOCAL:])
        else:
            kept.pop(place, None)


def renumber(values: Mapping[str, Any], numbers: Mapping[int, int]) -> None:
    """Let the files in the values be those of other numbers."""
    if numbers:
        importlib.import_module("appliance.library.file_copies").renumber(values, numbers)


def import_module(name: str, package: str, file: str, line: int) -> Any:
    """Import a module for a ``modules`` or ``imports`` block; ``.name`` is a module of the interview's own package.

    :raises BadInterview: where it cannot be imported.
    """
    try:
        return importlib.import_module(name, package) if name.startswith(".") else importlib.import_module(name)
    except Exception as error:  # an author's module can fail in any way while it is imported; all are told alike
        raise BadInterview(
            f"the module {name!r} cannot be imported: {type(error).__name__}: {error}", file=file, line=line
        ) from error


def names_of_module(module: Any) -> dict[str, Any]:
    """What ``from module import *`` brings."""
    public: Iterable[str] = getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]
    return {name: getattr(module, name) for name in public}


def as_data(answers: dict[str, Any]) -> dict[str, Any]:
    """The author's variables as JSON can hold them; nothing is sought, and nothing runs."""
    plain = importlib.import_module("appliance.library.plain")
    variables: dict[str, Any] = plain.plain_answers(answers)
    return variables
