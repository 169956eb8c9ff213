"""Starting at login: what each system is told, and what becomes of it when the program or the folder moves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from appliance import data_folder
from appliance.shell.login_item import AutostartPlace, LaunchAgentPlace, LoginItem, Place

_READ_BY_GLIB = """
import json, sys
from gi.repository import GLib
file = GLib.KeyFile()
file.load_from_file(sys.argv[1], 0)
print(json.dumps(GLib.shell_parse_argv(file.get_string("Desktop Entry", "Exec"))[1]))
"""
NASTY = 'Ann\'s "data" 100% $HOME `x` \\n ü'


@pytest.fixture(params=["linux", "macos"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The entry of each system that keeps it in a file."""
    return AutostartPlace(tmp_path / "entry") if request.param == "linux" else LaunchAgentPlace(tmp_path / "entry")


def test_on_and_off(place: Place, home: Path, tmp_path: Path) -> None:
    """On names the program and, where the app would not find it by itself, the folder; off leaves nothing."""
    program = [sys.executable, "-m", "appliance"]
    usual = LoginItem(data_folder.usual(), place, lambda: program)
    assert not usual.is_on
    usual.switch(on=True)
    assert usual.is_on
    assert place.command() == [*program, "--background"]
    other = LoginItem(tmp_path / NASTY, place, lambda: program)
    assert not other.is_on
    other.switch(on=False)   # not its own
    assert usual.is_on
    other.switch(on=True)
    assert place.command() == [*program, "--background", "--data", str(tmp_path / NASTY)]
    assert (usual.is_on, other.is_on) == (False, True)
    other.switch(on=False)
    assert place.command() == []
    assert list((tmp_path / "entry").iterdir()) == []
    other.switch(on=False)


def test_a_moved_program(place: Place, home: Path, tmp_path: Path) -> None:
    """Is noticed at the next start, and only then is anything written: another program that is there stays as it is."""
    old, new = tmp_path / "old" / "appliance", tmp_path / "new" / "appliance"
    for one in (old, new):
        one.parent.mkdir()
        one.touch()
    item = LoginItem(data_folder.usual(), place, lambda: [str(new)])
    assert not item.mend()
    LoginItem(data_folder.usual(), place, lambda: [str(old)]).switch(on=True)
    assert not item.mend()
    old.unlink()
    assert not LoginItem(tmp_path / "another folder", place, lambda: [str(new)]).mend()
    assert item.mend()
    assert place.command() == [str(new), "--background"]


def test_the_entry_follows_the_folder(place: Place, home: Path, tmp_path: Path) -> None:
    """When the data moves to a folder that was chosen, the entry goes with it."""
    LoginItem(data_folder.usual(), place).switch(on=True)
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    (chosen / "config.yml").touch()
    data_folder.choose(chosen)
    assert LoginItem(chosen, place).is_on


def test_what_the_system_reads_in_the_entry(tmp_path: Path) -> None:
    """GLib, which desktops read it with, finds the same words."""
    place = AutostartPlace(tmp_path)
    words = [f"/opt/{NASTY}/appliance", "--background", "--data", f"/home/{NASTY}"]
    place.write(words)
    file = tmp_path / "interview-appliance.desktop"
    [tried] = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("TryExec=")]
    assert tried.removeprefix("TryExec=").replace("\\\\", "\\") == words[0]   # without it, desktops pass over the entry
    if subprocess.run(["/usr/bin/python3", "-c", "import gi"], capture_output=True, check=False).returncode:
        pytest.skip("the system's Python has no GLib")
    found = subprocess.run(["/usr/bin/python3", "-c", _READ_BY_GLIB, str(file)], capture_output=True, check=True)
    assert [word.replace("%%", "%") for word in json.loads(found.stdout)] == words


def test_switched_off_by_the_system(tmp_path: Path) -> None:
    """Whoever unticks it in the settings of the desktop has switched it off; the page says so, and can switch it on."""
    place = AutostartPlace(tmp_path)
    item, file = LoginItem(tmp_path, place), tmp_path / "interview-appliance.desktop"
    for mark in ("X-GNOME-Autostart-enabled=false", "Hidden=true"):
        item.switch(on=True)
        file.write_text(f"{file.read_text()}{mark}\n")
        assert not item.is_on
        item.switch(on=True)
        assert item.is_on


@pytest.mark.parametrize("damaged", [b"", b"\0\0\0\0", b"<plist><dict>", b"<plist><array/></plist>", b"=\n\xff"])
def test_a_damaged_entry_is_none(damaged: bytes, place: Place, home: Path, tmp_path: Path) -> None:
    """As a power cut may leave it: the start and the page Settings go on, and it can be switched on."""
    switch = LoginItem(data_folder.usual(), place, lambda: [sys.executable])
    switch.switch(on=True)
    [file] = (tmp_path / "entry").iterdir()
    file.write_bytes(damaged)
    assert not switch.is_on
    assert not switch.mend()
    switch.switch(on=True)
    assert switch.is_on
