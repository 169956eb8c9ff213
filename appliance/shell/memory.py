"""What the window remembers from one start to the next: its size, its place, and how large things are shown in it."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import platformdirs

__all__ = ["ZOOMS", "Memory", "Placement", "Rectangle", "fitted", "next_zoom"]

logger = logging.getLogger(__name__)

ZOOMS = (0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
"""The steps in which pages are made larger and smaller."""

_SMALLEST = (480, 360)
_FRAME = 40
"""Pixels that the title and the edges of a window may take beside what we count."""

_ENOUGH = 100
"""Pixels of a window that must be on a screen for people to get hold of it."""


@dataclass(frozen=True)
class Rectangle:
    """A screen, or a part of one, in pixels as the toolkit counts them."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Placement:
    """How the window stood.

    :param x: None where it was never moved: the middle of the screen.
    """

    width: int = 1180
    height: int = 820
    x: int | None = None
    y: int | None = None
    maximized: bool = False
    zoom: float = 1.0


class Memory:
    """A small file in the user's folder for such things. May be used from any thread.

    :param folder: unless told, the system's place for the state of programs.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._path = (folder or platformdirs.user_state_path("interview-appliance", appauthor=False)) / "window.json"
        self._lock = threading.Lock()
        self._placement = self._read()

    @property
    def placement(self) -> Placement:
        """What is remembered."""
        return self._placement

    def note(self, **changes: Any) -> None:
        """Remember something else from now on; on disk with :meth:`save`."""
        with self._lock:
            self._placement = replace(self._placement, **changes)

    def save(self) -> None:
        """Write it down. A window that comes up where it pleases is no reason to complain, so nothing is raised."""
        with self._lock:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                beside = self._path.with_suffix(f".{os.getpid()}")
                beside.write_text(json.dumps(asdict(self._placement)), encoding="utf-8")
                beside.replace(self._path)
            except OSError as problem:
                logger.warning("the place of the window could not be kept: %s", type(problem).__name__)

    def _read(self) -> Placement:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Placement()
        return _checked(found) if isinstance(found, dict) else Placement()


def _checked(found: dict[str, Any]) -> Placement:
    """What was written, as far as it makes sense."""
    def number(name: str, low: float, high: float) -> bool:
        value = found.get(name)
        return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high

    kept: dict[str, Any] = {}
    for name in ("width", "height"):
        if number(name, 1, 20_000):
            kept[name] = int(found[name])
    if number("x", -50_000, 50_000) and number("y", -50_000, 50_000):
        kept |= {"x": int(found["x"]), "y": int(found["y"])}
    if number("zoom", ZOOMS[0], ZOOMS[-1]):
        kept["zoom"] = float(found["zoom"])
    return Placement(**kept, maximized=found.get("maximized") is True)


def fitted(placement: Placement, screens: Sequence[Rectangle]) -> Placement:
    """The same, on the screens that are there now: no larger than one, and where people can get hold of it."""
    if not screens:
        return placement
    on = next((screen for screen in screens if _shows(placement, screen)), None)
    screen = on or screens[0]
    width = max(min(placement.width, screen.width), min(_SMALLEST[0], screen.width))
    height = max(min(placement.height, screen.height - _FRAME), min(_SMALLEST[1], screen.height))
    if on is None or placement.x is None or placement.y is None:
        return replace(placement, width=width, height=height, x=None, y=None)
    x = max(screen.x, min(placement.x, screen.x + screen.width - width))
    y = max(screen.y, min(placement.y, screen.y + screen.height - height))
    return replace(placement, width=width, height=height, x=x, y=y)


def _shows(placement: Placement, screen: Rectangle) -> bool:
    """Whether enough of the window's top is on a screen."""
    if placement.x is None or placement.y is None:
        return False
    across = min(placement.x + placement.width, screen.x + screen.width) - max(placement.x, screen.x)
    return across >= _ENOUGH and screen.y - 30 <= placement.y <= screen.y + screen.height - _ENOUGH


def next_zoom(zoom: float, steps: int) -> float:
    """The zoom so many steps larger or smaller; 0: as it is made.

    >>> next_zoom(1.0, 1), next_zoom(1.07, -1), next_zoom(3.0, 1), next_zoom(2.0, 0)
    (1.1, 1.0, 3.0, 1.0)
    """
    if steps > 0:
        return next((one for one in ZOOMS if one > zoom + 0.01), ZOOMS[-1])
    if steps < 0:
        return next((one for one in reversed(ZOOMS) if one < zoom - 0.01), ZOOMS[0])
    return 1.0
