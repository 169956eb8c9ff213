"""How far the mailboxes have been read that mail is fetched from: one row for each folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlite_utils import Database

__all__ = ["ReadUpTo", "folder_name", "read_up_to", "set_read_up_to"]


@dataclass(frozen=True)
class ReadUpTo:
    """Everything up to message `uid` was looked at, and what was for an interview is kept.

    :param uidvalidity: what makes the server's numbers mean the same messages (RFC 3501, 2.3.1.1).
    """

    uidvalidity: int
    uid: int


def folder_name(host: str, user: str, folder: str) -> str:
    """What stands for a folder of a mailbox in the database: whose it is need not be read there."""
    return hashlib.sha256(repr((host, user, folder)).encode("utf-8", "surrogatepass")).hexdigest()


def read_up_to(database: Database, name: str) -> ReadUpTo | None:
    """How far the folder was read; None if never."""
    found = database.execute("SELECT uidvalidity, uid FROM mailboxes WHERE name = ?", [name]).fetchone()
    return None if found is None else ReadUpTo(int(found[0]), int(found[1]))


def set_read_up_to(database: Database, name: str, mark: ReadUpTo) -> None:
    """The folder was read so far."""
    database.execute("INSERT OR REPLACE INTO mailboxes (name, uidvalidity, uid) VALUES (?, ?, ?)",
                     [name, mark.uidvalidity, mark.uid])
