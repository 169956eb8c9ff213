"""The program in the bundle: the command, the processes that run its background tasks, and Python's ``-m`` and ``-c``.

``sys.executable`` is this program. So what starts Python with it (Dask its workers, the library a module of an
interview, an author's module another one) finds what it expects.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path

REPLACED = Path("/run/interview-appliance.replaced")
"""Is there while the .deb's files are being replaced; its maintainer scripts see to that."""

_FORBIDDEN = (("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
              ("/proc/sys/kernel/unprivileged_userns_clone", "0"), ("/proc/sys/user/max_user_namespaces", "0"))
"""Settings of Linux with which a program of an ordinary user gets no namespace of its own, as on Ubuntu."""

_COME_BACK = ('turns=0; while [ -e "$MARK" ] && [ $turns -lt 600 ]; do sleep 0.5; turns=$((turns + 1)); done; '
              'unset MARK; [ -x "$0" ] && exec "$0" "$@"')


def main() -> int:
    """Be whatever the command line asks for; returns an exit status."""
    multiprocessing.freeze_support()   # a worker begins here, and goes no further
    _give_back_the_environment()
    _suit_the_web_engine()
    if sys.platform == "darwin" and len(sys.argv) > 1 and all(Path(one).exists() for one in sys.argv[1:]):
        sys.argv.insert(1, "open")   # macOS names the files that were dropped on the app, and no command
    if sys.argv[1:2] in (["-m"], ["-c"]) and len(sys.argv) > 2:
        _be_python(sys.argv[1], sys.argv[2], sys.argv[3:])
        return 0
    from appliance.cli import main as command

    status = command()
    if is_window(sys.argv[1:]) and REPLACED.exists():
        _wait_for_the_new_version(sys.argv[1:])
    return status


def is_window(arguments: Sequence[str]) -> bool:
    """Whether the command line starts the desktop app: it has no command, or ``open``."""
    return not arguments or arguments[0].startswith("--") or arguments[0] == "open"


def _be_python(how: str, what: str, arguments: Sequence[str]) -> None:
    """What ``python -m`` and ``python -c`` do."""
    import runpy

    if how == "-m":
        sys.argv = [what, *arguments]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv = ["-c", *arguments]
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - as asked


def _give_back_the_environment() -> None:
    """Programs that we start (a browser, Tesseract, the web engine) are to load the system's libraries, not ours.

    PyInstaller's loader put ours into the environment. It is to do so anew in each process that is this program again,
    also when that is a newer version of it which was installed meanwhile.
    """
    os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        before = os.environ.pop(f"{name}_ORIG", None)
        if before is not None:
            os.environ[name] = before
        else:
            os.environ.pop(name, None)


def _suit_the_web_engine() -> None:
    """Where Qt's web engine is carried: its processes are to find the bundle's libraries, and it draws without the
    graphics card, whose driver nobody knows beforehand; that is quicker to start, takes 50 MB less, and is enough for
    pages of forms. And where the system forbids what it locks these processes into, it does not start at all unless
    told to do without; nothing but our own pages loads in the window.
    """
    starter = Path(getattr(sys, "_MEIPASS", "")) / "PySide6" / "Qt" / "libexec" / "start-web-engine"
    if starter.is_file():
        os.environ["QTWEBENGINEPROCESS_PATH"] = str(starter)
        os.environ.setdefault("QT_QUICK_BACKEND", "software")
    if sys.platform == "linux" and any(_holds(Path(name), text) for name, text in _FORBIDDEN):
        os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")


def _holds(file: Path, text: str) -> bool:
    try:
        return file.read_text(encoding="ascii").strip() == text
    except OSError:   # a kernel without this setting
        return False


def _wait_for_the_new_version(arguments: Sequence[str]) -> None:
    """We were stopped because our files are being replaced: a shell, which has none of them open, starts us again."""
    again = [] if arguments[:1] == ["open"] else arguments   # the files were offered before
    os.environ["MARK"] = str(REPLACED)
    os.execv("/bin/sh", ["sh", "-c", _COME_BACK, sys.executable, *again])  # noqa: S606 - without the user's settings


if __name__ == "__main__":
    sys.exit(main())
