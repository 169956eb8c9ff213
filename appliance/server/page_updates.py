"""Tells open pages (tasks, schedule, mail) that something has changed; they fetch what they show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from appliance.server import security
from appliance.server.admission import Admission, Admitting, admit
from appliance.server.base import BROWSER_COOKIE, USER_COOKIE, knock, log_failure
from appliance.server.cookies import OwnCookies
from appliance.server.errors import Refused
from appliance.server.headers import SafeHeaders
from appliance.server.origins import is_ours
from appliance.sessions.errors import SignInNeeded
from appliance.sessions.visitor import Visitor

if TYPE_CHECKING:
    from types import TracebackType

    from appliance.server.application import ServerApplication

__all__ = ["FOLLOWED", "PageUpdates", "PageUpdatesSocket"]

_PAUSE = 0.25
"""Seconds between two messages; nobody reads faster, and a thousand tasks may change at once."""

FOLLOWED = {**dict.fromkeys(("tasks", "schedule", "outbox", "mail"), Admission.HERE_OR_SIGNED_IN),
            "network": Admission.ADMINISTRATORS}
"""The pages that follow by themselves, and who may enter them; ``/PAGE/updates`` is the address of their sockets."""


class PageUpdates:
    """The open pages of one kind. :meth:`changed` may be called from any thread and as often as one likes."""

    also: list[Callable[[], None]]
    """Called too when something has changed here: what other pages show of it."""

    def __init__(self) -> None:
        self.also = []
        self._loop = asyncio.get_running_loop()
        self._open: set[PageUpdatesSocket] = set()
        self._resting: asyncio.TimerHandle | None = None
        self._again = False

    def changed(self) -> None:
        """Something that such a page shows is different now."""
        for tell in self.also:
            tell()
        if self._open and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell)

    def add(self, socket: PageUpdatesSocket) -> None:
        self._open.add(socket)

    def remove(self, socket: PageUpdatesSocket) -> None:
        self._open.discard(socket)

    def _tell(self) -> None:
        if self._resting is not None:
            self._again = True
            return
        self._resting = self._loop.call_later(_PAUSE, self._rested)
        for socket in list(self._open):
            socket.say_changed()

    def _rested(self) -> None:
        self._resting = None
        if self._again:
            self._again = False
            self._tell()


class PageUpdatesSocket(Admitting, OwnCookies, SafeHeaders, WebSocketHandler):
    """``/tasks/updates`` and its like: says ``changed`` when the page should look again, but not what has changed.

    :param page: one of :data:`FOLLOWED`.
    """

    admits = Admission.HERE_OR_SIGNED_IN

    def initialize(self, page: str) -> None:
        self.page = page

    @property
    def server(self) -> ServerApplication:
        return cast("ServerApplication", self.application)

    @property
    def user_cookie(self) -> str | None:
        """For :class:`~appliance.server.sockets.OpenSockets`."""
        return self.get_cookie(USER_COOKIE)

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the socket for a page of this very host, in a browser that has been here before."""
        if not await self.admitted():
            self.set_status(403)
            self.finish("Please open the page itself first.")
            return
        await super().get(*args, **kwargs)

    async def admitted(self) -> bool:
        """Whether a page of ours asks, and for somebody who may see it."""
        secret = self.get_cookie(BROWSER_COOKIE)
        own_page = is_ours(self.request.headers.get("Origin", ""), self.request, self.server.names)
        if not security.is_browser_secret(secret) or not own_page:
            return False
        try:
            self.visitor: Visitor = await knock(self, self.server.parts, cast("str", secret))
            admit(FOLLOWED[self.page], self.visitor)
        except (Refused, SignInNeeded):
            return False
        return True

    def open(self, *_args: str, **_kwargs: str) -> None:
        """Listen from now on; the page may have missed something since it was made."""
        self.server.updates[self.page].add(self)
        self.server.sockets.add(self)
        self.say_changed()

    def say_changed(self) -> None:
        """Tell it; a page that has just gone needs nothing."""
        try:
            future = self.write_message("changed")
        except WebSocketClosedError:
            return
        future.add_done_callback(lambda done: None if done.cancelled() else done.exception())

    def on_message(self, message: str | bytes) -> None:
        """Nothing is asked here."""

    def log_exception(self, typ: type[BaseException] | None, value: BaseException | None,
                      tb: TracebackType | None) -> None:
        """As all handlers do, without values."""
        log_failure(self, typ, value, tb)

    def on_close(self) -> None:
        self.server.updates[self.page].remove(self)
        self.server.sockets.remove(self)
