"""Finds the browser for the browser tests; as a program, makes sure that there is one.

Playwright's own browsers are not used: a system's Chromium comes with its security updates.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["find", "install_with_apt"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)


def find() -> str | None:
    """The path of a Chromium-like browser: ``$CHROMIUM``, else the usual names and places; None if there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    return next((place for place in PLACES if Path(place).exists()), None)


def install_with_apt(*packages: str) -> bool:
    """Install packages of Debian where that needs no question; whether it was tried with success."""
    if sys.platform == "win32" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"],
                    ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]):
        if subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL).returncode != 0:
            return False
    return True


def main() -> int:
    if find() is not None:
        return 0
    print("The browser tests need Chromium; looking whether it can be installed.", flush=True)
    if install_with_apt("chromium") and find() is not None:
        return 0
    if sys.platform == "darwin":
        how = "brew install --cask chromium"
    elif sys.platform == "win32":
        how = "winget install Google.Chrome"
    else:
        how = "sudo apt-get install chromium (or your system's package of it)"
    print(f"There is no Chromium. Please install it:\n\n    {how}\n\nor name it: CHROMIUM=/path/to/chromium make test",
          file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
