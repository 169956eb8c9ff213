"""What a window must do like any program, for each toolkit that pywebview draws windows with."""

from __future__ import annotations

import importlib
from typing import Any

from appliance.shell.guard import Guard
from appliance.shell.surface import Surface

__all__ = ["UnknownToolkit", "prepare", "started"]

_MODULES = {"gtkwebkit2": "gtk", "qtwebengine": "qt", "edgechromium": "edge", "wkwebview": "cocoa"}
"""The renderer that pywebview started → our module for it. Others (Internet Explorer, QtWebKit) are too old."""


class UnknownToolkit(Exception):
    """pywebview draws with something that pages cannot be shown with safely."""


def started(window: Any, renderer: str) -> None:
    """Called when pywebview has chosen what it draws with, and has drawn nothing yet: in the event ``initialized``."""
    if renderer == "qtwebengine":
        from appliance.shell.toolkits.qt_flags import let_pages_ask

        let_pages_ask(window.gui)


def prepare(window: Any, guard: Guard) -> Surface:
    """Make a window of pywebview's obey the guard; on the toolkit's thread, in the window's event ``before_show``.

    :raises UnknownToolkit: if the window must not be used.
    """
    renderer = str(window.gui.renderer)
    if renderer not in _MODULES:
        raise UnknownToolkit(renderer)
    window.zoomable = window.draggable = True   # or pywebview's script keeps Ctrl+wheel and dragging from the page
    module = importlib.import_module(f"{__name__}.{_MODULES[renderer]}")
    surface: Surface = module.prepare(window, guard)
    guard.bridge.attach(surface)
    return surface
