"""The appliance's own authority: what it may vouch for, how its key is kept, and when things are made anew."""

from __future__ import annotations

import datetime as dt
import ssl
import sys
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from appliance import clock
from appliance.network.authority import Authority, BadAuthority
from appliance.network.certificate import BadCertificate, GivenCertificate, MadeCertificate, new_context
from tests.network.tls import accepted, shown

SECRET = bytes(range(32))
NAMES = ["interviews.local", "laptop-7", "clinic.example.org", "localhost"]
ADDRESSES = ["192.168.1.5", "10.0.0.7", "127.0.0.1", "::1", "fd00::2"]
DAY = 86400.0


@pytest.fixture
def made(tmp_path: Path) -> MadeCertificate:
    return MadeCertificate(tmp_path / "network", SECRET)


def test_browsers_that_trust_the_authority_take_the_certificate(made: MadeCertificate) -> None:
    """For each of its names and addresses, and for nothing else."""
    context = new_context()
    authority = made.load_into(context, NAMES, ADDRESSES)
    for name in [*NAMES, *ADDRESSES]:
        assert accepted(context, authority.certificate, name) == "", name
    assert "mismatch" in accepted(context, authority.certificate, "192.168.1.6")
    assert "mismatch" in accepted(context, authority.certificate, "bank.example")


@pytest.mark.parametrize("host", ["bank.example", "www.bank.example", "localhost.example", "8.8.8.8", "2001:db8::1",
                                  "notlocal", "evil-local", "172.32.0.1", "firm.law"])
def test_whoever_steals_its_key_cannot_pose_as_others(made: MadeCertificate, tmp_path: Path, host: str) -> None:
    """A certificate of this authority for a name elsewhere is refused by whoever trusts the authority."""
    authority = made.load_into(new_context(), [*NAMES, "law"], ADDRESSES)   # as some computers of lawyers are called
    forged = tmp_path / "forged.pem"
    forged.write_bytes(authority.server_certificate([host], SECRET))
    context = new_context()
    context.load_cert_chain(forged, password=SECRET.hex())
    assert accepted(context, authority.certificate, host) == "permitted subtree violation"
    assert not authority.may_vouch_for(host)


def test_what_it_cannot_vouch_for_is_left_out(made: MadeCertificate) -> None:
    """A name that was configured after the authority was made does not spoil the certificate."""
    context = new_context()
    made.load_into(context, NAMES, ADDRESSES)
    authority = made.load_into(context, [*NAMES, "new.example.org"], [*ADDRESSES, "8.8.8.8"])
    names = shown(context).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == set(NAMES)
    assert accepted(context, authority.certificate, "192.168.1.5") == ""


def test_an_address_outside_of_local_networks_is_added_when_it_is_made(made: MadeCertificate) -> None:
    """Some offices give every computer an address of the internet."""
    context = new_context()
    authority = made.load_into(context, NAMES, ["192.0.2.2"])
    assert accepted(context, authority.certificate, "192.0.2.2") == ""
    assert not authority.may_vouch_for("192.0.2.3")


def test_the_certificates_are_as_browsers_and_phones_want_them(made: MadeCertificate) -> None:
    """P-256, at most 398 days, for servers, with alternative names; the authority ten years, critical constraints."""
    context = new_context()
    authority = made.load_into(context, NAMES, ADDRESSES).certificate
    server = shown(context)
    assert isinstance(server.public_key(), ec.EllipticCurvePublicKey)
    assert server.not_valid_after_utc - server.not_valid_before_utc <= dt.timedelta(days=398)
    assert list(server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH]
    assert not server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert authority.not_valid_after_utc - authority.not_valid_before_utc == dt.timedelta(days=3651)
    limits = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (limits.critical, limits.value.ca, limits.value.path_length) == (True, True, 0)
    assert authority.extensions.get_extension_for_class(x509.NameConstraints).critical
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_keys_are_never_on_disk_in_the_clear(made: MadeCertificate) -> None:
    """Both keys are encrypted, and the files are for their owner only."""
    made.load_into(new_context(), NAMES, ADDRESSES)
    for name in ("authority.pem", "server.pem"):
        body = (made.folder / name).read_text()
        assert "BEGIN ENCRYPTED PRIVATE KEY" in body
        assert "BEGIN PRIVATE KEY" not in body
        assert sys.platform == "win32" or (made.folder / name).stat().st_mode & 0o077 == 0
    with pytest.raises(BadAuthority, match="does not open with this appliance's key"):
        Authority.kept_in(made.folder / "authority.pem", bytes(32), NAMES, ADDRESSES)


def test_nothing_is_made_anew_without_a_reason(made: MadeCertificate) -> None:
    """The authority that devices trust stays, and so does the certificate while nothing has changed."""
    context, again = new_context(), new_context()
    first = made.load_into(context, NAMES, ADDRESSES)
    second = made.load_into(again, NAMES, list(reversed(ADDRESSES)))
    assert first.certificate == second.certificate
    assert shown(context) == shown(again)


def test_a_new_address_gets_a_new_certificate_without_a_restart(made: MadeCertificate) -> None:
    """New connections of the same server are shown the new one; the authority is the same."""
    context = new_context()
    authority = made.load_into(context, NAMES, ADDRESSES)
    before = shown(context)
    assert made.load_into(context, NAMES, ["192.168.77.5"]).certificate == authority.certificate
    assert shown(context) != before
    assert accepted(context, authority.certificate, "192.168.77.5") == ""


@pytest.mark.parametrize(("days", "anew"), [(100, False), (330, False), (340, True), (500, True), (-3, True)])
def test_it_is_renewed_before_it_ends(made: MadeCertificate, days: int, anew: bool) -> None:
    """60 days before its end, and also where the clock was set back before its beginning."""
    context = new_context()
    made.load_into(context, NAMES, ADDRESSES)
    before = shown(context)
    now = time.time()
    with clock.driven_by(lambda: now + days * DAY):
        made.load_into(context, NAMES, ADDRESSES)
    assert (shown(context) != before) is anew


def test_the_authority_is_made_anew_after_ten_years(made: MadeCertificate) -> None:
    first = made.load_into(new_context(), NAMES, ADDRESSES)
    now = time.time()
    with clock.driven_by(lambda: now + 3600 * DAY):
        second = made.load_into(new_context(), NAMES, ADDRESSES)
    assert first.certificate != second.certificate


@pytest.mark.parametrize("body", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_damaged_certificate_is_made_anew(made: MadeCertificate, body: bytes) -> None:
    """The server's own certificate is no loss: nobody was told to trust it."""
    authority = made.load_into(new_context(), NAMES, ADDRESSES)
    (made.folder / "server.pem").write_bytes(body)
    context = new_context()
    assert made.load_into(context, NAMES, ADDRESSES).certificate == authority.certificate
    assert accepted(context, authority.certificate, "192.168.1.5") == ""


def test_a_damaged_authority_is_told(made: MadeCertificate) -> None:
    """It is not replaced in silence: all devices would have to be told to trust the new one."""
    made.load_into(new_context(), NAMES, ADDRESSES)
    (made.folder / "authority.pem").write_bytes(b"nonsense")
    with pytest.raises(BadCertificate, match="Remove the file to have a new one made"):
        made.load_into(new_context(), NAMES, ADDRESSES)


def test_one_s_own_certificate(made: MadeCertificate, tmp_path: Path) -> None:
    """It is shown as it is; one whose key asks for a password, or that is not there, is told."""
    authority = made.load_into(new_context(), NAMES, ADDRESSES)
    given = tmp_path / "given.pem"
    given.write_bytes((made.folder / "server.pem").read_bytes())
    with pytest.raises(BadCertificate, match="needs a password"):
        GivenCertificate(given, None).load_into(new_context(), [], [])
    with pytest.raises(BadCertificate, match="cannot be used"):
        GivenCertificate(tmp_path / "absent.pem", None).load_into(new_context(), [], [])
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    _without_password(made.folder / "server.pem", key, certificate)
    context = new_context()
    GivenCertificate(certificate, key).load_into(context, [], [])
    assert accepted(context, authority.certificate, "192.168.1.5") == ""


def _without_password(file: Path, key: Path, certificate: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    body = file.read_bytes()
    opened = serialization.load_pem_private_key(body, SECRET.hex().encode())
    key.write_bytes(opened.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                         serialization.NoEncryption()))
    certificate.write_bytes(body[body.index(b"-----BEGIN CERTIFICATE"):])
