"""Starting the appliance a second time, and the program in the background that a window takes its place from."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from appliance.cli import _parser
from appliance.shell import background
from appliance.shell.background import Background
from appliance.shell.bridge import Bridge
from appliance.shell.desktop import Desktop
from tests.shell.test_server_process import LIMIT, processes_on
from tests.support.process import Appliance
from tests.window.driver import wait_until


def test_two_starts_without_a_window_open_none(tmp_path: Path) -> None:
    """As at login, where a desktop that restores its programs starts it too."""
    place = Appliance(tmp_path)
    environment = {name: value for name, value in place.environment().items()
                   if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    command = [sys.executable, "-m", "appliance", "--data", str(place.data), "--background"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as first:
        try:
            wait_until(lambda: (place.data / "running.lock").is_file()
                       and (place.data / "running.lock").read_text(encoding="utf-8"), "a server")
            second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT,
                                    check=False)
            assert second.returncode == 0, second.stderr
            assert "is already running" in second.stdout
            with pytest.raises(subprocess.TimeoutExpired):
                first.wait(0.3)   # it was not told to make way for a window
            there = processes_on(place)
        finally:
            first.terminate()
        assert first.wait(LIMIT) == 0
        _, alive = psutil.wait_procs(there, timeout=LIMIT)
        assert not alive


def test_what_is_opened_while_there_is_no_window_goes_to_the_next(tmp_path: Path) -> None:
    there = Background(tmp_path, share=False, until_done=False)
    there.told({"show": ["/my files/a.zip", "/ü.whl"]})
    line = Desktop(tmp_path / "my data", share=True, files=there.files).arguments()
    read = _parser().parse_args(line)
    assert (read.command, read.data, read.share) == ("open", tmp_path / "my data", True)
    assert read.files == [Path("/my files/a.zip"), Path("/ü.whl")]


def test_the_window_that_is_wanted_while_the_icon_is_made_need_not_wait_for_it(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An icon that is shown after that would be there for nothing, and keep the process for ever."""
    class Icon:
        def run(self) -> None:
            raise AssertionError("it is shown")

        def stop(self) -> None:
            pass

    def tray(*, open_window: Callable[[], object], **_: object) -> Icon:
        open_window()
        return Icon()
    there = Background(tmp_path, share=False, until_done=False)
    monkeypatch.setattr("appliance.shell.server.Server.start", lambda _: None)
    monkeypatch.setattr(background, "tray", tray)
    assert there.run()


_BUSY = """
import ctypes, os, signal
from appliance.shell.desktop import _on_signals
_on_signals(lambda: os._exit(7))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])   # in this thread: it is not disturbed, and stays in C
print("ready", flush=True)
ctypes.CDLL(None).sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there it is asked otherwise")
def test_who_logs_off_is_heard_while_the_toolkit_has_the_main_thread() -> None:
    """Qt's loop does not come back to Python where nothing of Python's is to be done."""
    with subprocess.Popen([sys.executable, "-c", _BUSY], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        try:
            assert process.wait(LIMIT) == 7
        finally:
            process.kill()


class Surface:
    """A window that asks at once, and waits to be answered."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Callable[[bool], None]]] = []

    def later(self, do: Callable[[], object]) -> None:
        do()

    def is_there(self) -> bool:
        return True

    def notify(self, _notice: object) -> None:
        pass

    def confirm(self, _title: str, words: str, _yes: str, answered: Callable[[bool], None]) -> None:
        self.asked.append((words.partition("\n")[0], answered))


def test_packages_that_are_opened_while_one_is_asked_about_are_asked_about_next() -> None:
    """Two double-clicks; Windows starts the program once for each of several files."""
    surface: Any = Surface()
    bridge = Bridge(lambda _command, _arguments, _say: 0)
    bridge.attach(surface)
    for name in ("a.zip", "b.zip", "c.zip"):
        bridge.install_files([Path(name)])
    assert [words for words, _ in surface.asked] == ["Install a.zip?"]
    surface.asked[0][1](False)
    assert [words for words, _ in surface.asked] == ["Install a.zip?", "Install b.zip, c.zip?"]
    surface.asked[1][1](False)
    assert len(surface.asked) == 2
