"""Short folders that a server's own users may enter: sockets' paths are bounded, and pytest's folders are private."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["answers", "is_root", "short_folder", "wait_until"]


def is_root() -> bool:
    """Whether servers can be started that change who they are."""
    return sys.platform != "win32" and os.geteuid() == 0


@contextmanager
def short_folder(prefix: str) -> Iterator[Path]:
    """A folder of the system's temporary ones, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def answers(port: int) -> bool:
    """Whether somebody greets us there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False


def wait_until(condition: Callable[[], object], what: str, process: subprocess.Popen[bytes] | None = None,
               seconds: float = 20.0) -> None:
    """Wait for what a server does.

    :raises AssertionError: naming `what`, if it does not happen, or the server has ended.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert process is None or process.poll() is None, f"{what}: the server has ended"
        assert time.monotonic() < end, f"{what}: not in {seconds:g} s"
        time.sleep(0.02)
