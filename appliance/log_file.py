"""A file that a log goes to, and the few before it that are kept."""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

__all__ = ["LogFile"]

_MOST_BYTES = 10 << 20
_OLD_FILES = 3
_FORMAT = "%(asctime)s %(levelname)s %(message)s"


class LogFile(RotatingFileHandler):
    """Ten megabytes, and three files before it. The file is made with its first line.

    It gives way to a new one when it is full, and not before a line that would fill it: to know how long a line will be
    takes writing it twice.

    :param folder: made if need be.
    """

    def __init__(self, folder: Path, name: str, formatter: logging.Formatter | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder / name, maxBytes=_MOST_BYTES, backupCount=_OLD_FILES, encoding="utf-8", delay=True)
        self.setFormatter(formatter or logging.Formatter(_FORMAT))

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: ARG002, N802 - logging's
        return self.stream is not None and os.fstat(self.stream.fileno()).st_size >= self.maxBytes
