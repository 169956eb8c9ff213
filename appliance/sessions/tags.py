"""The tags of a session, as lists of sessions show them without reading its answers."""

from __future__ import annotations

import json
from collections.abc import Iterable

from appliance.store.sealing import seal, unseal

__all__ = ["open_tags", "seal_tags", "tags_of"]


def tags_of(tags: object) -> tuple[str, ...]:
    """What ``session_tags()`` left in the answers, or an interview's metadata says, as sorted texts."""
    if isinstance(tags, str):
        tags = [tags]
    return tuple(sorted({str(tag) for tag in tags})) if isinstance(tags, Iterable) else ()


def seal_tags(key: bytes, session_id: str, tags: tuple[str, ...]) -> bytes:
    """As they lie in ``sessions.sealed_tags``; nothing for no tags."""
    return seal(key, json.dumps(tags, ensure_ascii=False).encode(), _context(session_id)) if tags else b""


def open_tags(key: bytes, session_id: str, sealed: bytes) -> tuple[str, ...]:
    """The tags again.

    :raises WrongKey: if `key` is not the session's.
    """
    return tuple(json.loads(unseal(key, sealed, _context(session_id)))) if sealed else ()


def _context(session_id: str) -> str:
    return f"tags:{session_id}"
