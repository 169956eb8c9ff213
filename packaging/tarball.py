"""Packs the bundle with Qt's window into a tarball that installs itself into a home folder, for any Linux."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from draw_icons import write_pngs
from system_files import Facts, filled, man_page

__all__ = ["Tarball", "build_tarball", "needed_glibc"]

LINUX = Path(__file__).resolve().parent / "linux"
_GLIBC = re.compile(rb"GLIBC_2\.(\d+)\0")


@dataclass(frozen=True)
class Tarball:
    """A tarball that was packed.

    :param file: the tarball.
    :param unpacked: the bytes of its files.
    """

    file: Path
    unpacked: int


def build_tarball(bundle: Path, licences: str, facts: Facts, target: Path) -> Tarball:
    """Pack it.

    :param bundle: PyInstaller's folder.
    :param target: the folder for the tarball.
    :raises subprocess.CalledProcessError: if it cannot be packed.
    """
    name = f"interview-appliance-{facts.version}"
    file = target / f"{name}-linux-{platform.machine()}.tar.xz"
    with tempfile.TemporaryDirectory(prefix="appliance-tarball-") as work:
        extra = Path(work)
        _add_system_files(extra, licences, facts, bundle)
        with _packed(file) as stream, tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as packed:
            for source, below in ((extra, name), (bundle, f"{name}/program")):
                packed.add(source, below, filter=lambda member: _plain(member, facts))
        unpacked = sum(path.stat().st_size for folder in (extra, bundle) for path in folder.rglob("*")
                       if path.is_file() and not path.is_symlink())
    return Tarball(file, unpacked)


def needed_glibc(bundle: Path) -> int:
    """The version 2.N of the system's C library without which something in the bundle cannot be loaded: N."""
    found = [0]
    for path in bundle.rglob("*"):
        if path.is_file() and not path.is_symlink() and (".so" in path.name or path.parent == bundle):
            found += [int(number) for number in _GLIBC.findall(path.read_bytes())]
    return max(found)


def _add_system_files(folder: Path, licences: str, facts: Facts, bundle: Path) -> None:
    words = {"glibc": str(needed_glibc(bundle)), "machine": platform.machine()}
    for script in ("install.sh", "uninstall.sh"):
        path = folder / script
        path.write_text(filled(script, facts, **words), encoding="utf-8")
        path.chmod(0o755)
    share = folder / "share"
    write_pngs(share / "icons" / "hicolor")
    for source, place in (("interview-appliance.xml", share / "mime" / "packages"),
                          ("interview-appliance.metainfo.xml", share / "metainfo")):
        place.mkdir(parents=True)
        (place / source).write_text(filled(source, facts), encoding="utf-8")
    applications = share / "applications"
    applications.mkdir()
    shutil.copyfile(LINUX / "interview-appliance.desktop", applications / "interview-appliance.desktop")
    (share / "man" / "man1").mkdir(parents=True)
    (share / "man" / "man1" / "appliance.1").write_text(man_page(facts), encoding="utf-8")
    (folder / "COPYRIGHT.txt").write_text(licences, encoding="utf-8")


def _plain(member: tarfile.TarInfo, facts: Facts) -> tarfile.TarInfo:
    """Of nobody in particular, and of the source's time."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mtime = int(facts.made.timestamp())
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member


@contextmanager
def _packed(file: Path) -> Iterator[IO[bytes]]:
    """A stream into an .xz file; the program `xz` uses all processors, where there is one."""
    program = shutil.which("xz")
    if program is None:
        import lzma

        with lzma.open(file, "wb", preset=6) as stream:
            yield stream
        return
    with file.open("wb") as output, subprocess.Popen([program, "-6", "-T0", "-c"], stdin=subprocess.PIPE,
                                                     stdout=output) as packing:
        assert packing.stdin is not None
        with packing.stdin:
            yield packing.stdin
        if packing.wait():
            raise subprocess.CalledProcessError(packing.returncode, [program])
