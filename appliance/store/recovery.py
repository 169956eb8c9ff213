"""The appliance's recovery code: made at the first start, shown to the owner until they have it on paper.

It opens the appliance's key where that is lost, and every backup made since. It is long and random, so that no slow
function need protect it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from sqlite_utils import Database

from appliance.store.appliance_key import read_meta
from appliance.store.database import Store
from appliance.store.errors import MissingApplianceKey, WrongKey
from appliance.store.sealing import derive, seal, unseal

__all__ = ["Recovery", "code_bytes", "key_by_code", "key_of_code"]

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"   # Crockford's: none that is easily taken for another
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
_GROUPS, _IN_A_GROUP = 6, 5   # 150 bits; one group more than the codes of accounts have
_KEY = "recovery key"         # rows of the table meta
_SEALED = "recovery sealed key"
_UNREAD = "recovery code"


@dataclass(frozen=True)
class _Rows:
    """What is kept of a code.

    :param key: what is made of it, under the appliance's key: seals backups.
    :param sealed: the appliance's key under that.
    :param unread: the code itself under the appliance's key, until somebody has written it down.
    """

    key: str = field(repr=False)
    sealed: str = field(repr=False)
    unread: str = field(repr=False)


class Recovery:
    """The code of one data folder. All methods wait for the store; call them from a thread or at start."""

    def __init__(self, store: Store, appliance_key: bytes) -> None:
        self._store = store
        self._appliance_key = appliance_key

    def prepare(self) -> None:
        """Make the code if there is none yet."""
        if self._meta(_KEY) is None:
            self.renew()

    def renew(self) -> None:
        """Make another code; the one before opens only the backups that were made with it."""
        groups = ["".join(secrets.choice(_LETTERS) for _ in range(_IN_A_GROUP)) for _ in range(_GROUPS)]
        code = "-".join(groups)

        def keep(database: Database) -> None:
            rows = self._made(code, str(database.execute("SELECT value FROM meta WHERE name = 'folder_id'")
                                        .fetchone()[0]))
            for name, value in ((_KEY, rows.key), (_SEALED, rows.sealed), (_UNREAD, rows.unread)):
                database.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", [name, value])
        self._store.write(keep).result()

    def unread(self) -> str | None:
        """The code, until it was written down; then nobody can read it any more."""
        sealed = self._meta(_UNREAD)
        return None if sealed is None else unseal(self._appliance_key, bytes.fromhex(sealed), _UNREAD).decode()

    def written_down(self) -> None:
        """Somebody has the code on paper: forget it."""
        self._store.write(lambda database: database.execute("DELETE FROM meta WHERE name = ?", [_UNREAD])).result()

    def key(self) -> bytes:
        """What is made of the code, to seal backups with.

        :raises LookupError: before :meth:`prepare`.
        """
        sealed = self._meta(_KEY)
        if sealed is None:
            raise LookupError("the recovery code is not made yet")
        return unseal(self._appliance_key, bytes.fromhex(sealed), _KEY)

    def _made(self, code: str, folder_id: str) -> _Rows:
        key = key_of_code(code)
        return _Rows(seal(self._appliance_key, key, _KEY).hex(),
                     seal(key, self._appliance_key, _context(folder_id)).hex(),
                     seal(self._appliance_key, code.encode(), _UNREAD).hex())

    def _meta(self, name: str) -> str | None:
        found = self._store.read(lambda database: database.execute(
            "SELECT value FROM meta WHERE name = ?", [name]).fetchone()).result()
        return None if found is None else str(found[0])


def code_bytes(text: str) -> bytes | None:
    """The code as somebody typed it, without what they added or left out between; None if it is none.

    >>> code_bytes("2345 6789a bcdef ghjkm npqrs tvwxy") is None, len(code_bytes("23456-789ab-cdefg-hjkmn-pqrst-vwxyz"))
    (True, 30)
    """
    code = "".join(sign for sign in text.upper() if sign.isalnum()).translate(_MISREAD)
    if len(code) != _GROUPS * _IN_A_GROUP or any(sign not in _LETTERS for sign in code):
        return None
    return code.encode()


def key_of_code(text: str) -> bytes:
    """What seals under a code.

    :raises WrongKey: if the text is no code.
    """
    code = code_bytes(text)
    if code is None:
        raise WrongKey("This is not a recovery code.")
    return derive(code, _KEY)


def key_by_code(data: Path, text: str) -> tuple[str, bytes]:
    """The name of a data folder and the appliance's key, opened with the recovery code.

    :raises WrongKey: if it is not the code of this folder.
    :raises MissingApplianceKey: if the folder has no database that can be read, or no code.
    """
    rows = read_meta(data)
    sealed = rows.get(_SEALED)
    if sealed is None:
        raise MissingApplianceKey("This data folder has no recovery code.")
    folder_id = rows["folder_id"]
    return folder_id, unseal(key_of_code(text), bytes.fromhex(sealed), _context(folder_id))


def _context(folder_id: str) -> str:
    return f"appliance key:{folder_id}"
