"""Runs all tests in two processes beside each other: those that need the browser, and the others.

Both kinds mostly wait, for pages and for processes, so together they take little longer than the longer of the two.
Arguments are passed on to pytest, which then runs alone: ``python -m tests.side_by_side tests/mail``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

NO_TESTS = 5
"""What pytest says where it found none."""


def main(arguments: Sequence[str]) -> int:
    """Run them; 0 if all passed."""
    if arguments:
        return subprocess.run(_pytest(*arguments), check=False).returncode
    with tempfile.TemporaryFile() as told:
        browser = subprocess.Popen(_pytest("-m", "browser"), stdout=told, stderr=subprocess.STDOUT)
        try:
            others = subprocess.run(_pytest("-m", "not browser"), check=False).returncode
            with_browser = browser.wait()
        finally:
            browser.kill()
            browser.wait()
        told.seek(0)
        print("\nThe tests with a browser, which ran at the same time:\n", flush=True)
        sys.stdout.buffer.write(told.read())
        sys.stdout.flush()
    return 1 if {others, with_browser} - {0, NO_TESTS} else 0


def _pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


if __name__ == "__main__":
    assert Path("tests").is_dir(), "run this in the project's folder"
    sys.exit(main(sys.argv[1:]))
