"""Background tasks as the rest of the appliance sees them: start, wake, revoke, stop, health."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from appliance.compute.answering import Answer, Answering, OnTell
from appliance.compute.asking import AskFailed
from appliance.compute.cluster import Cluster, ClusterFailed
from appliance.compute.delivery import Delivery, pauses
from appliance.compute.dispatcher import Dispatcher
from appliance.compute.journal import Journal
from appliance.compute.options import ComputeOptions, Settings
from appliance.compute.package_source import PackageSource
from appliance.compute.places import Elsewhere, Here
from appliance.compute.task_log import TaskLog
from appliance.compute.worker import run_task
from appliance.interview.tasks import TaskEnd
from appliance.store.tasks import worker_died

__all__ = ["Compute"]

logger = logging.getLogger(__name__)

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before the next try to start the cluster; the last one from then on."""

LOOK_EACH = 1.0
SHORT_FOR = 60.0
"""Seconds that workers may be missing before the cluster is started anew. A worker that was killed is back in one."""

STOP_LIMIT = 5.0

FORGET_EACH = 24 * 3600.0
"""Seconds between two looks for failed tasks that nobody came back to."""

State = Literal["starting", "running", "failed", "stopped"]


class Compute:
    """The background part of the appliance.

    :param journal: where tasks are queued.
    :param on_end: commits the end of a task; called in the loop that :meth:`start` ran in.
    :param packages_dir: the packages folder.
    :param log_dir: where ``worker.log`` goes.
    :param entry: what runs on a worker.
    :param answer: answers what tasks ask while they run; ``package`` is answered here.
    :param on_tell: takes what they tell; ``error_action`` stays here.
    """

    def __init__(self, journal: Journal, on_end: Callable[[TaskEnd], Awaitable[None]], settings: Settings,
                 packages_dir: Path, log_dir: Path, *, entry: Callable[[bytes], bytes] = run_task,
                 answer: Answer | None = None, on_tell: OnTell | None = None) -> None:
        self._journal = journal
        self._options = ComputeOptions.of(settings, packages_dir.parent)
        self._log = TaskLog(log_dir)
        self._packages = PackageSource(packages_dir, shared=not self._options.scheduler)
        self._delivery = Delivery(on_end)
        self._dispatcher = Dispatcher(journal, self._delivery, self._options, self._log, entry,
                                      self._packages)
        self._answer = answer
        self._answering = Answering(self._answered, self._told, self._dispatcher.runs_on, self._reply)
        self._on_tell = on_tell
        self._dispatcher.on_over = self._answering.over
        self._cluster: Cluster | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._forgetter: asyncio.Task[None] | None = None
        self._state: State = "stopped"
        self._message = ""

    async def start(self) -> None:
        """Return at once. What was running when the appliance ended is queued again, and the cluster comes up."""
        self._loop = asyncio.get_running_loop()
        self._state = "starting"
        self._keeper = self._loop.create_task(self._keep())
        self._forgetter = self._loop.create_task(self._forget())

    def wake(self) -> None:
        """Tasks were queued. May be called from any thread."""
        self._call(self._dispatcher.wake)

    async def revoke(self, task_id: str, terminate: bool = True) -> None:
        """End a task that the journal holds as revoked: it is not started, and with `terminate` does not run on."""
        await self._dispatcher.revoke(task_id, terminate)

    async def stop(self) -> None:
        """End everything in some seconds at most. Tasks that run are queued again at the next start."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        for job in (self._forgetter, self._keeper):
            if job is not None:
                job.cancel()
                with suppress(asyncio.CancelledError):
                    await job
        self._answering.close()
        await self._dispatcher.stop()
        await self._close_cluster()
        await self._delivery.close(STOP_LIMIT)
        self._log.close()
        self._state = "stopped"

    def health(self) -> dict[str, Any]:
        """What ``/health`` shows: the cluster's state and what there is to do."""
        there = len(self._cluster.addresses) if self._cluster is not None else 0
        return {
            "state": self._state,
            "message": self._message,
            "workers": there,
            "workers wanted": there if self._options.scheduler else self._options.workers,
            "queued": self._dispatcher.queued,
            "running": self._dispatcher.running,
        }

    # -- the cluster -------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Have a cluster, and have another one when it breaks."""
        await self._resume()
        self._dispatcher.start()
        tries = 0
        while True:
            try:
                cluster = await self._open_cluster()
            except ClusterFailed as error:
                await self._close_cluster()
                pause = PAUSES[min(tries, len(PAUSES) - 1)]
                tries += 1
                self._state, self._message = "failed", str(error)
                logger.error("background tasks cannot run (%s); the next try is in %g s",  # noqa: TRY400 - it is in words
                             error, pause)
                await asyncio.sleep(pause)
                continue
            tries = 0
            await self._broken(cluster)
            if cluster.lost:
                logger.warning("the connection to the cluster at %s is lost", self._options.scheduler)
            else:
                logger.error("background tasks lost their workers; the cluster is started anew")
            self._state = "starting"
            await self._close_cluster()

    async def _resume(self) -> None:
        """Queue what ran in the last run; nothing new can run either while the journal cannot be written to."""
        for pause in pauses():
            try:
                given_up = await self._journal.resume()
                break
            except Exception as error:  # noqa: BLE001 - the database may fail in any way
                logger.warning("tasks of the last run cannot be resumed (%s); the next try is in %g s",
                               type(error).__name__, pause)
            await asyncio.sleep(pause)
        for task_id in given_up:
            self._delivery.send(TaskEnd(task_id, error=worker_died()))

    async def _forget(self) -> None:
        """Now and each day, have dropped what long failed tasks worked on."""
        while True:
            try:
                await self._journal.forget_old()
            except Exception as error:  # noqa: BLE001 - the database may fail in any way; there is another day
                logger.warning("what failed tasks worked on cannot be dropped (%s)", type(error).__name__)
            await asyncio.sleep(FORGET_EACH)

    async def _open_cluster(self) -> Cluster:
        options = self._options
        place = Elsewhere(options.scheduler, options.certificates) if options.scheduler else Here(options.workers)
        self._cluster = Cluster(place, lambda: self._call(self._dispatcher.look),
                                lambda message: self._call(self._answering.heard, message))
        await asyncio.wrap_future(self._cluster.start())
        self._dispatcher.cluster = self._cluster
        self._state, self._message = "running", ""
        self._dispatcher.look()
        logger.info("background tasks run on %d workers", len(self._cluster.addresses))
        return self._cluster

    async def _broken(self, cluster: Cluster) -> None:
        """Return when the scheduler is lost, or workers of ours have been missing for long and no task runs on one
        that is left.
        """
        missing = 0.0
        while not cluster.lost and (missing < SHORT_FOR or self._dispatcher.running):
            await asyncio.sleep(LOOK_EACH)
            short = not self._options.scheduler and len(cluster.addresses) < self._options.workers
            missing = missing + LOOK_EACH if short else 0.0

    async def _close_cluster(self) -> None:
        cluster, self._cluster, self._dispatcher.cluster = self._cluster, None, None
        if cluster is not None and not await asyncio.to_thread(cluster.close, STOP_LIMIT):
            logger.warning("the workers did not end in %g s and were killed", STOP_LIMIT)

    async def _answered(self, task_id: str, kind: str, details: dict[str, Any]) -> Any:
        if kind == "package":
            return await asyncio.to_thread(self._packages.zipped, details["digest"])
        if self._answer is None:
            raise AskFailed(f"The server has no {kind} to give.")
        return await self._answer(task_id, kind, details)

    def _told(self, task_id: str, kind: str, details: dict[str, Any]) -> None:
        if kind == "error_action":
            self._dispatcher.note_error_action(task_id, details["follow_up"])
        elif self._on_tell is not None:
            self._on_tell(task_id, kind, details)

    def _reply(self, address: str, task_id: str, number: int, answer: bytes) -> None:
        if self._cluster is not None:
            self._cluster.reply(address, task_id, number, answer)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Run `function` in the server's loop, from whatever thread this is."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):   # the loop was closed a moment ago: there is nobody left to tell
                loop.call_soon_threadsafe(function, *arguments)
