"""Brings a backup back from a page: while people go on, until everything is checked; then the appliance starts anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from appliance.backup.errors import BackupError
from appliance.backup.restoring import forget_told, prepare_restore, told_restore
from appliance.store.appliance_key import Keyring

__all__ = ["BringingBack"]

logger = logging.getLogger(__name__)

_LONGEST_WAIT = 10.0
"""Seconds in which a page that looks every few seconds asks once more, also in a tab that is not in front."""


class BringingBack:
    """To be used in the loop.

    :param data: the data folder.
    :param keyring: gives where keys are kept.
    :param restart: has the appliance start anew, which puts the backup in its place; may be called several times.
    :ivar problem: why the last try came to nothing; empty where nothing went wrong.
    """

    def __init__(self, data: Path, keyring: Callable[[], Keyring | None], restart: Callable[[], None]) -> None:
        self._data = data
        self._keyring = keyring
        self._restart = restart
        self._running: asyncio.Task[None] | None = None
        self._stopped = False
        self._restored = told_restore(data)
        self.problem = ""
        self.is_done = False

    @property
    def restored(self) -> str:
        """When the backup was made that this start has put in place; empty where it has not."""
        return self._restored

    def seen(self) -> None:
        """Somebody has read :attr:`restored`; later starts do not say it again."""
        forget_told(self._data)

    @property
    def is_busy(self) -> bool:
        """Whether a backup is being looked at."""
        return self._running is not None and not self._running.done()

    def told(self) -> None:
        """Somebody is told that it is done: the appliance need not wait any longer."""
        self._restart()

    def begin(self, file: Path, secret: str) -> None:
        """Begin; :attr:`problem` and :attr:`is_done` tell how it ended. Does nothing while another one is looked at."""
        if not (self.is_busy or self.is_done):
            self._running = asyncio.create_task(self._bring_back(file, secret))

    async def stop(self) -> None:
        """Give up what is being looked at, while the folder is still held: the next start would clear it away."""
        self._stopped = True
        if self._running is not None:
            await self._running

    async def settled(self, patience: float) -> None:
        """Until it has ended, or `patience` seconds are over."""
        if self._running is not None:
            await asyncio.wait({self._running}, timeout=patience)

    async def _bring_back(self, file: Path, secret: str) -> None:
        self.problem = ""
        try:
            await asyncio.to_thread(prepare_restore, file, self._data, secret, keyring=self._keyring(),
                                    stopped=lambda: self._stopped)
        except BackupError as problem:
            self.problem = str(problem)
        except Exception as problem:   # nobody awaits this; whoever looks at the page must hear of it
            logger.exception("a backup could not be brought back")
            self.problem = f"This failed with {type(problem).__name__}. The log says where. Nothing was changed."
        else:
            self.is_done = True
            # A browser that waits for the page must get it, and not nobody to connect to: it is told, or has left.
            asyncio.get_running_loop().call_later(_LONGEST_WAIT, self._restart)
