"""All open sockets, with whose they are: none stays open longer than the sign-in that it was opened with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from appliance.accounts.signed_in import SignedIn
from appliance.server.connected import Connected
from appliance.sessions.visitor import Visitor

__all__ = ["OpenSockets", "VisitedSocket"]

_GOING_AWAY = 1001
"""So that our script looks for the server again, as whoever the browser is then."""


class VisitedSocket(Protocol):
    """A socket that knows who opened it."""

    @property
    def visitor(self) -> Visitor: ...

    @property
    def user_cookie(self) -> str | None:
        """What the browser said of who is signed in, when it opened the socket."""
        ...

    def close(self, code: int | None = None, reason: str | None = None) -> None: ...


class OpenSockets:
    """Closes sockets whose person is another one now. Everything is called on the loop.

    :param signed_in: who a cookie means.
    :param connected: counts those on the network.
    """

    def __init__(self, signed_in: Callable[[str | None], Awaitable[SignedIn | None]], connected: Connected) -> None:
        self._signed_in = signed_in
        self._connected = connected
        self._open: set[VisitedSocket] = set()
        self._looking: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, socket: VisitedSocket) -> None:
        """It opens; its person may have signed out since it asked to."""
        self._open.add(socket)
        if socket.visitor.from_network:
            self._connected.opened(socket.visitor.browser_secret, socket)
        if socket.visitor.user.user_id is not None:
            self.user_changed(socket.visitor.user.user_id)

    def remove(self, socket: VisitedSocket) -> None:
        self._open.discard(socket)
        self._connected.closed(socket)

    def leave(self, browser_secret: str) -> None:
        """Somebody has signed in or out in this browser: its tabs are to come again."""
        for socket in [one for one in self._open if one.visitor.browser_secret == browser_secret]:
            socket.close(_GOING_AWAY)

    def user_changed(self, user_id: int) -> None:
        """A user's sign-ins or privileges may be others now: look again at the sockets they have open."""
        if any(one.visitor.user.user_id == user_id for one in self._open):
            task = asyncio.get_running_loop().create_task(self._look_again(user_id))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)

    async def _look_again(self, user_id: int) -> None:
        for socket in [one for one in self._open if one.visitor.user.user_id == user_id]:
            signed_in = await self._signed_in(socket.user_cookie)
            if signed_in is None or signed_in.user.privileges != socket.visitor.user.privileges:
                socket.close(_GOING_AWAY)
