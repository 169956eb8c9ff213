"""What the firewall of each system wants to hear, in words for the person in front of it."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["firewall_words"]

_WINDOWS = ("Windows asks once whether this app may communicate on networks: allow it for private networks. If it did "
            "not ask, or somebody said no: Settings, Privacy & security, Windows Security, Firewall & network "
            "protection, Allow an app through firewall. The network itself must be set to “private”.")
_MACOS = ("If the firewall is on (System Settings, Network, Firewall), macOS asks whether this app may accept incoming "
          "connections: allow it. It can be changed there under Options.")
_LINUX = "This computer's firewall ({name}) is on. Let port {port} through: {command}"
_PLAIN_LINUX = "If this computer has a firewall, it must let port {port} through."


def firewall_words(port: int, platform: str = sys.platform, system: Path = Path("/")) -> str:
    """What may stand in the way of others, and how to clear it away.

    :param system: where the system's files are.
    """
    if platform == "win32":
        return _WINDOWS
    if platform == "darwin":
        return _MACOS
    if _has_line(system / "etc/ufw/ufw.conf", "ENABLED=yes"):
        return _LINUX.format(name="ufw", port=port, command=f"sudo ufw allow {port}/tcp")
    if (system / "run/firewalld").is_dir():
        return _LINUX.format(name="firewalld", port=port, command=f"sudo firewall-cmd --add-port={port}/tcp")
    return _PLAIN_LINUX.format(port=port)


def _has_line(file: Path, wanted: str) -> bool:
    with suppress(OSError, UnicodeDecodeError):
        return any(line.strip() == wanted for line in file.read_text(encoding="utf-8").splitlines())
    return False
