"""How long to wait, as people say it."""

from __future__ import annotations

import math

__all__ = ["in_words"]


def in_words(seconds: float) -> str:
    """A time to wait, rounded up.

    >>> in_words(0.2), in_words(59), in_words(61)
    ('1 second', '59 seconds', '2 minutes')
    """
    whole = max(1, math.ceil(seconds))
    if whole < 60:
        return f"{whole} second{'' if whole == 1 else 's'}"
    minutes = math.ceil(whole / 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
