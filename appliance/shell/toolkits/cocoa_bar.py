"""The line under the title of a window of macOS that tells of something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import AppKit
import objc
from PyObjCTools import AppHelper

from appliance.shell.surface import Notice

__all__ = ["NoticeBar"]

_A_WHILE = 20.0
"""Seconds that a notice stays."""

_HEIGHT = 36.0


class NoticeBar:
    """Tells of something, one thing at a time.

    :param window: under whose title it stands.
    """

    def __init__(self, window: Any) -> None:
        self._row = AppKit.NSStackView.alloc().initWithFrame_(AppKit.NSMakeRect(0, 0, 400, _HEIGHT))
        self._row.setOrientation_(0)   # NSUserInterfaceLayoutOrientationHorizontal
        self._row.setEdgeInsets_((4.0, 12.0, 4.0, 12.0))
        self._holder = AppKit.NSTitlebarAccessoryViewController.alloc().init()
        self._holder.setView_(self._row)
        self._holder.setLayoutAttribute_(4)   # NSLayoutAttributeBottom: under the title
        self._holder.setHidden_(True)
        window.addTitlebarAccessoryViewController_(self._holder)
        self._targets: list[_Target] = []
        self._number = 0

    def show(self, notice: Notice) -> None:
        """Tell this, in place of what was told before."""
        for view in list(self._row.views()):
            self._row.removeView_(view)
        self._targets = []
        words = AppKit.NSTextField.labelWithString_(notice.words)
        self._row.addView_inGravity_(words, 1)   # NSStackViewGravityLeading
        for label, press in (*notice.buttons, ("Close", self.hide)):
            target = _Target.alloc().initWithAct_(press)
            self._targets.append(target)   # a button does not keep its target
            self._row.addView_inGravity_(AppKit.NSButton.buttonWithTitle_target_action_(label, target, "act:"), 3)
        self._holder.setHidden_(False)
        self._number += 1
        if not notice.stays:
            AppHelper.callLater(_A_WHILE, self._late, self._number)

    def hide(self) -> None:
        """Take it away."""
        self._holder.setHidden_(True)

    def _late(self, number: int) -> None:
        if number == self._number:   # nothing else is told by now
            self.hide()


class _Target(AppKit.NSObject):  # type: ignore[misc]
    """What a button calls."""

    def initWithAct_(self, act: Callable[[], None]) -> Any:  # noqa: N802 - Cocoa's name
        made: Any = objc.super(_Target, self).init()
        made.pressed = act
        return made

    def act_(self, _sender: Any) -> None:
        """Cocoa's call."""
        self.pressed()
