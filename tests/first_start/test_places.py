"""Where the data may live: what is refused, what is warned of, and what is offered instead."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from appliance.first_start.leaving import is_untouched, remove_untouched
from appliance.first_start.places import LEAST_ROOM, judge
from appliance.first_start.state import FirstStart, begin, continue_from
from appliance.locks import FileLock
from tests.backup.folder import Folder


@pytest.fixture
def current(tmp_path: Path) -> Path:
    """The data folder of now."""
    folder = tmp_path / "current"
    folder.mkdir()
    begin(folder)
    return folder


def write_pragma(data: Path, pragma: str) -> None:
    """Change what a database says of itself."""
    with closing(sqlite3.connect(data / "appliance.db")) as database:
        database.execute(f"PRAGMA {pragma}")


@pytest.mark.parametrize("name", ["new/deep ü", "empty"])
def test_a_folder_that_will_do(current: Path, tmp_path: Path, name: str) -> None:
    """A new folder, or an empty one; looking at it makes nothing."""
    (tmp_path / "empty").mkdir()
    before = set(tmp_path.iterdir())
    place = judge(f'  "{tmp_path / name}/" ', current)
    assert (place.folder, place.problem, place.warnings, place.appliance) == (tmp_path / name, "", (), None)
    assert place.free > 0
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(("typed", "words"), [
    ("", "choose a folder"), ("a\nb", "choose a folder"), ("data", "the whole name"), ("../data", "the whole name"),
    ("{current}/inside", "inside the folder"), ("{tmp}/a file", "This is a file")])
def test_what_is_refused(current: Path, tmp_path: Path, typed: str, words: str) -> None:
    """In the words of somebody who may never have seen a path."""
    (tmp_path / "a file").touch()
    assert words in judge(typed.format(current=current, tmp=tmp_path), current).problem


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links(current: Path, tmp_path: Path) -> None:
    """Another name of the folder of now is that folder; one that leads in a circle is none."""
    (tmp_path / "another name").symlink_to(current)
    assert judge(str(tmp_path / "another name"), current).folder == current
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert judge(str(tmp_path / "circle"), current).problem
    assert judge(str(tmp_path / "circle" / "data"), current).problem


def test_a_folder_with_other_things_in_it(current: Path, tmp_path: Path) -> None:
    """Another folder in it is offered; that one will do."""
    (tmp_path / "Documents").mkdir()
    (tmp_path / "Documents" / "letter.docx").touch()
    place = judge(str(tmp_path / "Documents"), current)
    assert "other things" in place.problem
    assert place.suggestion == tmp_path / "Documents" / "Interview Appliance"
    assert not judge(str(place.suggestion), current).problem


def test_no_room(current: Path, tmp_path: Path) -> None:
    """A full disk is refused, with how much is free and how much is needed."""
    place = judge(str(tmp_path / "new"), current, free=lambda _: LEAST_ROOM - 1)
    assert f"{(LEAST_ROOM - 1) >> 20} MB" in place.problem
    assert f"{LEAST_ROOM >> 20} MB" in place.problem


@pytest.mark.skipif(sys.platform != "linux", reason="a file system that nobody may write to")
def test_a_folder_that_cannot_be_written(current: Path) -> None:
    """Also where the one who looks has all rights: it is tried."""
    assert "written" in judge("/proc/somewhere", current).problem


@pytest.mark.parametrize(("folder", "cloud"), [
    ("OneDrive - Riverside Clinic/data", "OneDrive"), ("Dropbox (Team)/data", "Dropbox"), ("Nextcloud/x", "Nextcloud"),
    ("Library/Mobile Documents/com~apple~CloudDocs/x", "iCloud"), ("Library/CloudStorage/GoogleDrive-ann/x", "cloud"),
    ("Box/x", "Box"), ("Boxes/x", ""), ("Megan/x", ""), ("marked/x", "Syncthing"), ("OurDrive/x", "OneDrive")])
def test_folders_that_are_kept_the_same_elsewhere(current: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                  folder: str, cloud: str) -> None:
    """Are warned of, known by their names, by what such programs leave in them, or by the environment."""
    (tmp_path / "marked" / ".stfolder").mkdir(parents=True)
    monkeypatch.setenv("OneDriveCommercial", str(tmp_path / "OurDrive"))
    place = judge(str(tmp_path / folder), current)
    assert not place.problem
    assert [cloud in warning for warning in place.warnings] == [True] * bool(cloud)


def test_a_folder_on_another_computer(current: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is warned of; the file system that lies deepest decides."""
    class Partition:
        def __init__(self, mountpoint: Path, fstype: str) -> None:
            self.mountpoint, self.fstype, self.opts = str(mountpoint), fstype, "rw"

    mounted = [Partition(Path("/"), "ext4"), Partition(tmp_path / "net", "cifs"),
               Partition(tmp_path / "net" / "usb", "vfat")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: mounted)
    (tmp_path / "net" / "usb").mkdir(parents=True)
    warned = {name: judge(str(tmp_path / name / "data"), current).warnings for name in ("net", "net/usb", "other")}
    assert [name for name, warnings in warned.items() if warnings] == ["net"]
    assert "on another computer" in warned["net"][0]


def test_the_data_of_an_appliance(current: Path, tmp_path: Path, home: Path) -> None:
    """Is recognised, with its name; without its key here the recovery code is asked for; while it runs, or where it is
    of a newer appliance or another program, it is refused.
    """
    other = Folder(tmp_path / "other")
    (other.data / "config.yml").write_text("appname: The old clinic\n")
    typed = str(other.data)
    other.store.close()
    place = judge(typed, current)
    assert (place.problem, place.appliance, place.needs_code) == ("", "The old clinic", True)
    keys = home / "config" / "interview-appliance"
    keys.mkdir()
    [key] = other.keys.iterdir()
    key.rename(keys / key.name)
    assert not judge(typed, current).needs_code
    with FileLock(other.data / "running.lock"):
        assert "running" in judge(typed, current).problem
    (other.data / "config.yml").write_text("no such directive: 1\n")
    assert "would not start" in judge(typed, current).problem
    (other.data / "config.yml").unlink()
    write_pragma(other.data, "user_version = 9999")
    assert "newer appliance" in judge(typed, current).problem
    write_pragma(other.data, "application_id = 1")
    assert "not made by an appliance" in judge(typed, current).problem


def test_what_is_left_of_a_first_start(tmp_path: Path, home: Path) -> None:
    """A folder that nobody has used goes, with its key; one with anything of anybody in it stays as it is."""
    used = Folder(tmp_path / "used")
    used.store.close()
    FirstStart(used.data).remember()
    assert not is_untouched(used.data)
    assert not remove_untouched(used.data)
    assert (used.data / "appliance.db").exists()
    for name in ("letter.docx", "backups/interview.backup", "packages/x/docassemble/y.yml"):
        folder = tmp_path / name.replace("/", "-")
        (folder / name).parent.mkdir(parents=True)
        (folder / name).touch()
        begin(folder)
        assert not remove_untouched(folder)
        assert (folder / name).exists()
    new = tmp_path / "new"
    (new / "logs").mkdir(parents=True)
    (new / "data-folder.txt").touch()   # where the system has one place for data and configuration
    begin(new)
    continue_from(tmp_path / "elsewhere", tmp_path, taken_over=False)
    assert remove_untouched(new)
    assert [path.name for path in new.iterdir()] == ["data-folder.txt"]
    assert remove_untouched(new) is False
    assert remove_untouched(tmp_path / "none")
    assert FirstStart(tmp_path).waits is False


def test_a_folder_in_use_is_not_removed(current: Path) -> None:
    """While a server has it, and where its first start is over."""
    with FileLock(current / "running.lock"):
        assert not remove_untouched(current, patience=0)
    FirstStart(current).end()
    assert not remove_untouched(current)
    assert current.exists()
