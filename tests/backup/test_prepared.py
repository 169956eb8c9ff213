"""A backup that is brought back by the appliance itself: prepared while it runs, put in place by the next start."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from appliance.backup import bringing_back
from appliance.backup.bringing_back import BringingBack
from appliance.backup.errors import BadBackup, CannotRestore, WrongPassphrase
from appliance.backup.exchange import is_unfinished, stays
from appliance.backup.reading import head_of
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


def test_stopped_meanwhile(tmp_path: Path) -> None:
    """Whenever the appliance is stopped while it looks at a backup, nothing is left of that when it lets go of the
    folder: the next start would clear away what is unpacked, and must not be told to use it afterwards.
    """
    backed_up, running = Folder(tmp_path / "one"), Folder(tmp_path / "two")
    file = backed_up.backup(tmp_path / "kept.backup")
    backed_up.store.close()
    before = snapshot(running.data)
    for wanted in itertools.count(1):
        looks = itertools.count(1)
        with suppress(CannotRestore):
            prepare_restore(file, running.data, PASSPHRASE, config_folder=running.keys,
                            stopped=lambda looks=looks, wanted=wanted: next(looks) >= wanted)   # type: ignore[misc]
            break
        assert snapshot(running.data) == before
        assert not is_unfinished(running.data)
    assert wanted > len(before)   # at each file, and after the last one
    running.store.close()


def test_the_stop_waits_until_it_is_given_up(tmp_path: Path) -> None:
    async def stopped() -> BringingBack:
        bringing = BringingBack(running.data, lambda: None, lambda: None)
        bringing.begin(file, PASSPHRASE)
        await bringing.stop()
        return bringing
    running = Folder(tmp_path)
    file = running.backup(tmp_path / "kept.backup")
    bringing = asyncio.run(stopped())
    running.store.close()
    assert "was stopped" in bringing.problem
    assert (bringing.is_busy, bringing.is_done) == (False, False)
    assert not is_unfinished(running.data)


@pytest.mark.parametrize("looks", [True, False])
def test_the_restart_waits_for_the_page_that_says_so(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks: bool) -> None:
    """A browser looks every few seconds, and would find nobody; one that has gone is not waited for any longer."""
    for name in ("HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA"):   # where the key comes to
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(bringing_back, "_LONGEST_WAIT", 3600.0 if looks else 0.01)

    async def brought_back() -> None:
        restarts = asyncio.Event()
        bringing = BringingBack(running.data, lambda: None, restarts.set)
        bringing.begin(file, PASSPHRASE)
        await bringing.settled(60)
        assert (bringing.problem, bringing.is_done, restarts.is_set()) == ("", True, False)
        if looks:
            bringing.told()
        await asyncio.wait_for(restarts.wait(), 60)
    running = Folder(tmp_path)
    file = running.backup(tmp_path / "kept.backup")
    asyncio.run(brought_back())
    running.store.close()


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody writes into the pipe; the other name is longer than the system takes."""
    if sys.platform == "win32":
        pytest.skip("Windows has no pipes in folders")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadBackup, match="not a file"):
        head_of(tmp_path / "pipe")
    with pytest.raises(BadBackup, match="cannot be read"):
        head_of(tmp_path / ("x" * 300))


@pytest.mark.parametrize(("name", "here"), [
    ("0123.key", True), ("0123.key.before-20260101-000000", True), ("data-folder.txt", True), ("window.lock", True),
    ("running.lock", True), ("backups", True), ("appliance.db", False), ("config.yml", False), ("network", False)])
def test_what_belongs_to_the_place(tmp_path: Path, name: str, here: bool) -> None:
    """Where the system has one place for data and configuration, the keys of the user stay when the data is replaced:
    a restore put the backup's key there a moment before.
    """
    assert stays(tmp_path / name) is here
