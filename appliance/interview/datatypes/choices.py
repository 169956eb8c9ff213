"""One of several choices: radio buttons, drop-down lists, and inputs that suggest while one types."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

from appliance.interview.datatypes.controls import attributes, described, ident, input_box
from appliance.interview.datatypes.messages import problem
from appliance.interview.datatypes.neutral import neutralise
from appliance.interview.datatypes.options import Option, group, option_list, plain
from appliance.interview.datatypes.registry import Datatype, datatype, find_by_name, last
from appliance.interview.screen import Choice, ShownField
from appliance.interview.turn import Posted

__all__ = ["Combobox", "Datalist", "Dropdown", "Radio", "chosen_key"]

_PLAIN = frozenset({"text", "radio", "dropdown", "combobox", "datalist", "area", "raw"})


def chosen_key(field: ShownField, draft: Posted | None) -> str:
    """The key of the choice a control starts with; an empty text for none."""
    if draft is not None:
        return last(draft, field.html_name)
    if field.default is not None:
        for choice in field.choices:
            if choice.value == field.default or choice.key == str(field.default):
                return choice.key
    return next((choice.key for choice in field.choices if choice.default), "")


class OneChoice(Datatype):
    """What the ways to choose one have in common: how the choice is read."""

    def read(self, field: ShownField, posted: Posted) -> Any:
        if not field.choices:
            return None
        key = last(posted, field.html_name)
        if key == "" and not any(choice.key == "" for choice in field.choices):
            if field.required:
                raise problem(field, "multiple choice required", "required")
            return "" if field.datatype in _PLAIN else None
        choice = next((choice for choice in field.choices if choice.key == key), None)
        if choice is None:
            raise problem(field, "not a choice")
        return self.value(field, choice)

    def value(self, field: ShownField, choice: Choice) -> Any:
        """The choice's value; a text is turned into the field's datatype, where it has one."""
        if field.datatype in _PLAIN or not isinstance(choice.value, str):
            return choice.value
        return find_by_name(field.datatype).convert(field, choice.value)


@datatype("radio")
class Radio(OneChoice):
    """A list of radio buttons."""

    layout = "group"

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        chosen = chosen_key(field, draft)
        return group(field, (
            Option(field.html_name, choice.key, choice.label_html, choice.key == chosen and chosen != "",
                   choice.help_html, choice.image, choice.css_class)
            for choice in field.choices), "radio", error)


@datatype("dropdown")
class Dropdown(OneChoice):
    """A drop-down list; its first entry is none of the choices.

    With the extra ``other choices`` it also takes what is none of its choices: code may have changed the list on the
    page.
    """

    def read(self, field: ShownField, posted: Posted) -> Any:
        other = self._other(field, posted)
        if not other:
            return super().read(field, posted)
        if field.datatype in _PLAIN:
            return neutralise(other)
        return find_by_name(field.datatype).convert(field, other)

    def _other(self, field: ShownField, posted: Posted | None) -> str:
        """What was chosen of other choices than the field's; else an empty text."""
        if not field.extras.get("other choices") or posted is None:
            return ""
        key = last(posted, field.html_name).replace("\x00", "").strip()
        return "" if any(choice.key == key for choice in field.choices) else key

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        css = "form-select" + (" is-invalid" if error else "") + (f" {field.css_class}" if field.css_class else "")
        shown = attributes({"class": css, "id": ident(field), "name": field.html_name, **described(field, error)})
        first = escape(field.hint or "Select...")
        other = self._other(field, draft)
        choices = [*field.choices, Choice(other, str(escape(other)), other)] if other else field.choices
        listed = option_list(choices, {chosen_key(field, draft)})
        return Markup(f'<select{shown}><option value="">{first}</option>{listed}</select>')  # noqa: S704 - escaped


class Suggesting(OneChoice):
    """Inputs that take one of the choices or any other text."""

    def typed(self, field: ShownField, draft: Posted | None) -> str:
        """The text in the input: a choice's label rather than its key."""
        key = chosen_key(field, draft)
        for choice in field.choices:
            if key and choice.key == key:
                return plain(choice.label_html)
        if draft is None and field.default is not None:
            return str(field.default)
        return key

    def read(self, field: ShownField, posted: Posted) -> Any:
        text = last(posted, field.html_name).replace("\x00", "").strip()
        if not text:
            if field.required:
                raise problem(field, "combobox required", "required")
            return "" if field.datatype in _PLAIN else None
        choice = self.meant(field, text)
        if choice is not None:
            return self.value(field, choice)
        if field.datatype in _PLAIN:
            return neutralise(text)
        return find_by_name(field.datatype).convert(field, text)

    def meant(self, field: ShownField, text: str) -> Choice | None:
        """The choice whose label or key was typed."""
        for choice in field.choices:
            if text in (plain(choice.label_html), choice.key):
                return choice
        return None

    def text(self, field: ShownField, posted: Posted) -> str:
        text = last(posted, field.html_name).strip()
        choice = self.meant(field, text)
        return text if choice is None else choice.key


@datatype("combobox")
class Combobox(Suggesting):
    """A text input with a list that the script filters."""

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        name = escape(ident(field))
        box = input_box(field, self.typed(field, draft), error, role="combobox", autocomplete="off",
                        aria_expanded="false", aria_autocomplete="list", aria_controls=f"{ident(field)}-list")
        items = "".join(
            f'<li role="presentation"><button type="button" class="dropdown-item" role="option" tabindex="-1" '
            f'id="{name}-option-{number}" data-value="{escape(choice.key)}">'
            f"{escape(plain(choice.label_html))}</button></li>"
            for number, choice in enumerate(field.choices))
        return Markup(  # noqa: S704 - every part is escaped
            f'<div class="combobox-container dropdown"><div class="input-group">{box}'
            f'<button type="button" class="btn btn-outline-secondary dacomboboxtoggle" tabindex="-1" '
            f'aria-label="Show the choices" aria-controls="{name}-list"><i class="fa-solid fa-caret-down" '
            f'aria-hidden="true"></i></button></div>'
            f'<ul class="dropdown-menu" id="{name}-list" role="listbox" aria-label="Choices">{items}</ul></div>')


@datatype("datalist")
class Datalist(Suggesting):
    """A text input with the browser's own suggestions."""

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        name = escape(ident(field))
        box = input_box(field, self.typed(field, draft), error, list=f"{ident(field)}-list", autocomplete="off")
        listed = "".join(f'<option value="{escape(plain(choice.label_html))}"></option>' for choice in field.choices)
        return Markup(f'{box}<datalist id="{name}-list">{listed}</datalist>')  # noqa: S704 - every part is escaped
