"""The whole appliance in one process, on a real port, with people of every privilege: what is attacked here."""

from __future__ import annotations

import asyncio
import concurrent.futures
import re
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from appliance.accounts.accounts import Accounts
from appliance.accounts.signed_in import Device, SignedIn
from appliance.assembly import Assembly
from appliance.config import load
from appliance.installing import install
from appliance.library.modules import install_import_hook
from appliance.packages import InstalledPackages
from appliance.server.application import ServerApplication
from appliance.store.appliance_key import load_appliance_key
from appliance.store.database import Store
from tests.support.packages import make_package
from tests.support.people import CHEAP

__all__ = ["ADMIN", "ADVOCATE", "DEVELOPER", "LIBRARIAN", "OWNER", "PASSWORD", "USER", "House", "opened_house",
           "token_in"]

T = TypeVar("T")
PASSWORD = "seven brown owls"
USER, ADVOCATE, DEVELOPER, ADMIN, LIBRARIAN, OWNER = "user", "advocate", "developer", "admin", "librarian", "owner"
_AT_THE_LAPTOP = Device("127.0.0.1", "a browser")
_CONFIGURATION = """\
allow registration: True
public interviews:
  - docassemble.hostile:public.yml
"""


def token_in(html: str) -> str:
    """The token that the forms of a page carry."""
    found = re.search(r'name="_xsrf" value="([^"]+)"', html)
    assert found is not None, html[:500]
    return found[1]


@dataclass
class House:
    """The appliance without its cluster.

    :ivar people: privilege to somebody with it; the librarian's is one that an administrator made.
    """

    data: Path
    assembly: Assembly
    accounts: Accounts
    application: ServerApplication
    loop: asyncio.AbstractEventLoop
    port: int
    people: dict[str, SignedIn] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Have something done in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def browser(self, who: str = "", **options: Any) -> httpx.Client:
        """A browser at the laptop, in which somebody is signed in."""
        client = httpx.Client(base_url=self.base, timeout=20, trust_env=False, **options)
        if who:
            client.cookies.set("user", self.people[who].cookie)
        return client

    @staticmethod
    def token(client: httpx.Client) -> str:
        """What forms that this browser posts must carry."""
        return token_in(client.get("/user/sign-in").text)


async def _person(accounts: Accounts, owner: SignedIn, name: str) -> SignedIn:
    privileges = ("user",) if name == USER else (name,)
    token = await accounts.invite(owner.user, f"{name}@example.org", privileges, {"first_name": name.title()})
    return (await accounts.accept(token, PASSWORD, {}, _AT_THE_LAPTOP))[0]


async def _people(assembly: Assembly, accounts: Accounts) -> dict[str, SignedIn]:
    token = assembly.users.make_token(assembly.owner.user_id or 0, lifetime=600)
    owner = await accounts.redeem(token, _AT_THE_LAPTOP)
    assert owner is not None
    await accounts.add_privilege(owner.user, LIBRARIAN)
    people = {OWNER: owner}
    for name in (USER, ADVOCATE, DEVELOPER, ADMIN, LIBRARIAN):
        people[name] = await _person(accounts, owner, name)
    return people


@contextmanager
def opened_house(folder: Path, interviews: dict[str, str]) -> Iterator[House]:
    """A house with the package ``docassemble.hostile``, closed when the block is left."""
    data = folder / "data"
    data.mkdir(parents=True)
    (data / "config.yml").write_text(_CONFIGURATION, encoding="utf-8")
    install([make_package(folder, "hostile", interviews)], data / "packages")
    static = next((data / "packages").glob("docassemble.hostile*/docassemble/hostile")) / "data" / "static"
    static.mkdir()
    (static / "cow.css").write_text("cow { color: brown }", encoding="utf-8")
    up: concurrent.futures.Future[tuple[House, asyncio.Event]] = concurrent.futures.Future()
    thread = threading.Thread(target=lambda: asyncio.run(_live(data, folder / "configuration", up)), name="house")
    thread.start()
    house, ended = up.result(60)
    try:
        yield house
    finally:
        house.loop.call_soon_threadsafe(ended.set)
        thread.join(30)
        install_import_hook(None)


async def _live(data: Path, configuration: Path,
                up: concurrent.futures.Future[tuple[House, asyncio.Event]]) -> None:
    """Open everything in this thread's loop, and close it when the event is set."""
    store = Store(data)
    try:
        key = load_appliance_key(store, config_folder=configuration)
        packages = InstalledPackages(data / "packages")
        install_import_hook(packages)
        assembly = Assembly(data, load(data / "config.yml"), store, key, packages, request_restart=lambda: None)
        assembly.accounts.close()
        assembly.accounts = Accounts(store, key, settings=load(data / "config.yml").get, expire=assembly.turns.expire,
                                     cost=CHEAP)
        assembly.turns.listeners.on_account = assembly.accounts.changed
        await assembly.resume()
        application = assembly.application()
        sockets = bind_sockets(0, "127.0.0.1")
        server = HTTPServer(application)
        server.add_sockets(sockets)
        port = int(sockets[0].getsockname()[1])
        assembly.turns.address = f"http://127.0.0.1:{port}"
        ended = asyncio.Event()
        house = House(data, assembly, assembly.accounts, application, asyncio.get_running_loop(), port,
                      await _people(assembly, assembly.accounts))
        up.set_result((house, ended))
        await ended.wait()
        server.stop()
        await assembly.stop()
        await server.close_all_connections()
    except BaseException as problem:
        if not up.done():
            up.set_exception(problem)
        raise
    finally:
        store.close()
