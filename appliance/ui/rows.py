"""The rows of a form: label, control, help, error, and what the script must know of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from markupsafe import Markup, escape

from appliance.interview import datatypes
from appliance.interview.datatypes.controls import ident
from appliance.interview.datatypes.options import grid_css, plain
from appliance.interview.datatypes.registry import Datatype
from appliance.interview.screen import Screen, ShownField
from appliance.interview.turn import Posted

__all__ = ["draw_rows", "error_links"]

_FLOATING = ("<input", "<textarea", "<select")


def draw_rows(screen: Screen, errors: dict[int, str], drafts: Posted) -> Markup:
    """All rows of `screen`, in order.

    :param errors: what was wrong, by field number; -1 is the form's own and not drawn here.
    :param drafts: what was posted and not accepted; empty: the fields show their defaults.
    :raises InterviewError: if a field needs a datatype that this version does not have.
    """
    if not screen.fields:
        return Markup("")
    conditions = datatypes.conditions(screen)
    gridded = any(field.grid is not None for field in screen.fields)
    draft = drafts or None
    fields = _with_own_ids(screen.fields)
    rows = [_row(screen, field, draft, errors.get(field.number), conditions.get(field.number), gridded)
            for field in fields]
    body = "".join(rows)
    return Markup(f'<div class="row da-grid">{body}</div>' if gridded else body)  # noqa: S704 - made of escaped parts


def _with_own_ids(fields: list[ShownField]) -> list[ShownField]:
    """The fields, of which later ones that set the same variable (``disable others``) get ids of their own."""
    seen: set[str] = set()
    found = []
    for field in fields:
        if field.variable is not None and field.variable in seen:
            field = replace(field, extras={**field.extras, "control_id": f"{field.html_name}_row{field.number}"})
        seen.add(field.variable or "")
        found.append(field)
    return found


def _row(screen: Screen, field: ShownField, draft: Posted | None, error: str | None,
         conditions: list[dict[str, Any]] | None, gridded: bool) -> str:
    """One row with its wrapper."""
    condition = f' data-da-show-if="{escape(json.dumps(conditions))}"' if conditions else ""
    column = f" {grid_css(field.grid) or 'col-12'}" if gridded else ""
    break_before, break_after = _breaks(field)
    if field.datatype == "raw html" and not condition and not column:
        return field.html   # it may open what another row closes
    if field.variable is None:
        css = f"da-form-group da-field-container da-field-container-note{column}"
        return f'{break_before}<div class="{css}"{condition}>{field.html}</div>{break_after}'
    datatype = datatypes.find(field)
    kind = escape(field.datatype)
    css = (f"da-form-group da-field-container da-field-container-datatype-{kind}"
           f'{" da-has-error" if error else ""}{column}')
    known = (f' data-da-field="{field.html_name}" data-da-variable="{escape(field.variable)}"'
             f' data-da-datatype="{kind}"{condition}')
    control = datatype.control(field, draft, error)
    if datatype.layout == "bare":
        return f'<div class="{css}" hidden{known}>{control}</div>'
    below = _below(field, datatype, error)
    if datatype.layout == "group":
        return break_before + _group(field, css, known, control, below, error) + break_after
    if datatype.layout == "single":
        return f'{break_before}<div class="{css}"{known}>{control}{below}</div>{break_after}'
    label = _label(field)
    if (field.floating_label or screen.floating_labels) and control.startswith(_FLOATING):
        inside = f'<div class="form-floating">{control}{label}</div>'
    else:
        inside = f"{label}{control}"
    return f'{break_before}<div class="{css}"{known}>{inside}{below}</div>{break_after}'


def _breaks(field: ShownField) -> tuple[str, str]:
    """What starts or ends a line of a grid."""
    grid = field.grid if isinstance(field.grid, dict) else {}
    line = '<div class="w-100"></div>'
    return line if grid.get("start") else "", line if grid.get("end") else ""


def _label(field: ShownField) -> str:
    """The label of a row with one control; none for ``no label``, whose control is named by the question."""
    if not field.label_html:
        return ""
    return (f'<label class="form-label da-form-label"{_optional(field)} for="{ident(field)}">'
            f"{field.label_html}{_help_link(field)}</label>")


def _optional(field: ShownField) -> str:
    """The mark of a field that may stay empty, drawn by the style sheet: the label's text stays the author's."""
    if field.required or "optional" in (field.label_html or "").lower():
        return ""
    return ' data-da-optional="(optional)"'


def _help_link(field: ShownField) -> str:
    """The help icon inside a label."""
    if not field.help_html:
        return ""
    name = ident(field)
    return (f'<a class="da-label-help" role="button" tabindex="0" href="#{name}-help" aria-expanded="false" '
            f'aria-controls="{name}-help" data-da-help="{name}-help" aria-label="Help">'
            '<i class="fa-solid fa-circle-question" aria-hidden="true"></i></a>')


def _group(field: ShownField, css: str, known: str, control: Markup, below: str, error: str | None) -> str:
    """A row of several controls: a group with its legend, for eyes and for screen readers."""
    name = ident(field)
    role = ' role="radiogroup"' if 'type="radio"' in control else ""
    required = ' aria-required="true"' if role and field.required else ""
    invalid = f' aria-describedby="{name}-error"' if error else ""
    if not field.label_html:
        legend, labelled = "", "daMainQuestion"
    else:
        inside = f"{field.label_html}{_help_link(field)}"
        legend = f'<div class="da-legend form-label da-form-label" id="{name}-label"{_optional(field)}>{inside}</div>'
        labelled = f"{name}-label"
    return (f'<fieldset class="{css}" id="{name}"{role} aria-labelledby="{labelled}"{required}{invalid}'
            f' tabindex="-1"{known}>{legend}<div class="da-options">{control}</div>{below}</fieldset>')


def _below(field: ShownField, datatype: Datatype, error: str | None) -> str:
    """What stands under a control."""
    name, parts = ident(field), []
    if field.under_text_html:
        parts.append(f'<div class="da-under-text form-text" id="{name}-under">{field.under_text_html}</div>')
    if field.help_html and datatype.layout != "single":
        parts.append(f'<div class="da-help-text" id="{name}-help">{field.help_html}</div>')
    if error:
        sign = '<i class="fa-solid fa-circle-exclamation" aria-hidden="true"></i>'
        parts.append(f'<div class="da-error" id="{name}-error">{sign} {escape(error)}</div>')
    return "".join(parts)


def error_links(screen: Screen, errors: dict[int, str]) -> list[tuple[str, str]]:
    """For the summary above the form: id of the control (empty for the whole form), and what is wrong."""
    by_number = {field.number: field for field in _with_own_ids(screen.fields) if field.variable is not None}
    found = []
    for number, words in sorted(errors.items()):
        field = by_number.get(number)
        label = plain(field.label_html or "").rstrip(":") if field else ""
        colon = "" if not label else " " if label.endswith(("?", ".", "!")) else ": "
        found.append((ident(field) if field else "", f"{label}{colon}{words}"))
    return found
