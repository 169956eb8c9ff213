"""Recovery codes: what opens a person's interviews when the password is forgotten, on paper."""

from __future__ import annotations

import secrets

from appliance.store.errors import WrongKey
from appliance.store.passwords import CodeRow, code_context, code_key
from appliance.store.sealing import unseal

__all__ = ["key_by_code", "new_code", "plain_code"]

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: none that is easily taken for another."""

_GROUPS, _GROUP = 5, 5   # 125 random bits
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V", " ": None, "-": None})


def new_code() -> str:
    """A code to write down, like ``7K2QM-…``: five groups of five."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def plain_code(typed: str) -> str:
    """A code as it is compared, however it was written down; an empty text if it cannot be one."""
    plain = "".join(typed.split()).upper().translate(_MISREAD)
    return plain if len(plain) == _GROUPS * _GROUP and set(plain) <= set(_LETTERS) else ""


def key_by_code(row: CodeRow | None, typed: str) -> bytes | None:
    """The key that a code opens; None if it is another code."""
    plain = plain_code(typed)
    if row is None or not plain:
        return None
    try:
        return unseal(code_key(plain, row.salt), row.sealed_key, code_context(row.user_id))
    except WrongKey:
        return None
