"""What people are told when a data folder is not of this version of the appliance: by every command, on the way in."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

import appliance
from appliance import cli
from appliance.store.database import Store
from appliance.store.migrations import VERSION
from tests.store.old_folder import DATABASE, opened


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A data folder that a newer appliance has used, with nothing in it that this one could not read."""
    with closing(Store(tmp_path)) as store:
        store.write(lambda database: database.execute("UPDATE meta SET value = '99.1.2' WHERE name ="
                                                      " 'appliance_version'")).result()
    return tmp_path


def _everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _refused(folder: Path, capsys: pytest.CaptureFixture[str], *command: str) -> str:
    assert cli.main([*command, "--data", str(folder)]) == 1
    return capsys.readouterr().err


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["cron", "cron_daily"], ["user", "add", "a@b.example"],
                                     ["install", "x.zip"]], ids=lambda command: str(command[0]))
def test_no_command_touches_a_newer_folder(
        newer: Path, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    """Both versions are named; no file is made, changed or removed, also where the settings could not be read."""
    with opened(newer / DATABASE) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    (newer / "config.yml").write_text("a directive of later: 1\n", encoding="utf-8")
    before = _everything(newer)
    told = _refused(newer, capsys, *command)
    assert f"last used by Interview Appliance 99.1.2, which is newer than this one, {appliance.__version__}" in told
    assert "directive" not in told
    assert _everything(newer) == before


def test_settings_and_packages_of_a_newer_version_say_so(newer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The data is of the same form, but something beside it is not: the words name both versions, and what it is."""
    (newer / "config.yml").write_text("a directive of later: 1\n", encoding="utf-8")
    told = _refused(newer, capsys, "serve", "--port", "0")
    assert "line 1: 'a directive of later' is not a directive" in told
    assert f"last used by Interview Appliance 99.1.2; this is {appliance.__version__}" in told
    (newer / "config.yml").unlink()
    (newer / "packages").mkdir()
    (newer / "packages" / "index.json").write_text(json.dumps({"packages": {"x": {"of later": 1}}}), encoding="utf-8")
    assert "packages" in _refused(newer, capsys, "serve", "--port", "0")


def test_a_mistake_in_settings_is_not_blamed_on_a_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Store(tmp_path).close()
    (tmp_path / "config.yml").write_text("langage: fr\n", encoding="utf-8")
    assert "last used" not in _refused(tmp_path, capsys, "serve", "--port", "0")
