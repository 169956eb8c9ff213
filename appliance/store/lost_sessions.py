"""The sessions of a person whose password was reset without the recovery code: what only the old key opens is set
aside under ``lost:NUMBER``, and comes back when the old code is found. What interviews stored for them, encrypted, goes
the same way (:mod:`appliance.store.value_moves`).
"""

from __future__ import annotations

from sqlite_utils import Database

from appliance.store.errors import WrongKey
from appliance.store.keys import APPLIANCE, appliance_holder, unwrap, user_holder, wrap
from appliance.store.passwords import CodeRow, Lock, find_code, remove_code, write_password
from appliance.store.sealing import new_key
from appliance.store.sessions import add_key
from appliance.store.value_moves import lose_values, regain_values

__all__ = ["count_only_own", "find_again", "has_lost_keys", "has_more", "leave_key_behind", "set_aside"]

_ONLY_OWN = ("SELECT session_id FROM session_keys AS mine JOIN sessions ON id = session_id WHERE holder = ?"
             " AND step > 0"
             " AND NOT EXISTS (SELECT 1 FROM session_keys WHERE session_id = mine.session_id AND holder = ?)")


def count_only_own(database: Database, user_id: int) -> int:
    """How many sessions a reset without the recovery code takes from the user: those that the appliance cannot open."""
    return len(database.execute(_ONLY_OWN, [f"user:{user_id}", APPLIANCE]).fetchall())


def leave_key_behind(database: Database, user_id: int, lock: Lock, appliance_key: bytes,
                     now: float) -> tuple[bytes, int]:
    """A password for an account whose old one nobody knows, with a new key.

    :returns: the key, which no recovery code opens yet, and how many sessions were set aside.
    """
    key = new_key()
    lost = set_aside(database, user_id, key, appliance_key, find_code(database, user_id), now)
    write_password(database, user_id, lock, key, now)
    remove_code(database, user_id)   # what it opened lies with the lost key now
    return key, lost


def set_aside(database: Database, user_id: int, new_key: bytes, appliance_key: bytes, code: CodeRow | None,
              now: float) -> int:
    """Give the user a new key. It opens their sessions that the appliance can open too; the others are set aside.

    :param code: what the recovery code opens; None where there is none, and nothing will open them again.
    :returns: how many were set aside.
    """
    appliance, user = appliance_holder(appliance_key), user_holder(user_id, new_key)
    for session_id, sealed in database.execute(
            "SELECT session_id, common.sealed_key FROM session_keys AS mine JOIN session_keys AS common"
            " USING (session_id) WHERE mine.holder = ? AND common.holder = ?", [user.name, APPLIANCE]).fetchall():
        add_key(database, session_id, user.name, wrap(user, session_id, unwrap(appliance, session_id, sealed)))
    lost = [str(row[0]) for row in database.execute(_ONLY_OWN, [user.name, APPLIANCE]).fetchall()]
    if lost or has_more(database, user_id):
        number = database.execute(
            "INSERT INTO lost_keys (user_id, salt, sealed_key, made, lost) VALUES (?, ?, ?, ?, ?)",
            [user_id, code.salt if code else b"", code.sealed_key if code else b"", now, now]).lastrowid
        for session_id in lost:
            database.execute("UPDATE session_keys SET holder = ? WHERE session_id = ? AND holder = ?",
                             [f"lost:{number}", session_id, user.name])
        lose_values(database, appliance_key, user_id, number or 0)
        _rename_in_mail(database, user.name, f"lost:{number}")
    return len(lost)


def find_again(database: Database, user_id: int, number: int, old_key: bytes, new_key: bytes,
               appliance_key: bytes) -> int:
    """Have the user's key open what was set aside under a lost one; returns how many sessions that are."""
    old, new, aside = user_holder(user_id, old_key), user_holder(user_id, new_key), f"lost:{number}"
    regain_values(database, appliance_key, user_id, number, old_key, new_key)
    _rename_in_mail(database, aside, new.name)
    opened = 0
    for session_id, sealed in database.execute("SELECT session_id, sealed_key FROM session_keys WHERE holder = ?",
                                               [aside]).fetchall():
        try:
            key = unwrap(old, session_id, sealed)
        except WrongKey:   # damaged on the disk; it stays where it is
            continue
        opened += 1
        if database.execute("SELECT 1 FROM session_keys WHERE session_id = ? AND holder = ?",
                            [session_id, new.name]).fetchone():   # they came to it anew, through its link
            database.execute("DELETE FROM session_keys WHERE session_id = ? AND holder = ?", [session_id, aside])
        else:
            database.execute("UPDATE session_keys SET holder = ?, sealed_key = ? WHERE session_id = ? AND holder = ?",
                             [new.name, wrap(new, session_id, key), session_id, aside])
    return opened


def has_lost_keys(database: Database, user_id: int) -> bool:
    """Whether something is set aside that an old recovery code opens."""
    return database.execute("SELECT 1 FROM lost_keys WHERE user_id = ? AND salt <> x'' LIMIT 1",
                            [user_id]).fetchone() is not None


def has_more(database: Database, user_id: int) -> bool:
    """Whether a reset takes something beside sessions: stored values, or mail of sessions that have ended."""
    holder = f"user:{user_id}"
    return database.execute("SELECT 1 FROM stored_values WHERE holder = ? UNION ALL SELECT 1 FROM outbox_ended"
                            " WHERE instr(holders, ?) LIMIT 1", [holder, f'"{holder}"']).fetchone() is not None


def _rename_in_mail(database: Database, before: str, after: str) -> None:
    """Have mail of sessions that have ended, which those see who held them, be seen by another holder."""
    database.execute("UPDATE outbox_ended SET holders = replace(holders, ?, ?) WHERE instr(holders, ?)",
                     [f'"{before}"', f'"{after}"', f'"{before}"'])
