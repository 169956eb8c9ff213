"""The switch with real sockets, TLS and multicast DNS, all on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tornado.web import Application, RequestHandler
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from appliance.network import sharing
from appliance.network.announcing import Announcer, CannotAnnounce
from appliance.network.authority import Authority
from appliance.network.sharing import Sharing
from appliance.network.state import CannotShare, NetworkState
from appliance.server.entrance import Entrance
from tests.support.process import free_port

KEY = bytes(range(32))
LOOPBACK = "127.0.0.1"


class _Hello(RequestHandler):
    def get(self) -> None:
        self.finish("hello")


class _Silent(Announcer):
    """Announces nothing, at once."""

    async def start(self, addresses: Sequence[str], port: int) -> str:
        raise CannotAnnounce("multicast is blocked")


class Switch:
    """A Sharing over one page."""

    def __init__(self, folder: Path, **directives: Any) -> None:
        self.port = free_port()
        self.addresses = [LOOPBACK]
        settings: dict[str, Any] = {"network: port": self.port, "network: host": LOOPBACK} | directives
        self.sharing = Sharing(folder, settings.get, KEY, self._listen)
        self.told: list[NetworkState] = []
        self.changed = asyncio.Event()
        self.sharing.on_changed = self._changed
        self.folder = folder

    def _changed(self) -> None:
        self.told.append(self.sharing.state)
        self.changed.set()

    def _listen(self, sockets: Sequence[socket.socket], context: ssl.SSLContext) -> Entrance:
        return Entrance(Application([("/health", _Hello)]), sockets, context)

    async def until(self, condition: Callable[[NetworkState], object]) -> None:
        """Wait for a state."""
        async with asyncio.timeout(20):
            while not condition(self.sharing.state):
                self.changed.clear()
                await self.changed.wait()

    async def get(self, host: str = LOOPBACK) -> str:
        """The page, as a device that trusts the authority gets it."""
        secret = self.sharing._made.secret
        authority = Authority.kept_in(self.folder / "network" / "authority.pem", secret, [], [])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=authority.certificate.public_bytes(Encoding.PEM).decode())
        async with httpx.AsyncClient(verify=context) as client:
            return (await client.get(f"https://{host}:{self.port}/health")).text


def in_loop(work: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await work()
    asyncio.run(run())


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No multicast: what the other tests are about is the rest."""
    monkeypatch.setattr(sharing, "Announcer", _Silent)


@pytest.mark.usefixtures("silent")
class TestTheSwitch:
    def test_on_and_off(self, tmp_path: Path) -> None:
        """Nothing listens before and after; in between a device that trusts the authority is served."""
        async def work() -> None:
            switch = Switch(tmp_path)
            assert not switch.sharing.state.shared
            with pytest.raises(httpx.ConnectError):
                await switch.get()
            await switch.sharing.share()
            await switch.sharing.share()   # on stays on
            assert switch.sharing.state.addresses == (f"https://{LOOPBACK}:{switch.port}",)
            assert await switch.get() == "hello"
            assert LOOPBACK in switch.sharing.hosts
            assert switch.sharing.trust is not None
            await switch.sharing.stop()
            await switch.sharing.stop()
            with pytest.raises(httpx.ConnectError):
                await switch.get()
            assert switch.sharing.state == NetworkState()
            assert not switch.sharing.hosts
        in_loop(work)

    def test_no_name_is_no_harm(self, tmp_path: Path) -> None:
        """Where multicast is blocked the page says so, and the address with numbers works."""
        async def work() -> None:
            switch = Switch(tmp_path)
            await switch.sharing.share()
            await switch.until(lambda state: state.name_problem)
            assert switch.sharing.state.name_problem == "multicast is blocked"
            assert await switch.get() == "hello"
            await switch.sharing.stop()
        in_loop(work)

    def test_a_port_that_is_taken(self, tmp_path: Path) -> None:
        """It is said, and nothing is left half done."""
        async def work() -> None:
            switch = Switch(tmp_path)
            with socket.create_server((LOOPBACK, switch.port)):
                with pytest.raises(CannotShare, match=f"Port {switch.port} cannot be used"):
                    await switch.sharing.share()
                assert not switch.sharing.state.shared
            await switch.sharing.share()
            assert await switch.get() == "hello"
            await switch.sharing.stop()
        in_loop(work)

    def test_a_certificate_that_cannot_be_used(self, tmp_path: Path) -> None:
        async def work() -> None:
            bad = tmp_path / "bad.pem"
            bad.write_text("nonsense")
            switch = Switch(tmp_path, **{"network: certificate": str(bad)})
            with pytest.raises(CannotShare, match="cannot be used"):
                await switch.sharing.share()
        in_loop(work)

    def test_it_follows_the_computer_to_another_network(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A laptop is carried elsewhere: addresses, certificate and accepted names are new, the listener stays."""
        monkeypatch.setattr(sharing, "_LOOK_EACH", 0.05)
        monkeypatch.setattr(sharing, "EVERYWHERE", (LOOPBACK,))

        async def work() -> None:
            switch = Switch(tmp_path, **{"network: host": None})
            monkeypatch.setattr(switch.sharing, "_all_addresses", lambda: list(switch.addresses))
            switch.addresses = []
            await switch.sharing.share()
            await switch.until(lambda state: state.name_problem == "this computer is in no network")
            switch.addresses = ["192.168.77.5", LOOPBACK]
            await switch.until(lambda state: state.addresses)
            assert switch.sharing.state.addresses[0] == f"https://192.168.77.5:{switch.port}"
            assert "192.168.77.5" in switch.sharing.hosts
            assert await switch.get() == "hello"
            await switch.sharing.stop()
        in_loop(work)


def test_the_name_is_found_by_others(tmp_path: Path) -> None:
    """Real multicast DNS on loopback: the name leads here, a second appliance takes another, and it is taken back."""
    async def work() -> None:
        switch = Switch(tmp_path, **{"network: name": "clinic-test"})
        await switch.sharing.share()
        await switch.until(lambda state: state.name or state.name_problem)
        if switch.sharing.state.name_problem:
            await switch.sharing.stop()
            pytest.skip(f"multicast does not work here: {switch.sharing.state.name_problem}")
        assert switch.sharing.state.name == f"https://clinic-test.local:{switch.port}"
        assert "clinic-test.local" in switch.sharing.hosts
        second = Announcer("clinic-test")
        assert await second.start([LOOPBACK], switch.port) == "clinic-test-2.local"
        await second.stop()
        async with AsyncZeroconf(interfaces=[LOOPBACK]) as asking:
            kind = "_https._tcp.local."
            found = await asking.async_get_service_info(kind, f"clinic-test.{kind}", 3000)
            assert isinstance(found, AsyncServiceInfo)
            assert (found.parsed_addresses(), found.port) == ([LOOPBACK], switch.port)
            assert found.server == "clinic-test.local."
        await switch.sharing.stop()
    in_loop(work)
