"""Received mail as the Mail page words it: by which way it came, what became of it, and what files by hand led to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from appliance.interview.tasks import TaskState
from appliance.sessions.mail_overview import (
    GivenAddress,
    MailOverview,
    MailPart,
    MailWay,
    NotMail,
    OpenedMail,
    Receipt,
    ReceivedSummary,
    Refusal,
)
from appliance.sessions.mail_preview import text_of_html

__all__ = [
    "ByHand",
    "Shown",
    "ShownMail",
    "label_of",
    "not_mail",
    "of_receipts",
    "shown",
    "size",
    "text_of",
    "too_large",
    "whose",
]

_WAYS: dict[MailWay, str] = {"smtp": "as mail to this computer", "mailbox": "from the mailbox", "hand": "by hand"}
_TASKS: dict[TaskState, tuple[str, str]] = {
    "queued": ("In line", "Its task waits in line."), "running": ("At work", "Its task is at work."),
    "done": ("Done", "Its task is done."), "failed": ("Failed", "Its task failed"),
    "revoked": ("Ended early", "Its task was ended before it was done.")}
_LONGEST_TEXT = 200_000


@dataclass(frozen=True)
class ShownMail:
    """A received mail in words.

    :param subject: for its heading.
    :param whose: of which session it is: title and interview.
    :param badge: what became of it, in one or two words; `words` in a sentence. `bad` where a person should look.
    """

    mail: ReceivedSummary
    subject: str = field(repr=False)
    whose: str = field(repr=False)
    came: str
    badge: str
    words: str
    bad: bool


@dataclass(frozen=True)
class Shown:
    """The lists of the page; the totals count what is not shown too."""

    received: Sequence[ShownMail]
    addresses: Sequence[tuple[GivenAddress, str]]
    refused: Sequence[tuple[Refusal, str]]
    totals: tuple[int, int, int]


@dataclass(frozen=True)
class ByHand:
    """What became of one file.

    :param outcome: ``delivered``, ``repeated``, ``unknown``, ``not_mail``, ``too_large`` or ``failed``.
    """

    name: str = field(repr=False)
    outcome: str
    words: str = field(repr=False)

    @property
    def good(self) -> bool:
        return self.outcome in ("delivered", "repeated")


def shown(overview: MailOverview, most: int, title: Callable[[str], str]) -> Shown:
    """What the page lists, at most so many of each.

    :param title: of an interview.
    """
    return Shown(
        [_shown(mail, title) for mail in overview.received[:most]],
        [(one, whose(one, title)) for one in overview.addresses[:most]],
        [(one, _WAYS[one.way]) for one in overview.refused[:most]],
        (len(overview.received), len(overview.addresses), len(overview.refused)))


def whose(address: GivenAddress, title: Callable[[str], str]) -> str:
    """Which session an address is of, in words."""
    interview = title(address.interview)
    return f"{address.title} ({interview})" if address.title and address.title != interview else interview


def label_of(address: GivenAddress) -> str:
    """What the interview calls the address; empty where it has no name."""
    return " / ".join(one for one in (address.key, address.index) if one)


def _shown(mail: ReceivedSummary, title: Callable[[str], str]) -> ShownMail:
    subject = mail.subject.strip() or "(no subject)" if mail.readable else "A mail to somebody else's session"
    badge, words, bad = _became(mail)
    return ShownMail(mail, subject, whose(mail.address, title), _WAYS[mail.way], badge, words, bad)


def _became(mail: ReceivedSummary) -> tuple[str, str, bool]:
    if mail.state == "waiting":
        return "Waiting", "It is kept, and waits to be given to its session.", False
    if mail.state == "failed":
        return "Not given on", f"It is kept, but could not be given to its session: {mail.error or 'an error'}.", True
    if mail.task_state is None:
        return "Kept", "It is with its session. The interview has no action for mail, or its task is gone.", False
    badge, words = _TASKS[mail.task_state]
    if mail.task_state == "failed":
        return badge, f"{words}{': ' + mail.task_error if mail.task_error else ''}.", True
    return badge, words, False


# -- by hand -------------------------------------------------------------------------------------------------


def of_receipts(name: str, receipts: Sequence[Receipt]) -> ByHand:
    """What to tell of a file that was an e-mail."""
    delivered = [one.recipient for one in receipts if one.outcome == "delivered"]
    repeated = [one.recipient for one in receipts if one.outcome == "repeated"]
    if delivered:
        again = f" For {', '.join(repeated)} it had come before." if repeated else ""
        return ByHand(name, "delivered", f"Delivered to {', '.join(delivered)}.{again}")
    if repeated:
        return ByHand(name, "repeated", f"Seen before: {', '.join(repeated)} has this very mail already. "
                                        "Nothing was added.")
    return ByHand(name, "unknown", "It names no address of an interview that is yours to see. "
                                   "Choose for which interview it is.")


def not_mail(name: str, problem: NotMail) -> ByHand:
    """What to tell of a file that is something else."""
    return ByHand(name, "not_mail", str(problem))


def too_large(name: str, length: int, limit: int) -> ByHand:
    """What to tell of a file beyond the limit."""
    return ByHand(name, "too_large", f"Too large: {size(length)}, and at most {size(limit)} are taken.")


# -- one mail --------------------------------------------------------------------------------------------------


def text_of(mail: OpenedMail) -> tuple[str, bool, bool]:
    """What the mail says, whether that was made of HTML, and whether there is more of it than is shown.

    HTML is never drawn: what it says is enough to judge it, and nothing in it can do anything.
    """
    plain = [part for part in mail.parts if part.kind == "text"]
    bodies = plain or [part for part in mail.parts if part.kind == "html"]
    text = "\n\n".join(_text(part) for part in bodies).replace("\r\n", "\n").strip()
    return text[:_LONGEST_TEXT], bool(bodies) and not plain, len(text) > _LONGEST_TEXT


def _text(part: MailPart) -> str:
    text = part.content.decode("utf-8", errors="replace")
    return text_of_html(text) if part.kind == "html" else text


def size(length: int) -> str:
    """A size as people read it.

    >>> size(1), size(2048), size(34 * 1024 * 1024)
    ('1 byte', '2.0 kB', '34 MB')
    """
    if length < 1024:
        return f"{length} byte{'' if length == 1 else 's'}"
    number, unit = (length / 1024, "kB") if length < 1024 * 1024 else (length / 1024 / 1024, "MB")
    return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"
