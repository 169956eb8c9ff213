"""Whether the data can live in a folder, in words for the person who chose it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from appliance.first_start.appliances import NotOurs, look_into
from appliance.first_start.leaving import is_untouched

__all__ = ["Place", "judge", "room"]

LEAST_ROOM = 500 << 20
"""Bytes: less is not worth beginning with."""

_OWN_FOLDER = "Interview Appliance"
_CLOUDS = {
    "onedrive": "OneDrive", "dropbox": "Dropbox", "icloud drive": "iCloud", "icloud~": "iCloud",
    "iclouddrive": "iCloud", "mobile documents": "iCloud", "cloudstorage": "a cloud", "google drive": "Google Drive",
    "googledrive": "Google Drive", "my drive": "Google Drive", "nextcloud": "Nextcloud", "owncloud": "ownCloud",
    "pcloud": "pCloud", "box sync": "Box", "box": "Box", "mega": "MEGA", "megasync": "MEGA", "seafile": "Seafile",
    "syncthing": "Syncthing", "proton drive": "Proton Drive", "tresorit": "Tresorit"}
"""How folders that a program keeps the same elsewhere are called, in small letters, with what people call them."""

_WHOLE_NAMES = frozenset({"box", "mega", "my drive", "syncthing"})   # also the beginning of other words
_MARKS = {".dropbox": "Dropbox", ".dropbox.cache": "Dropbox", ".stfolder": "Syncthing", ".tmp.drivedownload":
          "Google Drive", ".owncloudsync.log": "ownCloud", ".nextcloudsync.log": "Nextcloud",
          ".849C9593-D756-4E56-8D6E-42412F2A707B": "OneDrive"}
"""What such programs leave in a folder that they keep the same, whatever it is called."""

_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "fuse.davfs2",
                      "fuse.sshfs", "sshfs", "ncpfs", "9p", "afs", "ceph", "glusterfs", "fuse.glusterfs", "fuse.rclone",
                      "vboxsf", "macfuse"})

_NOT_EMPTY = ("There are other things in this folder, and the appliance wants one for itself. The field holds the name "
              "of a new folder in it now: press Continue to use that, or choose another one.")
_FULL = "Only {free} MB are free there, and {least} MB are the least to begin with. Please choose another disk."


@dataclass(frozen=True)
class Place:
    """What is to be known of a folder.

    :param folder: absolute.
    :param problem: why the data cannot live there; empty where it can.
    :param suggestion: a folder to take instead.
    :param warnings: what somebody who takes it all the same should know.
    :param free: bytes that are free there.
    :param appliance: what an appliance that has its data there already is called; None where none has.
    :param needs_code: its key is not on this computer: its recovery code has to be typed.
    """

    folder: Path
    problem: str = ""
    suggestion: Path | None = None
    warnings: tuple[str, ...] = ()
    free: int = 0
    appliance: str | None = None
    needs_code: bool = False


def room(folder: Path) -> int:
    """Bytes that are free where `folder` is or would be; 0 if that cannot be known."""
    try:
        return shutil.disk_usage(_nearest(folder)).free
    except OSError:
        return 0


def judge(typed: str, current: Path, *, free: Callable[[Path], int] = room,
          network: Callable[[Path], bool] | None = None) -> Place:
    """What is to be said of a folder that somebody typed or chose.

    :param current: the data folder of now.
    :param free: gives the bytes that are free.
    :param network: tells whether a folder is on another computer.
    """
    text = typed.strip().strip('"')
    if not text or any(ord(letter) < 32 for letter in text):
        return Place(current, "Please choose a folder, or write where it is.")
    folder = _expanded(text)
    if not folder.is_absolute():
        return Place(current, f"Please write the whole name of the folder, like {_example()}.")
    folder = Path(os.path.normpath(folder))
    if _same(folder, current):   # under whatever name
        return Place(current, free=free(current))
    if _is_inside(folder, current):
        return Place(folder, "This is inside the folder that the data is in now. Please choose one outside of it.")
    place = Place(folder, free=free(folder))
    problem, suggestion = _problem(folder, place.free)
    if problem:
        return Place(folder, problem, suggestion, free=place.free)
    try:
        found = look_into(folder)
    except NotOurs as reason:
        return Place(folder, str(reason), free=place.free)
    away = (network or _is_on_network)(folder)
    return Place(folder, warnings=tuple(_warnings(folder, on_network=away)), free=place.free,
                 appliance=None if found is None else found.name, needs_code=found is not None and found.needs_code)


def _problem(folder: Path, free: int) -> tuple[str, Path | None]:
    """Why the data cannot live in a folder, and another one; empty where it can, or where an appliance has it."""
    try:
        if folder.exists() and not folder.is_dir():
            return "This is a file. Please choose a folder.", None
        names = [path.name for path in folder.iterdir()] if folder.exists() else []
    except OSError as problem:
        return f"This folder cannot be opened: {problem.strerror or 'the system refuses it'}.", None
    if not _nearest(folder).exists() or any(one.is_symlink() and not one.exists() for one in (folder, *folder.parents)):
        return "This disk or folder is not there. Is it plugged in?", None
    if "appliance.db" not in names and names and not is_untouched(folder):
        return _NOT_EMPTY, folder / _OWN_FOLDER
    if not _can_write(folder):
        return "Nothing can be written into this folder. Please choose one of your own.", None
    if free < LEAST_ROOM and "appliance.db" not in names:
        return _FULL.format(free=free >> 20, least=LEAST_ROOM >> 20), None
    return "", None


def _warnings(folder: Path, *, on_network: bool) -> Iterable[str]:
    cloud = _cloud(folder)
    if cloud:
        yield (f"This folder seems to be kept the same elsewhere by {cloud}. Programs that copy a database while it is "
               "written to can damage it, and everything that people type would be copied there (encrypted). Better "
               "choose a folder that is only on this computer, and copy backups to the cloud.")
    if on_network:
        yield ("This folder is on another computer. When the network fails, so does the appliance, and some servers "
               "lose what a database writes. Better choose a folder on this computer, and copy backups to the network.")


def _cloud(folder: Path) -> str:
    """The program that copies a folder elsewhere; empty where none seems to."""
    for variable in ("OneDrive", "OneDriveCommercial", "OneDriveConsumer"):
        root = os.environ.get(variable, "")
        if root and Path(root) in (folder, *folder.parents):
            return "OneDrive"
    for part in folder.parts:
        low = part.lower()
        for beginning, name in _CLOUDS.items():
            if low == beginning or (low.startswith(beginning) and beginning not in _WHOLE_NAMES):
                return name
    for place in (folder, *folder.parents):
        for mark, name in _MARKS.items():
            try:
                if (place / mark).exists():
                    return name
            except OSError:
                continue
    return ""


def _is_on_network(folder: Path) -> bool:
    if str(folder).startswith("\\\\"):
        return True
    best, kind = -1, ""
    try:
        partitions = psutil.disk_partitions(all=True)
    except OSError:
        return False
    real = _nearest(folder).resolve()
    for one in partitions:
        mounted = Path(one.mountpoint)
        if mounted in (real, *real.parents) and len(mounted.parts) >= best:   # of two at one place the later is on top
            best, kind = len(mounted.parts), f"{one.fstype.lower()} {one.opts if sys.platform == 'win32' else ''}"
    name, _, options = kind.partition(" ")
    return name in _NETWORK or "remote" in options.split(",")


def _can_write(folder: Path) -> bool:
    """Tried, as rights alone do not tell: a disk may be read-only."""
    try:
        with tempfile.TemporaryFile(dir=_nearest(folder)):
            return True
    except OSError:
        return False


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above that is there."""
    for place in (folder, *folder.parents):
        if place.is_dir():
            return place
    return folder


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:   # nobody's home
        return Path(text)


def _is_inside(folder: Path, other: Path) -> bool:
    try:
        return other.resolve() in folder.resolve().parents
    except (OSError, RuntimeError):   # links that lead in a circle
        return False


def _same(one: Path, other: Path) -> bool:
    try:
        return one == other or (one.exists() and other.exists() and one.samefile(other))
    except OSError:
        return False


def _example() -> str:
    return str(Path.home() / _OWN_FOLDER)
