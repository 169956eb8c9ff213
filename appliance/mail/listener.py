"""Takes mail where the configuration says so: the doors, who comes in, and how all of it is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.mail.certificate import BadCertificate, Certificate
from appliance.mail.conversation import Conversation
from appliance.mail.limits import Doorkeeper, Limits
from appliance.mail.mail_log import MailLog
from appliance.mail.mail_server import SettingsLike
from appliance.mail.smtp_handler import ReceivesMail, SmtpHandler

__all__ = ["Listener", "ListenerOptions"]

logger = logging.getLogger(__name__)

_TRY_AGAIN_AFTER = 30.0
"""Seconds after which a port that another program had is tried again; the network may not be up yet, too."""

_TOO_MANY_FILES_PAUSE = 1.0
_LOOK_AT_CERTIFICATE = 12 * 3600.0
_FULL = b"421 4.3.2 Too many connections; please try again later\r\n"


@dataclass(frozen=True)
class ListenerOptions:
    """What the configuration says of the listener.

    :param port: None to take no mail that begins unencrypted.
    :param tls_port: None to take none that is encrypted from the beginning.
    :param certificate: a file of one's own; None to have one made.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    tls_port: int | None = None
    largest: int = 48 << 20
    certificate: Path | None = None
    key: Path | None = None

    @classmethod
    def configured(cls, settings: SettingsLike | Mapping[str, Any]) -> ListenerOptions | None:
        """Those in the configuration; None if no mail is to be taken."""
        def path(name: str) -> Path | None:
            value = settings.get(name)
            return Path(value) if value else None

        port, tls_port = settings.get("mail in: smtp: port"), settings.get("mail in: smtp: tls port")
        if port is None and tls_port is None:
            return None
        return cls(host=str(settings.get("mail in: smtp: host", "127.0.0.1")), port=port, tls_port=tls_port,
                   largest=int(settings.get("mail in: smtp: maximum size", 48 << 20)),
                   certificate=path("mail in: smtp: certificate"), key=path("mail in: smtp: certificate key"))


class _Door:
    """One port."""

    def __init__(self, name: str, port: int, *, encrypted: bool) -> None:
        self.name = name
        self.port = port
        self.encrypted = encrypted
        self.trouble = ""
        self.open = asyncio.Event()


class Listener:
    """Takes mail for a :class:`ReceivesMail`. Belongs to the loop.

    :param data: the folder for a certificate of our own.
    """

    def __init__(self, mail_in: ReceivesMail, options: ListenerOptions, data: Path, log: MailLog,
                 limits: Limits | None = None) -> None:
        self._options = options
        self._log = log
        self._name = _own_name(mail_in.domain)
        self._doorkeeper = Doorkeeper(limits or Limits(message=options.largest))
        self._handler = SmtpHandler(mail_in, self._doorkeeper, log)
        self._certificate = Certificate(options.certificate or data / "mail-certificate.pem", options.key,
                                        own=options.certificate is None, name=self._name)
        self._tls: ssl.SSLContext | None = None
        self._making = asyncio.Lock()
        self._certificate_trouble = ""
        self._doors = [_Door(name, port, encrypted=encrypted) for name, port, encrypted in (
            ("smtp", options.port, False), ("smtp with tls", options.tls_port, True)) if port is not None]
        self._open_doors: list[asyncio.Task[None]] = []
        self._visits: set[asyncio.Task[None]] = set()
        self._conversations: set[Conversation] = set()
        self._turned_away = 0

    def start(self) -> None:
        """Begin to take mail; a port that cannot be used now is tried again."""
        loop = asyncio.get_running_loop()
        self._open_doors = [loop.create_task(self._keep_open(door)) for door in self._doors]
        self._open_doors.append(loop.create_task(self._renew_certificate()))

    async def opened(self) -> list[int]:
        """The ports, once all of them are open; for those who asked for any free one."""
        for door in self._doors:
            await door.open.wait()
        return [door.port for door in self._doors]

    async def stop(self, patience: float = 5.0) -> None:
        """Take no more; messages that are all here have `patience` seconds to be kept and answered."""
        for task in self._open_doors:
            task.cancel()
        await asyncio.gather(*self._open_doors, return_exceptions=True)
        await self._handler.wait(patience)
        await asyncio.sleep(0)   # their answers go out
        for conversation in self._conversations:
            conversation.say_goodbye()
        if self._visits:
            _, staying = await asyncio.wait(self._visits, timeout=1.0)
            for task in staying:
                task.cancel()
            await asyncio.gather(*staying, return_exceptions=True)

    def health(self) -> dict[str, Any]:
        """Which doors are open, and why the others are not."""
        trouble = self._certificate_trouble or next((door.trouble for door in self._doors if door.trouble), "")
        state: dict[str, Any] = {"status": "failed" if trouble else "ok",
                                 "ports": [door.port for door in self._doors if door.open.is_set()],
                                 "connections": self._doorkeeper.connections, "turned away": self._turned_away}
        return state | ({"error": trouble} if trouble else {})

    # -- the doors -------------------------------------------------------------------------------------

    async def _keep_open(self, door: _Door) -> None:
        while True:
            try:
                async with self._making:   # one certificate for all doors
                    if self._tls is None:
                        self._tls = await asyncio.to_thread(self._certificate.context)
                listening = _listening(self._options.host, door.port)
            except (BadCertificate, OSError) as problem:
                self._in_trouble(door, _words(problem, door.port))
                await asyncio.sleep(_TRY_AGAIN_AFTER)
                continue
            with contextlib.closing(listening):
                door.port = listening.getsockname()[1]
                self._opened(door)
                await self._accept(listening, door)

    def _in_trouble(self, door: _Door, words: str) -> None:
        if words != door.trouble:
            door.trouble = words
            self._log.way_in(door.name, words, trouble=True)
            logger.warning("no mail can come in (%s): %s", door.name, words)

    def _opened(self, door: _Door) -> None:
        door.trouble = ""
        door.open.set()
        self._log.way_in(door.name, f"listening on port {door.port}", trouble=False)

    async def _accept(self, listening: socket.socket, door: _Door) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                peer, address = await loop.sock_accept(listening)
            except OSError as problem:   # the peer is gone already, or there are too many open files
                logger.warning("a connection of somebody who brings mail was lost: %s", type(problem).__name__)
                await asyncio.sleep(_TOO_MANY_FILES_PAUSE)
                continue
            # aiosmtpd writes each line of an answer by itself; without this a second one waits for the peer's receipt.
            with contextlib.suppress(OSError):   # on some systems, where the peer is gone again already
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self._doorkeeper.enter(address[0]):
                self._turn_away(peer, door)
                continue
            visit = loop.create_task(self._visit(peer, address[0], door))
            self._visits.add(visit)
            visit.add_done_callback(self._visits.discard)

    def _turn_away(self, peer: socket.socket, door: _Door) -> None:
        self._turned_away += 1
        with contextlib.suppress(OSError), peer:
            if not door.encrypted:
                peer.send(_FULL)

    async def _visit(self, peer: socket.socket, address: str, door: _Door) -> None:
        """One connection, from its first byte to its last."""
        loop, limits = asyncio.get_running_loop(), self._doorkeeper.limits
        conversation = Conversation(self._handler, self._doorkeeper, hostname=self._name, loop=loop,
                                    starttls=None if door.encrypted else self._tls)
        self._conversations.add(conversation)
        try:
            await loop.connect_accepted_socket(lambda: conversation, peer, ssl=self._tls if door.encrypted else None,
                                               ssl_handshake_timeout=limits.handshake if door.encrypted else None)
            async with asyncio.timeout(limits.in_all):
                await conversation.over.wait()
        except (OSError, TimeoutError):   # TLS that does not come about, too
            logger.debug("a connection of somebody who brings mail ended early")
        finally:
            conversation.hang_up()
            self._conversations.discard(conversation)
            self._doorkeeper.leave(address)

    async def _renew_certificate(self) -> None:
        """Certificates end, ours and those that programs like certbot renew."""
        while True:
            await asyncio.sleep(_LOOK_AT_CERTIFICATE)
            if self._tls is None:
                continue
            try:
                await asyncio.to_thread(self._certificate.load_into, self._tls)
                self._certificate_trouble = ""
            except BadCertificate as problem:   # the one that is loaded goes on
                self._certificate_trouble = str(problem)
                self._log.way_in("smtp", str(problem), trouble=True)


def _own_name(domain: str) -> str:
    """How we call ourselves, in letters that every mail server takes.

    >>> _own_name("mail.müller.example"), _own_name("no name")
    ('mail.xn--mller-kva.example', 'localhost')
    """
    try:
        name = domain.encode("idna").decode()
    except UnicodeError:
        name = ""
    return name if name and " " not in name else "localhost"


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    listening = socket.create_server((host, port), family=family, dualstack_ipv6=both, backlog=100)
    listening.setblocking(False)
    return listening


def _words(problem: BadCertificate | OSError, port: int) -> str:
    if isinstance(problem, OSError):
        return f"port {port} cannot be used: {problem.strerror or type(problem).__name__}"
    return str(problem)
