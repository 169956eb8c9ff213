"""Opens a backup and looks at every bit of it, before anything else is touched."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from sqlite_utils import Database

from appliance.backup.container import Head, Manifest, Member, Pieces, newer_words, opened_stream, read_head
from appliance.backup.errors import BadBackup, CannotRestore
from appliance.backup.names import AUTHORS, DATABASE, MANIFEST, allowed, blob_name
from appliance.backup.openers import key_by
from appliance.durable import sync_folders
from appliance.store.appliance_key import is_key_of
from appliance.store.errors import WrongKey
from appliance.store.files import named_blobs
from appliance.store.migrations import APPLICATION_ID, VERSION
from appliance.store.sealing import CHUNK

__all__ = ["Opened", "head_of", "open_backup", "unpack"]

_LARGEST_MANIFEST = 256 << 20   # a million files
_DAMAGED = "The backup is damaged: {}. Nothing was changed."


@dataclass(frozen=True)
class Opened:
    """A backup and its key."""

    path: Path
    head: Head
    key: bytes


def head_of(path: Path) -> Head:
    """What a backup tells without a passphrase.

    :raises BadBackup: if the file is none, or its head is damaged, or it was made by a newer appliance.
    """
    try:
        if path.is_dir():
            raise BadBackup(f"{path} is a folder. Please name the backup in it.")
        if path.exists() and not path.is_file():   # nothing may ever come from a pipe or a device
            raise BadBackup(f"{path} is not a file. Please name a backup.")
        with path.open("rb") as source:
            head = read_head(source)
    except FileNotFoundError as error:
        raise BadBackup(f"There is no file {path}.") from error
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from error
    if head.data_version > VERSION:
        raise BadBackup(newer_words(head.version, head.data_version, VERSION))
    return head


def open_backup(path: Path, secret: str) -> Opened:
    """Open a backup with what somebody typed.

    :raises BadBackup: if the file is none, or its head is damaged.
    :raises WrongPassphrase: if `secret` is not for it.
    """
    head = head_of(path)
    return Opened(path, head, key_by(head.openers, secret))


def unpack(backup: Opened, folder: Path, look: Callable[[], None] = lambda: None) -> Manifest:
    """Write what is in a backup into an empty folder, and check all of it; everything is on disk when this returns.

    :param look: called again and again; what it raises gives up.
    :raises BadBackup: if anything in it is not as it was when the backup was made. The folder is then of no use.
    :raises CannotRestore: if `folder` cannot be written to.
    """
    try:
        with backup.path.open("rb") as source:
            read_head(source)
            members, manifest = _unpacked(opened_stream(source, backup.key, backup.head), folder, look)
    except WrongKey as error:
        raise BadBackup(_DAMAGED.format("it is not complete, or was changed")) from error
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise BadBackup(_DAMAGED.format("its contents cannot be read")) from error
    _check_members(members, manifest)
    look()
    _check_databases(folder, manifest)
    sync_folders(folder)
    return manifest


def _unpacked(stream: Pieces, folder: Path, look: Callable[[], None]) -> tuple[list[Member], Manifest]:
    members: dict[str, Member] = {}
    manifest = None
    with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|", bufsize=CHUNK) as archive:   # only read() is used
        while (info := archive.next()) is not None:
            look()
            archive.members = []   # type: ignore[attr-defined]  # a million of them would fill the memory
            if manifest is not None:
                raise BadBackup(_DAMAGED.format("something follows its list of contents"))
            _check_kind(info)
            if info.name == MANIFEST:
                manifest = Manifest.decoded(b"".join(_content(archive, info)))
                continue
            if info.name.casefold() in members:
                raise BadBackup(_DAMAGED.format(f"it holds {info.name!r} twice"))
            members[info.name.casefold()] = _written(archive, info, folder)
        while stream.read(CHUNK):   # to the end, so that the end is known to be the right one
            pass
    if manifest is None:
        raise BadBackup(_DAMAGED.format("its list of contents is missing"))
    return list(members.values()), manifest


def _check_kind(info: tarfile.TarInfo) -> None:
    """Only ordinary files of the names that a backup has."""
    if info.type != tarfile.REGTYPE or info.issparse():
        raise BadBackup(f"The backup holds {info.name!r}, which is not an ordinary file. Nothing was changed.")
    if not allowed(info.name):
        raise BadBackup(f"The backup holds a file of the name {info.name!r}, which no backup has. Nothing was changed.")
    if info.name == MANIFEST and info.size > _LARGEST_MANIFEST:
        raise BadBackup(_DAMAGED.format("its list of contents is too long"))


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    source, left = archive.extractfile(info), info.size
    while source is not None and left:
        piece = source.read(min(CHUNK, left))
        if not piece:
            raise BadBackup(_DAMAGED.format(f"{info.name} is not complete"))
        left -= len(piece)
        yield piece


def _written(archive: tarfile.TarFile, info: tarfile.TarInfo, folder: Path) -> Member:
    path, digest = folder / info.name, hashlib.sha256()
    pieces = _content(archive, info)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags, 0o600), "wb") as target:
            for piece in pieces:
                digest.update(piece)
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
    except OSError as error:
        raise CannotRestore(f"{info.name} cannot be written: {error.strerror or type(error).__name__}. What was there "
                            "before is still there.") from error
    return Member(info.name, info.size, digest.hexdigest())


def _check_members(members: list[Member], manifest: Manifest) -> None:
    """What was found is what the manifest says, no more and no less."""
    found, told = {one.name: one for one in members}, {one.name: one for one in manifest.members}
    for name in sorted(found.keys() | told.keys()):
        if name not in found:
            raise BadBackup(_DAMAGED.format(f"{name} is missing"))
        if found[name] != told.get(name):
            raise BadBackup(_DAMAGED.format(f"{name} is not as it was"))
    if DATABASE not in found:
        raise BadBackup(_DAMAGED.format("its database is missing"))


def _check_databases(folder: Path, manifest: Manifest) -> None:
    """Both are sound, and the appliance's is one that this appliance can use with the key and the files that came."""
    for name in (AUTHORS, DATABASE):
        if (folder / name).exists():
            with _database(folder / name) as database:
                [[found]] = database.execute("PRAGMA integrity_check(1)").fetchall()
                if found != "ok":
                    raise BadBackup(_DAMAGED.format(f"the database {name} is not sound"))
                if name == DATABASE:
                    _check_appliance(database, folder, manifest)


def _check_appliance(database: Database, folder: Path, manifest: Manifest) -> None:
    if int(database.execute("PRAGMA application_id").fetchone()[0]) != APPLICATION_ID:
        raise BadBackup("The backup holds another program's database. Nothing was changed.")
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise BadBackup(newer_words(manifest.version, version, VERSION))
    meta = {str(name): str(value) for name, value in database.execute("SELECT name, value FROM meta").fetchall()}
    if meta.get("folder_id") != manifest.folder_id or not is_key_of(bytes.fromhex(manifest.appliance_key), meta):
        raise BadBackup(_DAMAGED.format("its key is not the one that its database was made with"))
    absent = {blob for blob in named_blobs(database) if not (folder / blob_name(blob)).is_file()}
    if absent - set(manifest.missing):
        raise BadBackup(_DAMAGED.format("a file that its database speaks of is missing"))


@contextlib.contextmanager
def _database(path: Path) -> Iterator[Database]:
    """:raises BadBackup: if it turns out to be none."""
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            yield Database(connection, execute_plugins=False)
    except sqlite3.Error as error:
        raise BadBackup(_DAMAGED.format(f"the database {path.name} cannot be read")) from error
