"""The appliance without its window: a server that goes on, and where there is one, an icon in the tray."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.shell.server import Server, Up
from appliance.shell.tray import Tray, tray

__all__ = ["Background"]

logger = logging.getLogger(__name__)


class Background:
    """Keeps a server running until it is told to stop (it is a :class:`appliance.shell.server.Shell`).

    :param until_done: have the server stop when no task runs any more.
    :ivar files: packages that somebody opened with the appliance meanwhile; the window is to ask about them.
    """

    def __init__(self, data: Path, *, share: bool, until_done: bool) -> None:
        self._until_done = until_done
        self._server = Server(data, self, share=share)
        self._over = threading.Event()
        self._wanted = False
        self._leaving = threading.Lock()
        self._tray: Tray | None = None
        self.files: list[Path] = []

    def run(self) -> bool:
        """Until the server has ended or the window is wanted; on the main thread. Returns whether the window is."""
        self._server.start()
        icon = None if self._until_done else tray(open_window=self.want_window, stop=self._stop_soon)
        with self._leaving:   # it may be over by now
            self._tray = None if self._over.is_set() else icon
        if self._tray is not None:
            self._tray.run()
        self._over.wait()
        return self._wanted

    def want_window(self) -> None:
        """Go, so that a window can be opened in this one's place."""
        self._wanted = True
        self._leave()

    def stop(self) -> None:
        """The person logs off, or wants an end of it. Returns when the server has ended."""
        self._server.stop()
        self._server.wait()
        self._leave()

    def _stop_soon(self) -> None:
        """From the menu: the thread of the tray has to go on meanwhile."""
        threading.Thread(target=self.stop, daemon=True).start()

    # -- the server's thread ---------------------------------------------------------------------------

    def up(self, _up: Up) -> None:
        """Nothing to show; what waits only for the last task says so."""
        if self._until_done:
            self._server.stop("tasks")

    def down(self, *, wanted: bool) -> None:
        """It is started again."""

    def failed(self, words: str) -> None:
        """It cannot be started: the window will say why."""
        logger.error("the server cannot be started: %s", words)
        self.want_window()

    def told(self, what: Mapping[str, Any]) -> None:
        """A second start wants the window."""
        if "show" in what:
            self.files += map(Path, what["show"])
            self.want_window()

    def moved(self, _data: Path) -> None:
        """Only somebody at the window can have asked for that: a new one goes there by itself."""

    def ended(self) -> None:
        """The server is gone as it was told to."""
        self._leave()

    def _leave(self) -> None:
        with self._leaving:
            self._over.set()
        if self._tray is not None:
            self._tray.stop()
