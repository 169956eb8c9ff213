"""Accounts on disk for each test, with quick passwords."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.accounts.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Accounts whose owner is Olive."""
    opened = Home(tmp_path)
    yield opened
    opened.close()
