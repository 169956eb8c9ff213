"""What the server has run on the scheduler, the workers and the nannies that watch them.

Dask gives each function the process that it runs in, by the name of its last argument (a nanny is a ``dask_worker``
too).
"""

from __future__ import annotations

import contextlib
import functools
import time
from dataclasses import dataclass
from typing import Any

import psutil

import appliance

__all__ = ["CLIENT_NAME", "WorkerState", "has_the_cluster", "keeps_messages", "kill_tree", "kill_worker",
           "memory_of_worker", "state_of_worker"]

CLIENT_NAME = "interview-appliance"
"""What the names of the clients of all appliances begin with; the scheduler knows them while they are connected."""

CHILDREN_EACH = 1.0
"""Seconds between two looks at which processes there are."""


@dataclass(frozen=True)
class WorkerState:
    """What a worker says of itself.

    :param busy: it still computes for somebody who has gone.
    :param worked: it has computed something, and may have imported modules for it.
    """

    version: str
    busy: bool
    worked: bool


def has_the_cluster(client_id: str, dask_scheduler: Any) -> bool:
    """On the scheduler: whether this client's appliance came first. Two would end each other's tasks.

    An appliance that ends, however that happens, disconnects its client. One that comes back before the scheduler has
    noticed is the same one, because its name is.
    """
    ours = [client for client in dask_scheduler.clients if client.startswith(f"Client-{CLIENT_NAME}-")]
    return not ours or _owner(ours[0]) == _owner(client_id)


def keeps_messages() -> bool:
    """On the scheduler: whether Dask holds more than the last message, for its developers; answers are in ours."""
    import dask

    return bool(dask.config.get("distributed.admin.low-level-log-length") != 1)


def _owner(client_id: str) -> str:
    return client_id.removeprefix(f"Client-{CLIENT_NAME}-").partition("-")[0]


def state_of_worker(dask_worker: Any) -> WorkerState:
    """On a worker."""
    return WorkerState(appliance.__version__, busy=bool(dask_worker.active_threads),
                       worked=dask_worker.state.executed_count > 0)


def kill_worker(dask_worker: Any) -> None:
    """On a nanny: end the worker's process with whatever it started; the nanny starts a new one."""
    if dask_worker.pid is not None:
        with contextlib.suppress(psutil.Error):
            kill_tree(psutil.Process(dask_worker.pid))


def memory_of_worker(dask_worker: Any) -> int:
    """On a nanny: the bytes that the worker's process and all it started hold; 0 if it is gone."""
    if dask_worker.pid is None:
        return 0
    held, family = 0, [int(dask_worker.pid)]
    started = _started_here(int(time.monotonic() / CHILDREN_EACH))
    for pid in family:   # grows as it goes
        family += started.get(pid, ())
        with contextlib.suppress(psutil.Error):
            held += psutil.Process(pid).memory_info().rss
    return held


@functools.lru_cache(maxsize=1)
def _started_here(_moment: int) -> dict[int, list[int]]:
    """What this process, and all it started, has started, by parent. The system has to look at all its processes for
    that, so the nannies of a computer, which are in one process, share what was found.
    """
    started: dict[int, list[int]] = {}
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                started.setdefault(child.ppid(), []).append(child.pid)
    return started


def kill_tree(process: psutil.Process) -> None:
    """Kill a process and all it started, on every system."""
    family = [process]
    with contextlib.suppress(psutil.Error):
        family = [*process.children(recursive=True), process]
    for member in family:
        # One may be gone, and one of another user (`sudo`) may not be ours to kill: the others end all the same.
        with contextlib.suppress(psutil.Error):
            member.kill()
