"""What the appliance shows to browsers on the network: a certificate of its own authority, or one that it was given."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.network.authority import Authority, BadAuthority, write_whole

__all__ = ["BadCertificate", "GivenCertificate", "MadeCertificate", "new_context"]


class BadCertificate(Exception):
    """The certificate cannot be used; the message says why."""


def new_context() -> ssl.SSLContext:
    """How the appliance encrypts; a certificate is loaded into it, again and again, by :meth:`load_into`.

    New connections get the newest; those that are open are not disturbed.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


@dataclass(frozen=True)
class MadeCertificate:
    """One that the appliance makes, and makes anew when its names change or its end comes near.

    :param folder: where it is kept, with its authority.
    :param secret: what the keys are encrypted with; never on the disk.
    """

    folder: Path
    secret: bytes = field(repr=False)

    def load_into(self, context: ssl.SSLContext, names: Sequence[str], addresses: Sequence[str]) -> Authority:
        """Show a certificate for these names and addresses in new connections.

        Those that the authority cannot vouch for are left out.

        :raises BadCertificate: if none can be made.
        """
        file = self.folder / "server.pem"
        try:
            authority = Authority.kept_in(self.folder / "authority.pem", self.secret, names, addresses)
            hosts = [one for one in dict.fromkeys([*names, *addresses]) if authority.may_vouch_for(one)]
            if not authority.is_good(_read(file), hosts) or not self._loaded(context, file):
                write_whole(file, authority.server_certificate(hosts, self.secret))
                context.load_cert_chain(file, password=self.secret.hex())
        except BadAuthority as problem:
            raise BadCertificate(str(problem)) from problem
        except OSError as problem:
            words = problem.strerror or problem
            raise BadCertificate(f"The certificate cannot be kept in {file}: {words}.") from problem
        return authority

    def _loaded(self, context: ssl.SSLContext, file: Path) -> bool:
        """Whether what is there opens; a backup may have been made with another key."""
        try:
            context.load_cert_chain(file, password=self.secret.hex())
        except ssl.SSLError:
            return False
        return True


@dataclass(frozen=True)
class GivenCertificate:
    """One that somebody else made.

    :param file: PEM, with the chain.
    :param key: PEM; None where it is in the same file.
    """

    file: Path
    key: Path | None

    def load_into(self, context: ssl.SSLContext, names: Sequence[str], addresses: Sequence[str]) -> None:  # noqa: ARG002
        """Show it in new connections; it may have been renewed by whoever manages it.

        :raises BadCertificate: if it cannot be read, or does not fit its key.
        """
        try:
            context.load_cert_chain(self.file, self.key, password=_no_password)
        except (OSError, ValueError) as problem:   # ssl.SSLError is an OSError
            words = problem.strerror or type(problem).__name__ if isinstance(problem, OSError) else str(problem)
            raise BadCertificate(f"The certificate in {self.file} cannot be used: {words}.") from problem


def _no_password() -> str:
    """Instead of OpenSSL's question on the terminal."""
    raise ValueError("its key needs a password; give one that is kept without")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
