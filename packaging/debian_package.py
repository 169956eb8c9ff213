"""Puts the bundle with GTK's window into a .deb, with all that makes it a program of the desktop."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from draw_icons import write_pngs
from system_files import Facts, filled, man_page

__all__ = ["build_deb"]

HERE = Path(__file__).resolve().parent
NAME = "interview-appliance"
FOLDER = f"usr/lib/{NAME}"

# What the window needs and no shared library leads to: PyGObject finds these at run time. The typelib of WebKitGTK
# brings the web engine itself.
_INTROSPECTED = ("gir1.2-glib-2.0", "gir1.2-gtk-3.0", "gir1.2-webkit2-4.1")
# Certificates for mail servers; the type of packages; time zones.
_DEPENDS = (*_INTROSPECTED, "ca-certificates", "shared-mime-info", "tzdata")
# The icon in the tray, where the desktop has one; the system's programs for links and documents; the menu; names that
# time zones had before (US/Eastern), which newer releases of Debian have in a package of their own.
_RECOMMENDS = ("gir1.2-ayatanaappindicator3-0.1", "xdg-utils", "desktop-file-utils", "hicolor-icon-theme",
               "tzdata-legacy")
_SUGGESTS = ("tesseract-ocr",)

_CONTROL = """Package: {name}
Version: {version}
Architecture: {architecture}
Maintainer: Interview Appliance contributors <nobody@localhost>
Installed-Size: {size}
Depends: {depends}
Recommends: {recommends}
Suggests: {suggests}
Section: misc
Priority: optional
Description: run docassemble interviews on one computer
 Opens docassemble interviews in a window of its own, makes their documents,
 runs their background tasks, and reacts to dates and to mail. It needs no
 internet, no server and no administrator. Others on the same network can take
 part with a browser, where its owner allows that.
 .
 The package carries Python and the libraries that it uses; the web engine is
 the system's WebKitGTK.
"""


_COPYRIGHT = """Interview Appliance

{licence}
The package carries Python and packages of others, each under a licence of its own: carried.txt.gz, beside this file,
has all of them with their texts.
"""


@dataclass(frozen=True)
class Deb:
    """A package that was built.

    :param file: the package.
    :param installed: the bytes that it takes when it is installed, as dpkg counts them.
    """

    file: Path
    installed: int


def build_deb(bundle: Path, licences: str, facts: Facts, target: Path) -> Deb:
    """Make the package.

    :param bundle: PyInstaller's folder; it is copied.
    :param target: the folder for the package.
    :raises subprocess.CalledProcessError: if Debian's tools, which say why, refuse.
    """
    architecture = _told("dpkg", "--print-architecture")
    with tempfile.TemporaryDirectory(prefix="appliance-deb-") as work:
        tree = Path(work) / "tree"
        tree.mkdir(mode=0o755)
        shutil.copytree(bundle, tree / FOLDER, symlinks=True)
        _add_system_files(tree, licences, facts)
        _set_modes(tree)
        size = installed_size(tree)
        control = tree / "DEBIAN"
        control.mkdir(mode=0o755)
        for script in ("prerm", "postinst", "postrm"):
            shutil.copyfile(HERE / "linux" / script, control / script)
            (control / script).chmod(0o755)
        (control / "control").write_text(_CONTROL.format(
            name=NAME, version=facts.version, architecture=architecture, size=size,
            depends=", ".join([*_libraries(tree, Path(work)), *_DEPENDS]), recommends=", ".join(_RECOMMENDS),
            suggests=", ".join(_SUGGESTS)), encoding="utf-8")
        (control / "control").chmod(0o644)
        file = target / f"{NAME}_{facts.version}_{architecture}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(file)],
                       check=True, stdout=subprocess.DEVNULL)
    return Deb(file, size * 1024)


def installed_size(tree: Path) -> int:
    """In KiB: each file rounded up, and one for each folder and link, as Debian's policy says."""
    size = 0
    for path in tree.rglob("*"):
        size += -(-path.lstat().st_size // 1024) if path.is_file() and not path.is_symlink() else 1
    return size


def _add_system_files(tree: Path, licences: str, facts: Facts) -> None:
    share = tree / "usr" / "share"
    program = tree / "usr" / "bin" / "appliance"
    program.parent.mkdir(parents=True)
    program.symlink_to(Path("..") / "lib" / NAME / "appliance")
    write_pngs(share / "icons" / "hicolor")
    for source, folder in (("interview-appliance.desktop", "applications"),
                           ("interview-appliance.xml", "mime/packages"),
                           ("interview-appliance.metainfo.xml", "metainfo")):
        place = share / folder / source
        place.parent.mkdir(parents=True)
        place.write_text(filled(source, facts), encoding="utf-8")
    _compress(man_page(facts), share / "man" / "man1" / "appliance.1.gz")
    documentation = share / "doc" / NAME
    documentation.mkdir(parents=True)
    (documentation / "copyright").write_text(_COPYRIGHT.format(
        licence=(HERE.parent / "LICENSE").read_text(encoding="utf-8")), encoding="utf-8")
    _compress(licences, documentation / "carried.txt.gz")
    _compress(f"{NAME} ({facts.version}) unstable; urgency=low\n\n  * See CHANGELOG.md of the source.\n\n"
              f" -- Interview Appliance contributors <nobody@localhost>  {facts.date_in_mail}\n",
              documentation / "changelog.gz")


def _compress(text: str, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _set_modes(tree: Path) -> None:
    """Readable by everybody, whatever the mask was of who built it; programs can be run, and nothing else."""
    program = tree / FOLDER / "appliance"
    for path in tree.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path == program else 0o644)
    tree.chmod(0o755)


def _libraries(tree: Path, work: Path) -> Sequence[str]:
    """What the shared libraries of the system are in, with versions, as Debian's own tool finds out."""
    binaries = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink() and _is_elf(path)]
    private = sorted({str(path.parent) for path in binaries})
    (work / "debian").mkdir()
    (work / "debian" / "control").write_text(f"Source: {NAME}\n\nPackage: {NAME}\nArchitecture: any\n",
                                             encoding="utf-8")
    said = subprocess.run(
        ["dpkg-shlibdeps", "-O", "--ignore-missing-info", "--warnings=0", *(f"-l{folder}" for folder in private),
         *(f"-e{binary}" for binary in binaries)],
        cwd=work, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout
    needed = said.strip().removeprefix("shlibs:Depends=")
    return sorted(one.strip() for one in needed.split(",") if one.strip())


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _told(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
