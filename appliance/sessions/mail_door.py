"""What the server needs of the part that receives mail, and what of a mail goes to a browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from appliance.sessions.received_list import MailOverview, MailSummary
from appliance.sessions.visitor import Visitor

__all__ = ["MailDoor", "MailPart", "MailToRead", "NotMail", "Receipt", "WayState"]


@dataclass(frozen=True)
class MailPart:
    """A part of a mail.

    :param name: of an attachment, as the sender wrote it; empty for a body.
    :param content: of a text or HTML in UTF-8.
    """

    kind: Literal["text", "html", "attachment"]
    name: str = field(repr=False)
    mimetype: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class MailToRead:
    """A mail that somebody looks at.

    :param raw: every byte as it came.
    :param headers: from, to, cc, date, subject and their like, decoded.
    :param problem: why it, or something in it, could not be taken apart, for people; empty where all was well.
    """

    summary: MailSummary
    raw: bytes = field(repr=False)
    headers: Sequence[tuple[str, str]] = field(repr=False)
    parts: Sequence[MailPart] = field(repr=False)
    problem: str = ""


@dataclass(frozen=True)
class Receipt:
    """What became of a mail that was brought by hand, for one address.

    :param outcome: ``taken``: it is kept, and the session is given it; ``repeated``: it came before.
    """

    address: str = field(repr=False)
    outcome: Literal["taken", "repeated"]


class NotMail(Exception):
    """A file that is no e-mail; the text says what it seems to be, for the person who brought it."""


@dataclass(frozen=True)
class WayState:
    """How one of the ways is by which mail comes in, in words for people.

    :param light: ``on`` where mail can come in, ``off`` where nobody has set it up, ``bad`` where somebody should look.
    """

    name: str
    words: str = field(repr=False)
    light: Literal["on", "off", "bad"]


class MailDoor(Protocol):
    """What the server needs of the part that receives mail."""

    on_changed: Callable[[], None]
    """The Mail page would show something else now."""

    async def ways(self) -> Sequence[WayState]:
        """The listener and the mailbox, as they are now."""
        ...

    async def overview(self, visitor: Visitor) -> MailOverview:
        """What this visitor may see."""
        ...

    async def open(self, number: int, visitor: Visitor) -> MailToRead | None:
        """One mail; None if it is gone.

        :raises NotYours: if the visitor may not read it.
        """
        ...

    async def by_hand(self, message: bytes, visitor: Visitor, code: str = "") -> list[Receipt]:
        """Take a mail from a file, for those addresses of the visitor's sessions that it names, or for the one `code`.

        :returns: nothing where it names none.
        :raises NotMail: if the file is something else.
        :raises NotYours: if `code` is another person's.
        :raises StoreError: if it could not be kept.
        """
        ...
