"""What Qt WebEngine is told on its command line."""

from __future__ import annotations

from typing import Any

__all__ = ["let_pages_ask"]

_NEVER_ASKS = "--use-fake-ui-for-media-stream"
"""A switch of Chromium's for tests: every page gets camera and microphone, and nobody is asked."""


def let_pages_ask(gui: Any) -> None:
    """Keep pywebview from switching off that people are asked before a page gets the camera or the microphone.

    :param gui: pywebview's module for Qt, before it makes its first window.
    """
    append = gui.environ_append

    def environ_append(variable: str, *values: str) -> None:
        append(variable, *(value for value in values if value != _NEVER_ASKS))
    gui.environ_append = environ_append
