"""Authenticated encryption: AES-256-GCM, each sealed text bound to the place it belongs to."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.store.errors import WrongKey

__all__ = ["KEY_BYTES", "derive", "new_key", "seal", "unseal"]

KEY_BYTES = 32
_FORMAT = b"\x01"  # the first byte of everything sealed, so that another way can follow one day
_NONCE_BYTES = 12


def new_key() -> bytes:
    """A random key."""
    return os.urandom(KEY_BYTES)


def derive(secret: bytes, purpose: str) -> bytes:
    """A key made from `secret`, another one for every `purpose`; `secret` must itself be random."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(secret)


def seal(key: bytes, data: bytes, context: str) -> bytes:
    """Encrypt `data` so that it opens with `key` and for the same `context` only (``step:SESSION:3``)."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, data, context.encode())


def unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    """The inverse of :func:`seal`.

    :raises WrongKey: if the key or the context is another one, or the bytes were changed.
    """
    if sealed[:1] != _FORMAT:
        raise WrongKey("The data was sealed in a way this appliance does not know.")
    nonce = sealed[1:1 + _NONCE_BYTES]
    try:
        return AESGCM(key).decrypt(nonce, sealed[1 + _NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError) as error:
        raise WrongKey("The data does not open with this key.") from error
