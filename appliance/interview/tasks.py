"""Background tasks as data: what travels to a worker and what comes back. No Dask here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from appliance.interview.host import UserInfo
from appliance.interview.other_sessions import NOWHERE, Places
from appliance.interview.stored import StoredEffect

__all__ = ["ErrorDetails", "TaskEnd", "TaskFile", "TaskJob", "TaskState", "TaskView"]

TaskState = Literal["queued", "running", "done", "failed", "revoked"]


@dataclass(frozen=True)
class ErrorDetails:
    """Why a task failed, under the documented names."""

    error_type: str
    error_message: str
    error_trace: str = ""
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskView:
    """A task as author code sees it (``.ready()``, ``.get()``, ``.failed()`` …)."""

    task_id: str
    state: TaskState
    value: Any = None
    error: ErrorDetails | None = None
    ended_at: float | None = None  # seconds since the epoch, UTC

    @property
    def ready(self) -> bool:
        return self.state in ("done", "failed", "revoked")


@dataclass(frozen=True)
class TaskFile:
    """A file that a task made, changed or deleted, on its way back.

    :param content: None where the file is to be deleted.
    """

    number: int
    filename: str
    mimetype: str
    content: bytes | None = field(repr=False)


@dataclass(frozen=True)
class TaskJob:
    """All that a worker needs for one task. Bytes are pickles that only the worker opens (see answers.freeze)."""

    task_id: str
    session_id: str
    interview: str  # PACKAGE:data/questions/x.yml
    action: str
    arguments: bytes  # pickle of a dict
    answers: bytes  # appliance.interview.answers.freeze
    user: UserInfo
    url_root: str = ""
    packages: str = ""  # the packages folder (a worker on this machine reads it)
    settings: dict[str, Any] = field(default_factory=dict)  # what get_config() may read on a worker
    after: tuple[TaskView, ...] = ()  # the tasks that this one waited for
    author_db: tuple[str, int] | None = None  # path and mark of author.db (appliance.author_db)
    places: Places = NOWHERE  # for whom session_local and its kin are
    stored: tuple[StoredEffect, ...] = ()  # what the turn that waits for the task has stored, and not committed yet
    index: bytes = b""  # the packages folder's index.json: a worker that has not got these packages fetches them


@dataclass(frozen=True)
class TaskEnd:
    """How a task ended, as the worker reports it. `value` and the follow-up's arguments are pickled by the worker."""

    task_id: str
    value: bytes | None = None  # pickle of the response's value
    follow_up: bytes | None = None  # pickle of a FollowUp: the response action, or the error action when `error` is set
    error: ErrorDetails | None = None
    goodbye: str | None = None  # 'exit' or 'restart': the session is to be deleted
    log: tuple[str, ...] = ()
    effects: bytes | None = None  # pickle of list[Effect] the task asked for (tasks, notices): committed with its end
    files: tuple[TaskFile, ...] = ()  # committed with its end, also when it failed
    where: str = ""  # file and line of an error, where known; never a value
