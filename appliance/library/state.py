"""What library functions remember for one turn, and read from the turn that runs.

``set_language()``, ``set_info()`` and their like are forgotten at the end of a turn, as documented; they must not leak
into another person's turn that runs in the same thread afterwards, so they live on the evaluation itself.
"""

from __future__ import annotations

from typing import Any

from appliance.interview.host import current, running_evaluation

__all__ = ["interview_file", "interview_package", "setting", "turn_state"]

ATTRIBUTE = "library_state"
_outside: dict[str, Any] = {}


def turn_state() -> dict[str, Any]:
    """A dict for the running turn; outside of one (a module being imported, a test) one for the process."""
    evaluation = running_evaluation()
    if evaluation is None:
        return _outside
    state: dict[str, Any] | None = getattr(evaluation, ATTRIBUTE, None)
    if state is None:
        state = {}
        setattr(evaluation, ATTRIBUTE, state)
    return state


def setting(name: str, default: Any = None) -> Any:
    """A configuration directive, or `default` where it is not set or nothing runs."""
    evaluation = running_evaluation()
    if evaluation is None:
        return default
    value = evaluation.host.setting(name, default)
    return default if value is None else value


def interview_file() -> str:
    """The running interview, as ``PACKAGE:data/questions/x.yml``."""
    return str(current().interview.reference)


def interview_package() -> str:
    """The package of the running interview: ``docassemble.demo``."""
    return interview_file().partition(":")[0]
