"""Backups made and brought back without a server: what is in them, what opens them, and what a crash leaves."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance.backup.errors import BackupFailed, BadPassphrase, CannotRestore, WrongPassphrase
from appliance.backup.making import Progress
from appliance.backup.openers import Ticket, check_passphrase
from appliance.backup.restoring import finish_restore, is_unfinished, restore, restore_key
from appliance.locks import FileLock
from appliance.store.appliance_key import load_appliance_key
from appliance.store.database import Store
from appliance.store.errors import MissingApplianceKey
from tests.backup.folder import CHEAP, PASSPHRASE, Folder, snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path)
    yield made
    made.store.close()


def rows(data: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data / "appliance.db")) as database:
        return list(database.execute(query))


class TestMaking:
    def test_what_comes_back_is_what_was_there(self, folder: Folder, tmp_path: Path) -> None:
        """Files, packages, settings, the author's tables, and a key with which the folder opens on another machine."""
        backup = folder.backup(tmp_path / "b")
        restored = restore(backup, tmp_path / "new", PASSPHRASE, config_folder=tmp_path / "elsewhere")
        assert restored.before is None
        before, after = snapshot(folder.data), snapshot(tmp_path / "new")
        kept = {name: one for name, one in before.items() if name.startswith(("files/", "packages/", "config"))}
        assert len(kept) == 5 + ("packages/.lock" in before)
        assert {name: one for name, one in after.items() if name in kept} | {"packages/.lock": b""} \
            == kept | {"packages/.lock": b""}
        with closing(sqlite3.connect(tmp_path / "new" / "author.db")) as author:
            assert author.execute("SELECT name FROM cases").fetchall() == [("Case 1",)]
        store = Store(tmp_path / "new")
        assert load_appliance_key(store, config_folder=tmp_path / "elsewhere") == folder.key
        store.close()

    def test_nothing_of_it_can_be_read_without_the_passphrase(self, folder: Folder, tmp_path: Path) -> None:
        """The author's tables and the passwords of mail servers lie in it sealed, and so does the key."""
        content = folder.backup(tmp_path / "b").read_bytes()
        for word in (b"Case 1", b"1234", b"password", b"config.yml", b"CREATE TABLE", b"SQLite format", folder.key,
                     folder.key.hex().encode(), PASSPHRASE.encode(), folder.code.encode()):
            assert word not in content

    def test_the_file_is_for_its_owner_only_and_never_half(self, folder: Folder, tmp_path: Path) -> None:
        """A backup that was given up, or that could not be written, leaves nothing; one that is there stays."""
        path, ticket = tmp_path / "b", Ticket.by_passphrase(PASSPHRASE, CHEAP)
        with pytest.raises(BackupFailed, match="being stopped"):
            folder.maker.make(path, ticket, Progress(stop=True))
        with pytest.raises(BackupFailed, match="could not be made"):
            folder.maker.make(tmp_path / "absent" / "b", ticket)
        assert not list(tmp_path.glob("b*"))
        folder.backup(path)
        assert path.stat().st_mode & 0o077 == 0
        content = path.read_bytes()
        with pytest.raises(BackupFailed, match="there already"):
            folder.backup(path)
        assert path.read_bytes() == content
        assert [one.name for one in (folder.data / "backups").iterdir()] == []

    def test_blobs_that_are_deleted_meanwhile_are_in_it(self, folder: Folder, tmp_path: Path) -> None:
        """What one moment's rows name is kept until it is read, and goes afterwards."""
        class Deleting(Progress):
            """Deletes the session's first file, and replaces the second, once the backup is being written."""

            def __setattr__(self, name: str, value: object) -> None:
                object.__setattr__(self, name, value)
                if name == "total" and value:
                    folder.store.write(lambda database: database.execute("DELETE FROM files WHERE number = 1")).result()
                    folder.files.remove(blobs[:1])
                    replaced = folder.add_file(2, b"new")
                    folder.files.remove(blobs[1:])
                    assert folder.files.path(replaced).exists()
                    assert all(folder.files.path(blob).exists() for blob in blobs)

        blobs = [str(blob) for blob, in folder.store.read(
            lambda database: database.execute("SELECT blob FROM files ORDER BY number").fetchall()).result()]
        folder.maker.make(tmp_path / "b", Ticket.by_passphrase(PASSPHRASE, CHEAP), Deleting())
        assert not any(folder.files.path(blob).exists() for blob in blobs)
        restored = restore(tmp_path / "b", tmp_path / "new", PASSPHRASE, config_folder=tmp_path / "keys")
        assert restored.manifest.missing == []
        assert rows(tmp_path / "new", "SELECT blob FROM files ORDER BY number") == [(blob,) for blob in blobs]
        assert all((tmp_path / "new" / "files" / blob[:2] / blob).exists() for blob in blobs)

    def test_a_file_that_was_missing_before_is_told_and_does_not_hinder(self, folder: Folder, tmp_path: Path) -> None:
        """A damaged folder is better saved than not."""
        [[blob]] = folder.store.read(
            lambda database: database.execute("SELECT blob FROM files WHERE number = 1").fetchall()).result()
        folder.files.path(str(blob)).unlink()
        progress = Progress()
        folder.maker.make(tmp_path / "b", Ticket.by_passphrase(PASSPHRASE, CHEAP), progress)
        assert progress.missing == 1
        restored = restore(tmp_path / "b", tmp_path / "new", PASSPHRASE, config_folder=tmp_path / "keys")
        assert restored.manifest.missing == [blob]

    def test_databases_are_of_one_moment_while_others_write(self, folder: Folder, tmp_path: Path) -> None:
        """Each write puts a row into two tables; no backup holds one without the other, and writing goes on."""
        stop, written = threading.Event(), 0
        folder.store.write(lambda database: database.execute("CREATE TABLE a (n)")).result()
        folder.store.write(lambda database: database.execute("CREATE TABLE b (n)")).result()

        def write() -> None:
            nonlocal written
            while not stop.is_set():
                folder.store.write(lambda database: [database.execute(f"INSERT INTO {name} VALUES (1)")
                                                     for name in "ab"]).result()
                written += 1

        thread = threading.Thread(target=write)
        thread.start()
        try:
            counts = []
            for number in range(3):
                folder.backup(tmp_path / f"b{number}")
                restore(tmp_path / f"b{number}", tmp_path / f"new{number}", PASSPHRASE, config_folder=tmp_path / "keys")
                [(a, b)] = rows(tmp_path / f"new{number}", "SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)")
                assert a == b
                counts.append(int(str(a)))
        finally:
            stop.set()
            thread.join()
        assert counts == sorted(counts)
        assert written > 3

    def test_what_a_crash_left_of_one_is_removed_at_the_start(self, folder: Folder) -> None:
        """A copy of the author's database must not stay in a folder that nobody looks into."""
        left = folder.data / "backups" / ".making-abc"
        left.mkdir(parents=True)
        (left / "author.db").write_bytes(b"in the clear")
        (folder.data / "backups" / "x.backup.part").write_bytes(b"half")
        folder.maker.tidy()
        assert list((folder.data / "backups").iterdir()) == []

    @pytest.mark.parametrize("weak", ["", "short", "elevenchars", "aaaaaaaaaaaaaaaaaaaa", "ababababababab"])
    def test_weak_passphrases_are_refused_in_words(self, weak: str) -> None:
        with pytest.raises(BadPassphrase, match="Four or five words"):
            check_passphrase(weak)


class TestRecoveryCode:
    def test_it_opens_backups_however_it_is_typed(self, folder: Folder, tmp_path: Path) -> None:
        """In small letters, with spaces, with an O for a zero; another code does not."""
        backup = folder.backup(tmp_path / "b")
        typed = folder.code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        restore(backup, tmp_path / "new", typed, config_folder=tmp_path / "keys")
        with pytest.raises(WrongPassphrase):
            restore(backup, tmp_path / "other", "-".join(["ABCDE"] * 6), config_folder=tmp_path / "keys")

    def test_it_is_shown_until_it_was_written_down(self, folder: Folder) -> None:
        assert folder.recovery.unread() == folder.code
        folder.recovery.prepare()
        assert folder.recovery.unread() == folder.code
        folder.recovery.written_down()
        assert folder.recovery.unread() is None
        folder.recovery.prepare()
        assert folder.recovery.unread() is None

    def test_another_one_opens_what_is_made_from_then_on(self, folder: Folder, tmp_path: Path) -> None:
        """The first code opens the backup of its time, and nothing later."""
        old, first = folder.backup(tmp_path / "old"), folder.code
        folder.recovery.renew()
        second = folder.recovery.unread()
        assert second not in {None, first}
        new = folder.backup(tmp_path / "new")
        restore(old, tmp_path / "a", first, config_folder=tmp_path / "keys")
        restore(new, tmp_path / "b", str(second), config_folder=tmp_path / "keys")
        with pytest.raises(WrongPassphrase):
            restore(new, tmp_path / "c", first, config_folder=tmp_path / "keys")
        with pytest.raises(WrongPassphrase):
            restore_key(folder.data, first, config_folder=tmp_path / "keys2")

    def test_it_puts_a_lost_key_back(self, folder: Folder, tmp_path: Path) -> None:
        """The folder alone on another machine, with the paper: opens. With a wrong code: nothing is kept."""
        folder.store.close()
        with pytest.raises(WrongPassphrase):
            restore_key(folder.data, "no code at all", config_folder=tmp_path / "other machine")
        assert not (tmp_path / "other machine").exists()
        restore_key(folder.data, folder.code, config_folder=tmp_path / "other machine")
        store = Store(folder.data)
        assert load_appliance_key(store, config_folder=tmp_path / "other machine") == folder.key
        store.close()
        with pytest.raises(CannotRestore):
            restore_key(tmp_path / "absent", folder.code, config_folder=tmp_path / "other machine")

    def test_it_is_not_in_the_folder(self, folder: Folder) -> None:
        """Nor is the key that it opens, before and after it was written down."""
        for _ in range(2):
            found = b"".join(path.read_bytes() for path in folder.data.rglob("*") if path.is_file())
            for secret in (folder.code.encode(), folder.code.replace("-", "").encode(), folder.key,
                           folder.key.hex().encode(), folder.recovery.key()):
                assert secret not in found
            folder.recovery.written_down()


class TestRestoring:
    def test_what_was_there_is_moved_aside_whole(self, folder: Folder, tmp_path: Path) -> None:
        """The folder before is a data folder of its own; another backup and what was moved before stay."""
        backup = folder.backup(tmp_path / "b")
        folder.store.write(lambda database: database.execute("CREATE TABLE later (n)")).result()
        folder.store.close()
        (folder.data / "logs").mkdir()
        (folder.data / "logs" / "appliance.log").write_text("before")
        (folder.data / "backups" / "mine.backup").write_bytes(b"mine")
        there = snapshot(folder.data)
        for _ in range(2):
            restored = restore(backup, folder.data, PASSPHRASE, config_folder=folder.keys)
            assert restored.before is not None
            assert restored.before.parent == folder.data / "backups"
            assert not rows(folder.data, "SELECT 1 FROM sqlite_master WHERE name = 'later'")
            assert (folder.data / "backups" / "mine.backup").read_bytes() == b"mine"
        [first, _] = sorted((folder.data / "backups").glob("before-restore-*"),
                            key=lambda path: not (path / "logs").exists())
        assert snapshot(first) == {name: one for name, one in there.items() if not name.startswith("backups/")}
        moved = Store(first)
        assert load_appliance_key(moved, config_folder=folder.keys) == folder.key
        moved.close()

    def test_it_is_refused_while_an_appliance_runs(self, folder: Folder, tmp_path: Path) -> None:
        backup = folder.backup(tmp_path / "b")
        there = snapshot(folder.data)
        with FileLock(folder.data / "running.lock") as lock:
            lock.write("http://127.0.0.1:8080")
            with pytest.raises(CannotRestore, match=r"running on .* at http://127.0.0.1:8080. Please stop it"):
                restore(backup, folder.data, PASSPHRASE, config_folder=folder.keys)
        assert snapshot(folder.data) == there

    def test_another_key_of_the_same_folder_is_kept(self, folder: Folder, tmp_path: Path) -> None:
        """It may be the right one of what a restore replaces."""
        backup = folder.backup(tmp_path / "b")
        [file] = folder.keys.iterdir()
        file.write_text("ab" * 32)
        folder.store.close()
        restore(backup, tmp_path / "new", PASSPHRASE, config_folder=folder.keys)
        assert file.read_text() == folder.key.hex()
        [other] = [path for path in folder.keys.iterdir() if path != file]
        assert other.read_text() == "ab" * 32

    def test_a_restore_that_is_cut_short_anywhere_leaves_the_old_folder_or_the_new_one(
            self, folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The process ends before each of its steps in turn; the next start finds one folder whole."""
        backup = folder.backup(tmp_path / "b")
        folder.store.write(lambda database: database.execute("CREATE TABLE later (n)")).result()
        folder.store.close()
        (folder.data / "config.yml").write_text("language: fr\n")
        old = snapshot(folder.data)
        outcomes = []
        for steps in range(200):
            with monkeypatch.context() as patched:
                left = _dies_after(steps, patched)
                try:
                    restore(backup, folder.data, PASSPHRASE, config_folder=folder.keys)
                except _Killed:
                    pass
                else:
                    assert left[0] >= 0
                    break
            with FileLock(folder.data / "running.lock"):
                finish_restore(folder.data)
            assert not is_unfinished(folder.data)
            is_new = (folder.data / "config.yml").read_text() != "language: fr\n"
            outcomes.append(is_new)
            if is_new:   # put the old one back for the next round
                assert not rows(folder.data, "SELECT 1 FROM sqlite_master WHERE name = 'later'")
                [before] = (folder.data / "backups").glob("before-restore-*")
                assert snapshot(before) == {name: one for name, one in old.items() if not name.startswith("backups/")}
                for path in [*folder.data.iterdir()]:
                    if path.name not in {"backups", "running.lock", "appliance.lock"}:
                        path.rename(tmp_path / f"{steps} {path.name}")
                for path in [*before.iterdir()]:
                    path.rename(folder.data / path.name)
                before.rmdir()
            assert {name: one for name, one in snapshot(folder.data).items() if "backups/" not in name} == \
                {name: one for name, one in old.items() if "backups/" not in name}
        assert len(outcomes) > 20
        assert outcomes == sorted(outcomes)
        assert outcomes[0] is False
        assert outcomes[-1] is True


class _Killed(BaseException):
    """The process is not there any more."""


def _dies_after(steps: int, patched: pytest.MonkeyPatch) -> list[int]:
    """Let the process end before it renames, removes, makes or syncs anything for the so manieth time."""
    left = [steps]

    def dying(function: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **named: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise _Killed
            return function(*arguments, **named)
        return step

    for name in ("rename", "replace", "mkdir", "unlink", "rmdir"):
        patched.setattr(Path, name, dying(getattr(Path, name)))
    patched.setattr(os, "fsync", dying(os.fsync))
    patched.setattr(shutil, "rmtree", dying(shutil.rmtree))
    return left


def test_the_key_is_missed_in_words_that_help(folder: Folder, tmp_path: Path) -> None:
    """A folder that was copied to another machine says what to do."""
    folder.store.close()
    store = Store(folder.data)
    with pytest.raises(MissingApplianceKey, match="recovery code"):
        load_appliance_key(store, config_folder=tmp_path / "another")
    store.close()
