"""The parts that the server stands on, and no more of each than the server asks of it.

``app.py`` builds them; tests give stand-ins of their own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from appliance.accounts.accounts import Accounts
from appliance.accounts.audit import Audit
from appliance.administration.administration import Administration
from appliance.attendance import Attendance
from appliance.backup.backups import Backups
from appliance.backup.bringing_back import BringingBack
from appliance.commands import Commands
from appliance.first_start.chosen import Chosen
from appliance.first_start.state import FirstStart
from appliance.interview.turn import CheckIn
from appliance.network.state import Network
from appliance.sessions.files import ServedFile
from appliance.sessions.listeners import Listeners
from appliance.sessions.mail_door import MailDoor
from appliance.sessions.mail_list import Decision, OutboxOverview
from appliance.sessions.progress import Bar, TaskProgress
from appliance.sessions.reply import Notice, Reply, SessionSummary, Submission
from appliance.sessions.task_list import TaskSummary
from appliance.sessions.variables import SessionVariables
from appliance.sessions.visitor import Visitor
from appliance.store.outbox import MailState
from appliance.store.retention import Spare
from appliance.store.schedule import EventOverview

__all__ = ["AccountToDelete", "Deletions", "Health", "Letters", "Listed", "LoginItem", "OutgoingMail", "PackageFiles",
           "Parts", "Schedule", "Secrets", "Settings", "Spared", "ToDelete", "TurnsDoor"]


class Listed(Protocol):
    """One interview that can be started."""

    @property
    def interview(self) -> str:
        """``PACKAGE:data/questions/x.yml``."""
        ...

    @property
    def title(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def privileges(self) -> Collection[str]:
        """One of which is needed to see it in a list; empty for everybody."""
        ...


class TurnsDoor(Protocol):
    """What the server needs of :class:`appliance.sessions.turns.Turns`."""

    @property
    def listeners(self) -> Listeners: ...

    async def find(self, interview: str, visitor: Visitor) -> str | None: ...

    async def begin(self, interview: str, visitor: Visitor, url_args: dict[str, str] | None = None) -> Reply: ...

    async def refresh(self, session_id: str, visitor: Visitor, url_args: dict[str, str] | None = None) -> Reply: ...

    async def submit(self, session_id: str, visitor: Visitor, submission: Submission) -> Reply: ...

    async def back(self, session_id: str, visitor: Visitor, turn_id: str, revision: int) -> Reply: ...

    async def action(self, session_id: str, visitor: Visitor, action: str, arguments: dict[str, Any]) -> Reply: ...

    async def check_in(self, session_id: str, visitor: Visitor, check_in: CheckIn, revision: int,
                       tab: str = "") -> Reply: ...

    async def delete(self, session_id: str, visitor: Visitor) -> None: ...

    async def metadata(self, interview: str) -> dict[str, Any]: ...

    async def titles_of(self, session_ids: Collection[str], visitor: Visitor) -> dict[str, str]: ...

    async def file(self, number: int, visitor: Visitor) -> ServedFile: ...

    async def variables(self, session_id: str, visitor: Visitor) -> SessionVariables: ...

    async def sessions_of(self, visitor: Visitor, most: int | None = None) -> list[SessionSummary]: ...

    async def name_session(self, session_id: str, visitor: Visitor, name: str) -> None: ...

    async def leave_session(self, session_id: str, visitor: Visitor) -> None: ...
    async def follow_link(self, code: str) -> str | None: ...

    async def adopt(self, before: Visitor, after: Visitor) -> int: ...

    def has_adopted(self, visitor: Visitor) -> bool: ...

    def parted(self, visitor: Visitor) -> None: ...

    def user_changed(self, user_id: int) -> None: ...

    async def undelivered(self, session_id: str, visitor: Visitor | None = None) -> list[Notice]: ...

    async def delivered(self, ids: list[int]) -> None: ...

    def progress_of(self, session_id: str) -> TaskProgress: ...

    def progress_of_task(self, task_id: str) -> Bar | None: ...

    async def tasks_of(self, visitor: Visitor) -> list[TaskSummary]: ...

    async def all_tasks(self, visitor: Visitor) -> list[TaskSummary]: ...

    async def revoke_task(self, task_id: str, visitor: Visitor) -> bool: ...

    async def run_task_again(self, task_id: str, visitor: Visitor) -> bool: ...

    async def dismiss_task(self, task_id: str, visitor: Visitor) -> bool: ...


class OldSession(Protocol):
    """A session that nobody has used for long; `active` is when somebody did."""

    @property
    def session_id(self) -> str: ...

    @property
    def interview(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def active(self) -> float: ...


class ToDelete(OldSession, Protocol):
    """One that is to go (:class:`appliance.cron.retention.ToDelete`)."""

    @property
    def due(self) -> float: ...

    @property
    def reason(self) -> str: ...


class Spared(OldSession, Protocol):
    """One whose time is over and that stays (:class:`appliance.cron.retention.Spared`)."""

    @property
    def age(self) -> int: ...

    @property
    def why(self) -> Spare: ...


class AccountToDelete(Protocol):
    """An account that is to go (:class:`appliance.cron.retention.AccountToDelete`)."""

    @property
    def user_id(self) -> int: ...

    @property
    def email(self) -> str: ...

    @property
    def active(self) -> float: ...

    @property
    def due(self) -> float: ...


class Deletions(Protocol):
    """What the server needs of :class:`appliance.cron.retention.Retention`."""

    async def own(self, visitor: Visitor, days: float = 7) -> dict[str, float]: ...

    async def preview(self, days: float = 7, visitor: Visitor | None = None, most: int = ...) -> Sequence[ToDelete]: ...

    async def spared(self, visitor: Visitor | None = None, most: int = ...) -> Sequence[Spared]: ...

    async def accounts(self, days: float = 7) -> Sequence[AccountToDelete]: ...


class Schedule(Protocol):
    """What the server needs of :class:`appliance.cron.schedule.Schedule`."""

    on_changed: Callable[[], None]

    async def overview(self) -> Sequence[EventOverview]: ...

    async def run_now(self, event: str) -> int: ...


class OutgoingMail(Protocol):
    """What the server needs of :class:`appliance.sessions.mail_list.MailList`."""

    on_changed: Callable[[], None]

    async def overview(self, visitor: Visitor, most: int = 50) -> OutboxOverview: ...

    async def totals(self, visitor: Visitor) -> dict[MailState, int]: ...

    async def draft(self, number: int, visitor: Visitor) -> bytes | None: ...

    async def try_again(self, number: int, visitor: Visitor) -> Decision: ...

    async def delete(self, number: int, visitor: Visitor) -> Decision: ...

    async def sent_by_hand(self, number: int, visitor: Visitor) -> Decision: ...


class Letters(Protocol):
    """What the server needs of :class:`appliance.mail.letters.Letters`."""

    @property
    def sends(self) -> bool: ...

    async def send(self, to: str, subject: str, text: str) -> bool: ...


class PackageFiles(Protocol):
    """The installed packages."""

    def listed(self) -> Iterable[Listed]:
        """All interviews that can be started, those that ship with the appliance first."""
        ...

    def hides(self, interview: str) -> bool:
        """Whether the sessions of the interview are on nobody's list."""
        ...

    def static_file(self, package: str, file: str) -> Path | None:
        """A file of a package's ``data/static``; None where there is none. Never a file outside that folder."""
        ...


class Settings(Protocol):
    def get(self, name: str, default: Any = ..., /) -> Any:
        """A configuration directive."""
        ...


class LoginItem(Protocol):
    """What the server needs of :class:`appliance.shell.login_item.LoginItem`."""

    @property
    def is_on(self) -> bool: ...

    def switch(self, *, on: bool) -> None:
        """:raises OSError: if the system refuses."""
        ...


class Secrets(Protocol):
    @property
    def cookie_secret(self) -> bytes | str:
        """Signs the cookie that says who is signed in."""
        ...


Health = Callable[[], dict[str, Any] | Awaitable[dict[str, Any]]]
"""One line of ``/health``."""


@dataclass
class Parts:
    """Everything the server stands on.

    :param turns: the one door to sessions.
    :param accounts: people and who is signed in; with the audit log.
    :param packages: what can be started, and packages' static files.
    :param settings: the configuration.
    :param secrets: keys of the server.
    :param compute: the background part, for ``/health``; None where there is none.
    :param store: the database, for ``/health``.
    :param retention: what will be deleted because nobody uses it; None where nothing is.
    :param mail: received mail; None where there is no such part.
    :param schedule: the scheduled events; None where there are none.
    :param outgoing: the outgoing mail; None where there is none.
    :param letters: the appliance's own mail to people; None where there is none.
    :param commands: what other processes of this computer may have done here; None where there is nothing.
    :param network: lets other computers in; None where that is impossible.
    :param backups: makes backups; None where nothing does.
    :param attendance: the program with the window; None where there is none.
    :param first_start: what is asked at the first start of the app; None where nothing is.
    :param login_item: starts the appliance at login; None where nothing can.
    :param bringing_back: brings a backup back; None where nothing does.
    :param chosen: what somebody chose in a dialog of the window.
    :param administration: packages, settings and logs; None where nobody may change them.
    :param health: further lines of ``/health``: name to a function that gives them.
    """

    turns: TurnsDoor
    accounts: Accounts
    packages: PackageFiles
    settings: Settings
    secrets: Secrets
    compute: Any = None
    store: Any = None
    retention: Deletions | None = None
    mail: MailDoor | None = None
    schedule: Schedule | None = None
    outgoing: OutgoingMail | None = None
    letters: Letters | None = None
    commands: Commands | None = None
    backups: Backups | None = None
    network: Network | None = None
    administration: Administration | None = None
    attendance: Attendance | None = None
    first_start: FirstStart | None = None
    login_item: LoginItem | None = None
    bringing_back: BringingBack | None = None
    chosen: Chosen = field(default_factory=Chosen)
    health: dict[str, Health] = field(default_factory=dict)

    @property
    def audit(self) -> Audit:
        """The audit log."""
        return self.accounts.audit
