"""The world as author code sees it during a turn: :class:`appliance.interview.host.Host` over the store."""

from __future__ import annotations

import hashlib
import itertools
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance import clock
from appliance.interview.files import Document, FileInfo
from appliance.interview.host import UserInfo, Visit, running_evaluation
from appliance.interview.other_sessions import NOWHERE, OtherSessions, Places
from appliance.interview.received import AddressOfSession, GivenAddress
from appliance.interview.tasks import TaskView
from appliance.interview.turn import Answers, FollowUp, StartTask
from appliance.sessions.errors import Stopping
from appliance.sessions.evaluation import Running
from appliance.sessions.language import load
from appliance.sessions.mailroom import Mailroom
from appliance.sessions.people import NoAccounts, TurnPeople
from appliance.sessions.stores import SessionStores, stored_among
from appliance.sessions.waits import Waits
from appliance.store.counters import mark_of, times_counted
from appliance.store.database import Store
from appliance.store.keys import Holder, Receiver, receiver_of
from appliance.store.tasks import TaskRow, awaited_by, open_result, task_row
from appliance.store.visits import visits_with_privileges
from appliance.workspace import Workspace

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation

__all__ = ["Actor", "SessionHost", "ids_from", "no_documents"]

_ENDS_IN_ACTION = ("This task ends in background_response_action() or background_error_action(), whose action can only "
                   "run after this code: do not wait for it here, show a question with 'reload: True' instead and use "
                   ".ready() there.")
_INSIDE_TASK = ("Code that runs in a background task or its response action cannot wait for a task; wait in the "
                "interview, with a question that has 'reload: True'.")


@dataclass(frozen=True)
class Actor:
    """Who a turn is for.

    :param interface: ``web``, ``json``, ``cron``, or ``worker`` for the actions that tasks end in.
    :param personal: opens the encrypted values of the user (:func:`appliance.store.values.personal_holder`).
    :param viewers: the names of the keys that they open sessions with, for who was shown what.
    :param openers: these keys themselves, where somebody is there who has them; they go nowhere with the turn.
    :param receiver: gives them sessions that are made for them, and opens nothing; where `openers` are there it is made
        of them, when it is asked for (:attr:`gets`).
    :param places: for whom ``session_local`` and its kin are.
    """

    interface: str
    user: UserInfo
    url_root: str = ""
    device: dict[str, Any] = field(default_factory=dict)
    personal: Holder | None = None
    viewers: tuple[str, ...] = ()
    openers: tuple[Holder, ...] = field(default=(), repr=False)
    receiver: Receiver | None = None
    places: Places = NOWHERE

    @property
    def absent(self) -> Actor:
        """The same without what only somebody has who is there: what can be kept."""
        return replace(self, openers=(), receiver=self.gets)

    @property
    def gets(self) -> Receiver | None:
        """What gives them sessions; few turns make any, so no turn pays for it beforehand."""
        return receiver_of(self.openers[0]) if self.openers else self.receiver

    @property
    def is_person(self) -> bool:
        return self.interface in ("web", "json")


def ids_from(task_id: str, callback: int) -> Iterator[str]:
    """The ids of the tasks that the callback of this task asks for, in their order; as hard to guess as its own.

    :param callback: its number: a task that failed and runs again has another callback, with tasks of its own.
    """
    return (hashlib.sha256(f"{task_id}:{callback}:{number}".encode()).hexdigest()[:32] for number in itertools.count())


@dataclass
class SessionHost:
    """One turn's host.

    :param workspace: the session's files as this turn sees them.
    :param documents: assembles a document in a format.
    :param start_now: commits and starts tasks before the turn has ended, for ``.get()``.
    :param started: the tasks that were started so.
    :param task_ids: the ids of tasks that are asked for; None for random ones.
    :param visited: when which user was there, before this turn.
    :param mailroom: addresses and mail of sessions; None where no mail comes in.
    :param stored: what authors stored beside the answers.
    :param accounts: the accounts.
    :param others: other sessions.
    """

    actor: Actor
    session_id: str
    session_key: bytes = field(repr=False)
    running: Running
    store: Store
    waits: Waits
    settings: Callable[[str, Any], Any]
    start_now: Callable[[list[StartTask], Answers], None]
    workspace: Workspace
    documents: Callable[[Document, str], bytes]
    started: set[str] = field(default_factory=set)
    task_ids: Iterator[str] | None = None
    visited: dict[int, float] = field(default_factory=dict)
    mailroom: Mailroom | None = None
    stored: SessionStores | None = None
    accounts: TurnPeople = field(default_factory=lambda: TurnPeople(NoAccounts()))
    others: OtherSessions | None = None

    @property
    def interface(self) -> str:
        return self.actor.interface

    @property
    def user(self) -> UserInfo:
        return self.actor.user

    @property
    def url_root(self) -> str:
        return self.actor.url_root

    @property
    def device(self) -> dict[str, Any]:
        return self.actor.device

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return clock.utc_now()

    def setting(self, name: str, default: Any = None) -> Any:
        """A configuration directive."""
        return self.settings(name, default)

    def log(self, message: str) -> None:
        """Keep an author's line with the outcome; it may hold what a person typed, so it goes to no log file."""
        self._check()
        evaluation = running_evaluation()
        if evaluation is not None:
            evaluation.log.append(message)

    def new_task_id(self) -> str:
        """Random; in a callback, which Back may run again, the same each time, so that its handles stay true."""
        self._check()
        return secrets.token_hex(16) if self.task_ids is None else next(self.task_ids)

    def task(self, task_id: str) -> TaskView | None:
        """A task of this session, also one this very turn asks for; None if there is none."""
        self._check()
        row = self.store.read(lambda database: task_row(database, task_id)).result()
        if row is not None and row.session_id == self.session_id:
            return self._view(row)
        return TaskView(task_id, "queued") if self._asked_for(running_evaluation(), task_id) else None

    def wait_for_task(self, evaluation: Evaluation, task_id: str, timeout: float | None) -> TaskView:
        """Block until the task has ended, or `timeout` seconds are over.

        A task that this turn asks for is committed and started first, with the answers as they stand.

        :raises RuntimeError: where waiting would never end.
        :raises Stopping: when the appliance stops; the task goes on when it is started again.
        """
        self._check()
        if self.interface == "worker":
            raise RuntimeError(_INSIDE_TASK)
        needed = self._with_awaited(evaluation, task_id)
        with self.waits.expecting(needed) as ended:
            self._start(evaluation, needed)
            deadline = None if timeout is None else time.monotonic() + timeout
            while True:
                view = self._known(task_id)
                if view.ready:
                    return view
                if self.waits.are_acting(needed):
                    raise RuntimeError(_ENDS_IN_ACTION)
                if self.waits.stopping:
                    raise Stopping
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return view
                with self.running.waiting():
                    ended.wait(left)
                ended.clear()
                self._check()

    # -- files and documents -----------------------------------------------------------------------------

    def new_file(self, filename: str, mimetype: str = "") -> FileInfo:
        """An empty file of this session."""
        self._check()
        return self.workspace.new(filename, mimetype)

    def borrow_file(self, filename: str, mimetype: str, load: Callable[[Path], None]) -> FileInfo:
        """A copy of another session's file, fetched when it is looked at."""
        self._check()
        return self.workspace.borrow(filename, mimetype, load)

    def file(self, number: int) -> FileInfo | None:
        """A file of this session; None if there is none of that number."""
        self._check()
        return self.workspace.info(number)

    def file_path(self, number: int) -> Path:
        """:raises FileNotFoundError: if there is no such file."""
        self._check()
        return self.workspace.path(number)

    def rename_file(self, number: int, filename: str, mimetype: str = "") -> FileInfo:
        """:raises FileNotFoundError: if there is no such file."""
        self._check()
        return self.workspace.rename(number, filename, mimetype)

    def delete_file(self, number: int) -> None:
        """Forget the file with the commit."""
        self._check()
        self.workspace.delete(number)

    def make_document(self, document: Document, file_format: str) -> bytes:
        """Assemble a document."""
        self._check()
        return self.documents(document, file_format)

    # -- what only tasks do --------------------------------------------------------------------------------

    def progress(self, fraction: float | None, text: str) -> None:
        """Nothing: nobody waits for a turn but its own browser."""

    def error_action(self, follow_up: FollowUp) -> None:
        """Nothing: a turn that fails has done nothing."""

    # -- inside ------------------------------------------------------------------------------------------

    def times_performed(self, task: str) -> int:
        """How often a task of this session was counted beside the steps."""
        self._check()
        mark = mark_of(self.session_key, task)
        return self.store.read(lambda database: times_counted(database, self.session_id, mark)).result()

    def visits(self) -> list[Visit]:
        """Who was there before this turn, with the privileges they have now."""
        self._check()
        return self.store.read(lambda database: visits_with_privileges(database, self.visited)).result()

    def email_address(self, key: Any, index: Any) -> GivenAddress:
        """The address for the current user, `key` and `index`; the effect ``GiveAddress`` gives it out."""
        self._check()
        return self._mailroom().address(self.session_id, self.session_key, self.user.user_id, key, index)

    def received_mail(self) -> list[AddressOfSession]:
        """The addresses that were given out, with the mails that came."""
        self._check()
        return self._mailroom().mails(self.session_id, self.session_key)

    @property
    def stores(self) -> SessionStores:
        """What was stored before this turn."""
        self._check()
        if self.stored is None:
            raise RuntimeError("Nothing is stored here.")
        return self.stored

    @property
    def sessions(self) -> OtherSessions:
        """Other sessions, as this turn sees them."""
        self._check()
        if self.others is None:
            raise RuntimeError("No other sessions can be reached here.")
        return self.others

    @property
    def places(self) -> Places:
        """For whom ``session_local`` and its kin are."""
        return self.actor.places

    @property
    def people(self) -> TurnPeople:
        """The accounts before this turn."""
        self._check()
        return self.accounts

    def _mailroom(self) -> Mailroom:
        if self.mailroom is None:
            raise RuntimeError("No mail comes in here.")
        return self.mailroom

    def _known(self, task_id: str) -> TaskView:
        view = self.task(task_id)
        if view is None:
            raise RuntimeError("There is no such background task in this session.")
        return view

    def _view(self, row: TaskRow) -> TaskView:
        result = open_result(row, self.session_key)
        if result is None:
            return TaskView(row.id, row.state, ended_at=row.ended)
        value = None if result.value is None else load(result.value)
        return TaskView(row.id, row.state, value, result.error, row.ended)

    def _with_awaited(self, evaluation: Evaluation, task_id: str) -> list[str]:
        """The task and those that it waits for, and those that they wait for."""
        found = [task_id]
        for one in found:
            asked_for = self._asked_for(evaluation, one)
            after = list(asked_for.after) if asked_for is not None else [
                other for other, _ in self.store.read(partial(awaited_by, task_id=one)).result()]
            found += [other for other in after if other not in found]
        return found

    def _start(self, evaluation: Evaluation, task_ids: list[str]) -> None:
        """Start those of the tasks that this very turn asks for, in the order it did."""
        effects = [effect for effect in evaluation.effects if isinstance(effect, StartTask)
                   and effect.task_id in task_ids and effect.task_id not in self.started]
        if effects:
            self.started.update(effect.task_id for effect in effects)
            before = () if self.stored is None else self.stored.pending
            stored = (*before, *stored_among(evaluation.effects))
            self.start_now([replace(effect, stored=stored) for effect in effects], evaluation.answers)

    @staticmethod
    def _asked_for(evaluation: Evaluation | None, task_id: str) -> StartTask | None:
        for effect in () if evaluation is None else evaluation.effects:
            if isinstance(effect, StartTask) and effect.task_id == task_id:
                return effect
        return None

    def _check(self) -> None:
        """:raises RuntimeError: when the turn was given up; what it still does must not reach anything."""
        if self.running.given_up:
            raise RuntimeError("this turn took too long and was given up")


def no_documents(document: Document, file_format: str) -> bytes:
    """In place of the assembly of documents, where there is none.

    :raises RuntimeError: always.
    """
    raise RuntimeError(f"{document.filename}.{file_format} cannot be made: documents are not assembled here")
