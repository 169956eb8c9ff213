"""Who holds the key of a session: a browser, a user, or the appliance itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from appliance.store.sealing import derive, seal, unseal

__all__ = ["APPLIANCE", "Holder", "appliance_holder", "browser_holder", "unwrap", "user_holder", "wrap"]

APPLIANCE = "appliance"


@dataclass(frozen=True)
class Holder:
    """A name that may stand in the database, and the key that must not.

    :param name: ``browser:HASH``, ``user:ID`` or ``appliance``.
    """

    name: str
    key: bytes = field(repr=False)


@lru_cache(maxsize=1000)
def browser_holder(secret: str) -> Holder:
    """Of the random text in a browser's cookie. Its name tells nothing of the key."""
    material = secret.encode()
    return Holder("browser:" + derive(material, "browser name").hex(), derive(material, "browser key"))


def user_holder(user_id: int, key: bytes) -> Holder:
    return Holder(f"user:{user_id}", key)


def appliance_holder(key: bytes) -> Holder:
    return Holder(APPLIANCE, key)


def wrap(holder: Holder, session_id: str, session_key: bytes) -> bytes:
    """The session's key, sealed for `holder`."""
    return seal(holder.key, session_key, f"session key:{session_id}:{holder.name}")


def unwrap(holder: Holder, session_id: str, sealed: bytes) -> bytes:
    """The session's key again.

    :raises WrongKey: if it was not sealed for `holder`.
    """
    return unseal(holder.key, sealed, f"session key:{session_id}:{holder.name}")
