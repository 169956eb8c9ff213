"""``make package``: builds what this machine can build, into the folder ``dist``.

On Debian and its relatives that is the .deb and the tarball, on another Linux the tarball, on Windows and macOS the
folder that the scripts in ``windows`` and ``macos`` make an installer of. It needs nothing but Python: what else is
needed is installed into an environment of its own first, since a bundle carries what its Python has.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "packaging"
WORK = ROOT / "build" / "package"
DIST = ROOT / "dist"
WINDOWS = {"deb": "gtk", "tarball": "qt", "folder": "system"}
"""What can be built: the kind of window in it."""


def main() -> int:
    """Build; returns the exit status."""
    parser = argparse.ArgumentParser(description="Builds packages of the appliance into the folder dist.")
    parser.add_argument("what", nargs="*", metavar="deb|tarball|folder", help="all that this machine can, unless told")
    wanted = parser.parse_args().what or possible()
    if set(wanted) - set(WINDOWS):
        parser.error(f"it can build {', '.join(WINDOWS)}")
    try:
        python = environment(python_to_carry())
        for what in wanted:
            folder = bundle(python, WINDOWS[what])
            run(python, HERE / "bundle_check.py", folder, WINDOWS[what])
            run(python, HERE / "finish_package.py", what, folder, DIST)
    except subprocess.CalledProcessError as problem:
        sys.stdout.flush()
        print(f"This went wrong: {' '.join(map(str, problem.cmd[:6]))} …", file=sys.stderr)
        return 1
    return 0


def possible() -> list[str]:
    """What this machine can build."""
    if sys.platform != "linux":
        return ["folder"]
    return ["deb", "tarball"] if shutil.which("dpkg-shlibdeps") and Path("/usr/bin/python3").exists() else ["tarball"]


def python_to_carry() -> Path:
    """The Python that goes into the bundle: on Debian the system's, whose modules for GTK fit no other."""
    system = Path("/usr/bin/python3")
    return system if "deb" in possible() else Path(sys.executable)


def environment(base: Path) -> Path:
    """The Python of an environment with the appliance, as it is now, and what it takes to bundle it.

    :raises subprocess.CalledProcessError: if something cannot be installed; pip says what.
    """
    folder = WORK / "environment"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        run(base, "-m", "venv", "--clear", folder)
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet",
                             "-c", ROOT / "constraints.txt"]
    # What another version of the appliance needed must not be carried: an environment of other requirements is new.
    run(*pip, f"{ROOT}[package]")
    run(*pip, "--force-reinstall", "--no-deps", ROOT)
    if "deb" in possible():
        _link_pygobject(base, python)
    return python


def _link_pygobject(base: Path, python: Path) -> None:
    """Debian's PyGObject and nothing else of the system's packages, of which some are older ones of ours."""
    where = "import sysconfig; print(sysconfig.get_path('platlib'))"
    packages = Path(subprocess.run([python, "-c", where], check=True, capture_output=True, text=True).stdout.strip())
    found = subprocess.run([base, "-c", "import gi; print(gi.__path__[0])"], check=True, capture_output=True, text=True)
    link = packages / "gi"
    link.unlink(missing_ok=True)
    link.symlink_to(found.stdout.strip())


def bundle(python: Path, window: str) -> Path:
    """Have PyInstaller make the folder; returns it.

    :param window: ``gtk``, ``qt`` or ``system``.
    :raises subprocess.CalledProcessError: if it cannot.
    """
    folder = WORK / window
    run(python, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", "--distpath", folder,
        "--workpath", WORK / f"{window}-work", HERE / "appliance.spec", "--", "--window", window)
    return folder / "appliance"


def run(*command: str | Path) -> None:
    """Run a program; its output is ours.

    :raises subprocess.CalledProcessError: if it fails.
    """
    # The same source gives the same package: no times of today, no order by chance.
    same = {"SOURCE_DATE_EPOCH": str(source_date()), "PYTHONHASHSEED": "0"}
    subprocess.run(command, check=True, cwd=WORK if WORK.is_dir() else None, env={**os.environ, **same})


def source_date() -> int:
    """When the source was last changed, in seconds since 1970: the time of the newest commit where git knows it."""
    try:
        told = subprocess.run(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"],
                              check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return int(time.time())
    return int(told)


if __name__ == "__main__":
    WORK.mkdir(parents=True, exist_ok=True)
    sys.exit(main())
