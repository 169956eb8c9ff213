"""The scripts of the tarball, run for real with a small program in the bundle's place."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from system_files import Facts, filled

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tarball is for Linux")

FACTS = Facts(datetime(2027, 1, 31, tzinfo=UTC))


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """The tarball, unpacked; its program sleeps."""
    folder = tmp_path / "Größe 1"
    program = folder / "program" / "appliance"
    program.parent.mkdir(parents=True)
    shutil.copy(shutil.which("sleep") or "", program)
    for script in ("install.sh", "uninstall.sh"):
        (folder / script).write_text(filled(script, FACTS, machine=platform.machine(), glibc="17"), encoding="utf-8")
        (folder / script).chmod(0o755)
    (folder / "COPYRIGHT.txt").write_text("ours\n", encoding="utf-8")
    for place, name in (("icons/hicolor/48x48/apps", "interview-appliance.png"), ("mime/packages", ""),
                        ("man/man1", "appliance.1"), ("applications", "")):
        target = folder / "share" / place
        target.mkdir(parents=True)
        if name:
            (target / name).write_text("", encoding="utf-8")
    (folder / "share/mime/packages/interview-appliance.xml").write_text(
        filled("interview-appliance.xml", FACTS), encoding="utf-8")
    (folder / "share/applications/interview-appliance.desktop").write_text(
        filled("interview-appliance.desktop", FACTS), encoding="utf-8")
    return folder


def run(script: Path, home: Path, *arguments: str) -> str:
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    return subprocess.run(["sh", script, *arguments], env=environment, check=True, capture_output=True,
                          text=True).stdout


def files(home: Path) -> set[str]:
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if not path.is_dir() or path.is_symlink()}


def test_installed_replaced_while_it_runs_and_removed(unpacked: Path, tmp_path: Path) -> None:
    """In a home folder whose path means something to a shell, to sed and to menu entries. What runs is ended before it
    is replaced, and before it is removed; nothing stays but what was there.
    """
    home = tmp_path / 'Büro & "Nord" $1 100%'
    data = home / ".local/share/interview-appliance/appliance.db"
    data.parent.mkdir(parents=True)
    data.write_text("answers", encoding="utf-8")
    autostart = home / ".config/autostart/interview-appliance.desktop"
    run(unpacked / "install.sh", home, "--as-root")
    program = home / ".local/lib/interview-appliance/appliance"
    assert (home / ".local/bin/appliance").resolve() == program
    entry = (home / ".local/share/applications/interview-appliance.desktop").read_text(encoding="utf-8")
    [words, *_] = [line.removeprefix("Exec=") for line in entry.splitlines() if line.startswith("Exec=")]
    quoted = str(program).replace("%", "%%")
    for one in '"$`':
        quoted = quoted.replace(one, "\\\\" + one)   # in the quoted word, and again in the file
    assert words == f'"{quoted}" open %F'
    assert f"TryExec={program}\n" in entry

    for script in (unpacked / "install.sh", program.parent / "uninstall.sh"):
        with subprocess.Popen([program, "600"]) as running:
            end = time.monotonic() + 60
            while Path(f"/proc/{running.pid}/exe").readlink() != program and time.monotonic() < end:
                time.sleep(0.01)
            if script.name == "uninstall.sh":
                autostart.parent.mkdir(parents=True)
                autostart.write_text(f'[Desktop Entry]\nExec="{program}" --background\n', encoding="utf-8")
            said = run(script, home, *(["--as-root"] if script.name == "install.sh" else []))
            assert running.wait(60) < 0
        assert "is stopped" in said
    left = {path for path in files(home) if "/mime/" not in path and not path.endswith("mimeinfo.cache")}
    assert left == {".local/share/interview-appliance/appliance.db"}


def test_a_system_that_is_too_old_is_told_so(unpacked: Path, tmp_path: Path) -> None:
    """Nothing is installed, and the message says what is needed."""
    script = unpacked / "install.sh"
    script.write_text(filled("install.sh", FACTS, machine=platform.machine(), glibc="999"), encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(["sh", script, "--as-root"], env={"HOME": str(home), "PATH": os.environ["PATH"]},
                          check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "glibc 2.999" in done.stderr
    assert not files(home)
