"""A clean Debian in a folder, made by debootstrap, in which a package is tried as on a computer fresh from the shop.

Its packages come from where this machine's do. It needs root, because a foreign system's programs run in it.
"""

from __future__ import annotations

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

# A changed root alone would not do: in one, Linux gives nobody the namespaces that a web engine locks itself into.
_BECOME_THE_ROOT = """
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mkdir -p dev/shm tmp/.X11-unix .outside
mount -t proc proc proc
mount -t tmpfs tmpfs dev/shm
mount --bind /tmp/.X11-unix tmp/.X11-unix
pivot_root . .outside
exec chroot . sh -c 'umount -l /.outside; rmdir /.outside; exec sleep infinity'
"""

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
        self._holder: subprocess.Popen[bytes]
        self.root = Path()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clean-debian-",
                                                                             ignore_cleanup_errors=True)))
            self.root.chmod(0o755)
            subprocess.run(["tar", "-xf", self._base(), "-C", self.root], check=True)
            for name in _SOURCES:
                self._take_over(name)
            self._holder = stack.enter_context(subprocess.Popen(
                ["unshare", "--mount", "sh", "-euc", _BECOME_THE_ROOT, "sh", self.root], stdin=subprocess.DEVNULL))
            stack.callback(self._holder.kill)
            stack.callback(self._end_all)
            wait_for(lambda: Path(f"/proc/{self._holder.pid}/comm").read_text(encoding="ascii") == "sleep\n",
                     "the clean system")
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
        """All that run in it, and what these have started: a web engine locks its processes into other folders."""
        found: dict[int, psutil.Process] = {}
        system = Path(f"/proc/{self._holder.pid}/ns/mnt").readlink()
        for one in psutil.process_iter():
            with suppress(OSError, psutil.NoSuchProcess):
                if one.pid != self._holder.pid and Path(f"/proc/{one.pid}/ns/mnt").readlink() == system:
                    found |= {each.pid: each for each in [one, *one.children(recursive=True)]}
        return [one for one in found.values() if _lives(one)]

    def files(self) -> set[str]:
        """The paths of all that lies on its disk, but for what every installation changes."""
        paths = {f"/{path.relative_to(self.root)}" for path in self.root.rglob("*")}
        return {path for path in paths if not _VOLATILE.fullmatch(path)}

    def _inside(self, user: str, command: Sequence[str], environment: dict[str, str]) -> list[str]:
        home = "/root" if user == "root" else f"/home/{user}"
        variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home,
                     "USER": user, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **environment}
        return ["nsenter", f"--target={self._holder.pid}", "--mount", "--root", "--wd",
                "/usr/sbin/chroot", f"--userspec={user}", "/", "/usr/bin/env", "-i", f"--chdir={home}",
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

    def _end_all(self) -> None:
        there = self.processes()
        for one in there:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(there, timeout=10)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


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
