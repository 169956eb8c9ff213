"""After an upgrade that was not wanted: the copy made before it brings the data back as it was."""

from __future__ import annotations

import asyncio
import errno
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import appliance
from appliance import cli
from appliance.accounts.audit import Audit
from appliance.backup.errors import BadBackup, CannotRestore
from appliance.backup.exchange import finish_restore
from appliance.backup.going_back import WentBack, go_back, is_copy
from appliance.locks import FileLock
from appliance.store import migrations
from appliance.store.copies import Copy, copies
from appliance.store.database import Store
from appliance.store.errors import StoreNewer
from appliance.store.migrations import VERSION
from tests.backup.folder import Folder
from tests.backup.victim import dies_before_move


class Upgraded:
    """A data folder that a newer appliance has upgraded, changed and left.

    :param later: a blob that was made after the upgrade, and is known to the newer database only.
    """

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = Folder(root)
        self.data, self.keys, self.key = self.folder.data, self.folder.keys, self.folder.key
        self.folder.store.close()
        self._newer = [*migrations.MIGRATIONS, lambda database: database.executescript("CREATE TABLE later (name)")]
        with monkeypatch.context() as newer:
            self.as_newer(newer)
            self.folder.store = Store(self.data)
            self.later = self.folder.add_file(3, b"later")
            (self.data / "config.yml").write_text("a directive of later: 1\n", encoding="utf-8")
            self.folder.store.close()
        [self.copy] = copies(self.data)

    def as_newer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(migrations, "MIGRATIONS", self._newer)
        monkeypatch.setattr(migrations, "VERSION", len(self._newer))
        monkeypatch.setattr(appliance, "__version__", "99.0.0")

    def go_back(self, copy: Copy | None = None) -> WentBack:
        return go_back((copy or self.copy).path, self.data, config_folder=self.keys)

    def blobs(self, data: Path) -> list[str]:
        return sorted(path.name for path in (data / "files").rglob("*") if path.is_file())


@pytest.fixture
def upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Upgraded:
    return Upgraded(tmp_path, monkeypatch)


def test_the_older_version_goes_back_to_before_the_upgrade(
        upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Database and settings are as they were, files and packages are there, and the audit log says what was done. What
    the newer version had is aside, whole.
    """
    data = upgraded.data
    with pytest.raises(StoreNewer):
        Store(data)
    assert is_copy(upgraded.copy.path, data)
    blobs = upgraded.blobs(data)
    went = upgraded.go_back()
    assert (went.version, went.is_older) == (appliance.__version__, False)
    assert "password" in (data / "config.yml").read_text(encoding="utf-8")
    assert (data / "packages" / "index.json").read_text(encoding="utf-8") == '{"packages": {}}'
    with closing(Store(data)) as store:
        assert store.read(lambda database: database.execute("SELECT number FROM files").fetchall()).result() == [
            (1,), (2,)]
        [entry] = asyncio.run(Audit(store, upgraded.key).entries())
        assert (entry.kind, entry.what) == ("restore", {"copy": upgraded.copy.name})
    assert set(blobs) - {upgraded.later} <= set(upgraded.blobs(data))
    assert copies(data) == [upgraded.copy]
    assert went.before is not None
    assert upgraded.blobs(went.before) == blobs
    with monkeypatch.context() as newer:
        upgraded.as_newer(newer)
        with closing(Store(went.before)) as store:
            assert store.read(lambda database: database.table("later").exists()).result()


def test_the_newer_version_says_that_it_would_upgrade_again(
        upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch) -> None:
    """It leaves the database as the older one knows it."""
    with monkeypatch.context() as newer:
        upgraded.as_newer(newer)
        newer.setattr("appliance.backup.going_back.VERSION", VERSION + 1)
        assert upgraded.go_back().is_older
    Store(upgraded.data).close()


def test_what_is_no_copy_of_this_data_is_not_gone_back_to(upgraded: Upgraded, tmp_path: Path) -> None:
    """Another folder, the copy of other data, a damaged one: nothing is changed."""
    data, copy = upgraded.data, upgraded.copy
    assert not is_copy(data, data)
    assert not is_copy(copy.path, tmp_path / "other")
    stranger = Folder(tmp_path / "stranger")
    stranger.store.close()
    mine = (copy.path / "appliance.db").read_bytes()
    (copy.path / "appliance.db").write_bytes((stranger.data / "appliance.db").read_bytes())
    with pytest.raises(BadBackup, match="not of the data"):
        upgraded.go_back()
    (copy.path / "appliance.db").write_bytes(mine[:8192] + b"\xff" * 4096 + mine[12288:])
    with pytest.raises(BadBackup, match="is damaged"):
        upgraded.go_back()
    (copy.path / "appliance.db").write_bytes(mine)
    with FileLock(data / "running.lock"), pytest.raises(CannotRestore, match="is running"):
        upgraded.go_back()
    assert not list((data / "backups").glob("*restor*"))
    upgraded.go_back()


def test_the_command_finds_the_data_by_the_copy(
        upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As the page Backup says it: nobody need name the data folder, wherever it is."""
    monkeypatch.setattr("appliance.store.appliance_key._key_file",
                        lambda folder_id, _config_folder: upgraded.keys / f"{folder_id}.key")
    assert cli.main(["restore", str(upgraded.copy.path)]) == 0
    assert f"{upgraded.data} is as it was before the upgrade" in capsys.readouterr().out
    Store(upgraded.data).close()


@pytest.mark.parametrize(("name", "outwards"), [("config.yml", True), ("config.yml", False)])
def test_a_kill_while_going_back_leaves_one_folder_whole(upgraded: Upgraded, name: str, outwards: bool) -> None:
    """The next start ends it."""
    (upgraded.data / "appliance.db-x").write_text("something else that lies there")
    told = f"""
from pathlib import Path
from appliance.store import appliance_key
appliance_key._key_file = lambda folder_id, config_folder: Path({str(upgraded.keys)!r}) / (folder_id + ".key")
"""
    killed = subprocess.run([sys.executable, "-c", told + dies_before_move(name, outwards=outwards), "restore",
                             str(upgraded.copy.path), "--data", str(upgraded.data)],
                            capture_output=True, text=True, timeout=60, check=False)
    assert killed.returncode not in {0, 1}, killed
    with FileLock(upgraded.data / "running.lock"):
        finish_restore(upgraded.data)
    with closing(Store(upgraded.data)) as store:
        assert [entry.kind for entry in asyncio.run(Audit(store, upgraded.key).entries())] == ["restore"]
    assert "password" in (upgraded.data / "config.yml").read_text(encoding="utf-8")
    assert (upgraded.data / "appliance.db-x").exists()


def test_a_damaged_database_of_authors_is_told_in_words(upgraded: Upgraded) -> None:
    """It cannot be taken along; nothing is changed, and without it the way back is free."""
    authors = upgraded.data / "author.db"
    authors.write_bytes(b"no database" * 1000)
    with pytest.raises(CannotRestore, match="authors' own database"):
        upgraded.go_back()
    assert [path.name for path in (upgraded.data / "backups").iterdir()] == [upgraded.copy.path.name]
    authors.unlink()
    assert upgraded.go_back().before is not None


def test_a_folder_that_cannot_be_copied_is_told_in_one_sentence(
        upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python tells a list of all that went wrong in it; with a full disk, of each file."""
    (upgraded.data / "network").mkdir()
    for number in range(20):
        (upgraded.data / "network" / f"{number}.pem").touch()

    copy = shutil.copy2

    def is_full(source: str, target: str, **options: bool) -> None:
        if target.endswith(".pem"):
            raise OSError(errno.ENOSPC, "No space left on device", target)
        copy(source, target, **options)
    with monkeypatch.context() as full:
        full.setattr(shutil, "copy2", is_full)
        with pytest.raises(CannotRestore, match="No space left") as refused:
            upgraded.go_back()
    assert str(refused.value).count("No space left") == 1
    assert upgraded.go_back().before is not None
