"""The appliance's own certificate authority: what devices are told to trust, and who signs the server's certificates.

It can vouch for nothing but this appliance: its certificate is limited (RFC 5280, name constraints) to addresses of
local networks, to ``.local`` and to the appliance's own names, so that whoever steals its key cannot pose as a bank.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance import clock

__all__ = ["LOCAL_NETWORKS", "Authority", "BadAuthority", "general_name", "may_vouch_for", "write_whole"]

LOCAL_NETWORKS = tuple(ipaddress.ip_network(text) for text in (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7",
    "fe80::/10", "::1/128"))
"""Where the authority may vouch for any address: RFC 1918, 3927, 6598, 4193, 4291."""

_NAMES = ("local", "localhost")
_VALID = dt.timedelta(days=3650)
_VALID_SERVER = dt.timedelta(days=397)
"""Browsers and iOS take no server certificate of more than 398 days."""

_RENEWED_BEFORE = dt.timedelta(days=60)
_A_CLOCK_MAY_BE_WRONG_BY = dt.timedelta(days=1)


class BadAuthority(Exception):
    """The authority's file is there and cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Authority:
    """The authority.

    :param certificate: what devices trust.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def kept_in(cls, file: Path, secret: bytes, names: Iterable[str], addresses: Iterable[str]) -> Authority:
        """The authority in `file`; made if it is not there, or about to end.

        :param secret: what its key is encrypted with.
        :param names: of this appliance, beside those that end in ``.local``.
        :param addresses: of this computer; those outside of local networks are added to what it may vouch for.
        :raises BadAuthority: if the file cannot be used.
        """
        try:
            body = file.read_bytes()
        except FileNotFoundError:
            body = b""
        except OSError as problem:
            raise BadAuthority(f"{file} cannot be read: {problem.strerror or problem}.") from problem
        known = cls._opened(body, secret, file) if body else None
        if known is not None and known.certificate.not_valid_after_utc > clock.utc_now() + _RENEWED_BEFORE:
            return known
        made = cls._made(names, addresses)
        try:
            write_whole(file, made.pem(secret))
        except OSError as problem:
            raise BadAuthority(f"{file} cannot be written: {problem.strerror or problem}.") from problem
        return made

    @classmethod
    def _opened(cls, body: bytes, secret: bytes, file: Path) -> Authority:
        try:
            key = serialization.load_pem_private_key(body, secret.hex().encode())
            certificate = x509.load_pem_x509_certificate(body)
        except (ValueError, TypeError) as problem:
            raise BadAuthority(f"The certificate authority in {file} does not open with this appliance's key, or is "
                               "damaged. Remove the file to have a new one made; devices must then be told to trust "
                               "the new one.") from problem
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise BadAuthority(f"The certificate authority in {file} has the key of another one.")
        return cls(certificate, key)

    @classmethod
    def _made(cls, names: Iterable[str], addresses: Iterable[str]) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        # Its own name for each, so that a device with two of them tells them apart.
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Interview Appliance {secrets.token_hex(3)}"),
                          x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Interview Appliance (local network only)")])
        now = clock.utc_now()
        permitted = [*(x509.DNSName(one) for one in dict.fromkeys([*_NAMES, *_beside_local(names)])),
                     *(x509.IPAddress(network) for network in LOCAL_NETWORKS),
                     *(x509.IPAddress(ipaddress.ip_network(one)) for one in addresses if not _is_local(one))]
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _A_CLOCK_MAY_BE_WRONG_BY).not_valid_after(now + _VALID)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256()))
        return cls(certificate, key)

    def pem(self, secret: bytes) -> bytes:
        """Key, encrypted with `secret`, and certificate."""
        return _pem(self.key, secret, [self.certificate])

    def may_vouch_for(self, host: str) -> bool:
        """Whether a certificate for this name or address is worth anything."""
        return may_vouch_for(self.certificate, host)

    def server_certificate(self, hosts: Sequence[str], secret: bytes) -> bytes:
        """A new key, encrypted with `secret`, and its certificate for `hosts`, with the authority's: PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        now, ends = clock.utc_now(), self.certificate.not_valid_after_utc
        begins = now - _A_CLOCK_MAY_BE_WRONG_BY
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Interview Appliance")]))
            .issuer_name(self.certificate.subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins).not_valid_after(min(begins + _VALID_SERVER, ends))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([general_name(host) for host in hosts]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256()))
        return _pem(key, secret, [made, self.certificate])

    def is_good(self, body: bytes, hosts: Sequence[str]) -> bool:
        """Whether a certificate (PEM) is one of this authority for exactly `hosts`, and will be for a while."""
        with contextlib.suppress(ValueError, TypeError, x509.ExtensionNotFound):
            certificate = x509.load_pem_x509_certificate(body)
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            certificate.verify_directly_issued_by(self.certificate)
            now = clock.utc_now()
            return (set(names) == {general_name(host) for host in hosts}
                    and certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - _RENEWED_BEFORE)
        return False


def may_vouch_for(authority: x509.Certificate, host: str) -> bool:
    """Whether the authority's constraints let it vouch for a name or an address."""
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = constraints.permitted_subtrees or []
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        names = [one.value for one in permitted if isinstance(one, x509.DNSName)]
        return any(host == name or host.endswith(f".{name}") for name in names)
    return any(address in one.value for one in permitted if isinstance(one, x509.IPAddress)
               and isinstance(one.value, ipaddress.IPv4Network | ipaddress.IPv6Network))


def general_name(host: str) -> x509.GeneralName:
    """A name or an address as certificates have them."""
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(host))
    return x509.DNSName(host)


def write_whole(path: Path, body: bytes) -> None:
    """Write a file whole or not at all, for nobody else to read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _beside_local(names: Iterable[str]) -> list[str]:
    """The names that must be permitted by themselves. Not a bare word: a permitted ``law`` would permit all that ends
    in ``.law``; only with a digit or a hyphen it is certainly no domain of the internet (RFC 1123, 2.1).
    """
    return [name for name in names if name and not name.endswith(".local") and not _is_address(name)
            and ("." in name or (not name.isalpha() and not name.startswith("xn--")))]


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False


def _is_local(address: str) -> bool:
    return any(ipaddress.ip_address(address) in network for network in LOCAL_NETWORKS)


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(digital_signature=digital_signature, key_cert_sign=key_cert_sign, crl_sign=crl_sign,
                         content_commitment=False, key_encipherment=False, data_encipherment=False,
                         key_agreement=False, encipher_only=False, decipher_only=False)


def _pem(key: ec.EllipticCurvePrivateKey, secret: bytes, certificates: Iterable[x509.Certificate]) -> bytes:
    encrypted = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                  serialization.BestAvailableEncryption(secret.hex().encode()))
    return encrypted + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)
