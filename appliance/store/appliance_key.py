"""The appliance's own key: kept by the operating system's keyring, or in a file only its owner can read.

It lies outside the data folder, so a copy of the folder alone opens nothing.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import platformdirs
from sqlite_utils import Database

from appliance import clock
from appliance.durable import sync_folder
from appliance.store.database import FILE_NAME, Store
from appliance.store.errors import MissingApplianceKey, WrongKey
from appliance.store.sealing import KEY_BYTES, new_key, seal, unseal

__all__ = ["Keyring", "forget_appliance_key", "is_key_of", "keep_appliance_key", "known_appliance_key",
           "load_appliance_key", "read_meta", "system_keyring"]

_SERVICE = "interview-appliance"
_CHECK = "appliance key check"


class Keyring(Protocol):
    """What we use of the ``keyring`` library's backends."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...


def system_keyring() -> Keyring | None:
    """The operating system's keyring; None where there is none that really keeps secrets."""
    import keyring  # imported late: looking for backends takes a tenth of a second
    from keyring.backends import chainer, fail, null

    backend = keyring.get_keyring()
    if isinstance(backend, chainer.ChainerBackend):
        usable = [one for one in backend.backends if one.priority >= 1]
        return usable[0] if usable else None
    if isinstance(backend, (fail.Keyring, null.Keyring)) or backend.priority < 1:
        return None
    return backend


def load_appliance_key(store: Store, *, keyring: Keyring | None = None, config_folder: Path | None = None) -> bytes:
    """The key of this data folder; made at the first call.

    :param keyring: where to keep it (:func:`system_keyring`); None for the file.
    :param config_folder: where the file lies; the user's configuration folder unless told.
    :raises MissingApplianceKey: if the folder was used with a key that is not here any more.
    """
    folder_id, check = store.read(_folder_and_check).result()
    path = _key_file(folder_id, config_folder)
    key = _from_file(path) or _from_keyring(keyring, folder_id)
    if key is None:
        if check is not None:
            raise MissingApplianceKey("This data folder was made on another machine or by another user: its key is not "
                                      "here. Put it back with the recovery code (`appliance restore` without a file), "
                                      "restore a backup with its passphrase, or start with an empty folder.")
        key = new_key()
        if not _into_keyring(keyring, folder_id, key):
            _into_file(path, key)
    if check is None:
        sealed = seal(key, folder_id.encode(), _CHECK).hex()
        store.write(lambda database: database.execute("INSERT INTO meta (name, value) VALUES ('key_check', ?)",
                                                      [sealed])).result()
        return key
    try:
        unseal(key, bytes.fromhex(check), _CHECK)
    except WrongKey as error:
        raise MissingApplianceKey("The appliance's key on this machine is not the one this data folder was made "
                                  "with. Put that one back with the recovery code (`appliance restore` without a "
                                  "file), or restore a backup with its passphrase.") from error
    return key


def known_appliance_key(data: Path, *, keyring: Keyring | None = None, config_folder: Path | None = None) -> bytes:
    """The key of a data folder that another process holds, which made it.

    :raises MissingApplianceKey: if it is not here.
    """
    folder_id = read_meta(data)["folder_id"]
    key = _from_file(_key_file(folder_id, config_folder)) or _from_keyring(keyring, folder_id)
    if key is None:
        raise MissingApplianceKey("The appliance's key is not here: it runs as another user, or was made on another "
                                  "machine.")
    return key


def keep_appliance_key(folder_id: str, key: bytes, *, keyring: Keyring | None = None,
                       config_folder: Path | None = None) -> None:
    """Put the key of a data folder, which came from elsewhere, where :func:`load_appliance_key` looks for it.

    Another key that was there is kept beside it: it may be the right one of the folder that a restore replaces.

    :raises OSError: if the file cannot be written.
    """
    path, stamp = _key_file(folder_id, config_folder), f"{clock.utc_now():%Y%m%d-%H%M%S}"
    try:
        there = _from_file(path) or _from_keyring(keyring, folder_id)
    except MissingApplianceKey:   # damaged: what it was is kept all the same
        there = None
    if there == key:
        return
    if path.exists():
        path.replace(path.with_name(f"{path.name}.before-{stamp}"))
    elif there is not None:
        _into_keyring(keyring, f"{folder_id} before {stamp}", there)
    if not _into_keyring(keyring, folder_id, key):
        _into_file(path, key)


def forget_appliance_key(folder_id: str, *, keyring: Keyring | None = None, config_folder: Path | None = None) -> None:
    """Remove the key of a data folder that is gone; what cannot be removed opens nothing.

    :raises OSError: if the file cannot be removed.
    """
    _key_file(folder_id, config_folder).unlink(missing_ok=True)
    delete = getattr(keyring, "delete_password", None)
    if delete is not None:
        with suppress(Exception):   # backends raise what they like, also where there was none
            delete(_SERVICE, folder_id)


def is_key_of(key: bytes, meta: dict[str, str]) -> bool:
    """Whether `key` is that of the data folder whose table ``meta`` this is."""
    try:
        return unseal(key, bytes.fromhex(meta.get("key_check", "")), _CHECK) == meta.get("folder_id", "").encode()
    except (WrongKey, ValueError):
        return False


def read_meta(data: Path) -> dict[str, str]:
    """What a data folder's database says about itself, also while another process holds it.

    :raises MissingApplianceKey: if it cannot be read.
    """
    try:
        database = sqlite3.connect(f"{(data / FILE_NAME).absolute().as_uri()}?mode=ro", uri=True)
        try:
            return {str(name): str(value) for name, value in database.execute("SELECT name, value FROM meta")}
        finally:
            database.close()
    except sqlite3.Error as error:
        raise MissingApplianceKey("The data folder's database cannot be read.") from error


def _key_file(folder_id: str, config_folder: Path | None) -> Path:
    return (config_folder or platformdirs.user_config_path(_SERVICE, appauthor=False)) / f"{folder_id}.key"


def _folder_and_check(database: Database) -> tuple[str, str | None]:
    rows = dict(database.execute("SELECT name, value FROM meta").fetchall())
    return rows["folder_id"], rows.get("key_check")


def _from_file(path: Path) -> bytes | None:
    try:
        return _decoded(path.read_text("ascii", "replace"), str(path))
    except FileNotFoundError:
        return None


def _decoded(text: str, place: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError as error:
        raise MissingApplianceKey(f"The appliance's key in {place} is damaged.") from error
    if len(key) != KEY_BYTES:
        raise MissingApplianceKey(f"The appliance's key in {place} is damaged.")
    return key


def _into_file(path: Path, key: bytes) -> None:
    """Written beside and moved into place, so that no crash leaves half a key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex())
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)   # its name too is on disk before anything is sealed with it


def _from_keyring(keyring: Keyring | None, folder_id: str) -> bytes | None:
    if keyring is None:
        return None
    try:
        found = keyring.get_password(_SERVICE, folder_id)
    except Exception:  # noqa: BLE001 - backends raise what they like when locked or absent; then there is the file
        return None
    return _decoded(found, "the system's keyring") if found else None


def _into_keyring(keyring: Keyring | None, folder_id: str, key: bytes) -> bool:
    """Whether the keyring keeps it: believed only when it gives it back."""
    if keyring is None:
        return False
    try:
        keyring.set_password(_SERVICE, folder_id, key.hex())
        return keyring.get_password(_SERVICE, folder_id) == key.hex()
    except Exception:  # noqa: BLE001 - as above; the key then goes into the file
        return False
