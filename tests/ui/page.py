"""A screen with one field of every kind, and what it takes to draw it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.interview import datatypes
from appliance.interview.host import UserInfo
from appliance.interview.screen import Button, Choice, HelpSection, Screen, ShowIf, ShownField
from appliance.interview.turn import Ending, ShowScreen
from appliance.ui.context import PageContext

__all__ = ["PAGE", "StandInReply", "everything", "reply_with", "screen_with"]

PAGE = PageContext(xsrf="token<", action="/interview?i=x&session=s", user=UserInfo(user_id=1, first_name="Ann"),
                   socket_url="/notices", checkin_url="/checkin?i=x")
CHOICES = [Choice("apple", "Apples", "apple", help_html="Good in <b>pies</b>."),
           Choice("pear", "Pears &amp; quinces", "pear"), Choice("x'\"<", "Odd", "x'\"<", group="Others")]
_LISTS = {"radio", "dropdown", "combobox", "datalist", "checkboxes", "multiselect"}


@dataclass
class StandInReply:
    """A session's reply, as far as drawing reads it."""

    ending: Ending
    session_id: str = "s1"
    interview: str = "docassemble.demo:data/questions/x.yml"
    revision: int = 7
    turn_id: str = "t1"
    steps: int = 3
    can_go_back: bool = True
    message: str = ""


def screen_with(*fields: ShownField, **more: Any) -> Screen:
    for number, one in enumerate(fields):
        one.number = number
    return Screen("block", "fields", "What’s this?", "What’s this?", fields=list(fields), title="Test", **more)


def reply_with(screen: Screen, errors: dict[int, str] | None = None, drafts: dict[str, list[str]] | None = None,
               **more: Any) -> StandInReply:
    return StandInReply(ShowScreen(screen, errors or {}, drafts or {}), **more)


def everything() -> Screen:
    """One field of every datatype that is there, with the trimmings."""
    fields = [ShownField(0, f"my.{name}", datatype=name, label_html=f"Label of {name}", help_html="Help <i>text</i>",
                         choices=CHOICES if name in _LISTS else [], required=number % 2 == 0,
                         minimum="1" if name == "range" else None, maximum="10" if name == "range" else None)
              for number, name in enumerate(sorted(datatypes.NAMES - datatypes.LATER))]
    fields[3].show_if = [ShowIf("my.yesno")]
    fields.append(ShownField(0, None, html="<p>A note</p>", show_if=[ShowIf("my.radio", equals="apple")]))
    fields.append(ShownField(0, "bare", label_html=None))
    fields.append(ShownField(0, "bare_radio", datatype="radio", choices=CHOICES, label_html=None))
    fields.append(ShownField(0, "my.car", datatype="checkboxes", choices=CHOICES, label_html="Options",
                             none_of_the_above="Nothing <at> all", all_of_the_above="All", under_text_html="Under"))
    return screen_with(
        *fields, subquestion_html="<p>Sub</p>", under_html="Below", right_html="Aside", id="every-kind",
        help=[HelpSection("Heading", "Helpful")], menu=[{"label": "Review Answers", "url": "/interview?x&y"}],
        buttons=[Button(0, "Go elsewhere", "link", url="/else?a&b"), Button(1, "Leave", "special", name="leave")],
        question_back_button=True, progress=40.0)
