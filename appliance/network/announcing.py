"""The appliance's name on the network, ``NAME.local``: said by multicast DNS, without a server that knows names.

zeroconf is imported where it is used: most appliances are shared with nobody, and their first page would wait for it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zeroconf import IPVersion
    from zeroconf.asyncio import AsyncZeroconf

__all__ = ["Announcer", "CannotAnnounce"]

logger = logging.getLogger(__name__)

_KIND = "_https._tcp.local."
_TRIES = 5
_LONGEST_GOODBYE = 3.0


class CannotAnnounce(Exception):
    """The name cannot be said on this network; the message says why."""


class Announcer:
    """Says on the network that a name is this computer, as long as it is asked to.

    :param wanted: the name without ``.local``.
    :ivar name: the name that was free, with ``.local``; empty while nothing is announced.
    """

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._zeroconf: AsyncZeroconf | None = None
        self._closing: set[asyncio.Future[None]] = set()
        self.name = ""

    async def start(self, addresses: Sequence[str], port: int) -> str:
        """Announce; where another computer has the name, ``NAME-2`` and so on is taken.

        :returns: the name, with ``.local``.
        :raises CannotAnnounce: if the system or the network does not let us.
        """
        from zeroconf import Error
        from zeroconf.asyncio import AsyncZeroconf

        await self.stop()
        try:
            zeroconf = AsyncZeroconf(interfaces=list(addresses), ip_version=_version(addresses))
        except (OSError, Error, RuntimeError) as problem:
            raise CannotAnnounce(_words(problem)) from problem
        self._zeroconf = zeroconf
        try:
            self.name = await self._registered(zeroconf, addresses, port)
        except (OSError, Error) as problem:
            await self.stop()
            raise CannotAnnounce(_words(problem)) from problem
        return self.name

    async def _registered(self, zeroconf: AsyncZeroconf, addresses: Sequence[str], port: int) -> str:
        """:raises NonUniqueNameException: if all names are taken."""
        from zeroconf import NonUniqueNameException
        from zeroconf.asyncio import AsyncServiceInfo

        for number in range(1, _TRIES + 1):
            label = self._wanted if number == 1 else f"{self._wanted}-{number}"
            info = AsyncServiceInfo(
                _KIND, f"{label}.{_KIND}", port=port, server=f"{label}.local.", properties={"path": "/"},
                addresses=[socket.inet_pton(socket.AF_INET6 if ":" in one else socket.AF_INET, one)
                           for one in addresses])
            try:
                await (await zeroconf.async_register_service(info))
            except NonUniqueNameException:
                logger.info("the name %s.local is another computer's", label)
                continue
            return f"{label}.local"
        raise NonUniqueNameException

    async def stop(self) -> None:
        """Take it back, and say so."""
        zeroconf, self._zeroconf, self.name = self._zeroconf, None, ""
        if zeroconf is not None:
            # To its end whoever stops waiting for it: else its sockets would stay open.
            closing = asyncio.ensure_future(zeroconf.async_close())
            self._closing.add(closing)
            closing.add_done_callback(self._closed)
            await asyncio.wait({closing}, timeout=_LONGEST_GOODBYE)

    def _closed(self, closing: asyncio.Future[None]) -> None:
        self._closing.discard(closing)
        problem = None if closing.cancelled() else closing.exception()
        if problem is not None:
            logger.info("the name could not be taken back: %s", type(problem).__name__)


def _version(addresses: Sequence[str]) -> IPVersion:
    from zeroconf import IPVersion

    kinds = {":" in one for one in addresses}
    return IPVersion.All if len(kinds) == 2 else IPVersion.V6Only if True in kinds else IPVersion.V4Only


def _words(problem: Exception) -> str:
    from zeroconf import NonUniqueNameException

    if isinstance(problem, NonUniqueNameException):
        return "other computers on the network have this name"
    return (problem.strerror if isinstance(problem, OSError) else "") or type(problem).__name__
