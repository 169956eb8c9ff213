"""The desktop app: one window on a data folder, or the small program that keeps its server running without one."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance.commands import HandOverFailed
from appliance.locks import FileLock, Held
from appliance.program import start_apart
from appliance.shell.opening import open_address
from appliance.shell.server import ANSWERS, LOCK, Server, Up, reach
from appliance.shell.telling import tell
from appliance.shell.toolkit import Toolkit, has_screen, window_toolkit
from appliance.store.errors import StoreError

__all__ = ["Desktop", "run"]

logger = logging.getLogger(__name__)

_PATIENCE = 75.0
"""Seconds that a second start waits for the first one to answer, or to end: a server has a minute to start."""

_LOCK = "window.lock"

NO_TOOLKIT = "There is no toolkit for a window here, so the appliance opens in the browser."


@dataclass(frozen=True)
class Desktop:
    """What the command line says.

    :param data: the data folder, absolute.
    :param share: let other computers in from the start.
    :param files: packages to install.
    :param background: start without a window.
    :param until_done: in the background, stop when no task runs any more.
    """

    data: Path
    share: bool = False
    files: Sequence[Path] = ()
    background: bool = False
    until_done: bool = False

    def arguments(self) -> list[str]:
        """The command line that says the same."""
        said = {"--share": self.share, "--background": self.background, "--until-done": self.until_done}
        opened = ["open", *map(str, self.files)] if self.files else []
        return ["--data", str(self.data), *(name for name, on in said.items() if on), *opened]


class OneWindow:
    """One window for each data folder, also where the data moves.

    :ivar data: the folder that is held.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self._lock = FileLock(data / _LOCK)

    def acquire(self) -> None:
        """Hold the folder.

        :raises Held: if another window does.
        :raises OSError: if the folder cannot be used.
        """
        self._lock.acquire()

    def release(self) -> None:
        """Let it go."""
        self._lock.release()

    def move(self, data: Path) -> None:
        """Hold another folder instead."""
        self._lock.release()
        with suppress(OSError):   # on Windows, if a second start looks at it just now
            (self.data / _LOCK).unlink()
        self.data, self._lock = data, FileLock(data / _LOCK)
        try:
            self._lock.acquire()
        except (Held, OSError) as problem:   # a second window there is no harm: both attend one server
            logger.warning("the folder is not held: %s", type(problem).__name__)


def run(options: Desktop) -> int:
    """Show the appliance until it is closed; returns the exit status."""
    lock = OneWindow(options.data)
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            lock.acquire()
            break
        except Held:
            if (address := _shown_by_the_first(options)):
                print(f"The appliance is already running on {options.data}. It can be reached at {address}")
                return 0
        except OSError as problem:
            return _refuse(options, f"The data folder {options.data} cannot be used: {problem.strerror or problem}.")
        if time.monotonic() > end:
            return _refuse(options, f"The appliance is already running on {options.data}, and does not answer.")
        time.sleep(0.1)
    try:
        status, instead = _run_alone(options, lock)
    finally:
        lock.release()
    if instead is not None:
        start_apart(instead.arguments())
    return status


def _refuse(options: Desktop, words: str) -> int:
    """Say why nothing is shown, also to somebody who sees no terminal; at login nobody has asked for anything."""
    print(words, file=sys.stderr, flush=True)
    if not options.background:
        tell(words)
    return 1


def _shown_by_the_first(options: Desktop) -> str:
    """Have the window that is open already come forward, if one is wanted; the server's address, empty while it cannot
    be reached.
    """
    command, said = "show", {"files": [str(file) for file in options.files]}
    if options.background:
        command, said = "status", {}
    try:
        address = (options.data / LOCK).read_text(encoding="utf-8", errors="replace").strip()
        heard = address and reach(options.data, address, command, said, logger.info, answers_within=ANSWERS) == 0
        return address if heard else ""
    except (StoreError, OSError, ValueError, HandOverFailed):
        return ""


def _run_alone(options: Desktop, lock: OneWindow) -> tuple[int, Desktop | None]:
    """The exit status, and what is to be started in this one's place."""
    if options.background:
        return 0, _in_background(options)
    toolkit = window_toolkit()
    if toolkit is None:
        return _in_browser(options, lock), None
    return 0, _in_window(options, lock, toolkit)


def _in_background(options: Desktop) -> Desktop | None:
    from appliance.shell.background import Background

    background = Background(options.data, share=options.share, until_done=options.until_done)
    _on_signals(background.stop)
    return replace(options, background=False, until_done=False, files=background.files) if background.run() else None


def _in_window(options: Desktop, lock: OneWindow, toolkit: Toolkit) -> Desktop | None:
    from appliance.shell.bridge import Bridge
    from appliance.shell.guard import Guard
    from appliance.shell.window import Ending, Window

    def hand_over(command: str, arguments: Mapping[str, Any], say: Callable[[str], None]) -> int:
        return server.ask(command, arguments, say)

    logging.getLogger("pywebview").setLevel(logging.CRITICAL)   # it tells on the standard error output what it tries
    window = Window(toolkit, Guard(Bridge(hand_over)), files=options.files, on_moved=lock.move)
    server = Server(options.data, window, share=options.share)
    _on_signals(lambda: window.end(Ending.STOP))
    ending = window.run(server)
    if ending is Ending.STOP:
        server.stop()
        server.wait()
    if window.wanted_again:   # the second start has left: it was told that there is a window
        return Desktop(lock.data, share=options.share, files=window.files)
    if ending is Ending.STOP:
        return None
    return Desktop(lock.data, share=options.share, background=True, until_done=ending is Ending.AFTER_TASKS)


def _in_browser(options: Desktop, lock: OneWindow) -> int:
    """Without a toolkit for windows: the pages in the system's browser, until we are told to stop."""
    browser = Browser(opens=has_screen(), on_moved=lock.move)
    if has_screen():
        print(NO_TOOLKIT, flush=True)
    server = Server(options.data, browser, share=options.share)
    _on_signals(browser.over.set)
    server.start()
    browser.over.wait()
    server.stop()
    server.wait()
    return browser.status


class Browser:
    """Shows the server in the system's browser (it is a :class:`appliance.shell.server.Shell`).

    :param opens: whether there is a screen to open it on; its address is printed in any case.
    """

    def __init__(self, *, opens: bool, on_moved: Callable[[Path], None]) -> None:
        self._opens = opens
        self._on_moved = on_moved
        self._address = ""
        self.over = threading.Event()
        self.status = 0

    def up(self, up: Up) -> None:
        """Print where it is, and open it."""
        if self._address == up.address and not up.anew:
            return
        self._address = up.address
        print(f"Interview Appliance is running at {up.address}\n\nThis address works once, and signs you in as its "
              f"owner:\n\n    {up.sign_in}\n\nTo stop it, press Ctrl+C.", flush=True)
        self._open(up.sign_in)

    def down(self, *, wanted: bool) -> None:
        """Pages find it again by themselves."""

    def failed(self, words: str) -> None:
        """Say why, and end."""
        print(words, file=sys.stderr, flush=True)
        self.status = 1
        self.over.set()

    def told(self, what: Mapping[str, Any]) -> None:
        """A second start opens another tab."""
        if "show" in what:
            self._open(self._address)

    def moved(self, data: Path) -> None:
        """Another server is shown next."""
        self._address = ""
        self._on_moved(data)

    def ended(self) -> None:
        """Nothing is left to wait for."""
        self.over.set()

    def _open(self, address: str) -> None:
        if self._opens:
            open_address(address)


def _on_signals(stop: Callable[[], object]) -> None:
    """Close politely when the person logs off, or presses Ctrl+C in the terminal.

    Python calls what is set for a signal on the main thread, which may not come back to Python for as long as there is
    a window (Qt). So a thread hears of it too, by :func:`signal.set_wakeup_fd`, which GTK's loop takes for itself.
    """
    names = ("SIGINT", "SIGBREAK") if sys.platform == "win32" else ("SIGINT", "SIGTERM", "SIGHUP")
    heard, told = socket.socketpair()
    begun = threading.Event()

    def begin(*_: object) -> None:
        if not begun.is_set():
            begun.set()
            threading.Thread(target=stop, daemon=True).start()

    told.setblocking(False)
    for name in names:
        number = getattr(signal, name)
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, begin)
    signal.set_wakeup_fd(told.detach(), warn_on_full_buffer=False)
    numbers = {getattr(signal, name) for name in names}

    def listen() -> None:
        while (number := heard.recv(1)):
            if number[0] in numbers:
                begin()
    threading.Thread(target=listen, name="signals", daemon=True).start()
