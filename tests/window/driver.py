"""Drives real windows: a screen of its own (Xvfb) with a window manager, a program in it, keys, clicks and scripts.

    with Screen() as screen, screen.start("appliance", "--data", folder) as program:
        program.wait_for("document.readyState === 'complete' && !!document.querySelector('main')")
        screen.key("ctrl+f")
        screen.shot(tmp_path / "find.png")

`Program.js` runs a script in the page and gives what it is worth; `Program.python` runs code in the window's process
(``result = …`` is what it gives). What the system would open (a browser, a mail program, a file) comes to
`Screen.opened` instead: a program named ``xdg-open`` at the front of the PATH writes it down.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self, TypeVar

__all__ = ["Program", "Screen", "missing", "python_for_windows", "wait_until"]

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LIMIT = 60.0
"""Seconds after which what does not happen does not happen."""

_MIDDLE = """(() => {
  const element = document.querySelector(%s);
  element.scrollIntoView({block: 'center', behavior: 'instant'});
  const box = element.getBoundingClientRect();
  return JSON.stringify([box.left + box.width / 2, box.top + box.height / 2]);
})()"""

_ORIGIN = """
view = webview.windows[0].gui.BrowserView.instances['master'].webview
if hasattr(view, 'mapToGlobal'):
    from qtpy.QtCore import QPoint
    at = view.mapToGlobal(QPoint(0, 0))
    result = at.x(), at.y(), view.devicePixelRatio()
else:
    _, x, y = view.get_window().get_origin()
    result = x, y, view.get_scale_factor()
"""
"""Where the page is on the screen, and how many of its pixels one of the toolkit's is."""

_CHOOSE = """
import threading
from gi.repository import GLib, Gtk
told, done = [], threading.Event()
def look():
    dialogs = [one for one in Gtk.Window.list_toplevels() if isinstance(one, Gtk.FileChooser) and one.get_visible()]
    for dialog in dialogs:
        if dialog.get_filename() == {file!r}:
            dialog.response(Gtk.ResponseType.ACCEPT)
            told.append(True)
        else:
            dialog.set_filename({file!r})
    done.set()
GLib.idle_add(look)
done.wait(30)
result = bool(told)
"""

T = TypeVar("T")


def wait_until(look: Callable[[], T], what: str, limit: float = LIMIT) -> T:
    """The first result of `look` that is true."""
    end = time.monotonic() + limit
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"never came: {what}")
        time.sleep(0.05)


def python_for_windows() -> str:
    """The Python that can open windows: this one, or the one that ``WINDOW_PYTHON`` names."""
    return os.environ.get("WINDOW_PYTHON") or sys.executable


def missing(toolkit: str = "gtk") -> str:
    """What windows cannot be opened for want of; empty if nothing is."""
    for tool in ("Xvfb", "openbox", "xdotool", "import"):
        if shutil.which(tool) is None:
            return f"there is no {tool}"
    needed = {"gtk": "import gi; gi.require_version('WebKit2', '4.1'); from gi.repository import WebKit2",
              "qt": "import qtpy, PySide6.QtWebEngineWidgets"}[toolkit]
    tried = subprocess.run([python_for_windows(), "-c", f"import webview; {needed}"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else f"{python_for_windows()} has no {toolkit} to open a window with"


class Screen:
    """A screen that nobody sees.

    :param scale: 2 for the small pixels of newer laptops.
    :param dark: the system's wish for dark colours.
    """

    def __init__(self, size: str = "1280x800", *, scale: int = 1, dark: bool = False, toolkit: str = "gtk") -> None:
        self._size = size
        self._width, self._height = map(int, size.split("x"))
        self._scale = scale
        self._dark = dark
        self.toolkit = toolkit
        self._folder = TemporaryDirectory(prefix="screen-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.display = ""
        self.further: dict[str, str] = {}   # variables for the programs

    def __enter__(self) -> Self:
        read, write = os.pipe()
        self._run("Xvfb", "-displayfd", str(write), "-screen", "0", f"{self._size}x24", "-nolisten", "tcp", "-noreset",
                  pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as told:
            self.display = f":{told.readline().strip()}"
        self._write_opener()
        for name in ("home", "config", "state", "downloads", "run"):
            (self.folder / name).mkdir(mode=0o700)
        self._run("openbox", env=self.environment())
        wait_until(lambda: "window manager" in self._told("xprop", "-root", "_NET_SUPPORTING_WM_CHECK").lower()
                   or "#" in self._told("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"), "a window manager")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait(LIMIT)
        self._folder.cleanup()

    def _run(self, *command: str, **options: Any) -> None:
        self._processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                                **options))

    def _write_opener(self) -> None:
        """What stands in for the system's programs: it writes down what it is to open."""
        (self.folder / "bin").mkdir()
        opener = self.folder / "bin" / "xdg-open"
        opener.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> "{self.folder}/opened"\n', encoding="utf-8")
        opener.chmod(0o755)
        (self.folder / "bin" / "dbus-send").symlink_to("/bin/false")

    @property
    def opened(self) -> list[str]:
        """What was opened outside the window, in order."""
        written = self.folder / "opened"
        return written.read_text(encoding="utf-8").splitlines() if written.exists() else []

    @property
    def downloads(self) -> Path:
        """Where downloads of programs on this screen go."""
        return self.folder / "downloads"

    def environment(self) -> dict[str, str]:
        """For programs on this screen, in a home of their own."""
        kept = {name: value for name, value in os.environ.items()
                if name not in {"WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "GDK_BACKEND"}}
        home = self.folder / "home"
        (home / ".config").mkdir(exist_ok=True)
        (home / ".config" / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{self.downloads}"\n', encoding="utf-8")
        return kept | {
            "DISPLAY": self.display, "HOME": str(home), "PATH": f"{self.folder}/bin{os.pathsep}{kept['PATH']}",
            "XDG_CONFIG_HOME": str(home / ".config"), "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_DATA_HOME": str(home / "data"), "XDG_CACHE_HOME": str(home / "cache"), "XDG_DOWNLOAD_DIR": "",
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "GDK_SCALE": str(self._scale), "QT_SCALE_FACTOR": str(self._scale),
            "GTK_THEME": "Adwaita:dark" if self._dark else "Adwaita",
            "NO_AT_BRIDGE": "1", "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            "GTK_USE_PORTAL": "0", "LC_ALL": "C.UTF-8", "PYWEBVIEW_GUI": self.toolkit,
            "QTWEBENGINE_DISABLE_SANDBOX": "1", "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            "LIBGL_ALWAYS_SOFTWARE": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"} | self.further

    def start(self, program: str, *arguments: str) -> Program:
        """Start a program: ``appliance``, or a Python file of tests/window, with its arguments."""
        file = program if program == "appliance" else str(HERE / program)
        return Program(self, file, *arguments)

    # -- hands and eyes --------------------------------------------------------------------------------

    def do(self, *words: str) -> str:
        """Have xdotool do something."""
        return self._told("xdotool", *words)

    def key(self, *keys: str) -> None:
        """Press keys in the window that is in front: ``ctrl+f``."""
        self.do("key", "--clearmodifiers", *keys)

    def write(self, text: str) -> None:
        """Type text into the window that is in front."""
        self.do("type", "--delay", "30", text)

    def drag_files(self, files: Sequence[Path], to: tuple[int, int]) -> None:
        """Drag files from another program's window to a place on the screen. It needs GTK in the windows' Python."""
        start = (self._width - 200, self._height - 160)
        with Program(self, str(HERE / "drag_source.py"), *map(str, start), *(file.as_uri() for file in files)):
            self.wait_for_window("Files")
            here = (start[0] + 60, start[1] + 60)
            self.do("mousemove", str(here[0]), str(here[1]), "mousedown", "1")
            for step in range(1, 11):   # as a hand does: the toolkits look at each of a few places
                x, y = (round(a + (b - a) * step / 10) for a, b in zip(here, to, strict=True))
                self.do("mousemove", str(x), str(y), "sleep", "0.03")
            self.do("sleep", "0.3", "mouseup", "1", "sleep", "0.3")

    def windows(self) -> list[str]:
        """The titles of the windows that can be seen, the one in front last."""
        told = self._told("xprop", "-root", "-notype", "_NET_CLIENT_LIST_STACKING")
        numbers = [one.strip() for one in told.partition("#")[2].split(",") if one.strip()]
        return [self.do("getwindowname", number) for number in numbers]

    def wait_for_window(self, title: str) -> None:
        """Wait until a window with this in its title has the keyboard."""
        wait_until(lambda: title in self.do("getwindowfocus", "getwindowname"), f"a window named {title!r}")

    def shot(self, file: Path) -> Path:
        """Take a picture of the screen."""
        file.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["import", "-window", "root", str(file)], env=self.environment(), check=True)
        return file

    def _told(self, *command: str) -> str:
        done = subprocess.run(command, env=self.environment() if self._processes else None, capture_output=True,
                              text=True, check=False)
        return done.stdout.strip()


class Program:
    """A program with a window."""

    def __init__(self, screen: Screen, file: str, *arguments: str) -> None:
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        self.log = screen.folder / f"log{len(list(screen.folder.glob('log*')))}"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [python_for_windows(), str(HERE / "inside.py"), str(commands), str(answers), file, *arguments],
                pass_fds=(commands, answers), env=screen.environment(), cwd=screen.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        os.close(commands)
        os.close(answers)
        self._asking = os.fdopen(self._commands, "w", encoding="utf-8")
        self._told = os.fdopen(self._answers, encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if error is not None:
            print(self.log.read_text(encoding="utf-8", errors="replace"))
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait(LIMIT)
        for end in (self._asking, self._told):
            with contextlib.suppress(BrokenPipeError):   # it is gone already
                end.close()

    def js(self, script: str, window: int = 0) -> Any:
        """What a script is worth in the page of a window of pywebview's."""
        return self._ask({"js": script, "window": window})

    def python(self, code: str) -> Any:
        """Run code in the window's process, beside its main thread; what it calls ``result``."""
        return self._ask({"python": code})

    def place_of(self, selector: str) -> tuple[int, int]:
        """Where on the screen the middle of something is that is in the page of the first window."""
        inside = json.loads(self.js(_MIDDLE % json.dumps(selector)))
        left, top, scale = self.python(_ORIGIN)
        x, y = (round((at + start) * scale) for at, start in zip(inside, (left, top), strict=True))
        return x, y

    def click(self, selector: str, screen: Screen) -> None:
        """Click with the mouse on what is there in the page of the first window: only so it counts as a person's."""
        x, y = self.place_of(selector)
        screen.do("mousemove", str(x), str(y), "click", "1")   # --sync would wait where it is there already

    def choose_file(self, file: Path, screen: Screen) -> None:
        """Choose a file in the dialog that is open. GTK's loses keys that come while it reads the folder."""
        if screen.toolkit == "qt":
            screen.write(str(file))
            screen.key("Return")
        else:
            self.wait_for_python(_CHOOSE.format(file=str(file)))

    def _ask(self, command: dict[str, Any]) -> Any:
        self._asking.write(json.dumps(command) + "\n")
        self._asking.flush()
        line = self._told.readline()
        if not line:
            raise AssertionError("the program ended:\n" + self.log.read_text(encoding="utf-8", errors="replace"))
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer.get("value")

    def wait_for(self, script: str, window: int = 0) -> Any:
        """Wait until a script is worth something that is true."""
        def look() -> Any:
            try:
                return self.js(script, window)
            except AssertionError as problem:
                if self.process.poll() is not None or "KeyError" in str(problem):
                    raise
                return None   # no window or no page is there yet
        return wait_until(look, script)

    def wait_for_python(self, code: str) -> Any:
        """Wait until ``result`` is true."""
        return wait_until(lambda: self.python(code), code)
