"""Puts another data folder in the place of one, so that a power cut finds the old one or the new one.

What was there is moved into ``backups/before-restore-TIME``, which is a data folder of its own. The moves are written
down before the first of them, so that the next start ends what was interrupted: a folder is the old one until then, and
the new one from then on.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from appliance import clock, data_folder
from appliance.backup.errors import CannotRestore
from appliance.backup.making import FOLDER
from appliance.durable import sync_folder
from appliance.locks import FileLock, Held

__all__ = ["LOCKS", "check_free", "exchange", "finish_restore", "held", "is_begun", "is_unfinished", "prepare",
           "stays"]

_UNPACKED = ".restoring-"
_BEFORE = "before-restore-"
_MARK = "restoring.json"
_LOCK = "running.lock"

LOCKS = ("appliance.lock", "appliance.lock-journal")
"""What SQLite leaves of the store's lock; of no use to anybody else."""

_STAYS = frozenset({FOLDER, _MARK, _LOCK, "window.lock", *LOCKS})

T = TypeVar("T")


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


def exchange(data: Path, fill: Callable[[Path], T]) -> tuple[T, Path | None]:
    """Make the data folder what `fill` writes into an empty folder; the caller holds the data folder (:func:`held`).

    :param fill: has everything on disk when it returns; nothing was changed where it raises.
    :returns: what `fill` gave, and where what was there before is now; None where there was nothing.
    :raises CannotRestore: if the disk refuses; what was there before is still there, or the next start goes on.
    """
    filled, before = prepare(data, fill)
    _finish(data)
    return filled, before if before.exists() else None


def prepare(data: Path, fill: Callable[[Path], T]) -> tuple[T, Path]:
    """As :func:`exchange`, but for the moves: the next start does them (:func:`finish_restore`), before anything else.
    So whoever calls this may be the appliance that runs on the folder; what is done in it from now on is moved aside.

    :returns: what `fill` gave, and where what is there now will be.
    :raises CannotRestore: if the disk refuses; nothing was changed.
    """
    new = data / FOLDER / f"{_UNPACKED}{secrets.token_hex(8)}"
    made_folder = not new.parent.exists()
    try:
        new.mkdir(mode=0o700, parents=True)
        filled = fill(new)
        before = _begin(data, new)
    except BaseException as error:
        if not (data / _MARK).exists():   # else it counts already, and the next start ends it
            shutil.rmtree(new, ignore_errors=True)
            if made_folder:
                with suppress(OSError):
                    new.parent.rmdir()
        if isinstance(error, OSError):
            raise CannotRestore(f"The data folder {data} cannot be written to: {_reason(error)}. What was there before "
                                "is still there.") from error
        raise
    return filled, before


def _reason(error: OSError) -> str:
    """In words; of all that went wrong when a folder was copied, what did first."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return str(error.args[0][0][2])
    return error.strerror or str(error)


def stays(path: Path) -> bool:
    """Whether a file or folder of a data folder belongs to the place, not to the data. Where the system has one place
    for data and configuration, the user's keys of all data folders lie there too.
    """
    return path.name in _STAYS or path.name == data_folder.pointer().name or ".key" in path.suffixes


def is_begun(data: Path) -> bool:
    """Whether another folder takes the place of this one at the next start."""
    return (data / _MARK).exists()


def is_unfinished(data: Path) -> bool:
    """Whether an exchange of this folder was interrupted, so that :func:`finish_restore` has something to do."""
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
def held(data: Path, *, make: bool = True) -> Iterator[None]:
    """Hold the data folder, so that no appliance starts on it; ends what was interrupted there.

    A folder that was not there is made, and is none again if nothing came of it.

    :param make: without it, nothing is made or ended: the folder is only looked at.
    :raises CannotRestore: if an appliance runs there, or the folder cannot be used.
    """
    fresh = not data.exists()
    try:
        with _locked(data):
            if make:
                finish_restore(data)
            yield
    except BaseException:
        if fresh and not (data / _MARK).exists():
            shutil.rmtree(data, ignore_errors=True)
        raise


def check_free(data: Path, needed: int) -> None:
    """:raises CannotRestore: if the disk has not so many bytes left."""
    free = shutil.disk_usage(data).free
    if needed > free:
        raise CannotRestore(f"The disk that holds {data} has not enough room: {needed >> 20} MB are needed beside "
                            f"what is there, and {free >> 20} MB are free. Nothing was changed.")


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(data / _LOCK):
            yield
    except Held as other:
        where = f" at {other.words}" if other.words else ""
        raise CannotRestore(f"The appliance is running on {data}{where}. Please stop it first.") from other
    except OSError as error:
        raise CannotRestore(f"The data folder {data} cannot be used: {error.strerror or error}.") from error


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
        if not stays(path):
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
