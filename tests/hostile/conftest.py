"""One house for all attacks, which leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile.house import House, opened_house
from tests.hostile.interviews import INTERVIEWS
from tests.server.shared import Shared, shared_on


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The appliance with people of every privilege."""
    with opened_house(tmp_path_factory.mktemp("hostile"), INTERVIEWS) as opened:
        yield opened


@pytest.fixture(scope="session")
def away(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """The same house as other computers reach it."""
    with shared_on(house, tmp_path_factory.mktemp("shared")) as shared:
        yield shared
