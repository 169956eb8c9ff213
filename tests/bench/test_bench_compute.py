"""What a task costs between its commit and its result in the server, beside a bare pool of processes."""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import psutil
import pytest

from appliance.compute.compute import Compute
from appliance.compute.places import Here
from appliance.compute.worker import run_task
from appliance.installing import install
from appliance.interview.answers import freeze, new_answers
from appliance.interview.host import UserInfo
from appliance.interview.tasks import TaskJob
from tests.bench.figures import Figure, median_and_p95
from tests.compute.memory_journal import MemoryJournal, workers_up
from tests.support.packages import make_package

Show = Callable[[Figure], None]

INTERVIEW = """\
mandatory: True
question: The end
---
event: work
code: |
  background_response(553 + action_argument('value'))
"""

pytestmark = pytest.mark.bench


class Rig:
    """Compute over a journal in memory, and a bare pool, both with two processes."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        install([make_package(folder, "computebench", {"work.yml": INTERVIEW})], folder / "packages")
        self.runner = runner
        self.journal = MemoryJournal()
        self.compute = Compute(self.journal, self.journal.on_end, {"compute: workers": 2}, folder / "packages",
                               folder / "logs")
        self.pool = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
        self._count = 0
        self._job = TaskJob(
            "", "s", "docassemble.computebench:data/questions/work.yml", "work", pickle.dumps({"value": 2}),
            freeze({**new_answers({}, datetime.now(UTC)), "text": "x" * 3000}), UserInfo(),
            packages=str(folder / "packages"))

    def job(self) -> TaskJob:
        self._count += 1
        return replace(self._job, task_id=f"task{self._count}")

    async def start(self) -> None:
        await self.compute.start()
        await workers_up(self.compute, 2)
        await self.tasks(20)
        await self.bare(20)

    async def tasks(self, count: int) -> float:
        """Seconds from queueing `count` tasks to all their ends."""
        jobs = [self.job() for _ in range(count)]
        began = time.perf_counter()
        for job in jobs:
            self.journal.jobs[job.task_id] = job
            self.journal.states[job.task_id] = "queued"
        self.compute.wake()
        ends = await self.journal.ended(*(job.task_id for job in jobs), within=60)
        took = time.perf_counter() - began
        assert all(pickle.loads(end.value or b"") == 555 for end in ends)
        return took

    async def bare(self, count: int) -> float:
        """The same in the pool."""
        payloads = [pickle.dumps(self.job()) for _ in range(count)]
        began = time.perf_counter()
        await asyncio.gather(*(asyncio.wrap_future(self.pool.submit(run_task, payload)) for payload in payloads))
        return time.perf_counter() - began


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with asyncio.Runner() as runner:
        one = Rig(tmp_path_factory.mktemp("compute"), runner)
        runner.run(one.start())
        yield one
        runner.run(one.compute.stop())
        one.pool.shutdown()


def test_one_task(rig: Rig, show: Show) -> None:
    """A task of a real interview, alone, from being queued to its end in the server: 100 times."""
    async def measure(once: Callable[[int], Awaitable[float]]) -> list[float]:
        times = []
        for _ in range(100):
            took = await once(1)
            times.append(1000 * took)
            await asyncio.sleep(0.02)
        return times

    ours, p95 = median_and_p95(rig.runner.run(measure(rig.tasks)))
    bare, bare_p95 = median_and_p95(rig.runner.run(measure(rig.bare)))
    figure = Figure("task from queue to end, median of 100", ours, "ms", bare, 30)
    show(figure)
    show(Figure("task from queue to end, p95", p95, "ms", bare_p95))
    assert figure.met


def test_a_hundred_tasks(rig: Rig, show: Show) -> None:
    """A hundred tasks at once on two workers; docassemble takes 51 s for them at its best."""
    figure = Figure("100 tasks on two workers", rig.runner.run(rig.tasks(100)), "s", rig.runner.run(rig.bare(100)), 5)
    show(figure)
    assert figure.met


def test_idle_cluster(rig: Rig, show: Show) -> None:
    """What an idle cluster takes of a core in ten seconds, and what a worker holds in memory."""
    cluster = rig.compute._cluster
    assert cluster is not None
    assert isinstance(cluster._place, Here)
    workers = [psutil.Process(nanny.pid) for nanny in cluster._place._nannies]
    bare = psutil.Process(next(iter(rig.pool._processes)))

    def busy() -> float:
        return sum(sum(process.cpu_times()[:2]) for process in (psutil.Process(), *workers))

    async def idle() -> float:
        before = busy()
        await asyncio.sleep(10)
        return 10 * (busy() - before)

    cpu = Figure("idle cluster, share of a core", rig.runner.run(idle()), "%", 1, 2)
    memory = Figure("memory of a worker", max(process.memory_full_info().uss for process in workers) / 1e6, "MB",
                    bare.memory_full_info().uss / 1e6, 100)
    for figure in (cpu, memory):
        show(figure)
    assert cpu.met
    assert memory.met
