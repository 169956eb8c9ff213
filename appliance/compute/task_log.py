"""``worker.log``: when tasks began and how they ended.

It names tasks, files, lines, error types and variables, and never a value: tracebacks and what authors log are kept
sealed with the task.
"""

from __future__ import annotations

import logging
from pathlib import Path

from appliance.compute.report import Report
from appliance.interview.errors import told_names
from appliance.interview.tasks import TaskJob, TaskState
from appliance.log_file import LogFile

__all__ = ["TaskLog"]


class TaskLog:
    """Writes ``worker.log`` in `folder`, which is made if need be."""

    def __init__(self, folder: Path) -> None:
        self._handler = LogFile(folder, "worker.log")

    def started(self, job: TaskJob) -> None:
        self._write(logging.INFO, f"task {job.task_id} started: action {told_names([job.action])!r} of {job.interview}")

    def ended(self, report: Report) -> None:
        end = report.end
        took = f"after {report.seconds:.3f} s"
        for warning in report.warnings:
            self._write(logging.WARNING, f"task {end.task_id}: {warning}")
        if end.error is None:
            self._write(logging.INFO, f"task {end.task_id} done {took}")
            return
        where = f" at {end.where}" if end.where else ""
        names = f", seeking {told_names(end.error.variables)}" if end.error.variables else ""
        self._write(logging.ERROR, f"task {end.task_id} failed {took}: {end.error.error_type}{where}{names}")

    def lost(self, task_id: str, state: TaskState) -> None:
        outcomes: dict[TaskState, str] = {"queued": "it will run again", "failed": "it is parked as failed"}
        self._write(logging.WARNING, f"task {task_id}: its process ended; {outcomes.get(state, 'nobody wants it')}")

    def revoked(self, task_id: str) -> None:
        self._write(logging.INFO, f"task {task_id} revoked while it ran")

    def close(self) -> None:
        self._handler.close()

    def _write(self, level: int, message: str) -> None:
        self._handler.handle(logging.LogRecord("appliance.worker", level, "", 0, message, None, None))
