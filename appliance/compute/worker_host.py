"""The outside world of author code that runs in a task: what travelled with the task, and nothing else."""

from __future__ import annotations

import pickle
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance import clock
from appliance.compute.asking import ask, tell
from appliance.compute.captured import Captured
from appliance.compute.worker_people import WorkerPeople
from appliance.compute.worker_sessions import WorkerSessions
from appliance.compute.worker_stores import WorkerStores
from appliance.interview.files import Document, FileInfo
from appliance.interview.host import UserInfo, Visit, running_evaluation
from appliance.interview.received import AddressOfSession, GivenAddress
from appliance.interview.tasks import TaskJob, TaskView
from appliance.interview.turn import FollowUp, StartTask
from appliance.workspace import Workspace

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation

__all__ = ["WorkerHost"]

_NO_TASKS = ("Code that runs in a background task cannot look at or wait for another task; "
             "use the task's methods in the interview, or end this task with background_response_action().")
_STARTED_HERE = ("A background task cannot wait for a task that it starts, which begins when this one has ended; use "
                 "the new task's methods in the interview.")


class WorkerHost:
    """A :class:`appliance.interview.host.Host` on a worker.

    :param output: where ``log()`` goes.
    :param workspace: the session's files as this task sees them.
    """

    interface = "worker"

    def __init__(self, job: TaskJob, output: Captured, workspace: Workspace) -> None:
        self._job = job
        self._output = output
        self._workspace = workspace
        self.stores = WorkerStores(job.stored)
        self.people = WorkerPeople()
        self.sessions = WorkerSessions(job.session_id)
        self.places = job.places

    @property
    def user(self) -> UserInfo:
        return self._job.user

    @property
    def session_id(self) -> str:
        return self._job.session_id

    @property
    def url_root(self) -> str:
        return self._job.url_root

    @property
    def device(self) -> dict[str, Any]:
        """Empty: a task has no browser."""
        return {}

    def now(self) -> datetime:
        return clock.utc_now()

    def setting(self, name: str, default: Any = None) -> Any:
        """A directive, or a whole group of them as a dictionary, as :meth:`appliance.config.Settings.get` has it."""
        settings = self._job.settings
        if name in settings:
            return settings[name]
        group = {key.removeprefix(f"{name}: "): value for key, value in settings.items() if key.startswith(f"{name}: ")}
        return group or default

    def log(self, message: str) -> None:
        self._output.note(str(message))

    def new_task_id(self) -> str:
        return secrets.token_hex(16)

    def task(self, task_id: str) -> TaskView | None:
        """This task, one that it waited for, or one that it starts itself, which waits for its end.

        :raises RuntimeError: for all others: tasks that look at each other can wait for each other for ever.
        """
        if task_id == self._job.task_id:   # a task that does not respond goes on to code that asks for its own state
            return TaskView(task_id, "running")
        for view in self._job.after:
            if view.task_id == task_id:
                return view
        evaluation = running_evaluation()
        if evaluation is not None and any(isinstance(effect, StartTask) and effect.task_id == task_id
                                          for effect in evaluation.effects):
            return TaskView(task_id, "queued")
        raise RuntimeError(_NO_TASKS)

    def wait_for_task(
        self, evaluation: Evaluation, task_id: str, timeout: float | None,  # noqa: ARG002 - the protocol gives them
    ) -> TaskView:
        """:raises RuntimeError: unless this task has waited for that one before it started."""
        if task_id == self._job.task_id:
            raise RuntimeError("A background task cannot wait for its own end: respond with background_response().")
        view = self.task(task_id)
        if view is None or not view.ready:
            raise RuntimeError(_STARTED_HERE)
        return view

    def times_performed(self, task: str) -> int:
        """How often a task of this session was counted beside the steps, asked of the server."""
        return int(ask("times_performed", task=task))

    def visits(self) -> list[Visit]:
        """Who was there last and when, asked of the server."""
        visits: list[Visit] = ask("visits")
        return visits

    def email_address(self, key: Any, index: Any) -> GivenAddress:
        """The address for the current user, `key` and `index`, asked of the server; given out with the task's end."""
        address: GivenAddress = ask("email_address", key=key, index=index)
        return address

    def received_mail(self) -> list[AddressOfSession]:
        """The addresses that were given out, with the mails that came, asked of the server."""
        received: list[AddressOfSession] = ask("received_mail")
        return received

    # -- files and documents -----------------------------------------------------------------------------

    def new_file(self, filename: str, mimetype: str = "") -> FileInfo:
        """An empty file of the session; it is kept with the task's end."""
        return self._workspace.new(filename, mimetype)

    def borrow_file(self, filename: str, mimetype: str, load: Callable[[Path], None]) -> FileInfo:
        """A copy of another session's file, fetched when it is looked at."""
        return self._workspace.borrow(filename, mimetype, load)

    def file(self, number: int) -> FileInfo | None:
        """A file of the session; None if there is none of that number."""
        return self._workspace.info(number)

    def file_path(self, number: int) -> Path:
        """:raises FileNotFoundError: if there is no such file."""
        return self._workspace.path(number)

    def rename_file(self, number: int, filename: str, mimetype: str = "") -> FileInfo:
        """:raises FileNotFoundError: if there is no such file."""
        return self._workspace.rename(number, filename, mimetype)

    def delete_file(self, number: int) -> None:
        """Forget the file with the task's end."""
        self._workspace.delete(number)

    def make_document(self, document: Document, file_format: str) -> bytes:
        """Assemble a document, here on the worker."""
        from appliance.documents.assemble import make_document  # imported late: most tasks make none

        return make_document(document, file_format)

    # -- what whoever waits for the task is told ------------------------------------------------------------

    def progress(self, fraction: float | None, text: str) -> None:
        """Say how far the task is."""
        tell("progress", fraction=fraction, text=text)

    def error_action(self, follow_up: FollowUp) -> None:
        """Say which action runs if this task fails from now on."""
        try:
            follow_up_bytes = pickle.dumps(follow_up, protocol=5)
        except Exception:  # noqa: BLE001 - objects of authors can fail in any way when pickled
            self._output.note("background_error_action() was given what cannot be sent back to the interview; "
                              "its action will run without these arguments.")
            follow_up_bytes = pickle.dumps(replace(follow_up, arguments={}))   # as in appliance.compute.ends
        tell("error_action", surely=True, follow_up=follow_up_bytes)
