"""The tasks as people see them: their own, or all for an administrator, with what they may do about them.

Whoever may open a session sees what its tasks did; of other people's sessions an administrator sees that there are
tasks, how they are, and where in an interview they failed, but no values.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from appliance.interview.tasks import ErrorDetails, TaskState
from appliance.sessions.commit import Commit
from appliance.sessions.errors import NotYours
from appliance.sessions.opened import title_context
from appliance.sessions.runner import Runner
from appliance.sessions.visitor import Visitor
from appliance.store.errors import WrongKey
from appliance.store.journal import Journal
from appliance.store.keys import Holder, appliance_holder, unwrap
from appliance.store.profiles import email_of
from appliance.store.sealing import unseal
from appliance.store.task_list import ListedTask, listed_tasks
from appliance.store.tasks import TaskRow, open_result, task_row

__all__ = ["ADMINISTRATORS", "TaskList", "TaskSummary", "is_administrator"]

ADMINISTRATORS = frozenset({"admin", "developer"})
"""The privileges that see, end and repeat the tasks of everybody."""

MOST_ENDED = 200
"""How many tasks a list shows that are done, that failed, and that were revoked; the others are there as long as their
sessions."""


@dataclass(frozen=True)
class TaskSummary:
    """One task for the Tasks page. Times are seconds since the epoch, UTC.

    :param session_title: empty where the caller may not see values.
    :param place_in_line: from 1, among all queued tasks of the appliance; None for a task that is not queued.
    :param deaths: how often its process ended while it ran.
    :param error_type: of a failed task, also where the caller may not see values; `error_where` is its file and line.
    :param error: with message and traceback; None where the caller may not see values.
    :param log: what the task printed and logged; empty where the caller may not see values.
    :param own: the caller's own session.
    :param can_run_again: what :meth:`TaskList.run_again` needs is still there.
    :param waiting_for: the tasks that must end before this one is taken.
    :param user_email: the account that asked for it; empty for somebody without one.
    """

    task_id: str
    session_id: str
    interview: str
    session_title: str = field(repr=False)
    action: str
    state: TaskState
    created: float
    started: float | None
    ended: float | None
    place_in_line: int | None
    deaths: int
    error_type: str
    error_where: str
    error: ErrorDetails | None = field(repr=False)
    log: tuple[str, ...] = field(repr=False)
    own: bool
    can_run_again: bool
    waiting_for: tuple[str, ...]
    user_email: str

    @property
    def parked(self) -> bool:
        """Given up, because its process ended again and again."""
        return self.state == "failed" and self.error_type == "WorkerDied"


class TaskList:
    """What people see of tasks and do about them.

    The methods that change something give False where there was nothing (any more) to change, and raise NotYours for
    a task of somebody else's session, unless the visitor is an administrator.

    :param holders: what a visitor can open sessions with.
    """

    def __init__(self, runner: Runner, holders: Callable[[Visitor], Awaitable[list[Holder]]]) -> None:
        self._runner = runner
        self._holders = holders
        self._journal = Journal(runner.store, runner.appliance_key)

    async def of(self, visitor: Visitor) -> list[TaskSummary]:
        """The tasks of the visitor's own sessions: the outstanding in their order, then the others, newest first."""
        holders = await self._holders(visitor)
        names = [holder.name for holder in holders]
        found = await self._runner.read(lambda database: listed_tasks(database, names, MOST_ENDED))
        return await asyncio.to_thread(self._summaries, found, holders)

    async def all(self, visitor: Visitor) -> list[TaskSummary]:
        """The tasks of all sessions, for an administrator.

        :raises NotYours: for anybody else.
        """
        if not is_administrator(visitor):
            raise NotYours("")
        holders = await self._holders(visitor)
        found = await self._runner.read(lambda database: listed_tasks(database, None, MOST_ENDED))
        return await asyncio.to_thread(self._summaries, found, holders)

    async def revoke(self, task_id: str, visitor: Visitor) -> bool:
        """End the task, also while it runs."""
        row = await self._allowed(task_id, visitor)
        if row is None:
            return False
        commit = Commit(row.session_id, b"", revokes=[(task_id, True)])
        written = await self._runner.write(commit.write)
        self._runner.carry_out(commit, written)
        return bool(written.revocations)

    async def run_again(self, task_id: str, visitor: Visitor) -> bool:
        """Queue a failed task anew; see :meth:`appliance.store.journal.Journal.run_again`."""
        if await self._allowed(task_id, visitor) is None or not await self._journal.run_again(task_id):
            return False
        self._runner.listeners.on_tasks_queued()
        self._runner.listeners.on_tasks_changed()
        return True

    async def dismiss(self, task_id: str, visitor: Visitor) -> bool:
        """Drop what a failed task worked on; that it failed stays to be read."""
        if await self._allowed(task_id, visitor) is None or await self._journal.dismiss(task_id) != 1:
            return False
        self._runner.listeners.on_tasks_changed()
        return True

    async def _allowed(self, task_id: str, visitor: Visitor) -> TaskRow | None:
        row = await self._runner.read(lambda database: task_row(database, task_id))
        if row is None or is_administrator(visitor):
            return row
        session_id, names = row.session_id, {holder.name for holder in await self._holders(visitor)}
        held = await self._runner.read(lambda database: {str(one[0]) for one in database.execute(
            "SELECT holder FROM session_keys WHERE session_id = ?", [session_id])})
        if not names & held:
            raise NotYours(session_id)
        return row

    # -- in a thread ---------------------------------------------------------------------------------------

    def _summaries(self, found: list[ListedTask], holders: list[Holder]) -> list[TaskSummary]:
        own = {holder.name for holder in holders}
        # The appliance holds the keys of multi_user sessions, which are for several people to see.
        openers = [*holders, appliance_holder(self._runner.appliance_key)]
        keys: dict[str, bytes | None] = {}
        return [self._summary(task, own, _key(task, openers, keys)) for task in found]

    def _summary(self, task: ListedTask, own: set[str], key: bytes | None) -> TaskSummary:
        row = task.row
        title, result = "", None
        if key is not None:
            with suppress(WrongKey):   # one that is damaged on the disk must not take the others from the page
                result = open_result(row, key)
                if task.session.sealed_title:
                    title = unseal(key, task.session.sealed_title, title_context(row.session_id)).decode()
        return TaskSummary(
            row.id, row.session_id, task.session.interview, title, row.action, row.state, row.created, row.started,
            row.ended, task.place, row.deaths, row.error_type, row.error_where,
            None if result is None else result.error, () if result is None else result.log,
            not own.isdisjoint(task.session.keys), row.state == "failed" and row.sealed_job is not None,
            task.waiting_for, email_of(self._runner.appliance_key, row.user_id, task.sealed_profile))


def is_administrator(visitor: Visitor) -> bool:
    """Whether the visitor sees what concerns everybody."""
    return not ADMINISTRATORS.isdisjoint(visitor.user.privileges)


def _key(task: ListedTask, openers: list[Holder], keys: dict[str, bytes | None]) -> bytes | None:
    """The key of the task's session, if one of `openers` has it; those that were opened before are in `keys`."""
    session_id, sealed = task.row.session_id, task.session.keys
    if session_id not in keys:
        opener = next((one for one in openers if one.name in sealed), None)
        keys[session_id] = None
        if opener is not None:
            with suppress(WrongKey):
                keys[session_id] = unwrap(opener, session_id, sealed[opener.name])
    return keys[session_id]
