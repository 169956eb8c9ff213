"""``:house:`` in a text, and ``[EMOJI house, 1em]``: icons of the interview's image sets, else of Font Awesome."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from markdown import Markdown

from appliance.interview.markup.base import Inline, Part
from appliance.interview.markup.tags import BEFORE_LINKS

__all__ = ["Icons", "font_awesome"]

AFTER_RAW_HTML = 84
NAME = r"[A-Za-z][A-Za-z0-9_-]*"
WITH_STYLE = re.compile(r"(fa[a-z]|fa-[a-z]+)-(fa-.+)")


def font_awesome(name: str) -> str:
    """The HTML of a Font Awesome icon, by its name or, for another style than solid, as ``far-fa-envelope``.

    >>> font_awesome("house")
    '<i class="fa-solid fa-house" aria-hidden="true"></i>'
    >>> font_awesome("fab-fa-amazon")
    '<i class="fab fa-amazon" aria-hidden="true"></i>'
    """
    match = WITH_STYLE.fullmatch(name)
    style, icon = (match[1], match[2]) if match else ("fa-solid", f"fa-{name}")
    return f'<i class="{html.escape(f"{style} {icon}")}" aria-hidden="true"></i>'


class Icons(Part):
    """`use` sets the pictures before each conversion."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: Mapping[str, str] = {}
        self.allowed = True

    def use(self, pictures: Mapping[str, str], allowed: bool) -> None:
        self.pictures, self.allowed = pictures, allowed

    def register(self, md: Markdown) -> None:
        # No letter, digit, slash or colon beside the colons: times, addresses and 'a:b:c' are not icons.
        md.inlinePatterns.register(Icon(rf"(?<![\w/:@.])(:)({NAME}):(?![\w/:])", self, md), "da_icons", AFTER_RAW_HTML)
        md.inlinePatterns.register(Icon(rf"\[(EMOJI) +({NAME})[^\]]*\]", self, md), "da_emoji", BEFORE_LINKS)


class Icon(Inline):
    def __init__(self, pattern: str, icons: Icons, md: Markdown) -> None:
        super().__init__(pattern, md)
        self.icons = icons

    def found(self, match: re.Match[str]) -> str | None:
        if not self.icons.allowed and match[1] == ":":
            return None
        picture = self.icons.pictures.get(match[2]) or font_awesome(match[2])
        return self.raw(picture)
