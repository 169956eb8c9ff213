"""What the administrator's pages share: who may enter, and the page that waits until the appliance runs again."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import Any
from urllib.parse import urlencode

from tornado.escape import xhtml_escape

from appliance.administration.administration import Administration
from appliance.interview.host import UserInfo
from appliance.server import security
from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused

__all__ = ["AdministrationPage", "RestartingHandler", "waiting_address", "with_code"]

_RUN = secrets.token_urlsafe(9)
"""Another one in each process, so that a page knows when the next one is there."""

_PAUSE = 1.0
"""Seconds in which the page that waits, with all that it shows, gets to the browser before the server goes."""


class AdministrationPage(BaseHandler):
    """A page for administrators."""

    admits = Admission.ADMINISTRATORS

    @property
    def administration(self) -> Administration:
        """What can be administered.

        :raises Refused: where there is nothing.
        """
        if self.parts.administration is None:
            raise Refused(404, "There is nothing to administer here", "This part of the appliance is not running.",
                          "404")
        return self.parts.administration

    @property
    def user(self) -> UserInfo:
        """Who does it, for the audit log."""
        return self.visitor.user

    def restart(self, why: str, target: str) -> None:
        """Have the appliance start anew, and send a page that leads to `target` when it runs again.

        :param why: what was done, a sentence.
        """
        self.page("restarting.html", why=why, waiting=waiting_address(target), keeps=True)
        asyncio.get_running_loop().call_later(_PAUSE, self.administration.restart)

    def get_template_namespace(self) -> dict[str, Any]:
        return super().get_template_namespace() | {"with_code": with_code}


class RestartingHandler(BaseHandler):
    """``GET /restarting?run=…&next=…``: leads on as soon as another process answers than the one that wrote `run`."""

    admits = Admission.ANYONE

    async def get(self) -> None:
        target = security.safe_next(self.get_query_argument("next", None))
        again = self.get_query_argument("run", "") != _RUN
        if self.by_script:
            self.send_json({"again": again, "next": target})
        elif again:
            self.redirect(target)
        else:
            self.page("restarting.html", why="", waiting=self.request.uri or "", keeps=False)


def waiting_address(target: str) -> str:
    """An address that leads to `target` as soon as another process answers."""
    return f"/restarting?{urlencode({'run': _RUN, 'next': target})}"


def with_code(text: str) -> str:
    """A text as HTML, with what stands between backquotes as code.

    >>> with_code("like `a<b`")
    'like <code>a&lt;b</code>'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", xhtml_escape(text)).replace("&#x27;", "'")
