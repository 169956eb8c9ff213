"""Drawing the items of a ``review`` screen: links and boxes with buttons that ask something again, and texts."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from tornado.template import Loader, Template

from appliance.interview.screen import Screen

__all__ = ["draw_review"]

_COLOR = re.compile(r"[a-z-]+")


@cache
def _template() -> Template:
    return Loader(str(Path(__file__).parent / "templates"), whitespace="oneline").load("review.html")


def draw_review(screen: Screen) -> str:
    """The HTML of a screen's ``review``; empty for a screen without."""
    about: dict[str, Any] | None = screen.extras.get("review")
    if not about:
        return ""
    color = about["color"] if _COLOR.fullmatch(about["color"]) else "secondary"
    return _template().generate(items=list(enumerate(about["items"])), table=about["table"], color=color,
                                icon=about["icon"]).decode()
