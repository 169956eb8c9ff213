"""A mail that came, as a turn of its session: its files, the task ``incoming_email`` and the note in one commit."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlite_utils import Database

from appliance.interview.errors import InterviewError
from appliance.interview.host import UserInfo
from appliance.interview.namespace import library
from appliance.interview.received import AddressOfSession, GivenAddress, ReceivedMail
from appliance.interview.turn import StartTask
from appliance.sessions.commit import Commit
from appliance.sessions.errors import NoSuchSession, NotYours
from appliance.sessions.host import Actor
from appliance.sessions.mailroom import UnpackedMail
from appliance.sessions.opened import Opened
from appliance.sessions.runner import Runner
from appliance.sessions.settling import Settled, new_task
from appliance.store.errors import WrongKey
from appliance.store.keys import Holder
from appliance.store.received_mail import (
    AddressRow,
    MailRow,
    address_row,
    fail_mail,
    mail_row,
    open_mail,
    take_mail,
)
from appliance.store.tasks import seal_answers, session_key_of, task_row
from appliance.store.users import Users

__all__ = ["EVENT", "IncomingMail"]

logger = logging.getLogger(__name__)

EVENT = "incoming_email"
"""The action that runs when a mail comes, with the argument ``email``."""

_DAMAGED = "The message is damaged on the disk and cannot be opened."


class _Gone(Exception):
    """The mail was given to its session before, or is not there any more."""


@dataclass(frozen=True)
class _Arrived:
    """A mail that waits, and for whom it is."""

    row: MailRow
    address: AddressRow
    url_root: str = ""
    user: UserInfo = field(default_factory=UserInfo)


class IncomingMail:
    """Gives mail to sessions.

    :param appliance: opens the sessions that say ``multi_user = True``.
    :param offers: whether an interview has a block for an event; raises InterviewError.
    """

    def __init__(self, runner: Runner, appliance: Holder, offers: Callable[[str, str], bool]) -> None:
        self._runner = runner
        self._appliance = appliance
        self._offers = offers
        self._users = Users(runner.store, runner.appliance_key)

    async def arrived(self, session_id: str, number: int) -> None:
        """Give the session the mail of this number, in its place in the line. Nothing happens if it has it already.

        Where the interview cannot take it, the mail is marked so, and is there for ``get_emails()``.

        :raises StoreError: if nothing could be written: then it waits.
        """
        try:
            await self._runner.in_order(session_id, lambda: self._in_turn(session_id, number))
        except (NoSuchSession, _Gone):
            return

    # -- for tasks -----------------------------------------------------------------------------------------

    async def address_for_task(self, task_id: str, key: Any, index: Any) -> GivenAddress:
        """See :class:`appliance.sessions.task_questions.TaskQuestions`.

        :raises LookupError: if the task has ended.
        """
        session_id, session_key, user = await self._of_task(task_id)
        return await asyncio.to_thread(self._runner.mailroom.address, session_id, session_key, user.user_id, key, index)

    async def mail_for_task(self, task_id: str) -> list[AddressOfSession]:
        """See :class:`appliance.sessions.task_questions.TaskQuestions`.

        :raises LookupError: if the task has ended.
        """
        session_id, session_key, _user = await self._of_task(task_id)
        return await asyncio.to_thread(self._runner.mailroom.mails, session_id, session_key)

    async def _of_task(self, task_id: str) -> tuple[str, bytes, UserInfo]:
        row = await self._runner.read(lambda database: task_row(database, task_id))
        key = None if row is None else session_key_of(row, self._runner.appliance_key)
        payload = None if row is None else row.payload(self._runner.appliance_key)
        if row is None or key is None or payload is None:
            raise LookupError(f"task {task_id} is not outstanding")
        return row.session_id, key, payload.user

    # -- in the session's line ---------------------------------------------------------------------------

    async def _in_turn(self, session_id: str, number: int) -> None:
        row, address = await self._runner.read(partial(_found, number=number))
        if row is None or address is None or row.state != "waiting":
            return
        try:
            opened = await self._runner.vault.peek(session_id, [self._appliance])
        except NotYours:
            # Only its own people can open this session: get_emails() gives them the mail when one of them is there.
            await self._runner.write(lambda database: take_mail(database, number))
            return
        try:
            arrived = await asyncio.to_thread(self._arrived, row, address, opened)
            unpacked = await asyncio.to_thread(self._unpacked, arrived, opened)
        except (WrongKey, FileNotFoundError):
            logger.error("mail %d is damaged on the disk", number)  # noqa: TRY400 - where is no help
            await self._runner.write(lambda database: fail_mail(database, number, _DAMAGED))
            return
        await self._give(opened, arrived, *unpacked)

    def _arrived(self, row: MailRow, address: AddressRow, opened: Opened) -> _Arrived:
        """Whom the action runs as: the person who got the address; somebody without an account where theirs is gone."""
        _key, _index, url_root = address.label(opened.key)
        user = None if address.user_id is None else self._users.get(address.user_id)
        return _Arrived(row, address, url_root, user or UserInfo())

    def _unpacked(self, arrived: _Arrived, opened: Opened) -> tuple[ReceivedMail, UnpackedMail | None]:
        """What is in the mail, and what is to be written if this opened it."""
        mail = arrived.row.mail(opened.key)
        if isinstance(mail, ReceivedMail):   # get_emails() came first
            return mail, None
        unpacked = self._runner.mailroom.open(arrived.row, arrived.address, opened.key)
        return unpacked.mail, unpacked

    async def _give(self, opened: Opened, arrived: _Arrived, mail: ReceivedMail, unpacked: UnpackedMail | None) -> None:
        runner, number = self._runner, arrived.row.number
        commit = Commit(opened.row.id, opened.key)
        if unpacked is not None:
            commit.files = unpacked.files
            commit.also.append(partial(_note_opened, row=unpacked.row))
        try:
            wanted = await asyncio.to_thread(self._offers, opened.row.interview, EVENT)
            task_id = secrets.token_hex(16) if wanted and opened.current is not None else ""
            if task_id and opened.current is not None:
                email = library()["DAEmail"].of(mail, runner.settings("timezone", None))
                effect = StartTask(task_id, EVENT, {"email": email})
                actor = Actor("worker", arrived.user, arrived.url_root)
                commit.tasks.append(new_task(effect, opened, actor, runner.appliance_key))
                commit.task_answers = seal_answers(runner.appliance_key, opened.row.id, opened.current.answers)
            commit.also.append(partial(_note_taken, number=number, task_id=task_id))
        except InterviewError as error:
            words = f"The interview cannot run: {error}"
            commit.tasks.clear()
            commit.also.append(lambda database: fail_mail(database, number, words))
        await runner.commit(Settled(opened, commit))


def _found(database: Database, number: int) -> tuple[MailRow | None, AddressRow | None]:
    row = mail_row(database, number)
    return row, None if row is None else address_row(database, row.code)


def _note_opened(database: Database, row: Any) -> None:
    # Where get_emails() of a task came first, its files have the same numbers, and these take their place.
    open_mail(database, row)


def _note_taken(database: Database, number: int, task_id: str) -> None:
    if not take_mail(database, number, task_id):
        raise _Gone
