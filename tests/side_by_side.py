"""Runs all tests in five processes beside each other.

They mostly wait, for pages and for processes, so together they take little longer than the longest of them.
Arguments are passed on to pytest, which then runs alone: ``python -m tests.side_by_side tests/mail``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

NO_TESTS = 5
"""What pytest says where it found none."""

WITH_WINDOWS = ("tests/shell", "tests/window")
WITH_APPLIANCES = ("tests/backup", "tests/canary", "tests/compute", "tests/faults")
OF_THE_INSIDE = ("tests/documents", "tests/interview", "tests/interviews", "tests/library", "tests/messages",
                 "tests/sessions", "tests/store", "tests/ui", "tests/ui_js")
MEASURED = "tests/load"
"""What asks how quick the appliance is: it waits until only one of the others is left."""

GROUPS = {
    "with a browser": ("-m", "browser"),
    "with windows": ("-m", "not browser", *WITH_WINDOWS),
    "with whole appliances": ("-m", "not browser", *WITH_APPLIANCES),
    "of the language, the sessions and the store": ("-m", "not browser", *OF_THE_INSIDE),
    "of everything else": ("-m", "not browser", *(
        f"--ignore={folder}" for folder in (*WITH_WINDOWS, *WITH_APPLIANCES, *OF_THE_INSIDE, MEASURED))),
}


def main(arguments: Sequence[str]) -> int:
    """Run them; 0 if all passed."""
    if arguments:
        return subprocess.run(_pytest(*arguments), check=False).returncode
    with ExitStack() as stack:
        running = {name: _started(stack, options) for name, options in GROUPS.items()}
        while sum(process.poll() is None for process, _ in running.values()) > 1:
            time.sleep(0.5)
        running["of load"] = _started(stack, ("-m", "not browser", MEASURED))
        ended = set()
        for name, (process, told) in running.items():
            ended.add(process.wait())
            told.seek(0)
            print(f"\nThe tests {name}:\n", flush=True)
            sys.stdout.buffer.write(told.read())
            sys.stdout.flush()
    return 1 if ended - {0, NO_TESTS} else 0


def _started(stack: ExitStack, options: Sequence[str]) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    told = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    process = subprocess.Popen(_pytest("--durations=15", *options), stdout=told, stderr=subprocess.STDOUT)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process, told


def _pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


if __name__ == "__main__":
    assert Path("tests").is_dir(), "run this in the project's folder"
    sys.exit(main(sys.argv[1:]))
