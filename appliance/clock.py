"""The time of day, read in one place, so that tests can let years pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

__all__ = ["driven_by", "now", "utc_now"]

_source: Callable[[], float] = time.time


def now() -> float:
    """Seconds since the epoch, UTC; the system's clock, which people and networks set."""
    return _source()


def utc_now() -> datetime:
    """The same, as an aware datetime in UTC."""
    return datetime.fromtimestamp(_source(), UTC)


@contextmanager
def driven_by(source: Callable[[], float]) -> Iterator[None]:
    """Within the block all parts of this process read `source` instead of the system's clock."""
    global _source  # noqa: PLW0603 - the one place where the time comes from
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before
