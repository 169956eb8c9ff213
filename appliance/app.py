"""Builds the parts, starts them in order and stops them in reverse."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from appliance import config, garbage, logs
from appliance.first_start.state import begin as begin_first_start
from appliance.installing import tidy
from appliance.locks import FileLock, Held
from appliance.packages import InstalledPackages

if TYPE_CHECKING:
    from tornado.httpserver import HTTPServer

    from appliance.assembly import Assembly
    from appliance.attendance import Attendance
    from appliance.network.state import Network
    from appliance.store.database import Store

__all__ = ["AlreadyRunning", "CannotStart", "Left", "Options", "Running", "do", "run", "running"]

logger = logging.getLogger(__name__)

_SWITCH_INTERVAL = 0.0005
"""Seconds after which a busy thread lets another one run. A turn hops between the loop, a thread that evaluates, the
database's and the cluster's; with Python's 0.005 each hop beside a busy thread costs that long."""

_LOADED = 5.0
"""Seconds after the first page can be asked for when all is loaded, the part that runs tasks too."""

_PATIENCE = 30.0
"""Seconds that a command waits for another process to let the data folder go, or to say where it listens."""

_LAST_WORDS = 0.1
"""Seconds in which the answers to the last turns go out when the appliance stops."""


class CannotStart(Exception):
    """The appliance cannot start; the message tells its owner why, and what to do."""


class AlreadyRunning(CannotStart):
    """Another process has the data folder.

    :param address: where it can be reached; empty while it starts.
    """

    def __init__(self, data: Path, address: str) -> None:
        where = f" It can be reached at {address}" if address else ""
        super().__init__(f"The appliance is already running on {data}.{where}")
        self.address = address


@dataclass(frozen=True)
class Options:
    """What the command line says.

    :param data: the data folder, absolute; it is made if need be.
    :param port: 0 for any free one.
    :param any_port: take any free port where `port` is taken.
    :param share: let other computers on the network in from the start.
    :param attended: end when no program attends it any more and nothing is left to do.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    any_port: bool = False
    share: bool = False
    attended: bool = False


@dataclass(frozen=True)
class Running:
    """A started appliance.

    :param address: ``http://127.0.0.1:8080``, without a slash at the end.
    :param sign_in_address: makes an address that signs the laptop's owner in once and then goes to a path.
    :param restart: set when the process should be replaced by a fresh one.
    :param attendance: who attends it, and when it should end for that.
    :param network: whether other computers can reach it.
    :param code_waits: whether nobody has written the recovery code down yet.
    :param not_shared: why they cannot, though that was asked for; empty where nothing went wrong.
    """

    address: str
    sign_in_address: Callable[[str], str]
    restart: asyncio.Event
    attendance: Attendance
    network: Network
    code_waits: bool = False
    not_shared: str = ""


@dataclass(frozen=True)
class Left:
    """What a process that is to be replaced leaves to the next one.

    :param port: that it listened on.
    :param shared: whether other computers could reach it.
    """

    port: int
    shared: bool


def run(options: Options, on_ready: Callable[[Running], None]) -> Left | None:
    """Run the appliance until it is told to stop (Ctrl+C, SIGTERM, or CTRL_BREAK on Windows).

    :param on_ready: called once, when the first page can be asked for.
    :returns: None; or, where too many turns got stuck for good, what a fresh process is to take over.
    :raises CannotStart: if it cannot start.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL)
    garbage.wait_with_it()
    return asyncio.run(_run(options, on_ready))


async def _run(options: Options, on_ready: Callable[[Running], None]) -> Left | None:
    stop = asyncio.Event()
    _on_signals(stop.set)
    async with running(options) as appliance:
        on_ready(appliance)
        asyncio.get_running_loop().call_later(_LOADED, garbage.look_from_now_on)
        restarting = asyncio.create_task(appliance.restart.wait())
        waiting = {asyncio.create_task(stop.wait()), restarting,
                   asyncio.create_task(appliance.attendance.over())}
        ended, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        logger.info("stopping")
        left = Left(urlsplit(appliance.address).port or 0, appliance.network.state.shared)
        if ended != {restarting}:
            return None
        appliance.attendance.tell({"restarts": True})
        return left


def _on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` in the loop when the process is asked to end."""
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        for number in (signal.SIGINT, signal.SIGBREAK):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    else:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:   # nohup, or a shell that put us into the background
                loop.add_signal_handler(number, stop)


@asynccontextmanager
async def running(options: Options) -> AsyncIterator[Running]:
    """The appliance, started; stopped when the block is left.

    :raises CannotStart: if it cannot start; what had been started is stopped.
    """
    _refuse_strangers(options.host)
    async with AsyncExitStack() as stack:
        parts, lock, restart = _built(options.data, stack, first=begin_first_start if options.attended else None)
        parts.attendance.follows = options.attended
        servers: list[HTTPServer] = []
        stack.push_async_callback(_stop, parts, servers)
        await parts.resume()
        server, address = _listen(parts.application(), options)
        servers.append(server)
        parts.turns.address = address
        lock.write(address)
        parts.warm_up()
        parts.clear_away()
        logger.info("listening on %s", address)
        await parts.start_compute()
        parts.start_schedule()
        not_shared = await parts.share_from_start(asked=options.share)
        code_waits = await parts.backups.code_waits()
        yield Running(address, parts.sign_in_address, restart, parts.attendance, parts.network, code_waits, not_shared)


def do(data: Path, command: str, arguments: dict[str, Any], say: Callable[[str], None]) -> int:
    """Do a command: the server on the data folder does it where one runs, else this process; returns its exit status.

    :param say: gets what the command tells, line by line.
    :raises CannotStart: if the data folder cannot be used.
    :raises HandOverFailed: if the server did not do it to its end.
    """
    from appliance.commands import hand_over

    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return asyncio.run(_do_here(data, command, arguments, say))
        except AlreadyRunning as other:
            if other.address:
                with suppress(ConnectionError):   # it has just ended
                    return hand_over(other.address, _key_of(data), command, arguments, say)
            if time.monotonic() > end:
                raise
        time.sleep(0.1)   # it starts, stops, or does a command itself


async def _do_here(data: Path, command: str, arguments: dict[str, Any], say: Callable[[str], None]) -> int:
    """Do a command with all parts but the server and the background tasks."""
    async with AsyncExitStack() as stack:
        parts, _, _ = _built(data, stack)
        stack.push_async_callback(_stop, parts, [])
        await parts.resume()
        return await parts.commands.run(command, arguments, say)


def _key_of(data: Path) -> bytes:
    from appliance.store.appliance_key import known_appliance_key, system_keyring
    from appliance.store.errors import StoreError

    try:
        return known_appliance_key(data, keyring=system_keyring())
    except (StoreError, OSError) as problem:
        raise CannotStart(str(problem)) from problem


def _built(data: Path, stack: AsyncExitStack, *,
           first: Callable[[Path], None] | None = None) -> tuple[Assembly, FileLock, asyncio.Event]:
    """The parts of a data folder that this process holds from now on, and what is set when it should be replaced.

    :param first: called with the folder before its database is opened.

    :raises CannotStart: if they cannot be had.
    """
    _end_restore(data)   # which may bring other settings
    _refuse_newer(data)
    settings = _settings(data)
    lock = _only_one(data, stack)
    if first is not None:
        try:
            first(data)
        except OSError as problem:
            raise CannotStart(f"The data folder {data} cannot be written to: {problem.strerror}.") from problem
    stack.callback(logs.stop, logs.start(data / "logs"))
    asyncio.get_running_loop().set_exception_handler(_log_without_values)
    # Most of the program: imported when little can refuse the start any more.
    from appliance.assembly import Assembly

    store, key = _open_store(data)
    stack.callback(store.close)
    packages = _packages(data / "packages")
    restart, loop = asyncio.Event(), asyncio.get_running_loop()

    def request_restart() -> None:
        loop.call_soon_threadsafe(restart.set)

    return Assembly(data, settings, store, key, packages, request_restart=request_restart), lock, restart


def _refuse_strangers(host: str) -> None:
    """Listen on loopback only: whoever reaches this server counts as somebody at the laptop, and nothing is encrypted.

    :raises CannotStart: for any other address.
    """
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise CannotStart(f"{host} can be reached by other computers; what --host names is for this computer alone: "
                          "nothing is encrypted there, and nobody has to sign in. Please leave out --host and use "
                          "--share: it lets other computers in by an encrypted address of its own.")


def _end_restore(data: Path) -> None:
    """End what a power cut interrupted when a backup was brought back.

    :raises CannotStart: if that cannot be.
    """
    from appliance.backup.errors import CannotRestore
    from appliance.backup.restoring import finish_restore, is_unfinished

    if not is_unfinished(data):
        return
    try:
        with FileLock(data / "running.lock"):
            finish_restore(data)
    except Held as held:
        raise AlreadyRunning(data, held.words) from held
    except CannotRestore as problem:
        raise CannotStart(str(problem)) from problem
    except OSError as problem:
        raise CannotStart(f"The data folder {data} cannot be written to: {problem.strerror}.") from problem


def _refuse_newer(data: Path) -> None:
    """Leave the folder of a newer appliance alone.

    :raises CannotStart: naming both versions, and what to do.
    """
    from appliance.store.errors import StoreNewer
    from appliance.store.upgrading import refuse_newer

    try:
        refuse_newer(data)
    except StoreNewer as problem:
        raise CannotStart(str(problem)) from problem


def _settings(data: Path) -> config.Settings:
    from appliance.store.upgrading import newer_words

    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        return config.load(data / "config.yml")
    except config.BadConfiguration as problem:
        raise CannotStart(f"{problem}{newer_words(data)}") from problem
    except OSError as problem:
        raise CannotStart(f"The data folder {data} cannot be used: {problem.strerror or problem}.") from problem


def _only_one(data: Path, stack: AsyncExitStack) -> FileLock:
    """Hold the data folder, so that one process writes."""
    lock = FileLock(data / "running.lock")
    try:
        stack.enter_context(lock)
    except Held as held:
        raise AlreadyRunning(data, held.words) from held
    except OSError as problem:
        raise CannotStart(f"The data folder {data} cannot be written to: {problem.strerror}.") from problem
    lock.write("")   # not where the last one could be reached
    return lock


def _open_store(data: Path) -> tuple[Store, bytes]:
    from appliance.store.appliance_key import load_appliance_key, system_keyring
    from appliance.store.database import Store
    from appliance.store.errors import StoreError

    try:
        store = Store(data)
    except (StoreError, OSError) as problem:
        raise CannotStart(str(problem)) from problem
    try:
        return store, load_appliance_key(store, keyring=system_keyring())
    except (StoreError, OSError) as problem:
        store.close()
        raise CannotStart(str(problem)) from problem


def _packages(folder: Path) -> InstalledPackages:
    from appliance.library.modules import install_import_hook
    from appliance.store.upgrading import newer_words

    try:
        tidy(folder)
        packages = InstalledPackages(folder)
    except (OSError, ValueError, KeyError, TypeError, Held) as problem:
        raise CannotStart(f"The packages in {folder} cannot be read: {type(problem).__name__}."
                          f"{newer_words(folder.parent)}") from problem
    install_import_hook(packages)
    return packages


def _listen(application: Any, options: Options) -> tuple[HTTPServer, str]:
    """The server, listening, and its address.

    :raises CannotStart: if the port is taken.
    """
    from tornado.httpserver import HTTPServer

    host = "127.0.0.1" if options.host == "localhost" else options.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ports = [options.port, 0] if options.any_port else [options.port]
    for port in ports:
        try:
            listening = socket.create_server((host, port), family=family)
        except OSError as problem:
            if port == ports[-1]:
                raise CannotStart(f"Port {port} of {host} cannot be used: {problem.strerror or problem}. Another "
                                  "program may have it; choose another one with --port.") from problem
        else:
            break
    listening.setblocking(False)
    server = HTTPServer(application)
    server.add_sockets([listening])
    return server, f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


async def _stop(parts: Assembly, servers: list[HTTPServer]) -> None:
    """Take no more visitors, let what is under way end and be answered, and then hang up."""
    for server in servers:
        server.stop()
    parts.network.close()
    await parts.stop()
    await asyncio.sleep(_LAST_WORDS)
    for server in servers:
        await server.close_all_connections()
    await parts.network.stop()


def _log_without_values(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody awaited went wrong: its type and places; asyncio's own message would show the exception's text."""
    logger.error("%s", context["message"], exc_info=context.get("exception"))
