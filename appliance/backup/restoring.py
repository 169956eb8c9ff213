"""Brings a backup back: the whole of it is checked first, then it takes the place of what was there.

What was there is moved into ``backups/before-restore-TIME``, which is a data folder of its own. The moves are written
down before the first of them, so that the next start ends what a power cut interrupted: a folder is the old one until
then, and the new one from then on.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from appliance import clock
from appliance.accounts.audit import Audit
from appliance.backup.container import Manifest
from appliance.backup.errors import CannotRestore, WrongPassphrase
from appliance.backup.making import FOLDER
from appliance.backup.reading import head_of, open_backup, unpack
from appliance.durable import sync_folder
from appliance.locks import FileLock, Held
from appliance.store.appliance_key import Keyring, keep_appliance_key
from appliance.store.database import Store
from appliance.store.errors import MissingApplianceKey, StoreError, WrongKey
from appliance.store.recovery import key_by_code

__all__ = ["Restored", "check", "finish_restore", "is_unfinished", "restore", "restore_key"]

_UNPACKED = ".restoring-"
_BEFORE = "before-restore-"
_MARK = "restoring.json"
_LOCK = "running.lock"
_STAYS = frozenset({FOLDER, _MARK, _LOCK, "appliance.lock", "appliance.lock-journal"})
_ROOM = 64 << 20   # bytes that the disk shall have left


@dataclass(frozen=True)
class Restored:
    """What became of a restore.

    :param before: where what was there is now; None where there was nothing.
    """

    manifest: Manifest
    before: Path | None


@dataclass(frozen=True)
class _Moves:
    """What is left to do.

    :param inwards: whether everything that was there is moved out already.
    :param new: the folder, below the data folder, whose contents become the data folder's.
    :param old: the folder that takes what was there.
    """

    inwards: bool
    new: str
    old: str


def check(file: Path, data: Path) -> None:
    """Refuse what can be refused before somebody has typed a passphrase.

    :raises BadBackup: if the file is no backup.
    :raises CannotRestore: if an appliance runs on the data folder.
    """
    head_of(file)
    if data.is_dir():
        with _locked(data):
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
    with _held(data):
        size, free = file.stat().st_size, shutil.disk_usage(data).free
        if size + _ROOM > free:
            raise CannotRestore(f"The disk that holds {data} has not enough room: {size >> 20} MB are needed beside "
                                f"what is there, and {free >> 20} MB are free. Nothing was changed.")
        new = data / FOLDER / f"{_UNPACKED}{secrets.token_hex(8)}"
        made_folder = not new.parent.exists()
        try:
            new.mkdir(mode=0o700, parents=True)
            manifest = unpack(backup, new)
            _keep_key(manifest.folder_id, bytes.fromhex(manifest.appliance_key), keyring, config_folder)
            before = _begin(data, new)
        except BaseException as error:
            if not (data / _MARK).exists():   # else it counts already, and the next start ends it
                shutil.rmtree(new, ignore_errors=True)
                if made_folder:
                    with suppress(OSError):
                        new.parent.rmdir()
            if isinstance(error, OSError):
                raise CannotRestore(f"The data folder {data} cannot be written to: {error.strerror or error}. What was "
                                    "there before is still there.") from error
            raise
        _finish(data)
        _note_down(data, bytes.fromhex(manifest.appliance_key), manifest)
    return Restored(manifest, before if before.exists() else None)


def _note_down(data: Path, appliance_key: bytes, manifest: Manifest) -> None:
    """Say in the audit log what was done; opening the database brings it to this appliance's version, too."""
    try:
        with closing(Store(data)) as store:
            audit = Audit(store, appliance_key)
            store.write(lambda database: audit.add(database, "restore", None, backup_of=manifest.made_words)).result()
    except StoreError as error:
        raise CannotRestore(f"The backup is restored, but its database cannot be used: {error}") from error


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


def is_unfinished(data: Path) -> bool:
    """Whether a restore of this folder was interrupted, so that :func:`finish_restore` has something to do."""
    return (data / _MARK).exists() or any((data / FOLDER).glob(f"{_UNPACKED}*"))


def finish_restore(data: Path) -> None:
    """At start, while the folder is held: end what a crash interrupted.

    :raises CannotRestore: if it cannot be ended now; the next start tries again.
    """
    if (data / _MARK).exists():
        _finish(data)
    for left in (data / FOLDER).glob(f"{_UNPACKED}*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


@contextmanager
def _held(data: Path) -> Iterator[None]:
    """Hold the data folder, made if need be, so that no appliance starts on it.

    A folder that was not there is none again if nothing came of it.
    """
    fresh = not data.exists()
    try:
        with _locked(data):
            finish_restore(data)
            yield
    except BaseException:
        if fresh and not (data / _MARK).exists():
            shutil.rmtree(data, ignore_errors=True)
        raise


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(data / _LOCK):
            yield
    except Held as held:
        where = f" at {held.words}" if held.words else ""
        raise CannotRestore(f"The appliance is running on {data}{where}. Please stop it first.") from held
    except OSError as error:
        raise CannotRestore(f"The data folder {data} cannot be used: {error.strerror or error}.") from error


def _keep_key(folder_id: str, key: bytes, keyring: Keyring | None, config_folder: Path | None) -> None:
    try:
        keep_appliance_key(folder_id, key, keyring=keyring, config_folder=config_folder)
    except OSError as error:
        raise CannotRestore(f"The appliance's key cannot be kept on this machine: {error.strerror or error}. What was "
                            "there before is still there.") from error


# -- the moves ---------------------------------------------------------------------------------------------


def _begin(data: Path, new: Path) -> Path:
    """From here on the folder is the new one; gives where the old one goes."""
    old = data / FOLDER / f"{_BEFORE}{clock.utc_now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    _note(data, _Moves(inwards=False, new=new.name, old=old.name))
    return old


def _finish(data: Path) -> None:
    """:raises CannotRestore: if a file cannot be moved now."""
    moves = _Moves(**json.loads((data / _MARK).read_text(encoding="utf-8")))
    new, old = data / FOLDER / moves.new, data / FOLDER / moves.old
    try:
        if not moves.inwards:
            if not new.is_dir():
                raise CannotRestore(f"What was unpacked into {new} is gone. Please remove {data / _MARK}: nothing was "
                                    "moved yet.")
            _move(data, old)
            _note(data, _Moves(inwards=True, new=moves.new, old=moves.old))
        _move(new, data)
        (data / _MARK).unlink()
        sync_folder(data)
        new.rmdir()
    except OSError as error:
        raise CannotRestore(f"The backup is unpacked, but {error.filename or data} cannot be moved "
                            f"({error.strerror or error}). Please close what uses it; the next start of the appliance "
                            "goes on with it.") from error


def _move(source: Path, target: Path) -> None:
    """Move what is in one folder into another one; what an earlier try has moved is not there any more."""
    for path in sorted(source.iterdir() if source.exists() else ()):
        if path.name not in _STAYS:
            target.mkdir(mode=0o700, exist_ok=True)
            path.replace(target / path.name)
    for folder in (source, target, target.parent):
        if folder.is_dir():
            sync_folder(folder)


def _note(data: Path, moves: _Moves) -> None:
    """Write down what is left to do, in one step."""
    fresh = data / FOLDER / f"{_UNPACKED}{_MARK}"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(json.dumps(moves.__dict__))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(data / _MARK)
    sync_folder(data)
