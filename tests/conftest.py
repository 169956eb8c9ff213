"""Fixtures of all tests: the appliance as a process, and a browser to look at it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import Appliance


@pytest.fixture
def new_appliance(tmp_path: Path) -> Iterator[Callable[..., Appliance]]:
    """Makes appliances that are stopped, and whose logs are read, when the test ends."""
    made: list[Appliance] = []

    def make(name: str = "appliance", **options: Any) -> Appliance:
        made.append(Appliance(tmp_path / name, **options))
        return made[-1]

    yield make
    for one in made:
        one.stop()
    unexpected = [line for one in made for line in one.logs.unexpected()]
    assert not unexpected, "the logs hold errors that the test did not expect:\n" + "\n".join(unexpected)


@pytest.fixture(scope="session")
def shared_appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """One running appliance for all tests that leave it as it was."""
    one = Appliance(tmp_path_factory.mktemp("shared"))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def appliance(shared_appliance: Appliance) -> Iterator[Appliance]:
    """The shared appliance; the test fails if it logs an error that was not announced."""
    shared_appliance.logs.unexpected()
    yield shared_appliance
    unexpected = shared_appliance.logs.unexpected()
    assert not unexpected, "the logs hold errors that the test did not expect:\n" + "\n".join(unexpected)
