"""Files opened for a turn or task: real paths in a folder of their own, what changed, and nothing left afterwards."""

from __future__ import annotations

import doctest
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance import workspace as module
from appliance.interview.files import FileInfo
from appliance.workspace import PREFIX, Workspace, remove_leftovers, safe_filename


@dataclass
class Stored:
    """What a store has, and how often it was asked for content."""

    files: dict[int, tuple[FileInfo, bytes]] = field(default_factory=dict)
    loaded: list[int] = field(default_factory=list)

    def put(self, number: int, filename: str, content: bytes) -> None:
        self.files[number] = (FileInfo(number, filename, "text/plain", len(content)), content)

    def look(self, number: int) -> FileInfo | None:
        found = self.files.get(number)
        return None if found is None else found[0]

    def load(self, number: int, path: Path) -> None:
        self.loaded.append(number)
        path.write_bytes(self.files[number][1])


@pytest.fixture
def stored() -> Stored:
    one = Stored()
    one.put(7, "lease.txt", b"the lease")
    return one


@pytest.fixture
def workspace(stored: Stored) -> Iterator[Workspace]:
    """Closed by each test, which leaves nothing."""
    one = Workspace(stored.look, stored.load)
    yield one
    folder = one._folder
    one.close()
    assert folder is None or not folder.exists()


def changed(workspace: Workspace) -> dict[int, tuple[str, bytes | None]]:
    return {change.info.number: (change.info.filename, None if change.path is None else change.path.read_bytes())
            for change in workspace.changes()}


def test_a_turn_that_opens_nothing_makes_no_folder(workspace: Workspace, stored: Stored) -> None:
    """Looking is no opening, and what is only looked at or read is no change."""
    assert workspace.info(7) == FileInfo(7, "lease.txt", "text/plain", 9)
    assert workspace.info(8) is None
    assert (workspace._folder, stored.loaded) == (None, [])
    assert workspace.path(7).read_bytes() == b"the lease"
    assert workspace.path(7).name == "lease.txt"
    assert stored.loaded == [7]
    assert changed(workspace) == {}


def test_what_is_made_and_written_is_a_change(workspace: Workspace) -> None:
    """With the size as it is now; an empty new file is one too."""
    made, empty = workspace.new("Kündigung.pdf"), workspace.new("empty", "text/x-note")
    assert (made.mimetype, empty.mimetype) == ("application/pdf", "text/x-note")
    workspace.path(made.number).write_bytes(b"%PDF")
    workspace.path(7).write_bytes(b"another")
    info = workspace.info(made.number)
    assert info is not None
    assert info.size == 4
    assert changed(workspace) == {made.number: ("Kündigung.pdf", b"%PDF"), empty.number: ("empty", b""),
                                  7: ("lease.txt", b"another")}


def test_the_same_size_at_the_same_time_is_seen(workspace: Workspace) -> None:
    """Content is compared, not the time that the system notes, which may stand still for some milliseconds."""
    path = workspace.path(7)
    times = path.stat()
    path.write_bytes(b"the leave")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert changed(workspace) == {7: ("lease.txt", b"the leave")}


def test_a_new_name_is_a_change(workspace: Workspace) -> None:
    """Also without new content; the path has it, and the old path is gone."""
    old = workspace.path(7)
    assert workspace.rename(7, "../evil/lease.md") == FileInfo(7, "lease.md", "text/markdown", 9)
    assert (workspace.path(7).name, old.exists()) == ("lease.md", False)
    assert changed(workspace) == {7: ("lease.md", b"the lease")}
    made = workspace.new("a.txt")
    workspace.rename(made.number, "b.txt", "text/x-note")
    assert workspace.info(made.number) == FileInfo(made.number, "b.txt", "text/x-note", 0)


def test_deleting(workspace: Workspace, stored: Stored) -> None:
    """A stored file is to be deleted, opened or not; a new one was never there; nothing happens to one that is not."""
    stored.put(9, "b.txt", b"")
    made = workspace.new("a.txt")
    workspace.path(7)
    for number in (7, 9, made.number, 12345):
        workspace.delete(number)
        assert workspace.info(number) is None
        with pytest.raises(FileNotFoundError, match=str(number)):
            workspace.path(number)
        with pytest.raises(FileNotFoundError):
            workspace.rename(number, "x")
    assert changed(workspace) == {7: ("lease.txt", None), 9: ("b.txt", None)}


def test_what_author_code_removes_from_the_disk_is_no_change(workspace: Workspace) -> None:
    """A new file is not kept then, and a stored one stays as it was."""
    made = workspace.new("a.txt")
    workspace.path(made.number).unlink()
    workspace.path(7).unlink()
    assert changed(workspace) == {}


def test_what_was_kept_is_no_change_any_more(workspace: Workspace) -> None:
    """Where a part of a turn is committed before its end."""
    made = workspace.new("a.txt")
    workspace.path(made.number).write_bytes(b"1")
    workspace.delete(7)
    assert len(changed(workspace)) == 2
    workspace.kept()
    assert changed(workspace) == {}
    workspace.path(made.number).write_bytes(b"2")
    assert changed(workspace) == {made.number: ("a.txt", b"2")}


def test_only_new_files_of_another_workspace_are_adopted(workspace: Workspace) -> None:
    def load(number: int, path: Path) -> None:
        shutil.copyfile(workspace.path(number), path)
    other = Workspace(workspace.info, load)
    made, dropped = other.new("a.txt"), other.new("b.txt")
    other.path(made.number).write_bytes(b"new")
    other.path(7).write_bytes(b"done before")
    other.delete(dropped.number)
    other.delete(7)
    workspace.adopt(other)
    assert changed(workspace) == {made.number: ("a.txt", b"new")}
    assert workspace.path(7).read_bytes() == b"the lease"


def test_half_a_file_is_not_taken_for_the_whole_one(workspace: Workspace, monkeypatch: pytest.MonkeyPatch,
                                                    stored: Stored) -> None:
    """Loading that breaks off is loading again at the next try."""
    def breaks(number: int, path: Path) -> None:
        path.write_bytes(b"the l")
        raise OSError("the disk is gone")
    with monkeypatch.context() as broken:
        broken.setattr(workspace, "_load", breaks)
        with pytest.raises(OSError, match="gone"):
            workspace.path(7)
    assert workspace.path(7).read_bytes() == b"the lease"
    assert stored.loaded == [7]


def test_nothing_can_be_opened_when_it_is_over(workspace: Workspace) -> None:
    """Code of a turn that was given up may still run."""
    folder = workspace.path(workspace.new("a.txt").number).parent.parent
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0
    workspace.close()
    assert not folder.exists()
    for attempt in (lambda: workspace.new("b.txt"), lambda: workspace.path(7)):
        with pytest.raises(RuntimeError, match="is over"):
            attempt()
    workspace.close()
    assert not folder.exists()


def test_only_folders_of_dead_processes_are_leftovers(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    """Also where the number of the process was given to another one since, and not where the clock was set a bit."""
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name in (f"{PREFIX}{dead.pid}-abc", f"{PREFIX}{os.getpid()}-live", f"{PREFIX}{os.getpid()}-older",
                 f"{PREFIX}{os.getpid()}-long-ago", f"{PREFIX}nonsense", "something-else"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Zaphod.txt").touch()
    now = (tmp_path / "something-else").stat().st_mtime
    os.utime(tmp_path / f"{PREFIX}{os.getpid()}-older", (now - 7200, now - 7200))
    os.utime(tmp_path / f"{PREFIX}{os.getpid()}-long-ago", (now - 10 * 86400, now - 10 * 86400))
    remove_leftovers()
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{PREFIX}{os.getpid()}-live", f"{PREFIX}{os.getpid()}-older", f"{PREFIX}nonsense", "something-else"}
    assert workspace.info(7) is not None


@pytest.mark.parametrize(("given", "safe"), [
    ("Lease (2024).pdf", "Lease (2024).pdf"), ("../../etc/passwd", "passwd"), ("C:\\temp\\x.pdf", "x.pdf"),
    ("..", "file"), ("", "file"), (".", "file"), ("/", "file"), (" .bashrc. ", "bashrc"), ("a\0b\nc.txt", "abc.txt"),
    ("<script>.html", "_script_.html"), ("con", "_con"), ("LPT1.txt", "_LPT1.txt"), ("CON .txt", "_CON .txt"),
    ("Mietvertrag Änderung.docx", "Mietvertrag Änderung.docx"), ("договор.pdf", "договор.pdf"),
    ("租约.pdf", "租约.pdf"),
    ("evil\u202efdp.exe", "evilfdp.exe"), ("می\u200cخواهم.pdf", "می\u200cخواهم.pdf"), ("half \udc80.txt", "half .txt"),
    ("x" * 300 + ".pdf", "x" * 116 + ".pdf"), ("y" * 300, "y" * 120), ("é" * 100 + ".pdf", "é" * 58 + ".pdf"),
    ("x." + "y" * 300, "x." + "y" * 118)])
def test_names_are_safe_on_every_system_and_stay_what_people_wrote(given: str, safe: str, tmp_path: Path) -> None:
    """One part, no control characters, nothing that Windows reserves, and short enough for every disk."""
    assert safe_filename(given) == safe
    (tmp_path / safe).touch()
    assert [path.name for path in tmp_path.iterdir()] == [safe]


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(module).failed == 0
