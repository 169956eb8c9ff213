"""What runs on a worker: one task, from bytes to bytes.

Dask only ever carries :func:`run_task` and its bytes, so the scheduler imports nothing of authors and opens none of
their values.
"""

from __future__ import annotations

import functools
import logging
import pickle
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from appliance.compute.asking import asking_for
from appliance.compute.captured import Captured, drop_output, keep_logs_apart
from appliance.compute.report import Report
from appliance.interview.tasks import TaskJob

if TYPE_CHECKING:
    from appliance.interview.cache import Interviews
    from appliance.interview.interview import Interview
    from appliance.interview.turn import Outcome

__all__ = ["dask_setup", "run_task", "warm_up"]

logger = logging.getLogger(__name__)


def run_task(payload: bytes) -> bytes:
    """Run one task.

    :param payload: a pickled :class:`TaskJob`.
    :returns: :meth:`Report.to_bytes`. Never raises: whatever author code does is the end of its task, in words.
    """
    began = time.perf_counter()
    before = _held_at_first()
    job: TaskJob = pickle.loads(payload)
    output = Captured()
    with output.taking_over(), asking_for(job.task_id):
        report = _evaluated(job, output)
    end = replace(report.end, log=output.lines)   # what a program printed last may have come last
    return replace(report, end=end, seconds=time.perf_counter() - began, kept=_held() - before).to_bytes()


def _held() -> int:
    return psutil.Process().memory_info().rss


@functools.cache
def _held_at_first() -> int:
    """The bytes that this process held before its first task."""
    return _held()


def _evaluated(job: TaskJob, output: Captured) -> Report:
    from appliance.compute.ends import from_error, from_outcome
    from appliance.compute.fetched_packages import folder_of
    from appliance.compute.task_files import open_workspace, with_files
    from appliance.compute.worker_host import WorkerHost

    workspace = open_workspace()
    try:
        from appliance import author_db
        from appliance.interview.answers import thaw
        from appliance.interview.evaluate import evaluate
        from appliance.interview.turn import Action

        author_db.use(None if job.author_db is None else author_db.AuthorDatabase(*job.author_db))
        interview = _interviews(folder_of(job)).get(job.interview)
        action = Action(job.action, pickle.loads(job.arguments))
        outcome = evaluate(interview, thaw(job.answers), action, WorkerHost(job, output, workspace))
        report = from_outcome(job.task_id, outcome, output, _asked_at(interview, outcome))
    except BaseException as error:  # noqa: BLE001 - also sys.exit() of an author ends the task only, not the worker
        report = from_error(job.task_id, error, output)
    try:
        return with_files(report, workspace)
    except Exception as error:  # noqa: BLE001 - whatever keeps the files from being read is the task's end, in words
        return from_error(job.task_id, error, output)
    finally:
        workspace.close()


def _asked_at(interview: Interview, outcome: Outcome) -> str:
    """Where the question is written that a task ended on."""
    from appliance.interview.turn import ShowScreen

    block = interview.block_named(outcome.ending.screen.block) if isinstance(outcome.ending, ShowScreen) else None
    return "" if block is None else f"{block.file}, line {block.line}"


@functools.lru_cache(maxsize=4)
def _interviews(packages: Path) -> Interviews:
    """The interviews of one packages folder, parsed once per file version for all tasks of this worker."""
    from appliance.interview.cache import Interviews
    from appliance.library.modules import install_import_hook
    from appliance.packages import InstalledPackages

    sources = InstalledPackages(packages)
    install_import_hook(sources)
    return Interviews(sources)


def warm_up() -> None:
    """Import what every task needs, so that the first one does not wait for it, and clear away."""
    import importlib

    for name in ("appliance.compute.ends", "appliance.compute.fetched_packages",
                 "appliance.compute.task_files", "appliance.compute.worker_host",
                 "appliance.interview.evaluate", "appliance.interview.cache", "appliance.library.names",
                 "appliance.library.modules", "appliance.packages"):
        importlib.import_module(name)
    from appliance.workspace import remove_leftovers

    remove_leftovers()   # of the worker before this one, if it was ended in the middle of a task


def dask_setup(worker: Any) -> None:
    """Called by Dask in each new worker process. The imports take place on the thread that runs tasks, so that the
    worker is known to the scheduler meanwhile.
    """
    keep_logs_apart()
    drop_output()
    worker.executors["default"].submit(warm_up)
