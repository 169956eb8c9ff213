"""What opens a backup: a passphrase made for it, or the appliance's recovery code.

A backup has a random key of its own. It stands in the file's head several times, each sealed under what is made of one
of the secrets that may open it.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import urandom
from typing import Any, Self

from appliance.backup.errors import BadBackup, BadPassphrase, WrongPassphrase
from appliance.store.errors import WrongKey
from appliance.store.recovery import key_of_code
from appliance.store.sealing import new_key, seal, unseal

__all__ = ["COST", "SHORTEST", "Ticket", "check_passphrase", "key_by"]

SHORTEST = 12
"""Characters. Whoever finds the file can try passphrases for as long as they like."""

COST = 2 ** 17
"""Of scrypt (N, with r = 8 and p = 1): 128 MB and some tenths of a second for each passphrase that is tried."""

_MOST_COST = 2 ** 20   # what a file may ask of whoever opens it: a gigabyte
_BLOCK = 8
_SALT_BYTES = 16
_BY_PASSPHRASE, _BY_CODE = "passphrase", "recovery code"


@dataclass(frozen=True)
class Ticket:
    """The key of a backup to be made, and what opens it again. It travels instead of the passphrase.

    :param openers: as they stand in the head of the file.
    """

    key: bytes = field(repr=False)
    openers: tuple[dict[str, Any], ...]

    @classmethod
    def by_passphrase(cls, passphrase: str, cost: int = COST) -> Self:
        """:raises BadPassphrase: if the passphrase is too weak."""
        passphrase, key, salt = check_passphrase(passphrase), new_key(), urandom(_SALT_BYTES)
        sealed = seal(_made_of(passphrase, salt, cost), key, _context(_BY_PASSPHRASE))
        return cls(key, ({"by": _BY_PASSPHRASE, "cost": cost, "salt": salt.hex(), "key": sealed.hex()},))

    def and_by_code(self, recovery_key: bytes) -> Ticket:
        """The same, to be opened by the recovery code too.

        :param recovery_key: :meth:`appliance.store.recovery.Recovery.key`.
        """
        sealed = seal(recovery_key, self.key, _context(_BY_CODE))
        return Ticket(self.key, (*self.openers, {"by": _BY_CODE, "key": sealed.hex()}))

    def sent(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {"key": self.key.hex(), "openers": list(self.openers)}

    @classmethod
    def received(cls, sent: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`sent`."""
        return cls(bytes.fromhex(sent["key"]), tuple(dict(one) for one in sent["openers"]))


def check_passphrase(passphrase: str) -> str:
    """The passphrase as it is used: two keyboards may write the same letter differently (NFC).

    :raises BadPassphrase: in words that say what would be taken.
    """
    passphrase = unicodedata.normalize("NFC", passphrase)
    if len(passphrase) < SHORTEST:
        raise BadPassphrase(f"A passphrase needs at least {SHORTEST} characters. Four or five words are easy to "
                            "remember and hard to guess.")
    if len(set(passphrase)) < SHORTEST // 2:
        raise BadPassphrase("This passphrase is the same few characters again and again. Four or five words are easy "
                            "to remember and hard to guess.")
    return passphrase


def key_by(openers: Iterable[Mapping[str, Any]], secret: str) -> bytes:
    """The backup's key, opened with what somebody typed.

    :raises WrongPassphrase: if none of `openers` takes it.
    :raises BadBackup: if one of them cannot be used.
    """
    for opener in sorted(openers, key=lambda one: one.get("by") != _BY_CODE):   # what costs nothing to try goes first
        try:
            made = _secret_key(opener, secret)
            if made is not None:
                return unseal(made, bytes.fromhex(opener["key"]), _context(opener["by"]))
        except WrongKey:
            continue
        except (KeyError, TypeError, ValueError, MemoryError) as problem:
            raise BadBackup("The backup's head is damaged or asks for too much. Nothing was changed.") from problem
    raise WrongPassphrase("This opens the backup neither as its passphrase nor as a recovery code. Nothing was "
                          "changed.")


def _secret_key(opener: Mapping[str, Any], secret: str) -> bytes | None:
    """What is made of `secret` for this opener; None where it is of a kind that is not known here.

    :raises WrongKey: if it cannot be made of this secret.
    """
    if opener["by"] == _BY_CODE:
        return key_of_code(secret)
    if opener["by"] != _BY_PASSPHRASE:
        return None
    cost = opener["cost"]
    if not isinstance(cost, int) or not 2 <= cost <= _MOST_COST:
        raise ValueError(cost)
    return _made_of(unicodedata.normalize("NFC", secret), bytes.fromhex(opener["salt"]), cost)


def _made_of(passphrase: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(passphrase.encode("utf-8", "surrogatepass"), salt=salt, n=cost, r=_BLOCK, p=1, dklen=32,
                          maxmem=2 * 128 * _BLOCK * cost + (1 << 20))


def _context(by: str) -> str:
    return f"backup key:{by}"
