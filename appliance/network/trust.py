"""The authority's certificate in the forms that devices take it in, and what tells it from another."""

from __future__ import annotations

import plistlib
import uuid
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

__all__ = ["Trust"]


@dataclass(frozen=True)
class Trust:
    """What people are given so that their devices trust the appliance.

    :param name: how devices call it in their lists.
    :param fingerprint: SHA-256 in pairs of hexadecimal digits, as devices show it.
    :param der: the certificate, for Windows, Android and others.
    :param profile: a configuration profile with it, for iOS and macOS.
    """

    name: str
    fingerprint: str
    der: bytes
    profile: bytes

    @classmethod
    def of(cls, certificate: x509.Certificate) -> Trust:
        """The forms of one certificate; the same each time, so that a device that gets it again knows it."""
        name = str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
        digest = certificate.fingerprint(hashes.SHA256())
        der = certificate.public_bytes(serialization.Encoding.DER)
        own = uuid.UUID(bytes=digest[:16], version=4)
        payload = {
            "PayloadType": "com.apple.security.root", "PayloadVersion": 1, "PayloadIdentifier": f"appliance.root.{own}",
            "PayloadUUID": str(uuid.uuid5(own, "root")), "PayloadDisplayName": name,
            "PayloadDescription": "Lets this device trust the Interview Appliance on the local network.",
            "PayloadCertificateFileName": "interview-appliance.crt", "PayloadContent": der}
        profile = {
            "PayloadType": "Configuration", "PayloadVersion": 1, "PayloadIdentifier": f"appliance.{own}",
            "PayloadUUID": str(uuid.uuid5(own, "profile")), "PayloadDisplayName": name,
            "PayloadDescription": "Lets this device trust the Interview Appliance on the local network, and nothing "
                                  "beyond it.",
            "PayloadOrganization": "Interview Appliance", "PayloadRemovalDisallowed": False,
            "PayloadContent": [payload]}
        return cls(name, digest.hex(":").upper(), der, plistlib.dumps(profile, sort_keys=True))
