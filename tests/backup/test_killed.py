"""A restore whose process is really killed: the next start finds the old folder whole, or the new one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from appliance.accounts.audit import Audit
from appliance.backup.restoring import finish_restore, is_unfinished
from appliance.locks import FileLock
from appliance.store.appliance_key import load_appliance_key
from appliance.store.database import Store
from tests.backup.folder import PASSPHRASE, Folder, snapshot
from tests.backup.victim import dies_before_move, dies_while_unpacking
from tests.support.process import Appliance

MOMENTS = {
    "while it unpacks": (dies_while_unpacking("author.db"), False),
    "before the first move": (dies_before_move("appliance.db", outwards=True), True),
    "with half of the old folder moved out": (dies_before_move("files", outwards=True), True),
    "with half of the new folder moved in": (dies_before_move("config.yml"), True),
}
"""The program, and whether the folder is the new one from then on."""


@pytest.mark.parametrize(("program", "is_new"), MOMENTS.values(), ids=MOMENTS)
def test_a_killed_restore_leaves_one_folder_whole(tmp_path: Path, program: str, is_new: bool) -> None:
    """A folder that is used again by a start, with its key; nothing is left of what the killed process was at."""
    folder, machine = Folder(tmp_path), Appliance(tmp_path / "machine", {"APPLIANCE_PASSPHRASE": PASSPHRASE})
    backup = folder.backup(tmp_path / "b")
    folder.store.write(lambda database: database.execute("CREATE TABLE later (n)")).result()
    folder.store.close()
    (folder.data / "config.yml").write_text("language: fr\n", encoding="utf-8")
    before = snapshot(folder.data)
    killed = subprocess.run([sys.executable, "-c", program, "restore", str(backup), "--data", str(folder.data)],
                            env=machine.environment(), capture_output=True, text=True, timeout=60, check=False)
    assert killed.returncode not in {0, 1}, killed   # of a signal, or what Windows gives
    assert not killed.stderr
    assert is_unfinished(folder.data)
    with FileLock(folder.data / "running.lock"):
        finish_restore(folder.data)
    assert not is_unfinished(folder.data)
    [old] = folder.data.glob("backups/before-restore-*") if is_new else [folder.data]
    assert snapshot(old) == before
    assert [path.name for path in (folder.data / "backups").iterdir()] == ([old.name] if is_new else [])
    with closing(Store(folder.data)) as store:
        keys = next((tmp_path / "machine").rglob("*.key")).parent if is_new else folder.keys
        assert load_appliance_key(store, config_folder=keys) == folder.key
        tables = store.read(lambda database: database.table_names()).result()
        entries = asyncio.run(Audit(store, folder.key).entries())
    assert ("later" in tables) is not is_new
    assert [entry.kind for entry in entries] == (["restore"] if is_new else [])   # though another process ended it
