"""The log files, read as a person reads them: the newest entry first, only those that matter."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

__all__ = ["LEVELS", "LogEntry", "LogFile", "LogFiles", "Wanted"]

LEVELS = ("INFO", "WARNING", "ERROR")

_NAME = re.compile(r"([A-Za-z0-9_-]+\.log)(?:\.(\d{1,3}))?")
_BEGINNING = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) (.*)", re.DOTALL)
_WEIGHT = {"DEBUG": 0, "INFO": 1, "WARNING": 2, "ERROR": 3, "CRITICAL": 3}
_LONGEST = 20_000
"""Characters of an entry that are shown; the file has them all."""


@dataclass(frozen=True)
class LogFile:
    """One file; the older ones of a log have a number after their name, the newest of them 1."""

    name: str
    size: int
    modified: float


@dataclass(frozen=True)
class LogEntry:
    """What was logged at once.

    :param time: as it stands there, in this computer's time; empty for lines without one.
    :param more: the lines after its first.
    """

    time: str
    level: str
    text: str
    more: str = ""

    @property
    def bad(self) -> bool:
        """Whether it is an error."""
        return _WEIGHT.get(self.level, 1) >= _WEIGHT["ERROR"]


@dataclass(frozen=True)
class Wanted:
    """Which entries.

    :param words: all of these are in it, in large or small letters.
    :param level: not below this one.
    :param since: seconds since the epoch; None for all times.
    """

    words: str = ""
    level: str = "INFO"
    since: float | None = None


class LogFiles:
    """The logs in a folder; there need not be one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """The logs, each without its older files."""
        return sorted({_NAME.fullmatch(one.name)[1] for one in self.files()})  # type: ignore[index]

    def files(self, log: str = "") -> list[LogFile]:
        """The files, of one log or of all of them, the newest of each first."""
        found = []
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            known = _NAME.fullmatch(path.name)
            if known is None or (log and known[1] != log) or path.is_symlink() or not path.is_file():
                continue
            status = path.stat()
            found.append((known[1], int(known[2] or 0), LogFile(path.name, status.st_size, status.st_mtime)))
        return [one for _, _, one in sorted(found, key=lambda entry: entry[:2])]

    def entries(self, log: str, wanted: Wanted, most: int) -> tuple[list[LogEntry], bool]:
        """The newest entries first, and whether there are more. Takes a while; not for the loop."""
        found: list[LogEntry] = []
        for entry in self._newest_first(log, _since(wanted)):
            if _fits(entry, wanted):
                if len(found) == most:
                    return found, True
                found.append(entry)
        return found, False

    def path(self, name: str) -> Path | None:
        """Where a file is; None if it is none of these."""
        return self._folder / name if any(one.name == name for one in self.files()) else None

    def zipped(self) -> IO[bytes]:
        """All files in one, at its beginning; it goes when it is closed. Takes a while; not for the loop."""
        target = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in self.files():
                archive.write(self._folder / one.name, one.name)
        target.seek(0)
        return target

    def _newest_first(self, log: str, since: str) -> Iterator[LogEntry]:
        for file in self.files(log):
            try:
                text = (self._folder / file.name).read_text(encoding="utf-8", errors="replace")
            except FileNotFoundError:   # it has just been given the next number
                continue
            for entry in _backwards(text.splitlines()):
                if entry.time and entry.time < since:
                    return
                yield entry


def _since(wanted: Wanted) -> str:
    """As the logs write times, which sort as texts."""
    return "" if wanted.since is None else datetime.fromtimestamp(wanted.since).strftime("%Y-%m-%d %H:%M:%S")  # noqa: DTZ006 - logs have local time


def _backwards(lines: list[str]) -> Iterator[LogEntry]:
    """The entries from the last to the first; lines before the first one's beginning are an entry of their own."""
    more: list[str] = []
    for line in reversed(lines):
        known = _BEGINNING.fullmatch(line)
        if known is None:
            more.append(line)
            continue
        yield LogEntry(known[1], known[2], _shown(known[3]), _shown("\n".join(reversed(more))))
        more = []
    if any(line.strip() for line in more):
        yield LogEntry("", "", "", _shown("\n".join(reversed(more))))


def _shown(text: str) -> str:
    """What a page may hold: no signs that move the letters around them, and not without end."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
    return "".join(one if one.isprintable() or one == "\n" else "�" for one in shown.replace("\t", "    "))


def _fits(entry: LogEntry, wanted: Wanted) -> bool:
    if entry.level and _WEIGHT[entry.level] < _WEIGHT.get(wanted.level, 1):
        return False
    text = f"{entry.time} {entry.level} {entry.text}\n{entry.more}".casefold()
    return all(word in text for word in wanted.words.casefold().split())
