"""The folder of a mailbox over one connection: what is new, for whom, and marking what was taken."""

from __future__ import annotations

import datetime as dt
import imaplib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from imapclient import IMAPClient

__all__ = ["KEYWORD", "Heading", "MailFolder", "NoFolder"]

KEYWORD = b"InterviewAppliance"
"""What a message is marked with, beside being read, where the server can: people see it in some mail programs."""

_RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "Resent-To", "Resent-Cc")
_SENDERS = ("Return-Path", "From")
_FIELDS = f"BODY.PEEK[HEADER.FIELDS ({' '.join((*_RECIPIENTS, *_SENDERS))})]"
# The bounds of RFC 5321, 4.5.3.1: without them a long line costs the square of its length.
_ADDRESS = re.compile(r"[^\s<>()\[\]:;@\\,\"]{1,64}@[\w.-]{1,255}")
_MOST_READ, _LONGEST_SENDER = 256 << 10, 1000
_AT_ONCE = 200
_SLICE = 1.0
"""Seconds between two looks whether the appliance stops."""

_IDLE = 30.0
"""Seconds of an IDLE (RFC 2177); servers hang up after 29 minutes. News that comes in the very moment in which it
begins may lie in IMAPClient's buffer unseen, and is found when it ends."""


class NoFolder(Exception):
    """The mailbox has no such folder."""


@dataclass(frozen=True)
class Heading:
    """What can be known of a message without fetching it.

    :param addresses: all that its headers name as recipients.
    :param sender: of the envelope where the server tells it, else the author; may be empty.
    """

    uid: int
    size: int
    addresses: tuple[str, ...]
    sender: str


class MailFolder:
    """An open folder.

    :raises NoFolder: if there is none of that name.
    :raises imaplib.IMAP4.error: if the server refuses anything, or hangs up; so do all methods.
    :raises OSError: if the connection breaks; so do all methods.
    """

    def __init__(self, client: IMAPClient, name: str) -> None:
        self._client = client
        try:
            state = client.select_folder(name)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as problem:
            raise NoFolder from problem
        self.uidvalidity = int(state.get(b"UIDVALIDITY", 0))
        lasting = {flag.lower() for flag in state.get(b"PERMANENTFLAGS", ())}
        self.has_keywords = b"\\*" in lasting or KEYWORD.lower() in lasting
        self._flags = [b"\\Seen", *([KEYWORD] if self.has_keywords else [])]
        self.tells_news = client.has_capability("IDLE")

    def after(self, uid: int) -> list[int]:
        """The numbers of the messages that came after `uid`, in their order."""
        # `*` is the last message, also where its number is lower.
        return sorted(number for number in self._client.search(["UID", f"{uid + 1}:*"]) if number > uid)

    def perhaps_new(self, since: dt.date) -> list[int]:
        """Where nobody knows how far the folder was read: the messages that were not marked as taken.

        Where the server keeps no keywords, those that nobody has read, and all since a day.
        """
        unknown = ["UNKEYWORD", KEYWORD.decode()] if self.has_keywords else ["OR", "UNSEEN", "SINCE", since]
        return sorted(self._client.search(unknown))

    def headings(self, uids: Sequence[int]) -> Iterator[list[Heading]]:
        """Size, recipients and sender of messages, some at a time; of those that are still there."""
        for start in range(0, len(uids), _AT_ONCE):
            some = uids[start:start + _AT_ONCE]
            found = self._client.fetch(some, ["RFC822.SIZE", _FIELDS])
            yield [_heading(uid, found[uid]) for uid in some if uid in found]

    def message(self, uid: int) -> bytes | None:
        """A message as it came; None if somebody has removed it meanwhile. It does not become a read one."""
        found = self._client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {})
        content = next((value for key, value in found.items() if key.upper().startswith(b"BODY[]")), None)
        return bytes(content) if content is not None else None

    def mark(self, uids: Iterable[int]) -> None:
        """Mark messages as taken, as far as we may."""
        listed = list(uids)
        if not listed:
            return
        try:
            self._client.add_flags(listed, self._flags, silent=True)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:   # a folder that is not ours to write to: what counts is in the database
            self._flags = []

    def wait(self, seconds: float, stopping: Callable[[], bool]) -> None:
        """Until something may have come: when the server says so, else after `seconds`; or until `stopping`."""
        if not self.tells_news:
            end = time.monotonic() + seconds
            while time.monotonic() < end and not stopping():
                time.sleep(min(_SLICE, max(0.0, end - time.monotonic())))
            self._client.noop()
            return
        self._idle(min(_IDLE, seconds), stopping)

    def _idle(self, seconds: float, stopping: Callable[[], bool]) -> None:
        end = time.monotonic() + seconds
        self._client.idle()
        news: list[Any] = []
        while not _tells_of_mail(news) and time.monotonic() < end and not stopping():
            began, patience = time.monotonic(), min(_SLICE, max(0.0, end - time.monotonic()))
            said = self._client.idle_check(timeout=patience)
            if not said and time.monotonic() - began < patience / 2:
                break   # IMAPClient says nothing of a connection that has ended: idle_done does
            news += said
        self._client.idle_done()


def _tells_of_mail(news: Iterable[Any]) -> bool:
    return any(len(one) > 1 and one[1] in (b"EXISTS", b"RECENT") for one in news)


def _heading(uid: int, found: dict[bytes, Any]) -> Heading:
    raw = next((value for key, value in found.items() if key.upper().startswith(b"BODY[HEADER")), b"") or b""
    fields: dict[str, list[str]] = {}
    for line in re.sub(rb"\r?\n[ \t]", b" ", bytes(raw[:_MOST_READ])).decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), []).append(value)
    addresses = [address for name in _RECIPIENTS for value in fields.get(name.lower(), ())
                 for address in _ADDRESS.findall(value)]
    senders = [parseaddr(value[:_LONGEST_SENDER])[1] for name in _SENDERS for value in fields.get(name.lower(), ())]
    size = int(found.get(b"RFC822.SIZE", 0))
    return Heading(uid, size, tuple(dict.fromkeys(addresses)), senders[0] if senders else "")
