"""A TLS server and client in one process, without a network: what a browser would say to a certificate."""

from __future__ import annotations

import ssl
import threading
from socket import socketpair

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

__all__ = ["accepted", "shown"]


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bytes:
    ours, theirs = socketpair()
    answered: list[Exception | None] = []

    def answer() -> None:
        try:
            with server.wrap_socket(ours, server_side=True):
                pass
        except (ssl.SSLError, OSError) as error:
            answered.append(error)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with client.wrap_socket(theirs, server_hostname=name) as connection:
            return connection.getpeercert(binary_form=True) or b""
    finally:
        theirs.close()
        thread.join(5)
        ours.close()


def accepted(server: ssl.SSLContext, authority: x509.Certificate, name: str) -> str:
    """Shake hands as a client that trusts `authority` and wants `name`; gives OpenSSL's reason if it refuses."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cadata=authority.public_bytes(Encoding.PEM).decode())
    try:
        _handshake(server, client, name)
    except ssl.SSLCertVerificationError as refused:
        return refused.verify_message
    return ""


def shown(server: ssl.SSLContext) -> x509.Certificate:
    """The certificate that a new connection gets to see."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    return x509.load_der_x509_certificate(_handshake(server, client, "localhost"))
