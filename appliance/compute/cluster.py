"""The Dask cluster on this machine: one process for each worker, one thread in each, TLS between all of them.

The scheduler, the nannies that start the workers and the client live in a thread of the server with a loop of its own.
Everything they listen on is on loopback and wants the cluster's own certificate, which is made at each start and is
never on disk: whoever reaches a scheduler runs code on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import psutil

from appliance.compute.asking import TOPIC, deliver
from appliance.compute.loop_thread import LoopThread

__all__ = ["Cluster", "ClusterFailed", "WorkerLost"]

logger = logging.getLogger(__name__)

PRELOAD = "appliance.compute.worker"
"""Imported by each worker when it starts; its ``dask_setup`` readies the worker for its first task."""

START_LIMIT = 60.0

CONFIG: dict[str, Any] = {
    # One task for each worker, sent by us: a task whose worker died is our matter, not the scheduler's.
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    # A laptop that slept comes back with old heartbeats, and its workers are well.
    "distributed.scheduler.worker-ttl": None,
    "distributed.deploy.lost-worker-timeout": "60s",
    # No dashboard, and nothing but "not found" on the HTTP ports that cannot be left away.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # An idle cluster costs 9 % of a core with the defaults, most of it by ticks of 20 ms; so it is less than 2 %.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.diagnostics.nvml": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.worker.profile.enabled": False,
    # Dask keeps its last thousand messages and events for developers; in ours are answers of people.
    "distributed.admin.low-level-log-length": 1,
    # A task's memory is looked at by us (see dispatcher); Dask's ways with it, spilling and pausing, suit arrays.
    "distributed.worker.memory.monitor-interval": "5s",
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    # Answers with uploaded documents in them may be large; that is no mistake of ours.
    "distributed.admin.large-graph-warning-threshold": "1GB",
}


class ClusterFailed(Exception):
    """The cluster could not be started; the message says why."""


class WorkerLost(Exception):
    """The worker's process ended before the task did."""


class Cluster:
    """A scheduler and `workers` worker processes. The methods may be called from any thread but the cluster's own.

    :param workers: how many.
    :param on_change: called, in the cluster's thread, when a worker comes or goes.
    :param on_message: called, in the cluster's thread, with what a task says (``appliance.compute.asking``).
    """

    def __init__(self, workers: int, on_change: Callable[[], None],
                 on_message: Callable[[dict[str, Any]], None]) -> None:
        self._wanted = workers
        self._on_change = on_change
        self._on_message = on_message
        self._replies: set[asyncio.Task[None]] = set()
        self._thread = LoopThread("compute")
        self._dask: Any = None
        self._client: Any = None
        self._nannies: list[Any] = []                      # one for each worker; they start and watch its process
        self._gone: dict[str, asyncio.Future[None]] = {}   # of each worker there is: done when it goes
        self._in_flight: dict[str, Any] = {}               # the Dask future on a worker
        self._addresses: frozenset[str] = frozenset()
        self._opening: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def addresses(self) -> frozenset[str]:
        """The workers that can take a task."""
        return self._addresses

    def start(self) -> Future[None]:
        """Start everything; importing Dask happens here too, off the server's loop.

        :raises ClusterFailed: through the future.
        """
        return self._thread.submit(self._start)

    def run(self, address: str, function: Callable[[bytes], bytes], payload: bytes) -> Future[bytes]:
        """Run ``function(payload)`` on the worker `address`, which must have nothing else to do.

        :raises WorkerLost: through the future, when the worker went before the result was here.
        """
        return self._thread.submit(self._run, address, function, payload)

    def reply(self, address: str, task_id: str, number: int, answer: bytes) -> None:
        """Send the answer to a question of the task on that worker; one that is gone needs none."""
        self._thread.submit(self._reply, address, task_id, number, answer)

    def kill(self, address: str) -> Future[None]:
        """End the worker's process with whatever it started; its nanny starts a new one, under a new address."""
        return self._thread.submit(self._kill, address)

    def pid(self, address: str) -> int | None:
        """The process of a worker, None if it is gone."""
        if address not in self._addresses:
            return None
        for nanny in self._nannies:
            if nanny.worker_address == address:
                pid: int | None = nanny.pid
                return pid
        return None

    def close(self, timeout: float) -> bool:
        """End everything within about `timeout` seconds, running tasks included; blocks, so call it in a thread.

        :returns: False if it took too long; the worker processes are killed even then.
        """
        closing = self._thread.submit(self._close, timeout)
        try:
            closing.result(timeout + 1)
            finished = True
        except TimeoutError:
            finished = False
        self._end_workers()
        return self._thread.stop(timeout=1) and finished

    # -- in the cluster's thread ---------------------------------------------------------------------

    async def _start(self) -> None:
        # Not cancelled with its caller: Dask cannot close a cluster that is half open.
        self._opening = asyncio.get_running_loop().create_task(self._open())
        try:
            await asyncio.wait_for(asyncio.shield(self._opening), START_LIMIT)
        except TimeoutError as error:
            raise ClusterFailed(f"the cluster was not up after {START_LIMIT:.0f} seconds") from error
        except Exception as error:  # whatever Dask runs into, there is no cluster, and the caller tries again later
            raise ClusterFailed(f"{type(error).__name__}: {error}") from error

    async def _open(self) -> None:
        import dask

        dask.config.set(CONFIG)
        from distributed import Client, LocalCluster

        if self._closing:
            return
        self._dask = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=self._wanted, threads_per_worker=1, processes=True, security=True, asynchronous=True,
            dashboard_address="127.0.0.1:0", scheduler_kwargs={"dashboard": False}, memory_limit=0,
            preload=[PRELOAD], silence_logs=logging.CRITICAL, worker_class=_noted_nanny(self._nannies),
        )
        await self._dask
        self._client = await Client(  # type: ignore[no-untyped-call]
            self._dask, asynchronous=True, set_as_default=False)
        self._client.subscribe_topic(TOPIC, lambda event: self._on_message(event[1]))
        self._dask.scheduler.add_plugin(_watcher(self))
        for address in list(self._dask.scheduler.workers):
            self.joined(address)

    def joined(self, address: str) -> None:
        """A worker is there (from the scheduler)."""
        if address not in self._gone and not self._closing:
            self._gone[address] = asyncio.get_running_loop().create_future()
            self._tell()

    def left(self, address: str) -> None:
        """A worker is not there any more (from the scheduler, or because we end it)."""
        gone = self._gone.pop(address, None)
        if gone is not None:
            gone.set_result(None)
            self._tell()

    def _tell(self) -> None:
        self._addresses = frozenset(self._gone)
        if not self._closing:
            self._on_change()

    async def _run(self, address: str, function: Callable[[bytes], bytes], payload: bytes) -> bytes:
        gone = self._gone.get(address)
        if gone is None:
            raise WorkerLost(address)
        future = self._client.submit(function, payload, pure=False, workers=[address], allow_other_workers=False,
                                     retries=0)
        self._in_flight[address] = future
        answer = asyncio.ensure_future(future.result())
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            return await self._result(address, answer)
        finally:
            self._in_flight.pop(address, None)
            answer.cancel()
            future.release()

    async def _reply(self, address: str, task_id: str, number: int, answer: bytes) -> None:
        gone = self._gone.get(address)
        if gone is None:
            return
        sending = asyncio.ensure_future(self._client.run(deliver, task_id, number, answer, workers=[address],
                                                         on_error="ignore"))
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()

    async def _result(self, address: str, answer: asyncio.Future[bytes]) -> bytes:
        if not answer.done():
            raise WorkerLost(address)
        try:
            return answer.result()
        except asyncio.CancelledError as error:
            raise WorkerLost(address) from error
        except Exception as error:
            # `function` reports errors of authors itself, so this is Dask's: the task or its result did not get
            # through. What the worker does now is unknown; a new one is not.
            if address in self._gone:
                logger.warning("a worker is replaced after an error of Dask: %s", type(error).__name__)
                await self._kill(address)
            raise WorkerLost(address) from error

    async def _kill(self, address: str) -> None:
        pid = self.pid(address)
        self.left(address)
        future = self._in_flight.get(address)
        if future is not None:
            # First: a task that the scheduler still wants would fail with the worker, loudly.
            await self._client.cancel([future])
        if pid is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                _kill_tree(psutil.Process(pid))

    def _end_workers(self) -> None:
        """Kill the worker processes, those that only start too, and let their nannies start no others.

        A worker has nothing to save, and killing it is quicker than asking it, above all while it imports or computes.
        """
        for nanny in self._nannies:
            pid = nanny.pid
            if pid is not None:
                nanny.close_gracefully(reason="the appliance stops")
                with contextlib.suppress(psutil.NoSuchProcess):
                    _kill_tree(psutil.Process(pid))

    async def _close(self, limit: float) -> None:
        self._closing = True
        await self._stop_opening(limit / 2)
        if self._dask is None:
            return
        if self._client is not None and self._in_flight:
            await self._client.cancel(list(self._in_flight.values()))
        self._end_workers()
        try:
            if self._client is not None:
                await self._client.close(timeout=limit / 2)
            await self._dask.close(timeout=limit / 2)
        except Exception as error:  # noqa: BLE001 - a cluster that did not start fails in many ways to close; it goes
            logger.info("the cluster did not close as it should: %s", type(error).__name__)

    async def _stop_opening(self, limit: float) -> None:
        """If the cluster is coming up, make it fail by taking its workers away; Dask has no other way to stop that."""
        opening = self._opening
        if opening is None:
            return
        deadline = asyncio.get_running_loop().time() + limit
        while not opening.done() and asyncio.get_running_loop().time() < deadline:
            self._end_workers()
            await asyncio.wait({opening}, timeout=0.05)
        opening.add_done_callback(lambda done: done.cancelled() or done.exception())


def _noted_nanny(nannies: list[Any]) -> type:
    """Dask's Nanny, but each one is noted in `nannies` from its beginning; the cluster knows it only when it is up."""
    from distributed import Nanny

    class NotedNanny(Nanny):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            nannies.append(self)

    return NotedNanny


def _watcher(cluster: Cluster) -> Any:
    """A plugin of the scheduler that tells `cluster` which workers there are."""
    from distributed.diagnostics.plugin import SchedulerPlugin

    class Watcher(SchedulerPlugin):
        name = "appliance-watcher"

        def add_worker(self, scheduler: Any, worker: str) -> None:  # noqa: ARG002 - Dask gives it
            cluster.joined(worker)

        def remove_worker(self, scheduler: Any, worker: str, **details: Any) -> None:  # noqa: ARG002 - as above
            cluster.left(worker)

    return Watcher()


def _kill_tree(process: psutil.Process) -> None:
    """Kill a process and all it started, on every system."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [*process.children(recursive=True), process]
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
