"""What listens: one socket on loopback, and the cluster's own, which refuse whoever has not their certificate."""

from __future__ import annotations

import socket
import ssl
from ipaddress import ip_address

import psutil

from tests.support.process import Appliance


def listening(process: psutil.Process) -> list[tuple[str, int]]:
    """Addresses and ports of a process and all below it, UDP included."""
    found = set()
    for one in (process, *process.children(recursive=True)):
        for connection in one.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN or connection.type == socket.SOCK_DGRAM:
                found.add((connection.laddr.ip, connection.laddr.port))
    return sorted(found)


def answers(port: int, said: bytes, *, encrypted: bool) -> bytes:
    """What a stranger gets who says this."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as plain:
            plain.settimeout(0.2)
            if not encrypted:
                plain.sendall(said)
                return plain.recv(1000)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(plain) as connection:
                connection.sendall(said)
                return connection.recv(1000)
    except (OSError, TimeoutError):
        return b""


def test_one_socket_on_loopback(appliance: Appliance) -> None:
    """As it starts by itself, with its workers: nothing beyond loopback, one port for browsers, and what is the
    cluster's tells a stranger nothing, in the clear or encrypted, as HTTP or as what Dask speaks.
    """
    appliance.wait_for_workers()
    found = listening(appliance.process)
    assert all(ip_address(ip).is_loopback for ip, _ in found), found
    assert ("127.0.0.1", appliance.port) in found
    others = [port for _, port in found if port != appliance.port]
    asked = (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET /info/main/workers.html HTTP/1.0\r\n\r\n",
             b"GET /json/counts.json HTTP/1.0\r\n\r\n", (8).to_bytes(8, "little") + b"identity",
             b"\x00" * 16, b"\x80\x04\x95" * 10)
    told = {(port, encrypted): came for port in others for said in asked for encrypted in (False, True)
            if b"HTTP/1" in (came := answers(port, said, encrypted=encrypted)) or len(came) > 200}
    own = {port: came for (port, _), came in told.items()
           if b" 404 " not in came.partition(b"\r\n")[0] and b" 403 " not in came.partition(b"\r\n")[0]}
    assert own == {}, own
    print(f"\n1 socket for browsers, {len(others)} of the cluster, asked {len(asked) * 2} times each: 0 told anything")
