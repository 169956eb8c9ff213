"""The app without a window: its own way of keeping a server, and nobody who looks."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from appliance.shell.server import Server, Up

__all__ = ["Attendant"]

_LIMIT = 60.0


class Attendant:
    """Starts the server of a data folder, attends it, and goes with it to another folder (it is a
    :class:`appliance.shell.server.Shell`).

    :param data: the data folder, as every start of the app finds it.
    :ivar ups: what each server said of itself, the newest last.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.ups: list[Up] = []
        self.failures: list[str] = []
        self._news: queue.Queue[None] = queue.Queue()
        self._server = Server(data, self)

    def start(self) -> Up:
        """Start the server; returns when it can be shown."""
        self._server.start()
        return self.wait_for(1)

    def wait_for(self, count: int) -> Up:
        """Until the server said `count` times that it is there."""
        end = time.monotonic() + _LIMIT
        while len(self.ups) < count:
            assert not self.failures, self.failures
            with suppress(queue.Empty):
                self._news.get(timeout=max(0.01, end - time.monotonic()))
            assert time.monotonic() < end, "the server did not come"
        return self.ups[count - 1]

    def stop(self) -> None:
        """End it politely."""
        self._server.stop()
        self._server.wait()

    @contextmanager
    def browser(self, up: Up) -> Iterator[httpx.Client]:
        """A browser in which the owner is signed in."""
        with httpx.Client(base_url=up.address, timeout=_LIMIT, trust_env=False) as client:
            client.get(up.sign_in)
            yield client

    # -- what the server tells -----------------------------------------------------------------------

    def up(self, up: Up) -> None:
        self.ups.append(up)
        self._news.put(None)

    def down(self, *, wanted: bool) -> None:
        pass

    def failed(self, words: str) -> None:
        self.failures.append(words)
        self._news.put(None)

    def told(self, what: Mapping[str, Any]) -> None:
        pass

    def moved(self, data: Path) -> None:
        pass

    def ended(self) -> None:
        pass
