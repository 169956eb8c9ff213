"""The HTML of a review's items."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from appliance.interview.screen import Screen
from appliance.ui.drawing import draw_body
from appliance.ui.review import draw_review
from tests.ui.page import PAGE, reply_with, screen_with

ITEMS: list[dict[str, Any]] = [
    {"kind": "note", "html": "<p>Look</p>", "css": 'a" onclick="x'},
    {"kind": "link", "label": "<em>Fruit</em>", "url": "/interview?a=1&b=2", "html": "<p>apple</p>", "side": "",
     "css": ""},
    {"kind": "link", "label": "Bare", "url": "/b", "html": "", "side": "<p>why</p>", "css": ""},
    {"kind": "button", "label": "Edit", "url": "/c", "html": "<p>pear</p>", "side": "", "css": "bg-warning-subtle"},
]


def review(**more: Any) -> Screen:
    about = {"items": ITEMS, "table": "", "color": "secondary", "icon": '<i class="fa-solid fa-pencil"></i>'} | more
    return screen_with(extras={"review": about})


def drawn(**more: Any) -> ET.Element:
    return ET.fromstring(draw_review(review(**more)))


@pytest.mark.parametrize("table", ["", "table table-striped"])
def test_each_way_of_drawing_is_sound(table: str) -> None:
    """Well-formed; what belongs together points at each other; what authors give is escaped where it is no HTML."""
    root = drawn(table=table)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    links = list(root.iter("a"))
    assert [link.get("href") for link in links] == ["/interview?a=1&b=2", "/b", "/c"]
    assert {link.get("aria-describedby") for link in links} <= {*ids, None}
    assert any('a" onclick="x' in (element.get("class") or "") for element in root.iter())
    assert not any(element.get("onclick") for element in root.iter())


def test_words_on_links_and_buttons_are_whole_text_nodes() -> None:
    """As browser tests of interviews look for them: a link's words alone, a button's after a space and its icon."""
    links = list(drawn().iter("a"))
    assert links[1].text == "Bare"
    icon = links[2].find("i")
    assert icon is not None
    assert icon.tail == " Edit"


def test_raw_html_has_nothing_around_it() -> None:
    raw = [{"kind": "raw", "html": "<section>", "css": ""}, *ITEMS, {"kind": "raw", "html": "</section>", "css": ""}]
    section = drawn(items=raw).find("section")
    assert section is not None
    assert len(list(section)) == len(ITEMS)


def test_a_color_that_is_none_is_not_drawn() -> None:
    assert "btn-secondary" in draw_review(review(color='x" y'))


def test_the_form_says_that_it_is_a_review() -> None:
    assert '<form id="daform" class="daformreview"' in draw_body(reply_with(review()), PAGE)


def test_nothing_on_other_screens() -> None:
    assert draw_review(screen_with()) == ""
