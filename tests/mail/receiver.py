"""A mail server on loopback that keeps what it gets, and answers as the test wants."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["Received", "Receiver", "certificate", "receiver"]


@dataclass(frozen=True)
class Received:
    """One mail as it came."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        parsed: Any = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())


@dataclass
class Receiver:
    """aiosmtpd's handler.

    :param answers: to the end of each mail, in order; "250 OK" when they are used up.
    :param refused: recipient to the answer it gets.
    :param before_answer: called between taking a mail and saying so.
    """

    answers: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    mails: list[Received] = field(default_factory=list)
    tries: int = 0
    port: int = 0
    before_answer: Callable[[], Any] | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    open_now: int = 0
    most_at_once: int = 0

    def connected(self) -> None:
        self.connections, self.open_now = self.connections + 1, self.open_now + 1
        self.most_at_once = max(self.most_at_once, self.open_now)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope,  # noqa: N802 - aiosmtpd's name
                          address: str, options: list[str]) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        self.tries += 1
        answer = self.answers.pop(0) if self.answers else "250 OK, kept"
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(Received(str(envelope.mail_from), tuple(envelope.rcpt_tos), envelope.content,
                                       session.ssl is not None))
        if self.before_answer is not None:
            self.before_answer()
        self.arrived.set()
        return answer


class Counted(SMTP):
    """Tells the receiver of each connection."""

    event_handler: Receiver

    def connection_made(self, transport: Any) -> None:
        if transport.get_extra_info("sslcontext") is None:   # else it is the same one, now encrypted
            self.event_handler.connected()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.open_now -= 1
        super().connection_lost(error)


@asynccontextmanager
async def receiver(*, tls: ssl.SSLContext | None = None, password: str = "", port: int = 0, limit: int = 0,
                   **options: Any) -> AsyncIterator[Receiver]:
    """A mail server that listens on a port of its own until the block is left.

    :param tls: it then wants STARTTLS before anything else.
    :param password: it then takes mail only from who signs in with it.
    :param limit: bytes of a mail, which it tells beforehand; 0 for none.
    """
    handler = Receiver(**options)

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        fine = isinstance(data, LoginPassword) and data.password == password.encode()
        return AuthResult(success=fine, handled=False)   # the server itself is to say no

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Counted(handler, loop=loop, data_size_limit=limit or None, hostname="receiver.test", tls_context=tls,
                        require_starttls=tls is not None, authenticator=authenticate, auth_required=bool(password),
                        auth_require_tls=tls is not None), "127.0.0.1", port)
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate for 127.0.0.1, and the file that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver.test")])
    now = dt.datetime.now(dt.UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256()))
    trusted, private = folder / "trusted.pem", folder / "private.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted
