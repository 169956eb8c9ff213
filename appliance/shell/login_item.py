"""Starting the appliance, without a window, when the person signs in to the computer: one entry for each user.

Where it lies: on Linux in the folder ``autostart`` of the XDG specification, on Windows under the key ``Run`` of the
user's registry, on macOS among the user's launch agents.
"""

from __future__ import annotations

import logging
import os
import plistlib
import re
import secrets
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.parsers.expat import ExpatError

from appliance import data_folder
from appliance.program import program

__all__ = ["LoginItem", "Place", "place_of_this_system"]

logger = logging.getLogger(__name__)

_BACKGROUND = "--background"
_LABEL = "org.interview-appliance.background"   # on macOS
_VALUE = "Interview Appliance"                  # on Windows
_RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
_APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


class Place(ABC):
    """Where a system keeps such an entry.

    Its methods raise an OSError if the system refuses.
    """

    @abstractmethod
    def command(self) -> list[str]:
        """What the entry starts; empty where there is none, or the person switched it off by the system's own means."""

    @abstractmethod
    def write(self, command: Sequence[str]) -> None:
        """Have the entry start this."""

    @abstractmethod
    def remove(self) -> None:
        """Have no entry."""


class LoginItem:
    """Whether the appliance of a data folder is started at login.

    :param data: the data folder.
    :param place: where the entry lies.
    :param program: the beginning of a command line that starts the appliance.
    """

    def __init__(self, data: Path, place: Place | None = None, program: Callable[[], list[str]] = program) -> None:
        self._data = data
        self._place = place or place_of_this_system()
        self._program = program

    @property
    def is_on(self) -> bool:
        """Whether it is; False where that cannot be known."""
        try:
            return self._is_ours(self._place.command())
        except OSError:
            return False

    def switch(self, *, on: bool) -> None:
        """Have it started, or not.

        :raises OSError: if the system refuses.
        """
        if on:
            self._place.write(self._command())
        elif self._is_ours(self._place.command()):
            self._place.remove()

    def mend(self) -> bool:
        """At a start: if the program that the entry names is not there any more, name the one that runs now; whether
        that was so.
        """
        try:
            command = self._place.command()
            if not self._is_ours(command) or Path(command[0]).exists():
                return False
            self._place.write(self._command())
        except OSError as problem:
            logger.warning("the entry that starts the appliance at login could not be mended: %s", problem.strerror)
            return False
        logger.info("the program has moved: the entry that starts it at login names its new place")
        return True

    def _command(self) -> list[str]:
        return [*_without_console(self._program()), *self._arguments()]

    def _arguments(self) -> list[str]:
        """The folder is named only where the app would not find it by itself, so that it may be another one later."""
        try:
            if data_folder.find() == self._data:
                return [_BACKGROUND]
        except data_folder.DataFolderAway:
            pass
        return [_BACKGROUND, "--data", str(self._data)]

    def _is_ours(self, command: Sequence[str]) -> bool:
        arguments = self._arguments()
        return len(command) > len(arguments) and list(command[-len(arguments):]) == arguments


def _without_console(command: list[str]) -> list[str]:
    """On Windows, Python with its console would open one at each login."""
    windowed = Path(command[0]).with_name("pythonw.exe")
    return [str(windowed), *command[1:]] if sys.platform == "win32" and windowed.exists() else command


def place_of_this_system() -> Place:
    """Where this system keeps it."""
    if sys.platform == "win32":
        return WindowsPlace()
    if sys.platform == "darwin":
        return LaunchAgentPlace(Path.home() / "Library" / "LaunchAgents")
    config = os.environ.get("XDG_CONFIG_HOME", "")
    return AutostartPlace((Path(config) if Path(config).is_absolute() else Path.home() / ".config") / "autostart")


# -- Linux ---------------------------------------------------------------------------------------------------

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_ENTRY = """\
[Desktop Entry]
Type=Application
Name=Interview Appliance
Comment=Runs interviews in the background
Icon=interview-appliance
TryExec={program}
Exec={command}
Terminal=false
X-GNOME-Autostart-enabled=true
"""


class AutostartPlace(Place):
    """A desktop entry (XDG Desktop Application Autostart Specification).

    :param folder: ``autostart``.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "interview-appliance.desktop"

    def command(self) -> list[str]:
        try:
            lines = self._file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except FileNotFoundError:
            return []
        values = dict(line.split("=", 1) for line in lines if "=" in line)
        off = values.get("Hidden") == "true" or values.get("X-GNOME-Autostart-enabled") == "false"
        return [] if off else _words(values.get("Exec", ""))

    def write(self, command: Sequence[str]) -> None:
        # TryExec has desktops pass over the entry of a program that was removed.
        text = _ENTRY.format(program=command[0].replace("\\", "\\\\"), command=" ".join(map(_quoted, command)))
        _replace(self._file, text.encode("utf-8", "surrogateescape"))

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)


def _quoted(word: str) -> str:
    """A word of the key ``Exec``: quoted, and then written as all texts of such files (Desktop Entry Specification)."""
    quoted = re.sub(r'(["`$\\])', r"\\\1", word).replace("%", "%%")
    return '"' + quoted.replace("\\", "\\\\") + '"'


def _words(value: str) -> list[str]:
    """The inverse of :func:`_quoted`, for a whole line."""
    line = value.replace("\\\\", "\\").replace("%%", "%")
    return [re.sub(r"\\(.)", r"\1", quoted) if plain == "" else plain for quoted, plain in _WORD.findall(line)]


# -- macOS ---------------------------------------------------------------------------------------------------


class LaunchAgentPlace(Place):
    """A property list that ``launchd`` reads at login (launchd.plist(5)).

    :param folder: ``LaunchAgents``.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{_LABEL}.plist"

    def command(self) -> list[str]:
        try:
            with self._file.open("rb") as stream:
                read = plistlib.load(stream)
        except (FileNotFoundError, plistlib.InvalidFileException, ExpatError, ValueError):   # of a damaged file too
            return []
        if not isinstance(read, dict) or read.get("Disabled"):
            return []
        return [str(word) for word in read.get("ProgramArguments", [])]

    def write(self, command: Sequence[str]) -> None:
        _replace(self._file, plistlib.dumps({"Label": _LABEL, "ProgramArguments": list(command), "RunAtLoad": True,
                                             "ProcessType": "Interactive"}))

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)


# -- Windows -------------------------------------------------------------------------------------------------


if sys.platform == "win32":
    import ctypes
    import winreg

    class WindowsPlace(Place):
        """A value of the registry."""

        def command(self) -> list[str]:
            line = _read(_RUN)
            switched = _read(_APPROVED)   # by the Task Manager: an odd first byte says that it is off
            off = isinstance(switched, bytes) and bool(switched) and switched[0] % 2 == 1
            return [] if off or not isinstance(line, str) else _split(line)

        def write(self, command: Sequence[str]) -> None:
            with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
                winreg.SetValueEx(key, _VALUE, 0, winreg.REG_SZ, subprocess.list2cmdline(command))
            _delete(_APPROVED)

        def remove(self) -> None:
            _delete(_RUN)
            _delete(_APPROVED)

    def _read(path: str) -> object:
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
                return winreg.QueryValueEx(key, _VALUE)[0]
        except FileNotFoundError:
            return None

    def _delete(path: str) -> None:
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path, access=winreg.KEY_SET_VALUE) as key:
                winreg.DeleteValue(key, _VALUE)
        except FileNotFoundError:
            return

    def _split(line: str) -> list[str]:
        """The words of a command line, as Windows itself tells them apart."""
        count = ctypes.c_int()
        split = ctypes.windll.shell32.CommandLineToArgvW
        split.restype = ctypes.POINTER(ctypes.c_wchar_p)
        words = split(ctypes.c_wchar_p(line), ctypes.byref(count))
        if not words:
            return []
        try:
            return [str(words[number]) for number in range(count.value)]
        finally:
            ctypes.windll.kernel32.LocalFree(words)


def _replace(file: Path, content: bytes) -> None:
    """Write a file in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        beside.write_bytes(content)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
