"""Text that people send, made harmless on the way in: interviews insert it into pages without escaping."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["as_typed", "harmless", "neutralise"]

_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")


def neutralise(text: str) -> str:
    """`text` without the beginnings of HTML tags, comments and declarations; ``a < b`` and ``<3`` stay as they are.

    >>> neutralise("<b>1 < 2</b>")
    '&lt;b>1 < 2&lt;/b>'
    """
    return _TAG_START.sub("&lt;", text)


def harmless(value: Any) -> Any:
    """What came with an address or from a script, with all texts in it neutralised: a link may be anybody's.

    >>> harmless({"a": ["<b>", 1]})
    {'a': ['&lt;b>', 1]}
    """
    if isinstance(value, str):
        return neutralise(value)
    if isinstance(value, list):
        return [harmless(item) for item in value]
    if isinstance(value, dict):
        return {harmless(key): harmless(item) for key, item in value.items()}
    return value


_NEUTRALISED = re.compile(r"&lt;(?=[A-Za-z/!?])")


def as_typed(text: str) -> str:
    """The inverse of :func:`neutralise`, to show a stored text in an input again."""
    return _NEUTRALISED.sub("<", text)
