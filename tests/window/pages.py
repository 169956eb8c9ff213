"""A server for pages that tests write, in the place of the appliance's."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, cast

__all__ = ["STRICT", "Page", "Pages"]

STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'"
"""As the appliance's own pages have it."""


@dataclass(frozen=True)
class Page:
    """What is answered at an address.

    :param stalls: the last half of it never comes.
    """

    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    stalls: bool = False


class Pages:
    """Serves what is in :attr:`at`, by path; keeps what is sent."""

    def __init__(self) -> None:
        self.at: dict[str, Page] = {}
        self.sent: list[bytes] = []
        self.asked: list[tuple[str, str]] = []
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.pages = self
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def page(self, path: str, body: str, **headers: str) -> None:
        """A page of HTML."""
        text = f"<!doctype html><title>{path}</title><body>{body}"
        self.at[path] = Page(text.encode(), headers={name.replace("_", "-"): value for name, value in headers.items()})

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    pages: Pages

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser may hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        pages = cast("_Server", self.server).pages
        path = self.path.partition("?")[0]
        pages.asked.append((path, self.headers.get("Cookie", "")))
        if body:
            pages.sent.append(body)
        page = pages.at.get(path, Page(b"there is nothing here", status=404))
        self.send_response(page.status)
        self.send_header("Content-Type", page.kind)
        self.send_header("Content-Length", str(len(page.body)))
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page.body[:len(page.body) // 2] if page.stalls else page.body)
        if page.stalls:
            self.wfile.flush()
            pages.closing.wait()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing is written down."""
