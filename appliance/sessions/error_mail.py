"""Tells the administrator by mail that an interview or a background task failed, without what people typed.

docassemble's directives decide: ``error notification email``, ``error notification variables`` and ``suppress error
notificiations``. The mail is written with what failed, so that none is lost; a storm of the same error is one mail each
15 minutes, whose subject says how often it came.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from appliance.addresses import address_header, address_of, mailboxes, on_the_wire, text_header
from appliance.interview.errors import CodeFailed, InterviewError, UnknownInterview, told_names
from appliance.sessions.errors import NoSuchSession, NotYours, Stopping
from appliance.store.errors import StoreError
from appliance.store.outbox import Mail, NewMail

__all__ = ["SPACING", "ErrorMails", "Trouble", "place_in_program"]

SPACING = 15 * 60.0
"""Seconds between two mails about the same error."""

_MOST_NAMES = 20
_NOT_TOLD = (UnknownInterview, NoSuchSession, NotYours, Stopping, StoreError)
"""No error of an interview: a wrong address, somebody else's cookie, an appliance that stops or whose disk is full."""


@dataclass(frozen=True)
class Trouble:
    """What may be told of an error, and what may be told where the administrator has asked for it.

    :param happening: ``submit``, ``check_in`` … or ``background task``.
    :param where: file and line, as far as known.
    :param task_id: of a background task; else empty.
    :param message: what the error says; it and `trace` may quote answers.
    """

    interview: str
    happening: str
    error_type: str
    where: str = ""
    action: str = ""
    variables: tuple[str, ...] = ()
    task_id: str = ""
    url_root: str = ""
    message: str = field(default="", repr=False)
    trace: str = field(default="", repr=False)

    @property
    def topic(self) -> str:
        """The same for the same error of the same interview.

        Whoever has a browser may name any action, so in a turn it is the place that tells errors apart.
        """
        parts = (self.interview, self.action if self.task_id else "", self.error_type, self.where)
        return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


class ErrorMails:
    """Makes the mails.

    :param settings: name and default to a configuration directive.
    """

    def __init__(self, settings: Callable[[str, Any], Any], appliance_key: bytes) -> None:
        self._settings = settings
        self._key = appliance_key

    def about(self, trouble: Trouble) -> NewMail | None:
        """The mail about it; None if nobody wants one."""
        to = self._settings("error notification email", None) or ()
        addresses = [to] if isinstance(to, str) else list(to)
        if not addresses or trouble.error_type in (self._settings("suppress error notificiations", None) or ()):
            return None
        message_id = NewMail.new_message_id(self._domain(addresses[0]))
        mail = Mail("", tuple(address_of(one) for one in addresses), self._message(trouble, addresses, message_id))
        return NewMail.make(mail, message_id, self._key, topic=trouble.topic, spacing=SPACING)

    def about_turn(self, error: Exception, *, interview: str, happening: str, action: str = "",
                   url_root: str = "") -> NewMail | None:
        """The mail about a turn that failed; None if nobody wants one, or it is no error of the interview."""
        if isinstance(error, _NOT_TOLD) or isinstance(error.__cause__, _NOT_TOLD):
            return None
        interview_error = error if isinstance(error, InterviewError) else None
        return self.about(Trouble(
            interview, happening, getattr(error, "error_type", type(error).__name__),
            interview_error.where if interview_error else place_in_program(error), action,
            interview_error.variables if interview_error else (), "", url_root, str(error),
            error.trace if isinstance(error, CodeFailed) else "".join(traceback.format_exception(error))))

    def _domain(self, address: str) -> str:
        sender = self._settings("mail: default sender", None) or address
        return on_the_wire(address_of(sender)).rpartition("@")[2] or "localhost"

    def _message(self, trouble: Trouble, addresses: list[str], message_id: str) -> bytes:
        now = datetime.now().astimezone()
        headers = [address_header("To", [one for text in addresses for one in mailboxes(text)]),
                   text_header("Subject", f"Error in {trouble.interview}: {trouble.error_type}"),
                   f"Date: {format_datetime(now)}\r\nMessage-ID: {message_id}\r\n",
                   "Auto-Submitted: auto-generated\r\n"]   # RFC 3834: nobody's out-of-office note answers it
        message = EmailMessage(policy.SMTP.clone(cte_type="7bit"))
        message.set_content(self._text(trouble, now).encode("utf-8", "replace").decode())
        return "".join(headers).encode() + message.as_bytes()

    def _text(self, trouble: Trouble, now: datetime) -> str:
        url_root = str(self._settings("url root", None) or trouble.url_root).rstrip("/")
        names = [*trouble.variables[:_MOST_NAMES], *(["…"] if len(trouble.variables) > _MOST_NAMES else [])]
        facts = {"Interview": trouble.interview, "During": trouble.happening, "Action": told_names([trouble.action]),
                 "Error": trouble.error_type, "Place": trouble.where, "Sought": told_names(names),
                 "Time": now.strftime("%Y-%m-%d %H:%M:%S %z"), "Task": trouble.task_id,
                 "Tasks page": f"{url_root}/tasks" if trouble.task_id and url_root else ""}
        lines = ["The appliance met an error.", ""]
        lines += [f"{name + ':':<12}{fact}" for name, fact in facts.items() if fact]
        if self._settings("error notification variables", False):
            lines += ["", trouble.message, "", trouble.trace]
        else:
            lines += ["", "What people entered is not in this mail."]
            if trouble.task_id:
                lines += ["The error's own words and its traceback are on the Tasks page."]
        lines += ["The same error again is one mail each 15 minutes; its subject says how often it came."]
        return "\n".join(lines)


def place_in_program(error: BaseException) -> str:
    """File and line where something that is no error of an interview was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
