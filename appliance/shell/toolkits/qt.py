"""Windows of Qt 6 with Qt WebEngine (Chromium)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import webview
from qtpy.QtCore import QEvent, QObject, Qt, QTimer, QUrl, Signal
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtPrintSupport import QPrintDialog, QPrinter
from qtpy.QtWebChannel import QWebChannel
from qtpy.QtWebEngineCore import QWebEnginePage, QWebEnginePermission, QWebEngineProfile, QWebEngineSettings
from qtpy.QtWebEngineWidgets import QWebEngineView
from qtpy.QtWidgets import QApplication, QFileDialog, QMainWindow, QMenu, QMessageBox

from appliance import __version__
from appliance.shell.guard import Guard
from appliance.shell.memory import Rectangle, fitted, next_zoom
from appliance.shell.menus import KEYS, MENUS, do
from appliance.shell.surface import WINDOW, Choice, Notice, Surface
from appliance.shell.toolkits.qt_bars import FindBar, NoticeBar
from appliance.shell.toolkits.qt_downloads import QtDownloads

__all__ = ["QtSurface", "prepare"]

_Action = QWebEnginePage.WebAction

_EDITS = {"undo": _Action.Undo, "redo": _Action.Redo, "cut": _Action.Cut, "copy": _Action.Copy, "paste": _Action.Paste,
          "select_all": _Action.SelectAll}

_OFFERED = (_Action.Back, _Action.Forward, _Action.Reload, _Action.Undo, _Action.Redo, _Action.Cut, _Action.Copy,
            _Action.Paste, _Action.PasteAndMatchStyle, _Action.SelectAll, _Action.CopyLinkToClipboard,
            _Action.OpenLinkInThisWindow, _Action.OpenLinkInNewWindow, _Action.DownloadLinkToDisk,
            _Action.CopyImageToClipboard, _Action.DownloadImageToDisk, _Action.ToggleMediaControls,
            _Action.ToggleMediaPlayPause, _Action.ToggleMediaMute)
"""Lines of the engine's context menu that people of an office have a use for."""

_BLANK_FOR = 3000
"""Milliseconds after which a window is closed that was opened for what turned out to be no page."""

_Permission = QWebEnginePermission.PermissionType
_WANTED = {_Permission.MediaAudioCapture: "the microphone", _Permission.MediaVideoCapture: "the camera",
           _Permission.MediaAudioVideoCapture: "the microphone and the camera",
           _Permission.Geolocation: "your location"}
"""What pages may be given, in words; they get nothing else."""


def prepare(window: Any, guard: Guard) -> Surface:
    """As :func:`appliance.shell.toolkits.prepare`."""
    browser = window.gui.BrowserView.instances[window.uid]
    profile: QWebEngineProfile = browser.profile
    profile.setHttpUserAgent(f"{profile.httpUserAgent()} {WINDOW}/{__version__}")
    profile.setPersistentPermissionsPolicy(QWebEngineProfile.PersistentPermissionsPolicy.AskEveryTime)
    if webview.settings["ALLOW_DOWNLOADS"]:
        profile.downloadRequested.disconnect()   # pywebview asks where to, each time
    surface = QtSurface(browser, browser.webview, guard, QtDownloads(profile, guard), browser.on_fullscreen)
    # pywebview's own page follows links in its own way; ours takes its place, with all that pywebview needs of it.
    before, page = browser.webview.page(), surface.page
    page.loadFinished.connect(browser.on_load_finished)
    browser.channel = QWebChannel(page)
    page.setWebChannel(browser.channel)
    browser.webview.setPage(page)
    before.deleteLater()
    if window.real_url is not None:
        browser.webview.setUrl(QUrl(window.real_url))
    else:
        browser.webview.setHtml(window.html or "", QUrl(""))
    surface.put(window)
    window.events.closed += guard.memory.save
    QTimer.singleShot(0, lambda: _show_keys(browser))   # the menu comes after this
    return surface


class _Later(QObject):  # type: ignore[misc]
    """Calls functions on the toolkit's thread."""

    called = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.called.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def _call(self, what: Callable[[], object]) -> None:
        what()


class _Events(QObject):  # type: ignore[misc]
    """Tells of what happens to a window."""

    def __init__(self, window: QMainWindow, happened: Callable[[QEvent], None]) -> None:
        super().__init__(window)
        self._happened = happened
        window.installEventFilter(self)

    def eventFilter(self, _object: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Qt's way to look at events."""
        self._happened(event)
        return False


class _Page(QWebEnginePage):  # type: ignore[misc]
    """A page that asks the guard where it may go."""

    def __init__(self, profile: QWebEngineProfile, surface: QtSurface, guard: Guard) -> None:
        super().__init__(profile, surface.view)
        self._surface = surface
        self._guard = guard

    def acceptNavigationRequest(self, url: QUrl, _kind: Any, is_main_frame: bool) -> bool:  # noqa: N802 - Qt's name
        """Qt's question whether something may be loaded."""
        address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        if self._guard.follow(address):
            if is_main_frame:
                self._surface.led_to(address)
            return True
        self._surface.leave_if_blank()
        return False

    def createWindow(self, _kind: Any) -> QWebEnginePage:  # noqa: N802 - Qt's name
        """Qt's wish for a window that a page opens."""
        return self._surface.open_child().page

    def javaScriptConsoleMessage(self, *_: Any) -> None:  # noqa: N802 - Qt's name
        """What scripts write to their console may be answers: it belongs in no log."""


class QtSurface(Surface):
    """A window with a page: pywebview's, or one that a page of ours opened.

    :param toggle: uses the whole screen, or no longer.
    """

    def __init__(self, window: QMainWindow, view: QWebEngineView, guard: Guard, downloads: QtDownloads,
                 toggle: Callable[[], None]) -> None:
        self.window = window
        self.view = view
        self._guard = guard
        self._downloads = downloads
        self._toggle = toggle
        self._later = _Later()
        self._children: list[QtSurface] = []
        self._closed = False
        self._is_main = True
        self._printer: QPrinter | None = None
        self.page = _Page(downloads.profile, self, guard)
        self._find_bar = FindBar(window, self.page, view)
        self._notice_bar = NoticeBar(window)
        self._events = _Events(window, self._happened)
        downloads.watch(self.page, self)
        settings = self.page.settings()
        settings.setAttribute(QWebEngineSettings.WebAttribute.PdfViewerEnabled, False)   # the system's program shows it
        settings.setAttribute(QWebEngineSettings.WebAttribute.JavascriptCanOpenWindows, False)   # but at a click
        self.page.permissionRequested.connect(self._permission)
        self.page.printRequested.connect(self.print)
        view.printFinished.connect(self._printed)
        self.page.loadFinished.connect(self._loaded)
        # Also by Ctrl and the wheel, which the engine sees to.
        self.page.zoomFactorChanged.connect(lambda level: guard.memory.note(zoom=round(level, 2)))
        # Later: the page that is being told of cannot be loaded yet.
        self.page.renderProcessTerminated.connect(lambda *_: self.later(self.engine_died))
        self.page.windowCloseRequested.connect(window.close)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._context_menu)
        # By Qt's spelling, which has one for some keys of GTK's: a key that two shortcuts have works for neither.
        for key, what in {_qt_key(key): what for key, what in KEYS.items()}.items():
            self._add_key(key, partial(do, what, self._guard, self))
        self._add_key("Escape", self._escape)
        self._add_key("Shift+F3", lambda: self._find_bar.step(-1))

    def _add_key(self, key: str, act: Callable[[], object]) -> None:
        QShortcut(QKeySequence(key), self.window).activated.connect(act)

    # -- what every surface can do ---------------------------------------------------------------------

    def later(self, do: Callable[[], object]) -> None:
        self._later.called.emit(do)

    def is_there(self) -> bool:
        return not self._closed and bool(self.window.isVisible())

    def load(self, address: str) -> None:
        self.view.setUrl(QUrl(address))

    def address(self) -> str:
        return str(self.view.url().toString())

    def reload(self) -> None:
        self.view.reload()

    def go(self, steps: int) -> None:
        if steps < 0:
            self.view.back()
        else:
            self.view.forward()

    def zoom(self, steps: int) -> None:
        self.view.setZoomFactor(next_zoom(self.view.zoomFactor(), steps))

    def find(self) -> None:
        self._find_bar.open()

    def print(self) -> None:
        if self._printer is not None:
            return   # its dialog is open, or it is at it
        self._printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        dialog = QPrintDialog(self._printer, self.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.view.print(self._printer))
        dialog.rejected.connect(self._printed)
        dialog.setModal(True)
        dialog.show()

    def _printed(self, *_: Any) -> None:
        self._printer = None

    def full_screen(self) -> None:
        self._toggle()

    def edit(self, what: str) -> None:
        self.page.triggerAction(_EDITS[what])

    def close(self) -> None:
        self.window.close()

    def notify(self, notice: Notice) -> None:
        self._notice_bar.show(notice)

    def choose(self, choice: Choice, chosen: Callable[[list[Path]], None]) -> None:
        dialog = QFileDialog(self.window, choice.title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if choice.folder:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFiles if choice.many else QFileDialog.FileMode.ExistingFile)
            dialog.setNameFilter(f"{choice.kind} ({' '.join(f'*.{ending}' for ending in choice.endings)})")
        dialog.accepted.connect(lambda: chosen([Path(name) for name in dialog.selectedFiles()]))
        dialog.rejected.connect(lambda: chosen([]))
        dialog.open()

    def ask(self, title: str, words: str, answers: Sequence[str], answered: Callable[[int | None], None]) -> None:
        box = QMessageBox(QMessageBox.Icon.Question, title, title, QMessageBox.StandardButton.Cancel, self.window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText(words)
        buttons = [box.addButton(one, QMessageBox.ButtonRole.AcceptRole) for one in answers]
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.finished.connect(lambda _result: answered(next(
            (number for number, button in enumerate(buttons) if button is box.clickedButton()), None)))
        box.open()

    # -- windows that pages open -----------------------------------------------------------------------

    def open_child(self) -> QtSurface:
        """A window for what a page opens; shown when it is a page."""
        window = QMainWindow()
        window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        window.setWindowTitle(self.window.windowTitle())
        window.resize(self.window.size())
        view = QWebEngineView(window)
        window.setCentralWidget(view)
        child = QtSurface(window, view, self._guard, self._downloads, lambda: _toggle_full_screen(window))
        child.wait_for_page()
        self._children.append(child)
        return child

    def wait_for_page(self) -> None:
        """Be a window that a page opened."""
        self._is_main = False
        self.view.setPage(self.page)
        _make_menus(self.window, self._guard, self)
        self.page.titleChanged.connect(self.window.setWindowTitle)

    def led_to(self, address: str) -> None:
        """The page goes there now."""
        self._downloads.led_to(address)

    def leave_if_blank(self) -> None:
        """Close a window that was opened for what turned out to be no page."""
        if not self._is_main and not self.window.isVisible():
            QTimer.singleShot(0, self.window.close)

    def _loaded(self, well: bool) -> None:
        self.view.setZoomFactor(self._guard.memory.placement.zoom)   # the engine forgets it with each host
        if self._is_main or self.window.isVisible():
            return
        if well:
            self.window.show()
        else:
            QTimer.singleShot(_BLANK_FOR, self._close_unless_busy)

    def _close_unless_busy(self) -> None:
        if not self._closed and not self.window.isVisible():
            self._downloads.when_ended(self.page, self.window.close)

    # -- the person ------------------------------------------------------------------------------------

    def _happened(self, event: QEvent) -> None:
        kind = event.type()
        if kind == QEvent.Type.WindowActivate:
            self._guard.bridge.attach(self)
        elif kind in {QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.WindowStateChange} and self._is_main:
            self._note_place()
        elif kind in {QEvent.Type.Close, QEvent.Type.DeferredDelete}:
            QTimer.singleShot(0, self._look_whether_closed)

    def _look_whether_closed(self) -> None:
        """The event may have been refused."""
        if self._closed or (self._is_main and self.window.isVisible()):
            return
        self._closed = True
        self._guard.bridge.detach(self)
        for child in self._children:
            child.shut()

    def shut(self) -> None:
        """Close it because the window that opened it is closed."""
        if not self._closed:
            self.window.close()

    def _escape(self) -> None:
        if not self._find_bar.close() and self.window.isFullScreen():
            self._toggle()

    def _context_menu(self, at: Any) -> None:
        menu: QMenu = self.view.createStandardContextMenu()
        offered = {self.page.action(one) for one in _OFFERED}
        for line in menu.actions():
            if not line.isSeparator() and line not in offered:
                menu.removeAction(line)
        if any(not line.isSeparator() for line in menu.actions()):
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.mapToGlobal(at))

    def _permission(self, request: QWebEnginePermission) -> None:
        """Ask whether a page of ours may use the camera, the microphone or the place."""
        wanted = _WANTED.get(request.permissionType(), "")
        if not wanted or not self._guard.is_ours(request.origin().toString()):
            request.deny()
            return

        def answered(yes: bool) -> None:
            if yes:
                request.grant()
                return
            request.deny()
            self.later(request.reset)   # or a person who thought better of it is not asked again
        self.confirm("May this page do that?", f"This page wants to use {wanted}.", "Allow", answered)

    # -- its size and place ----------------------------------------------------------------------------

    def put(self, window: Any) -> None:
        """Where and how large it was the last time, as far as the screens allow.

        :param window: pywebview's, which it is shown by.
        """
        areas = [screen.availableGeometry() for screen in QApplication.screens()]
        placement = fitted(self._guard.memory.placement,
                           [Rectangle(area.x(), area.y(), area.width(), area.height()) for area in areas])
        self.window.resize(placement.width, placement.height)
        if placement.x is not None and placement.y is not None:
            self.window.move(placement.x, placement.y)
        elif areas:
            self.window.move(areas[0].center() - self.window.rect().center())
        window.maximized = placement.maximized

    def _note_place(self) -> None:
        special = Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen | Qt.WindowState.WindowMinimized
        state = self.window.windowState()
        if self.window.isVisible() and not state & Qt.WindowState.WindowMinimized:
            self._guard.memory.note(maximized=bool(state & Qt.WindowState.WindowMaximized))
        if self.window.isVisible() and not state & special:
            place, size = self.window.pos(), self.window.size()
            self._guard.memory.note(x=place.x(), y=place.y(), width=size.width(), height=size.height())


def _toggle_full_screen(window: QMainWindow) -> None:
    if window.isFullScreen():
        window.showNormal()
    else:
        window.showFullScreen()


def _qt_key(key: str) -> str:
    """A key as Qt writes it.

    >>> _qt_key("<Primary>plus"), _qt_key("<Alt>Left"), _qt_key("<Primary>KP_0")
    ('Ctrl++', 'Alt+Left', 'Ctrl+0')
    """
    key = key.replace("<Primary>", "Ctrl+").replace("<Alt>", "Alt+").replace("<Shift>", "Shift+").replace("KP_", "")
    start, plus, last = key.rpartition("+")
    names = {"plus": "+", "Add": "+", "minus": "-", "Subtract": "-", "equal": "="}
    return f"{start}{plus}{names.get(last, last)}"


def _show_keys(window: QMainWindow) -> None:
    """Write the keys beside the lines of the menu that pywebview made."""
    keys = {entry.words: _qt_key(entry.keys[0]) for _, entries in MENUS for entry in entries
            if entry is not None and entry.keys}
    for top in window.menuBar().actions():
        for line in top.menu().actions() if top.menu() is not None else []:
            if line.text() in keys:
                line.setText(f"{line.text()}\t{keys[line.text()]}")


def _make_menus(window: QMainWindow, guard: Guard, surface: Surface) -> None:
    """The menu bar of a window that pywebview does not know."""
    for title, entries in MENUS:
        menu = window.menuBar().addMenu(title)
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            else:
                menu.addAction(entry.words).triggered.connect(lambda *_, what=entry.does: do(what, guard, surface))
    _show_keys(window)
