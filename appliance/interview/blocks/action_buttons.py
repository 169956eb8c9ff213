"""``action buttons``: buttons of a question that run an action or lead elsewhere instead of submitting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from appliance.interview import namespace
from appliance.interview.blocks.base import BlockSource, keys
from appliance.interview.code import Expression
from appliance.interview.errors import InterviewError
from appliance.interview.screen import Button
from appliance.interview.templates import TextTemplate
from appliance.interview.yaml_source import YamlMap

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation

__all__ = ["ActionButtons", "read_action_buttons"]

_KEYS = keys(
    ("label", "text", "the words on the button"),
    ("action", "text", "the action to run, or an address"),
    ("arguments", "mapping", "what the action is given"),
    ("color", "text", "a Bootstrap colour"),
    ("icon", "text", "a picture of Font Awesome"),
    ("css class", "text", "a CSS class of the button"),
    ("placement", "text", "'before': in front of the other buttons"),
    ("new window", "any", "whether a new window is opened; or its name"),
    ("forget prior", "any", "whether actions that wait are forgotten"),
    ("show if", "python", "whether the button is there"),
    ("code", "python", "an expression that gives a list of such buttons"),
)
_ADDRESS = ("http://", "https://", "mailto:", "tel:", "/", "#")


@dataclass
class ActionButtons:
    """What stands under ``action buttons``: each item with its texts compiled, or an expression that gives items."""

    file: str
    line: int
    items: list[Expression | dict[str, Any]] = field(default_factory=list)

    def show(self, evaluation: Evaluation) -> tuple[list[Button], list[Button]]:
        """The buttons to stand before the others, and those to stand after them.

        :raises NameError: for what they mention and is not defined.
        """
        before: list[Button] = []
        after: list[Button] = []
        for item in self._expanded(evaluation):
            if not _filled(item.get("show if", True), evaluation):
                continue
            about = {key: _filled(value, evaluation) for key, value in item.items() if key != "show if"}
            if "label" not in about or "action" not in about:
                raise InterviewError("An action button needs 'label' and 'action'.", file=self.file, line=self.line)
            (before if str(about.get("placement", "")) == "before" else after).append(_button(about, evaluation))
        for number, button in enumerate([*before, *after], 1000):
            button.number = number
        return before, after

    def _expanded(self, evaluation: Evaluation) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for item in self.items:
            if isinstance(item, dict):
                found.append(item)
                continue
            given = item.value(evaluation.answers)
            for each in getattr(given, "elements", given) or ():
                if not isinstance(each, Mapping):
                    raise InterviewError("The code of 'action buttons' must give a list of dictionaries.",
                                         file=self.file, line=self.line)
                found.append(dict(each))
        return found


def _filled(value: Any, evaluation: Evaluation) -> Any:
    """`value` with texts filled in and expressions worked out."""
    if isinstance(value, TextTemplate):
        return value.render(evaluation.answers).strip()
    if isinstance(value, Expression):
        return value.value(evaluation.answers)
    if isinstance(value, dict):
        return {key: _filled(item, evaluation) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, evaluation) for item in value]
    return value


def _button(about: Mapping[str, Any], evaluation: Evaluation) -> Button:
    icon = str(about.get("icon") or "")
    if icon and not icon.startswith("fa-"):
        icon = f"fa-{icon}"
    window = about.get("new window", False)
    return Button(
        0, evaluation.inline(about["label"]), "link", url=_url(about), image=icon,
        color=str(about.get("color") or "primary"), css_class=str(about.get("css class") or ""),
        window="_blank" if window is True else str(window or ""))


def _url(about: Mapping[str, Any]) -> str:
    action, arguments = str(about["action"]), dict(about.get("arguments") or {})
    if action.startswith(_ADDRESS):
        return action
    if about.get("forget prior"):
        arguments["_forget_prior"] = True
    return str(namespace.library()["url_action"](action, **arguments))


def read_action_buttons(source: BlockSource) -> ActionButtons | None:
    """What a question has under ``action buttons``; None where it has none."""
    key = "action buttons"
    if key not in source:
        return None
    made = ActionButtons(source.file, source.data.line_of(key))
    for item in source.items(key):
        if not isinstance(item, YamlMap):
            raise source.error("an item of 'action buttons' has 'label' and 'action'", key)
        source.check_keys(_KEYS, "an action button", item)
        if "code" in item:
            code = source.expression("code", item)
            made.items += [] if code is None else [code]
            continue
        for needed in ("label", "action"):
            if needed not in item:
                raise source.error(f"an action button needs {needed!r}", data=item)
        made.items.append({name: source.expression(name, item) if name == "show if" else _compiled(source, value,
                           item.text_line(name)) for name, value in item.items()})
    return made


def _compiled(source: BlockSource, value: Any, line: int) -> Any:
    if isinstance(value, dict):
        return {key: _compiled(source, item, line) for key, item in value.items()}
    if isinstance(value, list):
        return [_compiled(source, item, line) for item in value]
    return source.text_of(value, line) if isinstance(value, str) else value
