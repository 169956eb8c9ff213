"""Yes or no, and yes, no or unknown: as one check box, or as radio buttons."""

from __future__ import annotations

from typing import Any, ClassVar

from markupsafe import Markup

from appliance.interview.datatypes.controls import attributes, described, ident
from appliance.interview.datatypes.messages import problem
from appliance.interview.datatypes.options import Option, choice_help, group, plain
from appliance.interview.datatypes.registry import Datatype, datatype, last
from appliance.interview.screen import ShownField
from appliance.interview.turn import Posted

__all__ = ["NoYes", "NoYesMaybe", "NoYesRadio", "YesNo", "YesNoMaybe", "YesNoRadio"]

_TRUE, _FALSE = frozenset({"true", "yes", "1", "on"}), frozenset({"false", "no", "0", "off"})


@datatype("yesno", "yesnowide")
class YesNo(Datatype):
    """One check box: checked is True."""

    layout = "single"
    checked: ClassVar[str] = "True"
    unchecked: ClassVar[str] = "False"

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        on = self.text(field, draft) == self.checked if draft is not None else (
            field.default is not None and str(field.default) == self.checked)
        name = ident(field)
        shown = attributes({
            **described(field, error), "aria-required": None, "type": "checkbox",
            "class": f"da-choice-input form-check-input dasinglebox{' ' + field.css_class if field.css_class else ''}",
            "id": name, "name": field.html_name, "value": self.checked, "data-da-unchecked": self.unchecked,
            "checked": on,
        })
        wide = " da-wide" if field.datatype.endswith("wide") else ""
        label = field.label_html or ""
        help_icon = choice_help(f"{name}-help", field.help_html, plain(label))
        return Markup(  # noqa: S704 - labels are HTML by contract
            f'<div class="da-choice-row{wide}"><label class="da-choice da-to-labelauty" for="{name}"><input{shown}>'
            f"<span>{label}</span></label>{help_icon}</div>")

    def read(self, field: ShownField, posted: Posted) -> Any:
        return self.text(field, posted) == "True"

    def text(self, field: ShownField, posted: Posted) -> str:
        return self.checked if last(posted, field.html_name) == self.checked else self.unchecked

    def convert(self, field: ShownField, text: str) -> Any:
        return truth(field, text)


@datatype("noyes", "noyeswide")
class NoYes(YesNo):
    """One check box: checked is False."""

    checked = "False"
    unchecked = "True"


def truth(field: ShownField, text: str) -> bool:
    """The truth value that `text` names.

    :raises FieldProblem: if it names none.
    """
    lowered = text.strip().lower()
    if lowered in _TRUE or lowered in _FALSE:
        return lowered in _TRUE
    raise problem(field, "not a choice")


@datatype("yesnoradio", "boolean")
class YesNoRadio(Datatype):
    """Radio buttons for yes and no."""

    layout = "group"
    entries: ClassVar[tuple[tuple[str, str], ...]] = (("True", "Yes"), ("False", "No"))
    values: ClassVar[dict[str, bool | None]] = {"True": True, "False": False, "None": None}

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        preset = "" if field.default is None else str(field.default)
        chosen = preset if draft is None else last(draft, field.html_name)
        return group(field, (Option(field.html_name, value, label, value == chosen) for value, label in self.entries),
                     "radio", error)

    def read(self, field: ShownField, posted: Posted) -> Any:
        text = last(posted, field.html_name)
        if not text:
            if field.required:
                raise problem(field, "multiple choice required", "required")
            return None
        if text not in {value for value, _ in self.entries}:
            raise problem(field, "not a choice")
        return self.values[text]

    def convert(self, field: ShownField, text: str) -> Any:
        return truth(field, text)


@datatype("noyesradio")
class NoYesRadio(YesNoRadio):
    """Radio buttons where yes is False."""

    entries = (("False", "Yes"), ("True", "No"))


@datatype("yesnomaybe", "threestate")
class YesNoMaybe(YesNoRadio):
    """Radio buttons for yes, no and not known, which is None."""

    entries = (("True", "Yes"), ("False", "No"), ("None", "I don’t know"))

    def convert(self, field: ShownField, text: str) -> Any:
        return None if text.strip().lower() in ("none", "null", "maybe", "") else truth(field, text)


@datatype("noyesmaybe")
class NoYesMaybe(YesNoMaybe):
    """Like ``yesnomaybe``, with yes as False."""

    entries = (("False", "Yes"), ("True", "No"), ("None", "I don’t know"))
