"""What the server has run on the scheduler, the workers and the nannies that watch them.

Dask gives each function the process that it runs in, by the name of its last argument (a nanny is a ``dask_worker``
too).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import psutil

import appliance

__all__ = ["CLIENT_NAME", "WorkerState", "has_the_cluster", "keeps_messages", "kill_tree", "kill_worker",
           "memory_of_worker", "state_of_worker"]

CLIENT_NAME = "interview-appliance"
"""What the names of the clients of all appliances begin with; the scheduler knows them while they are connected."""


@dataclass(frozen=True)
class WorkerState:
    """What a worker says of itself.

    :param busy: it still computes for somebody who has gone.
    """

    version: str
    busy: bool


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
    return WorkerState(appliance.__version__, busy=bool(dask_worker.active_threads))


def kill_worker(dask_worker: Any) -> None:
    """On a nanny: end the worker's process with whatever it started; the nanny starts a new one."""
    if dask_worker.pid is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            kill_tree(psutil.Process(dask_worker.pid))


def memory_of_worker(dask_worker: Any) -> int:
    """On a nanny: the bytes that the worker's process and all it started hold; 0 if it is gone."""
    if dask_worker.pid is None:
        return 0
    held = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(dask_worker.pid)
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                held += member.memory_info().rss
    return held


def kill_tree(process: psutil.Process) -> None:
    """Kill a process and all it started, on every system."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [*process.children(recursive=True), process]
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
