"""Data folders of older appliances, which keep everything, and of newer ones, which are refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

import appliance
from appliance import clock
from appliance.store import copies as copying
from appliance.store import migrations
from appliance.store.copies import copies, delete_copy, tidy_copies
from appliance.store.database import Store
from appliance.store.errors import CannotUpgrade, StoreBroken, StoreFull, StoreNewer
from appliance.store.migrations import VERSION
from appliance.store.upgrading import LastUsed, last_used, newer_words, refuse_newer
from tests.store.old_folder import DATABASE, files_of, old_folder, opened, rows_of, schema_of
from tests.store.upgrade_victim import PROGRAM

DROPPED = {"first_name", "last_name", "country", "subdivision_first", "subdivision_second", "subdivision_third",
           "organization", "language", "timezone"}
"""Columns of users that were never filled before what is in them was sealed."""


def _kept(row: dict[str, Any], table: str, names: set[str]) -> dict[str, Any]:
    """What of an old row must be there in a table of the columns `names`."""
    kept = {("email_mark" if (table, name) == ("users", "email") else name): value for name, value in row.items()}
    gone = kept.keys() - names
    assert gone <= (DROPPED if table == "users" else set()), (table, gone)
    return {name: value for name, value in kept.items() if name in names}


@pytest.mark.parametrize("version", range(1, VERSION))
def test_a_folder_of_any_version_keeps_every_row_and_file(tmp_path: Path, version: int) -> None:
    """What each older version wrote is there afterwards, in the tables that a new folder has; the copy is the old."""
    folder = old_folder(tmp_path / "data", version)
    rows, files = rows_of(folder / DATABASE), files_of(folder)
    noted = 1 + ("quick_values" in rows)   # whose version it is; that keys of DARedis are to be renamed
    Store(folder).close()
    after = rows_of(folder / DATABASE)
    for table, old in rows.items():
        names = set(after[table][0])
        found = [{name: row[name] for name in _kept(old[0], table, names)} for row in after[table]]
        assert [one for row in old if (one := _kept(row, table, names)) not in found] == [], table
        assert len(after[table]) == len(old) + noted * (table == "meta"), table
    assert files_of(folder) == files
    with opened(folder / DATABASE) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    Store(tmp_path / "new").close()
    assert schema_of(folder / DATABASE) == schema_of(tmp_path / "new" / DATABASE)
    [copy] = copies(folder)
    assert copy.version == appliance.__version__
    assert rows_of(copy.path / DATABASE) == rows
    assert last_used(copy.path) == LastUsed(version, "")
    assert (copy.path / "config.yml").read_text(encoding="utf-8") == "language: fr\n"
    assert sorted(path.name for path in copy.path.iterdir()) == [DATABASE, "config.yml"]


def test_a_folder_of_this_version_is_not_copied_and_neither_is_a_new_one(tmp_path: Path) -> None:
    for _ in range(2):
        Store(tmp_path).close()
    assert not (tmp_path / "backups").exists()


# -- when it cannot be -------------------------------------------------------------------------------------


def _with_step(monkeypatch: pytest.MonkeyPatch, step: Callable[[Database], None]) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, step])
    monkeypatch.setattr(migrations, "VERSION", len(migrations.MIGRATIONS))


@pytest.mark.parametrize("statement", ["SELECT no_such_column FROM users", "INSERT INTO meta (name) VALUES (NULL)", ""])
def test_a_step_that_fails_undoes_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    """Also those before it; the words say that the older version still works, and it does. No copy is left."""
    def breaks(database: Database) -> None:
        database.execute("CREATE TABLE later (name TEXT)")
        database.execute("DELETE FROM meta")
        if statement:
            database.execute(statement)
        raise KeyError("a bug")
    folder = old_folder(tmp_path / "data", 3)
    rows, schema = rows_of(folder / DATABASE), schema_of(folder / DATABASE)
    _with_step(monkeypatch, breaks)
    with pytest.raises(CannotUpgrade, match="Nothing was changed: the version that was used before"):
        Store(folder)
    assert rows_of(folder / DATABASE) == rows
    assert schema_of(folder / DATABASE) == schema
    assert list((folder / "backups").iterdir()) == []


def test_a_disk_without_room_for_the_copy_is_told_before_anything_is_written(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = old_folder(tmp_path / "data", 4)
    rows = rows_of(folder / DATABASE)
    usage = shutil.disk_usage(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=3 << 20))
    with pytest.raises(StoreFull, match=r"not enough room: \d+ MB are needed, and 3 MB are free.*Nothing was changed"):
        Store(folder)
    assert rows_of(folder / DATABASE) == rows
    assert list((folder / "backups").iterdir()) == []


def test_a_copy_that_cannot_be_written_stops_the_upgrade(tmp_path: Path) -> None:
    """Something else is where the copies go."""
    folder = old_folder(tmp_path / "data", 4)
    rows = rows_of(folder / DATABASE)
    (folder / "backups").write_text("in the way")
    with pytest.raises(StoreBroken, match="cannot be written"):
        Store(folder)
    assert rows_of(folder / DATABASE) == rows


def test_a_damaged_database_is_not_changed(tmp_path: Path) -> None:
    """A page in the middle of it is overwritten: the words say so, and the file is as it was."""
    folder = old_folder(tmp_path / "data", 4)
    with (folder / DATABASE).open("r+b") as file:
        file.seek(4096 * 6)
        file.write(b"\xff" * 4096)
    before = (folder / DATABASE).read_bytes()
    with pytest.raises(StoreBroken, match="is damaged"):
        Store(folder)
    assert (folder / DATABASE).read_bytes() == before
    assert copies(folder) == []


def test_a_disk_that_fails_while_it_is_copied_is_not_called_a_damaged_database(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy's place takes no database: a folder is there in its stead."""
    def takes_none(path: Path) -> Any:
        path.mkdir()
        return (path / "x").open("wb")
    folder = old_folder(tmp_path / "data", 4)
    rows = rows_of(folder / DATABASE)
    monkeypatch.setattr(copying, "new_file", takes_none)
    with pytest.raises(StoreBroken, match="the copy cannot be written"):
        Store(folder)
    assert rows_of(folder / DATABASE) == rows


@pytest.mark.parametrize("statement", ["CREATE TABLE meta (what)", "PRAGMA user_version = 900"])
def test_another_programs_database_is_named_so_whatever_is_in_it(tmp_path: Path, statement: str) -> None:
    with opened(tmp_path / DATABASE) as connection:
        connection.execute("CREATE TABLE theirs (a)")
        connection.execute(statement)
        connection.commit()
    with pytest.raises(StoreBroken, match="was not made by an appliance"):
        Store(tmp_path)


# -- killed ------------------------------------------------------------------------------------------------


def _killed(folder: Path, at: int) -> int:
    """Open a folder in a process that is killed at the step `at`; how many steps it took where it was not."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM, str(folder), str(at)], capture_output=True, text=True,
                           timeout=60, check=False)
    assert not ended.stderr
    return int(ended.stdout) if ended.returncode == 0 else 0


def _test_kills(tmp_path: Path, moments: int | None) -> None:
    base = old_folder(tmp_path / "base", 3)
    rows, files = rows_of(base / DATABASE), files_of(base)
    whole = shutil.copytree(base, tmp_path / "whole")
    steps = _killed(whole, 0)
    after = rows_of(whole / DATABASE)
    assert steps > 50
    outcomes = []
    for at in range(1, steps + 1, max(1, steps // moments) if moments else 1):
        folder = shutil.copytree(base, tmp_path / f"{at}")
        assert _killed(folder, at) == 0
        found = rows_of(folder / DATABASE)   # SQLite takes back what was not committed
        assert found in (rows, after), f"killed at step {at} of {steps}"
        outcomes.append(found == after)
        for one in copies(folder):
            assert rows_of(one.path / DATABASE) == rows, f"killed at step {at} of {steps}"
        if found == after:
            assert len(copies(folder)) == 1
        Store(folder).close()
        tidy_copies(folder)
        assert rows_of(folder / DATABASE) == after
        assert files_of(folder) == files
        assert any(rows_of(one.path / DATABASE) == rows for one in copies(folder))
        assert all(path.name.startswith("before-upgrade-") for path in (folder / "backups").iterdir())
        shutil.rmtree(folder)
    assert False in outcomes
    assert outcomes == sorted(outcomes)


def test_a_kill_in_the_middle_of_an_upgrade_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    """Killed at moments spread over making the copy and the steps; each line of the modules that do it is a moment."""
    _test_kills(tmp_path, 10)


@pytest.mark.faults_full
def test_a_kill_at_every_line_of_an_upgrade_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    """The same at each of them."""
    _test_kills(tmp_path, None)


# -- how long copies stay ----------------------------------------------------------------------------------


def _copied(folder: Path, day: float) -> str:
    """A copy made that many days after the beginning; its name."""
    with clock.driven_by(lambda: 1_700_000_000 + day * 86400), opened(folder / DATABASE) as connection:
        return copying.copy_before_upgrade(connection, folder).name


def test_copies_go_after_a_fortnight_and_beyond_the_last_two(tmp_path: Path) -> None:
    """What was deleted lives on in them, so none stays for longer than the pages say."""
    folder = old_folder(tmp_path / "data", 3)
    first, second, third = (_copied(folder, day) for day in (0, 1, 2))
    left = folder / "backups" / ".upgrading-x"
    left.mkdir()
    with clock.driven_by(lambda: 1_700_000_000 + 2.5 * 86400):
        assert tidy_copies(folder) == [first]
        assert [one.name for one in copies(folder)] == [third, second]
    assert not left.exists()
    with clock.driven_by(lambda: 1_700_000_000 + 15.1 * 86400):
        assert tidy_copies(folder) == [second]
        assert tidy_copies(folder) == []
        assert delete_copy(folder, third)
        assert not delete_copy(folder, third)
        assert not delete_copy(folder, "../data")
    assert copies(folder) == []


# -- newer folders -----------------------------------------------------------------------------------------


def _newer(folder: Path, *, version: str = "99.1.2") -> None:
    Store(folder).close()
    with opened(folder / DATABASE) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        connection.execute("UPDATE meta SET value = ? WHERE name = 'appliance_version'", [version])


def _all_bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_newer_folder_is_refused_with_both_versions_and_not_a_byte_of_it_changes(tmp_path: Path) -> None:
    _newer(tmp_path)
    before = _all_bytes(tmp_path)
    with pytest.raises(StoreNewer) as refused:
        refuse_newer(tmp_path)
    for words in ("Interview Appliance 99.1.2", f"this one, {appliance.__version__}", "Nothing was changed",
                  "`appliance restore FILE`"):
        assert words in str(refused.value)
    assert _all_bytes(tmp_path) == before
    with pytest.raises(StoreNewer, match=r"99\.1\.2"):   # whoever opens it without asking first
        Store(tmp_path)


def test_a_newer_folder_whose_last_words_are_in_the_log_is_refused_too(tmp_path: Path) -> None:
    """A newer appliance was killed right after its upgrade: the database's file still says the old version."""
    folder = tmp_path / "data"
    Store(folder).close()
    with opened(folder / DATABASE) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        shutil.copytree(folder, tmp_path / "killed")
    killed = tmp_path / "killed"
    assert (killed / f"{DATABASE}-wal").stat().st_size
    before = rows_of(shutil.copytree(killed, tmp_path / "again") / DATABASE)
    with pytest.raises(StoreNewer, match="Nothing was changed"):
        refuse_newer(killed)
    assert rows_of(killed / DATABASE) == before


def test_a_refusal_names_the_copy_that_this_appliance_can_go_back_to(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = old_folder(tmp_path / "data", 3)
    with monkeypatch.context() as newer:
        _with_step(newer, lambda database: None)
        newer.setattr(appliance, "__version__", "99.0.0")
        Store(folder).close()
    [copy] = copies(folder)
    with pytest.raises(StoreNewer) as refused:
        refuse_newer(folder)
    assert str(copy.path) in str(refused.value)


def test_the_version_that_used_a_folder_last_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is none, a folder of a version that did not say it, and another program's file are no newer ones."""
    assert last_used(tmp_path) is None
    (tmp_path / DATABASE).write_text("no database, but as long as the head of one is " * 10)
    assert last_used(tmp_path) is None
    refuse_newer(tmp_path)
    old = old_folder(tmp_path / "old", 2)
    assert last_used(old) == LastUsed(2, "")
    assert newer_words(old) == ""
    with monkeypatch.context() as newer:
        newer.setattr(appliance, "__version__", "99.0.0")
        Store(old).close()
        assert newer_words(old) == ""
    assert last_used(old) == LastUsed(VERSION, "99.0.0")
    assert "last used by Interview Appliance 99.0.0" in newer_words(old)
    with closing(Store(old)):   # of the same form: this one may use it, and says so
        pass
    assert newer_words(old) == ""
