"""What an account says about its person: sealed under the appliance's key, found by a mark of the e-mail address."""

from __future__ import annotations

import hmac
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import lru_cache

from appliance.store.sealing import derive, seal, unseal

__all__ = ["FIELDS", "Profile", "email_mark", "email_of"]


@dataclass(frozen=True)
class Profile:
    """What people type about themselves; the names are those of docassemble's ``user_info()``."""

    email: str = ""
    first_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)
    country: str = ""
    subdivisionfirst: str = ""
    subdivisionsecond: str = ""
    subdivisionthird: str = ""
    organization: str = field(default="", repr=False)
    language: str = ""
    timezone: str = ""

    def sealed(self, appliance_key: bytes, user_id: int) -> bytes:
        """As it lies in ``users.sealed_profile``."""
        return seal(appliance_key, json.dumps(asdict(self), ensure_ascii=False).encode(), _context(user_id))

    def with_details(self, details: Mapping[str, str]) -> Profile:
        """The profile with some of it changed.

        :param details: name to text; names are those of :data:`FIELDS`.
        """
        return replace(self, **details)

    @classmethod
    def opened(cls, appliance_key: bytes, user_id: int, sealed: bytes | None) -> Profile:
        """The profile again; an empty one where nothing was stored.

        :raises WrongKey: if it was sealed under another key, or for another account.
        """
        if sealed is None:
            return cls()
        stored = json.loads(unseal(appliance_key, sealed, _context(user_id)))
        return cls(**{name: stored[name] for name in FIELDS if name in stored})


FIELDS = tuple(one.name for one in fields(Profile))


def email_mark(appliance_key: bytes, email: str) -> str:
    """What stands for the address in the database: the same for the same address in large and small letters."""
    plain = unicodedata.normalize("NFC", email.strip().casefold())
    return hmac.digest(_mark_key(appliance_key), plain.encode("utf-8", "surrogatepass"), "sha256").hex()


def email_of(appliance_key: bytes, user_id: int | None, sealed_profile: bytes | None) -> str:
    """The account's address; empty for nobody."""
    return "" if user_id is None else Profile.opened(appliance_key, user_id, sealed_profile).email


@lru_cache(maxsize=4)
def _mark_key(appliance_key: bytes) -> bytes:
    return derive(appliance_key, "mark of e-mail addresses")


def _context(user_id: int) -> str:
    return f"profile:{user_id}"
