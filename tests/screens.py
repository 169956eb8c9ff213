"""What the tests of windows need of the system; as a program, installs it where that needs no question.

They are skipped where it is missing: a screen that nobody sees, hands for it, and GTK's web engine for a Python of the
system's, which `make` then prefers.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from tests.chromium import install_with_apt

__all__ = ["HANDS"]

HANDS = {"Xvfb": "xvfb", "openbox": "openbox", "xdotool": "xdotool", "xprop": "x11-utils", "import": "imagemagick"}
"""Program → Debian's package."""

_TOOLKIT = ("python3-gi", "python3-venv", "gir1.2-gtk-3.0", "gir1.2-webkit2-4.1",
            "gir1.2-ayatanaappindicator3-0.1", "dbus-daemon")
_HAS_TOOLKIT = ("import gi; gi.require_version('Gtk', '3.0'); gi.require_version('WebKit2', '4.1'); "
                "gi.require_version('AyatanaAppIndicator3', '0.1'); import ensurepip")


def main() -> int:
    missing = [package for program, package in HANDS.items() if shutil.which(program) is None]
    system = shutil.which("python3", path="/usr/bin")
    if system is not None and subprocess.run([system, "-c", _HAS_TOOLKIT], capture_output=True,
                                             check=False).returncode != 0:
        missing += _TOOLKIT
    if missing and not install_with_apt(*missing):
        print(f"These are missing: {', '.join(missing)}. Tests that open windows will be skipped.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
