"""What turns ask to be done to other sessions, from their commit until it is done.

While it is outstanding, what was asked for and the key of the session that it is for lie sealed under the appliance's
key, as with tasks: after a crash nobody may be there who could open the session.
"""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from appliance.store.sealing import seal, unseal

__all__ = ["ChangeRow", "NewChange", "add_change", "change_begins", "change_waits_on", "changed_sessions", "changes_of",
           "forget_change", "outstanding_changes"]

_TAG = 16


@dataclass(frozen=True)
class NewChange:
    """Something to be done to a session.

    :param deletes: whether it ends the session, which lists then leave out already.
    """

    session_id: str
    deletes: bool
    sealed: bytes = field(repr=False)

    @staticmethod
    def make(session_id: str, what: Any, appliance_key: bytes, *, deletes: bool) -> NewChange:
        """Seal what is to be done; it can be pickled."""
        tag = os.urandom(_TAG)
        sealed = seal(appliance_key, pickle.dumps(what, protocol=5), _context(session_id, tag))
        return NewChange(session_id, deletes, tag + sealed)


@dataclass(frozen=True)
class ChangeRow:
    """One that is outstanding.

    :param starts: how often it was begun by an appliance that found it when it started, and did not end it.
    :param interview: of the session.
    """

    number: int
    session_id: str
    sealed: bytes = field(repr=False)
    starts: int = 0
    interview: str = ""

    def opened(self, appliance_key: bytes) -> Any:
        """What is to be done.

        :raises WrongKey: if it is damaged.
        """
        tag = self.sealed[:_TAG]
        return pickle.loads(unseal(appliance_key, self.sealed[_TAG:], _context(self.session_id, tag)))


def add_change(database: Database, change: NewChange) -> bool:
    """Ask for it; False if the session is gone."""
    return database.execute(
        "INSERT INTO session_changes (session_id, deletes, sealed) SELECT id, ?, ? FROM sessions WHERE id = ?",
        [change.deletes, change.sealed, change.session_id]).rowcount == 1


def changes_of(database: Database, session_id: str) -> list[ChangeRow]:
    """What is to be done to a session, in the order it was asked for."""
    return [ChangeRow(*row) for row in database.execute(
        "SELECT session_changes.number, session_id, sealed, starts, interview FROM session_changes"
        " JOIN sessions ON sessions.id = session_id WHERE session_id = ? ORDER BY session_changes.number",
        [session_id])]


def changed_sessions(database: Database) -> list[str]:
    """The sessions that something is to be done to."""
    return [str(row[0]) for row in database.execute(
        "SELECT session_id FROM session_changes GROUP BY session_id ORDER BY min(number)")]


def outstanding_changes(database: Database) -> set[int]:
    """The numbers of all that are outstanding."""
    return {int(row[0]) for row in database.execute("SELECT number FROM session_changes")}


def change_begins(database: Database, number: int) -> None:
    """One that an earlier start has left is begun: if the process dies, it may be why."""
    database.execute("UPDATE session_changes SET starts = starts + 1 WHERE number = ?", [number])


def change_waits_on(database: Database, number: int) -> None:
    """It was begun, and the appliance was told to stop before it was done: nothing is wrong with it."""
    database.execute("UPDATE session_changes SET starts = starts - 1 WHERE number = ? AND starts > 0", [number])


def forget_change(database: Database, number: int) -> None:
    """It is done."""
    database.execute("DELETE FROM session_changes WHERE number = ?", [number])


def _context(session_id: str, tag: bytes) -> str:
    return f"session change:{session_id}:{tag.hex()}"
