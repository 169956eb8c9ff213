"""What opens a user's key: a password, slowly, or a recovery code; and the keys that a reset has left behind.

The key itself is random and stays the same while the password changes. None of this opens with the appliance's key.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field

from sqlite_utils import Database

from appliance.store.key_marks import note_key
from appliance.store.sealing import KEY_BYTES, derive, seal, unseal

__all__ = ["COST", "CodeRow", "Lock", "PasswordRow", "code_context", "code_key", "find_code", "find_password",
           "lost_keys_of", "remove_code", "remove_lost_key", "write_code", "write_password"]

COST = 16
"""Of scrypt, as the logarithm of N: 64 MB and about a fifth of a second for each guess."""

_SALT_BYTES = 16
_BLOCK = 8


@dataclass(frozen=True)
class PasswordRow:
    """A user's key as a password opens it."""

    user_id: int
    salt: bytes = field(repr=False)
    cost: int
    sealed_key: bytes = field(repr=False)


@dataclass(frozen=True)
class CodeRow:
    """A user's key as a recovery code opens it; of a lost one, `number` says which."""

    user_id: int
    salt: bytes = field(repr=False)
    sealed_key: bytes = field(repr=False)
    number: int = 0


@dataclass(frozen=True)
class Lock:
    """What scrypt makes of a password and a salt. Making one takes long, so it is done in a thread."""

    salt: bytes = field(repr=False)
    cost: int
    key: bytes = field(repr=False)

    @classmethod
    def new(cls, password: str, cost: int) -> Lock:
        """For a password that somebody chose."""
        salt = os.urandom(_SALT_BYTES)
        return cls(salt, cost, _stretched(password, salt, cost))

    @classmethod
    def of(cls, password: str, row: PasswordRow) -> Lock:
        """For a password that may be the one of `row`."""
        return cls(row.salt, row.cost, _stretched(password, row.salt, row.cost))

    def opened(self, row: PasswordRow) -> bytes:
        """The user's key.

        :raises WrongKey: if it was another password.
        """
        return unseal(self.key, row.sealed_key, _password_context(row.user_id))


def code_key(code: str, salt: bytes) -> bytes:
    """The key that a recovery code makes. The code is random and long, so nothing needs to be slow."""
    return derive(salt + code.encode("utf-8", "surrogatepass"), "recovery code")


# -- all of these run inside Store.write or Store.read --------------------------------------------------------


def find_password(database: Database, user_id: int) -> PasswordRow | None:
    """None where the account has no password yet, or none is needed."""
    found = database.execute("SELECT user_id, salt, cost, sealed_key FROM passwords WHERE user_id = ?",
                             [user_id]).fetchone()
    return None if found is None else PasswordRow(*found)


def write_password(database: Database, user_id: int, lock: Lock, user_key: bytes, now: float) -> None:
    """Seal the user's key under a new password, in place of the one before."""
    database.execute("INSERT OR REPLACE INTO passwords (user_id, salt, cost, sealed_key, made) VALUES (?, ?, ?, ?, ?)",
                     [user_id, lock.salt, lock.cost, seal(lock.key, user_key, _password_context(user_id)), now])
    note_key(database, user_id, user_key)


def find_code(database: Database, user_id: int) -> CodeRow | None:
    """What the recovery code opens; None where the account has none."""
    found = database.execute("SELECT user_id, salt, sealed_key FROM recovery_codes WHERE user_id = ?",
                             [user_id]).fetchone()
    return None if found is None else CodeRow(*found)


def write_code(database: Database, user_id: int, code: str, user_key: bytes, now: float) -> None:
    """Seal the user's key under a new recovery code; the one before opens nothing from now on."""
    salt = os.urandom(_SALT_BYTES)
    database.execute("INSERT OR REPLACE INTO recovery_codes (user_id, salt, sealed_key, made) VALUES (?, ?, ?, ?)",
                     [user_id, salt, seal(code_key(code, salt), user_key, code_context(user_id)), now])


def remove_code(database: Database, user_id: int) -> None:
    """Have no recovery code open the account's key any more."""
    database.execute("DELETE FROM recovery_codes WHERE user_id = ?", [user_id])


def lost_keys_of(database: Database, user_id: int) -> list[CodeRow]:
    """The keys that resets without the recovery code have left behind, the last one first."""
    return [CodeRow(*found) for found in database.execute(
        "SELECT user_id, salt, sealed_key, number FROM lost_keys WHERE user_id = ? ORDER BY number DESC", [user_id])]


def remove_lost_key(database: Database, number: int) -> None:
    """It was found again."""
    database.execute("DELETE FROM lost_keys WHERE number = ?", [number])


def code_context(user_id: int) -> str:
    """What a key is sealed for under a recovery code."""
    return f"user key by code:{user_id}"


def _password_context(user_id: int) -> str:
    return f"user key by password:{user_id}"


def _stretched(password: str, salt: bytes, cost: int) -> bytes:
    n = 1 << cost
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=n, r=_BLOCK, p=1,
                          maxmem=256 * n * _BLOCK + (1 << 20), dklen=KEY_BYTES)
