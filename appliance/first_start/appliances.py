"""What lies in a data folder that another appliance, or this one before, has left."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from appliance import config
from appliance.locks import FileLock, Held
from appliance.store.appliance_key import is_key_of, known_appliance_key, read_meta, system_keyring
from appliance.store.errors import MissingApplianceKey
from appliance.store.migrations import APPLICATION_ID, VERSION

__all__ = ["Found", "NotOurs", "look_into"]


class NotOurs(Exception):
    """There is data in the folder that this appliance cannot use; the message says why."""


@dataclass(frozen=True)
class Found:
    """An appliance's data.

    :param name: of its office; empty where it has none.
    :param needs_code: its key is not on this computer.
    """

    name: str = ""
    needs_code: bool = False


def look_into(folder: Path) -> Found | None:
    """The appliance whose data is in a folder; None where there is none.

    :raises NotOurs: if it cannot be used.
    """
    file = folder / "appliance.db"
    if not file.is_file():
        return None
    try:
        with FileLock(folder / "running.lock"):
            pass
    except Held as held:
        raise NotOurs("An appliance is running on this folder just now. Please close it first.") from held
    except OSError as problem:
        raise NotOurs("There is an appliance's data in this folder, but nothing can be written into it.") from problem
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            [[version]] = database.execute("PRAGMA user_version").fetchall()
            [[owner]] = database.execute("PRAGMA application_id").fetchall()
    except sqlite3.Error as problem:
        raise NotOurs("There is an appliance's database in this folder, but it cannot be read.") from problem
    if owner != APPLICATION_ID:
        raise NotOurs("The file appliance.db in this folder was not made by an appliance.")
    if version > VERSION:
        raise NotOurs("The data in this folder was last used by a newer appliance than this one. Please install that "
                      "one first.")
    return Found(_name(folder), not _has_key(folder))


def _name(folder: Path) -> str:
    try:
        return str(config.load(folder / "config.yml").get("appname", ""))
    except config.BadConfiguration as problem:
        raise NotOurs(f"There is an appliance's data in this folder, but it would not start: {problem}") from problem


def _has_key(folder: Path) -> bool:
    try:
        meta = read_meta(folder)
        return "key_check" not in meta or is_key_of(known_appliance_key(folder, keyring=system_keyring()), meta)
    except (MissingApplianceKey, KeyError):
        return False
