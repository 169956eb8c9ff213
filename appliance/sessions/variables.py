"""The answers of a session as data, for scripts: ``get_interview_variables()``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from appliance.sessions.language import Language
from appliance.sessions.opened import Opened
from appliance.store.steps import Step

__all__ = ["SessionVariables", "variables_of"]


@dataclass(frozen=True)
class SessionVariables:
    """What the current step holds.

    :param variables: by name, made of what JSON knows, as ``all_variables()`` makes it.
    :param private: the interview said ``set_status(variable_access=False)``: only its author may see them.
    :param encrypted: as docassemble has it, False while the interview says ``multi_user = True``.
    """

    session_id: str
    interview: str
    steps: int
    encrypted: bool
    private: bool
    variables: dict[str, Any] = field(repr=False)


def variables_of(language: Language, opened: Opened, step: Step) -> SessionVariables:
    """The variables of one step of a session.

    :raises InterviewError: if a class they need is gone.
    """
    answers = language.thaw(step.answers)
    status = answers.get("_internal", {}).get("status", {})
    row = opened.row
    return SessionVariables(row.id, row.interview, step.number, not row.multi_user,
                            status.get("variable_access", True) is False, language.as_data(answers))
