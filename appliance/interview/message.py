"""The screen that ``message()`` makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from appliance.interview.blocks.question import SPECIAL
from appliance.interview.markup import plain_text
from appliance.interview.screen import Button, Screen
from appliance.interview.signals import MessageSignal

if TYPE_CHECKING:
    from appliance.interview.asking import Asking

__all__ = ["SPECIAL_COLORS", "message_screen"]

SPECIAL_COLORS = {"exit": "danger", "leave": "secondary", "restart": "secondary", "exit_logout": "danger"}
_OF_A_BUTTON = frozenset({"url", "color", "css class", "image"})


def message_screen(asking: Asking, signal: MessageSignal) -> Screen:
    """A final screen, with the buttons that the call asks for."""
    question = asking.inline(signal.question)
    title = asking.interview.title
    screen = Screen(
        "message", "buttons", question, plain_text(question), language=asking.language, title=title, tab_title=title,
        short_title=title, subquestion_html=asking.block(signal.subquestion), features=dict(asking.interview.features))
    options = signal.options
    if not options.get("dead_end"):
        screen.buttons = [*_own(asking, options), *_usual(asking, options)]
    for number, button in enumerate(screen.buttons):
        button.number = number
    if not screen.buttons:
        screen.kind = "end"
    return screen


def _own(asking: Asking, options: dict[str, Any]) -> list[Button]:
    """Those of ``buttons=``: as in a question, ``{'Learn more': 'exit', 'url': 'https://…'}``, or pairs."""
    found = []
    for item in options.get("buttons") or []:
        given: dict[str, Any] = dict(item) if isinstance(item, dict) else dict([item])
        about = {key: str(given.pop(key)) for key in _OF_A_BUTTON if key in given}
        for label, value in given.items():
            word = str(value)
            button = _button(asking, str(label), word, about.get("url") or ("" if word in SPECIAL else word))
            button.color = about.get("color", button.color)
            button.css_class, button.image = about.get("css class", ""), about.get("image", "")
            found.append(button)
    return found


def _usual(asking: Asking, options: dict[str, Any]) -> list[Button]:
    """Restart, Exit and Leave, as the ``show_…`` arguments say; Leave comes in Exit's place unless both are wanted."""
    usual = not options.get("buttons")
    url = str(options.get("url") or "")
    wanted = {"restart": usual, "exit": usual and not options.get("show_leave"), "leave": False}
    wanted |= {word: bool(options[f"show_{word}"]) for word in wanted if options.get(f"show_{word}") is not None}
    return [_button(asking, asking.word(word.capitalize()), word, "" if word == "restart" else url)
            for word, shown in wanted.items() if shown]


def _button(asking: Asking, label: str, word: str, url: str) -> Button:
    kind: Literal["special", "link"] = "special" if word in SPECIAL else "link"
    return Button(0, asking.inline(label), kind, name=word, url=url, color=SPECIAL_COLORS.get(word, "primary"))
