"""The items of ``fields``: each becomes a :class:`ShownField` when its question is asked."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from appliance.interview import datatypes
from appliance.interview.blocks.base import BlockSource, keys
from appliance.interview.blocks.choices import ChoiceList, plain_value
from appliance.interview.code import Expression
from appliance.interview.errors import BadInterview, InterviewError
from appliance.interview.markup import put_targets
from appliance.interview.names import canonical, is_name
from appliance.interview.screen import Choice, ShowIf, ShownField
from appliance.interview.templates import TextTemplate
from appliance.interview.yaml_source import YamlMap

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation

__all__ = ["FIELD_KEYS", "MANY", "FieldSpec", "fields_by_code", "read_field", "read_fields"]

FIELD_KEYS = keys(
    ("label", "text", "the words next to the field"),
    ("field", "name", "the variable that the field sets"),
    ("no label", "name", "the variable of a field without a label"),
    ("datatype", "text", "the type of the value"),
    ("input type", "text", "the control to use"),
    ("required", "python", "False, or an expression: the field may stay empty"),
    ("default", "text", "the value to start with"),
    ("hint", "text", "a grey text in the empty field"),
    ("help", "text", "a text behind an icon next to the label"),
    ("choices", "list", "the options"),
    ("code", "python", "an expression that gives the options, or whole fields"),
    ("exclude", "python", "options to leave out"),
    ("none of the above", "text", "False, or the label of the box that means none"),
    ("all of the above", "text", "True, or the label of the box that means all"),
    ("shuffle", "python", "whether the options stand in random order"),
    ("min", "text", "the smallest value"),
    ("max", "text", "the largest value"),
    ("step", "text", "the distance between values"),
    ("scale", "text", "the scale of a range slider"),
    ("minlength", "number", "the fewest characters, or boxes to check"),
    ("maxlength", "number", "the most characters, or boxes to check"),
    ("rows", "number", "the height of a text area or list"),
    ("show if", "any", "a condition for showing the field"),
    ("hide if", "any", "a condition for hiding the field"),
    ("enable if", "any", "a condition for enabling the field"),
    ("disable if", "any", "a condition for disabling the field"),
    ("js show if", "text", "a condition in JavaScript for showing the field"),
    ("js hide if", "text", "a condition in JavaScript for hiding the field"),
    ("js enable if", "text", "a condition in JavaScript for enabling the field"),
    ("js disable if", "text", "a condition in JavaScript for disabling the field"),
    ("disabled", "python", "whether the field cannot be changed"),
    ("validate", "python", "a function that says whether a value is acceptable"),
    ("validation messages", "mapping", "error messages in other words"),
    ("note", "text", "a text between fields"),
    ("html", "text", "HTML between fields"),
    ("raw html", "text", "HTML between fields that is not put into a row of the form"),
    ("script", "text", "JavaScript for the screen"),
    ("css", "text", "styles for the screen"),
    ("under text", "text", "a text below the field"),
    ("currency symbol", "text", "the sign in front of an amount"),
    ("label above field", "flag", "put the label above the field"),
    ("floating label", "flag", "put the label into the field"),
    ("css class", "text", "a CSS class of the control"),
    ("grid", "any", "how wide the field is"),
    ("item grid", "any", "how wide each option is"),
    ("disable others", "any", "other fields that are disabled when this one is filled in"),
    ("uncheck others", "any", "boxes that this box unchecks"),
    ("check others", "any", "boxes that this box checks"),
    ("permissions", "any", "who may open an uploaded file"),
    ("private", "any", "whether an uploaded file is private"),
    ("persistent", "any", "whether an uploaded file outlives the session"),
    ("allow users", "any", "users who may open an uploaded file"),
    ("allow privileges", "any", "privileges that may open an uploaded file"),
    ("address autocomplete", "any", "suggest addresses"),
    ("accept", "python", "the types of file to accept"),
    ("maximum image size", "number", "the size that images are made smaller to"),
    ("image upload type", "text", "the type that images are changed to"),
    ("file css class", "text", "a CSS class of the upload control"),
    ("object labeler", "python", "a function that gives the label of an object"),
    ("help generator", "python", "a function that gives the help of an object"),
    ("image generator", "python", "a function that gives the image of an object"),
    ("action", "text", "the action that gives the options of an ajax field"),
    ("trigger at", "number", "after how many characters an ajax field asks"),
    ("using", "text", "the group of a machine learning field"),
    ("keep for training", "any", "whether a machine learning field keeps its value"),
    ("train", "any", "whether a machine learning field is trained"),
    ("allow", "any", "options of the control"),
    ("inline", "any", "options beside each other"),
    ("inline width", "text", "the width of a control in a line"),
    ("end", "any", "the end of a grid row"),
    ("pen color", "text", "the colour of a signature"),
)

_ATTRIBUTES = (
    "address autocomplete",
    "accept",
    "maximum image size",
    "image upload type",
    "file css class",
    "action",
    "trigger at",
    "inline width",
    "field metadata",
)
_TYPES = re.compile(r"(\.\w+|\w+/[\w.+*-]+)(\s*,\s*(\.\w+|\w+/[\w.+*-]+))*")
"""Types of files as they are written in HTML, where an author did not put them into quotes as Python wants it."""

_LARGEST_FORM = 16 * 1024 * 1024

MANY = frozenset({"checkboxes", "multiselect", "object_checkboxes", "object_multiselect"})
"""Datatypes whose value is a set of options."""

NONE_BY_DEFAULT = frozenset({"checkboxes", "object_checkboxes"})
"""Datatypes that get a box for none of the above unless the author says otherwise."""

OPTIONAL = frozenset(
    {"yesno", "noyes", "yesnowide", "noyeswide", "hidden", "range", "multiselect", "object_multiselect"}
)
"""Datatypes for which an untouched control is an answer, so that ``required`` means nothing unless it is written."""

TYPED_CHOICES = frozenset({"integer", "number", "float", "currency", "boolean", "threestate"})
"""Datatypes that say what the values of choices are; otherwise they are texts."""


_TEXTS = frozenset(
    {
        "css class",
        "currency symbol",
        "default",
        "help",
        "hint",
        "html",
        "js disable if",
        "js enable if",
        "js hide if",
        "js show if",
        "max",
        "min",
        "note",
        "raw html",
        "scale",
        "step",
        "under text",
    }
)
_CONDITIONS = frozenset({"disabled", "required", "shuffle"})


@dataclass
class FieldSpec:
    """One item of ``fields`` as written."""

    source: BlockSource
    data: YamlMap
    number: int
    variable: str | None
    label: TextTemplate | None  # None: no label
    datatype: str
    input_type: str | None
    choices: ChoiceList | None
    validate: Expression | None
    code: Expression | None  # fields generated by code
    _templates: dict[str, TextTemplate | None] = field(default_factory=dict)
    _expressions: dict[tuple[int, str], Expression] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Compile what the author wrote, so that a mistake in it is found when the file is read."""
        for key, value in self.data.items():
            if key in _TEXTS and not isinstance(value, dict | list):
                self._template(key)
            elif key in _CONDITIONS and isinstance(value, str):
                self._expression(self.data, key)
            elif key in FIELD_KEYS and key != "choices" and isinstance(value, YamlMap) and value.get("code"):
                self._expression(value, "code")

    @property
    def line(self) -> int:
        return self.data.line

    def _template(self, key: str) -> TextTemplate | None:
        if key not in self._templates:
            self._templates[key] = self.source.template(key, self.data)
        return self._templates[key]

    # -- reading one key at the time the question is asked ---------------------------------------

    def _text(self, evaluation: Evaluation, key: str) -> str:
        value = self.data.get(key)
        if isinstance(value, YamlMap) and "code" in value:
            result = self._expression(value, "code").value(evaluation.answers)
            return "" if result is None else str(result)
        template = self._template(key)
        return template.render(evaluation.answers).strip() if template is not None else ""

    def _expression(self, data: YamlMap, key: str) -> Expression:
        place = (id(data), key)
        if place not in self._expressions:
            expression = self.source.expression(key, data)
            assert expression is not None
            self._expressions[place] = expression
        return self._expressions[place]

    def _truth(self, evaluation: Evaluation, key: str, default: bool) -> bool:
        value = self.data.get(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if isinstance(value, YamlMap) and "code" in value:
            return bool(self._expression(value, "code").value(evaluation.answers))
        return bool(self._expression(self.data, key).value(evaluation.answers))

    def _number(self, evaluation: Evaluation, key: str) -> int | None:
        text = self._text(evaluation, key)
        if not text:
            return None
        try:
            return int(float(text))
        except ValueError as error:
            raise self.source.error(f"{key!r} must be a whole number", key, data=self.data) from error

    # -- the field as shown ------------------------------------------------------------------------

    def show(self, evaluation: Evaluation) -> ShownField | None:
        """The field for the screen; None if a condition in Python says that it is not there."""
        conditions = self._conditions(evaluation)
        if conditions is None:
            return None
        if self.variable is None:
            return self._show_note(evaluation, conditions)
        variable = evaluation.resolve(self.variable)
        evaluation.ensure_parent(variable)
        choices = self._choices(evaluation)
        symbol = self._text(evaluation, "currency symbol")
        shown = ShownField(
            self.number,
            variable,
            self.datatype,
            self.input_type,
            label_html=None if self.label is None else evaluation.html(self.label, inline=True),
            label_above=bool(self.data.get("label above field", False)),
            floating_label=bool(self.data.get("floating label", False)),
            required=self._truth(evaluation, "required", self.datatype not in OPTIONAL),
            hint=self._text(evaluation, "hint"),
            help_html=evaluation.block(self._text(evaluation, "help")),
            choices=choices,
            minimum=self._text(evaluation, "min") or None,
            maximum=self._text(evaluation, "max") or None,
            step=self._text(evaluation, "step") or None,
            scale=self._text(evaluation, "scale") or None,
            minlength=self._number(evaluation, "minlength"),
            maxlength=self._number(evaluation, "maxlength"),
            rows=self._number(evaluation, "rows"),
            currency_symbol=symbol or None,
            shuffle=self._truth(evaluation, "shuffle", False),
            disabled=self._truth(evaluation, "disabled", False),
            css_class=self._text(evaluation, "css class"),
            grid=self.data.get("grid"),
            item_grid=self.data.get("item grid"),
            under_text_html=evaluation.block(self._text(evaluation, "under text"))
            + self._text(evaluation, "html"),
            show_if=conditions,
        )
        self._show_boxes(evaluation, shown)
        for key in ("disable others", "uncheck others", "check others"):
            setattr(shown, key.replace(" ", "_"), self._others(key))
        for key, text in self.data.get("validation messages", {}).items():
            shown.validation_messages[key] = (
                self.source.text_of(text, self.data.line_of("validation messages")).render(evaluation.answers).strip()
            )
        self._check_datatype(shown)
        shown.extras = {key: self.data[key] for key in _ATTRIBUTES if key in self.data}
        if datatypes.is_file(shown):
            shown.extras.update(self._upload_options(evaluation))
            known, value = evaluation.default_value(variable)
            shown.default = datatypes.kept_files(evaluation.host, value) if known else None
            return shown
        shown.default = self._default(evaluation, variable, choices)
        return shown

    def _upload_options(self, evaluation: Evaluation) -> dict[str, Any]:
        """What is accepted, and what becomes of pictures; the interview's ``features`` say what holds for all."""
        features = evaluation.interview.features
        accept = str(self.data.get("accept") or "").strip()
        if accept and not _TYPES.fullmatch(accept):
            value = self._expression(self.data, "accept").value(evaluation.answers)
            accept = "" if value is None else str(value)
        size = self._number(evaluation, "maximum image size")
        if size is None and str(features.get("maximum image size", "")).isdigit():
            size = int(features["maximum image size"])
        kind = self._text(evaluation, "image upload type") or str(features.get("image upload type") or "")
        return {"accept": accept, "maximum image size": size or None, "image upload type": kind,
                "max bytes": evaluation.host.setting("maximum content length", _LARGEST_FORM)}

    def _check_datatype(self, shown: ShownField) -> None:
        """Refuse a datatype of a later version before the screen is stored."""
        try:
            datatypes.find(shown)
        except InterviewError as error:
            raise InterviewError(
                f"This screen needs what is not there: {error.message}.", file=self.source.file, line=self.line
            ) from error

    def _show_note(self, evaluation: Evaluation, conditions: list[ShowIf]) -> ShownField:
        if "note" in self.data:
            html, kind = evaluation.block(self._text(evaluation, "note")), "note"
        elif "raw html" in self.data:
            html, kind = put_targets(self._text(evaluation, "raw html")), "raw html"
        else:
            html, kind = put_targets(self._text(evaluation, "html")), "html"
        return ShownField(
            self.number,
            None,
            kind,
            label_html=None,
            html=html,
            required=False,
            show_if=conditions,
            css_class=self._text(evaluation, "css class"),
            grid=self.data.get("grid"),
        )

    def _show_boxes(self, evaluation: Evaluation, shown: ShownField) -> None:
        """The boxes for none and for all of the above."""
        many = self.datatype in MANY
        for key, words, default in (
            ("none of the above", "None of the above", self.datatype in NONE_BY_DEFAULT),
            ("all of the above", "All of the above", False),
        ):
            value = self.data.get(key, default)
            if value is False or value is None or (value is True and not many and self.datatype != "radio"):
                continue
            label = evaluation.word(words) if value is True else self._text(evaluation, key)
            setattr(shown, key.replace(" ", "_"), evaluation.inline(label))

    def _others(self, key: str) -> bool | list[str]:
        value = self.data.get(key, False)
        if isinstance(value, bool):
            return value
        return [canonical(str(item)) for item in (value if isinstance(value, list) else [value])]

    def _choices(self, evaluation: Evaluation) -> list[Choice]:
        if self.choices is None:
            return []
        exclude: list[Any] = []
        if "exclude" in self.data:
            value = self.data["exclude"]
            for text in value if isinstance(value, list) else [value]:
                line = self.data.text_line("exclude")
                result = Expression(str(text), self.source.file, line, "'exclude'").value(evaluation.answers)
                exclude.extend([result] if isinstance(result, str) else getattr(result, "elements", result))
        datatype = self.datatype if self.datatype in TYPED_CHOICES else None
        return [choice for choice, _ in self.choices.choices(evaluation, datatype, exclude)]

    def _default(self, evaluation: Evaluation, variable: str, choices: list[Choice]) -> Any:
        """The value to start with: what the variable is or was, else the ``default``, else the default choice."""
        known, value = evaluation.default_value(variable)
        if known:
            return value
        raw = self.data.get("default")
        if isinstance(raw, YamlMap) and "code" in raw:
            return self._expression(raw, "code").value(evaluation.answers)
        if isinstance(raw, list):
            line = self.data.text_line("default")
            texts = [item if isinstance(item, dict | list) else plain_value(item) for item in raw]
            return [
                self.source.text_of(item, line).render(evaluation.answers).strip() if isinstance(item, str) else item
                for item in texts
            ]
        if isinstance(raw, YamlMap):
            return dict(raw)
        if raw is not None:
            return raw if not isinstance(raw, str) else self._text(evaluation, "default")
        preset = [choice.value for choice in choices if choice.default]
        if not preset:
            return None
        return preset if self.datatype in MANY else preset[0]

    # -- conditions ------------------------------------------------------------------------------------

    def _conditions(self, evaluation: Evaluation) -> list[ShowIf] | None:
        found: list[ShowIf] = []
        for key in ("show if", "hide if", "enable if", "disable if"):
            if key not in self.data:
                continue
            value = self.data[key]
            sign, mode = key in ("show if", "enable if"), "show" if key.startswith(("show", "hide")) else "enable"
            if isinstance(value, YamlMap) and "code" in value:
                if bool(self._expression(value, "code").value(evaluation.answers)) is not sign:
                    return None
            elif isinstance(value, YamlMap):
                if "variable" not in value:
                    raise self.source.error(f"{key!r} needs 'variable' (and 'is'), or 'code'", key, data=self.data)
                equals = (
                    self.source.text_of(value["is"], value.text_line("is")).render(evaluation.answers)
                    if isinstance(value.get("is"), str)
                    else value.get("is", True)
                )
                found.append(ShowIf(evaluation.resolve(str(value["variable"])), equals, None, sign, mode))  # type: ignore[arg-type]
            else:
                found.append(ShowIf(evaluation.resolve(str(value)), True, None, sign, mode))  # type: ignore[arg-type]
        for key in ("js show if", "js hide if", "js enable if", "js disable if"):
            if key in self.data:
                sign, mode = (
                    key in ("js show if", "js enable if"),
                    "show" if key in ("js show if", "js hide if") else "enable",
                )
                found.append(ShowIf(None, True, self._text(evaluation, key), sign, mode))  # type: ignore[arg-type]
        return found


def _own_label(source: BlockSource, item: YamlMap) -> tuple[str, Any] | None:
    """The ``LABEL: variable`` pair of an item: its only key that is not a known one."""
    own = [key for key in item if key not in FIELD_KEYS]
    if not own:
        return None
    if len(own) > 1:
        source.check_keys(FIELD_KEYS, "a field", item)
        names = [key for key in own if isinstance(item[key], str) and is_name(item[key])]
        if len(names) != 1:
            raise source.error(f"a field has one label, and here are {own[0]!r} and {own[1]!r}", own[1], data=item)
        own = names
    return own[0], item[own[0]]


def read_field(source: BlockSource, item: Any, number: int) -> FieldSpec:
    """Read one item of ``fields``."""
    if not isinstance(item, YamlMap):
        raise source.error(f"an item of 'fields' must be 'label: variable', and {item!r} is not", "fields")
    variable: str | None = None
    label: TextTemplate | None = None
    own = _own_label(source, item)
    if own is not None:
        if own[1] is None or isinstance(own[1], dict | list):
            raise source.error(f"the field {own[0]!r} needs the name of a variable", own[0], data=item)
        label, variable = source.text_of(own[0], item.line_of(own[0])), str(own[1])
    elif "no label" in item:
        variable = str(item["no label"])
    elif "field" in item:
        variable, label = str(item["field"]), source.template("label", item)
    elif "label" in item:
        raise source.error("a field with 'label' needs 'field', the name of a variable", "label", data=item)
    if variable is not None:
        if not is_name(variable):
            raise source.error(f"{variable!r} is not the name of a variable", own[0] if own else None, data=item)
        variable = canonical(variable)
    datatype, input_type, choices = _kind_of_field(source, item, variable)
    code = source.expression("code", item) if variable is None and "code" in item else None
    if (
        variable is None
        and code is None
        and not any(key in item for key in ("note", "html", "raw html", "script", "css"))
    ):
        raise source.error("this item of 'fields' names no variable", data=item, hint="write 'label: variable'")
    return FieldSpec(
        source, item, number, variable, label, datatype, input_type, choices, source.expression("validate", item), code
    )


def _kind_of_field(
    source: BlockSource, item: YamlMap, variable: str | None
) -> tuple[str, str | None, ChoiceList | None]:
    input_type = str(item["input type"]).strip() if item.get("input type") is not None else None
    choices: ChoiceList | None = None
    if "choices" in item:
        choices = ChoiceList.read(source, "choices", item)
    elif variable is not None and "code" in item:
        choices = ChoiceList([e for e in [source.expression("code", item)] if e is not None])
    datatype = str(item.get("datatype") or "").strip()
    if not datatype:
        datatype = (
            "dropdown" if choices is not None and input_type != "radio" else "radio" if choices is not None else "text"
        )
    if datatype not in datatypes.NAMES and not source.file.endswith("#code"):
        raise source.error(f"there is no datatype {datatype!r}", "datatype", _close(datatype), data=item)
    return datatype, input_type, choices


def _close(datatype: str) -> str:
    close = difflib.get_close_matches(datatype, sorted(datatypes.NAMES), 1, 0.7)
    return f"did you mean {close[0]!r}?" if close else ""


def read_fields(source: BlockSource) -> list[FieldSpec]:
    """The items of a question's ``fields``: a list, or a single field written as a mapping."""
    value = source.data["fields"]
    if isinstance(value, YamlMap):
        return [read_field(source, value, 0)]
    if not isinstance(value, list):
        raise source.error("'fields' must be a list of fields", "fields")
    return [read_field(source, item, number) for number, item in enumerate(value)]


def fields_by_code(spec: FieldSpec, evaluation: Evaluation, first_number: int) -> list[FieldSpec]:
    """The fields that an item with only ``code`` gives now."""
    assert spec.code is not None
    value = spec.code.value(evaluation.answers)
    items = [value] if isinstance(value, dict) else value
    if not isinstance(items, list | tuple) and hasattr(items, "elements"):
        items = items.elements
    if not isinstance(items, list | tuple):
        raise BadInterview(
            "the code of 'fields' must give a list of dictionaries", file=spec.code.file, line=spec.code.line
        )
    return [read_field(spec.source, _as_map(item, spec.line), first_number + n) for n, item in enumerate(items)]


def _as_map(value: Any, line: int) -> Any:
    if isinstance(value, dict):
        result = YamlMap()
        result.line = line
        for key, item in value.items():
            result.put(str(key), _as_map(item, line), line, line)
        return result
    if isinstance(value, list | tuple):
        return [_as_map(item, line) for item in value]
    return value
