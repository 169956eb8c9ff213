"""The open tabs, and the notices that are pushed to them."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from appliance.server import security
from appliance.server.admission import Admission, Admitting, admit, is_from_network
from appliance.server.base import BROWSER_COOKIE, USER_COOKIE, knock, log_failure
from appliance.server.cookies import OwnCookies
from appliance.server.errors import Refused
from appliance.server.headers import SafeHeaders
from appliance.server.origins import is_ours
from appliance.server.parts import TurnsDoor
from appliance.server.presence import GRACE, NOBODY, Presence
from appliance.sessions.errors import NoSuchSession, NotYours, SignInNeeded
from appliance.sessions.progress import TaskProgress
from appliance.sessions.reply import Notice
from appliance.sessions.visitor import Visitor

if TYPE_CHECKING:
    from types import TracebackType

    from appliance.server.application import ServerApplication

__all__ = ["NoticeSocket", "Tabs", "command", "tab_named"]

log = logging.getLogger("appliance.server")


_NAME = re.compile(r"[A-Za-z0-9_-]{8,64}")

_APART = 1 / 75
"""Looks for tabs that are gone for good are so much of their grace apart: a second."""


def command(notice: Notice) -> dict[str, Any]:
    """A notice as an entry of ``commands``; `id` lets a tab that gets it twice show it once."""
    value = progress_as_json(notice.value) if isinstance(notice.value, TaskProgress) else notice.value
    return {"id": notice.id, "value": value, "extra": notice.kind}


def progress_as_json(progress: TaskProgress) -> dict[str, Any]:
    """The bars of the tasks that run, as our script draws them."""
    return {"version": progress.version, "bars": [
        {"number": bar.number, "fraction": bar.fraction, "text": bar.text} for bar in progress.bars]}


def tab_named(text: str) -> str:
    """A tab's or page's name as its script gave it; nobody's, if it has not the form of one."""
    return text if _NAME.fullmatch(text) else NOBODY


class Tabs:
    """The tabs of all sessions, with their sockets. :meth:`push` may be called from any thread, the rest from the loop.

    :param turns: keeps the notices that were not delivered yet.
    """

    def __init__(self, turns: TurnsDoor, *, grace: float = GRACE, clock: Callable[[], float] = time.monotonic) -> None:
        self.presence = Presence(grace, clock)
        self._turns = turns
        self._open: defaultdict[str, dict[NoticeSocket, str]] = defaultdict(dict)
        self._loop = asyncio.get_running_loop()
        self._sweeping: asyncio.TimerHandle | None = None
        self._forgetting: set[asyncio.Task[None]] = set()

    # -- who is there ----------------------------------------------------------------------------------

    def drawn(self, session_id: str, page: str, began: float) -> None:
        """A page of the session is on its way; see :meth:`Presence.drawn`."""
        self.presence.drawn(session_id, page, began)
        self._watch()

    def spoke(self, session_id: str, tab: str, page: str) -> None:
        """A tab is there; see :meth:`Presence.arrived`."""
        self.presence.arrived(session_id, tab, page)
        self._watch()

    def add(self, session_id: str, socket: NoticeSocket, tab: str, page: str) -> None:
        """A tab has opened its socket."""
        self.spoke(session_id, tab, page)
        self.presence.connected(session_id, tab)
        self._open[session_id][socket] = tab

    def remove(self, session_id: str, socket: NoticeSocket) -> None:
        tab = self._open[session_id].pop(socket, None)
        if not self._open[session_id]:
            del self._open[session_id]
        if tab is not None:
            self.presence.left(session_id, tab)
            self._watch()

    @property
    def count(self) -> int:
        """How many tabs are connected."""
        return sum(len(sockets) for sockets in self._open.values())

    @property
    def from_network(self) -> int:
        """How many of them are on other computers."""
        return sum(is_from_network(socket.request) for sockets in self._open.values() for socket in sockets)

    def close(self) -> None:
        """Say goodbye to all tabs, so that they look for the server again soon."""
        for socket in [one for sockets in self._open.values() for one in sockets]:
            socket.close(1001)

    # -- notices ---------------------------------------------------------------------------------------

    def push(self, notice: Notice) -> None:
        """Send `notice` to the session's tabs. A stored one waits for those that are away, or for the first."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._send, notice)

    def _send(self, notice: Notice) -> None:
        if notice.id:
            self.presence.told(notice.session_id, notice.id)
        elif notice.kind == "reload":
            self.presence.task_ended(notice.session_id)
        self._watch()
        for socket in list(self._open.get(notice.session_id, ())):
            socket.send([notice])

    def for_tab(self, session_id: str, tab: str, waiting: list[Notice]) -> list[Notice]:
        """What a tab that comes is told: those of the stored notices that it lacks, how far the tasks are, and to
        look again where it missed the end of one.
        """
        wanted = set(self.presence.wanted(session_id, tab, [notice.id for notice in waiting]))
        told = [notice for notice in waiting if notice.id in wanted]
        if tab != NOBODY:
            told.append(Notice(0, session_id, "progress", self._turns.progress_of(session_id)))
        if self.presence.is_stale(session_id, tab):
            told.append(Notice(0, session_id, "reload"))
        return told

    async def took(self, session_id: str, tab: str, ids: list[int]) -> None:
        """A tab has these stored notices."""
        await self._forget(session_id, self.presence.took(session_id, tab, ids))

    async def _forget(self, session_id: str, ids: list[int]) -> None:
        if ids:
            await self._turns.delivered(ids)
            self.presence.forget(session_id, ids)

    # -- tabs that do not come again ---------------------------------------------------------------------

    def _watch(self) -> None:
        """Look again when the next tab may be gone for good."""
        wait = self.presence.next_expiry() if self._sweeping is None else None
        if wait is not None:
            # Not at each moment at which one of many may be gone: a look costs as much as there are tabs.
            pause = self.presence.grace * _APART
            self._sweeping = self._loop.call_later(max(wait, pause) + 0.01, self._sweep)

    def _sweep(self) -> None:
        self._sweeping = None
        for session_id, ids in self.presence.expire().items():
            task = self._loop.create_task(self._forget(session_id, ids))
            self._forgetting.add(task)
            task.add_done_callback(self._forgetting.discard)
        self._watch()


class NoticeSocket(Admitting, OwnCookies, SafeHeaders, WebSocketHandler):
    """``/interview/notices?session=…&tab=…&page=…``: one socket per tab.

    Each message to the tab is ``{"commands": […]}`` as in a check-in's reply. The tab answers ``{"seen": [ids]}`` when
    it has them; only then they count as delivered to it, so a socket that died unnoticed loses nothing.

    `tab` is the tab's own name, which it keeps when it is loaded again; `page` is the ``_turn`` of the form on it.
    """

    admits = Admission.INTERVIEWS
    session_id = ""
    tab = ""

    @property
    def server(self) -> ServerApplication:
        return cast("ServerApplication", self.application)

    @property
    def user_cookie(self) -> str | None:
        """For :class:`~appliance.server.sockets.OpenSockets`."""
        return self.get_cookie(USER_COOKIE)

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the socket if the session is the visitor's, else refuse with 403."""
        secret = self.get_cookie(BROWSER_COOKIE)
        session_id = self.get_query_argument("session", "")
        # Tornado would take the word of Sec-Fetch-Site alone, and a page that came in the clear for one of ours.
        own_page = is_ours(self.request.headers.get("Origin", ""), self.request, self.server.names)
        if not security.is_browser_secret(secret) or not own_page:
            self.set_status(403)
            self.finish("This session is not yours.")
            return
        self.visitor: Visitor = await knock(self, self.server.parts, cast("str", secret))
        try:
            admit(self.admits, self.visitor)
            await self.server.parts.turns.undelivered(session_id, self.visitor)
        except (NoSuchSession, NotYours, Refused, SignInNeeded):
            self.set_status(403)
            self.finish("This session is not yours.")
            return
        self.session_id = session_id
        await super().get(*args, **kwargs)

    async def open(self, *_args: str, **_kwargs: str) -> None:
        """Send what waited."""
        self.set_nodelay(True)
        self.tab = tab_named(self.get_query_argument("tab", "")) or secrets.token_urlsafe(8)
        self.server.tabs.add(self.session_id, self, self.tab, self.get_query_argument("page", ""))
        self.server.sockets.add(self)
        self.send(self.server.tabs.for_tab(self.session_id, self.tab, await self.waiting()))

    async def waiting(self) -> list[Notice]:
        """The notices that no tab has got; none of a session that has ended while the tab was open."""
        try:
            return await self.server.parts.turns.undelivered(self.session_id, self.visitor)
        except (NoSuchSession, NotYours, SignInNeeded):
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
            await self.server.tabs.took(self.session_id, self.tab, acknowledged)

    def log_exception(self, typ: type[BaseException] | None, value: BaseException | None,
                      tb: TracebackType | None) -> None:
        """Without the address, which holds the session."""
        log_failure(self, typ, value, tb)

    def on_close(self) -> None:
        self.server.sockets.remove(self)
        if self.session_id:
            self.server.tabs.remove(self.session_id, self)


def _ignore_closed(future: asyncio.Future[None]) -> None:
    error = None if future.cancelled() else future.exception()
    if error is not None and not isinstance(error, WebSocketClosedError):
        log.info("a notice could not be sent: %s", type(error).__name__)
