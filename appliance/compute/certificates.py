"""Certificates for a cluster elsewhere: an authority of its own, and one each for scheduler, workers and client.

Whoever holds one of these keys can run code on the cluster, so every file is for its owner only.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import math
import os
import re
import shlex
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.compute.dask_settings import ELSEWHERE, as_yaml

__all__ = ["CA", "CLIENT", "DASK_SETTINGS", "KeyPair", "StartCommands", "make_certificates", "start_commands",
           "start_words"]

ROLES = ("scheduler", "worker", "client")
DASK_SETTINGS = "dask.yaml"
_VALID = dt.timedelta(days=3650)
_PORT = 8786
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*")
_WINDOWS = os.name == "nt"


@dataclass(frozen=True)
class KeyPair:
    """The names of a certificate and its key in the folder."""

    certificate: str
    key: str


@dataclass(frozen=True)
class StartCommands:
    """What a shell is told to start a cluster.

    :param address: of the scheduler, for the appliance's configuration.
    """

    scheduler: str
    workers: str
    address: str


CA = KeyPair("ca.pem", "ca-key.pem")
CLIENT = KeyPair("client.pem", "client-key.pem")


def make_certificates(folder: Path, hosts: Sequence[str] = ()) -> list[Path]:
    """Write an authority and the certificates of a cluster into `folder`, and the settings for Dask.

    :param folder: made if need be.
    :param hosts: names or addresses of the computers that scheduler and workers run on, beside this one.
    :returns: the files.
    :raises ValueError: if one of `hosts` can be no name or address of a computer.
    :raises FileExistsError: if one of them is there already: workers that use it would be locked out.
    :raises OSError: if the folder cannot be written to.
    """
    names = [_general_name(host) for host in dict.fromkeys(["localhost", "127.0.0.1", *hosts])]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pairs = {role: KeyPair(f"{role}.pem", f"{role}-key.pem") for role in ROLES}
    for name in (*vars(CA).values(), DASK_SETTINGS, *(name for pair in pairs.values() for name in vars(pair).values())):
        if (folder / name).exists():
            raise FileExistsError(f"There is a {name} in {folder} already")
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    bodies = {CA.certificate: _pem(authority), CA.key: _pem_of_key(authority_key)}
    for role, pair in pairs.items():
        key = ec.generate_private_key(ec.SECP256R1())
        bodies[pair.certificate] = _pem(_certificate(role, key, authority, authority_key, names))
        bodies[pair.key] = _pem_of_key(key)
    bodies[DASK_SETTINGS] = as_yaml(ELSEWHERE).encode()
    for name, body in bodies.items():
        _write(folder / name, body)
    return [folder / name for name in bodies]


def start_commands(folder: Path, host: str) -> StartCommands:
    """The commands that start the scheduler, and the workers of one computer, with the certificates in `folder`."""
    def tls(role: str) -> str:
        return (f"--tls-ca-file {_quoted(folder / CA.certificate)} --tls-cert {_quoted(folder / f'{role}.pem')} "
                f"--tls-key {_quoted(folder / f'{role}-key.pem')}")

    settings = folder / DASK_SETTINGS
    prefix = f'set "DASK_CONFIG={settings}" && ' if _WINDOWS else f"DASK_CONFIG={_quoted(settings)} "
    quiet = "--dashboard-address 127.0.0.1:0 --no-dashboard"
    address = f"tls://{f'[{host}]' if ':' in host else host}:{_PORT}"
    return StartCommands(
        f"{prefix}dask scheduler --protocol tls --host {host} --port {_PORT} {tls('scheduler')} {quiet}",
        (f"{prefix}dask worker {address} {tls('worker')} {quiet} --nthreads 1 --nworkers 4 --memory-limit 0 "
         "--preload appliance.compute.worker"),
        address,
    )


def start_words(folder: Path, host: str) -> str:
    """What to do with the certificates in `folder`, for whoever had them made."""
    commands = start_commands(folder, host)
    configuration = yaml.safe_dump({"compute": {"scheduler": commands.address, "certificates": str(folder)}},
                                   sort_keys=False, allow_unicode=True, width=math.inf)
    return "\n".join((
        f"The certificates are in {folder}. Whoever has them can run code on the cluster: keep {CA.key} elsewhere,",
        f"give the scheduler's computer {CA.certificate}, scheduler*.pem and {DASK_SETTINGS}, the workers' computers",
        f"{CA.certificate}, worker*.pem and {DASK_SETTINGS}, and the appliance {CA.certificate} and client*.pem.",
        "Interview Appliance must be installed for the Python of all of them, in the same version.",
        "",
        "The scheduler:",
        "",
        f"    {commands.scheduler}",
        "",
        "The workers of a computer, as many as --nworkers says. They end when the scheduler does: have them started",
        "again.",
        "",
        f"    {commands.workers}",
        "",
        "In the appliance's config.yml:",
        "",
        textwrap.indent(configuration.rstrip(), "    "),
    ))


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name("Interview Appliance cluster")
    usage = _usage(key_cert_sign=True, crl_sign=True)
    return (_builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256()))


def _certificate(role: str, key: ec.EllipticCurvePrivateKey, authority: x509.Certificate,
                 authority_key: ec.EllipticCurvePrivateKey, names: Sequence[x509.GeneralName]) -> x509.Certificate:
    # Scheduler and workers also open connections, so all but the client are both.
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if role != "client" else [])]
    return (_builder(_name(f"Interview Appliance {role}"), authority.subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
                           critical=False)
            .sign(authority_key, hashes.SHA256()))


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (x509.CertificateBuilder()
            .subject_name(subject).issuer_name(issuer).public_key(public_key)
            .serial_number(x509.random_serial_number())
            # The clocks of the other computers may be slow.
            .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + _VALID)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False))


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(digital_signature=digital_signature, key_cert_sign=key_cert_sign, crl_sign=crl_sign,
                         content_commitment=False, key_encipherment=False, data_encipherment=False,
                         key_agreement=False, encipher_only=False, decipher_only=False)


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


def _general_name(host: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(host))
    with contextlib.suppress(UnicodeError):
        name = host.encode("idna").decode("ascii")
        if _HOST_NAME.fullmatch(name):
            return x509.DNSName(name)
    raise ValueError(f"{host!r} is no name or address of a computer")


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_of_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def _write(path: Path, body: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)


def _quoted(path: Path) -> str:
    """As the shell of this system takes it for one word; no path of Windows has quotes in it."""
    return f'"{path}"' if _WINDOWS else shlex.quote(str(path))
