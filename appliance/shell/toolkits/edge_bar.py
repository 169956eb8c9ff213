"""The line at the lower edge of a window of Windows Forms that tells of something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from System.Windows import Forms

from appliance.shell.surface import Notice

__all__ = ["NoticeBar"]

_A_WHILE = 20_000
"""Milliseconds that a notice stays."""


class NoticeBar:
    """Tells of something, one thing at a time.

    :param view: the page, which takes what room the bar leaves.
    """

    def __init__(self, form: Any, view: Any) -> None:
        self._bar = Forms.FlowLayoutPanel()
        self._bar.Dock = Forms.DockStyle.Bottom
        self._bar.AutoSize = True
        self._bar.Padding = Forms.Padding(6)
        self._bar.Visible = False
        form.Controls.Add(self._bar)
        view.BringToFront()   # what is in front is laid out last
        self._timer = Forms.Timer()
        self._timer.Interval = _A_WHILE
        self._timer.Tick += lambda *_: self.hide()

    def show(self, notice: Notice) -> None:
        """Tell this, in place of what was told before."""
        self._bar.Controls.Clear()
        words = Forms.Label()
        words.Text = notice.words
        words.AutoSize = True
        words.Padding = Forms.Padding(4, 6, 12, 0)
        words.UseMnemonic = False
        self._bar.Controls.Add(words)
        for label, press in (*notice.buttons, ("Close", self.hide)):
            self._bar.Controls.Add(_button(label, press))
        self._bar.Visible = True
        self._timer.Stop()
        if not notice.stays:
            self._timer.Start()

    def hide(self) -> None:
        """Take it away."""
        self._timer.Stop()
        self._bar.Visible = False


def _button(label: str, press: Callable[[], None]) -> Any:
    button = Forms.Button()
    button.Text = label
    button.AutoSize = True
    button.Click += lambda *_: press()
    return button
