"""The session's files inside a task: what the action reads is asked of the server, what it changes travels back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.compute.asking import ask
from appliance.compute.report import Report
from appliance.interview.files import FileInfo
from appliance.interview.tasks import TaskFile
from appliance.workspace import Workspace

__all__ = ["Asked", "open_workspace", "with_files"]

Asked = tuple[FileInfo, bytes] | None
"""The server's answer to the question for a file."""


def open_workspace(ask: Callable[..., Any] = ask) -> Workspace:
    """A workspace over the server's files; only those that are looked at travel.

    :param ask: ``ask("file", number=…)`` gives :data:`Asked`.
    """
    waiting: dict[int, Asked] = {}   # asked for, and not opened yet: what was looked at is mostly opened next

    def asked(number: int) -> Asked:
        if number not in waiting:
            waiting[number] = ask("file", number=number)
        return waiting[number]

    def look(number: int) -> FileInfo | None:
        found = asked(number)
        return None if found is None else found[0]

    def load(number: int, path: Path) -> None:
        found = asked(number)
        if found is None:
            raise FileNotFoundError(f"This session has no file with the number {number}.")
        path.write_bytes(found[1])
        path.chmod(0o600)
        del waiting[number]

    return Workspace(look, load)


def with_files(report: Report, workspace: Workspace) -> Report:
    """The report of a task with what it made, changed and deleted, also where it failed.

    :raises OSError: if a file cannot be read.
    """
    files = tuple(
        TaskFile(change.info.number, change.info.filename, change.info.mimetype,
                 None if change.path is None else change.path.read_bytes())
        for change in workspace.changes())
    return replace(report, end=replace(report.end, files=files)) if files else report
