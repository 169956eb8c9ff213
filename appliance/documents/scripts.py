"""Which script a letter belongs to, as far as fonts and Word need to know."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import lru_cache

__all__ = ["RTL_LANGUAGES", "SHAPED", "is_combining", "is_ideograph", "is_rtl", "script_of"]

RTL_LANGUAGES = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "syr", "ug", "ur", "yi"})

# Blocks of Unicode, by their first and last letter. What is not here is in the fonts for Latin, Greek and Cyrillic
# letters, or a symbol.
_RANGES: tuple[tuple[int, int, str], ...] = (
    (0x0370, 0x03FF, "greek"), (0x0400, 0x052F, "cyrillic"), (0x0530, 0x058F, "armenian"), (0x0590, 0x05FF, "hebrew"),
    (0x0600, 0x06FF, "arabic"), (0x0700, 0x074F, "syriac"), (0x0750, 0x077F, "arabic"), (0x0780, 0x07BF, "thaana"),
    (0x0860, 0x08FF, "arabic"), (0x0900, 0x097F, "devanagari"), (0x0980, 0x09FF, "bengali"),
    (0x0A00, 0x0A7F, "gurmukhi"), (0x0A80, 0x0AFF, "gujarati"), (0x0B00, 0x0B7F, "oriya"), (0x0B80, 0x0BFF, "tamil"),
    (0x0C00, 0x0C7F, "telugu"), (0x0C80, 0x0CFF, "kannada"), (0x0D00, 0x0D7F, "malayalam"), (0x0D80, 0x0DFF, "sinhala"),
    (0x0E00, 0x0E7F, "thai"), (0x0E80, 0x0EFF, "lao"), (0x0F00, 0x0FFF, "tibetan"), (0x1000, 0x109F, "myanmar"),
    (0x10A0, 0x10FF, "georgian"), (0x1100, 0x11FF, "korean"), (0x1200, 0x139F, "ethiopic"),
    (0x13A0, 0x13FF, "cherokee"),
    (0x1780, 0x17FF, "khmer"), (0x1800, 0x18AF, "mongolian"), (0x19E0, 0x19FF, "khmer"), (0x1CD0, 0x1CFF, "devanagari"),
    (0x1F00, 0x1FFF, "greek"), (0x2D80, 0x2DDF, "ethiopic"), (0x2E80, 0x30FF, "chinese"), (0x3100, 0x312F, "chinese"),
    (0x3130, 0x318F, "korean"), (0x3190, 0x31FF, "chinese"), (0x3200, 0x321F, "korean"), (0x3220, 0x325F, "chinese"),
    (0x3260, 0x327F, "korean"), (0x3280, 0x9FFF, "chinese"), (0xA8E0, 0xA8FF, "devanagari"), (0xA960, 0xA97F, "korean"),
    (0xA9E0, 0xA9FF, "myanmar"), (0xAA60, 0xAA7F, "myanmar"), (0xAB00, 0xAB2F, "ethiopic"), (0xAC00, 0xD7FF, "korean"),
    (0xF900, 0xFAFF, "chinese"), (0xFB1D, 0xFB4F, "hebrew"), (0xFB50, 0xFDFF, "arabic"), (0xFE10, 0xFE1F, "chinese"),
    (0xFE30, 0xFE4F, "chinese"), (0xFE70, 0xFEFF, "arabic"), (0xFF00, 0xFFEF, "chinese"),
    (0x1F000, 0x1FAFF, "pictures"), (0x20000, 0x3FFFF, "chinese"),
)
SHAPED = frozenset({
    "hebrew", "arabic", "syriac", "thaana", "devanagari", "bengali", "gurmukhi", "gujarati", "oriya", "tamil", "telugu",
    "kannada", "malayalam", "sinhala", "thai", "lao", "tibetan", "myanmar", "khmer", "mongolian",
})
"""Scripts whose letters change their shape or place beside others."""

_STARTS = [first for first, _, _ in _RANGES]
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u061c")


@lru_cache(maxsize=20_000)
def script_of(letter: str) -> str:
    """The script, in small letters; empty for Latin letters, digits, punctuation and most symbols.

    >>> script_of("ж"), script_of("中"), script_of("e")
    ('cyrillic', 'chinese', '')
    """
    code = ord(letter)
    position = bisect_right(_STARTS, code) - 1
    if position >= 0 and code <= _RANGES[position][1]:
        return _RANGES[position][2]
    return ""


@lru_cache(maxsize=20_000)
def is_combining(letter: str) -> bool:
    """Whether it belongs to the letter before it: a mark, a joiner, a variation selector."""
    return letter in _INVISIBLE or unicodedata.category(letter) in ("Mn", "Mc", "Me")


@lru_cache(maxsize=20_000)
def is_rtl(letter: str) -> bool:
    """Whether it is written from right to left."""
    return unicodedata.bidirectional(letter) in ("R", "AL", "RLE", "RLO", "RLI")


@lru_cache(maxsize=20_000)
def is_ideograph(letter: str) -> bool:
    """Whether a line may break before and after it."""
    return script_of(letter) == "chinese" and unicodedata.category(letter) in ("Lo", "Lm", "Nl")
