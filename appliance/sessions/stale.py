"""A form that arrives too late: not applied, and nothing of what was typed is lost from sight."""

from __future__ import annotations

import re
from collections.abc import Iterable

from appliance.interview.screen import Screen, ShownField, variable_of
from appliance.interview.turn import Posted, ShowScreen

__all__ = ["ALREADY_ANSWERED", "MOVED_ON", "shown_again"]

ALREADY_ANSWERED = "This question was already answered in another window, so what you sent now was not saved."
MOVED_ON = "This interview has moved on in another window; this is where it is now."
_OURS = "csrf_token"
_NEVER_SHOWN = ("password",)


def shown_again(screen: Screen, posted: Posted, older: Iterable[Screen]) -> tuple[ShowScreen, str]:
    """The current screen with what was typed filled in where it asks the same, and a message that tells the rest.

    :param older: screens that the form may have been drawn for, for the words of its labels.
    """
    asked = {field.variable for field in screen.fields if field.variable is not None}
    labels = {field.variable: field for known in older for field in known.fields if field.variable is not None}
    drafts: Posted = {}
    lost: list[str] = []
    for name, values in posted.items():
        variable = _variable(name)
        if variable is None:
            continue
        base = _without_choice(variable)
        if variable in asked or base in asked:
            drafts[name] = list(values)
        else:
            lost += _in_words(labels.get(variable) or labels.get(base), values)
    message = ALREADY_ANSWERED
    if lost:
        message += " You had entered: " + "; ".join(lost) + "."
    return ShowScreen(screen, drafts=drafts), message


def _variable(name: str) -> str | None:
    """The variable a form field is for; None for one of the page's own."""
    if name.startswith("_") or name == _OURS:
        return None
    try:
        return variable_of(name)
    except ValueError:
        return None


def _without_choice(variable: str) -> str:
    """``fruits`` of ``fruits['apple']``, which is a box of a checkboxes field."""
    return variable[:variable.rindex("[")] if variable.endswith("]") and "[" in variable else variable


def _in_words(field: ShownField | None, values: list[str]) -> list[str]:
    texts = [value for value in values if value.strip()]
    if not texts or (field is not None and field.datatype in _NEVER_SHOWN):
        return []
    label = re.sub(r"<[^>]*>", "", (field.label_html or "") if field is not None else "").strip()
    return [(f"{label}: " if label else "") + ", ".join(texts)]
