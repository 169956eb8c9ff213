"""The two bars at the lower edge of a window of Qt: one that looks for words, and one that tells of something."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWebEngineCore import QWebEngineFindTextResult, QWebEnginePage
from qtpy.QtWebEngineWidgets import QWebEngineView
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMainWindow, QPushButton, QSizePolicy, QToolBar, QWidget

from appliance.shell.surface import Notice

__all__ = ["FindBar", "NoticeBar"]

_A_WHILE = 20_000
"""Milliseconds that a notice stays, and longer while the pointer or the keyboard is on it."""


class FindBar:
    """Looks for words in a page with the engine's own finder."""

    def __init__(self, window: QMainWindow, page: QWebEnginePage, view: QWebEngineView) -> None:
        self._page = page
        self._view = view
        self._bar, row = _bar(window, "Find in this page")
        self._words = QLineEdit()
        self._words.setPlaceholderText("Find in this page")
        self._words.setAccessibleName("Find in this page")
        self._words.setClearButtonEnabled(True)
        self._words.setMaximumWidth(320)
        self._count = QLabel()
        row.addWidget(self._words)
        for sign, name, way in (("▲", "Previous", -1), ("▼", "Next", 1)):
            button = _button(sign, name)
            button.clicked.connect(lambda *_, way=way: self.step(way))
            row.addWidget(button)
        row.addWidget(self._count)
        row.addStretch()
        close = _button("✕", "Close")
        close.clicked.connect(lambda *_: self.close())
        row.addWidget(close)
        self._words.textChanged.connect(self._look)
        self._words.returnPressed.connect(lambda: self.step(1))
        page.findTextFinished.connect(self._found)

    def open(self) -> None:
        """Show the bar, ready for words; those of the last time are there to be typed over."""
        self._bar.show()
        self._words.setFocus()
        self._words.selectAll()
        self._look(self._words.text())

    def close(self) -> bool:
        """Hide it; whether it was there."""
        if not self._bar.isVisible():
            return False
        self._bar.hide()
        self._page.findText("")
        self._view.setFocus()
        return True

    def step(self, way: int) -> None:
        """To the next place, or the one before."""
        if not self._bar.isVisible():
            self.open()
        elif way > 0:
            self._page.findText(self._words.text())
        else:
            self._page.findText(self._words.text(), QWebEnginePage.FindFlag.FindBackward)

    def _look(self, words: str) -> None:
        self._count.setText("")
        self._page.findText(words)

    def _found(self, result: QWebEngineFindTextResult) -> None:
        if not self._words.text():
            self._count.setText("")
        elif result.numberOfMatches():
            self._count.setText(f"{result.activeMatch()} of {result.numberOfMatches()}")
        else:
            self._count.setText("nothing found")


class NoticeBar:
    """Tells of something, one thing at a time."""

    def __init__(self, window: QMainWindow) -> None:
        self._bar, row = _bar(window, "Notice")
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._place = QHBoxLayout()
        self._buttons: list[QPushButton] = []
        row.addWidget(self._words, 1)
        row.addLayout(self._place)
        close = _button("✕", "Close")
        close.clicked.connect(lambda *_: self.hide())
        row.addWidget(close)
        self._timer = QTimer(window)
        self._timer.setInterval(_A_WHILE)
        self._timer.timeout.connect(self._late)

    def show(self, notice: Notice) -> None:
        """Tell this, in place of what was told before."""
        self._words.setText(notice.words)
        self._words.setAccessibleName(notice.words)
        for button in self._buttons:
            button.deleteLater()
        self._buttons = []
        for label, press in notice.buttons:
            button = QPushButton(label)
            button.clicked.connect(lambda *_, press=press: press())
            self._place.addWidget(button)
            self._buttons.append(button)
        self._bar.show()
        if notice.stays:
            self._timer.stop()
        else:
            self._timer.start()

    def hide(self) -> None:
        """Take it away."""
        self._timer.stop()
        self._bar.hide()

    def _late(self) -> None:
        focused: Any = self._bar.window().focusWidget()
        if not self._bar.underMouse() and (focused is None or not self._bar.isAncestorOf(focused)):
            self.hide()


def _bar(window: QMainWindow, title: str) -> tuple[QToolBar, QHBoxLayout]:
    """A bar that comes up only when it is asked to."""
    bar = QToolBar(title, window)
    bar.setMovable(False)
    bar.toggleViewAction().setVisible(False)
    inside = QWidget()
    row = QHBoxLayout(inside)
    bar.addWidget(inside)
    window.addToolBar(Qt.ToolBarArea.BottomToolBarArea, bar)
    window.addToolBarBreak(Qt.ToolBarArea.BottomToolBarArea)
    bar.hide()
    return bar, row


def _button(sign: str, name: str) -> QPushButton:
    button = QPushButton(sign)
    button.setFlat(True)
    button.setMaximumWidth(36)
    button.setToolTip(name)
    button.setAccessibleName(name)
    return button
