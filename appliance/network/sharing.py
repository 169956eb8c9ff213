"""The switch: lets other computers on the network in, and keeps current what they need to find and trust this one."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from appliance.network.announcing import Announcer, CannotAnnounce
from appliance.network.certificate import BadCertificate, GivenCertificate, MadeCertificate, new_context
from appliance.network.firewall import firewall_words
from appliance.network.local_addresses import local_addresses
from appliance.network.state import CannotShare, NetworkState
from appliance.network.trust import Trust
from appliance.store.sealing import derive

__all__ = ["Listening", "Sharing"]

logger = logging.getLogger(__name__)

EVERYWHERE = ("0.0.0.0", "::")   # noqa: S104 - the very purpose of the switch, which is off by default
_LOOK_EACH = 20.0
"""Seconds between two looks at the addresses: a laptop is carried from one network to another."""

_RENEW_EACH = 3600.0
_LOCALHOST = ("localhost", "127.0.0.1", "::1")


class Listening(Protocol):
    """What listens while the appliance is shared (:class:`appliance.server.entrance.Entrance`)."""

    def close(self) -> None: ...

    def hang_up(self) -> None: ...


class Sharing:
    """:class:`appliance.network.state.Network`. To be used in the loop.

    :param settings: name and default to a configuration directive.
    :param appliance_key: the keys of the certificates are encrypted with one made from it.
    :param listen: begins to answer on sockets, encrypted.
    :param addresses: gives the addresses under which others reach this computer.
    :ivar on_changed: called when :attr:`state` is another one.
    :ivar hosts: the names and addresses under which other computers may ask for us; none while nothing is shared.
    """

    def __init__(self, data: Path, settings: Callable[[str, Any], Any], appliance_key: bytes,
                 listen: Callable[[Sequence[socket.socket], ssl.SSLContext], Listening], *,
                 addresses: Callable[[], list[str]] = local_addresses) -> None:
        self._settings = settings
        self._listen = listen
        self._all_addresses = addresses
        self._made = MadeCertificate(data / "network", derive(appliance_key, "keys of certificates"))
        self._context = new_context()
        self._listening: Listening | None = None
        self._watching: asyncio.Task[None] | None = None
        self._switching = asyncio.Lock()
        self._announcer = Announcer(str(settings("network: name", "interviews")))
        self._found: list[str] = []
        self._port = 0
        self.hosts: frozenset[str] = frozenset()
        self.on_changed: Callable[[], None] = lambda: None
        self.state = NetworkState()
        self.trust: Trust | None = None

    @property
    def _only(self) -> str:
        """The one address that others may use; empty where it is all of them."""
        return str(self._settings("network: host", None) or "")

    def _addresses(self) -> list[str]:
        return [self._only] if self._only else self._all_addresses()

    def _names(self) -> list[str]:
        """The names that a certificate is to be good for, and that others may ask for."""
        own = socket.gethostname().split(".")[0].lower()
        root = urlsplit(str(self._settings("url root", "") or "")).hostname or ""
        named = [str(self._settings("external hostname", "") or "").lower(), root.lower()]
        announced = self._announcer.name or f"{self._settings('network: name', 'interviews')}.local"
        local = [own, f"{own}.local"] if own and own.replace("-", "").isalnum() and own.isascii() else []
        return [one for one in dict.fromkeys([announced, *local, *named]) if one]

    # -- the switch --------------------------------------------------------------------------------------

    async def share(self) -> None:
        """Let other computers in. They find the name a moment later.

        :raises CannotShare: if the port is taken or there is no certificate; nothing has changed then.
        """
        async with self._switching:
            if self._listening is not None:
                return
            self._port = int(self._settings("network: port", 8443))
            try:
                self._found = await asyncio.to_thread(self._addresses)
            except OSError:
                self._found = []   # the watch finds them later
            await self._load_certificate()
            only = self._only
            self._listening = self._listen(_bound([only] if only else EVERYWHERE, self._port), self._context)
            self._watching = asyncio.create_task(self._watch())
            self._tell(self._state(shared=True))
            logger.info("shared on the network, port %d", self._port)

    def close(self) -> None:
        """Take no new connections; those that are open go on until :meth:`stop`."""
        if self._listening is not None:
            self._listening.close()

    async def stop(self) -> None:
        """Let them in no more, and hang up."""
        async with self._switching:
            listening, self._listening = self._listening, None
            if listening is None:
                return
            listening.close()
            listening.hang_up()
            self.hosts = frozenset()
            self._tell(NetworkState())
            if self._watching is not None:
                self._watching.cancel()
                await asyncio.wait({self._watching})
            await self._announcer.stop()
            logger.info("not shared on the network any more")

    def _state(self, *, shared: bool, name: str = "", name_problem: str = "", problem: str = "") -> NetworkState:
        port = self._port
        return NetworkState(
            shared, tuple(_address(one, port) for one in self._found), _address(name, port) if name else "",
            name_problem, _address(self._found[0], port, "http") + "/trust" if self._found else "", problem,
            own_certificate=bool(self._settings("network: certificate", None)), firewall=firewall_words(port))

    def _tell(self, state: NetworkState) -> None:
        if state != self.state:
            self.state = state
            self.on_changed()

    # -- certificates ------------------------------------------------------------------------------------

    async def _load_certificate(self) -> None:
        """Show the newest certificate in new connections.

        :raises CannotShare: if there is none that can be used.
        """
        file, key = self._settings("network: certificate", None), self._settings("network: certificate key", None)
        names, addresses = [*self._names(), _LOCALHOST[0]], [*self._found, *_LOCALHOST[1:]]
        try:
            if file:
                given = GivenCertificate(Path(file), Path(key) if key else None)
                await asyncio.to_thread(given.load_into, self._context, names, addresses)
                self.trust = None
            else:
                authority = await asyncio.to_thread(self._made.load_into, self._context, names, addresses)
                self.trust = Trust.of(authority.certificate)
        except BadCertificate as problem:
            raise CannotShare(str(problem)) from problem
        self.hosts = frozenset([*names, *addresses])

    # -- while it is shared ------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Say the name, follow this computer from network to network, and renew certificates in time."""
        await self._announce()
        waited = 0.0
        while True:
            await asyncio.sleep(_LOOK_EACH)
            waited += _LOOK_EACH
            try:
                found = await asyncio.to_thread(self._addresses)
            except OSError as problem:   # in the moment of a change; the next look tells
                logger.info("the addresses of this computer are not known: %s", type(problem).__name__)
                continue
            moved = found != self._found
            if moved or waited >= _RENEW_EACH:
                waited = 0.0
                self._found = found
                await self._renew()
            if moved or (found and not self._announcer.name):
                await self._announce()

    async def _renew(self) -> None:
        problem = ""
        try:
            await self._load_certificate()
        except CannotShare as failed:
            problem = str(failed)
            logger.warning("the certificate for the network could not be renewed")
        self._tell(replace(self._state(shared=True, problem=problem), name=self.state.name,
                           name_problem=self.state.name_problem))

    async def _announce(self) -> None:
        name = problem = ""
        if self._found:
            before = self._names()
            try:
                name = await self._announcer.start(self._found, self._port)
            except CannotAnnounce as failed:
                problem = str(failed)
                logger.info("no name is announced on the network: %s", problem)
            if self._names() != before:
                await self._renew()   # another computer has the name that we wanted
        else:
            problem = "this computer is in no network"
        self._tell(replace(self._state(shared=True, name=name, name_problem=problem), problem=self.state.problem))


def _bound(addresses: Sequence[str], port: int) -> list[socket.socket]:
    """Sockets that listen; a system without IPv6 has one less.

    :raises CannotShare: if the port is taken.
    """
    bound: list[socket.socket] = []
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        if family == socket.AF_INET6 and not socket.has_ipv6:
            continue
        try:
            bound.append(socket.create_server((address, port), family=family, backlog=128))
        except OSError as problem:
            if bound and family == socket.AF_INET6:
                logger.info("not reachable by IPv6: %s", problem.strerror)
                continue
            for one in bound:
                one.close()
            if problem.errno == errno.EADDRNOTAVAIL:
                raise CannotShare(f"{address} is not an address of this computer now. Please correct the directive "
                                  "'network: host', or leave it out.") from problem
            raise CannotShare(f"Port {port} cannot be used: {problem.strerror or problem}. Another program may have "
                              "it; choose another one with the directive 'network: port'.") from problem
    return bound


def _address(host: str, port: int, scheme: str = "https") -> str:
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
