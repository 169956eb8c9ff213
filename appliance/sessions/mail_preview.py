"""What a mail says, as text for a person, and the same mail as a draft for the person's own mail program."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import quote

from appliance.addresses import Mailbox, address_header, mailboxes, same_address, text_header
from appliance.messages.html_text import text_of
from appliance.store.outbox import Mail

__all__ = ["Attachment", "MailPreview", "draft_of", "preview_of"]

_LONGEST_TEXT = 5000
_LONGEST_LINK = 1800
"""Some systems cut the address that they give to a mail program at 2,000 letters."""

_AS_WRITTEN = policy.SMTP.clone(refold_source="none")

_NOT_OF_A_DRAFT = ("X-Unsent", "From", "Sender", "Date", "Message-ID", "Return-Path", "Auto-Submitted", "To", "Cc",
                   "Bcc", "Subject")
"""What the mail program says of itself, and what is written anew."""


@dataclass(frozen=True)
class Attachment:
    """A file of a mail; `size` in bytes."""

    name: str = field(repr=False)
    size: int


@dataclass(frozen=True)
class MailPreview:
    """A mail as far as it is still to be sent.

    :param bcc: recipients that its headers do not name.
    :param sender: empty for whoever sends it.
    :param text: its beginning, as plain text.
    :param shortened: there is more than `text`.
    :param from_html: `text` was made of HTML.
    :param mailto: a link that opens it in a mail program; empty where one cannot hold it.
    """

    to: tuple[str, ...] = field(repr=False)
    cc: tuple[str, ...] = field(repr=False)
    bcc: tuple[str, ...] = field(repr=False)
    sender: str = field(repr=False)
    reply_to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    shortened: bool = False
    from_html: bool = False
    attachments: tuple[Attachment, ...] = ()
    mailto: str = field(default="", repr=False)


def preview_of(mail: Mail, repeats: int = 1) -> MailPreview | None:
    """What is shown of a mail; None where it cannot be read.

    :param repeats: how often it would have been sent (see :func:`appliance.store.outbox.add_mail`).
    """
    try:
        message = _parsed(mail)
        to, cc, bcc = _left(mail, message)
        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        body = plain or html
        text = "" if body is None else str(body.get_content())
        attachments = tuple(_attachment(part) for part in message.iter_attachments())
        preview = MailPreview(
            _texts(to), _texts(cc), _texts(bcc), mail.sender or str(message.get("From", "")),
            str(message.get("Reply-To", "")), _subject(message, repeats), *_shortened(
                text_of(text) if plain is None else text), plain is None and html is not None, attachments)
    except (LookupError, ValueError, TypeError, AttributeError):   # what the email package cannot read
        return None
    simple = html is None and not attachments and not preview.shortened and not preview.reply_to
    return preview if not simple else MailPreview(**(vars(preview) | {"mailto": _link(to, cc, bcc, preview)}))


def draft_of(mail: Mail, repeats: int = 1) -> bytes:
    """The mail as a file that mail programs open for sending.

    It has those recipients only that are still to be served, those of no header as ``Bcc``. Who it comes from is the
    mail program's matter; answers go where they would have gone.
    """
    message = _parsed(mail)
    to, cc, bcc = _left(mail, message)
    people = [("To", to), ("Cc", cc), ("Bcc", bcc)]
    if "Reply-To" not in message:
        people.append(("Reply-To", _people(message, "From") or ([Mailbox("", mail.sender)] if mail.sender else [])))
    # X-Unsent tells Outlook, Thunderbird and Apple Mail that it is a draft.
    headers = ["X-Unsent: 1\r\n", *(address_header(name, found) for name, found in people if found),
               text_header("Subject", _subject(message, repeats))]
    for name in _NOT_OF_A_DRAFT:
        del message[name]
    return "".join(headers).encode() + message.as_bytes()


def _parsed(mail: Mail) -> EmailMessage:
    message: EmailMessage = message_from_bytes(mail.message, policy=_AS_WRITTEN)
    return message


def _subject(message: EmailMessage, repeats: int) -> str:
    subject = " ".join(str(message.get("Subject", "")).split())
    return f"{subject} ({repeats} times)" if repeats > 1 else subject


# -- to whom -----------------------------------------------------------------------------------------------


def _left(mail: Mail, message: EmailMessage) -> tuple[list[Mailbox], list[Mailbox], list[Mailbox]]:
    """Who is still to get it: of the header To, of the header Cc, and of none."""
    left = {same_address(one): one for one in (*mail.recipients, *mail.refused)}
    to, cc = ([one for one in _people(message, name) if left.pop(same_address(one.address), None) is not None]
              for name in ("To", "Cc"))
    return to, cc, [Mailbox("", one) for one in left.values()]


def _people(message: EmailMessage, header: str) -> list[Mailbox]:
    """Those whom a header names; nobody where it cannot be read."""
    found: list[Mailbox] = []
    for name, text in message.raw_items():
        if name.lower() == header.lower():
            with suppress(ValueError):
                found += mailboxes(str(text))
    return found


def _texts(people: Iterable[Mailbox]) -> tuple[str, ...]:
    return tuple(f"{one.name} <{one.address}>" if one.name else one.address for one in people)


def _link(to: list[Mailbox], cc: list[Mailbox], bcc: list[Mailbox], preview: MailPreview) -> str:
    """A ``mailto:`` link (RFC 6068); empty where it would be too long."""
    fields = {"cc": _for_link(cc), "bcc": _for_link(bcc), "subject": quote(preview.subject, safe=""),
              "body": quote(preview.text.replace("\n", "\r\n"), safe="")}
    link = f"mailto:{_for_link(to)}?" + "&".join(f"{name}={value}" for name, value in fields.items() if value)
    return link.rstrip("?") if len(link) <= _LONGEST_LINK else ""


def _for_link(people: Iterable[Mailbox]) -> str:
    return ",".join(quote(one.address, safe="@") for one in people)


# -- what it says -------------------------------------------------------------------------------------------


def _attachment(part: EmailMessage) -> Attachment:
    content = part.get_payload(decode=True)
    size = len(content) if isinstance(content, bytes) else len(part.as_bytes())
    return Attachment(part.get_filename() or "a file without a name", size)


def _shortened(text: str) -> tuple[str, bool]:
    text = text.replace("\r\n", "\n").strip()
    if len(text) <= _LONGEST_TEXT:
        return text, False
    return text[:_LONGEST_TEXT].rsplit(None, 1)[0] + " …", True
