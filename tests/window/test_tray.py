"""The icon in the tray, on a desktop that has one: opens the window, and stops the appliance."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.window.driver import HERE, LIMIT, Screen, missing, python_for_windows, wait_until
from tests.window.processes import on_screen, servers


def why_not() -> str:
    """What is missing for a tray; empty if nothing is."""
    if shutil.which("dbus-daemon") is None:
        return "there is no dbus-daemon"
    tried = subprocess.run([python_for_windows(), "-c", "import gi; gi.require_version('AyatanaAppIndicator3', '0.1')"],
                           capture_output=True, check=False)
    return missing() or ("" if tried.returncode == 0 else "there is no AyatanaAppIndicator3")


@contextmanager
def tray_host(screen: Screen) -> Iterator[subprocess.Popen[str]]:
    """A session bus with a tray on it, for the programs of a screen from now on."""
    with subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, env=screen.environment()) as bus:
        assert bus.stdout is not None
        screen.further["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        host = subprocess.Popen([python_for_windows(), str(HERE / "tray_host.py")], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True, env=screen.environment())
        try:
            yield host
        finally:
            host.kill()
            host.communicate()
            bus.kill()


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_the_icon_opens_the_window_and_stops_the_appliance() -> None:
    """Started without a window, as at login. The icon goes with what it stands for."""
    with Screen() as screen, tray_host(screen) as host:
        assert host.stdin is not None
        assert host.stdout is not None
        assert host.stdout.readline() == "ready\n"
        menu = "Interview Appliance is running, Open the window, Stop the appliance\n"

        def press(line: str) -> None:
            assert host.stdout is not None
            assert host.stdin is not None
            assert host.stdout.readline() == menu
            wait_until(lambda: servers(screen), "a server")
            host.stdin.write(f"{line}\n")
            host.stdin.flush()

        with screen.start("appliance", "--background") as program:
            press("Open the window")
            assert program.process.wait(LIMIT) == 0
        screen.wait_for_window("Interview Appliance")
        wait_until(lambda: len(servers(screen)) == 1, "one server")   # a second one leaves at once
        [server] = servers(screen)
        screen.key("ctrl+w")
        wait_until(lambda: not server.is_running(), "the end of the server")
        with screen.start("appliance", "--background") as program:
            press("Stop the appliance")
            assert program.process.wait(LIMIT) == 0
        appliances = [one for one in on_screen(screen) if "appliance" in one.cmdline()]
        assert appliances == []
