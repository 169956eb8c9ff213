"""``run_python_module()``: a module of an interview's package, run like a program."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

from appliance.library.modules import install, installed_roots
from appliance.library.state import interview_package

__all__ = ["main", "run_python_module"]


def run_python_module(module: str, arguments: list[str] | None = None) -> tuple[str, int]:
    """Run a module in a process of its own; returns what it wrote and its return code (0: all well).

    :param module: ``docassemble.demo.hello``, ``.hello`` or ``hello.py`` of the interview's own package.
    """
    name = module.removesuffix(".py") if module.endswith(".py") else module
    if name.startswith(".") or module.endswith(".py"):
        name = f"{interview_package()}.{name.lstrip('.')}"
    roots = json.dumps({package: str(folder) for package, folder in installed_roots().items()})
    # The folders of the packages are told by the environment, because the module sees the command line. The path is
    # ours, so that the module finds what is found here, wherever the appliance was started from.
    environment = {**os.environ, ROOTS_VARIABLE: roots, "PYTHONIOENCODING": "utf-8",
                   "PYTHONPATH": os.pathsep.join(str(Path(each).resolve()) for each in sys.path)}
    command = [sys.executable, "-m", __spec__.name, name, *map(str, arguments or [])]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    ) as process:
        return patient_output(process).decode("utf-8", errors="replace"), process.returncode


def patient_output(process: subprocess.Popen[bytes]) -> bytes:
    """What `process` wrote when it has ended; if this is interrupted, the process ends with it.

    It wakes up each second, because the time limit of a turn cannot interrupt a thread that waits in the system.
    """
    while True:
        try:
            return process.communicate(timeout=1)[0]
        except subprocess.TimeoutExpired:
            continue
        except BaseException:
            process.kill()
            raise


ROOTS_VARIABLE = "APPLIANCE_PACKAGE_ROOTS"


def main() -> None:
    """The other end of :func:`run_python_module`: ``python -m appliance.library.programs MODULE ARGUMENT…``."""
    roots = {package: Path(folder) for package, folder in json.loads(os.environ.pop(ROOTS_VARIABLE, "{}")).items()}
    install(lambda: roots)
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
