"""What nannies do with a worker's process and what it started."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from appliance.compute import on_cluster
from appliance.compute.cluster import Cluster
from appliance.compute.on_cluster import kill_tree, memory_of_worker
from appliance.compute.places import Here
from appliance.compute.task_log import TaskLog
from appliance.interview.tasks import TaskState

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "held = b'x' * (64 << 20); print('ready', flush=True); input()"],
                         stdout=subprocess.PIPE, stdin=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
input()
"""


@pytest.fixture
def workers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes, each with a child that holds 64 MB."""
    started = [subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
               for _ in range(2)]
    for one in started:
        assert one.stdout is not None
        one.stdout.readline()
    yield started
    for one in started:
        kill_tree(psutil.Process(one.pid))
        one.communicate()


def test_the_memory_of_children_counts_and_is_looked_for_once(
        workers: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch) -> None:
    """All workers of a computer share one look at its processes, which is what costs."""
    looks: list[psutil.Process] = []
    children = psutil.Process.children

    def counted(process: psutil.Process, recursive: bool = False) -> list[psutil.Process]:
        looks.append(process)
        return children(process, recursive)

    monkeypatch.setattr(psutil.Process, "children", counted)
    monkeypatch.setattr(on_cluster, "time", SimpleNamespace(monotonic=lambda: 7.0))
    on_cluster._started_here.cache_clear()
    for worker in workers:
        own = psutil.Process(worker.pid).memory_info().rss
        assert memory_of_worker(SimpleNamespace(pid=worker.pid)) > own + (64 << 20)
    assert len(looks) == 1
    assert memory_of_worker(SimpleNamespace(pid=None)) == 0


def test_a_child_that_is_not_ours_to_kill_keeps_nobody_alive() -> None:
    """A task may have started a program as another user; its worker ends all the same."""
    killed: list[str] = []

    def refuse() -> None:
        raise psutil.AccessDenied

    other, own = SimpleNamespace(kill=refuse), SimpleNamespace(kill=lambda: killed.append("child"))
    worker: Any = SimpleNamespace(children=lambda recursive: [other, own], kill=lambda: killed.append("worker"))
    kill_tree(worker)
    assert killed == ["child", "worker"]


def test_memory_is_not_said_of_the_next_task() -> None:
    """A worker got its next task while it was asked how much the one before holds."""
    async def test() -> None:
        cluster = Cluster(Here(1), lambda: None, lambda _message: None)

        class Client:
            async def run(self, _function: object, **_options: object) -> dict[str, int]:
                cluster._in_flight["worker"] = "the next task"
                return {"worker": 1 << 40, "other": 7}

        cluster._client = Client()
        cluster._gone = dict.fromkeys(("worker", "other"), asyncio.get_running_loop().create_future())
        cluster._in_flight = {"worker": "a task", "other": "another task"}
        await cluster._look_at_memory()
        assert (cluster.memory("worker"), cluster.memory("other")) == (0, 7)
        assert cluster._thread.stop(5)
    asyncio.run(test())


def test_the_death_of_a_task_that_was_revoked_is_told_as_such(tmp_path: Path) -> None:
    """Its process died before it was ended."""
    log = TaskLog(tmp_path)
    states: tuple[TaskState, ...] = ("queued", "failed", "revoked")
    for state in states:
        log.lost("t", state)
    log.close()
    said = [line.partition("; ")[2] for line in (tmp_path / "worker.log").read_text().splitlines()]
    assert said == ["it will run again", "it is parked as failed", "nobody wants it"]
