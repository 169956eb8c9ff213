"""What is counted of those who bring mail, without sockets; and the certificate that they are shown."""

from __future__ import annotations

import doctest
import os
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from appliance import clock
from appliance.mail import limits, listener
from appliance.mail.certificate import BadCertificate, Certificate
from appliance.mail.limits import Doorkeeper, Limits
from appliance.mail.listener import ListenerOptions
from tests.mail.receiver import certificate


@pytest.mark.parametrize("module", [limits, listener])
def test_examples_in_docstrings(module: object) -> None:
    """They run."""
    assert doctest.testmod(module).failed == 0   # type: ignore[arg-type]


def test_connections_are_counted_by_who_makes_them() -> None:
    """A household's IPv6 network counts as one; who leaves makes room, also for others."""
    door = Doorkeeper(Limits(connections=3, connections_per_address=2))
    assert door.enter("192.0.2.1")
    assert door.enter("2001:db8::1")
    assert door.enter("2001:db8::ffff:1")
    assert not door.enter("192.0.2.2")
    door.leave("192.0.2.1")
    assert not door.enter("2001:db8:0:0:5::")
    assert door.enter("2001:db8:0:1::1")
    assert door.connections == 3


def test_guesses_become_slow_and_are_forgotten() -> None:
    """The first ones cost little, the tenth seconds, of this peer alone; after a quiet hour it begins anew."""
    now = 0.0
    door = Doorkeeper(Limits(), clock=lambda: now)
    pauses = [door.guessed("192.0.2.1") for _ in range(12)]
    assert pauses[:4] == [0.1, 0.1, 0.1, 0.2]
    assert pauses[-1] == 5.0
    assert door.guessed("192.0.2.2") == 0.1
    now = 3601.0
    assert door.guessed("192.0.2.1") == 0.1


def test_what_is_remembered_of_peers_is_bounded() -> None:
    """Ten thousand addresses guess once each: the first ones are forgotten."""
    door = Doorkeeper(Limits())
    for _ in range(5):
        door.guessed("198.51.100.1")
    for number in range(10_000):
        door.guessed(f"10.0.{number // 256}.{number % 256}")
    assert door.guessed("198.51.100.1") == 0.1
    assert len(door._guesses) <= 1000


def test_a_single_message_always_finds_room() -> None:
    """Also where the administrator allows larger ones than there is room for several."""
    door = Doorkeeper(Limits(message=1000, messages=100))
    assert door.hold(600)
    assert door.hold(400)
    assert not door.hold(1)
    door.release(1000)
    assert door.hold(1000)


def test_own_certificate_is_made_once_and_renewed(tmp_path: Path) -> None:
    """It stays over restarts, is private, and is made anew before it ends, for another name, or if it is broken."""
    ours = Certificate(tmp_path / "mail-certificate.pem", None, own=True, name="in.example.org")
    ours.context()
    first = ours.file.read_bytes()
    if os.name == "posix":
        assert ours.file.stat().st_mode & 0o777 == 0o600
    ours.context()
    assert ours.file.read_bytes() == first
    made = x509.load_pem_x509_certificate(first)
    later = made.not_valid_after_utc - timedelta(days=59)
    with clock.driven_by(later.timestamp):
        ours.load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    renewed = ours.file.read_bytes()
    assert x509.load_pem_x509_certificate(renewed).not_valid_after_utc > later + timedelta(days=300)
    ours.file.write_bytes(b"not a certificate")
    ours.context()
    other = Certificate(ours.file, None, own=True, name="mail.example.org")
    before = ours.file.read_bytes()
    other.context()
    assert ours.file.read_bytes() != before


def test_a_certificate_of_ones_own_is_only_read(tmp_path: Path) -> None:
    """With its key in another file; one that does not fit says so and is never overwritten."""
    _context, file = certificate(tmp_path)
    theirs = Certificate(file, tmp_path / "private.pem", own=False, name="in.example.org")
    theirs.context()
    before = file.read_bytes()
    with pytest.raises(BadCertificate, match=r"trusted\.pem cannot be used"):
        Certificate(file, None, own=False, name="in.example.org").context()
    assert file.read_bytes() == before
    with pytest.raises(BadCertificate):
        Certificate(tmp_path / "missing.pem", None, own=False, name="in.example.org").context()


def test_nothing_listens_unless_a_port_is_named() -> None:
    """The listener is off by default; either port switches it on."""
    assert ListenerOptions.configured({}) is None
    assert ListenerOptions.configured({"mail in: smtp: host": "0.0.0.0"}) is None
    options = ListenerOptions.configured({"mail in: smtp: tls port": 465})
    assert options is not None
    assert (options.host, options.port, options.tls_port, options.largest) == ("127.0.0.1", None, 465, 48 << 20)
