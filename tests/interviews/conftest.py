"""The scenarios of this folder as one installed package on a running appliance."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.logs import no_unexpected_errors
from tests.support.packages import make_package
from tests.support.process import Appliance

FOLDER = Path(__file__).parent / "scenarios"
PACKAGE = "appliancescenarios"


def slug(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower())


def scenarios() -> list[dict[str, Any]]:
    """All scenarios, each with its file's name and the reference of its interview."""
    found: list[dict[str, Any]] = []
    for file in sorted(FOLDER.glob("*.yml")):
        for one in yaml.safe_load(file.read_text(encoding="utf-8")):
            place = f"docassemble.{PACKAGE}:data/questions/{slug(one['name'])}.yml"
            found.append({**one, "group": file.stem, "reference": place})
    return found


@pytest.fixture(scope="session")
def running_scenarios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """An appliance with the scenarios installed by its own command."""
    everything = scenarios()
    questions = {f"{slug(one['name'])}.yml": one["interview"] for one in everything}
    modules: dict[str, str] = {}
    for one in everything:
        questions |= one.get("files", {})
        modules |= one.get("modules", {})
    folder = make_package(tmp_path_factory.mktemp("package"), PACKAGE, questions, modules)
    appliance = Appliance(tmp_path_factory.mktemp("scenarios"))
    appliance.command("install", str(folder))
    appliance.start()
    yield appliance
    appliance.stop()


@pytest.fixture
def scenario_appliance(running_scenarios: Appliance) -> Iterator[Appliance]:
    """The same, and the test fails if an error is logged that the scenario does not announce."""
    with no_unexpected_errors(running_scenarios.logs):
        yield running_scenarios
