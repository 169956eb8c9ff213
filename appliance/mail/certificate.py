"""The certificate that those who bring mail are shown: one's own, or one that the appliance makes and renews."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance import clock

__all__ = ["BadCertificate", "Certificate"]

_VALID, _RENEWED_BEFORE = dt.timedelta(days=398), dt.timedelta(days=60)
_A_CLOCK_MAY_BE_WRONG_BY = dt.timedelta(days=1)


class BadCertificate(Exception):
    """The configured certificate cannot be used; the message says why."""


@dataclass(frozen=True)
class Certificate:
    """Where the certificate is.

    :param file: PEM, with the chain; made if `own`.
    :param key: PEM; None where it is in the same file.
    :param own: whether the appliance makes it.
    :param name: what a certificate of our own is for.
    """

    file: Path
    key: Path | None
    own: bool
    name: str

    def context(self) -> ssl.SSLContext:
        """How to encrypt with it.

        :raises BadCertificate: if it cannot be read, or does not fit its key.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.load_into(context)
        return context

    def load_into(self, context: ssl.SSLContext) -> None:
        """Show it in new connections; one that is about to end is made anew, or was by whoever manages it.

        :raises BadCertificate: as :meth:`context`.
        """
        try:
            if self.own and not self._is_good():
                _write(self.file, _made(self.name))
            context.load_cert_chain(self.file, self.key, password=_no_password)
        except (OSError, ValueError) as problem:   # ssl.SSLError is an OSError
            words = problem.strerror or type(problem).__name__ if isinstance(problem, OSError) else str(problem)
            raise BadCertificate(f"The certificate in {self.file} cannot be used: {words}") from problem

    def _is_good(self) -> bool:
        with contextlib.suppress(OSError, ValueError, x509.ExtensionNotFound):
            made = x509.load_pem_x509_certificate(self.file.read_bytes())
            names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            return (self.name in names.get_values_for_type(x509.DNSName)
                    and made.not_valid_before_utc <= clock.utc_now() < made.not_valid_after_utc - _RENEWED_BEFORE)
        return False


def _no_password() -> str:
    """Instead of OpenSSL's question on the terminal."""
    raise ValueError("its key needs a password; give one that is kept without")


def _made(name: str) -> bytes:
    """A key and its certificate, signed by itself: senders encrypt with it, and few look whose it is."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = clock.utc_now()
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _A_CLOCK_MAY_BE_WRONG_BY).not_valid_after(now + _VALID)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(key, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write(path: Path, body: bytes) -> None:
    """Whole or not at all, and for nobody else to read."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)
    new.replace(path)
