"""The server of the tests as other computers reach it: a listener of its own with TLS, on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from typing import Any, Protocol, TypeVar

import httpx
from cryptography.hazmat.primitives.serialization import Encoding

from appliance.accounts.accounts import Accounts
from appliance.network.certificate import MadeCertificate, new_context
from appliance.network.state import CannotShare, NetworkState
from appliance.network.trust import Trust
from appliance.server.application import ServerApplication
from appliance.server.entrance import Bounds, Entrance

__all__ = ["MemoryNetwork", "Served", "Shared", "shared_on"]

T = TypeVar("T")
NAMES = ["interviews.local", "localhost"]
ADDRESSES = ["192.168.1.5", "127.0.0.1"]


class Served(Protocol):
    """A server in a thread of its own."""

    @property
    def application(self) -> ServerApplication: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...

    @property
    def port(self) -> int: ...

    @property
    def base(self) -> str: ...

    def browser(self) -> httpx.Client: ...


class MemoryNetwork:
    """Stands in for :class:`appliance.network.sharing.Sharing`: switches nothing but its own state.

    :param on: how it is while it is shared.
    :ivar refuses: why sharing fails; empty where it does not.
    """

    def __init__(self, on: NetworkState, hosts: frozenset[str] = frozenset(), trust: Trust | None = None) -> None:
        self.on = on
        self.hosts = hosts
        self.trust = trust
        self.refuses = ""
        self.state = NetworkState()
        self.on_changed: Callable[[], None] = lambda: None

    async def share(self) -> None:
        if self.refuses:
            raise CannotShare(self.refuses)
        self.state = self.on
        self.on_changed()

    async def stop(self) -> None:
        self.state = NetworkState()
        self.on_changed()


@dataclass
class Shared:
    """What a device on the network has of the server.

    :param authority: what it trusts, PEM.
    """

    server: Served
    entrance: Entrance
    network: MemoryNetwork
    authority: str
    port: int

    @property
    def base(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def plain(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def context(self) -> ssl.SSLContext:
        """How a device that trusts the authority encrypts."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.authority)
        return context

    def browser(self, **options: Any) -> httpx.Client:
        """A browser on another computer."""
        return httpx.Client(base_url=self.base, timeout=60, verify=self.context(), **options)

    def in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """Have something done in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.server.loop).result(10)


@contextmanager
def shared_on(server: Served, folder: Path, bounds: Bounds | None = None) -> Iterator[Shared]:
    """Let others in until the block is left."""
    context = new_context()
    authority = MadeCertificate(folder / "network", bytes(32)).load_into(context, NAMES, ADDRESSES)
    listening = create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    state = NetworkState(shared=True, addresses=(f"https://192.168.1.5:{port}",),
                         name=f"https://interviews.local:{port}", plain=f"http://192.168.1.5:{port}/trust",
                         firewall="A firewall may be in the way.")
    network = MemoryNetwork(state, frozenset([*NAMES, *ADDRESSES]), Trust.of(authority.certificate))
    server.application.parts.network = network
    network.on_changed = server.application.network_changed

    async def begin() -> Entrance:
        await network.share()
        return Entrance(server.application, [listening], context, bounds)

    async def end(entrance: Entrance) -> None:
        entrance.close()
        entrance.hang_up()

    entrance = asyncio.run_coroutine_threadsafe(begin(), server.loop).result(10)
    shared = Shared(server, entrance, network, authority.certificate.public_bytes(Encoding.PEM).decode(), port)
    yield shared
    shared.in_loop(end(entrance))
