"""A window as the desktop app makes it, on the pages of any address: ``bare.py ADDRESS PATH STATE DOWNLOADS``.

What would be handed over to the server goes to the function ``hand_over`` in the names of tests/window/inside.py.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import webview

from appliance.shell.bridge import Bridge
from appliance.shell.downloads import Downloads
from appliance.shell.guard import Guard
from appliance.shell.memory import Memory
from appliance.shell.menus import menus
from appliance.shell.toolkits import prepare, started
from tests.window import inside


def hand_over(name: str, arguments: Mapping[str, Any], say: Callable[[str], None]) -> int:
    status: int = inside.NAMES["hand_over"](name, arguments, say)
    return status


def main() -> None:
    address, path, state, downloads = sys.argv[1:5]
    guard = Guard(Bridge(hand_over), downloads=Downloads(Path(downloads)), memory=Memory(Path(state)))
    guard.serve_from(address)
    webview.settings["ALLOW_DOWNLOADS"] = True
    webview.settings["ALLOW_FILE_URLS"] = False
    window = webview.create_window("Test", address + path, text_select=True)
    assert window is not None

    def before_show() -> None:
        inside.NAMES["surface"] = prepare(window, guard)
    window.events.initialized += started
    window.events.before_show += before_show
    inside.NAMES["guard"] = guard
    webview.start(gui="qt" if os.environ.get("PYWEBVIEW_GUI") == "qt" else "gtk", private_mode=True, menu=menus(guard))
    guard.memory.save()


main()
