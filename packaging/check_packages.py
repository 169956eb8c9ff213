"""``make package-test``: installs the .deb into a clean Debian without Python, lives with it, removes it, and measures.

Then the same with the tarball, in a folder with a space and an umlaut in its path. It must be run as root.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))   # for the person without a browser of the tests

import psutil  # noqa: E402
from clean_debian import PERSON, CleanDebian, wait_for  # noqa: E402
from interview_to_try import CONFIGURATION, INTERVIEW, write_package  # noqa: E402
from PIL import Image  # noqa: E402

from tests.support.client import Client  # noqa: E402
from tests.support.process import free_port  # noqa: E402

CACHE = ROOT / "build" / "package"
DIST = ROOT / "dist"
SHOTS = CACHE / "pictures"
GOALS = {"installed": 150.0, "tarball": 550.0, "splash": 1.0, "usable": 5.0, "with the window": 600.0, "without": 320.0}
_DESKTOP = ("libegl1", "libgl1", "libx11-xcb1", "libfontconfig1", "libfreetype6", "libasound2", "libxkbcommon0",
            "libwayland-cursor0", "libwayland-egl1", "libharfbuzz0b", "libfribidi0", "libgbm1", "libdrm2",
            "fonts-dejavu-core", "libp11-kit0", "libgmp10", "libcom-err2", "libudev1", "dbus", "libxcb-dri3-0",
            "desktop-file-utils", "shared-mime-info")
"""What every desktop has and a bare system has not: for the tarball, which depends on no package."""


_STAYS = (".local/share/interview-appliance/", ".local/state/interview-appliance/", ".config/interview-appliance/",
          "served/", "served.txt", "window.txt", "second.txt", "third.txt", "background.txt", "docassemble-packagetest",
          ".cache/dconf/", ".cache/fontconfig/", ".cache/mesa_shader_cache/")
"""What may be in the home folder when the program is removed: the data; what this test put there; and what the system's
own libraries keep for whichever program draws a window first."""


class Figures:
    """What was measured, against the goals."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def tell(self, what: str, value: float, unit: str, goal: str = "") -> None:
        """Print a figure; one over its goal is noted."""
        wanted = f" (at most {GOALS[goal]:g})" if goal else ""
        print(f"  {what}: {value:.1f} {unit}{wanted}", flush=True)
        if goal and value > GOALS[goal]:
            self.missed.append(f"{what}: {value:.1f} {unit}{wanted}")


def main() -> int:
    """Try what is in ``dist``; returns the exit status."""
    parser = argparse.ArgumentParser(description="Tries the packages in dist in a clean Debian.")
    parser.add_argument("what", nargs="*", metavar="deb|tarball", help="both, unless told")
    wanted = parser.parse_args().what or ["deb", "tarball"]
    for tool in ("debootstrap", "Xvfb", "xdotool", "import", "unshare", "nsenter"):
        if shutil.which(tool) is None:
            print(f"This needs the program {tool}, which is not installed.", file=sys.stderr)
            return 1
    if sys.platform != "linux" or os.geteuid() != 0:
        print("This must be run on Linux, as root: it starts another system's programs.", file=sys.stderr)
        return 1
    figures = Figures()
    SHOTS.mkdir(parents=True, exist_ok=True)
    with screen() as display:
        for what in wanted:
            {"deb": check_deb, "tarball": check_tarball}[what](display, figures)
    print("\n".join(["", "Over their goals:", *figures.missed] if figures.missed else ["", "All within their goals."]))
    return 1 if figures.missed else 0


# -- the .deb ----------------------------------------------------------------------------------------


def check_deb(display: str, figures: Figures) -> None:
    """From installing to removing."""
    [deb] = sorted(DIST.glob("*.deb"))
    print(f"{deb.name}: {deb.stat().st_size / 1e6:.1f} MB", flush=True)
    with CleanDebian(CACHE) as debian:
        assert not [path for path in (debian.root / "usr/bin").iterdir() if path.name.startswith("python")]
        shutil.copyfile(deb, debian.root / "appliance.deb")
        debian.run("apt-get", "install", "-q", "-y", "/appliance.deb")
        installed = debian.run("dpkg", "-L", "interview-appliance").splitlines()
        debian.run("apt-get", "purge", "-q", "-y", "interview-appliance")
        before = debian.files()   # with the dependencies, which are others'
        debian.run("apt-get", "install", "-q", "-y", "/appliance.deb")
        figures.tell("installed, beyond its dependencies", disk_space(debian.root, installed) / 1e6, "MB", "installed")
        print(f"  of Python outside of it: {python_outside(debian) or 'nothing'}", flush=True)
        live_with_it(debian, ["appliance"], figures)
        look_at_it(debian, ["appliance"], display, figures, "deb")
        replace_it_while_it_runs(debian, display)
        window = debian.start("appliance", printed=debian.home / "third.txt", DISPLAY=display)
        wait_for(lambda: usable(debian), "the start page")
        debian.run("apt-get", "remove", "-q", "-y", "interview-appliance")
        window.wait(10)
        assert not debian.processes(), [one.cmdline() for one in debian.processes()]
        debian.run("apt-get", "purge", "-q", "-y", "interview-appliance")
        home = f"/home/{PERSON}/"
        left = debian.files() - before
        strangers = sorted(path for path in left if not path.startswith(home))
        assert not strangers, strangers[:20]
        ours = {path for path in left if path.startswith(tuple(home + one for one in _STAYS))}
        others = sorted(path for path in left - ours if (debian.root / path[1:]).is_file())
        assert not others, others[:20]
        print(f"  removed; what stays is the data: in ~/{', ~/'.join(_STAYS[:3])}", flush=True)


def replace_it_while_it_runs(debian: CleanDebian, display: str) -> None:
    """A newer version is installed while the window is open: it comes back by itself."""
    window = debian.start("appliance", printed=debian.home / "second.txt", DISPLAY=display)
    wait_for(lambda: usable(debian), "the start page")
    old = {one.pid for one in debian.processes() if "serve" in one.cmdline()}
    said = debian.run("apt-get", "install", "-q", "-y", "--reinstall", "/appliance.deb")
    assert "is stopped" in said, said
    wait_for(lambda: {one.pid for one in debian.processes() if "serve" in one.cmdline()} - old, "the new server")
    wait_for(lambda: usable(debian), "the start page of the new one")
    print("  replaced while it ran: the window came back", flush=True)
    window.terminate()
    wait_for(lambda: not debian.processes(), "the end of the replaced one")


# -- the tarball -------------------------------------------------------------------------------------


def check_tarball(display: str, figures: Figures) -> None:
    """Run where it is unpacked, and installed into a home folder; both with a space and an umlaut in their paths."""
    [tarball] = sorted(DIST.glob("*.tar.xz"))
    print(f"{tarball.name}: {tarball.stat().st_size / 1e6:.1f} MB", flush=True)
    with CleanDebian(CACHE) as debian:
        debian.run("apt-get", "install", "-q", "-y", "--no-install-recommends", *_DESKTOP)
        odd = debian.home / "Büro Nord" / "Größeres"
        odd.mkdir(parents=True)
        subprocess.run(["tar", "-xf", tarball, "-C", odd], check=True)
        debian.run("chown", "-R", f"{PERSON}:{PERSON}", f"/home/{PERSON}")
        [unpacked] = odd.iterdir()
        here = f"/{unpacked.relative_to(debian.root)}"
        figures.tell("unpacked", disk_space(debian.root, [f"/{path.relative_to(debian.root)}"
                                                          for path in unpacked.rglob("*")]) / 1e6, "MB", "tarball")
        live_with_it(debian, [f"{here}/program/appliance"], figures)
        look_at_it(debian, [f"{here}/program/appliance"], display, figures, "tarball")
        home = f"/home/{PERSON}/Büro Nord"   # a home folder of this kind is enough of a home for the script
        before = {path for path in debian.files() if path.startswith(f"{home}/")}
        print(debian.as_person("sh", f"{here}/install.sh", HOME=home).strip(), flush=True)
        entry = (debian.root / home[1:] / ".local/share/applications/interview-appliance.desktop")
        assert f'Exec="{home}/.local/lib/interview-appliance/appliance" open %F' in entry.read_text(encoding="utf-8")
        debian.as_person(f"{home}/.local/bin/appliance", "--version", HOME=home)
        debian.as_person("sh", f"{home}/.local/lib/interview-appliance/uninstall.sh", HOME=home)
        left = {path for path in debian.files() if path.startswith(f"{home}/")} - before
        files = [path for path in left if (debian.root / path[1:]).is_file() and "/mime/" not in path
                 and not path.endswith("mimeinfo.cache")]
        assert not files, files
        print("  removed; nothing stays", flush=True)


# -- what both do ------------------------------------------------------------------------------------


def live_with_it(debian: CleanDebian, program: list[str], figures: Figures) -> None:
    """The server alone: an interview with a background task and a document, a mail that comes in, a scheduled event."""
    data, port, mail = f"/home/{PERSON}/served", free_port(), free_port()
    folder = debian.root / data[1:]
    package = debian.home / "docassemble-packagetest-main.zip"
    write_package(package)
    folder.mkdir(mode=0o700)
    (folder / "config.yml").write_text(CONFIGURATION.format(port=mail), encoding="utf-8")
    debian.run("chown", "-R", f"{PERSON}:{PERSON}", data)
    debian.as_person(*program, "install", f"/home/{PERSON}/{package.name}", "--data", data)
    printed = debian.home / "served.txt"
    server = debian.start(*program, "serve", "--port", str(port), "--data", data, printed=printed)
    with Client(f"http://127.0.0.1:{port}") as client:
        wait_for(lambda: "signs you in" in printed.read_text(encoding="utf-8"), "the server's address")
        page = client.start(INTERVIEW)
        page = client.submit(page, {"Name": "Åsa Öberg"})
        page = client.wait_for(page, "Write to", 90)
        [address] = re.findall(r"[a-z]{6}@mail\.example\.org", page.question)
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = "Court <court@example.org>", address, "Hearing on Monday"
        letter.set_content("Please come.\n")
        with smtplib.SMTP("127.0.0.1", mail) as peer:
            peer.send_message(letter)
        page = client.wait_for(page, "The mail was: Hearing on Monday", 90)
        said = debian.as_person(*program, "cron", "cron_daily", "--data", data)
        assert "woke up 1" in said, said
        page = client.wait_for(page, "All is done", 90)
        assert "Hello Åsa Öberg in août with 0, 1 page, woken up 1 time." in page.text, page.text
    settle()
    figures.tell("memory of the server and its workers after this", memory(debian.processes()), "MB (PSS)")
    ended = time.monotonic()
    for one in [one for one in debian.processes() if "serve" in one.cmdline()]:
        one.terminate()
    server.wait(60)
    wait_for(lambda: not debian.processes(), "the end of all processes")
    print(f"  an interview with a task, a document, a mail and an event; stopped in {time.monotonic() - ended:.1f} s",
          flush=True)


def look_at_it(debian: CleanDebian, program: list[str], display: str, figures: Figures, name: str) -> None:
    """The window: how long it takes to open when nothing of it is in memory, and what it takes when it is open."""
    cold = forget_files()
    begun = time.monotonic()
    window = debian.start(*program, printed=debian.home / "window.txt", DISPLAY=display)
    wait_for(lambda: windows(display), "the window")
    splash = time.monotonic() - begun
    wait_for(lambda: usable(debian), "the start page")
    wait_for(lambda: is_drawn(display, SHOTS / f"{name}.png"), "something in the window")
    start = time.monotonic() - begun
    foreign = {line.split()[-1] for one in debian.processes() if one.exe().endswith("/appliance")
               for line in Path(f"/proc/{one.pid}/maps").read_text(encoding="utf-8").splitlines()
               if "/usr/lib/python3" in line}
    assert not foreign, foreign   # another Python's modules, which may be there for other programs
    how = "cold" if cold else "not cold, for the caches cannot be emptied here"
    figures.tell(f"splash ({how})", splash, "s", "splash")
    figures.tell(f"start page ({how})", start, "s", "usable")
    settle()
    assert is_drawn(display, SHOTS / f"{name}.png"), "the window shows nothing"
    figures.tell("idle memory with the window", memory(debian.processes()), "MB (PSS)", "with the window")
    window.terminate()   # as when one logs off
    wait_for(lambda: not debian.processes(), "the end of all processes")
    alone = debian.start(*program, "--background", printed=debian.home / "background.txt", DISPLAY=display)
    wait_for(lambda: "background tasks run" in since_start(debian), "the workers")
    settle()
    figures.tell("idle memory without the window", memory(debian.processes()), "MB (PSS)", "without")
    alone.terminate()
    wait_for(lambda: not debian.processes(), "the end of all processes")


def usable(debian: CleanDebian) -> bool:
    """Whether the window of this run has the page that it opens with: its server has given it since it listens."""
    return re.search(r"200 GET /(welcome\S*|start|interviews)? ", since_start(debian)) is not None


def since_start(debian: CleanDebian) -> str:
    """What the server that runs now has written into its log; empty while none runs, or does not listen yet."""
    log = debian.home / ".local/share/interview-appliance/logs/appliance.log"
    if not log.is_file() or not any("serve" in one.cmdline() for one in debian.processes()):
        return ""
    _, mark, since = log.read_text(encoding="utf-8").rpartition("listening on")
    return since if mark and "stopping" not in since else ""


def windows(display: str) -> list[str]:
    """The windows on the screen that can be seen."""
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "Interview Appliance"], check=False,
                           env={**os.environ, "DISPLAY": display}, capture_output=True, text=True)
    return found.stdout.split()


def is_drawn(display: str, picture: Path) -> bool:
    """Whether the window has a page in it, and not only a colour; leaves a picture of the screen for people."""
    subprocess.run(["import", "-display", display, "-window", "root", picture], check=True)
    with Image.open(picture) as image:
        page = image.convert("RGB").crop((60, 70, image.width - 60, image.height - 120))
    return len(page.getcolors(page.width * page.height) or []) > 30


def settle() -> None:
    """Until nothing happens any more: what a start leaves to be done later is done."""
    time.sleep(15)


def memory(processes: list[psutil.Process]) -> float:
    """Megabytes of all, shared ones counted once."""
    total = 0
    for one in processes:
        pss = int(getattr(one.memory_full_info(), "pss"))  # noqa: B009 - of Linux alone
        print(f"    {pss / 1e6:6.1f} MB  {' '.join(one.cmdline())[:90]}", flush=True)
        total += pss
    return total / 1e6


def disk_space(root: Path, paths: list[str]) -> int:
    """Bytes on disk of these files and folders; folders that others have too are counted nowhere."""
    return sum(_blocks(root / path[1:]) * 512 for path in set(paths)
               if not (root / path[1:]).is_dir() or "interview-appliance" in path)


def _blocks(path: Path) -> int:
    return int(getattr(path.lstat(), "st_blocks"))  # noqa: B009 - not on Windows


def python_outside(debian: CleanDebian) -> str:
    """The packages of Python that came as dependencies."""
    lines = debian.run("dpkg-query", "-W", "-f", "${Package}\n").splitlines()
    return ", ".join(name for name in lines if name.startswith(("python", "libpython")))


def forget_files() -> bool:
    """Have the system read all files from the disk again; False where that cannot be."""
    subprocess.run(["sync"], check=True)
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
    except OSError:
        return False
    return True


@contextmanager
def screen() -> Iterator[str]:
    """A screen that the clean system shares."""
    number = next(one for one in range(90, 200) if not Path(f"/tmp/.X11-unix/X{one}").exists())  # noqa: S108
    with subprocess.Popen(["Xvfb", f":{number}", "-screen", "0", "1280x800x24", "-ac", "-nolisten", "tcp"],
                          stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(lambda: Path(f"/tmp/.X11-unix/X{number}").exists(), "the screen")  # noqa: S108
            yield f":{number}"
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
