"""Packs the bundle with Qt's window into a tarball that installs itself into a home folder, for any Linux."""

from __future__ import annotations

import os
import platform
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from draw_icons import write_pngs
from system_files import Facts, filled, man_page

__all__ = ["Tarball", "build_tarball"]

LINUX = Path(__file__).resolve().parent / "linux"
_GLIBC = b"GLIBC_2."


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
    """
    name = f"interview-appliance-{facts.version}"
    file = target / f"{name}-linux-{platform.machine()}.tar.xz"
    with tempfile.TemporaryDirectory(prefix="appliance-tarball-") as work:
        extra = Path(work)
        _add_system_files(extra, licences, facts, bundle)
        with tarfile.open(file, "w:xz", preset=6) as packed:
            for source, below in ((extra, name), (bundle, f"{name}/program")):
                packed.add(source, below, filter=lambda one: _plain(one, facts))
            unpacked = sum(member.size for member in packed.getmembers())
    return Tarball(file, unpacked)
