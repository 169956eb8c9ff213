"""A Dask cluster as the dispatcher uses it: which workers there are, run this there, end that one.

All of Dask's work is done in a thread of the server with a loop of its own. Nothing here depends on where the workers
come from (``places.py``): what there is to know comes through the client, and what there is to do goes through it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any

import appliance
from appliance.compute.asking import TOPIC, deliver
from appliance.compute.dask_settings import HERE
from appliance.compute.loop_thread import LoopThread
from appliance.compute.on_cluster import (
    CLIENT_NAME,
    WorkerState,
    has_the_cluster,
    keeps_messages,
    kill_worker,
    memory_of_worker,
    state_of_worker,
)
from appliance.compute.places import CannotConnect, Place

__all__ = ["Cluster", "ClusterFailed", "ConnectionLost", "WorkerAbsent", "WorkerLost"]

logger = logging.getLogger(__name__)

START_LIMIT = 60.0
CALL_LIMIT = 10.0
"""Seconds that a nanny or worker has to answer a short question."""

LOOK_EACH = 1.0
"""Seconds between two looks at the connection, and at the memory of running tasks."""

LOOK_FOR_WORKERS_EACH = 10
"""That many looks between two at which workers there are. The scheduler tells of them when they come and go; this is
for what got lost."""

OWNER = secrets.token_hex(8)
"""Names this process to a scheduler that others may want too."""


class ClusterFailed(Exception):
    """The cluster could not be started or reached; the message says why."""


class WorkerLost(Exception):
    """The worker's process ended before the task did."""


class WorkerAbsent(Exception):
    """The worker went before it was given the task; that is no fault of the task."""


class ConnectionLost(Exception):
    """The scheduler went, or cannot be reached any more; that is no fault of the task."""


class Cluster:
    """A scheduler and its workers. The methods may be called from any thread but the cluster's own.

    :param place: where the workers come from.
    :param on_change: called, in the cluster's thread, when a worker comes or goes.
    :param on_message: called, in the cluster's thread, with what a task says (``appliance.compute.asking``).
    """

    def __init__(self, place: Place, on_change: Callable[[], None],
                 on_message: Callable[[dict[str, Any]], None]) -> None:
        self._place = place
        self._on_change = on_change
        self._on_message = on_message
        self._thread = LoopThread("compute")
        self._client: Any = None
        self._gone: dict[str, asyncio.Future[None]] = {}   # of each worker there is: done when it goes
        self._left: set[str] = set()                       # those that went, and those that are of no use
        self._asked: set[str] = set()                      # those that are being asked how they are
        self._in_flight: dict[str, Any] = {}               # the Dask future on a worker
        self._abandoned: set[str] = set()                  # workers with a task whose caller gave up: we stop
        self._memory: dict[str, int] = {}                  # bytes that a running task held when that was looked at
        self._addresses: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening: asyncio.Task[None] | None = None
        self._lost = False
        self._closing = False

    @property
    def addresses(self) -> frozenset[str]:
        """The workers that can take a task."""
        return self._addresses

    @property
    def lost(self) -> bool:
        """Whether the scheduler is gone: this cluster is of no use any more."""
        return self._lost

    def start(self) -> Future[None]:
        """Start everything; importing Dask happens here too, off the server's loop.

        :raises ClusterFailed: through the future.
        """
        return self._thread.submit(self._start)

    def run(self, address: str, function: Callable[[bytes], bytes], payload: bytes) -> Future[bytes]:
        """Run ``function(payload)`` on the worker `address`, which must have nothing else to do.

        :raises WorkerLost: through the future, when the worker went before the result was here.
        :raises WorkerAbsent: through the future, when it went before that.
        :raises ConnectionLost: through the future, when the scheduler did.
        """
        return self._thread.submit(self._run, address, function, payload)

    def reply(self, address: str, task_id: str, number: int, answer: bytes) -> None:
        """Send the answer to a question of the task on that worker; one that is gone needs none."""
        self._thread.submit(self._reply, address, task_id, number, answer)

    def kill(self, address: str) -> Future[None]:
        """End the worker's process with whatever it started; its nanny starts a new one, under a new address."""
        return self._thread.submit(self._kill, address)

    def memory(self, address: str) -> int:
        """The bytes that the task on this worker held about a second ago; 0 where that is not known yet."""
        return self._memory.get(address, 0)

    def close(self, timeout: float) -> bool:
        """End everything within about `timeout` seconds, running tasks included; blocks, so call it in a thread.

        :returns: False if it took too long; worker processes of this machine are killed even then.
        """
        closing = self._thread.submit(self._close, timeout)
        try:
            closing.result(timeout + 1)
            finished = True
        except TimeoutError:
            finished = False
        self._place.end_workers()
        return self._thread.stop(timeout=1) and finished

    # -- in the cluster's thread: coming up ----------------------------------------------------------

    async def _start(self) -> None:
        # Not cancelled with its caller: Dask cannot close a cluster that is half open.
        self._opening = asyncio.get_running_loop().create_task(self._open())
        try:
            await asyncio.wait_for(asyncio.shield(self._opening), START_LIMIT)
        except TimeoutError as error:
            raise ClusterFailed(f"the cluster was not up after {START_LIMIT:.0f} seconds") from error
        except (ClusterFailed, CannotConnect) as error:
            raise ClusterFailed(str(error)) from error
        except Exception as error:  # whatever Dask runs into, there is no cluster, and the caller tries again later
            raise ClusterFailed(f"{type(error).__name__}: {error}") from error

    async def _open(self) -> None:
        import dask

        dask.config.set(HERE)
        import distributed  # noqa: F401 - it sets the levels of its loggers

        _silence_dask()
        if self._closing:
            return
        self._client = await self._place.open(f"{CLIENT_NAME}-{OWNER}")
        await self._claim()
        self._client.subscribe_topic(TOPIC, lambda event: self._on_message(event[1]))
        self._client.subscribe_topic("all", lambda event: self._on_event(event[1]))
        await self._look_for_workers()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._spawn(self._keep_looking())

    async def _claim(self) -> None:
        """:raises ClusterFailed: if another appliance has this cluster."""
        try:
            first = await self._client.run_on_scheduler(has_the_cluster, self._client.id)
        except ImportError as error:
            raise ClusterFailed("the scheduler cannot import appliance: Interview Appliance must be installed "
                                "for its Python too") from error
        if not first:
            raise ClusterFailed("another appliance uses this cluster; each needs one of its own")
        if await self._client.run_on_scheduler(keeps_messages):
            logger.warning("the scheduler keeps what goes through it for Dask's developers: start it with the settings "
                           "in dask.yaml, which is beside the certificates")

    # -- in the cluster's thread: workers come and go ------------------------------------------------

    def _on_event(self, event: dict[str, Any]) -> None:
        """The scheduler tells all clients what happens to its workers."""
        address = str(event.get("worker"))
        match event.get("action"):
            case "add-worker":
                self._left.discard(address)   # another one under an old address
                self._spawn(self._look_for_workers())
            case "remove-worker":
                self._leave(address)

    async def _look_for_workers(self) -> None:
        identity = await self._client.scheduler.identity(n_workers=-1)
        workers: dict[str, dict[str, Any]] = identity["workers"]
        for address in set(self._gone) - set(workers):
            self._leave(address)
        self._left &= set(workers)
        for address in set(workers) - set(self._gone) - self._left - self._asked:
            self._asked.add(address)
            self._spawn(self._meet(address, workers[address]))

    async def _meet(self, address: str, details: dict[str, Any]) -> None:
        """A worker is there: use it if it can be used."""
        try:
            problem = _unfit(details) or await self._unready(address)
        finally:
            self._asked.discard(address)
        if problem is None and address not in self._left and not self._closing:
            self._gone[address] = asyncio.get_running_loop().create_future()
            self._tell()
        elif problem:
            self._left.add(address)
            logger.warning("the worker at %s is not used: %s", address, problem)

    async def _unready(self, address: str) -> str | None:
        """What keeps a worker from being used, in words; empty if it is just going."""
        try:
            state: WorkerState = await self._call(address, state_of_worker)
        except ImportError:
            return "Interview Appliance is not installed for its Python"
        except Exception as error:  # noqa: BLE001 - it went while it was asked; if it did not, it is asked again
            logger.info("the worker at %s does not say how it is: %s", address, type(error).__name__)
            return ""
        if state.version != appliance.__version__:
            return f"it has version {state.version} of Interview Appliance, and this is {appliance.__version__}"
        if state.busy or state.worked:
            # What it does still is nobody's business, and it may have imported modules of a package since replaced.
            logger.info("the worker at %s is started anew, because it worked for somebody who has gone", address)
            await self._kill(address)
            return ""
        return None

    def _leave(self, address: str) -> None:
        """A worker is not there any more, or is not to be used."""
        self._left.add(address)
        self._memory.pop(address, None)
        gone = self._gone.pop(address, None)
        if gone is not None:
            gone.set_result(None)
            self._tell()

    def _tell(self) -> None:
        self._addresses = frozenset(self._gone)
        if not self._closing:
            self._on_change()

    # -- in the cluster's thread: tasks --------------------------------------------------------------

    async def _run(self, address: str, function: Callable[[bytes], bytes], payload: bytes) -> bytes:
        gone = self._gone.get(address)
        if gone is None:
            raise WorkerAbsent(address)
        future = self._client.submit(function, payload, pure=False, workers=[address], allow_other_workers=False,
                                     retries=0)
        self._in_flight[address] = future
        answer = asyncio.ensure_future(future.result())
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            return await self._result(address, answer)
        except asyncio.CancelledError:
            self._abandoned.add(address)
            raise
        finally:
            self._in_flight.pop(address, None)
            self._memory.pop(address, None)
            answer.cancel()
            future.release()

    async def _result(self, address: str, answer: asyncio.Future[bytes]) -> bytes:
        self._look_at_connection()
        if self._lost:
            raise ConnectionLost
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

    async def _kill(self, address: str) -> None:
        self._leave(address)
        future = self._in_flight.get(address)
        if future is not None:
            # First: a task that the scheduler still wants would fail with the worker, loudly.
            await self._client.cancel([future])
        try:
            await self._call(address, kill_worker, nanny=True)
        except Exception as error:  # noqa: BLE001 - it went by itself, or with the connection
            logger.info("a worker could not be ended: %s", type(error).__name__)

    async def _call(self, address: str, function: Callable[..., Any], *, nanny: bool = False) -> Any:
        """What `function` gives on that worker, or on its nanny."""
        answers = await asyncio.wait_for(self._client.run(function, workers=[address], nanny=nanny), CALL_LIMIT)
        return answers[address]

    # -- in the cluster's thread: looking after it ---------------------------------------------------

    async def _keep_looking(self) -> None:
        looks = 0
        while not self._lost:
            await asyncio.sleep(LOOK_EACH)
            self._look_at_connection()
            looks += 1
            try:
                if looks % LOOK_FOR_WORKERS_EACH == 0:
                    await asyncio.wait_for(self._look_for_workers(), CALL_LIMIT)
                if self._in_flight:
                    await self._look_at_memory()
            except Exception as error:  # noqa: BLE001 - a worker or the connection went meanwhile; there is a next look
                logger.info("a look at the cluster failed: %s", type(error).__name__)

    def _look_at_connection(self) -> None:
        if self._client.status != "running" and not self._closing and not self._lost:
            self._lost = True
            for address in list(self._gone):
                self._leave(address)
            self._on_change()

    async def _look_at_memory(self) -> None:
        running = {address: future for address, future in self._in_flight.items() if address in self._gone}
        held: dict[str, int] = await asyncio.wait_for(
            self._client.run(memory_of_worker, workers=list(running), nanny=True, on_error="ignore"), CALL_LIMIT)
        # What the task before held is not said of the next one.
        self._memory.update((address, held[address]) for address, future in running.items()
                            if self._in_flight.get(address) is future and address in held)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.info("a look at the cluster failed: %s", type(task.exception()).__name__)

    # -- in the cluster's thread: the end ------------------------------------------------------------

    async def _close(self, limit: float) -> None:
        self._closing = True
        await self._stop_opening(limit / 2)
        for task in self._tasks:
            task.cancel()
        if self._client is not None:
            await self._try(asyncio.wait_for(self._end_tasks(), limit / 4))
            await self._try(self._client.close(timeout=limit / 2))
        await self._try(self._place.close(limit / 2))

    async def _try(self, step: Awaitable[Any]) -> None:
        try:
            await step
        except Exception as error:  # noqa: BLE001 - a cluster that did not start fails in many ways to close; it goes
            logger.info("the cluster did not close as it should: %s", type(error).__name__)

    async def _end_tasks(self) -> None:
        """Leave no worker with a task of ours."""
        busy = [*self._in_flight, *self._abandoned]
        if self._in_flight and not self._lost:
            await self._client.cancel(list(self._in_flight.values()))
        if not self._place.end_workers() and busy and not self._lost:
            await self._client.run(kill_worker, workers=busy, nanny=True, on_error="ignore")

    async def _stop_opening(self, limit: float) -> None:
        """If the cluster is coming up, make it fail by taking its workers away; Dask has no other way to stop that."""
        opening = self._opening
        if opening is None:
            return
        deadline = asyncio.get_running_loop().time() + limit
        while not opening.done() and asyncio.get_running_loop().time() < deadline:
            if not self._place.end_workers():
                opening.cancel()
            await asyncio.wait({opening}, timeout=0.05)
        opening.add_done_callback(lambda done: done.cancelled() or done.exception())


def _silence_dask() -> None:
    """Dask's log shows what goes over the wire when something goes wrong; what matters of it is said by us.

    Tornado's loggers, which Dask turns off for its own connections, are the web server's too: they speak again.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
    for name, known in logging.root.manager.loggerDict.items():
        if name.startswith("distributed.") and isinstance(known, logging.Logger):
            known.setLevel(logging.NOTSET)
    for name in ("tornado", "tornado.application"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def _unfit(details: dict[str, Any]) -> str | None:
    """What keeps us from using such a worker, in words."""
    if details["nthreads"] != 1:
        return f"it has {details['nthreads']} threads; start it with --nthreads 1"
    if not details["nanny"]:
        return "it has no nanny, which ends a task where need be; start it without --no-nanny"
    return None
