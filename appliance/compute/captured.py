"""What author code prints while a task runs."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

__all__ = ["Captured"]

LIMIT = 100_000
"""Characters kept of one task: enough to read, too little to fill the memory with a loop that prints."""


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
        with contextlib.redirect_stdout(self), contextlib.redirect_stderr(self):
            yield
