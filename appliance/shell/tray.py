"""The icon in the tray, where the desktop has one: opens the window, stops the appliance."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from importlib import resources
from typing import Any, Protocol

__all__ = ["OPEN", "STOP", "Tray", "tray"]

logger = logging.getLogger(__name__)

OPEN, STOP = "Open the window", "Stop the appliance"
"""The lines of its menu."""

_WATCHER = "org.kde.StatusNotifierWatcher"
"""Who shows icons in the tray, by the StatusNotifierItem specification of freedesktop.org."""


class Tray(Protocol):
    """An icon that is shown while :meth:`run` runs, on the main thread; :meth:`stop` may be called from any."""

    def run(self) -> None:
        """Show it until it is stopped."""

    def stop(self) -> None:
        """Take it away."""


def tray(*, open_window: Callable[[], object], stop: Callable[[], object]) -> Tray | None:
    """An icon whose menu opens the window and stops the appliance; None where the desktop shows none."""
    if not _is_shown():
        return None
    import pystray
    from PIL import Image

    def calling(function: Callable[[], object]) -> Callable[..., None]:
        def clicked(_icon: Any, _item: Any) -> None:
            function()
        return clicked

    with resources.files("appliance.shell").joinpath("icon.png").open("rb") as file:
        image = Image.open(file)
        image.load()
    return _Icon(pystray.Icon("interview-appliance", image, "Interview Appliance is running", pystray.Menu(
        pystray.MenuItem(OPEN, calling(open_window), default=True), pystray.MenuItem(STOP, calling(stop)))))


class _Icon:
    """pystray's, which at its end asks for a notification to be taken away, also where no desktop shows any."""

    def __init__(self, icon: Any) -> None:
        self._icon = icon
        self._runs = threading.Event()

    def run(self) -> None:
        if sys.platform in {"win32", "darwin"}:
            self._icon.run(self._begin)
            return
        from gi.repository import GLib

        try:
            self._icon.run(self._begin)
        except GLib.Error as problem:
            logger.info("the tray is gone: %s", problem.message)
        finally:
            self._runs.set()

    def _begin(self, icon: Any) -> None:
        try:
            icon.visible = True
        finally:
            self._runs.set()

    def stop(self) -> None:
        self._runs.wait()   # pystray does not hear what it is told before
        self._icon.stop()


def _is_shown() -> bool:
    """Whether there is a tray: on Linux not every desktop has one, and an icon would be nowhere."""
    if sys.platform in {"win32", "darwin"}:
        return True
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        import gi

        gi.require_version("AyatanaAppIndicator3", "0.1")
        from gi.repository import Gio, GLib
    except (ImportError, ValueError):
        return False
    try:
        bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
        found = bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
                              GLib.Variant("(s)", (_WATCHER,)), None, Gio.DBusCallFlags.NONE, 1000, None)
    except GLib.Error:
        return False   # no session bus
    return bool(found.unpack()[0])
