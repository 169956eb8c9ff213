"""Text that people send, made harmless on the way in: interviews insert it into pages without escaping."""

from __future__ import annotations

import re

__all__ = ["as_typed", "neutralise"]

_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")


def neutralise(text: str) -> str:
    """`text` without the beginnings of HTML tags, comments and declarations; ``a < b`` and ``<3`` stay as they are.

    >>> neutralise("<b>1 < 2</b>")
    '&lt;b>1 < 2&lt;/b>'
    """
    return _TAG_START.sub("&lt;", text)


_NEUTRALISED = re.compile(r"&lt;(?=[A-Za-z/!?])")


def as_typed(text: str) -> str:
    """The inverse of :func:`neutralise`, to show a stored text in an input again."""
    return _NEUTRALISED.sub("<", text)
