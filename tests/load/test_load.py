"""25 people at once, a submit every 5 seconds each, two tasks a second: quick, without an error, in steady memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import pytest

from tests.bench.figures import median_and_p95
from tests.load.office import EACH, OFFICE, PEOPLE, TASKS_A_SECOND, Figures, at_work
from tests.support.packages import make_package
from tests.support.process import Appliance

NewAppliance = Callable[..., Appliance]

SECONDS = 60.0
"""How long the office works in `make test`; the rates stay if it is made shorter."""

FULL = 45 * 60.0
SLOWEST = 300.0
GROWTH = 0.05


def work(appliance: Appliance, tmp_path: Path, seconds: float) -> Figures:
    """Let the office work on a fresh appliance, and say how it went."""
    appliance.command("install", str(make_package(tmp_path, "load", {"office.yml": OFFICE})))
    appliance.start()
    appliance.wait_for_workers()
    figures = asyncio.run(at_work(appliance.url, appliance.process, seconds))
    middle, p95 = median_and_p95(figures.submits)
    first, last = memory(figures, seconds)
    print(f"\n{len(figures.submits)} submits: median {middle:.0f} ms, p95 {p95:.0f} ms, slowest "
          f"{max(figures.submits):.0f} ms; {len(figures.pages)} pages, p95 {median_and_p95(figures.pages)[1]:.0f} ms; "
          f"{figures.tasks} tasks; memory {first / 1e6:.0f} MB, then {last / 1e6:.0f} MB; {figures.late} sent late")
    assert figures.errors == []
    assert len(figures.submits) >= 0.8 * PEOPLE * seconds / EACH
    assert figures.tasks >= 0.6 * TASKS_A_SECOND * seconds
    assert len(figures.pages) >= 0.6 * figures.tasks
    assert p95 < SLOWEST
    return figures


def memory(figures: Figures, seconds: float) -> tuple[float, float]:
    """Bytes after the warm-up, a third of the time and at most five minutes; and in the last tenth."""
    warm = min(seconds / 3, 300.0)
    first = [size for when, size in figures.memory if warm <= when < warm + seconds / 10]
    last = [size for when, size in figures.memory if seconds * 0.9 <= when < seconds]
    return mean(first), mean(last)


def test_an_office_at_work(new_appliance: NewAppliance, tmp_path: Path) -> None:
    """A minute of it: nobody waits, nobody loses anything, and memory grows by less than a twentieth."""
    figures = work(new_appliance(), tmp_path, SECONDS)
    first, last = memory(figures, SECONDS)
    assert last < first * (1 + GROWTH)


@pytest.mark.load_full
def test_an_office_at_work_all_morning(new_appliance: NewAppliance, tmp_path: Path) -> None:
    """45 minutes of it."""
    figures = work(new_appliance(), tmp_path, FULL)
    first, last = memory(figures, FULL)
    assert last < first * (1 + GROWTH)
