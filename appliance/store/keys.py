"""Who holds the key of a session: a browser, a user, or the appliance itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from appliance.store.errors import WrongKey
from appliance.store.sealing import derive, seal, unseal

__all__ = ["APPLIANCE", "Holder", "Receiver", "appliance_holder", "browser_holder", "give", "receiver_of", "unwrap",
           "user_holder", "wrap"]

APPLIANCE = "appliance"

_GIVEN = b"\x02"   # the first byte of a key that was sealed for a receiver
_POINT = 32


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
    if sealed[:1] == _GIVEN:
        return _received(holder, session_id, sealed)
    return unseal(holder.key, sealed, f"session key:{session_id}:{holder.name}")


# -- for somebody who is not there: what seals for them cannot open what is theirs -----------------------------------


@dataclass(frozen=True)
class Receiver:
    """What seals session keys for a holder, and opens nothing; tasks carry it with them.

    :param name: the holder's.
    :param public: an X25519 key.
    """

    name: str
    public: bytes


def receiver_of(holder: Holder) -> Receiver:
    """What whoever works for the holder needs to give them sessions."""
    return Receiver(holder.name, _private(holder).public_key().public_bytes_raw())


def give(receiver: Receiver, session_id: str, session_key: bytes) -> bytes:
    """The session's key, sealed for a holder whose own key is not at hand; :func:`unwrap` opens it."""
    once = X25519PrivateKey.generate()
    point = once.public_key().public_bytes_raw()
    key = _shared(once, receiver.public, point)
    return _GIVEN + point + seal(key, session_key, f"session key:{session_id}:{receiver.name}")


def _received(holder: Holder, session_id: str, sealed: bytes) -> bytes:
    point = sealed[1:1 + _POINT]
    try:
        key = _shared(_private(holder), point, point)
    except ValueError as error:   # no point at all, or one that leads nowhere
        raise WrongKey("The data does not open with this key.") from error
    return unseal(key, sealed[1 + _POINT:], f"session key:{session_id}:{holder.name}")


def _private(holder: Holder) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(derive(holder.key, "receiving session keys"))


def _shared(private: X25519PrivateKey, public: bytes, point: bytes) -> bytes:
    secret = private.exchange(X25519PublicKey.from_public_bytes(public))
    return derive(secret, f"given session key:{point.hex()}")
