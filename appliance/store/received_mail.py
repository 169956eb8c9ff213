"""Addresses that interviews gave out, mail that came to them, and mail that was refused: the rows.

A message lies in a blob with a key of its own, one for all its recipients. Each recipient's row holds that key in its
envelope: sealed under the appliance's key when the mail comes, and under the session's as soon as the mail was opened
there, together with what is in it (`sealed_mail`).
"""

from __future__ import annotations

import hashlib
import hmac
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from sqlite_utils import Database

from appliance import clock
from appliance.store.errors import StoreBroken
from appliance.store.files import Blob
from appliance.store.sealing import derive, seal, unseal

__all__ = [
    "REPEATED_WITHIN",
    "AddressRow",
    "Envelope",
    "MailRow",
    "MailState",
    "NewAddress",
    "NewReceived",
    "Refusal",
    "Way",
    "add_address",
    "add_received",
    "add_refusal",
    "address_mark",
    "address_row",
    "addresses_of",
    "code_is_used",
    "fail_mail",
    "fingerprint",
    "given_code",
    "mail_counts",
    "mail_row",
    "mails_of",
    "open_mail",
    "refusals",
    "take_mail",
    "waiting_mail",
]

Way = Literal["smtp", "mailbox", "hand"]
"""How a mail came: to the listener, from the mailbox that is fetched, or dropped on the Mail page."""

MailState = Literal["waiting", "taken", "failed"]
"""``waiting``: to be given to its session. ``taken``: that was done, or it waits for ``get_emails()``. ``failed``: the
interview could not take it; ``get_emails()`` still gives it."""

REPEATED_WITHIN = 5 * 24 * 3600.0
"""Seconds within which the same message from the same sender to the same address is the same mail (DESIGN.md, 7): as
long as mail servers try again that did not hear our answer."""

_REFUSALS_KEPT = 1000


# -- addresses ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewAddress:
    """An address to be given out.

    :param mark: what stands for user, key and index (:func:`address_mark`).
    :param sealed_label: the label, which the session's key opens.
    """

    code: str
    session_id: str
    user_id: int | None
    mark: bytes = field(repr=False)
    sealed_label: bytes = field(repr=False)

    @staticmethod
    def make(code: str, session_id: str, session_key: bytes, user_id: int | None, key: Any, index: Any,
             url_root: str) -> NewAddress:
        """Seal what the address is for.

        :param url_root: where the person was who got it.
        """
        label = seal(session_key, pickle.dumps((key, index, url_root)), f"address:{session_id}:{code}")
        return NewAddress(code, session_id, user_id, address_mark(session_key, user_id, key, index), label)


@dataclass(frozen=True)
class AddressRow:
    """An address as it lies in the database.

    :param sealed_profile: of the account that it was given to (:mod:`appliance.store.profiles`).
    """

    code: str
    session_id: str
    user_id: int | None
    sealed_profile: bytes | None = field(repr=False)
    created: float
    sealed_label: bytes = field(repr=False)

    def label(self, session_key: bytes) -> tuple[Any, Any, str]:
        """Key, index, and where the person was who got it.

        :raises WrongKey: if `session_key` is not the session's.
        """
        label: tuple[Any, Any, str] = pickle.loads(
            unseal(session_key, self.sealed_label, f"address:{self.session_id}:{self.code}"))
        return label


def address_mark(session_key: bytes, user_id: int | None, key: Any, index: Any) -> bytes:
    """What stands for user, key and index in the database: texts of authors may hold what a person typed."""
    said = repr((user_id or 0, None if key is None else str(key), None if index is None else str(index)))
    return hmac.digest(derive(session_key, "e-mail addresses"), said.encode("utf-8", "surrogatepass"), hashlib.sha256)


def given_code(database: Database, session_id: str, mark: bytes) -> str | None:
    """The code that was given out for this; None if none was."""
    found = database.execute("SELECT code FROM email_addresses WHERE session_id = ? AND mark = ?",
                             [session_id, mark]).fetchone()
    return None if found is None else str(found[0])


def code_is_used(database: Database, code: str) -> bool:
    """Whether the code is or was an address of any session."""
    return database.execute("SELECT 1 FROM email_addresses WHERE code = ? UNION ALL"
                            " SELECT 1 FROM email_codes_used WHERE code = ?", [code, code]).fetchone() is not None


def add_address(database: Database, new: NewAddress) -> None:
    """Give out an address, in the transaction of the turn; one that was given out already stays.

    :raises StoreBroken: if another session got the same code a moment ago.
    """
    database.execute(
        "INSERT INTO email_addresses (code, session_id, user_id, mark, created, sealed_label)"
        " VALUES (?, ?, (SELECT id FROM users WHERE id = ?), ?, ?, ?) ON CONFLICT DO NOTHING",
        [new.code, new.session_id, new.user_id, new.mark, clock.now(), new.sealed_label])
    if given_code(database, new.session_id, new.mark) != new.code:
        raise StoreBroken("Another session was given the same e-mail address at the same moment; do it once more.")


def address_row(database: Database, code: str) -> AddressRow | None:
    """The address; None if there is none (any more)."""
    return next(_addresses(database, "WHERE code = ?", [code]), None)


def addresses_of(database: Database, session_id: str) -> list[AddressRow]:
    """The addresses of a session, in the order they were given out."""
    return list(_addresses(database, "WHERE session_id = ? ORDER BY email_addresses.created, code", [session_id]))


def _addresses(database: Database, where: str, parameters: list[Any]) -> Iterator[AddressRow]:
    columns = "code, session_id, user_id, sealed_profile, email_addresses.created, sealed_label"
    return (AddressRow(*row) for row in database.execute(
        f"SELECT {columns} FROM email_addresses LEFT JOIN users ON users.id = user_id {where}",  # noqa: S608 - ours
        parameters).fetchall())


# -- mail that came ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Envelope:
    """What is known of a mail before it is opened.

    :param blob_key: opens the message.
    :param sender: of the envelope; empty where there is none, or it is a bounce.
    :param recipient: as the peer wrote it.
    :param from_text: the header, for the Mail page; and the `subject`.
    """

    blob_key: bytes = field(repr=False)
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    from_text: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)


@dataclass(frozen=True)
class NewReceived:
    """A mail for one address, whose message is on disk.

    :param digest: see :func:`fingerprint`.
    """

    code: str
    blob: str
    size: int
    digest: bytes = field(repr=False)
    way: Way
    sealed_envelope: bytes = field(repr=False)

    @staticmethod
    def make(code: str, blob: Blob, digest: bytes, way: Way, envelope: Envelope, appliance_key: bytes) -> NewReceived:
        """Seal the envelope under the appliance's key."""
        return NewReceived(code, blob.name, blob.size, digest, way, seal(
            appliance_key, pickle.dumps(envelope), _context(code, blob.name)))


@dataclass(frozen=True)
class MailRow:
    """A mail as it lies in the database. Times are seconds since the epoch, UTC.

    :param task_id: of the task that its session began for it; empty if none.
    :param error: why the interview could not take it, in words without values.
    :param sealed_mail: what is in it, under the session's key; None while it was not opened.
    """

    number: int
    code: str
    blob: str
    size: int
    received: float
    way: Way
    state: MailState
    task_id: str
    error: str
    sealed_envelope: bytes = field(repr=False)
    sealed_mail: bytes | None = field(repr=False)

    def envelope(self, key: bytes) -> Envelope:
        """The envelope.

        :param key: the session's key if the mail was opened, else the appliance's.
        :raises WrongKey: if it is another one.
        """
        envelope: Envelope = pickle.loads(unseal(key, self.sealed_envelope, _context(self.code, self.blob)))
        return envelope

    def message(self, envelope: Envelope) -> Blob:
        """Where the message lies."""
        return Blob(self.blob, envelope.blob_key, self.size)

    def mail(self, session_key: bytes) -> Any:
        """What is in it, as :meth:`opened` was given it; None while it was not opened."""
        if self.sealed_mail is None:
            return None
        return pickle.loads(unseal(session_key, self.sealed_mail, f"mail:{self.number}"))

    def opened(self, session_key: bytes, envelope: Envelope, mail: object) -> MailRow:
        """The row of the opened mail, for :func:`open_mail`: from then on the session's key alone opens it."""
        return replace(
            self, sealed_envelope=seal(session_key, pickle.dumps(envelope), _context(self.code, self.blob)),
            sealed_mail=seal(session_key, pickle.dumps(mail, protocol=5), f"mail:{self.number}"))


def fingerprint(appliance_key: bytes, message_hash: bytes, sender: str, code: str) -> bytes:
    """What is the same for the same message, sender and recipient; without the key it tells nothing."""
    said = repr((message_hash, sender.strip().lower(), code)).encode("utf-8", "surrogatepass")
    return hmac.digest(derive(appliance_key, "received mail"), said, hashlib.sha256)


def add_received(database: Database, new: NewReceived) -> tuple[int, bool]:
    """Keep a mail, unless it is there already; its number, and whether it is new.

    :raises LookupError: if the address is gone.
    """
    now = clock.now()
    before = database.execute(
        "SELECT number FROM received_mail WHERE code = ? AND digest = ? AND abs(? - received) < ?"
        " ORDER BY number DESC LIMIT 1", [new.code, new.digest, now, REPEATED_WITHIN]).fetchone()
    if before is not None:
        return int(before[0]), False
    if address_row(database, new.code) is None:
        raise LookupError(new.code)
    cursor = database.execute(
        "INSERT INTO received_mail (code, blob, size, received, digest, way, state, sealed_envelope)"
        " VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?)",
        [new.code, new.blob, new.size, now, new.digest, new.way, new.sealed_envelope])
    return int(cursor.lastrowid or 0), True


def mail_row(database: Database, number: int) -> MailRow | None:
    """The mail; None if it is not there (any more)."""
    return next(iter(_mails(database, "WHERE number = ?", [number])), None)


def mails_of(database: Database, session_id: str) -> list[MailRow]:
    """The mails of a session, in the order they came."""
    return _mails(database, "WHERE code IN (SELECT code FROM email_addresses WHERE session_id = ?) ORDER BY number",
                  [session_id])


def waiting_mail(database: Database) -> list[tuple[str, int]]:
    """Session and number of the mails that are to be given to their sessions, in the order they came."""
    return [(str(session), int(number)) for session, number in database.execute(
        "SELECT session_id, number FROM received_mail JOIN email_addresses USING (code) WHERE state = 'waiting'"
        " ORDER BY number")]


def take_mail(database: Database, number: int, task_id: str = "") -> bool:
    """The session has taken the mail; False if that was so before, or the mail is gone."""
    return database.execute("UPDATE received_mail SET state = 'taken', task_id = ?, error = ''"
                            " WHERE number = ? AND state = 'waiting'", [task_id, number]).rowcount == 1


def fail_mail(database: Database, number: int, error: str) -> None:
    """The interview could not take the mail."""
    database.execute("UPDATE received_mail SET state = 'failed', error = ? WHERE number = ? AND state = 'waiting'",
                     [error, number])


def open_mail(database: Database, row: MailRow) -> bool:
    """Write what :meth:`MailRow.opened` made; False if the mail is gone, or was opened before."""
    return database.execute("UPDATE received_mail SET sealed_envelope = ?, sealed_mail = ?"
                            " WHERE number = ? AND sealed_mail IS NULL",
                            [row.sealed_envelope, row.sealed_mail, row.number]).rowcount == 1


def mail_counts(database: Database) -> dict[MailState, int]:
    """How many mails there are in each state."""
    found = database.execute("SELECT state, count(*) FROM received_mail GROUP BY state").fetchall()
    return {**dict.fromkeys(("waiting", "taken", "failed"), 0), **dict(found)}


def _mails(database: Database, where: str, parameters: list[Any]) -> list[MailRow]:
    return [MailRow(*row) for row in database.execute(
        f"SELECT {', '.join(_NAMES)} FROM received_mail {where}", parameters).fetchall()]  # noqa: S608 - ours


_NAMES = tuple(one.name for one in fields(MailRow))


def _context(code: str, blob: str) -> str:
    return f"mail envelope:{code}:{blob}"


# -- mail that was refused -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refusal:
    """A mail that was not taken.

    :param reason: in words without values.
    """

    number: int
    created: float
    way: Way
    reason: str
    sender: str = field(repr=False)
    recipient: str = field(repr=False)


def add_refusal(database: Database, way: Way, reason: str, sender: str, recipient: str, appliance_key: bytes) -> None:
    """Note a mail that was refused; the last thousand are kept."""
    sealed = seal(appliance_key, pickle.dumps((sender, recipient)), "refused mail")
    cursor = database.execute("INSERT INTO refused_mail (created, way, reason, sealed) VALUES (?, ?, ?, ?)",
                              [clock.now(), way, reason, sealed])
    database.execute("DELETE FROM refused_mail WHERE number <= ?", [int(cursor.lastrowid or 0) - _REFUSALS_KEPT])


def refusals(database: Database, appliance_key: bytes, most: int = 200) -> list[Refusal]:
    """The mails that were refused, the last one first."""
    found = database.execute("SELECT number, created, way, reason, sealed FROM refused_mail"
                             " ORDER BY number DESC LIMIT ?", [most]).fetchall()
    return [Refusal(number, created, way, reason, *pickle.loads(unseal(appliance_key, sealed, "refused mail")))
            for number, created, way, reason, sealed in found]
