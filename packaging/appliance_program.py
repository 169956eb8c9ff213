"""The program in the bundle: the command, the processes that run its background tasks, and Python's own ``-m``.

``sys.executable`` is this program. So what starts Python with it (Dask its workers, the library a module of an interview,
an author's module another one) finds what it expects.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import Any


def main() -> Any:
    """Be whatever the command line asks for; returns an exit status."""
    multiprocessing.freeze_support()   # a worker begins here, and goes no further
    _give_back_the_environment()
    if sys.argv[1:2] == ["-m"] and len(sys.argv) > 2:
        return _run_module(*sys.argv[2:])
    from appliance.cli import main as command

    return command()


def _run_module(name: str, *arguments: str) -> int:
    """What ``python -m`` does."""
    import runpy

    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)
    return 0


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


if __name__ == "__main__":
    sys.exit(main())
