"""Files of sessions at rest: what is sealed opens again, nothing else does, and a crash leaves the old or the new."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from appliance.interview.files import FileInfo, new_number
from appliance.store.database import Store
from appliance.store.errors import StoreBroken, StoreFull, WrongKey
from appliance.store.files import FOLDER, FileRow, FileStore, dead_blobs, file_row, forget_file, put_file
from appliance.store.sealing import CHUNK, new_key
from appliance.store.sessions import SessionRow, delete_session, insert_session

KEY = new_key()


@pytest.fixture
def files(store: Store) -> FileStore:
    """Over a store that has the sessions ``one`` and ``two``."""
    def sessions(database: Database) -> None:
        for name in ("one", "two"):
            insert_session(database, SessionRow(name, "x:y", None, 1, 1, 1))
    store.write(sessions).result()
    return FileStore(store.folder)


def info(filename: str = "Mietvertrag Zaphod.pdf", number: int = 0) -> FileInfo:
    return FileInfo(number or new_number(), filename, "application/pdf")


def keep(store: Store, row: FileRow) -> list[str]:
    """Commit a row; returns the blobs that are dead by it."""
    def write(database: Database) -> list[str]:
        put_file(database, row)
        return dead_blobs(database)
    return store.write(write).result()


def stored(store: Store, number: int) -> FileRow | None:
    return store.read(lambda database: file_row(database, number)).result()


def blobs(store: Store) -> set[str]:
    return {path.name for path in (store.folder / FOLDER).glob("??/*")}


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7])
def test_what_is_sealed_opens_again(store: Store, files: FileStore, tmp_path: Path, size: int) -> None:
    """Around the edges of chunks too: the content, from any place on, and what the file is called."""
    content = os.urandom(size)
    row = files.seal("one", KEY, info(), content)
    keep(store, row)
    found = stored(store, row.number)
    assert found == row
    assert found.info(KEY) == FileInfo(row.number, "Mietvertrag Zaphod.pdf", "application/pdf", size)
    assert files.content(found, KEY) == content
    for start in {0, size // 2, max(size - 1, 0)}:
        assert b"".join(files.read(found, KEY, start)) == content[start:]
    files.load(found, KEY, tmp_path / "open")
    assert (tmp_path / "open").read_bytes() == content
    if os.name == "posix":
        assert (tmp_path / "open").stat().st_mode & 0o777 == 0o600
        for path in (store.folder / FOLDER).rglob("*"):
            assert path.stat().st_mode & 0o077 == 0


def test_nothing_of_it_is_on_disk_in_the_clear(store: Store, files: FileStore) -> None:
    """Neither content nor name nor kind, in the database, its log or the blobs' names."""
    keep(store, files.seal("one", KEY, info("Zaphod.pdf"), b"Zaphod-Content " * 200_000))
    on_disk = b"".join(path.read_bytes() for path in store.folder.rglob("*") if path.is_file())
    assert len(on_disk) > 3_000_000
    assert b"Zaphod" not in on_disk
    assert b"application/pdf" not in on_disk
    assert not [path for path in store.folder.rglob("*") if "Zaphod" in path.name]


def _cut_chunk(sealed: bytes) -> bytes:
    return sealed[:-(CHUNK + 16)]


def _cut_byte(sealed: bytes) -> bytes:
    return sealed[:-1]


def _swap(sealed: bytes) -> bytes:
    head, first, second, rest = sealed[:1], sealed[1:CHUNK + 17], sealed[CHUNK + 17:2 * CHUNK + 33], sealed[2 * CHUNK
                                                                                                           + 33:]
    return head + second + first + rest


def _drop(sealed: bytes) -> bytes:
    return sealed[:1] + sealed[CHUNK + 17:]


def _change(sealed: bytes) -> bytes:
    return sealed[:100] + bytes([sealed[100] ^ 1]) + sealed[101:]


def _append(sealed: bytes) -> bytes:
    return sealed + sealed[-(CHUNK + 16):]


def _empty(sealed: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [_cut_chunk, _cut_byte, _swap, _drop, _change, _append, _empty])
def test_a_blob_that_was_tampered_with_does_not_open(store: Store, files: FileStore, damage: object) -> None:
    """Chunks cut off, swapped, left out, repeated or changed."""
    assert callable(damage)
    row = files.seal("one", KEY, info(), os.urandom(3 * CHUNK))
    path = store.folder / FOLDER / row.blob[:2] / row.blob
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(WrongKey):
        files.content(row, KEY)


def test_a_blob_opens_only_as_what_it_is(files: FileStore) -> None:
    """Not as another file, in another session, under another name, or with another key."""
    row, other = files.seal("one", KEY, info(), b"content"), files.seal("one", KEY, info(), b"other")
    impostors = [FileRow(row.number, "two", row.blob, 7, 0, row.sealed_info),
                 FileRow(other.number, "one", row.blob, 7, 0, other.sealed_info),
                 FileRow(row.number, "one", other.blob, 7, 0, row.sealed_info)]
    for impostor in impostors:
        with pytest.raises(WrongKey):
            files.content(impostor, KEY)
        with pytest.raises(WrongKey):
            impostor.info(KEY)
    with pytest.raises(WrongKey):
        files.content(row, new_key())


def test_new_content_is_a_new_blob_and_the_old_one_dies_with_the_commit(store: Store, files: FileStore) -> None:
    """Until the commit the old content is there; a commit that fails leaves it; then only the new one is."""
    first = files.seal("one", KEY, info(), b"old")
    assert keep(store, first) == []
    second = files.seal("one", KEY, info("new.pdf", first.number), b"new")

    def fails(database: Database) -> None:
        put_file(database, second)
        raise KeyError("the turn's commit failed")
    assert isinstance(store.write(fails).exception(), KeyError)
    found = stored(store, first.number)
    assert found is not None
    assert files.content(found, KEY) == b"old"
    dead = keep(store, second)
    assert dead == [first.blob]
    files.remove(dead)
    found = stored(store, first.number)
    assert found is not None
    assert (files.content(found, KEY), found.info(KEY).filename) == (b"new", "new.pdf")
    assert blobs(store) == {second.blob}


def test_a_session_takes_its_files_with_it(store: Store, files: FileStore) -> None:
    """Rows go with their session, and their blobs are dead whichever way they went; others stay."""
    mine, deleted, other = (files.seal(session, KEY, info(), b"x") for session in ("one", "one", "two"))
    for row in (mine, deleted, other):
        keep(store, row)

    def end(database: Database) -> list[str]:
        forget_file(database, "two", deleted.number)   # not its file: nothing happens
        forget_file(database, "one", deleted.number)
        delete_session(database, "one")
        return dead_blobs(database)
    assert set(store.write(end).result()) == {mine.blob, deleted.blob}
    assert (stored(store, mine.number), stored(store, other.number)) == (None, other)


def test_a_number_of_another_session_is_refused(store: Store, files: FileStore) -> None:
    """Whatever a worker says, no session writes another's files."""
    row = files.seal("one", KEY, info(), b"x")
    keep(store, row)
    with pytest.raises(StoreBroken, match="another session"):
        keep(store, files.seal("two", KEY, info(number=row.number), b"y"))
    assert stored(store, row.number) == row


def test_the_start_sweeps_what_no_row_names(store: Store, files: FileStore) -> None:
    """Blobs of a process that was killed between blob and commit, or between commit and removal."""
    kept, replaced = files.seal("one", KEY, info(), b"kept"), files.seal("one", KEY, info(), b"replaced")
    newer = files.seal("one", KEY, info(number=replaced.number), b"newer")
    files.seal("one", KEY, info(), b"never committed")
    for row in (kept, replaced, newer):
        keep(store, row)
    assert len(blobs(store)) == 4
    folder = store.folder
    store.close()
    again = Store(folder)
    FileStore(folder).sweep(again)
    assert blobs(again) == {kept.blob, newer.blob}
    again.close()


def test_what_cannot_be_written_leaves_nothing(
        store: Store, files: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is said in words, and a source that cannot be read leaves no half blob."""
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreFull, match="full"):
            files.seal("one", KEY, info(), b"x")
    with pytest.raises(StoreBroken):
        files.seal("one", KEY, info(), tmp_path / "not there")
    assert blobs(store) == set()


def _zeros(path: Path, megabytes: int) -> Path:
    with path.open("wb") as file:
        file.truncate(megabytes << 20)
    return path


def test_a_large_file_is_never_in_memory_as_a_whole(files: FileStore, tmp_path: Path) -> None:
    """30 MB in and out take a few chunks of memory."""
    path = _zeros(tmp_path / "large", 30)
    tracemalloc.start()
    try:
        row = files.seal("one", KEY, info(), path)
        files.load(row, KEY, tmp_path / "again")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (row.size, (tmp_path / "again").stat().st_size) == (30 << 20, 30 << 20)
    assert peak < 8 * CHUNK


def test_reading_goes_on_while_the_blob_is_removed(store: Store, files: FileStore) -> None:
    """A download that has begun ends as it began, or, on Windows, keeps the blob until the next start."""
    row = files.seal("one", KEY, info(), os.urandom(2 * CHUNK))
    keep(store, row)
    pieces: Iterator[bytes] = files.read(row, KEY)
    first = next(pieces)
    files.remove([row.blob])
    assert len(first + b"".join(pieces)) == 2 * CHUNK


def test_many_files_reach_the_disk_together(files: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each blob and each folder once, when sync() returns, and no blob before."""
    synced: list[int] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        real(descriptor)
    monkeypatch.setattr(os, "fsync", noted)
    rows = [files.seal("one", KEY, info(), b"content", sync=False) for _ in range(300)]
    paths = [files._path(row.blob) for row in rows]
    assert {path.stat().st_ino for path in paths}.isdisjoint(synced)
    synced.clear()
    files.sync(row.blob for row in rows)
    folders = {path.parent for path in paths} if os.name == "posix" else set()
    assert sorted(synced) == sorted(path.stat().st_ino for path in {*paths, *folders})
