"""What the window tells of a download, in the same words for each toolkit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from appliance.shell.downloads import Downloads, can_be_opened
from appliance.shell.surface import Notice

__all__ = ["asks_where", "cancelled", "failed", "saved", "saving"]


def asks_where(path: str) -> bool:
    """Whether a person says in a dialog where a download goes, by its address's path: backups leave the computer."""
    return path.startswith("/backup/")


def saving(name: str, cancel: Callable[[], None]) -> Notice:
    """It has begun."""
    return Notice(f"Saving {name}…", (("Cancel", cancel),), stays=True)


def saved(path: Path, downloads: Downloads, *, opened: bool) -> Notice:
    """It is there.

    :param opened: open it with its program too, where that only shows it.
    """
    show = ("Show in folder", lambda: downloads.show(path))
    if not can_be_opened(path.name):
        return Notice(f"Saved {path.name}", (show,))
    if opened:
        downloads.open(path)
    return Notice(f"Saved {path.name}", (("Open", lambda: downloads.open(path)), show))


def cancelled() -> Notice:
    """Somebody did not want it any more."""
    return Notice("Nothing was saved.")


def failed(name: str, reason: str) -> Notice:
    """It could not be written, or not be had."""
    name, told = name or "The file", f": {reason}" if reason else ""
    return Notice(f"{name} could not be saved{told}. Is there room on the disk?", problem=True, stays=True)
