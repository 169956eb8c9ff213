"""Which fields of a screen count: ``show if`` and its kin, decided on the server from what was posted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from appliance.interview.datatypes.registry import find
from appliance.interview.screen import Screen, ShowIf, ShownField, html_name
from appliance.interview.turn import Posted

__all__ = ["conditions", "visible"]

_ITEM = re.compile(r"""(?P<variable>.+)\[(?P<quote>['"])(?P<key>.*)(?P=quote)\]""", re.DOTALL)
_SEVERAL = ("checkboxes", "multiselect")


def conditions(screen: Screen) -> dict[int, list[dict[str, Any]]]:
    """For each field that has conditions: what the script needs, as listed in ``ui/templates/screen.html``."""
    by_variable = _by_variable(screen)
    return {field.number: [_for_script(condition, by_variable) for condition in field.show_if]
            for field in screen.fields if field.show_if}


def visible(screen: Screen, posted: Posted) -> set[int]:
    """The numbers of the fields that were shown and enabled when `posted` was sent.

    A field whose condition depends on a field that does not count does not count either. A condition in JavaScript
    cannot be decided here: then what the browser said in ``_visible`` holds, and without it the field counts. Where
    several rows set the same variable, the one that was filled in counts. A filled field with ``disable others``
    takes the others out; an empty one leaves the answer to them.
    """
    return _Decision(screen, posted).numbers()


def _by_variable(screen: Screen) -> dict[str, ShownField]:
    """The fields by variable; of several rows that set the same one, the first."""
    return {field.variable: field for field in reversed(screen.fields) if field.variable is not None}


def _target(condition: ShowIf, by_variable: Mapping[str, ShownField]) -> tuple[ShownField | None, str | None]:
    """The field that decides, and the key of the one of its choices that does, if the condition is about one."""
    variable = (condition.variable or "").strip()
    field = by_variable.get(variable)
    if field is not None:
        several = _kind(field) in _SEVERAL
        return field, _key_like(field, condition.equals) if several else None
    item = _ITEM.fullmatch(variable)
    field = by_variable.get(item["variable"]) if item else None
    if item is None or field is None or _kind(field) not in _SEVERAL:
        return None, None
    return field, _key_like(field, item["key"])


def _kind(field: ShownField) -> str:
    return field.input_type or field.datatype


def _key_like(field: ShownField, value: Any) -> str:
    text = str(value)
    for choice in field.choices:
        if text in (choice.key, str(choice.value)):
            return choice.key
    return text


def _accepted(condition: ShowIf, field: ShownField, option: str | None) -> list[str]:
    """The texts of the control that make the condition hold."""
    if option is not None:
        named = (condition.variable or "").strip() == field.variable
        return ["True" if named else str(condition.equals)]
    wanted = str(condition.equals)
    keys = [choice.key for choice in field.choices if wanted in (choice.key, str(choice.value))]
    return keys or [wanted]


def _for_script(condition: ShowIf, by_variable: Mapping[str, ShownField]) -> dict[str, Any]:
    made: dict[str, Any] = {"name": None, "option": None, "equals": [], "sign": condition.sign,
                            "mode": condition.mode, "js": condition.javascript}
    if condition.javascript is not None:
        return made
    field, option = _target(condition, by_variable)
    if field is None:
        return {**made, "name": html_name((condition.variable or "").strip()), "equals": [str(condition.equals)]}
    made["equals"] = _accepted(condition, field, option)
    if option is not None and _kind(field) == "checkboxes":
        return {**made, "name": html_name(f"{field.variable}[{option!r}]")}
    return {**made, "name": field.html_name, "option": option}


class _Decision:
    """One look at a posted form; fields are decided once, on demand, so that chains need no order."""

    def __init__(self, screen: Screen, posted: Posted) -> None:
        self.screen, self.posted = screen, posted
        self.by_variable = _by_variable(screen)
        self.known: dict[int, bool] = {}
        self.said = self._said_by_browser()

    def numbers(self) -> set[int]:
        shown = [field for field in self.screen.fields if self.counts(field)]
        losers = self._losers(shown)
        shown = [field for field in shown if field.number not in losers]
        disabled = self._disabled(shown)
        return {field.number for field in shown if field.number not in disabled}

    def _losers(self, shown: list[ShownField]) -> set[int]:
        """Of rows that set the same variable, all but the one that was filled in."""
        losers: set[int] = set()
        for variable in {field.variable for field in shown if field.variable is not None}:
            rows = [field for field in shown if field.variable == variable]
            if len(rows) > 1:
                filled = [field for field in rows if self._own(field)]
                open_rows = [field for field in rows if not field.disable_others] or rows
                winner = filled[-1] if filled else open_rows[-1]
                losers |= {field.number for field in rows if field is not winner}
        return losers

    def _disabled(self, shown: list[ShownField]) -> set[int]:
        """The fields that a filled field with ``disable others`` takes out, and such fields that were left empty."""
        gone: set[int] = set()
        for field in shown:
            wanted = field.disable_others
            if not wanted or field.number in gone:
                continue
            targets = {other.number for other in shown if other is not field and other.variable is not None
                       and (wanted is True or other.variable in wanted)}
            text = self._own(field)
            if text not in ("", "False"):
                gone |= targets
            elif text == "" and targets - gone:
                gone.add(field.number)
        return gone

    def _own(self, field: ShownField) -> str:
        """The text of one row; rows that set the same variable post under one name, in their order on the screen."""
        rows = [other for other in self.screen.fields if other.variable == field.variable]
        values = self.posted.get(field.html_name, [])
        if len(rows) < 2 or not values:
            return find(field).text(field, self.posted)
        if len(values) == len(rows):
            mine = values[rows.index(field)]
        else:   # some were disabled; a text that is one of a row's choices belongs to that row
            value = values[-1]
            owner = next((row for row in rows if any(choice.key == value for choice in row.choices)), rows[-1])
            mine = value if field is owner else ""
        return find(field).text(field, {**self.posted, field.html_name: [mine]})

    def counts(self, field: ShownField) -> bool:
        if field.number not in self.known:
            self.known[field.number] = True   # a field that depends on itself decides as if it were shown
            self.known[field.number] = all(self.holds(condition, field) for condition in field.show_if)
        return self.known[field.number]

    def holds(self, condition: ShowIf, field: ShownField) -> bool:
        if condition.javascript is not None:
            return self.said is None or field.html_name in self.said
        decider, option = _target(condition, self.by_variable)
        if decider is None:
            return not condition.sign
        if not self.counts(decider):
            return False
        if option is None:
            text = self._own(decider)
        elif _kind(decider) == "multiselect":
            text = str(option in self.posted.get(decider.html_name, []))
        else:
            name = html_name(f"{decider.variable}[{option!r}]")
            text = str("True" in self.posted.get(name, []))
        return (text in _accepted(condition, decider, option)) == condition.sign

    def _said_by_browser(self) -> set[str] | None:
        """The names in ``_visible``; None if there is nothing readable in it."""
        try:
            names = json.loads((self.posted.get("_visible") or [""])[-1])
        except ValueError:
            return None
        return {str(name) for name in names} if isinstance(names, list) else None
