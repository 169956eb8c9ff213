"""HTML that several datatypes share. Everything is escaped here, once."""

from __future__ import annotations

import json
from collections.abc import Mapping

from markupsafe import Markup, escape

from appliance.interview.screen import ShownField, html_name

__all__ = ["attributes", "described", "ident", "input_box", "others"]


def ident(field: ShownField) -> str:
    """The id of a field's control: its html name, unless an earlier row of the screen sets the same variable."""
    return str(field.extras.get("control_id", field.html_name))


def attributes(values: Mapping[str, str | int | bool | None]) -> str:
    """HTML attributes with a space before each: None and False leave one out, True writes its name alone."""
    made = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        made.append(f" {name}" if value is True else f' {name}="{escape(str(value))}"')
    return "".join(made)


def described(field: ShownField, error: str | None) -> dict[str, str | bool | None]:
    """What screen readers need to know of a control, and the state every control can have."""
    name = ident(field)
    by = [f"{name}-error"] if error else []
    if field.help_html:
        by.append(f"{name}-help")
    if field.under_text_html:
        by.append(f"{name}-under")
    return {
        "aria-describedby": " ".join(by) or None,
        "aria-invalid": "true" if error else None,
        "aria-required": "true" if field.required else None,
        "aria-labelledby": None if field.label_html else "daMainQuestion",
        "disabled": field.disabled,
        **others(field),
    }


def others(field: ShownField) -> dict[str, str | bool | None]:
    """The ``data-da-…-others`` attributes of a control."""
    made: dict[str, str | bool | None] = {}
    for key, wanted in (("uncheck", field.uncheck_others), ("check", field.check_others),
                        ("disable", field.disable_others)):
        if wanted is True:
            made[f"data-da-{key}-others"] = "all"
        elif wanted:
            made[f"data-da-{key}-others"] = json.dumps([html_name(variable) for variable in wanted])
    return made


def input_box(field: ShownField, value: str, error: str | None, **more: str | int | bool | None) -> Markup:
    """A one-line input. Keyword names are attribute names with ``_`` for ``-``; ``type`` is text unless given."""
    extra = {name.strip("_").replace("_", "-"): given for name, given in more.items()}
    css = "form-control" + (" is-invalid" if error else "") + (f" {field.css_class}" if field.css_class else "")
    return Markup("<input" + attributes({  # noqa: S704 - attributes() escapes every value
        "type": "text", "class": css, "id": ident(field), "name": field.html_name, "value": value,
        "alt": "Input box", "placeholder": field.hint or (" " if field.floating_label else None),
        **described(field, error), **extra,
    }) + ">")
