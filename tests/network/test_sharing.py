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
        async with asyncio.timeout(60):
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


class _WindowsLoop(asyncio.SelectorEventLoop):
    """What Python runs on Windows: it cannot tell when a socket can be read, and Tornado asks a thread of its own."""

    def add_reader(self, *_: Any) -> None:  # type: ignore[override]
        raise NotImplementedError

    add_writer = add_reader  # type: ignore[assignment]


def has_ipv6_loopback() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


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

    def test_with_the_loop_of_windows(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """TLS and plain HTTP are told apart there too, and switching off hangs up."""
        monkeypatch.setattr(asyncio, "ProactorEventLoop", _WindowsLoop, raising=False)

        async def work() -> None:
            switch = Switch(tmp_path)
            await switch.sharing.share()
            silent = socket.create_connection((LOOPBACK, switch.port))
            try:
                assert await switch.get() == "hello"
                async with httpx.AsyncClient() as client:
                    assert (await client.get(f"http://{LOOPBACK}:{switch.port}/health")).text == "hello"
                await switch.sharing.stop()
                silent.settimeout(10)
                assert await asyncio.to_thread(silent.recv, 1) == b""
            finally:
                silent.close()
        with asyncio.Runner(loop_factory=_WindowsLoop) as runner:
            runner.run(work())

    def test_an_address_of_another_computer(self, tmp_path: Path) -> None:
        """A laptop that was carried elsewhere: another port would not help, and that is not what is said."""
        async def work() -> None:
            switch = Switch(tmp_path, **{"network: host": "198.51.100.7"})
            with pytest.raises(CannotShare, match=r"198\.51\.100\.7 is not an address of this computer now"):
                await switch.sharing.share()
        in_loop(work)

    @pytest.mark.skipif(not has_ipv6_loopback(), reason="there is no IPv6 here")
    def test_by_ipv6_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """One port for both, with a socket each; the certificate is good for both, and the address has brackets."""
        monkeypatch.setattr(sharing, "EVERYWHERE", (LOOPBACK, "::1"))

        async def work() -> None:
            switch = Switch(tmp_path, **{"network: host": None})
            monkeypatch.setattr(switch.sharing, "_all_addresses", lambda: ["::1"])
            await switch.sharing.share()
            assert switch.sharing.state.addresses == (f"https://[::1]:{switch.port}",)
            assert switch.sharing.state.plain == f"http://[::1]:{switch.port}/trust"
            assert await switch.get("[::1]") == await switch.get() == "hello"
            await switch.sharing.stop()
            with pytest.raises(httpx.ConnectError):
                await switch.get("[::1]")
        in_loop(work)

    def test_without_ipv6_it_is_shared_all_the_same(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Some systems have it switched off: then the second socket cannot be bound."""
        monkeypatch.setattr(sharing, "EVERYWHERE", (LOOPBACK, "2001:db8::1"))   # nobody's

        async def work() -> None:
            switch = Switch(tmp_path, **{"network: host": None})
            await switch.sharing.share()
            assert await switch.get() == "hello"
            await switch.sharing.stop()
        in_loop(work)

    def test_off_in_the_middle_of_a_change(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever the watch over the addresses has met, switching off ends with nothing that listens."""
        monkeypatch.setattr(sharing, "_LOOK_EACH", 0.01)
        looked = 0

        def broken() -> list[str]:
            nonlocal looked
            looked += 1
            if looked > 1:
                raise RuntimeError("what nobody thought of")
            return [LOOPBACK]

        async def work() -> None:
            switch = Switch(tmp_path)
            monkeypatch.setattr(switch.sharing, "_addresses", broken)
            await switch.sharing.share()
            watching = switch.sharing._watching
            assert watching is not None
            await asyncio.wait({watching}, timeout=10)
            await switch.sharing.stop()
            assert switch.sharing.state == NetworkState()
            with pytest.raises(httpx.ConnectError):
                await switch.get()
            assert isinstance(watching.exception(), RuntimeError)
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


def test_the_name_is_found_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real multicast DNS on loopback: the name leads here, a second appliance takes another, and it is taken back."""
    for pause, less in {"_CHECK_TIME": 250, "_REGISTER_TIME": 10, "_UNREGISTER_TIME": 10}.items():
        monkeypatch.setattr(f"zeroconf._core.{pause}", less, raising=False)   # nobody here is slow to answer

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
