"""What author code prints while a task runs, and what the programs and libraries print that it uses."""

from __future__ import annotations

import codecs
import contextlib
import io
import logging
import os
import sys
import threading
from collections.abc import Iterator

__all__ = ["Captured", "drop_output", "keep_logs_apart"]

LIMIT = 100_000
"""Characters kept of one task: enough to read, too little to fill the memory with a loop that prints."""


LATE = 0.5
"""Seconds that output may take to arrive when the task has ended."""


class Captured(io.TextIOBase):
    """Takes the place of standard output and standard error, and keeps lines."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._room = LIMIT

    @property
    def lines(self) -> tuple[str, ...]:
        """What was written so far; the last line says so if there was more."""
        lines = tuple("".join(self._parts).splitlines())
        return lines if self._room > 0 else (*lines, "(more was printed than is kept)")

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._room > 0:
            self._parts.append(text[:self._room])
            self._room -= len(text)
        return len(text)

    def note(self, message: str) -> None:
        """Keep a line that was not printed: an author's ``log()``, a warning of ours."""
        at_line_start = not self._parts or self._parts[-1].endswith("\n")
        self.write(message + "\n" if at_line_start else f"\n{message}\n")

    @contextlib.contextmanager
    def taking_over(self) -> Iterator[None]:
        """While this lasts, ``print()`` and its like come here. For a process that runs one task at a time."""
        with self._descriptors(), contextlib.redirect_stdout(self), contextlib.redirect_stderr(self):
            yield

    @contextlib.contextmanager
    def _descriptors(self) -> Iterator[None]:
        """Programs and libraries in C know nothing of ``sys.stdout``: they write to its number. Without this, what a
        person typed could end in the log of whoever started the server.
        """
        try:
            kept = [(number, os.dup(number)) for number in (1, 2)]
        except OSError:   # a process without a console has none
            yield
            return
        source, sink = os.pipe()
        reader = threading.Thread(target=self._read, args=(source,), name="output of a task", daemon=True)
        reader.start()
        try:
            for number, _ in kept:
                os.dup2(sink, number)
            os.close(sink)
            yield
        finally:
            for number, own in kept:
                os.dup2(own, number)
                os.close(own)
            reader.join(LATE)   # a program that was left behind may hold its end open for long

    def _read(self, source: int) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with open(source, "rb", buffering=0) as pipe:
            while chunk := pipe.read(8192):
                self.write(decoder.decode(chunk))


def keep_logs_apart() -> None:
    """Have loggers of this process, Dask's, write to where standard error goes now, also while a task runs."""
    try:
        apart = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
    except OSError:
        return
    for known in (logging.root, *logging.root.manager.loggerDict.values()):
        for handler in known.handlers if isinstance(known, logging.Logger) else ():
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
                handler.setStream(apart)


def drop_output() -> None:
    """From here on, what is written outside a task goes nowhere: a thread that a task left behind may print what a
    person typed, and whoever started the server may keep its output.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        with contextlib.suppress(OSError):   # a process without a console has none
            os.dup2(nowhere, number)
    os.close(nowhere)
