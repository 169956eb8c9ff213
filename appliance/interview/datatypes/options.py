"""Choices as HTML: lists of radio buttons and check boxes, and the options of a select."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from appliance.interview.datatypes.controls import attributes, ident, others
from appliance.interview.screen import Choice, ShownField

__all__ = ["Option", "choice_help", "grid_css", "group", "icon", "option_list", "plain"]

_TAG = re.compile(r"<[^<>]*>")


def plain(label_html: str) -> str:
    """The text of a label, for places that take no HTML."""
    return html.unescape(_TAG.sub("", label_html)).strip() if "<" in label_html or "&" in label_html else label_html


def icon(image: str) -> Markup:
    """The picture of a choice or button, where `image` is one or names one of Font Awesome; else nothing."""
    if image.startswith("<img "):
        return Markup(f'<span class="da-choice-picture">{image}</span>')  # noqa: S704 - made by our own markup
    if re.fullmatch(r"fa-[a-z0-9-]+( fa-[a-z0-9-]+)*", image):
        style = "" if re.search(r"\bfa-(solid|regular|brands)\b", image) else "fa-solid "
        return Markup(f'<i class="{style}{image}" aria-hidden="true"></i>')  # noqa: S704 - matched above
    return Markup("")


def grid_css(grid: object) -> str:
    """Bootstrap's column classes for a ``grid`` or ``item grid`` as the author wrote it."""
    if isinstance(grid, bool) or not isinstance(grid, (int, dict)):
        return ""
    options = {"width": grid} if isinstance(grid, int) else grid
    point = str(options.get("breakpoint", "md"))
    between = "" if point == "xs" or not point.isalpha() else f"-{point}"
    css = []
    for key, prefix in (("width", "col"), ("offset", "offset")):
        size = str(options.get(key, ""))
        if size.isdigit() and 0 < int(size) <= 12:
            css.append(f"{prefix}{between}-{size}")
    return " ".join(css)


@dataclass
class Option:
    """One radio button or check box of a group."""

    name: str
    value: str
    label_html: str
    checked: bool
    help_html: str = ""
    image: str = ""
    css_class: str = ""
    extra: dict[str, str | int | bool | None] | None = None


def choice_help(own: str, help_html: str, about: str) -> str:
    """The help icon beside a choice: opens by click or key, without a script.

    :param about: the plain label of what it helps with.
    """
    if not help_html:
        return ""
    return (f'<div class="dachoicehelp"><details id="{escape(own)}"><summary aria-label="{escape("Help: " + about)}">'
            f'<i class="fa-solid fa-circle-question" aria-hidden="true"></i></summary>'
            f'<div class="da-help-text">{help_html}</div></details></div>')


def group(field: ShownField, options: Iterable[Option], kind: str, error: str | None) -> Markup:
    """A list of radio buttons (`kind` ``radio``) or check boxes (``checkbox``).

    The row around it is the group for screen readers. ``label > span`` is what scripted clients look for: a click on
    the span's parent toggles the control.
    """
    base, drawn = ident(field), []
    item = grid_css(field.item_grid)
    for number, option in enumerate(options):
        own = f"{base}_{number}"
        css = "da-choice-input form-check-input" + (f" {option.css_class}" if option.css_class else "")
        shown = attributes({
            "type": kind, "class": css, "id": own, "name": option.name, "value": option.value,
            "checked": option.checked, "disabled": field.disabled,
            "aria-invalid": "true" if error else None, "aria-describedby": f"{base}-error" if error else None,
            **(others(field) if kind == "radio" else {}), **(option.extra or {}),
        })
        drawn.append(
            f'<div class="da-choice-row{" " + item if item else ""}">'
            f'<label class="da-choice da-to-labelauty" for="{own}"><input{shown}>{icon(option.image)}'
            f"<span>{option.label_html}</span></label>"
            f'{choice_help(own + "-help", option.help_html, plain(option.label_html))}</div>')
    css = "da-choices" + (" row" if item else "") + (f" {escape(field.css_class)}" if field.css_class else "")
    return Markup(f'<div class="{css}">{"".join(drawn)}</div>')  # noqa: S704 - labels are HTML by contract


def option_list(choices: Iterable[Choice], chosen: set[str]) -> str:
    """``<option>`` elements, in ``<optgroup>`` where choices name a group."""
    drawn: list[str] = []
    current = ""
    for choice in choices:
        if choice.group != current:
            drawn.append(("</optgroup>" if current else "")
                         + (f'<optgroup label="{escape(choice.group)}">' if choice.group else ""))
            current = choice.group
        selected = " selected" if choice.key in chosen else ""
        drawn.append(f'<option value="{escape(choice.key)}"{selected}>{escape(plain(choice.label_html))}</option>')
    if current:
        drawn.append("</optgroup>")
    return "".join(drawn)
