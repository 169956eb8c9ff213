"""Mail that came to an interview, as data: what its session, its tasks and author code agree on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from appliance.interview.files import FileInfo

__all__ = ["AddressOfSession", "Correspondent", "GivenAddress", "ReceivedMail"]


@dataclass(frozen=True)
class GivenAddress:
    """What ``interview_email()`` gives.

    :param code: the letters by which mail finds its session.
    :param address: what people write to.
    """

    code: str
    address: str


@dataclass(frozen=True)
class Correspondent:
    """Who a mail is from or to. Neither text can become markup."""

    address: str = field(repr=False)
    name: str = field(default="", repr=False)


@dataclass(frozen=True)
class ReceivedMail:
    """A mail that came, opened. Its bodies and attachments are files of the session.

    :param number: counts all mails of the appliance, in the order they came.
    :param owner: the e-mail address of the account that got the interview's address; None for somebody without one.
    :param sent: as the mail says; None where it does not, or not in a way that can be read. Both times are in UTC.
    :param headers: all of them, in their order, each with name and text.
    :param problem: why it, or something in it, is only there as it came; empty where all was well.
    """

    number: int
    code: str
    key: Any = field(repr=False)
    index: Any = field(repr=False)
    owner: str | None = field(repr=False)
    received: datetime
    sent: datetime | None = None
    subject: str = field(default="", repr=False)
    from_address: Correspondent | None = None
    reply_to: Correspondent | None = None
    return_path: Correspondent | None = None
    to_address: tuple[Correspondent, ...] = ()
    cc_address: tuple[Correspondent, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body_text: FileInfo | None = None
    body_html: FileInfo | None = None
    attachments: tuple[FileInfo, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class AddressOfSession:
    """An address that was given out, with the mails that came to it, in the order they came."""

    code: str
    key: Any = field(default=None, repr=False)
    index: Any = field(default=None, repr=False)
    owner: str | None = field(default=None, repr=False)
    mails: tuple[ReceivedMail, ...] = ()
