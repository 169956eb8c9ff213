"""Outgoing mail as the Outbox page words it: what waits for what, and what went wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from appliance.server.task_views import about
from appliance.sessions.mail_list import MailSummary, OutboxOverview
from appliance.sessions.mail_preview import Attachment
from appliance.store.outbox import MailState

__all__ = ["MailSection", "ShownMail", "mail_sections", "size"]

_SECTIONS: tuple[tuple[MailState, str], ...] = (
    ("waiting", "Waiting to be sent"), ("failed", "Could not be sent"), ("sent", "Sent lately"))

_UNREACHABLE = "The mail server could not be reached."
_TROUBLES = {
    "gaierror": f"{_UNREACHABLE} There is no network at the moment, or its name in the configuration is wrong.",
    "ConnectionRefusedError": f"{_UNREACHABLE} It is switched off, or the port in the configuration is wrong.",
    "TimeoutError": f"{_UNREACHABLE} It did not answer.",
    "OSError": _UNREACHABLE,
    "ConnectionResetError": "The mail server hung up.",
    "SMTPServerDisconnected": "The mail server hung up.",
}
"""The kinds of trouble that are names of a program's errors, in words."""

_ANSWERED = re.compile(r"SMTP\w+ \((\d+)\)")


@dataclass(frozen=True)
class ShownMail:
    """One mail in words.

    :param name: what it is about, or whose it is where the person may not read it.
    :param of: the name of the interview that sent it.
    :param trouble: of the last try.
    :param left: words for the time until the next try; empty where it is due.
    """

    mail: MailSummary
    name: str
    of: str
    trouble: str = ""
    left: str = ""

    @property
    def to(self) -> str:
        """Whom it is for."""
        preview = self.mail.preview
        return "" if preview is None else ", ".join((*preview.to, *preview.cc, *preview.bcc))

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Its headers."""
        preview = self.mail.preview
        if preview is None:
            return []
        found = [("To", ", ".join(preview.to)), ("Copy to", ", ".join(preview.cc)),
                 ("Blind copy to", ", ".join(preview.bcc)), ("From", preview.sender),
                 ("Answers go to", preview.reply_to)]
        return [(name, text) for name, text in found if text]

    @property
    def whose_words(self) -> str:
        """A heading for the answer: without an answer of a mail server it is what the program said."""
        return "The error’s own words" if self.mail.error in _TROUBLES else "What the mail server said"

    @property
    def tried(self) -> str:
        """How often it was tried."""
        tries = self.mail.tries
        return "" if not tries else "once" if tries == 1 else f"{tries} times"


@dataclass(frozen=True)
class MailSection:
    """Mails under one heading; `total` counts those too that are not shown."""

    key: str
    heading: str
    mails: list[ShownMail]
    total: int


def mail_sections(overview: OutboxOverview, *, now: float, title: Callable[[str], str]) -> list[MailSection]:
    """What is shown, by heading.

    :param title: of an interview.
    """
    return [MailSection(state, heading, [_shown(one, now, title) for one in overview.mails[state]],
                        overview.totals[state])
            for state, heading in _SECTIONS if overview.totals[state]]


def _shown(mail: MailSummary, now: float, title: Callable[[str], str]) -> ShownMail:
    of = mail.session_title or (title(mail.interview) if mail.interview else "an interview" if mail.of_session else "")
    if mail.preview is not None:
        name = mail.preview.subject or "A mail without a subject"
    else:
        name = f"A mail of {of}" if of else "A mail of the appliance itself"
    left = "" if mail.next_try <= now else about(mail.next_try - now)
    return ShownMail(mail, name, of, _trouble(mail.error), left)


def _trouble(kind: str) -> str:
    """A kind of trouble as a sentence.

    >>> _trouble("a recipient was refused (550)"), _trouble("SMTPConnectError (421)"), _trouble("")
    ('A recipient was refused (550).', 'The mail server took nothing (421).', '')
    """
    if match := _ANSWERED.fullmatch(kind):
        return f"The mail server took nothing ({match[1]})."
    return _TROUBLES.get(kind, f"{kind[:1].upper()}{kind[1:].rstrip('.')}." if kind else "")


def size(attachment: Attachment) -> str:
    """How large a file is.

    >>> size(Attachment("a", 900)), size(Attachment("a", 20_400)), size(Attachment("a", 3_200_000))
    ('1 kB', '20 kB', '3.2 MB')
    """
    if attachment.size < 1_000_000:
        return f"{max(1, round(attachment.size / 1000))} kB"
    return f"{attachment.size / 1_000_000:.1f} MB"
