"""Looking without touching: while this is on, objects make and gather nothing on the way to what is looked up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["looking", "only_looking"]

_looking: ContextVar[bool] = ContextVar("only_looking", default=False)


@contextmanager
def only_looking() -> Iterator[None]:
    """In this context nothing is made or gathered on the way: for ``defined()`` and its kin."""
    token = _looking.set(True)
    try:
        yield
    finally:
        _looking.reset(token)


def looking() -> bool:
    """Whether :func:`only_looking` is on."""
    return _looking.get()
