"""The processes that the appliance is made of, as the system sees them."""

from __future__ import annotations

from contextlib import suppress

import psutil

from tests.window.driver import Program, Screen

__all__ = ["of_window", "on_screen", "servers"]

_OTHERS = {"Xvfb", "openbox"}


def of_window(program: Program) -> list[psutil.Process]:
    """A window's process and all that it started: its web engine, the server, the workers."""
    window = psutil.Process(program.process.pid)
    return [window, *window.children(recursive=True)]


def on_screen(screen: Screen) -> list[psutil.Process]:
    """All processes of the appliance that live on a screen, whoever started them."""
    found = []
    for one in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if (one.status() != psutil.STATUS_ZOMBIE and one.environ().get("DISPLAY") == screen.display
                    and one.name() not in _OTHERS):
                found.append(one)
    return found


def servers(screen: Screen) -> list[psutil.Process]:
    """Those of the processes on a screen that serve: one at most."""
    found = []
    for one in on_screen(screen):
        with suppress(psutil.NoSuchProcess):
            if "serve" in one.cmdline():
                found.append(one)
    return found
