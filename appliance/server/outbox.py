"""``/outbox``: the mail that is to go out, for people: what waits, what failed, and how to send it by oneself."""

from __future__ import annotations

import inspect
from typing import Any
from urllib.parse import urlencode

from appliance import clock
from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused
from appliance.server.home import when
from appliance.server.live_page import LivePage
from appliance.server.outbox_views import mail_sections, size
from appliance.server.parts import OutgoingMail
from appliance.server.replies import interview_url
from appliance.sessions.mail_list import OutboxOverview
from appliance.sessions.task_list import is_administrator

__all__ = ["DECISIONS", "MailDecisionHandler", "MailDraftHandler", "OutboxHandler"]

_MOST_DIGITS = 15
"""Of a mail's number; the database knows no number of more than 18."""

_SET_UP = """mail:
  server: smtp.example.com
  port: 587
  username: clinic@example.com
  password: 'the password'
  default sender: '"Housing Clinic" <clinic@example.com>'"""

_GONE = "This mail was sent or deleted in the meantime."
_BUSY = "This mail is being sent at this very moment. Please look again in a moment."
_TOLD = {
    "again": {"done": "The mail is tried now.", "gone": _GONE, "busy": "This mail is being sent at this very moment."},
    "delete": {"done": "The mail was deleted.", "gone": _GONE, "busy": _BUSY},
    "sent": {"done": "The mail counts as sent.", "gone": _GONE, "busy": _BUSY},
}
DECISIONS = tuple(_TOLD)
"""What a person may decide about a mail: ``POST /outbox/DECISION`` with ``mail=NUMBER``."""


class _WithOutbox(BaseHandler):
    admits = Admission.HERE_OR_SIGNED_IN

    @property
    def outgoing(self) -> OutgoingMail:
        """:raises Refused: where there is no outbox."""
        if self.parts.outgoing is None:
            raise Refused(404, "There is no outbox", "This appliance sends no mail.", "404")
        return self.parts.outgoing


class OutboxHandler(LivePage, _WithOutbox):
    """The page.

    Administrators see all mail, but read only that of shared sessions and the appliance's own; everybody else sees that
    of their own sessions.
    """

    admits = Admission.HERE_OR_SIGNED_IN
    name = "outbox"
    most_of_all = 200

    async def get(self) -> None:
        self.show(await self.names(), message=self.message())

    async def names(self) -> dict[str, Any]:
        """What the templates speak of."""
        outgoing, overview = self.outgoing, OutboxOverview({}, {})
        if self.known_browser:
            overview = await outgoing.overview(self.visitor, self.most)
        now = clock.now()
        shown = [] if not overview.totals else mail_sections(
            overview, now=now, title=self.interview_names())
        more = f"/outbox?show={self.most_of_all}" if self.most < self.most_of_all else ""
        return {"sections": shown, "sees_all": is_administrator(self.visitor), "now": now, "more": more,
                "sends": await self.sends(), "when": when, "interview_url": interview_url, "size": size,
                "set_up": _SET_UP}

    async def sends(self) -> bool:
        """Whether a mail server is configured."""
        ask = self.parts.health.get("mail")
        if ask is None:
            return False
        told = ask()
        return (await told if inspect.isawaitable(told) else told).get("status") != "off"

    def message(self) -> str:
        """What came of the button that was pressed, for a browser without script."""
        return _TOLD.get(self.get_query_argument("done", ""), {}).get(self.get_query_argument("came", ""), "")


class MailDecisionHandler(_WithOutbox):
    """``POST /outbox/KIND`` with ``mail=``: has it tried now, deletes it, or takes it as sent by the person.

    :param kind: one of :data:`DECISIONS`.
    """

    def initialize(self, kind: str) -> None:
        self.kind = kind

    async def post(self) -> None:
        mails = self.outgoing
        decide = {"again": mails.try_again, "delete": mails.delete, "sent": mails.sent_by_hand}[self.kind]
        number = self.get_body_argument("mail", "")
        known = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
        came = await decide(int(number), self.visitor) if known else "gone"
        if self.by_script:
            self.send_json({"success": came == "done", "message": _TOLD[self.kind][came]})
        else:
            self.redirect(f"/outbox?{urlencode({'done': self.kind, 'came': came})}", status=303)


class MailDraftHandler(_WithOutbox):
    """``/outbox/NUMBER/mail.eml``: a mail as a file that the person's own mail program opens for sending."""

    async def get(self, number: str) -> None:
        draft = await self.outgoing.draft(int(number), self.visitor)
        if draft is None:
            raise Refused(404, "This mail is not there any more", _GONE, "no_such_mail")
        self.set_header("Content-Type", "message/rfc822")
        self.set_header("Content-Disposition", f'attachment; filename="mail-{int(number)}.eml"')
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.finish(draft)
