"""One mail over one connection: what the mail server said of it, recipient by recipient."""

from __future__ import annotations

import contextlib
import re
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage

from appliance.addresses import for_header, on_the_wire, text_header
from appliance.store.outbox import Mail

__all__ = ["Answer", "as_sent", "hand_over"]

_MISTAKES_OF_OURS = frozenset({530, 534, 535, 538})
"""Refusals that speak of how we are signed in, not of the mail: it can go out when the configuration is right."""

_AS_WRITTEN = policy.SMTP.clone(refold_source="none")

_LINE_END = re.compile(rb"\r\n|\r|\n")
"""Any; a mail server may take another one than the usual for something else, or for the end of the mail."""

_TO_TAKE_IT = 600.0
"""Seconds that a mail server may look at a mail that it has got (RFC 5321, 4.5.3.2.6)."""

_SLOWEST = 20_000
"""Bytes a second of a network over which mail still goes out; a timeout counts for all of a mail at once."""

_CLOSING = 421
"""The mail server is about to hang up."""

_TOO_LARGE, _FULL = 552, b"5.2.2"
"""A mail that is larger than the server takes (RFC 1870), unless it says that a mailbox is full (RFC 3463)."""


@dataclass(frozen=True)
class Answer:
    """What became of a try.

    :param words: what the mail server said; may quote addresses.
    :param error: the kind of trouble, without any value; empty if there was none.
    :param left: the mail for the recipients that are to be tried again; None if there are none.
    :param refused: the mail for the recipients it was refused for, now or before; None if there are none.
    """

    words: str = field(repr=False)
    error: str = ""
    left: Mail | None = None
    refused: Mail | None = None


def hand_over(connection: smtplib.SMTP, mail: Mail, sender: str, message: bytes) -> Answer:
    """Try to send a mail.

    :param sender: of the envelope.
    :param message: as it goes out.
    :raises OSError: if the connection breaks; the mail may or may not have been taken.
    :raises smtplib.SMTPException: likewise.
    """
    if (largest := _largest(connection)) is not None and len(message) > largest:
        return _too_large(mail, f"The mail has {len(message)} bytes, and the mail server takes {largest}.")
    sender, *recipients = (on_the_wire(address) for address in (sender, *mail.recipients))
    try:
        code, said = connection.mail(sender, _options(connection, (sender, *recipients), message))
    except smtplib.SMTPNotSupportedError:
        code, said = 553, b"The mail server takes no addresses with other letters than a to z."
    if code != 250:
        _again(connection, code)
        if code == _TOO_LARGE and _FULL not in said:
            return _too_large(mail, f"{code} {_text(said)}")
        return _refused(mail, "the sender", code, said)
    trouble = {recipient: (code, said) for recipient, on_the_wire in zip(mail.recipients, recipients, strict=True)
               for code, said in [connection.rcpt(on_the_wire)] if code not in (250, 251)}
    if any(code == _CLOSING for code, _said in trouble.values()):
        raise smtplib.SMTPServerDisconnected("the mail server hung up")
    said = b""
    if len(trouble) < len(mail.recipients):
        try:
            with _patience(connection, len(message)):
                code, said = connection.data(message)
        except smtplib.SMTPDataError as refused:
            code, said = refused.smtp_code, _bytes(refused.smtp_error)
        if code != 250:
            _again(connection, code)
            if code == _TOO_LARGE and _FULL not in said:
                return _too_large(mail, f"{code} {_text(said)}")
            return _refused(mail, "the message", code, said)
    else:
        _again(connection, 0)
    return _by_recipient(mail, trouble, said)


def as_sent(mail: Mail, default_sender: str, repeats: int) -> bytes:
    """The message as it goes out: with a sender, and with how often it would have been sent."""
    if repeats == 1:
        sender = b"" if _has_sender(mail.message) else f"From: {for_header(default_sender)}\n".encode()
        return _LINE_END.sub(b"\r\n", sender + mail.message)
    message: EmailMessage = message_from_bytes(mail.message, policy=_AS_WRITTEN)
    headers = "" if "From" in message else f"From: {for_header(default_sender)}\r\n"
    headers += text_header("Subject", f"{message.get('Subject', '')} ({repeats} times)")
    del message["Subject"]
    return headers.encode() + message.as_bytes()


def _has_sender(message: bytes) -> bool:
    headers = message.replace(b"\r\n", b"\n").partition(b"\n\n")[0].lower()
    return headers.startswith(b"from:") or b"\nfrom:" in headers


def _options(connection: smtplib.SMTP, addresses: tuple[str, ...], message: bytes) -> list[str]:
    """What the mail server must know of the mail beforehand."""
    options = [f"size={len(message)}"] if connection.has_extn("size") else []
    if not message.isascii() and connection.has_extn("8bitmime"):
        options.append("body=8bitmime")
    if not "".join(addresses).isascii():
        options.append("smtputf8")   # smtplib itself refuses where the server does not know it
    return options


def _largest(connection: smtplib.SMTP) -> int | None:
    """Bytes that the mail server takes, where it says (RFC 1870)."""
    said = connection.esmtp_features.get("size", "").strip()
    return int(said) or None if said.isascii() and said.isdecimal() else None


def _too_large(mail: Mail, words: str) -> Answer:
    everybody = replace(mail, recipients=(*mail.refused, *mail.recipients), refused=())
    return Answer(words, "the mail is larger than the mail server takes", refused=everybody)


def _again(connection: smtplib.SMTP, code: int) -> None:
    """Make the connection ready for the next mail, unless the server is hanging up."""
    if code == _CLOSING:
        raise smtplib.SMTPServerDisconnected("the mail server hung up")
    with contextlib.suppress(smtplib.SMTPServerDisconnected):
        connection.rset()


def _refused(mail: Mail, what: str, code: int, said: bytes) -> Answer:
    """All of it was refused, for now or for good."""
    words, error = f"{code} {_text(said)}", f"{what} was refused ({code})"
    if _for_good(code):
        everybody = replace(mail, recipients=(*mail.refused, *mail.recipients), refused=())
        return Answer(words, error, refused=everybody)
    return Answer(words, error, left=mail)


def _by_recipient(mail: Mail, trouble: dict[str, tuple[int, bytes]], said: bytes) -> Answer:
    later = tuple(one for one, (code, _said) in trouble.items() if not _for_good(code))
    never = (*mail.refused, *(one for one, (code, _said) in trouble.items() if _for_good(code)))
    words = "\n".join([*(f"{one}: {code} {_text(why)}" for one, (code, why) in trouble.items()),
                       *([f"250 {_text(said)}"] if said else [])])
    codes = ", ".join(sorted({str(code) for code, _said in trouble.values()}))
    error = f"a recipient was refused ({codes})" if codes else "a recipient was refused" if never else ""
    return Answer(words, error, left=replace(mail, recipients=later, refused=never) if later else None,
                  refused=replace(mail, recipients=never, refused=()) if never else None)


def _for_good(code: int) -> bool:
    return 500 <= code < 600 and code not in _MISTAKES_OF_OURS


@contextlib.contextmanager
def _patience(connection: smtplib.SMTP, size: int) -> Iterator[None]:
    """Give a mail of `size` bytes its time: a try that is given up too early is one more copy for the receiver."""
    sock = connection.sock
    if sock is None:
        raise smtplib.SMTPServerDisconnected("the mail server hung up")
    usual = sock.gettimeout()
    sock.settimeout(_TO_TAKE_IT + size / _SLOWEST)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):   # it broke, and was closed
            sock.settimeout(usual)


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace")


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode()
