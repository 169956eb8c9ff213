"""The outside world of author code that runs in a task: what travelled with the task, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from appliance.compute.captured import Captured
from appliance.interview.host import UserInfo
from appliance.interview.tasks import TaskJob, TaskView

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation

__all__ = ["WorkerHost"]

_NO_TASKS = ("Code that runs in a background task cannot look at, wait for or end another task; "
             "use the task's methods in the interview, or end this task with background_response_action().")


class WorkerHost:
    """A :class:`appliance.interview.host.Host` on a worker.

    :param output: where ``log()`` goes.
    """

    interface = "worker"

    def __init__(self, job: TaskJob, output: Captured) -> None:
        self._job = job
        self._output = output

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
        return datetime.now(UTC)

    def setting(self, name: str, default: Any = None) -> Any:
        """A directive, or a whole group of them as a dictionary, as :meth:`appliance.config.Settings.get` has it."""
        settings = self._job.settings
        if name in settings:
            return settings[name]
        group = {key.removeprefix(f"{name}: "): value for key, value in settings.items() if key.startswith(f"{name}: ")}
        return group or default

    def log(self, message: str) -> None:
        self._output.note(str(message))

    def task(self, task_id: str) -> TaskView | None:  # noqa: ARG002 - the protocol gives it
        """:raises RuntimeError: always; see DESIGN, tasks."""
        raise RuntimeError(_NO_TASKS)

    def wait_for_task(
        self, evaluation: Evaluation, task_id: str, timeout: float | None,  # noqa: ARG002 - as above
    ) -> TaskView:
        """:raises RuntimeError: always."""
        raise RuntimeError(_NO_TASKS)
