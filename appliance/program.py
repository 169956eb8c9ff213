"""How this program is started as another process of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

__all__ = ["ALREADY_RUNNING", "program", "replace_process", "start_apart"]

ALREADY_RUNNING = 3
"""The exit status of an attended server that finds another one on its data folder."""


def program() -> list[str]:
    """The beginning of a command line that starts the appliance: the packaged program, or Python with our module."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "appliance"]


def start_apart(arguments: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start the appliance as a process that lives on when this one ends, and that Ctrl+C in our terminal is not for.

    :param arguments: as on the command line.
    :param options: further ones of :class:`subprocess.Popen`.
    """
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen([*program(), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            **{"stderr": subprocess.DEVNULL, **apart, **options})


def replace_process(arguments: Sequence[str]) -> NoReturn:
    """Go on as a fresh process of the appliance.

    :param arguments: as on the command line.
    """
    command = [*program(), *arguments]
    if sys.stdout is not None:   # as where a Windows program has no console
        sys.stdout.flush()
    if sys.platform == "win32":
        # Windows' exec would give the console back while the new process still uses it.
        sys.exit(subprocess.call(command))
    os.execv(sys.executable, command)  # noqa: S606 — ourselves, without a shell
