"""Opens a session, evaluates a turn in a thread, commits what comes of it, and has the effects carried out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlite_utils import Database

from appliance import clock
from appliance.interview.accounts import AccountEffect
from appliance.interview.datatypes.file import kept_numbers
from appliance.interview.errors import InterviewError, TooSlow, UnknownInterview, told_names
from appliance.interview.files import Document
from appliance.interview.other_sessions import OtherSessions
from appliance.interview.stored import StoredEffect
from appliance.interview.turn import (
    Action,
    Answers,
    CheckIn,
    Ending,
    FollowUp,
    Outcome,
    ShowScreen,
    StartTask,
    Submit,
    Turn,
)
from appliance.sessions.change_line import ChangeLine
from appliance.sessions.commit import Commit, Written
from appliance.sessions.error_mail import ErrorMails
from appliance.sessions.errors import PrivilegeNeeded, SessionBusy, SignInNeeded
from appliance.sessions.evaluation import Evaluator, Running
from appliance.sessions.files import FileChanges, TurnFiles
from appliance.sessions.host import Actor, SessionHost, ids_from
from appliance.sessions.interview_access import admit
from appliance.sessions.language import Language, load
from appliance.sessions.listeners import Listeners
from appliance.sessions.mailroom import Mailroom
from appliance.sessions.opened import Opened
from appliance.sessions.order import Order
from appliance.sessions.other_sessions import TurnSessions, Work
from appliance.sessions.people import AccountDoor, NoAccounts, TurnPeople, accounts_among
from appliance.sessions.progress import ProgressBoard
from appliance.sessions.reply import Notice
from appliance.sessions.session_change import Pending
from appliance.sessions.session_index import Startable
from appliance.sessions.settling import Kind, Settled, Settler, new_task, owner_of
from appliance.sessions.stores import SessionStores, StoreRoom, stored_among
from appliance.sessions.task_sessions import TaskSessions
from appliance.sessions.vault import Vault
from appliance.sessions.waits import Waits
from appliance.store.database import Store
from appliance.store.effects import carried_out
from appliance.store.errors import StoreError
from appliance.store.files import FileStore
from appliance.store.outbox import add_mail
from appliance.store.sessions import add_key, insert_session
from appliance.store.tasks import add_tasks, seal_answers

__all__ = ["Evaluated", "Happening", "Runner", "log_failure"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

StartNow = Callable[[list[StartTask], Answers], None]


@dataclass(frozen=True)
class Happening:
    """One turn to take.

    :param turn_id: noted with the commit, so that the same turn is not applied twice.
    :param callbacks: of tasks, each the task's id, the callback's number and what the task ended in, pickled, to run on
        the answers before the turn (after Back).
    :param task_id: the task whose callback this is.
    :param files: what is committed together with the turn, and known to it (of the task that has ended).
    :param stored: likewise, what was stored beside the answers.
    :param accounts: likewise, what was done to accounts.
    :param work: likewise, what was done to other sessions.
    """

    kind: Kind
    turn: Turn
    actor: Actor
    turn_id: str = ""
    callbacks: tuple[tuple[str, int, bytes], ...] = ()
    task_id: str = ""
    files: FileChanges = field(default_factory=FileChanges)
    stored: tuple[StoredEffect, ...] = ()
    accounts: tuple[AccountEffect, ...] = ()
    work: Work | None = None


@dataclass(frozen=True)
class Evaluated:
    """How a turn ended, before its commit; `settled` is None where there is nothing to commit (an unaccepted form).

    :param ignored: the answers are not stored.
    :param asked_at: file and line of the question that a scheduled event did not get past.
    """

    ending: Ending
    settled: Settled | None
    ignored: bool = False
    asked_at: str = ""


class Runner:
    """What all turns share.

    :param appliance_key: the appliance's own key.
    :param settings: name and default to a configuration directive.
    :param documents: assembles a document in a format.
    """

    def __init__(self, store: Store, language: Language, appliance_key: bytes, evaluator: Evaluator,
                 settings: Callable[[str, Any], Any], documents: Callable[[Document, str], bytes]) -> None:
        self.store = store
        self.language = language
        self.appliance_key = appliance_key
        self.evaluator = evaluator
        self.settings = settings
        self.documents = documents
        self.files = FileStore(store.folder)
        self.mailroom = Mailroom(store, self.files, appliance_key, settings)
        self.store_room = StoreRoom(store, appliance_key)
        self.accounts: AccountDoor = NoAccounts()
        self.listed: Callable[[], Sequence[Startable]] = tuple
        self.changes = ChangeLine(self)
        self.task_sessions = TaskSessions(self)
        self.order = Order()
        self.vault = Vault(store)
        self.waits = Waits()
        self.error_mails = ErrorMails(settings, appliance_key)
        self.listeners = Listeners()
        self.progress = ProgressBoard(self._outstanding, self._tell)
        self._underway: set[asyncio.Task[Any]] = set()

    # -- a turn ------------------------------------------------------------------------------------

    async def in_order(self, session_id: str, body: Callable[[], Any], *, if_free: bool = False) -> Any:
        """Run `body` when all that came before for this session is done, to its end even if nobody waits any more.

        :param if_free: do not wait.
        :raises SessionBusy: if `if_free`, and somebody is in the session; then `body` does not run.
        """
        async def ordered() -> Any:
            if if_free and self.order.is_busy(session_id):
                raise SessionBusy(session_id)
            async with self.order.turn(session_id):
                if self.changes.waits(session_id):
                    await self.changes.carry_out(session_id)
                return await body()
        return await self.to_its_end(ordered())

    async def to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end even if nobody waits any more; :meth:`finish` waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._underway.add(task)
        task.add_done_callback(self._underway.discard)
        return await asyncio.shield(task)

    async def finish(self, patience: float) -> None:
        """Wait for the turns that are under way, up to `patience` seconds; those that wait for a task give up."""
        self.waits.stop()
        if self._underway:
            await asyncio.wait(self._underway, timeout=patience)

    async def evaluate(self, opened: Opened, happening: Happening) -> Evaluated:
        """Evaluate in a thread; nothing is written yet, except tasks that the turn itself waits for.

        :raises InterviewError: when the interview cannot go on.
        """
        started: set[str] = set()
        files = TurnFiles(self.store, self.files, opened.row.id, opened.key, happening.files)
        work = happening.work or Work()
        try:
            return await self.evaluator.run(
                lambda running: self._on_thread(opened, happening, running, started, files, work))
        except (PrivilegeNeeded, SignInNeeded):   # nothing has run
            await asyncio.to_thread(files.abandon)
            raise
        except Exception as error:
            log_failure(error, opened.row.interview, happening.kind)
            if happening.kind not in ("follow_up", "event"):   # the end of its task tells of it, the event's commit
                self._mail(error, opened, happening)
            await asyncio.to_thread(files.abandon)
            await asyncio.to_thread(work.abandon)
            if started and happening.kind == "begin":
                await self.unbegin(opened)
            raise

    async def unbegin(self, opened: Opened) -> None:
        """The first turn failed, and may have stored already what a task needs."""
        commit = Commit(opened.row.id, opened.key, delete=True)
        with contextlib.suppress(StoreError):   # what went wrong is told already; the next start clears it away
            self.carry_out(commit, await self.write(commit.write))

    async def commit(self, settled: Settled) -> Opened:
        """Write, and have carried out what was asked for; returns the session as it is now.

        :raises StoreError: if it could not be written; then nothing was.
        """
        commit = settled.commit
        if commit.is_empty:
            self.vault.shelf.put(settled.opened)
            return settled.opened
        try:
            written = await self.write(commit.write)
        except Exception:
            self.vault.shelf.forget(commit.session_id)
            if commit.blobs:
                await asyncio.to_thread(self.files.remove, commit.blobs)
            raise
        if commit.delete:
            self.vault.shelf.forget(commit.session_id)
        elif commit.row is not None or commit.visit is not None:
            self.vault.shelf.put(settled.opened)
        self.carry_out(commit, written)
        return settled.opened

    def carry_out(self, commit: Commit, written: Written) -> None:
        """Have done what a commit asked for that was written."""
        if commit.mails:
            self.listeners.on_mail()
        for user_id in () if commit.accounts is None else commit.accounts.changed:
            self.listeners.on_account(user_id)
        if commit.delete or any(change.is_snapshot for change in commit.stored):
            asyncio.get_running_loop().run_in_executor(None, self.store_room.snapshots.try_to_write)
        for number, notice in zip(written.notice_ids, commit.notices, strict=True):
            self.listeners.on_notice(Notice(number, commit.session_id, notice.kind, notice.value))
        if commit.tasks or written.freed:
            self.listeners.on_tasks_queued()
        for revocation in written.revocations:
            self.waits.ended(revocation.task_id)
            self.progress.over(revocation.task_id)
            self.listeners.on_revoke(revocation.task_id, revocation.terminate)
        if commit.ending is not None:
            self.progress.over(commit.ending.row.id)
        if commit.ending is not None or written.revocations:
            # Pages that wait (`reload`) are to be fetched at once. Which ones wait, the tabs know best: a turn that
            # shows another screen may be under way.
            self.listeners.on_notice(Notice(0, commit.session_id, "reload"))
        if commit.ending is not None or written.revocations or commit.tasks:
            self.listeners.on_tasks_changed()
        if written.revocations:
            done = [revocation.id for revocation in written.revocations]
            self.store.write(lambda database: carried_out(database, done))
        if written.dead_blobs:
            asyncio.get_running_loop().run_in_executor(None, self.files.remove, written.dead_blobs)
        for other, of_other in written.others:
            self.carry_out(other, of_other)
        self.changes.asked(change.session_id for change in commit.changes)

    def _tell(self, notice: Notice) -> None:
        self.listeners.on_notice(notice)

    async def _outstanding(self, task_id: str) -> tuple[str, int] | None:
        """The session and the number of a task that has not ended."""
        row = await self.read(lambda database: database.execute(
            "SELECT session_id, number FROM tasks WHERE id = ? AND state IN ('queued', 'running')",
            [task_id]).fetchone())
        return None if row is None else (str(row[0]), int(row[1]))

    def _mail(self, error: Exception, opened: Opened, happening: Happening) -> None:
        """Tell the administrator of a turn that failed and so commits nothing; nobody waits for that."""
        action = happening.turn.name if isinstance(happening.turn, Action | CheckIn) else ""
        self._mail_about(error, opened.row.interview, happening.kind, action, happening.actor.url_root)

    def tell_failure(self, error: Exception, interview: str, kind: str, action: str, url_root: str) -> None:
        """Log what failed while nobody waited for it, and tell the administrator."""
        log_failure(error, interview, kind)
        self._mail_about(error, interview, kind, action, url_root)

    def _mail_about(self, error: Exception, interview: str, happening: str, action: str, url_root: str) -> None:
        mail = self.error_mails.about_turn(error, interview=interview, happening=happening, action=action,
                                           url_root=url_root)
        if mail is None:
            return
        with contextlib.suppress(StoreError):   # the appliance is stopping; the log tells of the error
            self.store.write(lambda database: add_mail(database, mail)).add_done_callback(
                lambda written: None if written.exception() else self.listeners.on_mail())

    # -- on the evaluating thread ---------------------------------------------------------------------

    def _on_thread(self, opened: Opened, happening: Happening, running: Running, started: set[str],
                   files: TurnFiles, work: Work) -> Evaluated:
        try:
            return self._evaluated(opened, happening, running, started, files, work)
        finally:
            files.close()
            work.close()
            if running.given_up:   # nobody takes what it has brought any more
                files.abandon()
                work.abandon()

    def _evaluated(self, opened: Opened, happening: Happening, running: Running, started: set[str],
                   files: TurnFiles, work: Work) -> Evaluated:
        language, turn = self.language, happening.turn
        interview = language.interviews.get(opened.row.interview)
        if happening.actor.is_person:
            admit(interview.metadata, happening.actor.user, begins=happening.kind == "begin")
        others = TurnSessions(self, happening.actor, running, opened.row.id, work,
                              seed=f"{happening.task_id}:{opened.row.callbacks}" if happening.task_id else "")
        host = self.host_for(opened, happening, running, started, files, others)
        answers = self.answers_for(interview, opened, happening, host, files)
        undone = opened.undone if happening.kind != "submit" else None
        prior = None if undone is None else language.thaw(undone.answers)
        outcome = language.evaluate(interview, answers, turn, host, prior=prior)
        if happening.kind == "event":
            outcome = self._with_follow_up(interview, outcome, host)
        if isinstance(turn, Submit) and isinstance(outcome.ending, ShowScreen) and outcome.ending.errors:
            work.abandon()
            return Evaluated(outcome.ending, _uploads_alone(opened, outcome.ending, files))
        if happening.callbacks and outcome.save == "ignore":
            outcome.save = "overwrite"  # what the callbacks changed must stay
        settled = self.settler_for(opened, happening, frozenset(started)).settle(outcome)
        if not settled.commit.delete:
            settled.commit.files = files.seal()
        work.into(settled.commit, self.appliance_key)
        return Evaluated(outcome.ending, settled, outcome.save == "ignore", _asked_at(interview, outcome))

    def _with_follow_up(self, interview: Any, outcome: Outcome, host: SessionHost) -> Outcome:
        """What a scheduled event comes to that may have ended in background_response_action(): that action runs on
        the same answers, and says whether they are stored.
        """
        follow_up = outcome.ending
        if not isinstance(follow_up, FollowUp):
            return outcome
        if follow_up.action is None:
            return replace(outcome, ending=None)
        action = Action(follow_up.action, dict(follow_up.arguments))
        host = replace(host, stored=replace(host.stores, pending=stored_among(outcome.effects)),
                       accounts=replace(host.people, pending=accounts_among(outcome.effects)))
        after = self.language.evaluate(interview, outcome.answers, action, host)
        return replace(after, effects=[*outcome.effects, *after.effects], log=[*outcome.log, *after.log])

    def settler_for(self, opened: Opened, happening: Happening, started: frozenset[str] = frozenset()) -> Settler:
        """What makes a commit of the turn.

        :param started: the tasks that are in the journal already.
        """
        return Settler(self.language, self.appliance_key, opened, happening.kind, happening.actor, happening.turn_id,
                       started, happening.task_id, self.accounts)

    @staticmethod
    def happening(kind: Kind, turn: Turn, actor: Actor, callbacks: tuple[tuple[str, int, bytes], ...],
                  pending: Pending) -> Happening:
        """A turn that the code of another session takes here."""
        return Happening(kind, turn, actor, callbacks=callbacks, files=pending.files, stored=pending.stored,
                         accounts=pending.accounts)

    def answers_for(self, interview: Any, opened: Opened, happening: Happening, host: SessionHost,
                    files: TurnFiles) -> Answers:
        """The stored answers, with the callbacks that they are to have run on them."""
        if opened.current is None:
            return self.language.begin(dict(getattr(happening.turn, "url_args", {})), clock.utc_now())
        stored = opened.current.answers
        answers = self.language.thaw(stored)
        for task_id, number, callback in happening.callbacks:
            with contextlib.closing(files.again()) as files_again:
                again = replace(host, actor=replace(host.actor, interface="worker"), workspace=files_again.workspace,
                                task_ids=ids_from(task_id, number))
                if isinstance(host.others, TurnSessions):
                    again = replace(again, others=host.others.again(f"{task_id}:{number}"))
                try:
                    follow_up: FollowUp = load(callback)
                    outcome = self.language.evaluate(
                        interview, answers, Action(follow_up.action or "", dict(follow_up.arguments)), again)
                    if outcome.save != "ignore":
                        stored = self.language.freeze(outcome.answers)
                except (TooSlow, StoreError):
                    raise   # the action is not to blame, and what it did is not to be lost
                except Exception as error:  # noqa: BLE001 - objects of authors can fail in any way when they are opened
                    log_failure(error, opened.row.interview, "callback after Back")
                else:
                    files.workspace.adopt(files_again.workspace)
            answers = self.language.thaw(stored)
        return answers

    def metadata(self, interview: str) -> dict[str, Any]:
        """What the interview says about itself; reads its files where they have changed.

        :raises InterviewError: if the interview is not there, or cannot be read.
        """
        found: dict[str, Any] = self.language.interviews.get(interview).metadata
        return found

    def host_for(self, opened: Opened, happening: Happening, running: Running, started: set[str], files: TurnFiles,
                 others: OtherSessions, start_now: StartNow | None = None) -> SessionHost:
        """The world as the turn's code sees it.

        :param start_now: commits and starts tasks that the turn waits for; None for the usual.
        """
        return SessionHost(happening.actor, opened.row.id, opened.key, running, self.store, self.waits, self.settings,
                           start_now or self._starting(opened, happening, files), files.workspace, self.documents,
                           started, ids_from(happening.task_id, opened.row.callbacks) if happening.task_id else None,
                           opened.visits, self.mailroom, SessionStores(
                               self.store_room, owner_of(opened, happening.actor, self.appliance_key),
                               happening.stored), TurnPeople(self.accounts, happening.accounts), others)

    def _starting(self, opened: Opened, happening: Happening, files: TurnFiles) -> StartNow:
        def start_now(effects: list[StartTask], answers: Answers) -> None:
            tasks = [new_task(effect, opened, happening.actor, self.appliance_key) for effect in effects]
            sealed = seal_answers(self.appliance_key, opened.row.id, self.language.freeze(answers))
            changes = files.seal()   # the task may be about to read them

            def queue(database: Database) -> None:
                if happening.kind == "begin":  # the session itself follows with the turn's commit
                    insert_session(database, opened.row)
                    for holder, key in opened.keys.items():
                        add_key(database, opened.row.id, holder, key)
                changes.write(database, opened.row.id)
                add_tasks(database, opened.row.id, tasks, sealed)
            with files.committing(changes):
                self.store.write(queue).result()
            self.listeners.on_tasks_queued()
            self.listeners.on_tasks_changed()

        return start_now

    # -- the store -------------------------------------------------------------------------------------

    async def read(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self.store.read(function))

    async def write(self, function: Callable[[Database], T]) -> T:
        return await asyncio.wrap_future(self.store.write(function))



def log_failure(error: Exception, interview: str, kind: str) -> None:
    """Type, file, line and names only: messages of author code may hold what a person typed."""
    if isinstance(error, UnknownInterview) and error.file == interview:   # its name is what an address said
        logger.error("%s failed: there is no such interview", kind)
        return
    if isinstance(error, InterviewError):
        error_type = getattr(error, "error_type", type(error).__name__)
        logger.error("%s: %s failed with %s at %s; variables: %s", interview, kind, error_type,
                     error.where or "unknown place", told_names(error.variables) or "none")
        return
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    logger.error("%s: %s failed with %s at %s", interview, kind, type(error).__name__, where)


def _asked_at(interview: Any, outcome: Outcome) -> str:
    """Where the question is written that an action came to which nobody is there to answer."""
    if not outcome.unfinished or not isinstance(outcome.ending, ShowScreen):
        return ""
    block = interview.block_named(outcome.ending.screen.block)
    return "" if block is None else f"{block.file}, line {block.line}"


def _uploads_alone(opened: Opened, refused: ShowScreen, files: TurnFiles) -> Settled | None:
    """Of a form that was refused only the files are kept: a page cannot choose them again for the person."""
    kept = files.seal(kept_numbers(refused.drafts))
    return Settled(opened, Commit(opened.row.id, opened.key, files=kept)) if kept else None
