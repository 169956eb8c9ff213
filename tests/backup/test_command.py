"""What the commands say before they ask for a passphrase: whoever is to type one hears first what is in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import cli
from appliance.locks import FileLock
from tests.backup.folder import Folder


@pytest.fixture
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(what: str, **_: object) -> str:
        raise AssertionError(f"{what} was asked for")
    monkeypatch.setattr(cli, "_asked", asked)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(arguments) == 1
    said = capsys.readouterr()
    assert not said.out
    return said.err


@pytest.mark.usefixtures("nobody_is_asked")
class TestBeforeAPassphrase:
    def test_what_is_no_backup_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A file that is not there, a folder, another file; and no data folder comes of it."""
        (tmp_path / "a.txt").write_text("Hello")
        data = str(tmp_path / "data")
        assert "There is no file" in refusal(capsys, "restore", str(tmp_path / "absent"), "--data", data)
        assert "is a folder. Please name the backup" in refusal(capsys, "restore", str(tmp_path), "--data", data)
        assert "is not a backup" in refusal(capsys, "restore", str(tmp_path / "a.txt"), "--data", data)
        assert not (tmp_path / "data").exists()

    def test_an_appliance_that_runs_is_to_be_stopped(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = Folder(tmp_path)
        backup = folder.backup(tmp_path / "b")
        folder.store.close()
        with FileLock(folder.data / "running.lock"):
            assert "Please stop it first" in refusal(capsys, "restore", str(backup), "--data", str(folder.data))

    def test_without_data_the_file_is_missing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """`appliance restore` on a new computer is somebody who forgot to name the file."""
        assert "name its file: appliance restore FILE" in refusal(capsys, "restore", "--data", str(tmp_path / "data"))

    def test_a_folder_to_write_to_must_be_there(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = Folder(tmp_path)
        folder.store.close()
        said = refusal(capsys, "backup", str(tmp_path / "absent" / "b"), "--data", str(folder.data))
        assert said == f"There is no folder {tmp_path / 'absent'}.\n"
