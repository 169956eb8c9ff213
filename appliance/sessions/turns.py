"""The one door: whatever happens to a session comes through :class:`Turns`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from appliance import clock
from appliance.interview.files import Document
from appliance.interview.host import UserInfo
from appliance.interview.sources import one_name
from appliance.interview.tasks import TaskEnd
from appliance.interview.turn import Action, Begin, CheckIn, Ending, Refresh, ShowScreen, Submit
from appliance.sessions.adoption import Adoption
from appliance.sessions.commit import Commit
from appliance.sessions.ends import TaskEnds
from appliance.sessions.errors import NoSuchFile, NoSuchSession
from appliance.sessions.evaluation import Evaluator
from appliance.sessions.events import Also, EventResult, Events
from appliance.sessions.expiry import Doomed, expire
from appliance.sessions.files import ServedFile
from appliance.sessions.holders import Holders
from appliance.sessions.host import Actor, no_documents
from appliance.sessions.incoming import IncomingMail
from appliance.sessions.interview_access import admit
from appliance.sessions.joining import join
from appliance.sessions.language import Language, load
from appliance.sessions.listeners import Listeners
from appliance.sessions.opened import Opened
from appliance.sessions.own_sessions import OwnSessions
from appliance.sessions.people import AccountDoor
from appliance.sessions.progress import Bar, TaskProgress
from appliance.sessions.public_interviews import PublicInterviews, needs_invitation
from appliance.sessions.received_list import MailOverview, MailSummary, ReceivedList
from appliance.sessions.reply import Notice, Reply, SessionSummary, Submission
from appliance.sessions.runner import Happening, Runner
from appliance.sessions.session_index import Startable
from appliance.sessions.settling import Settled
from appliance.sessions.stale import MOVED_ON, shown_again
from appliance.sessions.task_list import TaskList, TaskSummary, is_administrator
from appliance.sessions.task_questions import TaskQuestions
from appliance.sessions.titles import open_titles, sealed_titles
from appliance.sessions.variables import SessionVariables, variables_of
from appliance.sessions.visitor import Visitor
from appliance.store.database import Store
from appliance.store.effects import carried_out, revocations
from appliance.store.files import Blob, file_row
from appliance.store.keys import Holder, appliance_holder, wrap
from appliance.store.links import follow_link
from appliance.store.notices import NoticeRow, delivered_notices, notices_of
from appliance.store.quick_values import rename_former_keys
from appliance.store.retention import note_user_active
from appliance.store.sealing import new_key, unseal
from appliance.store.sessions import SessionRow, delete_unbegun, find_session, new_session_id
from appliance.workspace import remove_leftovers

__all__ = ["Turns"]

_HOUR = 3600.0

_LAST_BREATH = 3.0
"""Seconds after the start at which no worker is alive any more of an appliance that was killed before it."""


class Turns:
    """All that can happen to sessions.

    All methods but :meth:`find`, :meth:`begin` and :meth:`sessions_of` raise NoSuchSession and NotYours
    (:mod:`appliance.sessions.errors`), and with :meth:`begin` SignInNeeded where somebody on the network asks for
    what is not public; those that run the interview raise InterviewError and then have changed nothing; those that
    write raise StoreError (:mod:`appliance.store.errors`) and then have changed nothing either.

    :param language: the interviews and how they are run.
    :param user_key: opens the key of a user who signs in without a password; may wait for the store.
    :param evaluator: the threads that interviews run in; closed by :meth:`stop`.
    :param settings: name and default to a configuration directive.
    :param documents: assembles a document in a format (:func:`appliance.documents.assemble.make_document`).
    :param cron_user: who scheduled events run as; may wait for the store.
    :param accounts: the accounts, for code that asks for them; None where there are none.
    :param listed: the interviews that can be started.
    :ivar questions: what tasks ask while they run.
    :ivar adoption: what browsers began before somebody signed in with them.
    :ivar address: where the server can be reached, for links that events make; ``url root`` counts more.
    """

    def __init__(self, store: Store, language: Language, appliance_key: bytes, *,
                 user_key: Callable[[int], bytes | None] = lambda user_id: None,  # noqa: ARG005 - nobody has one
                 evaluator: Evaluator | None = None,
                 settings: Callable[[str, Any], Any] = lambda name, default: default,  # noqa: ARG005
                 documents: Callable[[Document, str], bytes] = no_documents,
                 cron_user: Callable[[], UserInfo] = lambda: UserInfo(privileges=("cron",)),
                 accounts: AccountDoor | None = None,
                 listed: Callable[[], Sequence[Startable]] = tuple) -> None:
        self._store = store
        self.evaluator = evaluator or Evaluator()
        self._runner = Runner(store, language, appliance_key, self.evaluator, settings, documents)
        if accounts is not None:
            self._runner.accounts = accounts
        self._runner.listed = listed
        self._public = PublicInterviews(settings)
        self._holders = Holders(user_key)
        self._ends = TaskEnds(self._runner)
        self._task_list = TaskList(self._runner, self._holders.of)
        self._appliance = appliance_holder(appliance_key)
        self.address = ""
        self._events = Events(self._runner, self._appliance, cron_user,
                              lambda: str(settings("url root", None) or self.address).rstrip("/"), user_key)
        self._incoming = IncomingMail(self._runner, self._appliance, self._events.offers)
        self.questions = TaskQuestions(self._runner, self._incoming)
        self._received = ReceivedList(self._runner, self._holders.of)
        self._own = OwnSessions(self._runner, self._holders.of)
        self.adoption = Adoption(self._runner, self._holders.of)
        self._noted: dict[int, float] = {}   # when a turn last said of an account that it is used
        self._late_leftovers: asyncio.TimerHandle | None = None
        self._check_ins: dict[tuple[str, ...], list[CheckIn]] = {}

    @property
    def listeners(self) -> Listeners:
        """Whom turns tell what they did."""
        return self._runner.listeners

    async def resume(self) -> None:
        """At start, when the callbacks are set: clear away and carry out what the last run left."""
        await self._runner.write(delete_unbegun)
        await self._runner.write(partial(rename_former_keys, appliance_key=self._runner.appliance_key))
        await asyncio.to_thread(self._runner.files.sweep, self._store)
        await asyncio.to_thread(remove_leftovers)
        loop = asyncio.get_running_loop()
        self._late_leftovers = loop.call_later(_LAST_BREATH, loop.run_in_executor, None, remove_leftovers)
        await asyncio.to_thread(self._runner.store_room.snapshots.try_to_write)
        waiting = await self._runner.read(revocations)
        for revocation in waiting:
            self.listeners.on_revoke(revocation.task_id, revocation.terminate)
        if waiting:
            await self._runner.write(lambda database: carried_out(database, [one.id for one in waiting]))
        await self._runner.changes.resume()   # last: until then nothing writes to the disk but what clears it

    async def stop(self, patience: float = 5.0) -> None:
        """Let the turns under way end, but wait no longer than `patience` seconds for them. No task runs any more."""
        if self._late_leftovers is not None:
            self._late_leftovers.cancel()
        await self._runner.finish(patience)
        await self._runner.changes.stop()
        await asyncio.to_thread(remove_leftovers)   # of workers that were ended in the middle of a task
        self.evaluator.close()

    # -- which session -----------------------------------------------------------------------------------

    async def find(self, interview: str, visitor: Visitor) -> str | None:
        """The session of this interview that the visitor used last."""
        interview = one_name(interview)
        names = [holder.name for holder in await self._holders.of(visitor)]
        return await self._runner.read(lambda database: find_session(database, interview, names))

    async def sessions_of(self, visitor: Visitor, most: int | None = None) -> list[SessionSummary]:
        """What the visitor can resume, those used last first (:mod:`appliance.sessions.own_sessions`, also below)."""
        return await self._own.of(visitor, most)

    async def name_session(self, session_id: str, visitor: Visitor, name: str) -> None:
        """Keep what the visitor calls a session of theirs."""
        await self._own.name(session_id, visitor, name)

    async def leave_session(self, session_id: str, visitor: Visitor) -> None:
        """Take a session off the visitor's list that they came to through its link."""
        await self._own.leave(session_id, visitor)

    async def follow_link(self, code: str) -> str | None:
        """Where a link leads that expires (``interview_url(temporary=…)``); None where it is over, or was used up.

        Who may see what is there is decided there.
        """
        return await self._runner.write(lambda database: follow_link(database, code))

    async def adopt(self, before: Visitor, after: Visitor) -> int:
        """Give what the browser of `before` holds to the user of `after` (see :mod:`appliance.sessions.adoption`)."""
        return await self.adoption.adopt(before, after)

    def has_adopted(self, visitor: Visitor) -> bool:
        """Whether nothing is left that the browser of a signed-in visitor holds."""
        return self.adoption.is_settled(visitor)

    def parted(self, visitor: Visitor) -> None:
        """Somebody signs out: their browser has nothing to do with them any more."""
        self.adoption.parted(visitor)

    def user_changed(self, user_id: int) -> None:
        """A user's sign-ins, key or account may be others now: forget what is remembered of them."""
        self._holders.forget(user_id)
        self._runner.vault.shelf.forget_those_of(f"user:{user_id}")
        self.adoption.user_changed(user_id)

    # -- turns of a person ----------------------------------------------------------------------------

    async def begin(self, interview: str, visitor: Visitor, url_args: dict[str, str] | None = None) -> Reply:
        """A new session and its first screen."""
        interview = one_name(interview)
        self._public.admit(interview, visitor)
        opened = await self._new_session(interview, visitor)
        happening = Happening("begin", Begin(dict(url_args or {})), await self._holders.actor(visitor))
        try:
            return await self._reply_in_order(opened.row.id, lambda: self._take(opened, happening))
        finally:
            if not visitor.user.logged_in:
                self.adoption.begun(visitor)

    async def refresh(self, session_id: str, visitor: Visitor, url_args: dict[str, str] | None = None) -> Reply:
        """The current screen, made anew."""
        async def turn() -> Reply:
            opened = await self._enter(session_id, visitor)
            refresh = Refresh(dict(url_args or {}))
            return await self._take(opened, Happening("refresh", refresh, await self._holders.actor(visitor)))
        return await self._reply_in_order(session_id, turn)

    async def submit(self, session_id: str, visitor: Visitor, submission: Submission) -> Reply:
        """A screen was filled in. One that came too late, or twice, is not applied: the reply says so and why."""
        async def turn() -> Reply:
            opened = await self._enter(session_id, visitor)
            actor = await self._holders.actor(visitor)
            if submission.turn_id in opened.turns:
                return await self._as_stored(opened, visitor, actor)
            shown = opened.screens.of(actor.viewers)
            screen = None if shown is None or submission.revision != shown.revision else shown.screen
            if screen is None or submission.question != screen.block:
                return await self._too_late(opened, visitor, actor, submission)
            posted = submission.posted
            if submission.button is not None and "_button" not in posted:
                posted = {**posted, "_button": [str(submission.button)]}
            submit = Submit(screen, posted, submission.uploads)
            return await self._take(opened, Happening("submit", submit, actor, submission.turn_id))
        return await self._reply_in_order(session_id, turn)

    async def back(self, session_id: str, visitor: Visitor, turn_id: str, revision: int) -> Reply:
        """One step back. What was entered since stays as defaults until the next submit."""
        async def turn() -> Reply:
            opened = await self._enter(session_id, visitor)
            actor = await self._holders.actor(visitor)
            if turn_id in opened.turns:
                return await self._as_stored(opened, visitor, actor)
            shown = opened.screens.of(actor.viewers)
            if shown is None or revision != shown.revision:
                return replace(await self._as_stored(opened, visitor, actor), message=MOVED_ON)
            if not _can_go_back(opened, shown.screen):
                return await self._as_stored(opened, visitor, actor)
            opened = await self._one_back(opened)
            callbacks = await self._runner.vault.callbacks_for(opened)
            return await self._take(opened, Happening("back", Refresh(), actor, turn_id, callbacks))
        return await self._reply_in_order(session_id, turn)

    async def action(self, session_id: str, visitor: Visitor, action: str, arguments: dict[str, Any]) -> Reply:
        """An action link was clicked, or called by a script."""
        async def turn() -> Reply:
            opened = await self._enter(session_id, visitor)
            asked = Action(action, dict(arguments))
            return await self._take(opened, Happening("action", asked, await self._holders.actor(visitor)))
        return await self._reply_in_order(session_id, turn)

    async def check_in(self, session_id: str, visitor: Visitor, check_in: CheckIn, revision: int,
                       tab: str = "") -> Reply:
        """The browser checks in. One for another screen, or whose news a later one of its tab tells too, is dropped.

        :param tab: the name of the tab; browsers that give none count as one tab.
        """
        waiting = self._check_ins.setdefault((session_id, visitor.browser_secret, tab, check_in.name), [])
        waiting.append(check_in)

        async def turn() -> Reply:
            opened = await self._enter(session_id, visitor)
            actor = await self._holders.actor(visitor)
            place = next(number for number, one in enumerate(waiting) if one is check_in)
            shown = opened.screens.of(actor.viewers)
            if (shown is None or revision != shown.revision
                    or any(_tells_too(later, check_in) for later in waiting[place + 1:])):
                return self._reply(opened, actor, None)
            return await self._take(opened, Happening("check_in", check_in, actor))
        try:
            return await self._reply_in_order(session_id, turn)
        finally:
            waiting[:] = [one for one in waiting if one is not check_in]
            if not waiting:
                self._check_ins.pop((session_id, visitor.browser_secret, tab, check_in.name), None)

    async def delete(self, session_id: str, visitor: Visitor) -> None:
        """Delete the session with all that belongs to it."""
        async def turn() -> None:
            opened = await self._open(session_id, visitor, await self._keys_of(visitor))
            await self._runner.commit(Settled(opened, Commit(session_id, opened.key, delete=True)))
        await self._runner.in_order(session_id, turn)

    async def expire(self, session_ids: Collection[str], doomed: Doomed) -> list[str]:
        """From retention: delete those of these sessions that `doomed` still names in the transaction that deletes, and
        none while somebody is in one. Gives those that were deleted.
        """
        return await expire(self._runner, session_ids, doomed)

    async def titles_of(self, session_ids: Collection[str], visitor: Visitor) -> dict[str, str]:
        """The titles of those of these sessions that the visitor may see: their own, and for administrators those that
        several people can open.
        """
        holders = await self._holders.of(visitor)
        if is_administrator(visitor):
            holders = [*holders, self._appliance]
        sealed = await self._runner.read(lambda database: sealed_titles(database, session_ids))
        return await asyncio.to_thread(open_titles, sealed, holders)

    async def held_by(self, visitor: Visitor) -> list[str]:
        """The names of the visitor's keys, as the table of sessions' keys has them."""
        return [holder.name for holder in await self._holders.of(visitor)]

    # -- scheduled events --------------------------------------------------------------------------------

    async def metadata(self, interview: str) -> dict[str, Any]:
        """What the interview says about itself.

        :raises InterviewError: if the interview is not there, or cannot be read.
        """
        return await asyncio.to_thread(self._runner.metadata, interview)

    def offers(self, interview: str, event: str) -> bool:
        """Whether the interview has a block for a scheduled event; reads its files where they have changed.

        :raises InterviewError: if the interview is not there, or cannot be read.
        """
        return self._events.offers(interview, event)

    async def event(self, session_id: str, event: str, also: Also, *, if_free: bool = False) -> EventResult:
        """Run a scheduled event in one session, in its place in the line.

        Whatever comes of it is one transaction: the answers and what the event asked for, if it did not fail, and
        what `also` gives for the result.

        :param if_free: do not wait.
        :raises SessionBusy: if `if_free`, and somebody is in the session; nothing was written then.
        :raises StoreError: if nothing could be written.
        :raises Stopping: if the appliance stops before the event has run; nothing was written then.
        """
        return await self._events.run(session_id, event, also, if_free=if_free)

    def is_busy(self, session_id: str) -> bool:
        """Whether somebody is in the session just now: a turn of it runs, or waits for a task."""
        return self._runner.order.is_busy(session_id)

    # -- tasks and notices ------------------------------------------------------------------------------

    async def task_ended(self, end: TaskEnd) -> None:
        """From compute: a task has ended. Called twice for the same task, the second call does nothing."""
        await self._ends.take(end)

    def task_moved(self, task_id: str) -> None:
        """From the journal, on the loop: a task was taken to be run, or put back because its worker is gone."""
        self._runner.progress.over(task_id)   # it begins anew
        self.listeners.on_tasks_changed()

    def task_progress(self, task_id: str, fraction: float | None, text: str) -> None:
        """From compute, on the loop: a task that runs tells how far it is."""
        self._runner.progress.told(task_id, fraction, text)
        self.listeners.on_tasks_changed()

    def progress_of(self, session_id: str) -> TaskProgress:
        """How far the tasks of a session are that run and tell it."""
        return self._runner.progress.of_session(session_id)

    def progress_of_task(self, task_id: str) -> Bar | None:
        """How far one task is; None where it has told nothing."""
        return self._runner.progress.of_task(task_id)

    async def tasks_of(self, visitor: Visitor) -> list[TaskSummary]:
        """The tasks of the visitor's own sessions (see :mod:`appliance.sessions.task_list`, also for the next ones)."""
        return await self._task_list.of(visitor)

    async def all_tasks(self, visitor: Visitor) -> list[TaskSummary]:
        """The tasks of all sessions, for administrators."""
        return await self._task_list.all(visitor)

    async def revoke_task(self, task_id: str, visitor: Visitor) -> bool:
        """End a task; False if it has ended or is gone."""
        return await self._task_list.revoke(task_id, visitor)

    async def run_task_again(self, task_id: str, visitor: Visitor) -> bool:
        """Queue a failed task anew; False if that is impossible."""
        return await self._task_list.run_again(task_id, visitor)

    async def dismiss_task(self, task_id: str, visitor: Visitor) -> bool:
        """Drop what a failed task worked on; False if there is nothing to drop."""
        return await self._task_list.dismiss(task_id, visitor)

    async def undelivered(self, session_id: str, visitor: Visitor | None = None) -> list[Notice]:
        """The notices that wait for the session's tabs.

        :param visitor: opens the session. Without one, only the notices of a session that was opened lately are given.
        """
        opened = self._runner.vault.shelf.get(session_id) if visitor is None else await self._peek(session_id, visitor)
        rows = await self._runner.read(lambda database: notices_of(database, session_id))
        if opened is None:
            return []
        return [Notice(row.id, session_id, row.kind, load(
            unseal(opened.key, row.sealed, NoticeRow.context(session_id, row.kind)))) for row in rows]

    async def delivered(self, ids: list[int]) -> None:
        """The tabs have got these notices."""
        stored = [number for number in ids if number]
        if stored:
            await self._runner.write(lambda database: delivered_notices(database, stored))

    # -- files -------------------------------------------------------------------------------------------

    async def file(self, number: int, visitor: Visitor) -> ServedFile:
        """A file, for somebody who holds its session, and for administrators where several people can open it.

        Whoever has its link has joined it: a number can be guessed, and opens nothing.

        :raises NoSuchFile: if there is none of that number.
        """
        row = await self._runner.read(lambda database: file_row(database, number))
        if row is None:
            raise NoSuchFile(number)
        holders = [*await self._holders.of(visitor), *self.adoption.lately(visitor)]
        if is_administrator(visitor):
            holders.append(self._appliance)
        key = await self._runner.vault.key_for(row.session_id, holders)
        if needs_invitation(visitor):
            await self._peek(row.session_id, visitor)
        return ServedFile(row.info(key), partial(self._runner.files.read, row, key))

    # -- mail that comes in --------------------------------------------------------------------------------

    async def mail_arrived(self, session_id: str, number: int) -> None:
        """A mail for an address of this session is kept: give it to the session. Again and again does no harm."""
        await self._incoming.arrived(session_id, number)

    async def mail_overview(self, visitor: Visitor) -> MailOverview:
        """Addresses and mails (see :mod:`appliance.sessions.received_list`)."""
        return await self._received.overview(visitor)

    async def received_message(self, number: int, visitor: Visitor) -> tuple[MailSummary, Blob] | None:
        """One mail, and where its message lies; None if it is gone."""
        return await self._received.message(number, visitor)

    async def variables(self, session_id: str, visitor: Visitor) -> SessionVariables:
        """The answers of the current step as data. That is no turn: nothing of the interview runs."""
        opened = await self._peek(session_id, visitor)
        stored = opened.current
        if stored is None:
            raise NoSuchSession(session_id)
        language = self._runner.language
        return await self.evaluator.run(lambda _running: variables_of(language, opened, stored))

    # -- inside -----------------------------------------------------------------------------------------

    async def _reply_in_order(self, session_id: str, turn: Callable[[], Awaitable[Reply]]) -> Reply:
        reply: Reply = await self._runner.in_order(session_id, turn)
        return reply

    async def _take(self, opened: Opened, happening: Happening) -> Reply:
        evaluated = await self._runner.evaluate(opened, happening)
        if evaluated.settled is not None:
            self._note_active(evaluated.settled.commit, happening.actor)
            try:
                opened = await self._runner.commit(evaluated.settled)
            except Exception:
                if happening.kind == "begin":
                    await self._runner.unbegin(opened)
                raise
            if evaluated.settled.commit.others and not happening.actor.user.logged_in:
                self.adoption.begun_under(happening.actor.viewers)
        return self._reply(opened, happening.actor, evaluated.ending)

    def _note_active(self, commit: Commit, actor: Actor) -> None:
        """Have a turn of somebody who is signed in say so of their account, at most once an hour."""
        user_id, now = actor.user.user_id, clock.now()
        if user_id is not None and actor.is_person and not 0 <= now - self._noted.get(user_id, -_HOUR) < _HOUR:
            commit.also.append(lambda database: note_user_active(database, user_id, now))
            self._noted[user_id] = now

    async def _open(self, session_id: str, visitor: Visitor, own: Sequence[Holder]) -> Opened:
        """:param own: the visitor's keys."""
        opened = await self._runner.vault.open(session_id, [*own, self._appliance])
        self._public.admit(opened.row.interview, visitor)
        return opened

    async def _enter(self, session_id: str, visitor: Visitor) -> Opened:
        """Open it for a turn of the visitor's, who holds it from then on."""
        holders = await self._keys_of(visitor)
        opened = await self._open(session_id, visitor, holders)
        if not any(holder.name in opened.keys for holder in holders):
            admit(await self.metadata(opened.row.interview), visitor.user, begins=False)
            opened = await join(self._runner, opened, holders[0])
            if not visitor.user.logged_in:
                self.adoption.begun(visitor)
        return opened

    async def _peek(self, session_id: str, visitor: Visitor) -> Opened:
        opened = await self._runner.vault.peek(session_id, [*await self._keys_of(visitor), self._appliance])
        self._public.admit(opened.row.interview, visitor)
        return opened

    async def _keys_of(self, visitor: Visitor) -> list[Holder]:
        """The visitor's keys, also those of the browser that it had until lately."""
        return [*await self._holders.of(visitor), *self.adoption.lately(visitor)]

    async def _new_session(self, interview: str, visitor: Visitor) -> Opened:
        """A session in memory; a signed-in person's is opened by their key alone, from any browser."""
        session_id, key, now = new_session_id(), new_key(), clock.now()
        holder = (await self._holders.of(visitor))[0]
        row = SessionRow(session_id, interview, visitor.user.user_id, now, now, now)
        return Opened(row, key, {holder.name: wrap(holder, session_id, key)})

    async def _one_back(self, opened: Opened) -> Opened:
        """The session with the pointer on the step before, and what storing that one again takes."""
        number = opened.row.step - 1
        opened = await self._runner.vault.with_step(opened, number)
        opened = await self._runner.vault.with_step(opened, number - 1)
        return replace(opened, row=replace(opened.row, step=number))

    async def _as_stored(self, opened: Opened, visitor: Visitor, actor: Actor) -> Reply:
        """The screen that the visitor was shown last, without a turn; where there is none, it is made."""
        shown = opened.screens.of(actor.viewers)
        admit(await self.metadata(opened.row.interview), visitor.user, begins=False)
        if shown is None:
            return await self._take(opened, Happening("refresh", Refresh(), actor))
        return self._reply(opened, actor, ShowScreen(shown.screen))

    async def _too_late(self, opened: Opened, visitor: Visitor, actor: Actor, submission: Submission) -> Reply:
        reply = await self._as_stored(opened, visitor, actor)
        if not isinstance(reply.ending, ShowScreen):
            return reply
        older = [shown.screen for step in opened.steps.values()
                 if (shown := opened.screens_of(step).of(actor.viewers)) is not None]
        ending, message = shown_again(reply.ending.screen, submission.posted, older)
        return replace(reply, ending=ending, message=message)

    def _reply(self, opened: Opened, actor: Actor, ending: Ending) -> Reply:
        screen = ending.screen if isinstance(ending, ShowScreen) else None
        shown = opened.screens.of(actor.viewers)
        return Reply(opened.row.id, opened.row.interview, opened.row.revision if shown is None else shown.revision,
                     secrets.token_urlsafe(16), ending, opened.row.step, _can_go_back(opened, screen))


def _can_go_back(opened: Opened, screen: object) -> bool:
    current = opened.current
    return (opened.row.step > 1 and current is not None and not current.no_back
            and getattr(screen, "can_go_back", True))


def _tells_too(later: CheckIn, earlier: CheckIn) -> bool:
    """Whether an action that runs for `later` misses nothing when it does not run for `earlier`."""
    return not earlier.initial and earlier.changed in (None, later.changed)
