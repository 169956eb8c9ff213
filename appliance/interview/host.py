"""The one seam between author code and the world.

``evaluate`` gets a :class:`Host`; library functions reach the running evaluation through :func:`current`. The server
implements Host over the store (``appliance.sessions.host``), a worker over what travelled with the task
(``appliance.compute.worker``), tests in memory (``tests/memory_host.py``).
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.tasks import TaskView

__all__ = ["Host", "UserInfo", "current", "reset_current", "running_evaluation", "set_current"]


@dataclass(frozen=True)
class UserInfo:
    """Who a turn is for. An anonymous visitor has no `user_id`."""

    user_id: int | None = None
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    privileges: tuple[str, ...] = ()
    country: str = ""
    subdivision: tuple[str, str, str] = ("", "", "")
    organization: str = ""
    language: str = ""
    timezone: str = ""

    @property
    def logged_in(self) -> bool:
        return self.user_id is not None


class Host(Protocol):
    """What author code needs from outside. All methods may be called from the evaluating thread only."""

    @property
    def interface(self) -> str:
        """Where the code runs: ``web``, ``json``, ``cron`` or ``worker``."""
        ...

    @property
    def user(self) -> UserInfo: ...

    @property
    def session_id(self) -> str: ...

    @property
    def url_root(self) -> str:
        """``http://127.0.0.1:8080`` without a slash at the end."""
        ...

    @property
    def device(self) -> dict[str, Any]:
        """What is known of the browser: ``user_agent``, ``ip``, ``languages``."""
        ...

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...

    def setting(self, name: str, default: Any = None) -> Any:
        """A configuration directive, for ``get_config()``."""
        ...

    def log(self, message: str) -> None:
        """Keep an author's ``log()`` line."""
        ...

    def task(self, task_id: str) -> TaskView | None:
        """A task of this session, or None if there is no such task."""
        ...

    def wait_for_task(self, evaluation: Evaluation, task_id: str, timeout: float | None) -> TaskView:
        """Block until the task has ended or `timeout` seconds are over.

        :raises RuntimeError: where waiting is impossible (inside a task, or for a task that ends in an action), with
            words that say what to write instead.
        """
        ...


_current: ContextVar[Any] = ContextVar("evaluation", default=None)


def current() -> Evaluation:
    """The evaluation that author code runs in.

    :raises RuntimeError: outside an evaluation.
    """
    evaluation = _current.get()
    if evaluation is None:
        raise RuntimeError("this function only works while an interview runs")
    return evaluation  # type: ignore[no-any-return]


def running_evaluation() -> Evaluation | None:
    """Like :func:`current`, but None outside an evaluation."""
    return _current.get()  # type: ignore[no-any-return]


def set_current(evaluation: Evaluation | None) -> Token[Any]:
    """Make `evaluation` current in this context; returns the token for :func:`reset_current`."""
    return _current.set(evaluation)


def reset_current(token: Token[Any]) -> None:
    """Undo :func:`set_current`."""
    _current.reset(token)
