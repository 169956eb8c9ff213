"""Mail that came in, as the Mail page shows it: what ``MailIn`` (:mod:`appliance.mail.incoming`) gives to the server.

Whoever may open a session sees what came to it; an administrator sees that of ``multi_user`` sessions too, and of all
others only that something came, how large it was, and what became of it. Times are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from appliance.interview.tasks import TaskState
from appliance.sessions.visitor import Visitor

__all__ = [
    "GivenAddress",
    "MailDoor",
    "MailOverview",
    "MailPart",
    "MailWay",
    "NotMail",
    "OpenedMail",
    "Receipt",
    "ReceivedSummary",
    "Refusal",
    "WayState",
]

MailWay = Literal["smtp", "mailbox", "hand"]


@dataclass(frozen=True)
class GivenAddress:
    """An address that an interview gave out.

    :param title: of the session; empty where the visitor may not see values, as are `key` and `index`.
    :param own: the visitor's own session.
    :param mails: how many came to it.
    """

    code: str
    address: str
    session_id: str
    interview: str
    title: str = field(repr=False)
    key: str = field(repr=False)
    index: str = field(repr=False)
    own: bool
    created: float
    mails: int = 0


@dataclass(frozen=True)
class ReceivedSummary:
    """A mail that came to a session.

    :param readable: whether the visitor may open it; else `sender`, `subject` and `title` are empty.
    :param state: ``waiting`` until the session has it, then ``taken``; ``failed`` with `error` where it cannot have it.
    :param task_state: how the task is that looks at it; None where there is none.
    """

    number: int
    address: GivenAddress
    received: float
    way: MailWay
    size: int
    state: Literal["waiting", "taken", "failed"]
    error: str
    readable: bool
    sender: str = field(repr=False, default="")
    subject: str = field(repr=False, default="")
    task_id: str = ""
    task_state: TaskState | None = None
    task_error: str = ""


@dataclass(frozen=True)
class Refusal:
    """A mail that was not taken; only administrators see these."""

    number: int
    created: float
    way: MailWay
    reason: str
    sender: str = field(repr=False)
    recipient: str = field(repr=False)


@dataclass(frozen=True)
class MailOverview:
    """All that the page shows, newest first."""

    addresses: Sequence[GivenAddress]
    received: Sequence[ReceivedSummary]
    refused: Sequence[Refusal]


@dataclass(frozen=True)
class MailPart:
    """A part of a mail.

    :param name: of an attachment, as the sender wrote it; empty for a body.
    """

    kind: Literal["text", "html", "attachment"]
    name: str = field(repr=False)
    mimetype: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class OpenedMail:
    """A mail that somebody looks at.

    :param raw: every byte as it came.
    :param headers: from, to, cc, date, subject and their like, decoded.
    :param problem: why it could not be taken apart, for people; then there are no parts.
    """

    summary: ReceivedSummary
    raw: bytes = field(repr=False)
    headers: Sequence[tuple[str, str]] = field(repr=False)
    parts: Sequence[MailPart] = field(repr=False)
    problem: str = ""


@dataclass(frozen=True)
class Receipt:
    """What became of a mail for one recipient.

    :param outcome: ``delivered``: it is kept, and the session gets it; ``repeated``: it came before; ``unknown``: no
        session has this address.
    """

    recipient: str = field(repr=False)
    outcome: Literal["delivered", "repeated", "unknown"]


class NotMail(Exception):
    """A file that is no e-mail; the text says what it seems to be, for the person who brought it."""


@dataclass(frozen=True)
class WayState:
    """How one of the ways is by which mail comes in, in words for people.

    :param good: nobody needs to do anything about it.
    """

    name: str
    words: str = field(repr=False)
    good: bool = True


class MailDoor(Protocol):
    """What the server needs of the part that receives mail."""

    on_changed: Callable[[], None]
    """The Mail page would show something else now."""

    @property
    def domain(self) -> str:
        """What stands behind the ``@`` of the addresses."""
        ...

    def ways(self) -> Sequence[WayState]:
        """The listener and the mailbox, as they are now."""
        ...

    async def overview(self, visitor: Visitor) -> MailOverview:
        """What this visitor may see."""
        ...

    async def open(self, number: int, visitor: Visitor) -> OpenedMail | None:
        """One mail; None if it is gone.

        :raises NotYours: if the visitor may not read it.
        """
        ...

    async def by_hand(self, message: bytes, visitor: Visitor, code: str = "") -> list[Receipt]:
        """Take a mail from a file, for those addresses of the visitor's sessions that it names, or for the one `code`.

        :raises NotMail: if the file is something else.
        :raises NotYours: if `code` is another person's.
        :raises StoreError: if it could not be kept.
        """
        ...
