"""A screen as data, under docassemble's documented names: for programs, and for the code of other sessions."""

from __future__ import annotations

from typing import Any

from appliance.interview.screen import Button, Choice, Screen, ShownField

__all__ = ["screen_data"]

_KINDS = {"fields": "fields", "buttons": "multiple_choice", "continue": "settrue", "end": "deadend"}
_LIMITS = ("hint", "minimum", "maximum", "step", "minlength", "maxlength", "rows", "scale")


def screen_data(screen: Screen) -> dict[str, Any]:
    """What it takes to answer the screen: its texts, and variable, datatype, label and choices of each field."""
    return {
        "questionName": screen.block, "questionType": _kind(screen), "id": screen.id,
        "title": screen.title, "browser_title": screen.tab_title or screen.title, "lang": screen.language,
        "questionText": screen.question_html, "subquestionText": screen.subquestion_html,
        "under_text": screen.under_html, "rightText": screen.right_html,
        "continueLabel": screen.continue_label_html, "progress": screen.progress, "section": screen.section,
        "fields": _fields(screen), "review": _review(screen), "buttons": [_button(one) for one in screen.buttons],
        "menu": {"items": screen.menu}, "helpText": [{"heading": one.heading_html, "content": one.content_html}
                                                     for one in screen.help],
        "reload_after": int((screen.reload_after or 0) * 1000), "check_in": screen.check_in, "terms": screen.terms}


def _kind(screen: Screen) -> str:
    return "review" if screen.extras.get("review") else _KINDS.get(screen.kind, screen.kind)


def _review(screen: Screen) -> list[dict[str, Any]]:
    """The items of a review screen; following `url` asks an item's variables again."""
    items = screen.extras.get("review", {}).get("items", ())
    return [{key: item[key] for key in ("label", "url", "html", "side") if item.get(key)} for item in items]


def _fields(screen: Screen) -> list[dict[str, Any]]:
    if screen.kind == "buttons" and screen.variable is not None:
        choices = [_choice(one.choice) for one in screen.buttons if one.choice is not None]
        return [{"variable_name": screen.variable, "datatype": "buttons", "choices": choices, "number": 0}]
    fields = [_field(one) for one in screen.fields]
    if screen.continue_variable is not None:
        fields.append({"variable_name": screen.continue_variable, "datatype": "boolean", "value": True,
                       "number": len(fields)})
    return fields


def _field(shown: ShownField) -> dict[str, Any]:
    if shown.variable is None:
        return {"number": shown.number, "datatype": "html", "note": shown.html}
    described: dict[str, Any] = {
        "number": shown.number, "variable_name": shown.variable, "variable_name_encoded": shown.html_name,
        "datatype": shown.datatype, "label": shown.label_html, "required": shown.required, "active": not shown.disabled}
    if shown.input_type:
        described["inputtype"] = shown.input_type
    if shown.default is not None:
        described["default"] = shown.default
    if shown.choices:
        described["choices"] = [_choice(one) for one in shown.choices]
    if shown.help_html:
        described["help"] = shown.help_html
    described |= {name: value for name in _LIMITS if (value := getattr(shown, name)) not in {None, ""}}
    return described


def _choice(choice: Choice) -> dict[str, Any]:
    described: dict[str, Any] = {"label": choice.label_html, "value": choice.value, "key": choice.key}
    if choice.default:
        described["selected"] = True
    if choice.help_html:
        described["help"] = choice.help_html
    return described


def _button(button: Button) -> dict[str, Any]:
    return {"number": button.number, "label": button.label_html, "kind": button.kind, "name": button.name,
            "url": button.url}
