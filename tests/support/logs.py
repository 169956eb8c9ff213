"""Log lines that a test did not expect make it fail, so that no error goes by unseen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["LogWatch", "no_unexpected_errors"]

_BAD = re.compile(r"\b(ERROR|CRITICAL)\b|^Traceback \(most recent call last\)|Task exception was never retrieved")

# What a worker prints whose server was killed while it gave birth to it.
_BORN_DEAD = re.compile(r'^Traceback \(most recent call last\):\n  File "<string>", line 1, in <module>\n'
                        r"  File .*, in spawn_main\n(?:  .*\n)*EOFError: Ran out of input$", re.MULTILINE)


class LogWatch:
    """Reads files from where it last stopped, and knows which bad lines were announced.

    >>> watch = LogWatch([])
    >>> watch.unexpected()
    []
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self.files = list(files)
        self._read = {file: file.stat().st_size if file.exists() else 0 for file in self.files}
        self._allowed: list[re.Pattern[str]] = []

    def allow(self, pattern: str) -> None:
        """From now on, lines with `pattern` in them are expected."""
        self._allowed.append(re.compile(pattern))

    @contextmanager
    def expect(self, pattern: str) -> Iterator[None]:
        """The block must cause a line with `pattern` in it; it counts as expected."""
        self.allow(pattern)
        before = {file: file.stat().st_size if file.exists() else 0 for file in self.files}
        yield
        new = "".join(_tail(file, before[file]) for file in self.files)
        assert re.search(pattern, new), f"no log line has {pattern!r}"

    def unexpected(self) -> list[str]:
        """The bad lines since the last call that nobody announced."""
        found = []
        for file in self.files:
            text = _tail(file, self._read[file])
            self._read[file] += len(text.encode())
            found += [f"{file.name}: {line}" for line in _BORN_DEAD.sub("", text).splitlines()
                      if _BAD.search(line) and not any(pattern.search(line) for pattern in self._allowed)]
        return found


@contextmanager
def no_unexpected_errors(watch: LogWatch) -> Iterator[None]:
    """Fail if bad lines that nobody announced are written meanwhile; what was there before does not count."""
    watch.unexpected()
    yield
    found = watch.unexpected()
    assert not found, "the logs hold errors that the test did not expect:\n" + "\n".join(found)


def _tail(file: Path, start: int) -> str:
    if not file.exists():
        return ""
    with file.open("rb") as handle:
        handle.seek(start)
        return handle.read().decode(errors="replace")
