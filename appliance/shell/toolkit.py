"""Which toolkit can show a window here."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Literal

__all__ = ["Toolkit", "has_screen", "window_toolkit"]

Toolkit = Literal["gtk", "qt", "edgechromium", "cocoa"]


def has_screen() -> bool:
    """Whether somebody could see a window."""
    return sys.platform in {"win32", "darwin"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def window_toolkit() -> Toolkit | None:
    """What pywebview can draw windows with; None where there is nothing fit for it."""
    if not has_screen():
        return None
    if sys.platform == "win32":
        return "edgechromium" if _has_webview2() else None
    if sys.platform == "darwin":
        return "cocoa"
    wanted = os.environ.get("PYWEBVIEW_GUI", "").lower()
    if wanted != "qt" and _has_gtk():
        return "gtk"
    return "qt" if _has_qt() else None


def _has_gtk() -> bool:
    try:
        import gi

        gi.require_version("Gtk", "3.0")
        try:
            gi.require_version("WebKit2", "4.1")
        except ValueError:
            gi.require_version("WebKit2", "4.0")
        from gi.repository import Gtk
    except (ImportError, ValueError):
        return False
    return bool(Gtk.init_check(None)[0])   # False where the screen does not answer


def _has_qt() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("qtpy", "PySide6")) and \
        importlib.util.find_spec("PySide6.QtWebEngineCore") is not None


def _has_webview2() -> bool:
    """Whether Microsoft's WebView2 is there; what pywebview would take instead cannot show our pages."""
    from webview.platforms import winforms

    return bool(winforms.renderer == "edgechromium")
