"""The open tabs, and the notices that are pushed to them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from appliance.server import security
from appliance.server.base import BROWSER_COOKIE, knock, log_failure
from appliance.sessions.errors import NoSuchSession, NotYours
from appliance.sessions.reply import Notice
from appliance.sessions.visitor import Visitor

if TYPE_CHECKING:
    from types import TracebackType

    from appliance.server.application import ServerApplication

__all__ = ["NoticeSocket", "Tabs", "command"]

log = logging.getLogger("appliance.server")


def command(notice: Notice) -> dict[str, Any]:
    """A notice as an entry of ``commands``; `id` lets a tab that gets it twice show it once."""
    return {"id": notice.id, "value": notice.value, "extra": notice.kind}


class Tabs:
    """The sockets of all tabs, by session. :meth:`push` may be called from any thread, the rest from the loop."""

    def __init__(self) -> None:
        self._open: defaultdict[str, set[NoticeSocket]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, session_id: str, socket: NoticeSocket) -> None:
        self._loop = asyncio.get_running_loop()
        self._open[session_id].add(socket)

    def remove(self, session_id: str, socket: NoticeSocket) -> None:
        self._open[session_id].discard(socket)
        if not self._open[session_id]:
            del self._open[session_id]

    @property
    def count(self) -> int:
        """How many tabs are connected."""
        return sum(len(sockets) for sockets in self._open.values())

    def close(self) -> None:
        """Say goodbye to all tabs, so that they look for the server again soon."""
        for socket in [one for sockets in self._open.values() for one in sockets]:
            socket.close(1001)

    def push(self, notice: Notice) -> None:
        """Send `notice` to the session's tabs; without an open tab it stays undelivered, and a check-in fetches it."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._send, notice)

    def _send(self, notice: Notice) -> None:
        for socket in list(self._open.get(notice.session_id, ())):
            socket.send([notice])


class NoticeSocket(WebSocketHandler):
    """``/interview/notices?session=…``: one socket per tab.

    Each message to the tab is ``{"commands": […]}`` as in a check-in's reply. The tab answers ``{"seen": [ids]}`` when
    it has them; only then they count as delivered, so a socket that died unnoticed loses nothing.
    """

    session_id = ""

    @property
    def server(self) -> ServerApplication:
        return cast("ServerApplication", self.application)

    def check_origin(self, origin: str) -> bool:
        """Only pages of this very host may open it; the origin ``null`` of a sandboxed page may not."""
        return super().check_origin(origin)

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the socket if the session is the visitor's, else refuse with 403."""
        secret = self.get_cookie(BROWSER_COOKIE)
        session_id = self.get_query_argument("session", "")
        if not security.is_browser_secret(secret) or "Origin" not in self.request.headers:
            self.set_status(403)
            self.finish("This session is not yours.")
            return
        self.visitor: Visitor = await knock(self, self.server.parts, cast("str", secret))
        try:
            await self.server.parts.turns.undelivered(session_id, self.visitor)
        except (NoSuchSession, NotYours):
            self.set_status(403)
            self.finish("This session is not yours.")
            return
        self.session_id = session_id
        await super().get(*args, **kwargs)

    async def open(self, *_args: str, **_kwargs: str) -> None:
        """Send what waited."""
        self.set_nodelay(True)
        self.server.tabs.add(self.session_id, self)
        waiting = await self.waiting()
        if waiting:
            self.send(waiting)

    async def waiting(self) -> list[Notice]:
        """The notices that no tab has got; none of a session that has ended while the tab was open."""
        try:
            return await self.server.parts.turns.undelivered(self.session_id, self.visitor)
        except (NoSuchSession, NotYours):
            return []

    def send(self, notices: list[Notice]) -> None:
        """Send notices; a tab that has just gone gets them by its next check-in."""
        try:
            future = self.write_message(json.dumps({"commands": [command(one) for one in notices]}, default=str))
        except WebSocketClosedError:
            return
        future.add_done_callback(_ignore_closed)

    async def on_message(self, message: str | bytes) -> None:
        """Take ``{"seen": [ids]}``; anything else is ignored."""
        try:
            seen = json.loads(message)["seen"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        if not isinstance(seen, list):
            return
        own = {notice.id for notice in await self.waiting()}
        acknowledged = [number for number in seen if isinstance(number, int) and number in own]
        if acknowledged:
            await self.server.parts.turns.delivered(acknowledged)

    def log_exception(self, typ: type[BaseException] | None, value: BaseException | None,
                      tb: TracebackType | None) -> None:
        """Without the address, which holds the session."""
        log_failure(self.request, typ, value, tb)

    def on_close(self) -> None:
        if self.session_id:
            self.server.tabs.remove(self.session_id, self)


def _ignore_closed(future: asyncio.Future[None]) -> None:
    error = None if future.cancelled() else future.exception()
    if error is not None and not isinstance(error, WebSocketClosedError):
        log.info("a notice could not be sent: %s", type(error).__name__)
