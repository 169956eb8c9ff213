"""What tasks ask of the server while they run: what did not travel with them (docs/compute.md says how)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlite_utils import Database

from appliance.interview.files import FileInfo
from appliance.interview.host import Visit
from appliance.interview.other_sessions import SessionEffect
from appliance.interview.received import AddressOfSession, GivenAddress
from appliance.interview.stored import NotReadable, QuickError
from appliance.sessions.ends import actor_of
from appliance.sessions.files import with_file
from appliance.sessions.incoming import IncomingMail
from appliance.sessions.runner import Runner
from appliance.sessions.stores import SessionStores
from appliance.store.counters import mark_of, times_counted
from appliance.store.files import FileRow, file_row
from appliance.store.tasks import session_key_of, task_row
from appliance.store.values import Owner
from appliance.store.visits import last_visits, visits_with_privileges

__all__ = ["TaskQuestions"]


class TaskQuestions:
    """Answers for tasks that are outstanding; each question's first argument is the id of the task that asks."""

    def __init__(self, runner: Runner, incoming: IncomingMail) -> None:
        self._runner = runner
        self._incoming = incoming

    def table(self) -> dict[str, Callable[..., Awaitable[Any]]]:
        """Who answers which kind of question (:mod:`appliance.compute.asking`)."""
        return {"file": self.file, "times_performed": self.times_performed, "visits": self.visits,
                "email_address": self.email_address, "received_mail": self.received_mail, "stores": self.stores,
                "users": self.users, "sessions": self.sessions}

    async def file(self, task_id: str, number: int) -> tuple[FileInfo, bytes] | None:
        """A file of the task's session, with its content; None if the session has none of that number."""
        task = await self._runner.read(lambda database: task_row(database, task_id))
        key = None if task is None else session_key_of(task, self._runner.appliance_key)
        if task is None or key is None:
            return None

        def find() -> FileRow | None:
            row = self._runner.store.read(lambda database: file_row(database, number)).result()
            return row if row is not None and row.session_id == task.session_id else None
        files = self._runner.files
        return await asyncio.to_thread(with_file, find, lambda row: (row.info(key), files.content(row, key)))

    async def times_performed(self, task_id: str, task: str) -> int:
        """How often something of the session was counted as performed beside the steps."""
        def look(database: Database) -> int:
            row = task_row(database, task_id)
            key = None if row is None else session_key_of(row, self._runner.appliance_key)
            return 0 if row is None or key is None else times_counted(database, row.session_id, mark_of(key, task))
        return await self._runner.read(look)

    async def visits(self, task_id: str) -> list[Visit]:
        """Who was last in the session, and when."""
        def look(database: Database) -> list[Visit]:
            row = task_row(database, task_id)
            return [] if row is None else visits_with_privileges(database, last_visits(database, row.session_id))
        return await self._runner.read(look)

    async def email_address(self, task_id: str, key: Any, index: Any) -> GivenAddress:
        """An address of the session, for whoever asked for the task.

        :raises LookupError: if the task has ended.
        """
        return await self._incoming.address_for_task(task_id, key, index)

    async def received_mail(self, task_id: str) -> list[AddressOfSession]:
        """What came to the session.

        :raises LookupError: if the task has ended.
        """
        return await self._incoming.mail_for_task(task_id)

    async def stores(self, task_id: str, method: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
        """What authors stored beside the answers (:class:`appliance.interview.stored.Stores`).

        :returns: the name of the exception that says why not, with its words, or an empty text and the answer.
        :raises LookupError: if the task has ended.
        """
        task = await self._runner.read(lambda database: task_row(database, task_id))
        key = None if task is None else session_key_of(task, self._runner.appliance_key)
        payload = None if task is None else task.payload(self._runner.appliance_key)
        if task is None or key is None or payload is None:
            raise LookupError("The task has ended.")
        stores = SessionStores(self._runner.store_room, Owner(
            self._runner.appliance_key, task.session_id, key, payload.user.user_id, payload.personal))
        answers: dict[str, Callable[..., Any]] = {
            "check": stores.check, "value": stores.value, "names": stores.names, "records": stores.records,
            "new_record_id": stores.new_record_id, "quick": stores.quick, "write_snapshots": stores.write_snapshots}
        try:
            return "", await asyncio.to_thread(answers[method], *arguments)
        except (NotReadable, QuickError) as refused:
            return type(refused).__name__, str(refused)

    async def sessions(self, task_id: str, method: str, arguments: tuple[Any, ...],
                       before: tuple[SessionEffect, ...]) -> tuple[str, Any]:
        """Other sessions (:class:`appliance.interview.other_sessions.OtherSessions`).

        :param before: what the task has asked for so far.
        :returns: words that say why not, or an empty text and the answer.
        :raises LookupError: if the task has ended.
        """
        task = await self._runner.read(lambda database: task_row(database, task_id))
        payload = None if task is None else task.payload(self._runner.appliance_key)
        if task is None or payload is None:
            raise LookupError("The task has ended.")
        return await self._runner.task_sessions.answer(
            task_id, task.session_id, actor_of(payload), method, arguments, before)

    async def users(self, task_id: str, method: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
        """The accounts (:class:`appliance.interview.accounts.People`).

        :returns: words that say why not, or an empty text and the answer.
        :raises LookupError: if the task has ended.
        """
        task = await self._runner.read(lambda database: task_row(database, task_id))
        if task is None or session_key_of(task, self._runner.appliance_key) is None:
            raise LookupError("The task has ended.")
        door = self._runner.accounts
        answers: dict[str, Callable[..., Any]] = {
            "account": door.account, "accounts": door.accounts, "privileges": door.privileges,
            "new_user_id": door.new_user_id, "lock": door.lock, "new_password": door.new_password,
            "new_token": door.new_token}
        try:
            return "", await asyncio.to_thread(answers[method], *arguments)
        except ValueError as refused:
            return str(refused), None
