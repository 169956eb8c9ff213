"""Brackets that begin nothing: Markdown looks for the end of each to the end of the text, and holds everybody up
for minutes where somebody typed fifty thousand of them.
"""

from __future__ import annotations

import re

__all__ = ["put_back", "set_aside"]

_MOST = 200
"""So many may stand in a text as they are; what people write has hardly any."""

_STAND_IN = "\ue0fb"
"""Of the private use area, which no keyboard writes."""

_BRACKET = re.compile(r"\[[^\[\]\n]{0,1000}\](?:\([^()\n]{0,2000}\)|(?!\())|(\[)")


def set_aside(text: str) -> str:
    """The text with another character for each bracket that is neither closed on its line nor a whole link, where there
    are very many.

    >>> set_aside("[a](/b) [c] [") , set_aside("[" * 300).count("[")
    ('[a](/b) [c] [', 0)
    """
    if text.count("[") <= _MOST or sum(match[1] is not None for match in _BRACKET.finditer(text)) <= _MOST:
        return text
    return _BRACKET.sub(lambda match: _STAND_IN if match[1] else match[0], text)


def put_back(html: str) -> str:
    """The HTML with the brackets that were set aside."""
    return html.replace(_STAND_IN, "[")
