"""What turns asked to be done to other sessions, done: each in the place of its session in the line.

It is asked for with a commit and kept until it is done, so a crash in between loses nothing. Whoever comes to a session
later finds it done: a turn does first what waits for its session.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from appliance.interview.errors import InterviewError
from appliance.interview.other_sessions import DeleteSession, RunAction
from appliance.sessions.commit import Commit
from appliance.sessions.errors import ApplianceDied, NoSuchSession, Stopping
from appliance.sessions.evaluation import Running
from appliance.sessions.opened import Opened
from appliance.sessions.other_sessions import TurnSessions, Work
from appliance.sessions.reply import Notice
from appliance.sessions.session_change import Pending, SessionChange, change
from appliance.sessions.settling import Settled
from appliance.store.errors import StoreError, WrongKey
from appliance.store.keys import APPLIANCE
from appliance.store.session_changes import (
    ChangeRow,
    change_begins,
    change_waits_on,
    changed_sessions,
    changes_of,
    forget_change,
    outstanding_changes,
)
from appliance.store.sessions import remove_key, told_session

if TYPE_CHECKING:
    from appliance.sessions.runner import Runner

__all__ = ["ChangeLine"]

logger = logging.getLogger(__name__)

_MOST_STARTS = 3
"""Starts of the appliance that may end while they do what an earlier one has left, before it is given up."""


class ChangeLine:
    """What waits to be done. Everything here happens on the loop."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._waiting: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._left: set[int] = set()    # by the last run, which may have died of one of them
        self._begun: set[int] = set()   # of those

    async def resume(self) -> None:
        """At start: begin what the last run left, one session after the other: what dies, dies of what is counted."""
        self._left = await self._runner.read(outstanding_changes)
        sessions = await self._runner.read(changed_sessions)
        self._waiting.update(sessions)
        if sessions:
            self._keep(self._begin_all(sessions))

    async def stop(self) -> None:
        """The appliance stops, and what is not done waits: that counts for no death."""
        for number in self._begun:
            with suppress(StoreError):
                await self._runner.write(partial(change_waits_on, number=number))
        self._begun.clear()

    def asked(self, session_ids: Iterable[str]) -> None:
        """A commit asked for changes of these sessions."""
        for session_id in dict.fromkeys(session_ids):
            self._waiting.add(session_id)
            self._keep(self._begin(session_id))

    def waits(self, session_id: str) -> bool:
        """Whether something is to be done to the session first."""
        return session_id in self._waiting

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _begin_all(self, session_ids: Iterable[str]) -> None:
        for session_id in session_ids:
            await self._begin(session_id)

    async def _begin(self, session_id: str) -> None:
        async def nothing_more() -> None:
            """What waits is done before the body of a turn."""
        try:
            await self._runner.in_order(session_id, nothing_more)
        except (Stopping, StoreError):   # it stays, for the session's next turn or the next start
            logger.info("what was asked of session %s waits", told_session(session_id))

    async def carry_out(self, session_id: str) -> None:
        """Do all that waits for the session; in its place in the line.

        :raises StoreError: if it could not be written; it waits on then.
        :raises Stopping: likewise, where the appliance stops.
        """
        runner = self._runner
        self._waiting.discard(session_id)   # before the look: what is asked for from now on says so anew
        try:
            for row in await runner.read(lambda database: changes_of(database, session_id)):
                await self._done(row)
        except BaseException:
            self._waiting.add(session_id)
            raise

    async def _done(self, row: ChangeRow) -> None:
        runner = self._runner
        forget = partial(forget_change, number=row.number)
        try:
            asked: SessionChange = row.opened(runner.appliance_key)
        except WrongKey:
            logger.error("what was asked of session %s is damaged",  # noqa: TRY400 - where is no help
                         told_session(row.session_id))
            await runner.write(forget)
            return
        if row.number in self._left and await self._is_given_up(asked, row):
            return
        try:
            if isinstance(asked.effect, DeleteSession):
                await self._delete(asked.effect, row)
            else:
                opened = await runner.vault.peek_with(row.session_id, asked.session_key)
                await self._change(opened, asked, row)
        except NoSuchSession:   # it ended meanwhile, and what waited went with it
            return
        except (Stopping, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - code of authors can fail in any way; the change is given up
            self._tell(error, asked, row)
            await runner.write(forget)
        self._begun.discard(row.number)

    async def _is_given_up(self, asked: SessionChange, row: ChangeRow) -> bool:
        """Give up what too many starts did not survive; else note that another one tries."""
        if row.number in self._begun:   # and could not be written
            return False
        if row.starts >= _MOST_STARTS:
            self._tell(ApplianceDied(row.starts), asked, row)
            await self._runner.write(partial(forget_change, number=row.number))
            return True
        await self._runner.write(partial(change_begins, number=row.number))
        self._begun.add(row.number)
        return False

    def _tell(self, error: Exception, asked: SessionChange, row: ChangeRow) -> None:
        action = asked.effect.action if isinstance(asked.effect, RunAction) else ""
        self._runner.tell_failure(error, row.interview, "change by another session", action, asked.actor.url_root)

    async def _change(self, opened: Opened, asked: SessionChange, row: ChangeRow) -> None:
        runner, work = self._runner, Work()

        def on_thread(running: Running) -> Settled | None:
            others = TurnSessions.for_change(runner, asked, running, opened.row.id, work)
            done = change(runner, running, opened, asked, others, work.files, Pending())
            if done is None:
                return None
            work.into(done.settled.commit, runner.appliance_key)
            return done.settled
        try:
            settled = await runner.evaluator.run(on_thread)
            await asyncio.to_thread(work.close)
        except BaseException:
            await asyncio.to_thread(work.abandon)
            raise
        settled = settled or Settled(opened, Commit(opened.row.id, opened.key))
        settled.commit.absent = True
        settled.commit.also.append(lambda database: forget_change(database, row.number))
        try:
            await runner.commit(settled)
        except InterviewError:   # what it wanted of accounts is not allowed any more
            await asyncio.to_thread(work.abandon)
            raise
        runner.listeners.on_notice(Notice(0, row.session_id, "reload"))

    async def _delete(self, effect: DeleteSession, row: ChangeRow) -> None:
        runner, session_id = self._runner, row.session_id
        keys = await runner.vault.keys_of(session_id)
        others = set(keys) - set(effect.holders) - {APPLIANCE}
        if effect.shared or not others:
            commit = Commit(session_id, b"", delete=True)
            runner.carry_out(commit, await runner.write(commit.write))
        else:
            def leave(database: object) -> None:
                for holder in effect.holders:
                    remove_key(database, session_id, holder)   # type: ignore[arg-type]
                forget_change(database, row.number)   # type: ignore[arg-type]
            await runner.write(leave)
        runner.vault.shelf.forget(session_id)
