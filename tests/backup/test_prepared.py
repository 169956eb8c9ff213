"""A backup that is brought back by the appliance itself: prepared while it runs, put in place by the next start."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.backup.errors import CannotRestore, WrongPassphrase
from appliance.backup.exchange import is_unfinished, stays
from appliance.backup.restoring import finish_restore, forget_told, prepare_restore, told_restore
from appliance.locks import FileLock
from tests.backup.folder import PASSPHRASE, Folder, snapshot


def test_prepared_while_it_runs(tmp_path: Path) -> None:
    """Nothing changes while the appliance holds the folder, whatever is refused; the next start has the backup, says so
    until somebody has heard of it, and keeps what was there.
    """
    backed_up, running = Folder(tmp_path / "one"), Folder(tmp_path / "two")
    file = backed_up.backup(tmp_path / "kept.backup")
    backed_up.store.close()
    with FileLock(running.data / "running.lock"):
        before = snapshot(running.data)
        with pytest.raises(WrongPassphrase):
            prepare_restore(file, running.data, "another passphrase", config_folder=running.keys)
        assert snapshot(running.data) == before
        prepare_restore(file, running.data, PASSPHRASE, config_folder=running.keys)
        now = snapshot(running.data)
        assert {name: now[name] for name in before} == before
        with pytest.raises(CannotRestore, match="already"):
            prepare_restore(file, running.data, PASSPHRASE, config_folder=running.keys)
        running.store.close()
        assert told_restore(running.data) == ""
        finish_restore(running.data)
    assert not is_unfinished(running.data)
    after = snapshot(running.data)
    assert after["author.db"] != before["author.db"]
    [kept] = (running.data / "backups").glob("before-restore-*")
    assert snapshot(kept)["config.yml"] == before["config.yml"]
    assert told_restore(running.data)
    forget_told(running.data)
    assert told_restore(running.data) == ""


@pytest.mark.parametrize(("name", "here"), [
    ("0123.key", True), ("0123.key.before-20260101-000000", True), ("data-folder.txt", True), ("window.lock", True),
    ("running.lock", True), ("backups", True), ("appliance.db", False), ("config.yml", False), ("network", False)])
def test_what_belongs_to_the_place(tmp_path: Path, name: str, here: bool) -> None:
    """Where the system has one place for data and configuration, the keys of the user stay when the data is replaced:
    a restore put the backup's key there a moment before.
    """
    assert stays(tmp_path / name) is here
