"""The icon in the tray, where the desktop has one: opens the window, stops the appliance."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import resources
from typing import Any, Protocol

__all__ = ["Tray", "tray"]

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
    icon: Tray = pystray.Icon("interview-appliance", image, "Interview Appliance is running", pystray.Menu(
        pystray.MenuItem("Open the window", calling(open_window), default=True),
        pystray.MenuItem("Stop the appliance", calling(stop))))
    return icon


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
