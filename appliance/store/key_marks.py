"""Which key of a user is theirs now: the one before a reset without the recovery code opens nothing that comes later.

Whoever was at work as the user when the key was replaced may still seal something for the one before; what is written
in the same transaction in which :func:`is_current` said yes can be opened afterwards, or is set aside with its key.
"""

from __future__ import annotations

from sqlite_utils import Database

from appliance.store.keys import Holder, user_holder
from appliance.store.sealing import derive
from appliance.store.values import personal_holder

__all__ = ["is_current", "note_key"]


def note_key(database: Database, user_id: int, user_key: bytes) -> None:
    """This is the key of a person from now on. Those whose key the appliance opens keep theirs for ever."""
    database.execute("UPDATE users SET key_mark = ? WHERE id = ? AND kind = 'person'",
                     [_mark(personal_holder(user_holder(user_id, user_key))), user_id])


def is_current(database: Database, personal: Holder) -> bool:
    """Whether the user's key is still the one that `personal` was made from; of browsers it always is.

    :param personal: a :func:`~appliance.store.values.personal_holder`.
    """
    kind, _, user_id = personal.name.partition(":")
    if kind != "user":
        return True
    found = database.execute("SELECT key_mark FROM users WHERE id = ?", [user_id]).fetchone()
    return found is not None and (found[0] is None or found[0] == _mark(personal))


def _mark(personal: Holder) -> bytes:
    return derive(personal.key, "mark of the key")
