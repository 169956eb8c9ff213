"""A lock that one process at a time holds on a file, on every system; it goes with the process."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

__all__ = ["FileLock", "Held"]

if sys.platform == "win32":
    import msvcrt

    # The locked byte lies behind the text, so that others may read what the holder wrote.
    _FAR = 1 << 30

    def _try(file: BinaryIO) -> bool:
        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


class Held(Exception):
    """Another process holds the lock.

    :param words: what the holder wrote into the file.
    """

    def __init__(self, path: Path, words: str) -> None:
        super().__init__(f"{path} is held by another process")
        self.path = path
        self.words = words


class FileLock:
    """``with FileLock(path):`` runs alone among processes.

    :param patience: seconds to wait for another holder.
    """

    def __init__(self, path: Path, patience: float = 0) -> None:
        self.path = path
        self._patience = patience
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock.

        :raises Held: if another process keeps it for longer than `patience`.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("a+b")
        deadline = time.monotonic() + self._patience
        while not _try(file):
            if time.monotonic() >= deadline:
                file.seek(0)
                words = file.read(1000).decode(errors="replace").strip()
                file.close()
                raise Held(self.path, words)
            time.sleep(0.05)
        self._file = file

    def write(self, words: str) -> None:
        """Leave `words` for those who find the lock held.

        :raises RuntimeError: if it is not held.
        """
        if self._file is None:
            raise RuntimeError("a lock is written to while it is held")
        self._file.truncate(0)
        self._file.write(words.encode())
        self._file.flush()

    def release(self) -> None:
        """Let go; does nothing if it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None
