"""What tasks cost, from the turn that asks for them to the commit of their end, beside Dask alone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from statistics import median

import pytest

from tests.bench.figures import Figure, median_and_p95, scaled
from tests.bench.rig import MEGABYTES, WORKERS, Rig

Show = Callable[[Figure], None]

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as monkeypatch:
        one = Rig(tmp_path_factory.mktemp("tasks"), runner, monkeypatch)
        runner.run(one.start())
        yield one
        runner.run(one.stop())


def test_round_trip(rig: Rig, show: Show) -> None:
    """One task, alone: the turn that asks, its commit, the worker, the commit of its end; 100 times."""
    async def measure(once: Callable[[int], Awaitable[float]]) -> list[float]:
        times = []
        for _ in range(scaled(100)):
            times.append(1000 * await once(1))
            await asyncio.sleep(0.02)
        return times

    ours, p95 = median_and_p95(rig.runner.run(measure(rig.tasks)))
    dask, dask_p95 = median_and_p95(rig.runner.run(measure(rig.dask_alone)))
    figure = Figure(f"task from its turn to its end on disk, median of {scaled(100)}", ours, "ms", dask, 50)
    show(figure)
    show(Figure("task from its turn to its end on disk, p95", p95, "ms", dask_p95))
    assert figure.met


@pytest.mark.parametrize("count", [100, 1000])
def test_at_once(rig: Rig, show: Show, count: int) -> None:
    """Tasks asked for in one turn, in tasks a second; the baseline is Dask alone on the same number of workers."""
    count = scaled(count)
    ours = count / rig.runner.run(rig.tasks(count))
    dask = count / rig.runner.run(rig.dask_alone(count))
    figure = Figure(f"{count} tasks at once on {WORKERS} workers", ours, "tasks/s", dask, 20, "more")
    show(figure)
    assert figure.met


def test_worker_is_back_after_a_revoke(rig: Rig, show: Show) -> None:
    """From the turn that revokes a task in an endless loop to the end of the next task on the new worker.

    The other worker is busy all the while. The baseline is a Python process that starts and imports what a worker does.
    """
    async def measure() -> list[float]:
        await rig.act("spin_two")
        await rig.running(1)
        times = []
        for _ in range(scaled(10)):
            await rig.act("spin_one")
            await rig.running(2)
            times.append(await rig.until_ended(1, "revoke_one"))
            await rig.running(1)
        await rig.act("revoke_two")
        await rig.running(0)
        return times

    ours = median(rig.runner.run(measure()))
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import distributed, appliance.compute.worker as worker; worker.warm_up()"],
                   check=True)
    bare = time.perf_counter() - began
    figure = Figure("worker takes a task again after a revoke, median", ours, "s", bare, 3)
    show(figure)
    assert figure.met


def test_large_file(rig: Rig, show: Show) -> None:
    """A file of 10 MB to a task, and another one back, sealed at rest; the baseline is Dask carrying the bytes."""
    async def measure() -> tuple[float, float]:
        await rig.act("prepare")
        content = os.urandom(MEGABYTES * 1_000_000)
        ours = [await rig.until_ended(1, "send") for _ in range(scaled(10))]
        return median(ours), median([await rig.dask_alone_with(content) for _ in range(scaled(10))])

    ours, dask = rig.runner.run(measure())
    figure = Figure(f"file of {MEGABYTES} MB to a task and another one back, median", ours, "s", dask, 1)
    show(figure)
    assert figure.met
