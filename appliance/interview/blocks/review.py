"""``review`` of a question as written: the answers that a person may look at again, and what a click asks anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from appliance.interview.blocks.base import BlockSource, keys
from appliance.interview.code import Expression
from appliance.interview.names import canonical, is_name
from appliance.interview.templates import TextTemplate
from appliance.interview.yaml_source import YamlMap

__all__ = ["REVIEW_KEYS", "Review", "ReviewItem", "Step", "read_review"]

REVIEW_KEYS = keys(
    ("label", "text", "the words on the link or button"),
    ("field", "name", "the variable that is asked again"),
    ("fields", "any", "the variables that are asked again, one after the other, and commands between them"),
    ("button", "text", "a text beside a button, instead of a link"),
    ("help", "text", "a text under the link"),
    ("note", "text", "a text; beside the item where the item has a label"),
    ("html", "text", "HTML; beside the item where the item has a label"),
    ("raw html", "text", "HTML without anything around it"),
    ("show if", "any", "variables that must be defined, or conditions that must hold, for the item to be shown"),
    ("css class", "text", "a CSS class of the item"),
)
LISTS = ("follow up", "recompute", "undefine", "invalidate")
"""Commands among the ``fields`` that take variables; the two others are ``set`` and ``action``."""
COMMANDS = (*LISTS, "set", "action")

Step = str | dict[str, Any]
"""A variable to ask, or a command as ``force_ask()`` takes it: ``{'recompute': ['salad']}``."""

USUAL_LABEL = "Edit"
_TEXTS = ("button", "help", "note", "html", "raw html", "css class")


@dataclass(frozen=True)
class ReviewItem:
    """One item: a label with what it asks again, or only a text."""

    label: TextTemplate | None = None
    steps: tuple[Step, ...] = ()
    texts: dict[str, TextTemplate] = field(default_factory=dict)   # by key: button, help, note, html …
    conditions: tuple[Expression, ...] = ()

    @property
    def variables(self) -> list[str]:
        """What must be defined for the item to be shown: what it asks, without the commands."""
        return [step for step in self.steps if isinstance(step, str)]


@dataclass(frozen=True)
class Review:
    """The whole of it.

    :param skip_undefined: leave out what mentions an undefined variable, instead of asking for it.
    """

    items: tuple[ReviewItem, ...]
    skip_undefined: bool = True
    tabular: bool | TextTemplate = False


def read_review(source: BlockSource) -> Review:
    """The ``review``, ``skip undefined`` and ``tabular`` of a question.

    :raises BadInterview: where they are not what they should be.
    """
    listed = source.data["review"]
    items = [item for item in (listed if isinstance(listed, list) else [listed]) if item is not None]
    for item in items:
        if not isinstance(item, YamlMap):
            raise source.error("'review' must be a list of items such as 'Edit: variable'", "review")
    tabular = source.data.get("tabular", False)
    return Review(
        tuple(_item(source, item) for item in items),
        source.flag("skip undefined", True),
        tabular if isinstance(tabular, bool) else source.template("tabular") or False,
    )


def _item(source: BlockSource, data: YamlMap) -> ReviewItem:
    label, asked, key = _label(source, data)
    texts = {name: text for name in _TEXTS if (text := source.template(name, data)) is not None}
    if label is None and not any(name in texts for name in ("note", "html", "raw html")):
        raise source.error("an item of 'review' needs a label and a variable, or a 'note' or 'html'",
                           next(iter(data), None), "write 'Edit: variable'", data=data)
    return ReviewItem(label, tuple(_steps(source, data, asked, key)), texts, tuple(_conditions(source, data)))


def _label(source: BlockSource, data: YamlMap) -> tuple[TextTemplate | None, Any, str]:
    """The label, what it asks, and the key that says so: ``label`` with ``field``, or ``Edit: variable``."""
    own = [key for key in data if key not in REVIEW_KEYS]
    asking = next((key for key in ("fields", "field") if key in data), None)
    if asking is not None or "label" in data:
        source.check_keys(REVIEW_KEYS, "an item of 'review'", data)
        if asking is None:
            raise source.error("an item of 'review' with a 'label' needs a 'field' or 'fields'", "label", data=data)
        label = source.template("label", data) or source.text_of(USUAL_LABEL, data.line)
        return label, data[asking], asking
    if not own:
        return None, None, ""
    if len(own) > 1:
        source.check_keys({**REVIEW_KEYS, own[0]: REVIEW_KEYS["label"]}, "an item of 'review'", data)
        raise source.error(f"an item of 'review' has one label, and here are {' and '.join(map(repr, own))}",
                           own[1], data=data)
    return source.text_of(own[0], data.line_of(own[0])), data[own[0]], own[0]


def _steps(source: BlockSource, data: YamlMap, asked: Any, key: str) -> list[Step]:
    """What is asked, in order."""
    if not key:
        return []
    steps: list[Step] = []
    for one in asked if isinstance(asked, list) else [asked]:
        if isinstance(one, YamlMap):
            steps.extend(_command(source, data, name, value, one, key) for name, value in one.items()
                         if name != "arguments")
        else:
            steps.append(_variable(source, data, one, key))
    if not steps:
        raise source.error(f"{key!r} names no variable", key, data=data)
    return steps


def _command(source: BlockSource, data: YamlMap, name: str, value: Any, step: YamlMap, key: str) -> Step:
    if name == "action":
        return {"action": str(value), "arguments": dict(step.get("arguments") or {})}
    if name == "set":
        given = value if isinstance(value, list) else [value]
        if not all(isinstance(pairs, YamlMap) for pairs in given):
            raise source.error("'set' takes variables with their values", key, "write '- variable: value'", data=data)
        return {"set": [{_variable(source, data, variable, key): new for variable, new in pairs.items()}
                        for pairs in given]}
    if name in LISTS:
        return {name: [_variable(source, data, one, key) for one in (value if isinstance(value, list) else [value])]}
    raise source.error(f"{name!r} is no command; there are {', '.join(map(repr, COMMANDS))}", key, data=data)


def _variable(source: BlockSource, data: YamlMap, value: Any, key: str) -> str:
    if not isinstance(value, str) or not is_name(value):
        raise source.error(f"{key!r} must name variables, and {value!r} is not a name", key, data=data)
    return canonical(value)


def _conditions(source: BlockSource, data: YamlMap) -> list[Expression]:
    given = data.get("show if")
    if given is None:
        return []
    texts = given if isinstance(given, list) else [given]
    if any(isinstance(text, dict | list) for text in texts):
        raise source.error("'show if' of an item of 'review' takes a variable or a list of variables", "show if",
                           data=data)
    line = data.text_line("show if")
    return [Expression(str(text), source.file, line, "'show if'") for text in texts]
