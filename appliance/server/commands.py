"""``POST /command``: does what another process of this computer asks for (:mod:`appliance.commands`)."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
from typing import Any

from tornado.iostream import StreamClosedError

from appliance.commands import HEADER, NotAdmitted
from appliance.server.admission import Admission, is_from_network
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused

__all__ = ["CommandHandler"]

logger = logging.getLogger(__name__)

_OF_BROWSERS = ("Origin", "Referer", "Cookie", "Sec-Fetch-Site", "Sec-Fetch-Mode")
_OF_PROXIES = ("Forwarded", "X-Forwarded-For", "Via")


class CommandHandler(BaseHandler):
    """One command; its lines go out as they come, and at last ``{"status": 0}``."""

    admits = Admission.ANYONE

    def check_xsrf_cookie(self) -> None:
        """A signature proves more, and whoever has cookies is refused."""

    def initialize(self) -> None:
        self._hung_up = asyncio.Event()

    def on_connection_close(self) -> None:
        self._hung_up.set()

    async def prepare(self) -> None:
        """Refuse browsers and other computers before anything is looked at."""
        headers = self.request.headers
        if (is_from_network(self.request) or not _is_this_computer(self.request.remote_ip) or HEADER not in headers
                or any(name in headers for name in (*_OF_BROWSERS, *_OF_PROXIES))):
            raise _refused()

    async def post(self) -> None:
        commands = self.parts.commands
        if commands is None:
            raise _refused()
        self.set_header("Content-Type", "application/x-ndjson")
        self.set_header(HEADER, commands.proof(self.request.headers[HEADER]))   # goes if it is refused
        try:
            status = await commands.run_sent(self.request.headers[HEADER], self.request.body, self._say,
                                             self._hung_up)
        except NotAdmitted as problem:
            raise _refused() from problem
        self._send({"status": status})

    def _say(self, line: str) -> None:
        self._send({"say": line})

    def _send(self, told: dict[str, Any]) -> None:
        with contextlib.suppress(StreamClosedError):   # nobody listens any more; the command goes on
            self.write(json.dumps(told) + "\n")
            self.flush()


def _is_this_computer(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def _refused() -> Refused:
    """As if there were no such page."""
    return Refused(404, "This page does not exist", "The address may be wrong, or the page may have been removed.",
                   "404")
