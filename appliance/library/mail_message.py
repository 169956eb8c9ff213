"""A mail of its parts: headers that nobody can break out of, text and HTML, attachments under their own names."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from appliance.addresses import Mailbox, address_header, one_line, text_header

__all__ = ["Attached", "Picture", "Written", "message_of"]

_POLICY = policy.SMTP.clone(cte_type="7bit")
"""Every mail server takes seven bits."""

_TYPE = re.compile(r"(?!message/|multipart/)([a-z0-9.+_-]+)/([a-z0-9.+_-]+)")


@dataclass(frozen=True)
class Attached:
    """A file that goes with a mail."""

    filename: str
    mimetype: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Picture:
    """A picture that the HTML shows, by its name there (``cid:``)."""

    name: str
    file: Attached


@dataclass(frozen=True)
class Written:
    """What a mail says.

    :param html: empty for a mail of plain text.
    """

    subject: str
    text: str
    html: str = ""
    pictures: Sequence[Picture] = ()
    attachments: Sequence[Attached] = ()


def message_of(written: Written, *, to: Sequence[Mailbox], cc: Sequence[Mailbox] = (), sender: Mailbox | None = None,
               reply_to: Sequence[Mailbox] = (), date: datetime, domain: str) -> tuple[str, bytes]:
    """The mail's Message-ID and the mail as it is sent; those who get it unseen are the envelope's matter.

    :param sender: None leaves out the ``From``: whoever sends it puts the default sender's in.
    :param domain: what the Message-ID ends in.
    """
    message_id = f"<{secrets.token_hex(16)}@{domain}>"
    people = (("From", [] if sender is None else [sender]), ("To", to), ("Cc", cc), ("Reply-To", reply_to))
    headers = [address_header(name, mailboxes) for name, mailboxes in people if mailboxes]
    headers += [text_header("Subject", written.subject), f"Date: {format_datetime(date)}\r\n",
                f"Message-ID: {message_id}\r\n"]
    message = EmailMessage(_POLICY)
    message.set_content(_encodable(written.text))
    if written.html:
        message.add_alternative(_encodable(written.html), subtype="html")
        _add_pictures(message, written.pictures)
    for attached in written.attachments:
        maintype, subtype = _type(attached.mimetype)
        message.add_attachment(attached.content, maintype, subtype, filename=_filename(attached.filename))
    return message_id, "".join(headers).encode() + message.as_bytes()


def _add_pictures(message: EmailMessage, pictures: Sequence[Picture]) -> None:
    part = message.get_body(("html",))
    assert isinstance(part, EmailMessage)
    for picture in pictures:
        maintype, subtype = _type(picture.file.mimetype)
        part.add_related(picture.file.content, maintype, subtype, cid=f"<{picture.name}>", disposition="inline",
                         filename=_filename(picture.file.filename))


def _type(mimetype: str) -> tuple[str, str]:
    """The two halves; mail within mail, and what is no type at all, goes as bytes that no mail program unpacks."""
    match = _TYPE.fullmatch(mimetype.partition(";")[0].strip().lower())
    return (match[1], match[2]) if match is not None else ("application", "octet-stream")


def _filename(name: str) -> str:
    return one_line(name.replace("/", "_").replace("\\", "_")) or "file"


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
