"""The actions waiting in a session: one that a link asked for, and those that code put off with ``force_ask``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from appliance.interview.names import canonical
from appliance.interview.signals import AskFor
from appliance.interview.turn import Action, CheckIn, Turn

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation

__all__ = ["BUILT_IN", "ActionStack", "Entry", "built_in"]


@dataclass
class Entry:
    """An action to run: an event, or a variable whose question is asked even if it has a value.

    With `gather`, a variable for which questions are asked until it has a value. With `optional` (``follow up``), a
    variable that is asked only if a block offers it now.
    """

    action: str
    arguments: dict[str, Any] = field(default_factory=dict)
    gather: bool = False
    optional: bool = False


class ActionStack:
    """The actions of a session, the next one last. Kept in the answers, so that it survives between screens.

    A task, a scheduled event and a check-in run their own action only, and leave the session's stack alone.
    """

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation
        self.only = isinstance(evaluation.turn, CheckIn) or (
            isinstance(evaluation.turn, Action) and evaluation.host.interface in ("worker", "cron")
        )
        self._entries: list[Entry] = [] if self.only else evaluation.internal.setdefault("stack", [])
        self.current: Entry | None = None

    def begin(self, turn: Turn) -> None:
        """Put the action of the turn on top."""
        if isinstance(turn, Action):
            if not self.only and turn.arguments.pop("_forget_prior", False):
                self._entries.clear()
            self._return_to(turn.name, turn.arguments)
            self._entries.append(Entry(turn.name, dict(turn.arguments)))
        elif isinstance(turn, CheckIn):
            arguments: dict[str, Any] = {**turn.fields, "_initial": turn.initial, "_changed": turn.changed}
            self._entries.append(Entry(turn.name, arguments))

    def _return_to(self, action: str, arguments: dict[str, Any]) -> None:
        """Drop an action that waits already, with what it led to: who asks for it once more begins it anew.

        Else each click on a menu's item would have to be undone by a press of its screen's button.
        """
        for place, entry in enumerate(self._entries):
            if entry.action == action and entry.arguments == arguments:
                del self._entries[place:]
                return

    def top(self) -> Entry | None:
        self.current = self._entries[-1] if self._entries else None
        return self.current

    def done(self, entry: Entry) -> None:
        """`entry` has run to its end, or its screen was submitted."""
        if entry in self._entries:
            self._entries.remove(entry)
        self.current = None

    def drop_current(self) -> None:
        """The running action answered for itself (``response()``): it is over."""
        if self.current is not None:
            self.done(self.current)

    def submitted(self, action: dict[str, Any], sought: str | None) -> None:
        """A screen that was shown for `action` was submitted: if it was the action's own screen, the action is over."""
        entry = self._asked_by(action, sought)
        if entry is not None:
            self._entries.remove(entry)

    def is_own_screen(self, action: dict[str, Any] | None, sought: str | None) -> bool:
        """Whether a screen was shown because `action` asks for just that, whatever was answered there before."""
        return action is not None and self._asked_by(action, sought) is not None

    def _asked_by(self, action: dict[str, Any], sought: str | None) -> Entry | None:
        for entry in reversed(self._entries):
            if entry.action == action["action"] and entry.arguments == action["arguments"]:
                return entry if sought == entry.action and not entry.gather else None
        return None

    def push_requests(self, signal: AskFor) -> None:
        """Ask for variables, the first one first, then go on."""
        running = self.current
        entries = [entry for request in signal.requests for entry in _entries(request)]
        for entry in entries:
            entry.gather = (
                signal.gather and not entry.arguments and not entry.optional and not self._is_event(entry.action)
            )
        # What only gathers variables comes back to its code, which finds them then; all else would come back forever.
        if running is not None and not (signal.gather and all(entry.gather for entry in entries)):
            self.done(running)
        if signal.forget_prior:
            self._entries.clear()
        self._entries.extend(reversed(entries))

    def _is_event(self, name: str) -> bool:
        if name in BUILT_IN:
            return True
        return any(name in block.events for block in self._evaluation.interview.offering(canonical(name)))


def _entries(request: Any) -> list[Entry]:
    """What ``force_ask()`` was given: a name, an action with arguments, or one of the documented orders."""
    if not isinstance(request, dict):
        return [Entry(str(request))]
    if "follow up" in request:
        return [Entry(canonical(name), optional=True) for name in _names(request["follow up"])]
    for order, action in _ORDERS.items():
        if order in request:
            return [Entry(action, {"variables": request[order]})]
    return [Entry(str(request["action"]), dict(request.get("arguments", {})))]


def _names(variables: Any) -> list[str]:
    return [str(name) for name in variables] if isinstance(variables, list | tuple) else [str(variables)]


def _force_ask(_evaluation: Evaluation, arguments: dict[str, Any]) -> None:
    raise AskFor(list(arguments.get("variables", [])))


def _undefine(evaluation: Evaluation, arguments: dict[str, Any]) -> None:
    evaluation.undefine(*_names(arguments.get("variables", [])))


def _invalidate(evaluation: Evaluation, arguments: dict[str, Any]) -> None:
    names = _names(arguments.get("variables", []))
    evaluation.remember_as_defaults(*names)
    evaluation.undefine(*names)


def _compute(evaluation: Evaluation, arguments: dict[str, Any]) -> None:
    names = _names(arguments.get("variables", []))
    evaluation.undefine(*names)
    for name in names:
        evaluation.settle(name)


def _set(evaluation: Evaluation, arguments: dict[str, Any]) -> None:
    given = arguments.get("variables", [])
    for pairs in given if isinstance(given, list | tuple) else [given]:
        for name, value in pairs.items():
            evaluation.assign(str(name), value)


_ORDERS = {"undefine": "_da_undefine", "invalidate": "_da_invalidate", "recompute": "_da_compute", "set": "_da_set"}

BuiltIn = Callable[["Evaluation", dict[str, Any]], None]

BUILT_IN: dict[str, BuiltIn] = {
    "_da_force_ask": _force_ask,
    "_da_undefine": _undefine,
    "_da_invalidate": _invalidate,
    "_da_compute": _compute,
    "_da_set": _set,
}
"""Actions that every interview has: what ``url_ask()`` and ``force_ask()`` put on the stack, and what parts of the
library add for tasks of their own.
"""


def built_in(name: str) -> Callable[[BuiltIn], BuiltIn]:
    """Make the decorated function an action of every interview. It gets the evaluation and the action's arguments."""
    def add(action: BuiltIn) -> BuiltIn:
        BUILT_IN[name] = action
        return action

    return add
