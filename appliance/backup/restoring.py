"""Brings a backup back: the whole of it is checked first, then it takes the place of what was there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from appliance.accounts.audit import Audit
from appliance.backup.container import Manifest
from appliance.backup.errors import CannotRestore, WrongPassphrase
from appliance.backup.exchange import (
    LOCKS,
    check_free,
    exchange,
    finish_restore,
    held,
    is_begun,
    is_unfinished,
    prepare,
)
from appliance.backup.reading import Opened, head_of, open_backup, unpack
from appliance.durable import new_file, sync_folder
from appliance.store.appliance_key import Keyring, keep_appliance_key
from appliance.store.database import Store
from appliance.store.errors import MissingApplianceKey, StoreError, WrongKey
from appliance.store.recovery import key_by_code

__all__ = ["Restored", "check", "finish_restore", "forget_told", "is_unfinished", "note_down", "prepare_restore",
           "restore", "restore_key", "told_restore"]

_TOLD = "restored.json"

_ROOM = 64 << 20   # bytes that the disk shall have left


@dataclass(frozen=True)
class Restored:
    """What became of a restore.

    :param before: where what was there is now; None where there was nothing.
    """

    manifest: Manifest
    before: Path | None


def check(file: Path, data: Path) -> None:
    """Refuse what can be refused before somebody has typed a passphrase.

    :raises BadBackup: if the file is no backup.
    :raises CannotRestore: if an appliance runs on the data folder.
    """
    head_of(file)
    if data.is_dir():
        with held(data, make=False):
            pass


def restore(file: Path, data: Path, secret: str, *, keyring: Keyring | None = None,
            config_folder: Path | None = None) -> Restored:
    """Make the data folder `data` what the backup `file` holds, and keep its appliance's key on this machine.

    :param secret: the backup's passphrase, or the recovery code of the appliance that made it.
    :raises BadBackup: if the file is no backup or not all right; nothing was changed.
    :raises WrongPassphrase: if `secret` does not open it; nothing was changed.
    :raises CannotRestore: if an appliance runs there, or the disk refuses; what was there before is still there.
    """
    backup = open_backup(file, secret)
    with held(data):
        check_free(data, file.stat().st_size + _ROOM)
        manifest, before = exchange(data, lambda new: _fill(new, backup, keyring, config_folder))
    return Restored(manifest, before)


def prepare_restore(file: Path, data: Path, secret: str, *, keyring: Keyring | None = None,
                    config_folder: Path | None = None, stopped: Callable[[], bool] = lambda: False) -> Manifest:
    """As :func:`restore`, for the appliance that runs on the data folder: everything is looked at and unpacked, and the
    next start puts it in the place of what is there (:func:`finish_restore`).

    :param stopped: tells whether the appliance is being stopped, which gives up: the folder is held no longer then.
    :raises BadBackup: if the file is no backup or not all right; nothing was changed.
    :raises WrongPassphrase: if `secret` does not open it; nothing was changed.
    :raises CannotRestore: if the disk refuses, a restore was begun already, or it was given up; nothing was changed.
    """
    if is_begun(data):
        raise CannotRestore("A backup is being brought back already. It is there as soon as the appliance has started "
                            "anew.")
    backup = open_backup(file, secret)
    check_free(data, file.stat().st_size + _ROOM)

    def look() -> None:
        if stopped():
            raise CannotRestore("The appliance was stopped meanwhile, so the backup was not brought back. Nothing was "
                                "changed.")

    def fill(new: Path) -> Manifest:
        manifest = _fill(new, backup, keyring, config_folder, look)
        with new_file(new / _TOLD) as stream:
            stream.write(json.dumps({"backup_of": manifest.made_words}).encode())
            stream.flush()
            os.fsync(stream.fileno())
        sync_folder(new)
        look()
        return manifest

    return prepare(data, fill)[0]


def told_restore(data: Path) -> str:
    """When the backup was made that the appliance itself has brought back; empty where none was, or somebody has heard
    of it.
    """
    try:
        return str(json.loads((data / _TOLD).read_text(encoding="utf-8"))["backup_of"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def forget_told(data: Path) -> None:
    """Somebody has heard that a backup was brought back."""
    (data / _TOLD).unlink(missing_ok=True)


def _fill(new: Path, backup: Opened, keyring: Keyring | None, config_folder: Path | None,
          look: Callable[[], None] = lambda: None) -> Manifest:
    manifest = unpack(backup, new, look)
    look()
    key = bytes.fromhex(manifest.appliance_key)
    note_down(new, key, backup_of=manifest.made_words)
    _keep_key(manifest.folder_id, key, keyring, config_folder)
    return manifest


def note_down(new: Path, appliance_key: bytes, **what: str) -> None:
    """Say in the audit log of a folder that is to take a data folder's place what is being done, so that it says so
    from the moment it does; opening the database brings it to this appliance's version, too.

    :raises CannotRestore: if the database cannot be used.
    """
    try:
        with closing(Store(new, keep_copy=False)) as store:
            audit = Audit(store, appliance_key)
            store.write(lambda database: audit.add(database, "restore", None, **what)).result()
    except StoreError as error:
        raise CannotRestore(f"The backup's database cannot be used: {error} What was there before is still there."
                            ) from error
    for name in LOCKS:
        (new / name).unlink(missing_ok=True)


def restore_key(data: Path, code: str, *, keyring: Keyring | None = None, config_folder: Path | None = None) -> None:
    """Put the appliance's key of a data folder back, opened with the folder's recovery code.

    :raises WrongPassphrase: if it is not the code of this folder.
    :raises CannotRestore: if there is no such folder, or it has no code.
    """
    try:
        folder_id, key = key_by_code(data, code)
    except WrongKey as error:
        raise WrongPassphrase("This is not the recovery code of this data folder.") from error
    except MissingApplianceKey as error:
        raise CannotRestore(f"The key of {data} cannot be put back: {error}") from error
    _keep_key(folder_id, key, keyring, config_folder)


def _keep_key(folder_id: str, key: bytes, keyring: Keyring | None, config_folder: Path | None) -> None:
    try:
        keep_appliance_key(folder_id, key, keyring=keyring, config_folder=config_folder)
    except OSError as error:
        raise CannotRestore(f"The appliance's key cannot be kept on this machine: {error.strerror or error}. What was "
                            "there before is still there.") from error
