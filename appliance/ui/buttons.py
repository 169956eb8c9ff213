"""The buttons at the foot of a screen."""

from __future__ import annotations

import re
from dataclasses import replace

from markupsafe import Markup, escape

from appliance.interview.datatypes.options import choice_help, icon, plain
from appliance.interview.screen import Button, Screen

__all__ = ["draw_buttons"]

_COLOR = re.compile(r"[a-z-]+")


def draw_buttons(screen: Screen, *, can_go_back: bool) -> Markup:
    """The group of buttons; empty where there is none to press.

    :param can_go_back: whether a Back button inside the question, where the author wants one, has somewhere to go.
    """
    drawn = [_button(screen, button) for button in _wanted(screen)]
    if can_go_back and (screen.question_back_button or screen.back_button_label):
        label = escape(screen.back_button_label or "Back")
        drawn.insert(0, '<button type="submit" form="dabackbutton" class="btn btn-link daquestionbackbutton">'
                        f"{label}</button>")
    if not drawn:
        return Markup("")
    name = ' aria-labelledby="daMainQuestion"' if len(drawn) > 1 else ' role="presentation"'
    kind = "yesno da-field-buttons" if screen.extras.get("yesno") else "buttons"
    return Markup(  # noqa: S704 - labels are HTML by contract, the rest is escaped
        f'<fieldset class="da-button-set da-field-{kind}"{name}><div class="da-buttons">'
        f'{"".join(drawn)}</div></fieldset>')


def _wanted(screen: Screen) -> list[Button]:
    """The screen's buttons, with the Continue button that a form has without saying so."""
    buttons = list(screen.buttons)
    if screen.kind in ("fields", "continue") and not any(button.kind == "continue" for button in buttons):
        label = screen.continue_label_html or "Continue"
        buttons.insert(0, Button(-1, label, "continue"))
    if screen.hide_continue_button:
        buttons = [button for button in buttons if button.kind != "continue"]
    return buttons


def _button(screen: Screen, button: Button) -> str:
    if button.choice is not None:
        button = replace(button, image=button.image or button.choice.image,
                         help_html=button.help_html or button.choice.help_html)
    color = button.color if _COLOR.fullmatch(button.color) else "primary"
    css = f"btn btn-{color}" + (f" {escape(button.css_class)}" if button.css_class else "")
    label = f"{icon(button.image)}{' ' if button.image.startswith('fa-') else ''}{button.label_html}"
    help_icon = choice_help(f"dabutton{button.number}-help", button.help_html, plain(button.label_html))
    if button.kind == "link":
        # A screen that was stored by an older version has no window in its buttons.
        window = escape(getattr(button, "window", ""))
        target = f' target="{window}" rel="noopener"' if window else ""
        return f'<a class="{css}" href="{escape(button.url)}"{target}>{label}</a>{help_icon}'
    if button.kind == "continue":
        disabled = " disabled" if screen.disable_continue_button else ""
        return f'<button type="submit" class="{css}" id="da-continue-button"{disabled}>{label}</button>{help_icon}'
    return f'<button type="submit" class="{css}" name="_button" value="{button.number}">{label}</button>{help_icon}'
