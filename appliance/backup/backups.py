"""The backups of a running appliance: made for its page and for the command, and the recovery code."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance import clock
from appliance.accounts.audit import Audit
from appliance.backup.errors import BackupFailed
from appliance.backup.making import FOLDER, Maker, Progress
from appliance.backup.openers import COST, Ticket, check_passphrase
from appliance.interview.host import UserInfo
from appliance.store.copies import Copy, copies, delete_copy, tidy_copies
from appliance.store.database import Store
from appliance.store.recovery import Recovery

__all__ = ["BackupFile", "Backups", "Outcome", "file_name"]

logger = logging.getLogger(__name__)

_LOOKS = 3600.0
"""Seconds between looks for copies that have been kept for long enough."""

_NAME = re.compile(r"[a-z0-9-]{1,60}-\d{8}-\d{6}\.backup")
_BEFORE = re.compile(r"before-restore-\d{8}-\d{6}-[0-9a-f]{4}")


@dataclass(frozen=True)
class BackupFile:
    """A backup that lies in the data folder.

    :param made: seconds since the epoch, UTC.
    """

    name: str
    size: int
    made: float


@dataclass(frozen=True)
class Outcome:
    """How the last backup from the page ended."""

    well: bool
    words: str


def file_name(office: str) -> str:
    """What a backup made now is called.

    :param office: the name of the appliance; what of it every system takes in names of files is used.
    """
    plain = unicodedata.normalize("NFKD", office).encode("ascii", "ignore").decode().lower()
    called = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "interview-appliance"
    return f"{called}-{clock.utc_now():%Y%m%d-%H%M%S}.backup"


class Backups:
    """Its coroutines belong to the server's loop; what takes long goes on beside it.

    :param data: the data folder.
    :param office: gives the name of the appliance.
    :param cost: of trying a passphrase; tests take a low one.
    """

    def __init__(self, data: Path, store: Store, appliance_key: bytes, audit: Audit, *,
                 office: Callable[[], str] = str, cost: int = COST) -> None:
        self._data = data
        self._folder = data / FOLDER
        self._audit = audit
        self._office = office
        self._cost = cost
        self._maker = Maker(data, store, appliance_key)
        self._recovery = Recovery(store, appliance_key)
        self._progress: Progress | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._tidying: asyncio.Task[None] | None = None
        self.outcome: Outcome | None = None

    async def start(self) -> None:
        """Clear away what a crash left, and see to it that there is a recovery code."""
        await asyncio.to_thread(self._maker.tidy)
        await asyncio.to_thread(self._recovery.prepare)
        await self.tidy_copies()
        self._tidying = asyncio.create_task(self._tidy_hourly())

    async def stop(self) -> None:
        """Give up a backup that is being made."""
        if self._tidying is not None:
            self._tidying.cancel()
        if self._progress is not None:
            self._progress.stop = True
        await asyncio.gather(*self._running, return_exceptions=True)

    # -- making ------------------------------------------------------------------------------------------------

    async def make(self, file: Path, ticket: Ticket, by: UserInfo | None) -> int:
        """Make a backup; returns its size in bytes.

        :param by: who wants it; None for whoever has the command line.
        :raises BackupFailed: in words.
        """
        if self._progress is not None:
            raise BackupFailed("A backup is being made already. Please wait until it is done.")
        self._progress = Progress()
        try:
            size = await asyncio.to_thread(self._maker.make, file, ticket, self._progress)
        finally:
            missing, self._progress = self._progress.missing, None
        await self._audit.note("backup", by, file=file.name)
        if missing:
            logger.warning("%d files of interviews were missing when a backup was made", missing)
        return size

    async def begin(self, passphrase: str, by: UserInfo) -> None:
        """Begin a backup in the data folder; `progress` and `outcome` tell how it goes.

        :raises BadPassphrase: if the passphrase is too weak.
        """
        check_passphrase(passphrase)
        task = asyncio.create_task(self._make_here(passphrase, by))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _make_here(self, passphrase: str, by: UserInfo) -> None:
        self.outcome = None
        try:
            ticket = await asyncio.to_thread(Ticket.by_passphrase, passphrase, self._cost)
            await asyncio.to_thread(self._folder.mkdir, mode=0o700, exist_ok=True)
            await self.make(self._folder / file_name(self._office()), ticket, by)
        except BackupFailed as problem:
            self.outcome = Outcome(well=False, words=str(problem))
        except Exception as problem:   # nobody awaits this; whoever looks at the page must hear of it
            logger.exception("a backup failed")
            self.outcome = Outcome(well=False, words=f"The backup failed with {type(problem).__name__}. The log says "
                                                     "where.")
        else:
            self.outcome = Outcome(well=True, words="The backup is complete. Save it to another disk or a USB stick: "
                                                    "here it is lost with the computer.")

    @property
    def progress(self) -> Progress | None:
        """Of the backup that is being made; None where none is."""
        return self._progress

    @property
    def is_busy(self) -> bool:
        """Whether a backup was begun from the page and is not done."""
        return bool(self._running) or self._progress is not None

    async def settled(self, patience: float) -> None:
        """Until the backup that was begun is done, or `patience` seconds are over."""
        if self._running:
            await asyncio.wait(self._running, timeout=patience)

    # -- those that are there ----------------------------------------------------------------------------------

    async def listed(self) -> list[BackupFile]:
        """The backups in the data folder, the newest first."""
        def look() -> list[BackupFile]:
            found = []
            for path in self._folder.glob("*.backup"):
                with contextlib.suppress(OSError):   # just deleted
                    status = path.stat()
                    if _NAME.fullmatch(path.name):
                        found.append(BackupFile(path.name, status.st_size, status.st_mtime))
            return sorted(found, key=lambda one: one.name, reverse=True)
        return await asyncio.to_thread(look)

    def path(self, name: str) -> Path | None:
        """Where a backup of this name lies; None if there is none."""
        path = self._folder / name
        return path if _NAME.fullmatch(name) and path.is_file() else None

    async def delete(self, name: str, by: UserInfo) -> bool:
        """Delete a backup from the data folder; whether it was there."""
        path = self.path(name)
        if path is None:
            return False
        await asyncio.to_thread(path.unlink, missing_ok=True)
        await self._audit.note("backup", by, deleted=name)
        return True

    async def replaced(self) -> list[str]:
        """The names of folders with what restores have replaced, the newest first."""
        def look() -> list[str]:
            return sorted((path.name for path in self._folder.glob("before-restore-*")
                           if _BEFORE.fullmatch(path.name) and path.is_dir()), reverse=True)
        return await asyncio.to_thread(look)

    async def delete_replaced(self, name: str, by: UserInfo) -> bool:
        """Delete for good what a restore has replaced; whether it was there."""
        path = self._folder / name
        if not _BEFORE.fullmatch(name) or not path.is_dir():
            return False
        await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
        await self._audit.note("backup", by, deleted=name)
        return True

    # -- what was there before an upgrade ----------------------------------------------------------------------

    async def copies(self) -> list[Copy]:
        """The copies that were made before upgrades, the newest first."""
        return await asyncio.to_thread(copies, self._data)

    async def delete_copy(self, name: str, by: UserInfo) -> bool:
        """Delete a copy that was made before an upgrade; whether it was there."""
        if not await asyncio.to_thread(delete_copy, self._data, name):
            return False
        await self._audit.note("backup", by, deleted=name)
        return True

    async def tidy_copies(self) -> None:
        """Remove the copies that are too old or too many."""
        for name in await asyncio.to_thread(tidy_copies, self._data):
            logger.info("%s was removed, as said on the page Backup", name)

    async def _tidy_hourly(self) -> None:
        while True:
            await asyncio.sleep(_LOOKS)
            await self.tidy_copies()

    # -- the recovery code -------------------------------------------------------------------------------------

    async def code_waits(self) -> bool:
        """Whether nobody has written the recovery code down yet."""
        return await self.unread_code() is not None

    async def unread_code(self) -> str | None:
        """The appliance's recovery code, until somebody has it on paper."""
        return await asyncio.to_thread(self._recovery.unread)

    async def code_written_down(self, by: UserInfo) -> None:
        """Nobody need see the code again."""
        await asyncio.to_thread(self._recovery.written_down)
        await self._audit.note("backup", by, recovery_code="written down")

    async def renew_code(self, by: UserInfo) -> None:
        """Make another recovery code; the one before opens only the backups that were made with it."""
        await asyncio.to_thread(self._recovery.renew)
        await self._audit.note("backup", by, recovery_code="made anew")
