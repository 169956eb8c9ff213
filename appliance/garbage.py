"""When Python looks for garbage: not while the program is loaded, and then not again and again in what it is made of.

What the server is made of (code, classes, parsed interviews) lives as long as it does, more than a hundred thousand
objects. Python's collector goes through what is there several times while it grows, an eighth of the time to the first
page, and later now and then through all of it, which holds everybody up for as long as twenty submits take.
"""

from __future__ import annotations

import gc

__all__ = ["look_from_now_on", "wait_with_it"]


def wait_with_it() -> None:
    """Look for no garbage until :func:`look_from_now_on`: the program is being loaded, and all of that stays."""
    gc.disable()


def look_from_now_on() -> None:
    """Count what is there now as the program, which is never garbage, and look in all that comes later."""
    gc.collect()
    gc.freeze()
    gc.enable()
