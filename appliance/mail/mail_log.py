"""``mail.log``: when which mail was tried and what came of it, without addresses, subjects or a server's words."""

from __future__ import annotations

import logging
from pathlib import Path

from appliance.log_file import LogFile

__all__ = ["MailLog"]


class MailLog:
    """Writes ``mail.log`` in `folder`, which is made if need be."""

    def __init__(self, folder: Path) -> None:
        self._handler = LogFile(folder, "mail.log")
        self._closed = False

    def sent(self, number: int, tries: int) -> None:
        self._write(logging.INFO, f"mail {number} sent at try {tries}")

    def postponed(self, number: int, tries: int, error: str, pause: float) -> None:
        self._write(logging.WARNING, f"mail {number}: {error} at try {tries}; the next one in {pause / 60:.0f} min")

    def failed(self, number: int, tries: int, error: str) -> None:
        self._write(logging.ERROR, f"mail {number} failed for good at try {tries}: {error}")

    def unreachable(self, error: str) -> None:
        self._write(logging.WARNING, f"the mail server cannot be used: {error}")

    def taken(self, way: str, size: int, copies: int) -> None:
        """A mail of `size` bytes came in and is kept for `copies` addresses."""
        self._write(logging.INFO, f"a mail of {size} bytes came in ({way}), for {copies}")

    def refused(self, way: str, reason: str) -> None:
        """A mail was not taken; `reason` has no values in it."""
        self._write(logging.WARNING, f"a mail was not taken ({way}): {reason}")

    def way_in(self, way: str, state: str, *, trouble: bool) -> None:
        """Whether mail can come in this way has changed."""
        self._write(logging.WARNING if trouble else logging.INFO, f"mail in ({way}): {state}")

    def close(self) -> None:
        """A try that ends later is told of nowhere: nobody waits for it."""
        self._closed = True
        self._handler.close()

    def _write(self, level: int, message: str) -> None:
        if not self._closed:
            self._handler.handle(logging.LogRecord("appliance.mail", level, "", 0, message, None, None))
