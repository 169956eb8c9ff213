"""A clean Debian in a folder, made by debootstrap, in which a package is tried as on a computer fresh from the shop.

Its packages come from where this machine's do. It needs root, because a foreign system's programs run in it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import psutil

__all__ = ["PERSON", "CleanDebian", "wait_for"]

PERSON = "person"
_SOURCES = ("etc/apt/sources.list", "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "usr/share/keyrings",
            "etc/resolv.conf", "etc/hosts")
"""How this machine reaches its packages; the clean one is told the same."""

_VOLATILE = re.compile(r"/(proc|sys|dev|run|tmp|var/(cache|log|tmp|lib/(apt|dpkg))|etc/(resolv\.conf|hosts))(/.*)?")
"""What changes whenever something is installed, whatever it is."""

_LIMIT = 90.0

T = TypeVar("T")


def wait_for(look: Callable[[], T], what: str, limit: float = _LIMIT) -> T:
    """The first result of `look` that is true.

    :raises SystemExit: if none was in time.
    """
    end = time.monotonic() + limit
    while not (found := look()):
        if time.monotonic() > end:
            raise SystemExit(f"never came: {what}")
        time.sleep(0.02)
    return found


class CleanDebian:
    """A system in a temporary folder, with one ordinary user; gone when the block is left, with all that runs in it.

    :param cache: a folder for the packed base system, so that it is made once.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._stack = ExitStack()
        self.root = Path()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clean-debian-",
                                                                             ignore_cleanup_errors=True)))
            self.root.chmod(0o755)
            subprocess.run(["tar", "-xf", self._base(), "-C", self.root], check=True)
            for name in _SOURCES:
                self._take_over(name)
            for kind, source, place in (("proc", "proc", "proc"), ("tmpfs", "tmpfs", "dev/shm"),
                                        ("bind", "/tmp/.X11-unix", "tmp/.X11-unix")):  # noqa: S108 - the screen
                self._mount(kind, source, self.root / place, stack)
            stack.callback(self._end_all)
            self.run("useradd", "--create-home", "--shell", "/bin/sh", PERSON)
            self.run("apt-get", "update", "-q")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stack.close()

    @property
    def home(self) -> Path:
        """The user's, as seen from outside."""
        return self.root / "home" / PERSON

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command in it as root; returns what it prints.

        :raises SystemExit: if it fails, with what it printed.
        """
        done = subprocess.run(self._inside("root", command, {}), check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if check and done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}")
        return done.stdout

    def start(self, *command: str, printed: Path, **environment: str) -> subprocess.Popen[bytes]:
        """Start a command in it as the ordinary user.

        :param printed: a file for what it prints.
        """
        with printed.open("ab") as file:
            return subprocess.Popen(self._inside(PERSON, command, environment), stdout=file, stderr=file,
                                    stdin=subprocess.DEVNULL, start_new_session=True)

    def as_person(self, *command: str, **environment: str) -> str:
        """Run a command in it as the ordinary user, to its end; returns what it prints.

        :raises SystemExit: if it fails, with what it printed.
        """
        done = subprocess.run(self._inside(PERSON, command, environment), check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}")
        return done.stdout

    def processes(self) -> list[psutil.Process]:
        """All that run in it."""
        found = []
        for one in psutil.process_iter():
            with suppress(OSError, psutil.NoSuchProcess):
                if Path(f"/proc/{one.pid}/root").readlink() == self.root and one.status() != psutil.STATUS_ZOMBIE:
                    found.append(one)
        return found

    def files(self) -> set[str]:
        """The paths of all that lies on its disk, but for what every installation changes."""
        return {f"/{path.relative_to(self.root)}" for path in self._walk(self.root)
                if not _VOLATILE.fullmatch(f"/{path.relative_to(self.root)}")}

    def _walk(self, folder: Path) -> list[Path]:
        found = []
        for below, folders, names in os.walk(folder):
            folders[:] = [one for one in folders if not os.path.ismount(Path(below) / one)]
            found += [Path(below) / one for one in (*folders, *names)]
        return found

    def _inside(self, user: str, command: Sequence[str], environment: dict[str, str]) -> list[str]:
        home = "/root" if user == "root" else f"/home/{user}"
        variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home,
                     "USER": user, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **environment}
        return ["chroot", f"--userspec={user}", str(self.root), "/usr/bin/env", "-i", f"--chdir={home}",
                *(f"{name}={value}" for name, value in variables.items()), *command]

    def _base(self) -> Path:
        """The packed base system of this machine's own release."""
        release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
                       if "=" in line).get("VERSION_CODENAME", "stable")
        packed = self._cache / f"debian-{release}.tar"
        if not packed.is_file():
            self._cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as folder:
                print(f"debootstrap makes a Debian {release}; that takes some minutes, once", flush=True)
                subprocess.run(["debootstrap", "--variant=minbase", release, folder, _archive()], check=True,
                               stdout=subprocess.DEVNULL)
                subprocess.run(["tar", "-cf", packed.with_suffix(".new"), "-C", folder, "."], check=True)
            packed.with_suffix(".new").rename(packed)
        return packed

    def _take_over(self, name: str) -> None:
        source, target = Path("/") / name, self.root / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.is_file():
            target.unlink(missing_ok=True)
            shutil.copyfile(source, target)

    def _mount(self, kind: str, source: str, place: Path, stack: ExitStack) -> None:
        place.mkdir(parents=True, exist_ok=True)
        options = ["--bind", source] if kind == "bind" else ["-t", kind, source]
        subprocess.run(["mount", *options, str(place)], check=True)
        stack.callback(subprocess.run, ["umount", "--lazy", str(place)], check=False)

    def _end_all(self) -> None:
        there = self.processes()
        for one in there:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(there, timeout=10)


def _archive() -> str:
    """Where this machine's packages come from.

    :raises SystemExit: if that cannot be found out.
    """
    places = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*.sources")),
              *sorted(Path("/etc/apt/sources.list.d").glob("*.list"))]
    for place in places:
        if place.is_file():
            text = place.read_text(encoding="utf-8")
            found = re.search(r"^(?:URIs:\s*|deb\s+(?:\[.*?\]\s+)?)(\S+)", text, re.MULTILINE)
            if found:
                return found[1]
    raise SystemExit("This machine does not say where its packages come from.")
