"""Fetches mail for interviews from a mailbox: each minute, and at once where the server tells of news.

A thread of its own speaks with the server. A message is kept first; then the database has how far the folder was read,
and then the message is marked. A kill in between leads to a message that is fetched again, and is known as a repeat.
What is for nobody we know is left as it is.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import imaplib
import logging
import ssl
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from imapclient.exceptions import LoginError

from appliance import clock
from appliance.mail.mail_folder import Heading, MailFolder, NoFolder
from appliance.mail.mail_log import MailLog
from appliance.mail.mailbox_server import MailboxServer, NotEncrypted
from appliance.mail.smtp_handler import ReceivesMail
from appliance.store.database import Store
from appliance.store.errors import StoreError
from appliance.store.mailboxes import ReadUpTo, folder_name, read_up_to, set_read_up_to

__all__ = ["Mailbox"]

logger = logging.getLogger(__name__)

_EACH = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 600.0
_FIRST_PAUSE_OF_REFUSED, _LONGEST_PAUSE_OF_REFUSED = 900.0, 6 * 3600.0
"""Seconds after a password was refused: providers lock accounts that are hammered."""

_KNOWN_AS_REPEATS = dt.timedelta(days=4)
"""For how long the same message is surely known as the same (store.received_mail.REPEATED_WITHIN)."""

_FOR_NOW = ("UNAVAILABLE", "SERVERBUG", "LIMIT", "INUSE")
"""What servers say of a login that has nothing to do with the password (RFC 5530, and RFC 9051 7.1)."""

_TRIES_TO_FETCH, _LOST_CONNECTIONS = 3, 20
"""How often the server may refuse one message, or the connection break while it comes, until others go before it."""


T = TypeVar("T")


class Mailbox:
    """One folder of one mailbox. Everything but what begins with an underscore belongs to the loop.

    :param is_ours: whether an address looks like one that an interview may have given out.
    :param largest: bytes; what is larger is left in the mailbox, and noted.
    """

    def __init__(self, mail_in: ReceivesMail, server: MailboxServer, store: Store, log: MailLog, *,
                 is_ours: Callable[[str], bool], largest: int) -> None:
        self._mail_in = mail_in
        self._server = server
        self._store = store
        self._log = log
        self._is_ours = is_ours
        self._largest = largest
        self._name = folder_name(server.host, server.user, server.folder)
        self._loop = asyncio.get_running_loop()
        self._stopping = threading.Event()
        self._ended = asyncio.Event()
        self._thread: threading.Thread | None = None
        self._error = ""
        self._fetched: float | None = None
        self._to_mark: set[tuple[int, int]] = set()
        self._failed_fetches: dict[int, int] = {}

    def start(self) -> None:
        """Begin to fetch."""
        self._thread = threading.Thread(target=self._run, name="mailbox", daemon=True)
        self._thread.start()

    async def stop(self, patience: float = 5.0) -> None:
        """Fetch no more; a message that is being fetched has `patience` seconds. What was not kept comes again."""
        self._stopping.set()
        if self._thread is not None:
            try:
                await asyncio.wait_for(self._ended.wait(), patience)
            except TimeoutError:
                logger.warning("the mailbox's server does not answer; its connection was given up")

    def health(self) -> dict[str, Any]:
        """``fetched``: when the folder was looked into last; ``error``: what is in the way, in words without values."""
        status = "failed" if self._error else "starting" if self._fetched is None else "ok"
        state: dict[str, Any] = {"status": status, "fetched": self._fetched}
        return state | ({"error": self._error} if self._error else {})

    # -- the thread ------------------------------------------------------------------------------------

    def _run(self) -> None:
        troubles = 0
        while not self._stopping.is_set():
            fetched = self._fetched
            pause, longest = _FIRST_PAUSE, _LONGEST_PAUSE
            try:
                self._read_on()
            except Exception as problem:  # noqa: BLE001 - whatever a server says must not end this thread for good
                if _refused(problem):
                    pause, longest = _FIRST_PAUSE_OF_REFUSED, _LONGEST_PAUSE_OF_REFUSED
                self._in_trouble(_words(problem), problem)
            troubles = 1 if self._fetched != fetched else troubles + 1
            self._stopping.wait(min(pause * 2.0 ** min(troubles - 1, 20), longest))
        try:
            self._loop.call_soon_threadsafe(self._ended.set)
        except RuntimeError:   # the loop is closed: nobody waits any more
            return

    def _in_trouble(self, words: str, problem: Exception) -> None:
        if self._stopping.is_set():
            return
        if words != self._error:
            self._log.way_in("mailbox", words, trouble=True)
            if not isinstance(problem, OSError | imaplib.IMAP4.error | NoFolder | NotEncrypted | StoreError):
                logger.error("mail cannot be fetched from the mailbox", exc_info=problem)
        self._error = words

    def _read_on(self) -> None:
        """One connection, for as long as it lasts."""
        with self._server.connected() as client:
            folder = MailFolder(client, self._server.folder)
            while not self._stopping.is_set():
                self._fetch_new(folder)
                self._fetched = clock.now()
                if self._error:
                    self._error = ""
                    self._log.way_in("mailbox", "mail is fetched again", trouble=False)
                folder.wait(_EACH, self._stopping.is_set)

    def _fetch_new(self, folder: MailFolder) -> None:
        mark = self._store.read(lambda database: read_up_to(database, self._name)).result()
        known = mark is not None and mark.uidvalidity == folder.uidvalidity
        if mark is not None and known:
            uids = folder.after(mark.uid)
        else:
            uids = folder.perhaps_new((clock.utc_now() - _KNOWN_AS_REPEATS).date())
            self._to_mark.clear()
            self._failed_fetches.clear()
        for headings in folder.headings(uids):
            for heading in headings:
                if self._stopping.is_set():
                    return
                recipients = [address for address in heading.addresses if self._is_ours(address)]
                if recipients:
                    taken = self._take(folder, heading, recipients, note=known)
                    self._set_read_up_to(folder, heading.uid)
                    self._mark(folder, heading.uid if taken else None)
        if uids or not known:
            self._set_read_up_to(folder, max(uids, default=0))
        self._mark(folder)

    def _take(self, folder: MailFolder, heading: Heading, recipients: Sequence[str], *, note: bool) -> bool:
        """Take a message if it is for an interview; whether it was.

        :param note: whether it comes for the first time: what is refused is noted once.
        """
        known = [address for address in recipients if self._in_loop(self._mail_in.knows(address))]
        if not known:
            if note:
                self._refuse("there is no such address", heading, recipients)
            return False
        if heading.size > self._largest:
            self._refuse("it is too large", heading, known)
            return False
        message = self._fetched_message(folder, heading, known)
        if message is None:
            return False
        receptions = self._in_loop(self._mail_in.receive(message, known, heading.sender, "mailbox", _same_as(message)))
        taken = sum(one.outcome == "taken" for one in receptions)
        if taken:
            self._log.taken("mailbox", len(message), taken)
        return any(one.outcome != "unknown" for one in receptions)

    def _fetched_message(self, folder: MailFolder, heading: Heading, recipients: Sequence[str]) -> bytes | None:
        """The message; None if it is gone, or the server has refused it so often that others should not wait for it."""
        try:
            return folder.message(heading.uid)
        except (imaplib.IMAP4.error, OSError) as problem:
            lost = isinstance(problem, imaplib.IMAP4.abort | OSError)
            failed = self._failed_fetches[heading.uid] = self._failed_fetches.get(heading.uid, 0) + 1
            if failed < (_LOST_CONNECTIONS if lost else _TRIES_TO_FETCH):
                raise
            self._refuse("the mailbox's server does not hand it out", heading, recipients)
            return None

    def _refuse(self, reason: str, heading: Heading, recipients: Sequence[str]) -> None:
        self._log.refused("mailbox", reason)
        self._in_loop(self._mail_in.refuse(reason, heading.sender, ", ".join(recipients), "mailbox"))

    def _set_read_up_to(self, folder: MailFolder, uid: int) -> None:
        mark = ReadUpTo(folder.uidvalidity, uid)
        self._store.write(lambda database: set_read_up_to(database, self._name, mark)).result()

    def _mark(self, folder: MailFolder, uid: int | None = None) -> None:
        """Mark a message, and those whose marking the loss of a connection prevented."""
        if uid is not None:
            self._to_mark.add((folder.uidvalidity, uid))
        folder.mark(number for validity, number in self._to_mark if validity == folder.uidvalidity)
        self._to_mark.clear()

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """Have something done where the appliance's parts live; this thread waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _same_as(message: bytes) -> bytes:
    """What a message is known by that lies in the mailbox twice, once for each address that it was sent to.

    Such copies differ in what servers wrote above it. Empty for one without a Message-ID: every byte counts.
    """
    end = message.find(b"\r\n\r\n")
    head = message[:end] if end >= 0 else message
    for line in head.split(b"\r\n"):
        name, _colon, value = line.partition(b":")
        if name.strip().lower() == b"message-id" and value.strip():
            digest = hashlib.sha256(value.strip())
            digest.update(memoryview(message)[len(head):])
            return digest.digest()
    return b""


def _refused(problem: Exception) -> bool:
    """Whether the password is wrong; IMAPClient says so too where the connection broke meanwhile."""
    return (isinstance(problem, LoginError) and not isinstance(problem.__context__, imaplib.IMAP4.abort)
            and not any(f"[{code}]" in str(problem).upper() for code in _FOR_NOW))


def _words(problem: Exception) -> str:
    """What is in the way, without values: servers quote names in what they say."""
    if _refused(problem):
        return "the user name or password was refused"
    if isinstance(problem, NoFolder):
        return "the mailbox has no folder of that name"
    if isinstance(problem, NotEncrypted):
        return "the mailbox's server does not offer STARTTLS"
    if isinstance(problem, ssl.SSLCertVerificationError):
        return "the certificate of the mailbox's server is not trusted"
    if isinstance(problem, StoreError):
        return "a mail could not be kept"
    if isinstance(problem, imaplib.IMAP4.abort | LoginError):
        return "the mailbox's server hung up"
    if isinstance(problem, imaplib.IMAP4.error):
        return "the mailbox's server refused a command"
    return f"there is no way to the mailbox's server: {type(problem).__name__}"
