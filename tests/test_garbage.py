"""The collector leaves the program alone, and looks in what comes later."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from appliance import garbage


class _Ring:
    """Holds itself, so that only the collector finds it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_looked_through_while_the_program_is_loaded() -> None:
    garbage.wait_with_it()
    ring = weakref.ref(_Ring())
    before = gc.get_stats()[0]["collections"]
    kept: list[list[int]] = [[] for _ in range(20_000)]
    assert gc.get_stats()[0]["collections"] == before
    assert len(kept) == 20_000
    assert ring() is not None


def test_what_is_there_then_is_never_looked_through_again_and_what_comes_later_is() -> None:
    """A full look goes through what came since, a small part of all there is."""
    garbage.wait_with_it()
    before = weakref.ref(_Ring())
    garbage.look_from_now_on()
    assert before() is None
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    after = weakref.ref(_Ring())
    gc.collect()
    assert after() is None
