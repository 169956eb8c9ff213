"""Authenticated encryption: AES-256-GCM, each sealed text bound to the place it belongs to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.store.errors import WrongKey

__all__ = ["CHUNK", "KEY_BYTES", "Readable", "derive", "new_key", "seal", "seal_stream", "unseal", "unseal_stream"]

KEY_BYTES = 32
CHUNK = 1 << 20
"""Bytes that are sealed together in a stream."""

_FORMAT = b"\x01"  # the first byte of everything sealed, so that another way can follow one day
_NONCE_BYTES = 12
_TAG_BYTES = 16


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


# -- streams: content too large to be held as a whole ---------------------------------------------------


class Readable(Protocol):
    """Gives so many bytes, and fewer only at its end."""

    def read(self, size: int, /) -> bytes: ...


def seal_stream(key: bytes, source: Readable, target: BinaryIO, context: str) -> int:
    """Encrypt what `source` gives, chunk by chunk, so that no chunk can be left out, moved or cut off unnoticed.

    Number and place of a chunk are its nonce (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár).

    :param key: of this stream alone (see :func:`derive`); used twice, it protects neither.
    :returns: how many bytes were encrypted.
    """
    cipher, associated, size = AESGCM(key), context.encode(), 0
    target.write(_FORMAT)
    chunk, number = source.read(CHUNK), 0
    while True:
        following = source.read(CHUNK) if len(chunk) == CHUNK else b""
        target.write(cipher.encrypt(_chunk_nonce(number, last=not following), chunk, associated))
        size += len(chunk)
        if not following:
            return size
        chunk, number = following, number + 1


def unseal_stream(key: bytes, source: BinaryIO, context: str, start: int = 0) -> Iterator[bytes]:
    """The inverse of :func:`seal_stream`, from the byte `start` on; each piece is given once it is known to be right.

    :param source: can be sought in.
    :param start: 0, or less than the size of what was encrypted.
    :raises WrongKey: if the key or the context is another one, or the bytes were changed or are not all there.
    """
    if source.read(len(_FORMAT)) != _FORMAT:
        raise WrongKey("The data was sealed in a way this appliance does not know.")
    cipher, associated = AESGCM(key), context.encode()
    number, skip = divmod(start, CHUNK)
    source.seek(number * (CHUNK + _TAG_BYTES), os.SEEK_CUR)
    sealed = source.read(CHUNK + _TAG_BYTES)
    while True:
        following = source.read(CHUNK + _TAG_BYTES)
        try:
            piece = cipher.decrypt(_chunk_nonce(number, last=not following), sealed, associated)
        except (InvalidTag, ValueError) as error:
            raise WrongKey("The data does not open with this key.") from error
        yield piece[skip:] if skip else piece
        if not following:
            return
        sealed, number, skip = following, number + 1, 0


def _chunk_nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NONCE_BYTES - 1, "big") + (b"\x01" if last else b"\x00")
