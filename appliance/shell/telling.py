"""Tells, in a small window, why the app cannot even begin: whoever double-clicked its icon sees no terminal."""

from __future__ import annotations

import json
from importlib import resources

from appliance.shell.toolkit import window_toolkit

__all__ = ["tell"]


def tell(words: str) -> None:
    """Show `words` until the window is closed; nothing where no window can be shown. On the main thread."""
    toolkit = window_toolkit()
    if toolkit is None:
        return
    import webview

    page = resources.files("appliance.shell").joinpath("splash.html").read_text(encoding="utf-8")
    window = webview.create_window("Interview Appliance", html=page, width=640, height=420, text_select=True)
    if window is not None:
        window.events.loaded += lambda: window.run_js(f"cannotStart({json.dumps(words)})")
        webview.start(gui=toolkit, private_mode=True)
