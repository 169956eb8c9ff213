"""``/mail``: mail that came in for interviews, the addresses they gave out, and mail brought by hand."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import urlencode

from tornado.httputil import HTTPFile

from appliance import clock
from appliance.server import mail_views
from appliance.server.admission import Admission
from appliance.server.errors import Refused
from appliance.server.files import disposition, safe_mimetype
from appliance.server.home import when
from appliance.server.live_page import LivePage
from appliance.server.mail_views import ByHand
from appliance.server.replies import interview_url
from appliance.sessions.mail_door import MailDoor, MailToRead, NotMail
from appliance.sessions.task_list import is_administrator
from appliance.store.errors import StoreError

__all__ = ["BY_HAND", "MailByHandHandler", "MailFileHandler", "MailHandler", "OpenMailHandler", "mail_limit"]

BY_HAND = "/mail/by-hand"

_FILES = "mails"
_UNNAMED = {"html": "mail.html", "text": "mail.txt", "attachment": "attachment"}
_SANDBOX = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""Should a browser take a downloaded part for a page all the same, it is a page that may do nothing."""

logger = logging.getLogger(__name__)


def mail_limit(settings: Any) -> int:
    """The greatest size of a mail that is taken, in bytes."""
    return int(settings.get("mail in: smtp: maximum size", 48 * 1024 * 1024))


class _MailPage(LivePage):
    """What the pages about mail share."""

    admits = Admission.HERE_OR_SIGNED_IN
    name = "mail"

    @property
    def door(self) -> MailDoor:
        """The part that receives mail.

        :raises Refused: where there is none.
        """
        if self.parts.mail is None:
            raise Refused(404, "No mail is received here", "The part that receives mail is not running.", "404")
        return self.parts.mail

    async def names(self, results: list[ByHand]) -> dict[str, Any]:
        """What the templates speak of."""
        title = self.interview_names()
        overview = await self.door.overview(self.visitor)
        shown = mail_views.shown(overview, self.most, title)
        return {
            "shown": shown, "ways": await self.door.ways(), "now": clock.now(), "results": results,
            "choices": [(one.code, f"{mail_views.whose(one, title)}, {one.address}")
                        for one in overview.addresses if one.visible],
            "more": f"/mail?{urlencode({'show': 4 * self.most})}" if self.most < max(shown.totals) else "",
            "limit": mail_limit(self.parts.settings), "sees_all": is_administrator(self.visitor), "when": when,
            "size": mail_views.size, "interview_url": interview_url}


class MailHandler(_MailPage):
    """The page."""

    async def get(self) -> None:
        self.show(await self.names([]))


class MailByHandHandler(_MailPage):
    """``POST /mail/by-hand`` with files ``mails`` and perhaps ``code``: takes them as if they had come as mail."""

    async def post(self) -> None:
        files = self.request.files.get(_FILES, [])
        code = self.get_body_argument("code", "")
        results = [await self._taken(one, code) for one in files if one.filename or one.body]
        if self.by_script:
            self.send_json({"results": [vars(one) | {"good": one.good} for one in results]})
            return
        if not results:
            results = [ByHand("", "not_mail", "Choose a file first.")]
        self.show(await self.names(results))

    async def _taken(self, file: HTTPFile, code: str) -> ByHand:
        name = _printable(file.filename) or "a file without a name"
        limit = mail_limit(self.parts.settings)
        if len(file.body) > limit:
            return mail_views.too_large(name, len(file.body), limit)
        try:
            return mail_views.of_receipts(name, await self.door.by_hand(file.body, self.visitor, code))
        except NotMail as problem:
            return mail_views.not_mail(name, problem)
        except StoreError as error:
            logger.error("a mail that was brought by hand could not be kept: %s",  # noqa: TRY400 - no values
                         type(error).__name__)
            return ByHand(name, "failed", "It could not be kept. Perhaps the disk is full. Please try again.")


class OpenMailHandler(_MailPage):
    """``GET /mail/NUMBER``: one mail, as text."""

    async def get(self, number: str) -> None:
        mail = await _opened(self, number)
        text, from_html, shortened = await asyncio.to_thread(mail_views.text_of, mail)
        attachments = [(index, part) for index, part in enumerate(mail.parts) if part.kind != "text"]
        self.page("mail_message.html", mail=mail, text=text, from_html=from_html, shortened=shortened,
                  attachments=attachments, size=mail_views.size, when=when, printable=_printable,
                  interview_url=interview_url)


class MailFileHandler(_MailPage):
    """``GET /mail/NUMBER/original`` and ``/mail/NUMBER/parts/INDEX``: the whole mail, or a part of it, to keep."""

    async def get(self, number: str, index: str | None = None) -> None:
        mail = await _opened(self, number)
        if index is None:
            self._send(mail.raw, "message/rfc822", f"mail-{number}.eml")
            return
        if int(index) >= len(mail.parts):
            raise _gone()
        part = mail.parts[int(index)]
        self._send(part.content, part.mimetype, part.name or _UNNAMED[part.kind])

    def _send(self, content: bytes, mimetype: str, name: str) -> None:
        self.set_header("Content-Type", safe_mimetype(mimetype))
        self.set_header("Content-Disposition", disposition("attachment", name))
        self.set_header("Content-Security-Policy", _SANDBOX)
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "private, no-store")
        self.finish(content)


async def _opened(handler: _MailPage, number: str) -> MailToRead:
    mail = await handler.door.open(int(number), handler.visitor)
    if mail is None:
        raise _gone()
    return mail


def _gone() -> Refused:
    words = "It went with its interview session, or the address is wrong."
    return Refused(404, "This mail is not here any more", words, "404")


def _printable(text: str) -> str:
    """A name for a line of a page: without what moves the letters around it."""
    return "".join(one for one in text if one.isprintable())
