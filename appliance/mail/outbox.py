"""Sends what waits: at once when there is something new, again after growing pauses, for three days.

A mail server's 250 and our mark are two things: a kill between them leads to a repeat with the same Message-ID, never
to a loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import smtplib
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from appliance import clock
from appliance.mail.handing_over import Answer, as_sent, hand_over
from appliance.mail.mail_log import MailLog
from appliance.mail.mail_server import MailServer
from appliance.store.database import Store
from appliance.store.outbox import (
    Mail,
    MailRow,
    due_mail,
    mail_counts,
    mail_failed,
    mail_postponed,
    mail_row,
    mail_sent,
    next_due,
    open_mail,
)

__all__ = ["Outbox", "pause_after"]

logger = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 3600.0
_PATIENCE = 3 * 24 * 3600.0
_LONGEST_SLEEP = 60.0
"""Seconds; the wall clock may jump, and a laptop sleeps, so it is looked at this often while something waits."""

T = TypeVar("T")


def pause_after(tries: int) -> float | None:
    """Seconds until the next try; None where it was tried for three days, not counting what the laptop was off.

    >>> [pause_after(tries) for tries in (1, 2, 3, 7, 50)]
    [60.0, 120.0, 240.0, 3600.0, 3600.0]
    """
    pauses = [min(_FIRST_PAUSE * 2 ** (number - 1), _LONGEST_PAUSE) for number in range(1, tries + 1)]
    return None if sum(pauses) > _PATIENCE else pauses[-1]


class Outbox:
    """The sender. Everything but :meth:`wake` belongs to the loop.

    :param server: None if no mail server is configured: mail waits.
    :param logs: the folder of ``mail.log``.
    """

    on_changed: Callable[[], None] = staticmethod(lambda: None)
    """Called when the Outbox page would show something else; from any thread."""

    def __init__(self, store: Store, appliance_key: bytes, server: MailServer | None, logs: Path) -> None:
        self._store = store
        self._key = appliance_key
        self._server = server
        self._log = MailLog(logs)
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._stopping = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self._sending: asyncio.Future[None] | None = None
        self._to_mark: dict[int, Callable[[Database], None]] = {}
        self._under_way: set[int] = set()

    @property
    def log(self) -> MailLog:
        """``mail.log``, which those who take mail in write too; closed when the outbox stops."""
        return self._log

    def start(self) -> None:
        """Begin to send; what waits from before goes first."""
        if self._server is not None:
            self._task = self._loop.create_task(self._run())

    def wake(self) -> None:
        """There is new mail; from any thread."""
        with contextlib.suppress(RuntimeError):   # the loop is closed: it goes at the next start
            self._loop.call_soon_threadsafe(self._woken.set)

    def is_under_way(self, number: int) -> bool:
        """Whether a mail is being handed over, or was and is still to be marked; from any thread.

        Asked inside a write, it says whether that write may decide about the mail: what is under way is read once more
        after this says so, on the same thread.
        """
        return number in self._under_way or number in self._to_mark

    async def stop(self, patience: float = 5.0) -> None:
        """Send no more; a mail that is under way has `patience` seconds to end."""
        self._stopping.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._sending is not None:
            await asyncio.wait([self._sending], timeout=patience)
            if self._sending.done():
                self._sending.exception()   # it was told, where there was anybody to be told
        self._log.close()

    async def health(self) -> dict[str, Any]:
        """How many mails wait and have failed, and the kind of the last trouble."""
        counts = await asyncio.wrap_future(self._store.read(mail_counts))
        status = "off" if self._server is None else "retrying" if counts.error and counts.waiting else "ok"
        return {"status": status, "waiting": counts.waiting, "failed": counts.failed, "error": counts.error}

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
        rows = await asyncio.wrap_future(self._store.read(due_mail))
        if rows:
            self._sending = self._loop.create_future()
            threading.Thread(target=self._send, args=(rows, self._sending), name="outbox", daemon=True).start()
            await asyncio.shield(self._sending)
            return 0.0
        due = await asyncio.wrap_future(self._store.read(next_due))
        return None if due is None else min(max(due - clock.now(), 0.0), _LONGEST_SLEEP)

    # -- on a thread of its own: a mail server may take long -----------------------------------------------

    def _send(self, rows: list[MailRow], done: asyncio.Future[None]) -> None:
        problem: Exception | None = None
        try:
            self._send_all(rows)
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to whoever waits
            problem = error
        with contextlib.suppress(RuntimeError):   # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(_tell, done, problem)

    def _send_all(self, rows: list[MailRow]) -> None:
        """Send one after the other. A connection that breaks leaves the rest for another one."""
        assert self._server is not None
        with contextlib.ExitStack() as stack:
            try:
                connection = stack.enter_context(self._server.connected())
            except (OSError, smtplib.SMTPException, UnicodeError) as problem:
                self._log.unreachable(_kind(problem))
                for row in rows:
                    self._postpone(row, _kind(problem), _words(problem))
                return
            for row in rows:
                if self._stopping.is_set() or not self._send_one(connection, row):
                    return

    def _send_one(self, connection: smtplib.SMTP, row: MailRow) -> bool:
        """Try a mail, unless a person has decided about it meanwhile; False if the connection is of no more use."""
        self._under_way.add(row.number)
        try:
            current = self._store.read(lambda database: mail_row(database, row.number)).result()
            if current is None or current.state != "waiting":
                return True
            self.on_changed()
            return self._try(connection, current)
        finally:
            self._under_way.discard(row.number)
            self.on_changed()

    def _try(self, connection: smtplib.SMTP, row: MailRow) -> bool:
        assert self._server is not None
        try:
            mail = open_mail(row, self._key)
            if mail is None:
                return True
            message = as_sent(mail, self._server.default_sender, row.repeats)
            answer = hand_over(connection, mail, mail.sender or self._server.default_address, message)
        except (OSError, smtplib.SMTPException) as problem:
            self._postpone(row, _kind(problem), _words(problem))
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
        self.on_changed()


def _tell(done: asyncio.Future[None], problem: Exception | None) -> None:
    if done.cancelled():
        return
    if problem is None:
        done.set_result(None)
    else:
        done.set_exception(problem)


def _kind(problem: Exception) -> str:
    """What went wrong, without any value."""
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return f"the user name or password was refused ({problem.smtp_code})"
    if isinstance(problem, UnicodeError):
        return "the server's name, the user name or the password has letters that mail servers cannot take"
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"{type(problem).__name__} ({problem.smtp_code})"
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return "the mail server does not offer STARTTLS, or no way to sign in"
    if isinstance(problem, ssl.SSLCertVerificationError):
        return "the mail server's certificate is not trusted"
    return type(problem).__name__


def _words(problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        said = problem.smtp_error
        return f"{problem.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
    if isinstance(problem, UnicodeError):
        return _kind(problem)   # its own words quote the password
    return str(problem)
