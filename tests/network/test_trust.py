"""The forms in which devices take the authority's certificate."""

from __future__ import annotations

import plistlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from appliance.network.authority import Authority
from appliance.network.firewall import firewall_words
from appliance.network.trust import Trust


def test_each_form_holds_the_certificate(tmp_path: Path) -> None:
    """DER for Windows and Android, a profile for Apple's; the fingerprint is the one that devices compute; no key."""
    authority = Authority.kept_in(tmp_path / "authority.pem", bytes(32), [], [])
    trust = Trust.of(authority.certificate)
    assert x509.load_der_x509_certificate(trust.der) == authority.certificate
    assert bytes.fromhex(trust.fingerprint.replace(":", "")) == authority.certificate.fingerprint(hashes.SHA256())
    profile = plistlib.loads(trust.profile)
    [payload] = profile["PayloadContent"]
    assert (profile["PayloadType"], payload["PayloadType"]) == ("Configuration", "com.apple.security.root")
    assert payload["PayloadContent"] == trust.der
    assert len({profile["PayloadUUID"], payload["PayloadUUID"]}) == 2
    assert profile["PayloadDisplayName"] == trust.name
    assert trust.name.startswith("Interview Appliance ")
    assert Trust.of(authority.certificate) == trust
    assert b"PRIVATE" not in trust.der + trust.profile


def test_two_authorities_can_be_told_apart(tmp_path: Path) -> None:
    """A device that trusts two appliances shows two names."""
    one, other = (Trust.of(Authority.kept_in(tmp_path / name, bytes(32), [], []).certificate) for name in "ab")
    assert one.name != other.name
    assert plistlib.loads(one.profile)["PayloadUUID"] != plistlib.loads(other.profile)["PayloadUUID"]


def test_the_words_about_firewalls(tmp_path: Path) -> None:
    """Each system's own: which program it is, and what lets the port through."""
    assert "private networks" in firewall_words(8443, "win32")
    assert "System Settings" in firewall_words(8443, "darwin")
    assert "If this computer has a firewall" in firewall_words(8443, "linux", tmp_path)
    (tmp_path / "run" / "firewalld").mkdir(parents=True)
    assert "firewall-cmd --add-port=8443/tcp" in firewall_words(8443, "linux", tmp_path)
    (tmp_path / "etc" / "ufw").mkdir(parents=True)
    (tmp_path / "etc" / "ufw" / "ufw.conf").write_text("# ufw\nENABLED=yes\n")
    assert "sudo ufw allow 8443/tcp" in firewall_words(8443, "linux", tmp_path)
