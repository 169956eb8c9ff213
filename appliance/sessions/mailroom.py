"""Addresses and mail of one session, for whoever holds its key: a turn, a task that asks, the delivery of a mail.

All of it waits for the store and for files, so it is for threads.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database

from appliance.interview.files import FileInfo
from appliance.interview.received import AddressOfSession, Correspondent, GivenAddress, ReceivedMail
from appliance.messages.headers import correspondents
from appliance.messages.parsing import ParsedMail, parse
from appliance.messages.parts import Part
from appliance.sessions.email_codes import candidates, full_address
from appliance.sessions.files import FileChanges
from appliance.store.database import Store
from appliance.store.errors import StoreBroken, StoreError, WrongKey
from appliance.store.files import FileStore, dead_blobs, drop_blobs
from appliance.store.profiles import email_of
from appliance.store.received_mail import (
    AddressRow,
    Envelope,
    MailRow,
    address_mark,
    addresses_of,
    code_is_used,
    given_code,
    mails_of,
    open_mail,
)
from appliance.store.sealing import derive

__all__ = ["Mailroom", "UnpackedMail"]

_NUMBER_BITS = 48   # as of all files
_DAMAGED = "The message is damaged on the disk of the appliance and cannot be opened."


@dataclass(frozen=True)
class UnpackedMail:
    """A mail that was taken apart, to be written: its files are on disk, sealed under the session's key."""

    mail: ReceivedMail
    row: MailRow
    files: FileChanges

    def write(self, database: Database, session_id: str) -> None:
        """Part of a transaction. Where the mail was opened meanwhile, or is gone, only its files are to be removed."""
        if open_mail(database, self.row):
            self.files.write(database, session_id)
        else:
            drop_blobs(database, self.files.blobs)


class Mailroom:
    """What ``interview_email()`` and ``get_emails()`` are made of.

    :param appliance_key: opens mail that was not opened yet.
    :param setting: name and default to a configuration directive.
    """

    def __init__(self, store: Store, files: FileStore, appliance_key: bytes,
                 setting: Callable[[str, Any], Any]) -> None:
        self._store = store
        self._files = files
        self._key = appliance_key
        self._setting = setting

    def address(self, session_id: str, session_key: bytes, user_id: int | None, key: Any, index: Any) -> GivenAddress:
        """The address for this user, key and index: the one that was given out, or one that is free.

        It is given out with the commit of whoever asks; until then mail for it is refused.

        :raises StoreBroken: if no address is free.
        """
        mark = address_mark(session_key, user_id, key, index)

        def look(database: Database) -> str | None:
            return given_code(database, session_id, mark) or next(
                (code for code in candidates(session_key, mark) if not code_is_used(database, code)), None)
        code = self._store.read(look).result()
        if code is None:
            raise StoreBroken("No e-mail address is free for this interview.")
        return GivenAddress(code, full_address(code, self._setting))

    def mails(self, session_id: str, session_key: bytes) -> list[AddressOfSession]:
        """The addresses that the session has given out, with the mails that came; those that are new are opened.

        :raises StoreError: if the files of a mail cannot be kept.
        """
        addresses, mails = self._store.read(
            lambda database: (addresses_of(database, session_id), mails_of(database, session_id))).result()
        found = []
        for address in addresses:
            key, index, _url_root = address.label(session_key)
            opened = tuple(self._mail(row, address, session_key) for row in mails if row.code == address.code)
            found.append(AddressOfSession(address.code, key, index, self._owner(address), opened))
        return found

    def _mail(self, row: MailRow, address: AddressRow, session_key: bytes) -> ReceivedMail:
        try:
            kept = row.mail(session_key)
            if isinstance(kept, ReceivedMail):
                return kept
            opened = self.open(row, address, session_key)
        except (WrongKey, FileNotFoundError):
            return replace(_bare(row, address, session_key, self._owner(address)), problem=_DAMAGED)
        self._write(opened, address.session_id)
        return opened.mail

    def _write(self, opened: UnpackedMail, session_id: str) -> None:
        def write(database: Database) -> list[str]:
            opened.write(database, session_id)
            return dead_blobs(database)
        try:
            dead = self._store.write(write).result()
        except StoreError:
            self._files.remove(opened.files.blobs)
            raise
        self._files.remove(dead)

    def open(self, row: MailRow, address: AddressRow, session_key: bytes) -> UnpackedMail:
        """Take a mail apart that the session has not opened yet.

        Its files have numbers that are made of the session's key, so the same mail gives the same files each time.

        :raises WrongKey: if it is damaged on the disk.
        :raises FileNotFoundError: if it is not there.
        :raises StoreError: if its files cannot be kept; nothing is left of them then.
        """
        envelope = row.envelope(self._key)
        blob = row.message(envelope)
        parsed = parse(lambda: self._files.read_blob(blob))
        changes: list[Any] = []

        def kept(part: Part) -> FileInfo:
            number = _file_number(session_key, row.number, len(changes))
            info = FileInfo(number, part.filename, part.mimetype)
            changes.append(self._files.seal(address.session_id, session_key, info, part.content, sync=False))
            return replace(info, size=changes[-1].size)
        try:
            mail = _received(_bare(row, address, session_key, self._owner(address)), envelope, parsed, kept)
            self._files.sync(one.blob for one in changes)
        except BaseException:   # also the time limit of a turn
            self._files.remove(one.blob for one in changes)
            raise
        return UnpackedMail(mail, row.opened(session_key, envelope, mail), FileChanges(tuple(changes)))

    def _owner(self, address: AddressRow) -> str | None:
        return email_of(self._key, address.user_id, address.sealed_profile) or None


def _bare(row: MailRow, address: AddressRow, session_key: bytes, owner: str | None) -> ReceivedMail:
    key, index, _url_root = address.label(session_key)
    return ReceivedMail(row.number, row.code, key, index, owner, datetime.fromtimestamp(row.received, UTC))


def _received(bare: ReceivedMail, envelope: Envelope, parsed: ParsedMail,
              kept: Callable[[Part], FileInfo]) -> ReceivedMail:
    text = None if parsed.body_text is None else kept(parsed.body_text)
    html = None if parsed.body_html is None else kept(parsed.body_html)
    return replace(
        bare, sent=parsed.sent, subject=parsed.subject, from_address=parsed.from_address, reply_to=parsed.reply_to,
        return_path=_return_path(envelope, parsed), to_address=parsed.to_address, cc_address=parsed.cc_address,
        headers=parsed.headers, body_text=text, body_html=html,
        attachments=tuple(kept(part) for part in parsed.attachments), problem=parsed.problem)


def _return_path(envelope: Envelope, parsed: ParsedMail) -> Correspondent | None:
    """Where a failure is reported to: the sender of the envelope, which a header may repeat."""
    return next(iter(correspondents([envelope.sender])), None) if envelope.sender else parsed.return_path


def _file_number(session_key: bytes, mail: int, part: int) -> int:
    """As random as any file's number to whoever does not hold the key, and the same each time."""
    digest = hmac.digest(derive(session_key, "files of mail"), f"{mail}:{part}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:_NUMBER_BITS // 8], "big") | 1 << (_NUMBER_BITS - 1)
