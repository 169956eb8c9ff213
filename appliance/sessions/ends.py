"""The end of a background task as a turn of its session: applied exactly once, on the newest answers."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import replace
from typing import Any

from appliance.interview.accounts import AccountsRefused
from appliance.interview.errors import CannotSave, CodeFailed, InterviewError
from appliance.interview.other_sessions import session_effects
from appliance.interview.tasks import ErrorDetails, TaskEnd
from appliance.interview.turn import Action, BackgroundAnswer, FollowUp
from appliance.sessions.commit import AlreadyEnded, Commit, TaskEnding
from appliance.sessions.error_mail import Trouble, place_in_program
from appliance.sessions.errors import NoSuchSession, Stopping
from appliance.sessions.files import FileChanges, seal_task_files
from appliance.sessions.host import Actor
from appliance.sessions.language import dump, load
from appliance.sessions.opened import Opened
from appliance.sessions.other_sessions import Work
from appliance.sessions.people import accounts_among
from appliance.sessions.runner import Evaluated, Happening, Runner
from appliance.sessions.settling import Settled, Settler, new_notice
from appliance.sessions.stores import outlives_session, stored_among
from appliance.store.errors import StoreError
from appliance.store.tasks import TaskPayload, TaskResult, TaskRow, answers_of, seal_answers, session_key_of, task_row

__all__ = ["TaskEnds", "actor_of", "details_of"]


class TaskEnds:
    """Takes the ends that compute reports."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def take(self, end: TaskEnd) -> None:
        """Write how the task ended, and run the action it ended in, if any.

        Nothing happens for a task that has ended before, was revoked, or whose session is gone.
        """
        runner = self._runner
        row = await self._outstanding(end)
        if row is None:
            return
        if end.follow_up is not None or end.goodbye is not None:
            with runner.waits.acting(end.task_id):
                await runner.in_order(row.session_id, lambda: self._in_turn(end))
        else:
            # Touches no answers, so it needs no place in the line; a turn of the session may even be waiting for it.
            await self._take(row, end)
        runner.waits.ended(end.task_id)

    async def _outstanding(self, end: TaskEnd) -> TaskRow | None:
        row = await self._runner.read(lambda database: task_row(database, end.task_id))
        return row if row is not None and row.state in ("queued", "running") else None

    async def _in_turn(self, end: TaskEnd) -> None:
        row = await self._outstanding(end)
        if row is not None:
            await self._take(row, end)

    async def _take(self, row: TaskRow, end: TaskEnd) -> None:
        key = session_key_of(row, self._runner.appliance_key)
        if key is None:
            return
        try:
            opened = await self._runner.vault.peek_with(row.session_id, key)
            work = await self._work(row, end)
            files = FileChanges()
            if end.files and end.goodbye is None:
                files = await asyncio.to_thread(seal_task_files, self._runner.files, row.session_id, key, end.files)
            follow_up, end = _opened_follow_up(end)
            if follow_up is None:
                await self._without_action(opened, row, end, files, work)
            else:
                await self._with_action(opened, row, end, follow_up, files, work)
        except (NoSuchSession, AlreadyEnded):
            await self._runner.task_sessions.forget(row.id)
            return  # it was deleted, or the end was reported twice: nothing is left to do
        except _SessionsRefused as refused:
            await self._take(row, _refused(end, refused.error))
        except AccountsRefused as refused:   # what was allowed when the task ran; that is how it failed
            await self._take(row, _refused(end, refused))

    async def _work(self, row: TaskRow, end: TaskEnd) -> Work:
        """What the task asked for of other sessions, for its commit.

        :raises _SessionsRefused: if that cannot be done by now; so the task failed.
        """
        effects = () if end.effects is None else session_effects(load(end.effects))
        if not effects:
            await self._runner.task_sessions.forget(row.id)
            return Work()
        try:
            return await self._runner.task_sessions.at_end(row.id, row.session_id, self._actor(row), effects)
        except InterviewError as error:
            raise _SessionsRefused(error) from error

    async def _without_action(self, opened: Opened, row: TaskRow, end: TaskEnd, files: FileChanges,
                              work: Work) -> None:
        result = TaskResult("failed" if end.error else "done", end.value, end.error, log=end.log, where=end.where)
        commit = Commit(row.session_id, opened.key, delete=end.goodbye is not None, files=files)
        work.into(commit, self._runner.appliance_key)
        await self._commit(Settled(opened, commit), row, end, result, where=end.where)

    async def _with_action(self, opened: Opened, row: TaskRow, end: TaskEnd, follow_up: FollowUp,
                           files: FileChanges, work: Work) -> None:
        number = opened.row.callbacks + 1
        counted = replace(opened, row=replace(opened.row, callbacks=number))
        settled = Settled(opened, Commit(row.session_id, opened.key))
        callback = None
        value: bytes | None = None if end.error else dump(
            {"action": follow_up.action, "arguments": follow_up.arguments}, "What was given to the response action")
        error, where = end.error, end.where
        if follow_up.action is not None:
            action = Action(follow_up.action, dict(follow_up.arguments))
            asked_for = [] if end.effects is None else load(end.effects)
            try:
                evaluated, answered = await self._evaluated(counted, Happening(
                    "follow_up", action, self._actor(row), files=files, task_id=row.id,
                    stored=stored_among(asked_for), accounts=accounts_among(asked_for), work=work))
            except (Stopping, StoreError):   # the action has not run, or could not be kept: it is tried again
                await asyncio.to_thread(self._runner.files.remove, files.blobs)
                raise
            except Exception as raised:  # noqa: BLE001 - whatever the action raised is how the task ended
                error, value = details_of(raised), None
                where = raised.where if isinstance(raised, InterviewError) else place_in_program(raised)
                (await self._work(row, end)).into(settled.commit, self._runner.appliance_key)
            else:
                settled = evaluated.settled or settled
                callback, value = end.follow_up, value if answered is None else answered
        else:
            work.into(settled.commit, self._runner.appliance_key)
        result = TaskResult("failed" if error else "done", value, error, log=end.log, where=where)
        if settled.commit.delete:
            await asyncio.to_thread(self._runner.files.remove, files.blobs)
        else:
            settled.commit.files = files + settled.commit.files
        await self._commit(settled, row, end, result, callback, number, where=where)

    async def _evaluated(self, opened: Opened, happening: Happening) -> tuple[Evaluated, bytes | None]:
        """The action, before its commit, and the pickled value that it answers with, if it does.

        :raises CannotSave: if that cannot be pickled; nothing is left of the action then.
        """
        evaluated = await self._runner.evaluate(opened, happening)
        if not isinstance(evaluated.ending, BackgroundAnswer):
            return evaluated, None
        try:
            return evaluated, dump(evaluated.ending.value, "The value given to background_response()")
        except CannotSave:
            if evaluated.settled is not None:
                await asyncio.to_thread(self._runner.files.remove, evaluated.settled.commit.blobs)
            raise

    async def _commit(self, settled: Settled, row: TaskRow, end: TaskEnd, result: TaskResult,
                      callback: bytes | None = None, number: int | None = None, *, where: str) -> None:
        """Write the end with all that belongs to it, and the notice that the code which asked for the task wanted."""
        commit = settled.commit
        commit.ending = TaskEnding(row, result, callback, number if callback is not None else None)
        if result.error is not None:
            self._mail(commit, settled.opened.row.interview, row, result.error, where)
        await self._effects(settled, row, end)
        if not commit.delete:
            wanted = row.notification
            if wanted is not None and (wanted == "refresh" or result.value is not None):
                # A refresh needs no value, and what a task found out is not the browser's business by itself.
                value = load(result.value) if result.value is not None and wanted != "refresh" else None
                commit.notices.append(new_notice(settled.opened, wanted, value))
        await self._runner.commit(settled)

    async def _effects(self, settled: Settled, row: TaskRow, end: TaskEnd) -> None:
        """What the task itself asked for; tasks among it work on the session's newest answers.

        Where there are none yet, because the session's first turn waits for this task, they work on those it had. Of a
        session that ends here, mail still goes out.
        """
        if end.effects is None:
            return
        commit, opened = settled.commit, settled.opened
        settler = Settler(self._runner.language, self._runner.appliance_key, opened, "follow_up", self._actor(row),
                          parent=row.id, accounts=self._runner.accounts)
        effects = load(end.effects)
        later, commit.stored = commit.stored, []   # of the response action, which came after the task
        of_action = commit.accounts
        settler.add_effects(commit, [one for one in effects if outlives_session(one)] if commit.delete else effects)
        commit.stored += later
        if of_action is not None and commit.accounts is not None and commit.accounts is not of_action:
            commit.accounts = commit.accounts.followed_by(of_action)
        if not commit.tasks or commit.task_answers:
            return
        if opened.current is not None:
            commit.task_answers = seal_answers(self._runner.appliance_key, opened.row.id, opened.current.answers)
        else:
            commit.task_answers = await self._runner.read(lambda database: answers_of(database, row) or b"")

    def _mail(self, commit: Commit, interview: str, row: TaskRow, error: ErrorDetails, where: str) -> None:
        """Tell the administrator, in the commit of the end."""
        mail = self._runner.error_mails.about(Trouble(
            interview, "background task", error.error_type, where, row.action, tuple(error.variables), row.id,
            self._actor(row).url_root, error.error_message, error.error_trace))
        if mail is not None:
            commit.mails.append(mail)

    def _actor(self, row: TaskRow) -> Actor:
        payload: Any = row.payload(self._runner.appliance_key)
        return actor_of(payload)


def actor_of(payload: TaskPayload) -> Actor:
    """A task and its callback act for whoever asked for the task."""
    return Actor("worker", payload.user, payload.url_root, payload.device, payload.personal, payload.viewers,
                 receiver=payload.receiver, places=payload.places)


def _opened_follow_up(end: TaskEnd) -> tuple[FollowUp | None, TaskEnd]:
    """The action that the task ended in, and its end; an action that cannot be opened here is how the task failed."""
    if end.follow_up is None:
        return None, end
    try:
        return load(end.follow_up), end
    except Exception as problem:  # noqa: BLE001 - objects of authors can fail in any way when they are opened
        return None, replace(end, follow_up=None, value=None, error=end.error or details_of(problem))


class _SessionsRefused(Exception):
    """What a task wanted of other sessions cannot be done by now."""

    def __init__(self, error: InterviewError) -> None:
        super().__init__(str(error))
        self.error = error


def _refused(end: TaskEnd, refused: InterviewError) -> TaskEnd:
    """The end of a task that wanted of accounts or other sessions what cannot be."""
    others = [] if end.effects is None else [
        one for one in load(end.effects) if not (accounts_among([one]) or session_effects([one]))]
    return replace(end, value=None, follow_up=None, goodbye=None, error=details_of(refused),
                   effects=dump(others, "What the task asked for"))


def details_of(error: Exception) -> ErrorDetails:
    """An error under the names that authors know, in its own words."""
    if isinstance(error, CodeFailed):
        return ErrorDetails(error.error_type, error.message, error.trace, tuple(error.variables))
    variables = tuple(error.variables) if isinstance(error, InterviewError) else ()
    return ErrorDetails(type(error).__name__, str(error), "".join(traceback.format_exception(error)), variables)
