"""Finds the mail programs that the tests of incoming mail speak with.

As a program, installs them where that needs no question.

Tests that need one are skipped where there is none: they are the system's, and the appliance runs without them.
"""

from __future__ import annotations

import os
import shutil
import sys

from tests.chromium import install_with_apt

__all__ = ["find"]

PACKAGES = {"swaks": "swaks", "postfix": "postfix", "dovecot": "dovecot-imapd"}
_SYSTEM = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


def find(program: str) -> str | None:
    """The path of a program, also of those for administrators; None if there is none."""
    return shutil.which(program, path=_SYSTEM)


def main() -> int:
    missing = [program for program in PACKAGES if find(program) is None]
    if missing:
        install_with_apt(*(PACKAGES[program] for program in missing))
    for program in missing:
        if find(program) is None:
            print(f"There is no {program}: tests that bring mail with it will be skipped.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
