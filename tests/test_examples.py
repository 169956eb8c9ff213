"""The example interviews that docassemble's own packages carry: all are read, and a sample is started.

They are input only, downloaded by `make examples`, and no part of the appliance.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.installing import install
from appliance.interview.cache import Interviews
from appliance.interview.errors import BadInterview, InterviewError
from appliance.interview.evaluate import evaluate
from appliance.interview.turn import Begin, ShowScreen
from appliance.packages import InstalledPackages
from tests.memory_host import MemoryHost

WHEELS = Path(__file__).parent.parent / ".cache" / "examples"

ACCEPTED: dict[str, str] = {}
"""The examples that are refused, with words of the reason."""

STARTED = 5
"""Every how many-th example is started as well."""

pytestmark = pytest.mark.examples


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> InstalledPackages:
    """docassemble.base and docassemble.demo, installed as anybody's package is."""
    wheels = sorted(WHEELS.glob("docassemble_*.whl"))
    if len(wheels) < 2:
        pytest.skip("`make examples` has not downloaded the example interviews")
    folder = tmp_path_factory.mktemp("packages")
    install(wheels, folder, anyway=True)
    return InstalledPackages(folder)


@pytest.fixture(scope="module")
def examples(packages: InstalledPackages) -> list[str]:
    return [reference for reference in packages.interviews() if "/questions/examples/" in reference]


def test_all_examples_are_read_or_refused_with_a_reason(packages: InstalledPackages, examples: list[str]) -> None:
    """Each example is read, or the error names file, line and reason; those refused are exactly the accepted ones."""
    assert len(examples) > 900
    interviews = Interviews(packages)
    refused: dict[str, str] = {}
    for reference in examples:
        try:
            interviews.get(reference)
        except BadInterview as error:
            assert error.file, error
            assert error.line, error
            refused[reference] = str(error)
    surprising = {reference: words for reference, words in refused.items() if reference not in ACCEPTED}
    assert not surprising, "\n".join(f"{reference}: {words}" for reference, words in surprising.items())
    assert set(ACCEPTED) <= set(refused), "some are accepted as refused, and are read now: take them off the list"
    for reference, words in ACCEPTED.items():
        assert words in refused[reference]


def test_sample_of_examples_shows_a_first_screen(packages: InstalledPackages, examples: list[str]) -> None:
    """A sample starts: what comes is a screen or one of our errors in words, never anything else."""
    interviews = Interviews(packages)
    shown = tried = 0
    for reference in sorted(examples)[::STARTED]:
        if reference in ACCEPTED:
            continue
        tried += 1
        try:
            outcome = evaluate(interviews.get(reference), {}, Begin(), MemoryHost())
        except InterviewError as error:
            assert str(error)
            assert "Traceback" not in str(error)
        else:
            shown += isinstance(outcome.ending, ShowScreen)
    assert shown / tried > 0.8, f"only {shown} of {tried} examples show a first screen"
