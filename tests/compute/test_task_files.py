"""A task's files: only what it looks at travels, once, and what it did to them goes back with its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from appliance.compute.report import Report
from appliance.compute.task_files import open_workspace, with_files
from appliance.interview.files import FileInfo
from appliance.interview.tasks import ErrorDetails, TaskEnd, TaskFile
from appliance.workspace import Workspace


@dataclass
class Server:
    """Answers as TaskQuestions.file does, and counts."""

    asked: list[int] = field(default_factory=list)

    def ask(self, kind: str, **details: Any) -> Any:
        assert kind == "file"
        number = details["number"]
        self.asked.append(number)
        return (FileInfo(number, f"{number}.txt", "text/plain", 5), b"small") if number < 10 else None


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def workspace(server: Server) -> Iterator[Workspace]:
    one = open_workspace(server.ask)
    yield one
    one.close()


def report(**end: Any) -> Report:
    return Report(TaskEnd("a task", **end))


def test_only_what_is_looked_at_travels_and_once(workspace: Workspace, server: Server) -> None:
    """Looking and opening is one question; a file that is not there is not asked for again."""
    assert server.asked == []
    info = workspace.info(7)
    assert info is not None
    assert (info.filename, info.size) == ("7.txt", 5)
    path = workspace.path(7)
    assert isinstance(path, Path)
    assert (path.name, path.read_bytes()) == ("7.txt", b"small")
    assert workspace.path(7) == path
    assert workspace.info(70) is None
    with pytest.raises(FileNotFoundError):
        workspace.path(70)
    assert server.asked == [7, 70]


def test_a_task_that_changes_nothing_sends_nothing(workspace: Workspace) -> None:
    workspace.path(7)
    ended = report(value=b"x")
    assert with_files(ended, workspace) is ended


@pytest.mark.parametrize("end", [{"value": b"x"}, {"error": ErrorDetails("ValueError", "no")}])
def test_what_it_did_goes_back_with_its_end_however_it_ended(workspace: Workspace, end: dict[str, Any]) -> None:
    """New files, changed ones and the numbers of deleted ones; the rest of the report stays as it was."""
    made = workspace.new("Отчёт.txt")
    workspace.path(made.number).write_bytes(b"made")
    workspace.path(7).write_bytes(b"other")
    workspace.rename(8, "eight.md")
    workspace.delete(9)
    ended = with_files(report(**end), workspace)
    assert set(ended.end.files) == {
        TaskFile(made.number, "Отчёт.txt", "text/plain", b"made"), TaskFile(7, "7.txt", "text/plain", b"other"),
        TaskFile(8, "eight.md", "text/markdown", b"small"), TaskFile(9, "9.txt", "text/plain", None)}
    assert (ended.end.value, ended.end.error) == (end.get("value"), end.get("error"))
    assert Report.from_bytes(ended.to_bytes()) == ended
