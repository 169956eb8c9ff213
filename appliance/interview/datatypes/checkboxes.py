"""Any of several choices: check boxes, or a list in which several can be marked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from appliance.interview.datatypes.controls import attributes, described, ident
from appliance.interview.datatypes.library import dictionary
from appliance.interview.datatypes.messages import problem
from appliance.interview.datatypes.neutral import neutralise
from appliance.interview.datatypes.options import Option, group, option_list
from appliance.interview.datatypes.registry import Datatype, datatype, last
from appliance.interview.screen import Choice, ShownField, html_name
from appliance.interview.turn import Posted

__all__ = ["Checkboxes", "MultiSelect"]


def box_name(field: ShownField, key: str) -> str:
    """The form field name of one box."""
    return html_name(f"{field.variable}[{key!r}]")


def preset(field: ShownField) -> set[str]:
    """The keys of the choices that are on at first.

    The field's default (one value, several, or a mapping of value to bool) goes before the choices' own.
    """
    default = getattr(field.default, "elements", field.default)  # of a DADict, DAList or DASet
    if default is None:
        on: list[Any] = []
    elif isinstance(default, Mapping):
        on = [value for value, chosen in default.items() if chosen]
    elif isinstance(default, (list, tuple, set, frozenset)):
        on = list(default)
    else:
        on = [default]
    texts = {str(value) for value in on}
    if field.default is None:
        return {choice.key for choice in field.choices if choice.default}
    return {choice.key for choice in field.choices if choice.key in texts or str(choice.value) in texts}


class SeveralChoices(Datatype):
    """What the ways to choose several have in common: the value is a ``DADict`` of value to bool."""

    @abstractmethod
    def chosen(self, field: ShownField, posted: Posted) -> set[str]:
        """The keys that were posted; keys that are not among the choices never get in."""

    def read(self, field: ShownField, posted: Posted) -> Any:
        keys, others = self.chosen(field, posted), self.others(field, posted)
        self.check(field, posted, len(keys) + len(others))
        listed = {self.key_of(choice): choice.key in keys for choice in field.choices}
        return dictionary(field.variable or "", listed | dict.fromkeys(others, True))

    def others(self, field: ShownField, posted: Posted) -> list[str]:
        """What was chosen of other choices than the field's (see :class:`Dropdown`)."""
        return []

    def key_of(self, choice: Choice) -> Any:
        """The key in the dictionary."""
        return choice.key if isinstance(choice.value, (list, dict, set)) else choice.value

    def check(self, field: ShownField, posted: Posted, count: int) -> None:
        """Hold the number of choices against ``minlength`` and ``maxlength``.

        :raises FieldProblem: if it is outside.
        """
        least, most = field.minlength, field.maxlength
        if least is not None and least == most and count != least:
            raise problem(field, "checkbox minmaxlength", "minlength", "maxlength", value=least)
        if least is not None and count < least:
            raise problem(field, "checkbox minlength", "minlength", value=least)
        if most is not None and count > most:
            raise problem(field, "checkbox maxlength", "maxlength", value=most)


@datatype("checkboxes")
class Checkboxes(SeveralChoices):
    """Check boxes, if wanted with one for none and one for all of them."""

    layout = "group"

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        on = preset(field) if draft is None else self.chosen(field, draft)
        off: dict[str, str | int | bool | None] = {"data-da-unchecked": "False"}
        options = [Option(box_name(field, choice.key), "True", choice.label_html, choice.key in on, choice.help_html,
                          choice.image, f"danon-nota-checkbox {choice.css_class}".strip(), off)
                   for choice in field.choices]
        for key, label in (("aota", field.all_of_the_above), ("nota", field.none_of_the_above)):
            if label is not None and field.choices:
                checked = draft is not None and self.above(field, draft, key)
                options.append(Option(box_name(field, key), "True", str(escape(label)), checked,
                                      css_class=f"da{key}-checkbox", extra=off))
        return group(field, options, "checkbox", error)

    def above(self, field: ShownField, posted: Posted, key: str) -> bool:
        """Whether the box for none (``nota``) or all (``aota``) of the above was checked."""
        label = field.none_of_the_above if key == "nota" else field.all_of_the_above
        return label is not None and last(posted, box_name(field, key)) == "True"

    def chosen(self, field: ShownField, posted: Posted) -> set[str]:
        if self.above(field, posted, "aota"):
            return {choice.key for choice in field.choices}
        return {choice.key for choice in field.choices if last(posted, box_name(field, choice.key)) == "True"}

    def check(self, field: ShownField, posted: Posted, count: int) -> None:
        # Where there is a box for "none", leaving all empty is no answer; without one, it is (as documented).
        none = self.above(field, posted, "nota")
        if field.none_of_the_above is not None and field.choices and field.required and (count > 0) == none:
            raise problem(field, "checkboxes required", "required", value=field.none_of_the_above.strip())
        if not none:
            super().check(field, posted, count)


@datatype("multiselect")
class MultiSelect(SeveralChoices):
    """A list in which several entries can be marked."""

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        others = [] if draft is None else self.others(field, draft)
        on = preset(field) if draft is None else self.chosen(field, draft) | set(others)
        css = "form-select damultiselect" + (" is-invalid" if error else "") + (
            f" {field.css_class}" if field.css_class else "")
        lines = len(field.choices) + len({choice.group for choice in field.choices if choice.group})
        shown = attributes({"class": css, "id": ident(field), "name": field.html_name, "multiple": True,
                            "size": field.rows or min(max(lines, 3), 8), **described(field, error)})
        choices = [*field.choices, *(Choice(other, str(escape(other)), other) for other in others)]
        return Markup(f"<select{shown}>{option_list(choices, on)}</select>")  # noqa: S704 - escaped

    def chosen(self, field: ShownField, posted: Posted) -> set[str]:
        return {choice.key for choice in field.choices} & set(posted.get(field.html_name, []))

    def others(self, field: ShownField, posted: Posted) -> list[str]:
        if not field.extras.get("other choices"):
            return []
        texts = [text.replace("\x00", "").strip() for text in posted.get(field.html_name, [])]
        return [neutralise(text) for text in texts if text and all(choice.key != text for choice in field.choices)]

    def check(self, field: ShownField, posted: Posted, count: int) -> None:
        if count == 0 and field.required and field.choices and field.minlength is None:
            raise problem(field, "multiple choice required", "required")
        super().check(field, posted, count)
