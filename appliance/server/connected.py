"""How many people on the network are connected: browsers with an open page, or that asked for one a moment ago."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Connected"]

_MOMENT = 180.0
_MOST = 5000


class Connected:
    """Counts browsers by the secret in their cookie. To be called from the loop only.

    :ivar on_changed: called when the number is another one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.on_changed: Callable[[], None] = lambda: None
        self._clock = clock
        self._lately: OrderedDict[str, float] = OrderedDict()   # the one that asked last is last
        self._sockets: dict[object, str] = {}
        self._told = 0
        self._looking: asyncio.TimerHandle | None = None
        self.ever = False
        """Whether anybody has come since :meth:`begin`."""

    def begin(self) -> None:
        """Start anew: it is shared from now on, or not any more."""
        self._lately.clear()
        self.ever = False
        self._look()

    @property
    def count(self) -> int:
        """How many there are now."""
        self._forget()
        return len(self._lately.keys() | set(self._sockets.values()))

    def asked(self, browser: str) -> None:
        """A browser on the network asked for a page."""
        self._lately[browser] = self._clock()
        self._lately.move_to_end(browser)
        if len(self._lately) > _MOST:
            self._lately.popitem(last=False)
        self.ever = True
        self._look()

    def opened(self, browser: str, socket: object) -> None:
        """It holds a socket from now on."""
        self._sockets[socket] = browser
        self.asked(browser)

    def closed(self, socket: object) -> None:
        """It holds this one no more; counted or not."""
        if self._sockets.pop(socket, None) is not None:
            self._look()

    def _forget(self) -> None:
        while self._lately and self._clock() - next(iter(self._lately.values())) >= _MOMENT:
            self._lately.popitem(last=False)

    def _look(self) -> None:
        """Tell a new number, and look again when the next one may be gone."""
        count = self.count
        if count != self._told:
            self._told = count
            self.on_changed()
        if self._looking is None and self._lately:
            wait = _MOMENT - (self._clock() - next(iter(self._lately.values())))
            self._looking = asyncio.get_running_loop().call_later(max(wait, 0.0) + 0.1, self._look_later)

    def _look_later(self) -> None:
        self._looking = None
        self._look()
