"""``send_email()``: puts a mail into the outbox, with the answers: it goes out if they are kept, and only then."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from appliance.addresses import Mailbox, address_of, is_address, on_the_wire, same_address
from appliance.interview.datatypes.neutral import as_typed
from appliance.interview.host import current
from appliance.interview.markup import plain_text
from appliance.interview.turn import SendMail
from appliance.library.errors import DAError
from appliance.library.mail_attachments import MEGABYTE, attached_files
from appliance.library.mail_message import Attached, Written, message_of
from appliance.library.mail_page import page_of
from appliance.library.mail_problems import MailTooLarge, NoRecipient, NotSent
from appliance.library.performed import check_persistent, mark_task_as_performed
from appliance.library.recipients import recipients_of
from appliance.library.state import interview_file, setting
from appliance.library.templates import DATemplate
from appliance.messages.html_text import text_of

__all__ = ["send_email"]

logger = logging.getLogger(__name__)

_LARGEST = 25
"""Megabytes of a mail, where the configuration does not say: few mail servers take more."""

T = TypeVar("T")


def send_email(to: Any = None, sender: Any = None, reply_to: Any = None, cc: Any = None, bcc: Any = None,
               body: Any = None, html: Any = None, subject: Any = "", template: Any = None, task: str | None = None,
               task_persistent: Any = False, attachments: Any = None,
               mailgun_variables: Any = None,
               dry_run: bool = False, config: str | None = None) -> bool:
    """Send a mail: put it into the outbox, where it waits until a mail server takes it.

    :param to: for whom: a text with addresses, a person (whose ``email`` is sought), a DAEmailRecipient, or a list of
        these. `cc`, `bcc` and `reply_to` likewise; so `sender`, of whom the first counts.
    :param body: the plain text; made of the HTML unless given.
    :param html: the HTML; made of the `template`, else there is none.
    :param template: gives subject, text and HTML, as far as they are not given.
    :param task: counted as performed if the mail is on its way; `task_persistent` is for ``mark_task_as_performed()``.
    :param attachments: a file, a document, a text that names a file, or a list of these.
    :param mailgun_variables: makes no difference: there is no Mailgun here.
    :param dry_run: True: seeks and makes everything, and sends nothing.
    :param config: the name of a mail server's configuration; that of ``email config`` in the interview's metadata
        unless given, else the first.
    :returns: True where the mail is in the outbox with the end of this turn or task. False where there is nobody to
        send it to, an address is none, an attachment cannot be fetched, or it is too large; the log says which.
    :raises DAError: for what is neither person, file nor template, for a configuration that is not there, and for a
        `task_persistent` that no counter has; nothing is sent then.
    """
    if task and task_persistent:
        check_persistent(task_persistent, "task_persistent")
    server, collected = _server(config), _Collected()
    people = _people(collected, to=to, sender=sender, reply_to=reply_to, cc=cc, bcc=bcc)
    title, text, page = _texts(subject, body, html, template)
    files: list[Attached] = collected.of(lambda: attached_files(attachments, server.largest), [])
    if not people["to"] and not collected.problems:
        collected.problems.append(NoRecipient("'to' has nobody in it who has an address"))
    if collected.problems:
        return _not_sent(collected.problems)
    page, pictures = page_of(page) if page else ("", [])
    try:
        mail = _mail(people, Written(title, text, page, pictures, files), server)
    except MailTooLarge as problem:
        return _not_sent([problem])
    if not dry_run:
        if task:
            mark_task_as_performed(task, persistent=task_persistent)
        current().effects.append(mail)
    return True


class _Collected:
    """What keeps a mail from being sent. All is gathered before it is judged: a trial is to seek every variable."""

    def __init__(self) -> None:
        self.problems: list[NotSent] = []

    def of(self, function: Callable[[], T], otherwise: T) -> T:
        """What it gives; `otherwise` where that cannot be sent."""
        try:
            return function()
        except NotSent as problem:
            self.problems.append(problem)
            return otherwise


def _people(collected: _Collected, **given: Any) -> dict[str, list[Mailbox]]:
    def found(argument: str) -> list[Mailbox]:
        nobody: list[Mailbox] = []
        return collected.of(lambda: recipients_of(given[argument], argument), nobody)

    return {argument: found(argument) for argument in given}


def _texts(subject: Any, body: Any, html: Any, template: Any) -> tuple[str, str, str]:
    """Subject, plain text and HTML; the last is empty for a mail of plain text."""
    title = as_typed(str(subject or ""))
    page = "" if html is None else str(html)
    if template is not None:
        if not isinstance(template, DATemplate):
            raise DAError(f"send_email() was given {type(template).__name__!r} for 'template': give it a template, or "
                          "'subject' and 'body'.")
        title = title or plain_text(current().inline(template.subject))
        page = page or current().block(template.content)
    text = text_of(page) if body is None else as_typed(str(body))
    return title, text, page


# -- the mail server that is to send it ------------------------------------------------------------------


@dataclass(frozen=True)
class _Server:
    """What is known here of a mail server's configuration.

    :param name: empty for the first.
    :param domain: of whom it sends for.
    :param largest: megabytes.
    """

    name: str
    domain: str
    largest: int


def _server(config: str | None) -> _Server:
    """:raises DAError: if there is no configuration of this name."""
    configured = setting("mail") or {}
    groups = [{f"mail: {name}": value for name, value in group.items()}
              for group in (configured if isinstance(configured, list) else [configured])]
    wanted = config or str((current().interview.metadata or {}).get("email config") or "")
    names = [str(group.get("mail: name") or "") for group in groups]
    if wanted in names:
        group = groups[names.index(wanted)]
    elif wanted in ("", "default"):
        wanted, group = "", groups[0]
    else:
        there = ", ".join(name for name in names if name) or "none has a name"
        raise DAError(f"There is no mail server {wanted!r} in the configuration; those under 'mail' are: {there}.")
    sender = str(group.get("mail: default sender") or group.get("mail: username") or "")
    domain = address_of(sender).rpartition("@")[2] if is_address(sender) else str(setting("external hostname") or "")
    return _Server(wanted, domain or "localhost", int(group.get("mail: maximum size") or _LARGEST))


# -- the mail ----------------------------------------------------------------------------------------------


def _mail(people: dict[str, list[Mailbox]], written: Written, server: _Server) -> SendMail:
    """:raises MailTooLarge: if no mail server would take it."""
    sender = people["sender"][0] if people["sender"] else None
    domain = server.domain if sender is None else sender.address.rpartition("@")[2]
    message_id, message = message_of(
        written, to=people["to"], cc=people["cc"], sender=sender, reply_to=people["reply_to"],
        date=current().host.now(), domain=on_the_wire(f"@{domain}").removeprefix("@"))
    if len(message) > server.largest * MEGABYTE:
        raise MailTooLarge(f"with its attachments it has {len(message) / MEGABYTE:.1f} MB, and 'mail: maximum size' "
                           f"is {server.largest}")
    everybody: dict[str, str] = {}   # nobody twice, however often and in whatever letters they are named
    for part in ("to", "cc", "bcc"):
        for mailbox in people[part]:
            everybody.setdefault(same_address(mailbox.address), mailbox.address)
    return SendMail(message_id, tuple(everybody.values()), message, "" if sender is None else sender.address,
                    server.name)


def _not_sent(problems: list[NotSent]) -> bool:
    """Tell the author, in the log of the turn; what people typed is in no log file."""
    current().host.log("send_email() did not send a mail: " + "; ".join(str(problem) for problem in problems) + ".")
    logger.warning("send_email() in %s did not send a mail: %s", interview_file(),
                   "; ".join(dict.fromkeys(problem.kind for problem in problems)))
    return False
