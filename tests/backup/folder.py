"""A data folder with a little of everything, and backups of it made right or wrong."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import tarfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlite_utils import Database

from appliance.backup.container import Manifest, Member, opened_stream, read_head, write_sealed
from appliance.backup.making import Maker
from appliance.backup.names import MANIFEST
from appliance.backup.openers import Ticket, key_by
from appliance.interview.files import FileInfo
from appliance.store.appliance_key import load_appliance_key
from appliance.store.database import Store
from appliance.store.files import FileStore, put_file
from appliance.store.recovery import Recovery
from appliance.store.sealing import new_key

__all__ = ["CHEAP", "PASSPHRASE", "Content", "Folder", "opened", "snapshot", "write_backup"]

PASSPHRASE = "four words are enough"
CHEAP = 2 ** 4
"""A cost of scrypt that tests can pay again and again."""


class Folder:
    """A data folder with one session of two files, settings, packages, a table of an author, and a recovery code.

    :param root: below which it lies, and the appliance's key beside it.
    """

    def __init__(self, root: Path) -> None:
        self.data, self.keys = root / "data", root / "keys"
        self.store = Store(self.data)
        self.key = load_appliance_key(self.store, config_folder=self.keys)
        self.recovery = Recovery(self.store, self.key)
        self.recovery.prepare()
        code = self.recovery.unread()
        assert code is not None
        self.code = code
        self.maker = Maker(self.data, self.store, self.key)
        self.files = FileStore(self.data)
        self.session_key = new_key()
        (self.data / "config.yml").write_text("mail:\n  password: '1234'\n", encoding="utf-8")
        (self.data / "packages" / "x" / "docassemble").mkdir(parents=True)
        (self.data / "packages" / "x" / "docassemble" / "a b (c).yml").write_text("question: Hi\n", encoding="utf-8")
        (self.data / "packages" / "index.json").write_text('{"packages": {}}', encoding="utf-8")
        with closing(sqlite3.connect(self.data / "author.db")) as author:
            author.execute("CREATE TABLE cases (name TEXT)")
            author.execute("INSERT INTO cases VALUES ('Case 1')")
            author.commit()
        self.store.write(lambda database: database.execute(
            "INSERT INTO sessions (id, interview, created, modified, person_active, revision, step, multi_user,"
            " allow_cron, callbacks, sealed_title) VALUES ('s', 'i', 0, 0, 0, 1, 1, 0, 0, 0, x'00')")).result()
        self.add_file(1, b"one")
        self.add_file(2, b"two" * 1_000_000)

    def add_file(self, number: int, content: bytes) -> str:
        """A file of the session; the name of its blob."""
        row = self.files.seal("s", self.session_key, FileInfo(number, "a.txt", "text/plain"), content)
        self.store.write(lambda database: put_file(database, row)).result()
        return row.blob

    def backup(self, path: Path) -> Path:
        self.maker.make(path, Ticket.by_passphrase(PASSPHRASE, CHEAP))
        return path


def snapshot(folder: Path) -> dict[str, bytes]:
    """What is in a folder, but for locks and SQLite's own files: path to content's digest."""
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).digest()
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(("running.lock", "appliance.lock"))
            and not path.name.endswith(("-wal", "-shm"))}


@dataclass
class Content:
    """What is in a backup, to be changed and sealed again."""

    key: bytes
    manifest: Manifest
    files: dict[str, bytes]
    extra: list[tuple[tarfile.TarInfo, bytes]] = field(default_factory=list)

    def told(self) -> Manifest:
        """The manifest that is right for the files."""
        return replace(self.manifest, members=[Member(name, len(body), hashlib.sha256(body).hexdigest())
                                               for name, body in self.files.items()])

    def database(self, statements: Sequence[str], work: Path) -> None:
        """Change the database."""
        path = work / "changed.db"
        path.write_bytes(self.files["appliance.db"])
        with closing(sqlite3.connect(path)) as connection:
            for statement in statements:
                Database(connection).execute(statement)
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.files["appliance.db"] = path.read_bytes()


def opened(path: Path) -> Content:
    """Read a backup with :data:`PASSPHRASE`, without any check."""
    with path.open("rb") as source:
        head = read_head(source)
        key = key_by(head.openers, PASSPHRASE)
        stream = opened_stream(source, key, head)
        whole = b"".join(iter(lambda: stream.read(1 << 20), b""))
    files = {}
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        for info in archive:
            member = archive.extractfile(info)
            assert member is not None
            files[info.name] = member.read()
    manifest = Manifest.decoded(files.pop(MANIFEST))
    return Content(key, manifest, files)


def write_backup(path: Path, content: Content, change: Callable[[dict[str, bytes]], dict[str, bytes]] | None = None, *,
                 manifest: bytes | None = None) -> Path:
    """Seal files as a backup, whatever they are.

    :param change: what becomes of the files after the manifest was made.
    :param manifest: instead of the right one.
    """
    told = manifest if manifest is not None else content.told().encoded()
    files = dict(content.files) if change is None else change(dict(content.files))
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in content.extra:
            archive.addfile(info, io.BytesIO(data))
        for name, data in (files | ({MANIFEST: told} if MANIFEST not in files else {})).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    whole = body.getvalue()
    with path.open("wb") as target:
        write_sealed(target, Ticket.by_passphrase(PASSPHRASE, CHEAP), 0.0, [whole])
    return path
