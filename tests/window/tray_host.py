"""A desktop that shows icons in a tray, as far as programs can tell: a host of the StatusNotifierItem specification.

Run by the tests in a process of its own. Prints the lines of each menu that is registered, and presses those that it
reads from its standard input.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from gi.repository import Gio, GLib

_WATCHER = """<node><interface name="org.kde.StatusNotifierWatcher">
<method name="RegisterStatusNotifierItem"><arg type="s" direction="in"/></method>
<property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
<property name="RegisteredStatusNotifierItems" type="as" access="read"/>
<property name="ProtocolVersion" type="i" access="read"/></interface></node>"""
_PROPERTIES = {"IsStatusNotifierHostRegistered": GLib.Variant("b", True), "ProtocolVersion": GLib.Variant("i", 0),
               "RegisteredStatusNotifierItems": GLib.Variant("as", [])}
_MENU = "com.canonical.dbusmenu"


class Host:
    """Knows the icon of the program that came last."""

    def __init__(self, bus: Gio.DBusConnection) -> None:
        self._bus = bus
        self._menu = ("", "")
        self._lines: dict[str, int] = {}
        watcher = Gio.DBusNodeInfo.new_for_xml(_WATCHER).interfaces[0]
        bus.register_object("/StatusNotifierWatcher", watcher, self._called,
                            lambda *asked: _PROPERTIES[asked[4]], None)
        Gio.bus_own_name_on_connection(bus, "org.kde.StatusNotifierWatcher", Gio.BusNameOwnerFlags.NONE,
                                       lambda *_: print("ready", flush=True), None)

    def _called(self, _bus: Any, sender: str, _path: str, _interface: str, _method: str, given: GLib.Variant,
                call: Gio.DBusMethodInvocation) -> None:
        call.return_value(None)
        # Later: it answers nothing while it registers.
        GLib.timeout_add(200, self._look, sender, given.unpack()[0])

    def _look(self, sender: str, path: str) -> bool:
        if sender == self._menu[0]:   # some register twice
            return False
        try:
            item = self._ask(sender, path, "org.freedesktop.DBus.Properties", "GetAll",
                             GLib.Variant("(s)", ("org.kde.StatusNotifierItem",)))[0]
        except GLib.Error:   # it is gone already
            return False
        self._menu = (sender, item["Menu"])
        lines = self._ask(*self._menu, _MENU, "GetLayout", GLib.Variant("(iias)", (0, -1, [])))[1][2]
        self._lines = {told["label"]: number for number, told, _ in lines}
        print(", ".join([item["Title"], *self._lines]), flush=True)
        return False

    def press(self, line: str) -> bool:
        """Press a line of the menu."""
        self._ask(*self._menu, _MENU, "Event", GLib.Variant("(isvu)", (
            self._lines[line], "clicked", GLib.Variant("i", 0), 0)))
        return False

    def _ask(self, name: str, path: str, interface: str, method: str, given: GLib.Variant) -> Any:
        return self._bus.call_sync(name, path, interface, method, given, None, Gio.DBusCallFlags.NONE, 10_000,
                                   None).unpack()


def main() -> None:
    """Until nothing more is to be pressed."""
    loop = GLib.MainLoop()
    host = Host(Gio.bus_get_sync(Gio.BusType.SESSION, None))

    def read() -> None:
        for line in sys.stdin:
            GLib.idle_add(host.press, line.strip())
        GLib.idle_add(loop.quit)
    threading.Thread(target=read, daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main()
