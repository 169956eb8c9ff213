"""``cron.log``: what scheduled events answered with ``response(text)``, and where they failed.

The texts are the authors', and stand here in the clear, as docassemble's stand in the system's mail: an author who puts
an answer into one has it written down. Of errors there are only type, file and line.
"""

from __future__ import annotations

import logging
import os
from io import TextIOWrapper
from pathlib import Path

from appliance.interview.errors import told_names
from appliance.log_file import LogFile
from appliance.sessions.events import EventResult
from appliance.store.sessions import told_session

__all__ = ["CronLog"]

_LONGEST_TEXT = 100_000
_INDENT = "\n    "


class CronLog:
    """Writes ``cron.log`` in `folder`, which is made if need be."""

    def __init__(self, folder: Path) -> None:
        self._handler = _OwnersFile(folder, "cron.log")
        self._closed = False

    def ran(self, interview: str, session_id: str, event: str, result: EventResult) -> None:
        """An event ended; what neither says anything nor failed leaves no line of its own."""
        what = f"{told_names([event])} of {interview}, session {told_session(session_id)}"
        if result.outcome == "failed":
            where = f" at {result.error_where}" if result.error_where else ""
            self._write(logging.ERROR, f"{what} failed: {result.error_type}{where}")
        elif result.asked_at:
            self._write(logging.WARNING, f"{what} did not get past the question at {result.asked_at}")
        if result.text.strip():
            self._write(logging.INFO, f"{what}:{_INDENT}{_lines(result.text)}")

    def close(self) -> None:
        """An event that ends later is told of nowhere."""
        self._closed = True
        self._handler.close()

    def _write(self, level: int, message: str) -> None:
        if not self._closed:
            self._handler.handle(logging.LogRecord("appliance.cron", level, "", 0, message, None, None))


class _OwnersFile(LogFile):
    """A log that only its owner may read, wherever the folder is."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, self.mode, encoding=self.encoding, errors=self.errors)  # type: ignore[return-value]


def _lines(text: str) -> str:
    """Indented, so that no text can pass for an entry; what a terminal would obey is left out."""
    shown = text[:_LONGEST_TEXT] + ("…" if len(text) > _LONGEST_TEXT else "")
    lines = shown.strip().replace("\t", "    ").splitlines()
    return _INDENT.join("".join(letter for letter in line if letter.isprintable()) for line in lines)
