"""The one seam between author code and the world.

``evaluate`` gets a :class:`Host`; library functions reach the running evaluation through :func:`current`. The server
implements Host over the store (``appliance.sessions.host``), a worker over what travelled with the task
(``appliance.compute.worker``), tests in memory (``tests/memory_host.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from appliance.interview.accounts import People
from appliance.interview.files import Document, FileInfo
from appliance.interview.other_sessions import OtherSessions, Places
from appliance.interview.received import AddressOfSession, GivenAddress
from appliance.interview.stored import Stores

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.tasks import TaskView
    from appliance.interview.turn import FollowUp

__all__ = ["Host", "UserInfo", "Visit", "current", "reset_current", "running_evaluation", "set_current"]


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


@dataclass(frozen=True)
class Visit:
    """When somebody was last there.

    :param user_id: None for all who were not signed in.
    :param privileges: those the user has now.
    :param last_access: seconds since the epoch, UTC.
    """

    user_id: int | None
    privileges: tuple[str, ...]
    last_access: float

    @property
    def is_cron(self) -> bool:
        """Whether that was a scheduled event."""
        return "cron" in self.privileges


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

    def new_task_id(self) -> str:
        """An id for a task that is asked for now; nobody can guess it."""
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

    def times_performed(self, task: str) -> int:
        """How often ``CountTask`` has counted a task of this session, in what was committed before."""
        ...

    def visits(self) -> list[Visit]:
        """Who was there last and when, in what was committed before this turn; each user once."""
        ...

    @property
    def people(self) -> People:
        """The accounts."""
        ...

    @property
    def sessions(self) -> OtherSessions:
        """Other sessions."""
        ...

    @property
    def places(self) -> Places:
        """For whom ``session_local`` and its kin are."""
        ...

    @property
    def stores(self) -> Stores:
        """What authors stored beside the answers, in what was committed before this turn."""
        ...

    # -- mail that comes in ---------------------------------------------------------------------------------------

    def email_address(self, key: Any, index: Any) -> GivenAddress:
        """The address of this session for the current user, `key` and `index`; always the same one.

        People can write to it once the effect ``GiveAddress`` was committed.
        """
        ...

    def received_mail(self) -> list[AddressOfSession]:
        """The addresses of this session that were committed, with the mails that came to them."""
        ...

    # -- files: an overlay of the turn or task; what was made and changed is kept with its commit -----------------

    def new_file(self, filename: str, mimetype: str = "") -> FileInfo:
        """Make an empty file of this session under a number of its own.

        :param filename: any; what no file may be called is taken out of it, and ``<`` and ``>`` too.
        :param mimetype: of what it will hold; made from the file name's end if it is empty.
        """
        ...

    def borrow_file(self, filename: str, mimetype: str, load: Callable[[Path], None]) -> FileInfo:
        """Make a file of this session that is a copy of one of another session.

        :param load: writes the content to a path when somebody looks at it, or raises FileNotFoundError. A file that
            nobody has looked at when the turn or task ends is none.
        """
        ...

    def file(self, number: int) -> FileInfo | None:
        """A file of this session, as this turn sees it; None if there is none of that number."""
        ...

    def file_path(self, number: int) -> Path:
        """Where the file's content lies until the turn or task ends; what is written there is kept with its commit.

        :raises FileNotFoundError: if there is no such file.
        """
        ...

    def rename_file(self, number: int, filename: str, mimetype: str = "") -> FileInfo:
        """Give the file another name; `file_path` may be another one afterwards.

        :raises FileNotFoundError: if there is no such file.
        """
        ...

    def delete_file(self, number: int) -> None:
        """Forget the file with the commit; nothing happens if there is none of that number."""
        ...

    def make_document(self, document: Document, file_format: str) -> bytes:
        """Assemble a document.

        :param file_format: ``pdf``, ``docx``, ``html`` …, one of :data:`appliance.documents.FORMATS`.
        :raises DocumentFailed: with words for the author.
        """
        ...

    # -- tasks that run ------------------------------------------------------------------------------------------

    def progress(self, fraction: float | None, text: str) -> None:
        """Tell whoever waits for this task how far it is; nothing happens outside a task.

        :param fraction: 0 to 1; None where only the text is known.
        """
        ...

    def error_action(self, follow_up: FollowUp) -> None:
        """This action runs if the task fails from now on, also by the death of its process or by a limit."""
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
