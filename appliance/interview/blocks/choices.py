"""Options of multiple-choice fields and of buttons: as written in the file, or as given by code.

In the file an option is ``label: value``; code gives ``{value: label}``, ``[value, label]`` or a mapping with the keys
``value`` and ``label`` (docassemble, "Setting variables", "choices").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from appliance.interview.blocks.base import BlockSource
from appliance.interview.code import Expression
from appliance.interview.errors import BadInterview
from appliance.interview.screen import Choice
from appliance.interview.templates import TextTemplate
from appliance.interview.yaml_source import YamlMap

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation

__all__ = ["ITEM_KEYS", "ChoiceList", "ChoiceSpec", "choice_from_code", "convert", "plain_value", "unique_keys"]

ITEM_KEYS = frozenset(
    {
        "help",
        "default",
        "image",
        "css class",
        "color",
        "show if",
        "group",
        "url",
        "label",
        "value",
        "key",
        "code",
        "sort key",
    }
)


def plain_value(value: Any, datatype: str | None = None) -> Any:
    """The value that a choice gives its variable: True, False and None as they are, everything else text.

    :param datatype: of the field or question: a number's choices are numbers, a ``boolean``'s are True and False.
    """
    if datatype in ("boolean", "threestate"):
        return _truth(value)
    if value is None or isinstance(value, bool):
        return value
    if datatype == "integer":
        return int(value)
    if datatype in ("number", "float", "currency"):
        return float(value)
    return str(value)


def _truth(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    return None if text in ("none", "null", "maybe") else text in ("true", "yes", "1", "on")


def convert(value: Any, datatype: str | None, file: str, line: int) -> Any:
    """:func:`plain_value`, with an error for the author where the value does not fit the datatype."""
    try:
        return plain_value(value, datatype)
    except (ValueError, TypeError) as error:
        raise BadInterview(
            f"the choice {value!r} is not a value of datatype {datatype!r}", file=file, line=line
        ) from error


@dataclass
class ChoiceSpec:
    """One option as written in the file."""

    label: TextTemplate
    value: Any  # plain data, or a TextTemplate
    line: int
    block: YamlMap | None = None  # an embedded block instead of a value
    help: TextTemplate | None = None
    url: TextTemplate | None = None
    image: TextTemplate | None = None
    default: bool | Expression = False
    css_class: TextTemplate | None = None
    color: TextTemplate | None = None
    group: TextTemplate | None = None
    show_if: Expression | None = None

    def choice(self, evaluation: Evaluation, datatype: str | None) -> Choice | None:
        """The option as shown now, or None if its ``show if`` is not true."""
        answers = evaluation.answers
        if self.show_if is not None and not self.show_if.value(answers):
            return None
        value = self.value.render(answers).strip() if isinstance(self.value, TextTemplate) else self.value
        default = self.default.value(answers) if isinstance(self.default, Expression) else self.default
        return Choice(
            value=plain_value(value, datatype),
            label_html=evaluation.html(self.label, inline=True),
            help_html=evaluation.html(self.help) if self.help else "",
            image=_picture(evaluation, self.image.render(answers).strip() if self.image else ""),
            default=bool(default),
            css_class=self.css_class.render(answers).strip() if self.css_class else "",
            color=self.color.render(answers).strip() if self.color else "",
            group=self.group.render(answers).strip() if self.group else "",
        )


def _spec(source: BlockSource, item: Any, line: int) -> ChoiceSpec:
    if isinstance(item, list):
        if len(item) != 2 or any(isinstance(part, dict | list) for part in item):
            raise BadInterview(
                "a choice written as a list has two parts, the value and the label", file=source.file, line=line
            )
        return ChoiceSpec(source.text_of(item[1], line), _value(source, item[0], line), line)
    if not isinstance(item, YamlMap):
        return ChoiceSpec(source.text_of(item, line), _value(source, item, line), line)
    label_key: str | None = None
    if "label" in item and "value" in item:
        label, value, value_line = source.template("label", item), item["value"], item.text_line("value")
    else:
        own = [key for key in item if key not in ITEM_KEYS]
        if len(own) != 1:
            message = (
                "a choice needs a label"
                if not own
                else f"a choice has one label, and here are {own[0]!r} and {own[1]!r}"
            )
            raise BadInterview(message, file=source.file, line=item.line, key=own[1] if len(own) > 1 else None)
        label_key = own[0]
        label, value, value_line = (
            source.text_of(label_key, item.line_of(label_key)),
            item[label_key],
            item.text_line(label_key),
        )
    assert label is not None
    block = value if isinstance(value, YamlMap) else None
    if isinstance(value, list):
        raise BadInterview("the value of a choice must be a single value or a block", file=source.file, line=value_line)
    return ChoiceSpec(
        label,
        None if block is not None else _value(source, value, value_line),
        value_line,
        block,
        help=source.template("help", item),
        url=source.template("url", item),
        image=source.template("image", item),
        default=source.condition("default", item),
        css_class=source.template("css class", item),
        color=source.template("color", item),
        group=source.template("group", item),
        show_if=source.expression("show if", item),
    )


def _value(source: BlockSource, value: Any, line: int) -> Any:
    if isinstance(value, str):
        template = source.text_of(value, line)
        return str(value) if template.static else template
    return value


@dataclass
class ChoiceList:
    """The options of a field or question: specs and pieces of code, in order."""

    entries: list[ChoiceSpec | Expression] = field(default_factory=list)

    @classmethod
    def read(cls, source: BlockSource, key: str, data: YamlMap | None = None) -> ChoiceList:
        """Read the options under `key`: a list, a mapping, ``{code: …}`` or a Python expression."""
        where = source.data if data is None else data
        value = where[key]
        line = where.text_line(key)
        if isinstance(value, str):
            return cls([Expression(value, source.file, line, f"{key!r}")])
        if isinstance(value, YamlMap):
            if set(value) == {"code"}:
                return cls([_code(source, value)])
            return cls([_spec(source, _single(value, label), value.line_of(label)) for label in value])
        if not isinstance(value, list):
            raise source.error(f"{key!r} must be a list of choices", key, data=where)
        entries: list[ChoiceSpec | Expression] = []
        for item in value:
            if isinstance(item, YamlMap) and set(item) == {"code"} and not isinstance(item["code"], dict):
                entries.append(_code(source, item))
            else:
                entries.append(_spec(source, item, item.line if isinstance(item, YamlMap) else line))
        return cls(entries)

    @property
    def specs(self) -> list[ChoiceSpec]:
        return [entry for entry in self.entries if isinstance(entry, ChoiceSpec)]

    def choices(
        self, evaluation: Evaluation, datatype: str | None = None, exclude: Iterable[Any] = ()
    ) -> list[tuple[Choice, ChoiceSpec | None]]:
        """The options as shown now, each with the spec it was made from (None: from code)."""
        found: list[tuple[Choice, ChoiceSpec | None]] = []
        for entry in self.entries:
            if isinstance(entry, Expression):
                found.extend((choice, None) for choice in _from_code(evaluation, entry, datatype))
            elif (choice := entry.choice(evaluation, datatype)) is not None:
                found.append((choice, entry))
        left_out = {str(value) for value in exclude}
        found = [(choice, spec) for choice, spec in found if str(choice.value) not in left_out]
        unique_keys([choice for choice, _ in found])
        return found


def _single(mapping: YamlMap, label: str) -> YamlMap:
    single = YamlMap()
    single.line = mapping.line_of(label)
    single.put(label, mapping[label], mapping.line_of(label), mapping.text_line(label))
    return single


def _code(source: BlockSource, item: YamlMap) -> Expression:
    expression = source.expression("code", item)
    assert expression is not None
    return expression


def unique_keys(choices: list[Choice]) -> None:
    """Give each choice what it posts: its value as text, with a number behind it where that is taken already."""
    taken: set[str] = set()
    for choice in choices:
        key = text = choice.key or str(choice.value)
        count = 2
        while key in taken:
            key, count = f"{text}#{count}", count + 1
        taken.add(key)
        choice.key = key


def _from_code(evaluation: Evaluation, code: Expression, datatype: str | None) -> list[Choice]:
    value = code.value(evaluation.answers)
    value = getattr(value, "elements", value) if not isinstance(value, dict | list | tuple | set) else value
    if isinstance(value, Mapping):
        value = [[key, label] for key, label in value.items()]
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise BadInterview(
            "the code of a list of choices must give a list or a dictionary", file=code.file, line=code.line
        )
    found = []
    for item in value:
        choice = choice_from_code(evaluation, item, datatype, code.file, code.line)
        if choice is not None:
            found.append(choice)
    return found


def choice_from_code(evaluation: Evaluation, item: Any, datatype: str | None, file: str, line: int) -> Choice | None:
    """One option that code gave, or None if it is not to be shown."""
    if isinstance(item, Mapping):
        return _from_mapping(evaluation, item, datatype, file, line)
    if isinstance(item, list | tuple):
        if len(item) == 1:
            item = [item[0], item[0]]
        if len(item) not in (2, 3, 4):
            raise BadInterview("a choice given by code as a list has a value and a label", file=file, line=line)
        return Choice(
            convert(item[0], datatype, file, line),
            evaluation.inline(item[1]),
            default=bool(item[2]) if len(item) > 2 else False,
            help_html=evaluation.block(item[3]) if len(item) > 3 else "",
        )
    return Choice(convert(item, datatype, file, line), evaluation.inline(item))


def _picture(evaluation: Evaluation, image: str) -> str:
    """The HTML of a picture that is a file of the session or of a package; else the name, as the author gave it."""
    if not image.startswith("[FILE "):
        return image
    html = evaluation.inline(image)
    return html if html.startswith("<img ") else ""


def _from_mapping(
    evaluation: Evaluation, item: Mapping[Any, Any], datatype: str | None, file: str, line: int
) -> Choice | None:
    if "show if" in item and not item["show if"]:
        return None
    if "value" in item and "label" in item:
        value, label = item["value"], item["label"]
    else:
        own = [key for key in item if key not in ITEM_KEYS]
        if len(own) != 1:
            raise BadInterview(
                "a choice given by code as a dictionary has one key that is its value", file=file, line=line
            )
        value, label = own[0], item[own[0]]
    return Choice(
        convert(value, datatype, file, line),
        evaluation.inline(label),
        help_html=evaluation.block(item["help"]) if item.get("help") else "",
        image=_picture(evaluation, str(item.get("image") or "")),
        default=bool(item.get("default")),
        css_class=str(item.get("css class") or ""),
        color=str(item.get("color") or ""),
        group=str(item.get("group") or ""),
    )
