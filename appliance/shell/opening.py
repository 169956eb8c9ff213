"""Opens what is no business of the window's: addresses in the system's browser, files in the system's programs."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

__all__ = ["open_address", "open_file", "show_in_folder", "system_environment"]

logger = logging.getLogger(__name__)

_PATIENCE = 30.0
"""Seconds that a program which only hands something on may take."""


def open_address(address: str) -> None:
    """Open an address (http, https, mailto, tel) with what the system has for it. Returns at once."""
    if sys.platform == "win32":
        os.startfile(address)  # noqa: S606 - as the system opens it; the guard let no other scheme through
    elif sys.platform == "darwin":
        _hand_on([["open", address]])
    else:
        _hand_on([["xdg-open", address], ["gio", "open", address]], otherwise=address)


def open_file(path: Path) -> None:
    """Open a file with the program that the system has for it. Returns at once."""
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606 - as the system opens it
    elif sys.platform == "darwin":
        _hand_on([["open", str(path)]])
    else:
        _hand_on([["xdg-open", str(path)], ["gio", "open", str(path)]])


def show_in_folder(path: Path) -> None:
    """Show a file among the others of its folder, or at least its folder. Returns at once."""
    if sys.platform == "win32":
        # Not a list: Explorer has quoting rules of its own. A path has no quotation marks there.
        subprocess.Popen(f'explorer /select,"{path}"')
    elif sys.platform == "darwin":
        _hand_on([["open", "-R", str(path)]])
    else:
        uri = f"file://{quote(str(path))}".replace(",", "%2C")
        _hand_on([["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.FileManager1",
                   "/org/freedesktop/FileManager1", "org.freedesktop.FileManager1.ShowItems", f"array:string:{uri}",
                   "string:"],
                  ["xdg-open", str(path.parent)], ["gio", "open", str(path.parent)]])


def system_environment() -> dict[str, str]:
    """The environment for programs that are not ours: without the libraries that a frozen app puts before theirs."""
    environment = dict(os.environ)
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "QT_PLUGIN_PATH", "GI_TYPELIB_PATH", "GTK_PATH"):
        before = environment.pop(f"{name}_ORIG", None)
        if before is not None:
            environment[name] = before
        elif getattr(sys, "frozen", False):
            environment.pop(name, None)
    return environment


def _hand_on(programs: Sequence[Sequence[str]], otherwise: str = "") -> None:
    """Run the first of some programs that is there and does it.

    :param otherwise: an address for whatever browser Python knows, where none does.
    """
    threading.Thread(target=_try_each, args=(programs, otherwise), daemon=True).start()


def _try_each(programs: Sequence[Sequence[str]], otherwise: str) -> None:
    for program in programs:
        if shutil.which(program[0]) is None:
            continue
        try:
            done = subprocess.run(program, env=system_environment(), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return   # some browsers stay the child of whoever opened them
        except OSError:
            continue
        if done.returncode == 0:
            return
    if not otherwise or not webbrowser.open(otherwise):
        logger.warning("the system has no program to open something with")
