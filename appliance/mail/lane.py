"""The mail of one mail server: sent in order over one connection at a time, whatever becomes of the other servers'.

A mail server's 250 and our mark are two things: a kill between them leads to a repeat with the same Message-ID, never
to a loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import smtplib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from sqlite_utils import Database

from appliance import clock
from appliance.mail.handing_over import Answer, as_sent, hand_over
from appliance.mail.mail_log import MailLog
from appliance.mail.mail_server import MailServer
from appliance.mail.troubles import kind_of, words_of
from appliance.store.database import Store
from appliance.store.errors import WrongKey
from appliance.store.outbox import (
    Mail,
    MailRow,
    due_mail,
    mail_failed,
    mail_postponed,
    mail_row,
    mail_sent,
    next_due,
    open_mail,
    postpone_mail,
)

__all__ = ["Lane", "pause_after"]

logger = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 3600.0
_PATIENCE = 3 * 24 * 3600.0
_LONGEST_SLEEP = 60.0
"""Seconds; the wall clock may jump, and a laptop sleeps, so it is looked at this often while something waits."""


def pause_after(tries: int) -> float | None:
    """Seconds until the next try; None where it was tried for three days, not counting what the laptop was off.

    >>> [pause_after(tries) for tries in (1, 2, 3, 7, 50)]
    [60.0, 120.0, 240.0, 3600.0, 3600.0]
    """
    pauses = [min(_FIRST_PAUSE * 2 ** (number - 1), _LONGEST_PAUSE) for number in range(1, tries + 1)]
    return None if sum(pauses) > _PATIENCE else pauses[-1]


class Lane:
    """Everything but what says so belongs to the loop.

    :param names: of the configurations whose mail goes this way.
    :param on_changed: called when there is something else to be seen of a mail; from any thread.
    """

    def __init__(self, store: Store, appliance_key: bytes, server: MailServer, names: list[str], log: MailLog,
                 on_changed: Callable[[], None]) -> None:
        self._store = store
        self._key = appliance_key
        self._server = server
        self._names = names
        self._log = log
        self._on_changed = on_changed
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._stopping = threading.Event()
        self._task = self._loop.create_task(self._run())
        self._sending: asyncio.Future[None] | None = None
        self._to_mark: dict[int, Callable[[Database], None]] = {}
        self._under_way: set[int] = set()

    def wake(self) -> None:
        """There is new mail."""
        self._woken.set()

    def is_under_way(self, number: int) -> bool:
        """Whether a mail is being handed over, or was and is still to be marked; from any thread."""
        return number in self._under_way or number in self._to_mark

    async def stop(self, patience: float) -> None:
        """Send no more; a mail that is under way has `patience` seconds to end."""
        self._stopping.set()
        self._task.cancel()
        await asyncio.wait([self._task])
        if self._sending is not None:
            await asyncio.wait([self._sending], timeout=patience)
            if self._sending.done():
                self._sending.exception()   # it was told, where there was anybody to be told

    # -- on the loop -----------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                pause = await self._round()
            except Exception:   # whatever it is, what waits must not wait for the next start
                logger.exception("the outbox cannot be read, written or sent; the next try is in %g s", _LONGEST_SLEEP)
                pause = _LONGEST_SLEEP
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause)

    async def _round(self) -> float | None:
        """Send what is due; returns how long there is nothing to do."""
        for number, mark in list(self._to_mark.items()):   # what was sent and could not be marked
            await asyncio.wrap_future(self._store.write(mark))
            del self._to_mark[number]
        numbers = await asyncio.wrap_future(self._store.read(partial(due_mail, configs=self._names)))
        if numbers:
            self._sending = self._loop.create_future()
            threading.Thread(target=self._send, args=(numbers, self._sending), name="outbox", daemon=True).start()
            await asyncio.shield(self._sending)
            return 0.0
        due = await asyncio.wrap_future(self._store.read(partial(next_due, configs=self._names)))
        return None if due is None else min(max(due - clock.now(), 0.0), _LONGEST_SLEEP)

    # -- on a thread of its own: a mail server may take long -----------------------------------------------

    def _send(self, numbers: list[int], done: asyncio.Future[None]) -> None:
        problem: Exception | None = None
        try:
            self._send_all(numbers)
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to whoever waits
            problem = error
        with contextlib.suppress(RuntimeError):   # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(_tell, done, problem)

    def _send_all(self, numbers: list[int]) -> None:
        """Send one after the other. A connection that breaks leaves the rest for another one."""
        with contextlib.ExitStack() as stack:
            try:
                connection = stack.enter_context(self._server.connected())
            except (OSError, smtplib.SMTPException, ValueError) as problem:   # the last: what nobody can decode
                self._unreachable(problem)
                return
            for number in numbers:
                if self._stopping.is_set() or not self._send_one(connection, number):
                    return

    def _unreachable(self, problem: Exception) -> None:
        """All that is due waits, at the price of one try and one write."""
        kind = kind_of(problem)
        self._log.unreachable(kind)
        failed = self._store.write(lambda database: postpone_mail(
            database, self._names, kind, words_of(problem), self._key, pause_after)).result()
        for number, tries in failed:
            self._log.failed(number, tries, kind)
        self._on_changed()

    def _send_one(self, connection: smtplib.SMTP, number: int) -> bool:
        """Try a mail, unless a person has decided about it meanwhile; False if the connection is of no more use."""
        self._under_way.add(number)
        try:
            row = self._store.read(lambda database: mail_row(database, number)).result()
            if row is None or row.state != "waiting":
                return True
            self._on_changed()
            return self._try(connection, row)
        finally:
            self._under_way.discard(number)
            self._on_changed()

    def _try(self, connection: smtplib.SMTP, row: MailRow) -> bool:
        try:
            mail = open_mail(row, self._key)
        except WrongKey as problem:
            self._fail(row, kind_of(problem), words_of(problem), None)
            return True
        try:
            if mail is None:
                return True
            message = as_sent(mail, self._server.default_sender, row.repeats)
            answer = hand_over(connection, mail, mail.sender or self._server.default_address, message)
        except (OSError, smtplib.SMTPException) as problem:
            self._postpone(row, kind_of(problem), words_of(problem))
            return False
        except Exception as problem:  # noqa: BLE001 - one mail that cannot be sent must not hold up the others
            self._fail(row, type(problem).__name__, str(problem), None)
            return False
        self._settle(row, answer)
        return True

    def _settle(self, row: MailRow, answer: Answer) -> None:
        if answer.left is not None:
            self._postpone(row, answer.error, answer.words, answer.left)
        elif answer.refused is not None:
            self._fail(row, answer.error, answer.words, answer.refused)
        else:
            self._log.sent(row.number, row.tries + 1)
            self._mark(row, lambda database: mail_sent(database, row, answer.words, self._key))

    def _postpone(self, row: MailRow, error: str, words: str, left: Mail | None = None) -> None:
        tries = row.tries + 1
        pause = pause_after(tries)
        if pause is None:
            self._fail(row, error, words, left)
            return
        self._log.postponed(row.number, tries, error, pause)
        self._mark(row, lambda database: mail_postponed(database, row, error, words, self._key, pause, left))

    def _fail(self, row: MailRow, error: str, words: str, left: Mail | None) -> None:
        self._log.failed(row.number, row.tries + 1, error)
        self._mark(row, lambda database: mail_failed(database, row, error, words, self._key, left))

    def _mark(self, row: MailRow, mark: Callable[[Database], None]) -> None:
        """Write what became of it at once. What cannot be written is written before anything else is sent."""
        try:
            marked: Future[None] = self._store.write(mark)
            marked.result()
        except Exception:
            self._to_mark[row.number] = mark
            raise
        self._on_changed()


def _tell(done: asyncio.Future[None], problem: Exception | None) -> None:
    if done.cancelled():
        return
    if problem is None:
        done.set_result(None)
    else:
        done.set_exception(problem)
