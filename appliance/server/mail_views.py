"""Received mail as the Mail page words it: by which way it came, what became of it, and what files by hand led to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from appliance.interview.tasks import TaskState
from appliance.messages import html_text
from appliance.sessions.mail_door import MailPart, MailToRead, NotMail, Receipt
from appliance.sessions.received_list import AddressSummary, MailOverview, MailSummary
from appliance.store.received_mail import Refusal, Way

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

_WAYS: dict[Way, str] = {"smtp": "as mail to this computer", "mailbox": "from the mailbox", "hand": "by hand"}
_TASKS: dict[TaskState, tuple[str, str]] = {
    "queued": ("In line", "Its task waits in line."), "running": ("At work", "Its task is at work."),
    "done": ("Done", "Its task is done."), "failed": ("Failed", "Its task failed"),
    "revoked": ("Ended early", "Its task was ended before it was done.")}
_LONGEST_TEXT = 200_000


@dataclass(frozen=True)
class ShownMail:
    """A received mail in words.

    :param subject: for its heading.
    :param label: what the interview calls the address that it came to.
    :param whose: of which session it is: title and interview.
    :param badge: what became of it, in one or two words; `words` in a sentence. `bad` where a person should look.
    """

    mail: MailSummary
    subject: str = field(repr=False)
    label: str = field(repr=False)
    whose: str = field(repr=False)
    came: str
    badge: str
    words: str
    bad: bool


@dataclass(frozen=True)
class Shown:
    """The lists of the page: mails, addresses with label and session, refusals with the way. The totals count what is
    not shown too.
    """

    received: Sequence[ShownMail]
    addresses: Sequence[tuple[AddressSummary, str, str]]
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
    labels = {one.address: label_of(one) for one in overview.addresses}
    return Shown(
        [_shown(mail, labels.get(mail.address, ""), title) for mail in overview.mails[:most]],
        [(one, label_of(one), whose(one, title)) for one in overview.addresses[:most]],
        [(one, _WAYS[one.way]) for one in overview.refusals[:most]],
        (len(overview.mails), len(overview.addresses), len(overview.refusals)))


def whose(one: AddressSummary | MailSummary, title: Callable[[str], str]) -> str:
    """Which session an address or a mail is of, in words."""
    interview = title(one.interview)
    own_title = one.session_title
    return f"{own_title} ({interview})" if own_title and own_title != interview else interview


def label_of(address: AddressSummary) -> str:
    """What the interview calls the address; empty where it has no name."""
    return " / ".join(str(one) for one in (address.key, address.index) if one is not None)


def _shown(mail: MailSummary, label: str, title: Callable[[str], str]) -> ShownMail:
    subject = mail.subject.strip() or "(no subject)" if mail.visible else "A mail to somebody else's session"
    badge, words, bad = _became(mail)
    return ShownMail(mail, subject, label, whose(mail, title), _WAYS[mail.way], badge, words, bad)


def _became(mail: MailSummary) -> tuple[str, str, bool]:
    if mail.state == "waiting":
        return "Waiting", "It is kept, and waits to be given to its session.", False
    if mail.state == "failed":
        return "Not given on", f"It is kept, but its session could not take it. {mail.error}".strip(), True
    if mail.task_state is None:
        words = "its task is gone" if mail.task_id else "no action of the interview ran for it"
        return "Kept", f"It is with its session; {words}.", False
    badge, words = _TASKS[mail.task_state]
    if mail.task_state == "failed":
        where = f" at {mail.task_error_where}" if mail.task_error_where else ""
        return badge, f"{words}{': ' + mail.task_error_type + where if mail.task_error_type else ''}.", True
    return badge, words, False


# -- by hand -------------------------------------------------------------------------------------------------


def of_receipts(name: str, receipts: Sequence[Receipt]) -> ByHand:
    """What to tell of a file that was an e-mail."""
    delivered = [one.address for one in receipts if one.outcome == "taken"]
    repeated = [one.address for one in receipts if one.outcome == "repeated"]
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


def text_of(mail: MailToRead) -> tuple[str, bool, bool]:
    """What the mail says, whether that was made of HTML, and whether there is more of it than is shown.

    HTML is never drawn: what it says is enough to judge it, and nothing in it can do anything.
    """
    plain = [part for part in mail.parts if part.kind == "text"]
    bodies = plain or [part for part in mail.parts if part.kind == "html"]
    text = "\n\n".join(_text(part) for part in bodies).replace("\r\n", "\n").strip()
    return text[:_LONGEST_TEXT], bool(bodies) and not plain, len(text) > _LONGEST_TEXT


def _text(part: MailPart) -> str:
    text = part.content.decode("utf-8", errors="replace")
    return html_text.text_of(text) if part.kind == "html" else text


def size(length: int) -> str:
    """A size as people read it.

    >>> size(1), size(2048), size(34 * 1024 * 1024)
    ('1 byte', '2.0 kB', '34 MB')
    """
    if length < 1024:
        return f"{length} byte{'' if length == 1 else 's'}"
    number, unit = (length / 1024, "kB") if length < 1024 * 1024 else (length / 1024 / 1024, "MB")
    return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"
