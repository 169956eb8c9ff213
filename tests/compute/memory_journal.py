"""A journal in memory, and a bench that runs Compute over it."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from appliance.compute.compute import Compute
from appliance.interview.host import UserInfo
from appliance.interview.tasks import TaskEnd, TaskJob, TaskState


class MemoryJournal:
    """The journal's contract over a dictionary; it keeps the order in which tasks were started."""

    def __init__(self) -> None:
        self.jobs: dict[str, TaskJob] = {}
        self.states: dict[str, TaskState] = {}
        self.deaths: dict[str, int] = {}
        self.started: list[str] = []
        self.ends: dict[str, TaskEnd] = {}
        self._ended = asyncio.Condition()

    def add(self, task_id: str, action: str = "nothing", argument: Any = None, **fields: Any) -> None:
        self.jobs[task_id] = TaskJob(task_id=task_id, session_id="s", interview="p:data/questions/x.yml", action=action,
                                     arguments=pickle.dumps(argument), answers=b"", user=UserInfo(), **fields)
        self.states[task_id] = "queued"

    async def queued(self) -> list[str]:
        return [task_id for task_id, state in self.states.items() if state == "queued"]

    async def job(self, task_id: str) -> TaskJob:
        return self.jobs[task_id]

    async def mark_running(self, task_id: str, worker: str) -> bool:
        if self.states[task_id] != "queued":
            return False
        self.states[task_id] = "running"
        self.started.append(task_id)
        return True

    async def put_back(self, task_id: str) -> bool:
        if self.states[task_id] != "running":
            return False
        self.states[task_id] = "queued"
        return True

    async def worker_lost(self, task_id: str) -> TaskState:
        self.deaths[task_id] = self.deaths.get(task_id, 0) + 1
        self.states[task_id] = "failed" if self.deaths[task_id] >= 3 else "queued"
        return self.states[task_id]

    async def forget_old(self) -> int:
        return 0

    async def resume(self) -> list[str]:
        for task_id, state in self.states.items():
            if state == "running":
                self.states[task_id] = "queued"
        return []

    async def on_end(self, end: TaskEnd) -> None:
        async with self._ended:
            self.states[end.task_id] = "failed" if end.error else "done"
            self.ends[end.task_id] = end
            self._ended.notify_all()

    async def ended(self, *task_ids: str, within: float = 30) -> list[TaskEnd]:
        """Wait for the ends of these tasks."""
        async with self._ended:
            await asyncio.wait_for(self._ended.wait_for(lambda: all(t in self.ends for t in task_ids)), within)
        return [self.ends[task_id] for task_id in task_ids]


async def until(condition: Callable[[], bool], within: float = 30) -> None:
    """Wait until something that happens in another process or thread has happened."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - other processes cannot set our events
            await asyncio.sleep(0.005)


def text_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def file_appears(path: Path) -> str:
    """The text of a file that another process writes."""
    await until(lambda: text_of(path) != "")
    return text_of(path)


async def workers_up(compute: Compute, count: int, within: float = 30) -> None:
    """Wait until `count` workers can take tasks."""
    await until(lambda: compute.health()["workers"] >= count, within)


async def process_ends(pid: int) -> None:
    """Wait until there is no such process, or only what its parent has not collected yet."""
    await until(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def worker_processes() -> set[int]:
    """The worker processes of all clusters of this test run."""
    found = set()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found
