"""The queue: takes tasks from the journal in their order, and gives each idle worker one.

It lives in the server's loop. A worker never has more than one task, so ending a worker ends that one task and harms no
other; Dask's own queue stays empty.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from appliance.compute.cluster import Cluster, ClusterFailed, WorkerAbsent, WorkerLost
from appliance.compute.delivery import Delivery, may_heal, pauses
from appliance.compute.ends import error_follow_up
from appliance.compute.journal import Journal
from appliance.compute.options import ComputeOptions
from appliance.compute.package_source import PackageSource, replaced
from appliance.compute.report import Report
from appliance.compute.task_log import TaskLog
from appliance.interview.tasks import ErrorDetails, TaskEnd, TaskJob
from appliance.store.tasks import worker_died

__all__ = ["Dispatcher"]

logger = logging.getLogger(__name__)

LOOK_EACH = 1.0
"""Seconds between two looks at the time and the memory of a running task."""


@dataclass
class _Run:
    """A task on its way through a worker."""

    task_id: str
    address: str
    index: bytes   # of the packages that its worker is given
    revoked: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Dispatcher:
    """Pairs queued tasks with idle workers.

    :param entry: what runs on the worker: a :class:`TaskJob`, pickled, to a :class:`Report`, pickled.
    :param packages: what is installed: it travels with the task by its hashes.
    """

    def __init__(self, journal: Journal, delivery: Delivery, options: ComputeOptions, log: TaskLog,
                 entry: Callable[[bytes], bytes], packages: PackageSource) -> None:
        self.cluster: Cluster | None = None
        self.on_over: Callable[[str], None] = lambda _task_id: None   # this task does not run any more
        self._journal = journal
        self._delivery = delivery
        self._options = options
        self._log = log
        self._entry = entry
        self._packages = packages
        self._queue: deque[str] = deque()
        self._stale = True                      # the journal may hold tasks that the queue does not
        self._runs: dict[str, _Run] = {}
        self._returning: set[str] = set()       # marked as running in the journal, and no worker has them
        self._error_actions: dict[str, bytes] = {}   # of a task, a pickled FollowUp: what is to run if it dies
        self._busy: set[str] = set()
        self._packages_of: dict[str, bytes] = {}     # of a worker: the index of the packages that it was last given
        self._jobs: set[asyncio.Task[None]] = set()
        self._something = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None

    @property
    def queued(self) -> int:
        """How many tasks wait for a worker."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """How many tasks have a worker."""
        return len(self._runs)

    def runs_on(self, address: str, task_id: str) -> bool:
        """Whether that worker has that task now."""
        run = self._runs.get(task_id)
        return run is not None and run.address == address

    def note_error_action(self, task_id: str, follow_up: bytes) -> None:
        """A task that runs has said what is to run if it fails from now on, also when it runs again after a death.

        :param follow_up: a pickled FollowUp.
        """
        if task_id in self._runs:
            self._error_actions[task_id] = follow_up

    def start(self) -> None:
        """Begin to look for tasks; workers may come later."""
        self._loop_task = asyncio.get_running_loop().create_task(self._go())

    async def stop(self) -> None:
        """Give out no more tasks and let go of those that run: the journal queues them again at the next start."""
        tasks = [*self._jobs, *([self._loop_task] if self._loop_task else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2)

    def wake(self) -> None:
        """There are new tasks in the journal."""
        self._stale = True
        self._something.set()

    def look(self) -> None:
        """A worker came or went."""
        self._something.set()

    async def revoke(self, task_id: str, terminate: bool) -> None:
        """Forget the task if it waits; if it runs, end it when `terminate`, and return when it has ended."""
        with suppress(ValueError):
            self._queue.remove(task_id)
        run = self._runs.get(task_id)
        if run is not None and terminate:
            run.revoked.set()
            await run.over.wait()

    # -- the loop ------------------------------------------------------------------------------------

    async def _go(self) -> None:
        while True:
            try:
                await self._pair()
            except Exception as error:  # noqa: BLE001 - the journal may fail in any way; the queue must outlive that
                logger.warning("the queue of tasks cannot be read (%s); the next try is in 2 s", type(error).__name__)
                self._stale = True
                await asyncio.sleep(2)
                continue
            await self._something.wait()
            self._something.clear()

    async def _pair(self) -> None:
        if self._stale:
            self._stale = False
            before = {*self._runs, *self._returning}   # one of them may be queued again while the journal is read
            waiting = await self._journal.queued()
            self._queue = deque(task_id for task_id in waiting if task_id not in self._runs)
            outstanding = {*before, *waiting, *self._runs, *self._returning}
            for task_id in self._error_actions.keys() - outstanding:
                del self._error_actions[task_id]
        cluster = self.cluster
        if cluster is None or not self._queue:
            return
        index = self._packages.index()
        self._packages_of = {one: given for one, given in self._packages_of.items() if one in cluster.addresses}
        for address in sorted(cluster.addresses - self._busy):
            if not self._queue:
                return
            if replaced(self._packages_of.get(address, b""), index):
                self._busy.add(address)
                self._in_background(self._renew(cluster, address))
                continue
            self._packages_of[address] = index
            self._launch(_Run(self._queue.popleft(), address, index))

    async def _renew(self, cluster: Cluster, address: str) -> None:
        """Have a new worker in place of one that may have imported modules of a package that was replaced, or that did
        not give back the memory of its task: the next one would answer for it.
        """
        try:
            await asyncio.wrap_future(cluster.kill(address))
        finally:
            self._busy.discard(address)
            self._something.set()

    def _launch(self, run: _Run) -> None:
        self._runs[run.task_id] = run
        self._busy.add(run.address)
        self._in_background(self._whole(run))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        job = asyncio.get_running_loop().create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _whole(self, run: _Run) -> None:
        """One task from the queue to its end, and its worker free again."""
        swollen = False
        try:
            report = await self._take(run)
            if report is not None:
                swollen = report.kept > self._options.memory_limit // 2
                self._log.ended(report)
                self._delivery.send(report.end)
            if report is not None or run.revoked.is_set():
                self._error_actions.pop(run.task_id, None)
        except Exception as error:  # noqa: BLE001 - the journal failed between two steps; the task is still in it
            logger.warning("task %s could not be run (%s); it will be tried again", run.task_id, type(error).__name__)
            self._returning.add(run.task_id)
            self._in_background(self._put_back(run.task_id))
        finally:
            del self._runs[run.task_id]
            if swollen and self.cluster is not None:
                self._in_background(self._renew(self.cluster, run.address))
            else:
                self._busy.discard(run.address)
            self.on_over(run.task_id)
            run.over.set()
            self._something.set()

    async def _put_back(self, task_id: str) -> None:
        """Have the journal say that the task waits, as soon as it can be written to."""
        for pause in pauses():
            await asyncio.sleep(pause)
            try:
                await self._journal.put_back(task_id)
                break
            except Exception as error:  # noqa: BLE001 - the journal may fail in any way, and no task may be forgotten
                logger.warning("task %s cannot be queued again yet (%s)", task_id, type(error).__name__)
        self._returning.discard(task_id)
        self.wake()

    async def _take(self, run: _Run) -> Report | None:
        """The task's end; None if it was revoked or is queued again."""
        marked, job = await asyncio.gather(self._journal.mark_running(run.task_id, run.address),
                                           self._journal.job(run.task_id), return_exceptions=True)
        if isinstance(marked, BaseException):
            raise marked
        if not marked or run.revoked.is_set():
            return None
        if isinstance(job, BaseException):
            if may_heal(job):
                raise job
            return Report(TaskEnd(run.task_id, error=ErrorDetails(
                type(job).__name__, "What the task needs cannot be read any more.")))
        self._log.started(job)
        try:
            return await self._run(run, job)
        except WorkerAbsent:
            await self._journal.put_back(run.task_id)
            self._stale = True
            return None
        except WorkerLost:
            return await self._lost(run)

    async def _run(self, run: _Run, job: TaskJob) -> Report | None:
        cluster = self.cluster
        if cluster is None:
            raise ClusterFailed("the cluster is being started anew")
        folder = (job.packages or str(self._packages.folder)) if self._packages.shared else ""
        payload = pickle.dumps(replace(job, packages=folder, index=run.index), protocol=5)
        answer = asyncio.wrap_future(cluster.run(run.address, self._entry, payload))
        revoked = asyncio.get_running_loop().create_task(run.revoked.wait())
        either: set[asyncio.Future[Any]] = {answer, revoked}
        began = asyncio.get_running_loop().time()
        try:
            while True:
                await asyncio.wait(either, timeout=LOOK_EACH, return_when=asyncio.FIRST_COMPLETED)
                if answer.done():
                    return _report(answer.result(), run.address)
                if revoked.done():
                    await self._end_worker(cluster, run)
                    self._log.revoked(run.task_id)
                    return None
                excess = self._excess(cluster, run, began)
                if excess is not None:
                    await self._end_worker(cluster, run)
                    return await self._given_up(run, excess, began)
        finally:
            revoked.cancel()
            answer.add_done_callback(_forget)

    async def _end_worker(self, cluster: Cluster, run: _Run) -> None:
        await asyncio.wrap_future(cluster.kill(run.address))

    def _excess(self, cluster: Cluster, run: _Run, began: float) -> ErrorDetails | None:
        """Why a task that took more than it may is ended, None while it keeps within."""
        if asyncio.get_running_loop().time() - began > self._options.time_limit:
            limit = self._options.time_limit
            return ErrorDetails("TimeLimitExceeded", f"The task took longer than {limit:g} seconds and was ended.")
        if cluster.memory(run.address) > self._options.memory_limit:
            limit = self._options.memory_limit >> 20
            return ErrorDetails("MemoryLimitExceeded", f"The task took more than {limit} MB of memory and was ended.")
        return None

    async def _lost(self, run: _Run) -> Report | None:
        state = await self._journal.worker_lost(run.task_id)
        self._log.lost(run.task_id, state)
        if state == "failed":
            return await self._given_up(run, worker_died())
        self._stale = True
        return None

    async def _given_up(self, run: _Run, error: ErrorDetails, began: float | None = None) -> Report:
        """The end of a task that could not say itself how it ended: its error action runs as after any other error."""
        seconds = 0.0 if began is None else asyncio.get_running_loop().time() - began
        follow_up, noted = None, self._error_actions.get(run.task_id)
        if noted is not None:
            try:
                follow_up = await asyncio.to_thread(lambda: error_follow_up(error, pickle.loads(noted)))
            except Exception as problem:  # noqa: BLE001 - objects of authors can fail in any way; the task ends all the same
                logger.warning("the error action of task %s cannot be read (%s)", run.task_id, type(problem).__name__)
        return Report(TaskEnd(run.task_id, error=error, follow_up=follow_up), seconds)


def _report(answer: bytes, address: str) -> Report:
    """:raises WorkerLost: if it is none: what the worker does now is unknown, and the task is to run again."""
    try:
        return Report.from_bytes(answer)
    except Exception as error:
        logger.warning("a worker sent what is no report of a task: %s", type(error).__name__)
        raise WorkerLost(address) from error


def _forget(answer: asyncio.Future[bytes]) -> None:
    """Look at the outcome of a run nobody waits for any more, so that asyncio does not complain that nobody did."""
    if not answer.cancelled():
        answer.exception()
