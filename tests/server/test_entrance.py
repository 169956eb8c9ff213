"""The listener that other computers reach: what it speaks, what it lets through, and what one of them may take."""

from __future__ import annotations

import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from appliance.server import entrance
from appliance.server.entrance import Bounds
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW
from tests.server.shared import Shared, shared_on


@pytest.fixture
def shared(server: Running, tmp_path: Path) -> Iterator[Shared]:
    with shared_on(server, tmp_path) as one:
        yield one


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def connected(shared: Shared) -> int:
    return shared.entrance.bounds.open.total()


def test_a_device_that_trusts_the_authority_is_served(shared: Shared) -> None:
    """Encrypted, with the real check of the certificate; one that does not trust it gets nowhere."""
    with shared.browser() as browser:
        assert "Interview Appliance" in browser.get("/").text
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(shared.base)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_refused(shared: Shared, version: ssl.TLSVersion) -> None:
    context = shared.context()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.maximum_version = version
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.minimum_version = version
    with (socket.create_connection(("127.0.0.1", shared.port)) as plain,
          pytest.raises((ssl.SSLError, ConnectionError)), context.wrap_socket(plain, server_hostname="localhost")):
        pass


class TestInTheClear:
    def test_pages_are_sent_on_to_where_it_is_encrypted(self, shared: Shared) -> None:
        """On the very same port, as a browser asks when somebody types the address without https."""
        for path in ("/", f"/interview?i={INTERVIEW}&x=1", "/user/sign-in", "/trustworthy", "/uploadedfile/1"):
            answer = httpx.get(f"{shared.plain}{path}")
            assert answer.status_code == 307
            assert answer.headers["location"] == f"{shared.base}{answer.url.raw_path.decode()}"
            assert "set-cookie" not in answer.headers

    @pytest.mark.parametrize("path", ["/interview", "/user/sign-in", "/network/share", "/checkin", "/nowhere"])
    def test_nothing_is_taken(self, shared: Shared, path: str) -> None:
        assert httpx.post(f"{shared.plain}{path}", data={"password": "secret"}).status_code == 403

    def test_the_trust_page_and_its_files_are_there(self, shared: Shared) -> None:
        """Without a cookie, and with a way on."""
        page = httpx.get(f"{shared.plain}/trust")
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
        assert shared.network.trust is not None
        assert shared.network.trust.fingerprint in page.text.replace("<wbr>", "")
        assert f'href="https://127.0.0.1:{shared.port}/"' in page.text
        certificate = httpx.get(f"{shared.plain}/trust/interview-appliance.crt")
        assert certificate.headers["content-type"] == "application/x-x509-ca-cert"
        assert certificate.content == shared.network.trust.der
        profile = httpx.get(f"{shared.plain}/trust/interview-appliance.mobileconfig")
        assert profile.headers["content-type"] == "application/x-apple-aspen-config"
        assert profile.content == shared.network.trust.profile

    def test_a_socket_is_not_opened(self, shared: Shared) -> None:
        headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "x" * 22 + "==",
                   "Sec-WebSocket-Version": "13", "Origin": shared.plain}
        assert httpx.get(f"{shared.plain}/tasks/updates", headers=headers).status_code == 307

    def test_foreign_names_are_refused_there_too(self, shared: Shared) -> None:
        """So that it sends nobody to another server."""
        for path in ("/", "/trust"):
            answer = httpx.get(f"{shared.plain}{path}", headers={"Host": "evil.example"})
            assert (answer.status_code, answer.headers.get("location")) == (421, None)


class TestCookies:
    def test_over_tls_they_are_kept_apart(self, shared: Shared) -> None:
        """Their names are others there, and a browser takes them only over TLS and from this very host."""
        with shared.browser() as browser:
            given = browser.get(f"/interview?i={INTERVIEW}").headers.get_list("set-cookie")
            assert any(one.startswith("__Host-browser=") for one in given)
            for one in given:
                if not one.startswith("color_scheme"):
                    assert one.startswith("__Host-")
                    assert all(part in one for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
                    assert "domain" not in one.lower()

    def test_those_of_the_laptop_are_nothing_there(self, shared: Shared) -> None:
        """The owner's cookie of the plain address signs nobody in over the network, even where a browser sends it."""
        with shared.server.browser() as laptop:
            laptop.get("/user/sign-in", params={"token": "once"})
            assert "Olive" in laptop.get("/").text
            with shared.browser(cookies=laptop.cookies) as away:
                assert "Olive" not in away.get("/").text


class TestBounds:
    def test_connections_are_counted_until_they_are_closed(self, shared: Shared) -> None:
        """Whoever closes them: clients, silent ones, ones that speak nonsense."""
        with shared.browser() as browser:
            browser.get("/health")
            until(lambda: connected(shared) == 1)
        until(lambda: connected(shared) == 0)
        with socket.create_connection(("127.0.0.1", shared.port)) as nonsense:
            nonsense.sendall(b"\x16nonsense nonsense nonsense")
            nonsense.settimeout(10)
            with suppress(ConnectionResetError):
                while nonsense.recv(1000):
                    pass
        with socket.create_connection(("127.0.0.1", shared.port)):
            pass
        until(lambda: connected(shared) == 0)

    def test_one_address_has_its_share(self, server: Running, tmp_path: Path) -> None:
        """Beyond it a connection is closed at once; the laptop's own listener does not care."""
        with shared_on(server, tmp_path, Bounds(connections=6, of_one=3)) as shared:
            held = [socket.create_connection(("127.0.0.1", shared.port)) for _ in range(3)]
            until(lambda: connected(shared) == 3)
            with socket.create_connection(("127.0.0.1", shared.port)) as refused:
                refused.settimeout(10)
                assert refused.recv(1) == b""
            with server.browser() as laptop:
                assert laptop.get("/health").status_code == 200
            for one in held:
                one.close()
            until(lambda: connected(shared) == 0)
            with shared.browser() as browser:
                assert browser.get("/health").status_code == 200

    def test_silent_connections_are_closed(self, server: Running, tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
        """No first byte, no headers, no end of what is sent: each has its time."""
        for name in ("_FIRST_BYTE_WITHIN", "_HEADERS_WITHIN", "_BODY_WITHIN"):
            monkeypatch.setattr(entrance, name, 0.2)
        with shared_on(server, tmp_path) as shared:
            for said in (b"", b"GET / HTTP/1.1\r\nX-Slow: ", b"\x16\x03\x01",
                         b"POST /checkin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nslow"):
                with socket.create_connection(("127.0.0.1", shared.port)) as slow:
                    slow.sendall(said)
                    slow.settimeout(10)
                    while slow.recv(65536):
                        pass
            until(lambda: connected(shared) == 0)
            assert shared.entrance.bounds.sending == 0

    def test_large_headers_are_refused(self, shared: Shared) -> None:
        with shared.browser() as browser, pytest.raises(httpx.RemoteProtocolError):
            browser.get("/", headers={"X-Large": "x" * 40_000})

    def test_all_together_send_so_much(self, server: Running, tmp_path: Path) -> None:
        """What is under way is bounded; when somebody gives up, there is room again."""
        head = b"POST /checkin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
        with shared_on(server, tmp_path, Bounds(bytes_under_way=150_000)) as shared:
            with socket.create_connection(("127.0.0.1", shared.port)) as first:
                first.sendall(head + b"x" * 99_999)
                until(lambda: shared.entrance.bounds.sending == 99_999)
                with socket.create_connection(("127.0.0.1", shared.port)) as second:
                    second.sendall(head + b"x" * 99_999)
                    second.settimeout(10)
                    assert b"200" not in second.recv(1000)
            until(lambda: shared.entrance.bounds.sending == 0)
            with shared.browser() as browser:
                assert browser.get("/health").status_code == 200


    @pytest.mark.skipif(sys.platform == "darwin", reason="has no second loopback address")
    def test_who_sends_most_gives_way_to_others(self, server: Running, tmp_path: Path) -> None:
        """One address has taken all there is and holds it; others get through, by taking from that one what they
        need, and it is not asked for more than that.
        """
        head = b"POST /checkin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n"
        with shared_on(server, tmp_path, Bounds(bytes_under_way=200_000)) as shared:
            bounds = shared.entrance.bounds

            def from_address(address: str) -> socket.socket:
                return socket.create_connection(("127.0.0.1", shared.port), source_address=(address, 0))
            greedy = [from_address("127.0.0.1") for _ in range(4)]
            for one in greedy:
                one.sendall(head + b"x" * 49_999)
            until(lambda: bounds.sending == 4 * 49_999)
            with from_address("127.0.0.2") as other:
                other.settimeout(10)
                other.sendall(head + b"x" * 50_000)
                assert other.recv(1000).startswith(b"HTTP/1.1 ")
            until(lambda: bounds.sending == 3 * 49_999)
            with from_address("127.0.0.1") as fifth:
                fifth.sendall(head + b"x" * 49_999)
                until(lambda: bounds.sending == 4 * 49_999)
                with from_address("127.0.0.1") as sixth:   # its own address gives way to nobody of its own
                    sixth.settimeout(10)
                    sixth.sendall(head + b"x" * 49_999)
                    with suppress(ConnectionResetError):
                        while sixth.recv(1000):
                            pass
                assert bounds.sending == 4 * 49_999
            for one in greedy:
                one.close()
            until(lambda: bounds.sending == 0)
            assert not bounds._requests
            assert not bounds._sent_by


def test_stop_hangs_up(shared: Shared) -> None:
    """Connections that are open, idle or silent, are closed, and new ones refused."""
    with shared.browser() as browser, socket.create_connection(("127.0.0.1", shared.port)) as silent:
        browser.get("/health")
        until(lambda: connected(shared) == 2)

        async def stop() -> None:
            shared.entrance.close()
            shared.entrance.hang_up()

        shared.in_loop(stop())
        until(lambda: connected(shared) == 0)
        silent.settimeout(10)
        assert silent.recv(1) == b""
        with pytest.raises(httpx.TransportError):
            browser.get("/health")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", shared.port)).close()


def test_health_tells_the_network_little(shared: Shared) -> None:
    """Others see that it runs; the laptop sees how its parts are."""
    with shared.browser() as browser, shared.server.browser() as laptop:
        assert set(browser.get("/health").json()) == {"version", "status"}
        assert "queue" in laptop.get("/health").json()


def test_commands_are_not_taken_from_the_network(shared: Shared) -> None:
    """Not even from this computer itself, by that way."""
    with shared.browser() as browser:
        assert browser.post("/command", headers={"X-Appliance-Command": "x"}).status_code == 404
