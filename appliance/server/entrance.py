"""The way in for other computers: TLS and plain HTTP told apart on one port, and bounds for what one of them may take.

The loopback listener of the laptop's own window is another one: whatever happens here, that one has its own sockets.
"""

from __future__ import annotations

import logging
import ssl
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from socket import MSG_PEEK, socket
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPInputError, HTTPMessageDelegate
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream, SSLIOStream
from tornado.netutil import add_accept_handler, ssl_wrap_socket
from tornado.web import Application

from appliance.server.admission import shared_context

__all__ = ["Bounds", "Entrance"]

_TLS_HANDSHAKE = 0x16
"""The first byte of a TLS connection; no HTTP request begins with it."""

_FIRST_BYTE_WITHIN = 10.0
_HEADERS_WITHIN = 60.0
"""Seconds for a handshake, for a request's headers, and between two requests of a connection."""

_BODY_WITHIN = 900.0
"""Seconds for what is sent: 16 MB over a poor radio network."""

_MOST_HEADERS = 32 * 1024
_MEGABYTE = 1024 * 1024
_FILES_PER_PROCESS = 1024
"""What Linux lets a process have open unless told otherwise."""


class Bounds:
    """What others may take together, so that the laptop itself goes on whatever they do.

    :param connections: open at the same time; unless told, half of what the system lets us have.
    :param of_one: the same for one address.
    :param bytes_under_way: of requests that are still being sent. One address may have all of that while nobody else
        wants any of it, and gives way to those who send less.
    """

    def __init__(self, connections: int = 0, of_one: int = 0, bytes_under_way: int = 256 * _MEGABYTE) -> None:
        self.connections = connections or min(400, _most_files() // 2)
        self.of_one = of_one or max(1, self.connections // 2)
        self.bytes_under_way = bytes_under_way
        self.sending = 0
        self.open: Counter[str] = Counter()
        self._sent_by: Counter[str] = Counter()
        self._requests: dict[str, dict[_Counted, None]] = {}

    def has_room_for(self, address: str) -> bool:
        """Whether one more connection from `address` is taken."""
        return self.open.total() < self.connections and self.open[address] < self.of_one

    def has_room_to_send(self, request: _Counted, size: int) -> bool:
        """Whether a request may go on with so many bytes, which then count as its own.

        Where all is taken, the address that takes most loses its largest request, unless that is this one's own or
        would then have had less.
        """
        mine = request.address
        while self.sending + size > self.bytes_under_way:
            greediest = max(self._sent_by, key=self._sent_by.__getitem__, default=mine)
            if greediest == mine or self._sent_by[greediest] <= self._sent_by[mine] + size:
                return False
            max(self._requests[greediest], key=lambda one: one.own).give_way()
        self.sending += size
        self._sent_by[mine] += size
        self._requests.setdefault(mine, {})[request] = None
        return True

    def forget(self, request: _Counted) -> None:
        """A request is over, however it ended."""
        address = request.address
        self.sending -= request.own
        self._sent_by[address] -= request.own
        of_one = self._requests.get(address, {})
        of_one.pop(request, None)
        if not of_one:
            self._requests.pop(address, None)
            del self._sent_by[address]


def _is_no_handshake(record: logging.LogRecord) -> bool:
    """Leave out of the log what Tornado says of each handshake that fails: browsers that do not trust us yet hang up,
    and whoever likes could fill the disk with it.
    """
    return not str(record.msg).startswith("SSL Error on")


class Entrance:
    """Listening sockets that other computers reach.

    TLS goes to the application; so does plain HTTP, which there gets the trust page or is sent to ``https``.

    :param sockets: bound and listening; closed by :meth:`close`.
    :param context: how to encrypt.
    """

    def __init__(self, application: Application, sockets: Sequence[socket], context: ssl.SSLContext,
                 bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        logging.getLogger("tornado.general").addFilter(_is_no_handshake)
        self._context = context
        self._sockets = list(sockets)
        self._streams: set[IOStream] = set()
        self._waiting: dict[socket, Callable[[], None]] = {}
        self._server = _SharedServer(
            application, idle_connection_timeout=_HEADERS_WITHIN, body_timeout=_BODY_WITHIN,
            max_header_size=_MOST_HEADERS)
        self._server.bounds = self.bounds
        for one in self._sockets:
            one.setblocking(False)
        self._stop_accepting = [add_accept_handler(one, self._accepted) for one in self._sockets]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens."""
        return [one.getsockname()[:2] for one in self._sockets]

    def close(self) -> None:
        """Take no more connections."""
        for stop in self._stop_accepting:
            stop()
        for one in self._sockets:
            one.close()
        self._stop_accepting, self._sockets = [], []

    def hang_up(self) -> None:
        """Close all connections, sockets of pages too."""
        for give_up in list(self._waiting.values()):
            give_up()
        for stream in list(self._streams):
            stream.close()

    # -- from a connection to a request ----------------------------------------------------------------

    def _accepted(self, connection: socket, address: Any) -> None:
        """Wait for the first byte, which tells what is spoken."""
        if not self.bounds.has_room_for(address[0]):
            connection.close()
            return
        self.bounds.open[address[0]] += 1
        loop = IOLoop.current()
        connection.setblocking(False)

        def decided() -> None:
            if self._waiting.pop(connection, None) is not None:
                loop.remove_handler(connection)
                loop.remove_timeout(timeout)

        def give_up() -> None:
            decided()
            connection.close()
            self._gone(address[0])

        def look(*_: Any) -> None:
            try:
                first = connection.recv(1, MSG_PEEK)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                first = b""
            if not first:
                give_up()
                return
            decided()
            self._serve(connection, address, encrypted=first[0] == _TLS_HANDSHAKE)

        timeout = loop.call_later(_FIRST_BYTE_WITHIN, give_up)
        self._waiting[connection] = give_up
        loop.add_handler(connection, look, IOLoop.READ)

    def _serve(self, connection: socket, address: Any, *, encrypted: bool) -> None:
        try:
            stream: IOStream = _TLSStream(ssl_wrap_socket(
                connection, self._context, server_side=True, do_handshake_on_connect=False)
            ) if encrypted else _PlainStream(connection)
        except (OSError, ValueError):   # it has just gone
            connection.close()
            self._gone(address[0])
            return
        self._streams.add(stream)
        stream.on_closed = partial(self._closed, stream, address[0])  # type: ignore[attr-defined]
        self._server.handle_stream(stream, address)

    def _closed(self, stream: IOStream, address: str) -> None:
        self._streams.discard(stream)
        self._gone(address)

    def _gone(self, address: str) -> None:
        self.bounds.open[address] -= 1
        if not self.bounds.open[address]:
            del self.bounds.open[address]


class _SharedServer(HTTPServer):
    """Notes of every request that it came in by the shared listener, and counts what is being sent."""

    bounds: Bounds

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        context = getattr(request_conn, "context", None)
        shared_context(context)
        stream = getattr(request_conn, "stream", None)
        return _Counted(super().start_request(server_conn, request_conn), self.bounds,
                        str(getattr(context, "remote_ip", "")), stream.close if stream is not None else lambda: None)


class _Counted(HTTPMessageDelegate):
    """Counts the bytes of a request until it has been read.

    :param address: whose it is.
    :param hang_up: closes its connection.
    :ivar own: how many bytes have come.
    """

    def __init__(self, inner: HTTPMessageDelegate, bounds: Bounds, address: str, hang_up: Callable[[], None]) -> None:
        self._inner = inner
        self._bounds = bounds
        self._hang_up = hang_up
        self.address = address
        self.own = 0

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Any:
        """Pass on."""
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Any:
        """Pass on, unless all together send too much and nobody sends more; they then have to come again.

        :raises HTTPInputError: which closes the connection.
        """
        if not self._bounds.has_room_to_send(self, len(chunk)):
            self._forget()
            raise HTTPInputError("too much is being sent at once")
        self.own += len(chunk)
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        """All has come."""
        self._forget()
        self._inner.finish()

    def on_connection_close(self) -> None:
        """It was broken off."""
        self._forget()
        self._inner.on_connection_close()

    def give_way(self) -> None:
        """Others want what it takes."""
        self._forget()
        self._hang_up()

    def _forget(self) -> None:
        self._bounds.forget(self)
        self.own = 0


class _Told:
    """Tells when the connection of a stream is closed, whoever closes it and why."""

    on_closed: Callable[[], None] | None = None

    def close_fd(self) -> None:
        super().close_fd()  # type: ignore[misc]
        told, self.on_closed = self.on_closed, None
        if told is not None:
            told()


class _PlainStream(_Told, IOStream):
    pass


class _TLSStream(_Told, SSLIOStream):
    pass


def _most_files() -> int:
    """How many files and connections the system lets this process have open; more where that is only a habit."""
    if sys.platform == "win32":
        return 512   # what its way to wait for many connections at once can hold
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _FILES_PER_PROCESS <= hard or hard == resource.RLIM_INFINITY:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, _FILES_PER_PROCESS), hard))
            soft = max(soft, _FILES_PER_PROCESS)
    return soft
