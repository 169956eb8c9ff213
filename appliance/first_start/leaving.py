"""A data folder that was left in its first minutes for another one: removed if nothing but a first start is in it."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from appliance.first_start.state import FirstStart
from appliance.locks import FileLock, Held
from appliance.store.appliance_key import forget_appliance_key, read_meta, system_keyring
from appliance.store.errors import StoreError

__all__ = ["is_untouched", "remove_untouched"]

logger = logging.getLogger(__name__)

_USED = ("sessions", "tasks", "outbox", "received_mail", "files", "passwords", "stored_values")
"""Tables with a row as soon as somebody has done something."""

_MADE = frozenset({"appliance.db", "appliance.db-wal", "appliance.db-shm", "appliance.lock", "appliance.lock-journal",
                   "author.db", "author.db-wal", "author.db-shm", "backups", "config.yml", "files", "first-start.json",
                   "first-start.json.new", "logs", "network", "packages", "restored.json", "running.lock",
                   "window.lock"})
"""What a start makes in its data folder."""

_LAST = frozenset({"first-start.json", "running.lock", "window.lock"})
_PATIENCE = 60.0   # a server whose window was killed ends after a while


def is_untouched(data: Path) -> bool:
    """Whether a data folder holds what a first start makes and nothing of anybody; never where that is not certain."""
    try:
        if not all(path.name in _MADE or _is_the_users(path) for path in data.iterdir()):
            return False
        if any((data / "packages").glob("*/docassemble")):
            return False
        if any(not path.name.startswith("config-") for path in (data / "backups").glob("*")):
            return False
        if not (data / "appliance.db").exists():
            return True
        address = f"{(data / 'appliance.db').absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as database:
            looks = " + ".join(f"EXISTS (SELECT 1 FROM {table})" for table in _USED)   # noqa: S608 - the names are ours
            return int(database.execute(f"SELECT {looks}").fetchone()[0]) == 0
    except (OSError, sqlite3.Error):
        return False


def remove_untouched(data: Path, *, patience: float = _PATIENCE) -> bool:
    """Remove a data folder that was left at its first start, and its key; whether it is gone. One that somebody has
    used stays.

    :param patience: seconds that a server which still has it may take to end.
    """
    if not FirstStart(data).waits:
        return not data.exists()
    try:
        with FileLock(data / "running.lock", patience):
            if not is_untouched(data):
                return False
            folder_id = read_meta(data).get("folder_id", "") if (data / "appliance.db").exists() else ""
            for name in sorted(_MADE - _LAST):
                _remove(data / name)
        for name in ("window.lock", "running.lock", "first-start.json"):   # what is killed here begins anew
            _remove(data / name)
    except (Held, OSError, StoreError) as problem:
        logger.warning("the folder of the first start could not be removed: %s", type(problem).__name__)
        return False
    if folder_id:
        forget_appliance_key(folder_id, keyring=system_keyring())
    with suppress(OSError):   # what belongs to the user, not to the folder, keeps it
        data.rmdir()
    return True


def _is_the_users(path: Path) -> bool:
    """Where the system has one place for data and configuration, the keys of all data folders lie there too."""
    return path.name == "data-folder.txt" or ".key" in path.suffixes


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
