"""Sends what waits: at once when there is something new, again after growing pauses, for three days.

Each configured mail server has a lane of its own, so that one that cannot be reached holds up no other's mail.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from appliance.mail.lane import Lane
from appliance.mail.mail_log import MailLog
from appliance.mail.mail_server import MailServer
from appliance.store.database import Store
from appliance.store.errors import StoreClosed
from appliance.store.outbox import mail_counts, mail_without_server

__all__ = ["Outbox"]


class Outbox:
    """The sender. What does not say otherwise belongs to the loop.

    :param servers: by the names that mails call them by; mail for others waits.
    :param logs: the folder of ``mail.log``.
    """

    on_changed: Callable[[], None] = staticmethod(lambda: None)
    """Called when the Outbox page would show something else; from any thread."""

    def __init__(self, store: Store, appliance_key: bytes, servers: Mapping[str, MailServer], logs: Path) -> None:
        self._store = store
        self._key = appliance_key
        self._servers = dict(servers)
        self._log = MailLog(logs)
        self._loop = asyncio.get_running_loop()
        self._lanes: list[Lane] = []

    @property
    def log(self) -> MailLog:
        """``mail.log``, which those who take mail in write too; closed when the outbox stops."""
        return self._log

    def start(self) -> None:
        """Begin to send; what waits from before goes first."""
        names: dict[MailServer, list[str]] = {}
        for name, server in self._servers.items():
            names.setdefault(server, []).append(name)
        self._tell_unserved()
        self._lanes = [Lane(self._store, self._key, server, its, self._log, self.on_changed)
                       for server, its in names.items()]

    def wake(self) -> None:
        """There is new mail; from any thread."""
        with contextlib.suppress(RuntimeError):   # the loop is closed: it goes at the next start
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for lane in self._lanes:
            lane.wake()
        self._tell_unserved()

    def _tell_unserved(self) -> None:
        """Mail for a configuration without a server waits; where there is another server, that must be said."""
        def told(done: Future[int]) -> None:
            if done.exception() is None and done.result():
                self.on_changed()
        if self._servers:
            with contextlib.suppress(StoreClosed):   # it is said at the next start
                self._store.write(lambda database: mail_without_server(database, list(self._servers))
                                  ).add_done_callback(told)

    def is_under_way(self, number: int) -> bool:
        """Whether a mail is being handed over, or was and is still to be marked; from any thread.

        Asked inside a write, it says whether that write may decide about the mail: what is under way is read once more
        after this says so, on the same thread.
        """
        return any(lane.is_under_way(number) for lane in self._lanes)

    async def stop(self, patience: float = 5.0) -> None:
        """Send no more; a mail that is under way has `patience` seconds to end."""
        await asyncio.gather(*(lane.stop(patience) for lane in self._lanes))
        self._log.close()

    async def health(self) -> dict[str, Any]:
        """How many mails wait and have failed, and the kind of the last trouble."""
        counts = await asyncio.wrap_future(self._store.read(mail_counts))
        status = "off" if not self._servers else "retrying" if counts.error and counts.waiting else "ok"
        return {"status": status, "waiting": counts.waiting, "failed": counts.failed, "error": counts.error}
