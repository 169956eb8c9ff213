"""A real server on a loopback port, over turns in memory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from appliance.accounts.accounts import Accounts
from appliance.config import Settings
from appliance.server.application import Parts, ServerApplication, make_application
from tests.server.memory_turns import MemoryPackages, MemorySecrets, MemoryTurns
from tests.support.people import accounts_in


@dataclass
class Running:
    """The server in a thread of its own."""

    application: ServerApplication
    turns: MemoryTurns
    accounts: Accounts
    packages: MemoryPackages
    loop: asyncio.AbstractEventLoop
    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def browser(self) -> httpx.Client:
        """A browser with a cookie jar of its own."""
        return httpx.Client(base_url=self.base, timeout=60)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """A server that is stopped when the test ends."""
    (tmp_path / "cow.css").write_text("cow { color: brown }")
    turns, packages = MemoryTurns(), MemoryPackages(tmp_path)
    store, accounts = accounts_in(tmp_path / "data")
    loop = asyncio.new_event_loop()
    up = threading.Event()
    made: list[Running] = []

    async def start() -> HTTPServer:
        application = make_application(Parts(turns=turns, accounts=accounts, packages=packages, settings=Settings(),
                                             secrets=MemorySecrets()))
        sockets = bind_sockets(0, "127.0.0.1")
        http = HTTPServer(application)
        http.add_sockets(sockets)
        made.append(Running(application, turns, accounts, packages, loop, sockets[0].getsockname()[1]))
        return http

    def run() -> None:
        asyncio.set_event_loop(loop)
        http = loop.run_until_complete(start())
        up.set()
        loop.run_forever()
        http.stop()
        loop.run_until_complete(http.close_all_connections())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert up.wait(5)
    yield made[0]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    accounts.close()
    store.close()


@pytest.fixture
def browser_client(server: Running) -> Iterator[httpx.Client]:
    """One visitor without script."""
    with server.browser() as client:
        yield client
