"""The example interviews that docassemble's own packages carry: all are read, and a sample is started.

They are input only, downloaded by `make examples`, and no part of the appliance.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.installing import install
from appliance.interview.answers import new_answers
from appliance.interview.cache import Interviews
from appliance.interview.errors import BadInterview, InterviewError
from appliance.interview.evaluate import evaluate
from appliance.interview.turn import Begin, ShowScreen
from appliance.library.modules import install_import_hook
from appliance.packages import InstalledPackages
from tests.memory_host import MemoryHost

WHEELS = Path(__file__).parent.parent / ".cache" / "examples"

ACCEPTED = {
    "docassemble.demo:data/questions/examples/testssn.yml": "no datatype 'ssn'",   # a datatype of its own module
}
"""The examples that are refused, with words of the reason."""

STARTED = 5
"""Every how many-th example is started as well."""

SHOWN = 0.65
"""The part of them that must show a first screen; the others need what is not there yet, or are files to include."""

pytestmark = pytest.mark.examples


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledPackages]:
    """docassemble.base and docassemble.demo, installed as anybody's package is."""
    wheels = sorted(WHEELS.glob("docassemble_*.whl"))
    if len(wheels) < 2:
        pytest.skip("`make examples` has not downloaded the example interviews")
    folder = tmp_path_factory.mktemp("packages")
    install(wheels, folder, anyway=True)
    found = InstalledPackages(folder)
    install_import_hook(found)
    yield found
    install_import_hook(None)


@pytest.fixture(scope="module")
def examples(packages: InstalledPackages) -> list[str]:
    return [reference for reference in packages.interviews() if "/questions/examples/" in reference]


def test_all_examples_are_read_or_refused_with_a_reason(packages: InstalledPackages, examples: list[str]) -> None:
    """Each example is read, or the error names file, line and reason; those refused are exactly the accepted ones."""
    assert len(examples) > 900
    interviews = Interviews(packages)
    refused: dict[str, BadInterview] = {}
    for reference in examples:
        try:
            interviews.get(reference)
        except BadInterview as error:
            refused[reference] = error
    assert not [str(error) for error in refused.values() if not error.file or not error.line]
    surprising = {reference: error for reference, error in refused.items() if reference not in ACCEPTED}
    assert not surprising, "\n".join(f"{reference}: {error}" for reference, error in surprising.items())
    assert set(ACCEPTED) <= set(refused), "some are accepted as refused, and are read now: take them off the list"
    for reference, words in ACCEPTED.items():
        assert words in str(refused[reference])


def test_sample_of_examples_shows_a_first_screen(packages: InstalledPackages, examples: list[str]) -> None:
    """A sample starts: what comes is a screen or one of our errors in words, never anything else."""
    interviews, host = Interviews(packages), MemoryHost()
    tried = [reference for reference in sorted(examples)[::STARTED] if reference not in ACCEPTED]
    shown = 0
    failed: list[str] = []
    for reference in tried:
        try:
            answers = new_answers({}, host.now())
            outcome = evaluate(interviews.get(reference), answers, Begin(), host)
        except InterviewError as error:
            failed.append(f"{reference}: {error}")
        else:
            shown += isinstance(outcome.ending, ShowScreen)
    assert not [words for words in failed if "Traceback" in words or words.endswith(": ")]
    assert shown / len(tried) > SHOWN, f"only {shown} of {len(tried)} show a first screen:\n" + "\n".join(failed)
