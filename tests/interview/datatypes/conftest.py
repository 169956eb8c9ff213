"""A stand-in for the author's library, so that these tests hold for any version of it."""

from __future__ import annotations

import sys
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest


class Dictionary(dict[Any, Any]):
    """What the datatypes need of DADict."""

    def __init__(self, name: str, *, elements: dict[Any, Any], auto_gather: bool, gathered: bool) -> None:
        super().__init__(elements)
        self.name, self.auto_gather, self.gathered = name, auto_gather, gathered


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-in where the library's names are looked up."""
    module = ModuleType("appliance.library.names")
    module.NAMES = {"DADict": Dictionary, "as_datetime": datetime.fromisoformat}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "appliance.library.names", module)
