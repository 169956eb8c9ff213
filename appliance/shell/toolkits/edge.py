"""Windows of Windows Forms with WebView2 (Microsoft's Edge). Written from Microsoft's reference; it has not been run by
the project's own tests, which have no Windows.

WebView2 brings its own search in the page, zoom, printing, context menu and list of downloads; they only have to be
allowed, which pywebview does not do outside of its debugging.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from Microsoft.Web.WebView2.Core import CoreWebView2PermissionKind, CoreWebView2PermissionState
from Microsoft.Web.WebView2.WinForms import WebView2
from System import Action
from System.Drawing import Rectangle as Box
from System.Windows import Forms

from appliance import __version__
from appliance.shell.guard import Guard, Verdict
from appliance.shell.memory import Rectangle, fitted, next_zoom
from appliance.shell.menus import KEYS, MENUS, do
from appliance.shell.saving import asks_where
from appliance.shell.surface import WINDOW, Choice, Notice, Surface
from appliance.shell.toolkits.edge_bar import NoticeBar

__all__ = ["EdgeSurface", "prepare"]

_EDITS = {"undo": "^z", "redo": "^y", "cut": "^x", "copy": "^c", "paste": "^v", "select_all": "^a"}
"""As SendKeys writes keys; ``^`` is Ctrl."""

_OURS = {"F11": "<F11>", "Ctrl+W": "<Primary>w", "Ctrl+Q": "<Primary>q", "Alt+Home": "<Alt>Home"}
"""Keys that the engine has no use for, or another one."""

_ASKED = frozenset({CoreWebView2PermissionKind.Camera, CoreWebView2PermissionKind.Microphone,
                    CoreWebView2PermissionKind.Geolocation, CoreWebView2PermissionKind.ClipboardRead})
"""What the engine asks the person about; pages get nothing else."""


def prepare(window: Any, guard: Guard) -> Surface:
    """As :func:`appliance.shell.toolkits.prepare`."""
    form = window.gui.BrowserView.instances[window.uid]
    chrome = form.browser
    surface = EdgeSurface(form, chrome.webview, guard)
    # pywebview looks its handlers up when the engine is ready, which is later than this.
    chrome.on_new_window_request = surface.new_window
    chrome.on_download_starting = surface.download_starting
    surface.put()
    _show_keys(form)
    return surface


class EdgeSurface(Surface):
    """A window with a page: pywebview's, or one that a page of ours opened."""

    def __init__(self, form: Any, view: Any, guard: Guard, *, is_main: bool = True) -> None:
        self.form = form
        self.view = view
        self._guard = guard
        self._is_main = is_main
        self._closed = False
        self._children: list[EdgeSurface] = []
        self._notice_bar = NoticeBar(form, view)
        view.CoreWebView2InitializationCompleted += self._ready
        view.NavigationStarting += self._navigation_starting
        view.ZoomFactorChanged += self._zoom_changed
        view.KeyDown += self._key_down   # which also tells of keys that are pressed in the page
        form.Activated += self._activated
        form.FormClosed += self._form_closed
        if is_main:
            form.Resize += self._note_place
            form.Move += self._note_place

    def _ready(self, _sender: Any, args: Any) -> None:
        """After pywebview's own handler of this, which has set some of it otherwise."""
        if not args.IsSuccess:
            return
        core = self.view.CoreWebView2
        settings = core.Settings
        settings.AreBrowserAcceleratorKeysEnabled = True
        settings.AreDefaultContextMenusEnabled = True
        settings.AreDevToolsEnabled = False
        settings.IsGeneralAutofillEnabled = False   # it would keep what people type
        settings.IsPasswordAutosaveEnabled = False
        settings.IsStatusBarEnabled = False
        settings.UserAgent = f"{settings.UserAgent} {WINDOW}/{__version__}"
        core.PermissionRequested += self._permission
        core.ProcessFailed += self._process_failed
        if not self._is_main:
            core.NewWindowRequested += self.new_window
            core.DownloadStarting += self.download_starting
            core.WindowCloseRequested += lambda *_: self.form.Close()
            core.DocumentTitleChanged += lambda *_: self._take_title()
        self.view.ZoomFactor = self._guard.memory.placement.zoom

    def _process_failed(self, _sender: Any, args: Any) -> None:
        if str(args.ProcessFailedKind) == "RenderProcessExited":   # others are mended by the engine itself
            self.later(self.engine_died)

    def _take_title(self) -> None:
        self.form.Text = self.view.CoreWebView2.DocumentTitle or self.form.Text

    # -- what every surface can do ---------------------------------------------------------------------

    def later(self, do: Callable[[], object]) -> None:
        def act() -> None:
            do()
        if not self._closed:
            self.form.BeginInvoke(Action(act))

    def is_there(self) -> bool:
        return not self._closed and bool(self.form.Visible)

    def load(self, address: str) -> None:
        self.view.CoreWebView2.Navigate(address)

    def address(self) -> str:
        return "" if self.view.Source is None else str(self.view.Source.AbsoluteUri)

    def reload(self) -> None:
        self.view.Reload()

    def go(self, steps: int) -> None:
        if steps < 0:
            self.view.GoBack()
        else:
            self.view.GoForward()

    def zoom(self, steps: int) -> None:
        self.view.ZoomFactor = next_zoom(self.view.ZoomFactor, steps)

    def find(self) -> None:
        self._press("^f")

    def print(self) -> None:
        self.view.ExecuteScriptAsync("window.print()")

    def full_screen(self) -> None:
        if hasattr(self.form, "toggle_fullscreen"):
            self.form.toggle_fullscreen()

    def edit(self, what: str) -> None:
        self._press(_EDITS[what])

    def close(self) -> None:
        self.form.Close()

    def notify(self, notice: Notice) -> None:
        self._notice_bar.show(notice)

    def choose(self, choice: Choice, chosen: Callable[[list[Path]], None]) -> None:
        if choice.folder:
            folders = Forms.FolderBrowserDialog()
            folders.Description = choice.title
            well = folders.ShowDialog(self.form) == Forms.DialogResult.OK
            chosen([Path(str(folders.SelectedPath))] if well else [])
            return
        dialog = Forms.OpenFileDialog()
        dialog.Title = choice.title
        dialog.Multiselect = choice.many
        patterns = ";".join(f"*.{ending}" for ending in choice.endings)
        dialog.Filter = f"{choice.kind} ({patterns})|{patterns}"
        well = dialog.ShowDialog(self.form) == Forms.DialogResult.OK
        chosen([Path(str(name)) for name in dialog.FileNames] if well else [])

    def ask(self, title: str, words: str, answers: Sequence[str], answered: Callable[[int | None], None]) -> None:
        # A message box has no buttons with words of ours.
        results = Forms.DialogResult
        if len(answers) == 1:
            said, buttons, default = [(results.OK, "OK")], Forms.MessageBoxButtons.OKCancel, "Button2"
        else:
            said, default = [(results.Yes, "Yes"), (results.No, "No")], "Button3"
            buttons = Forms.MessageBoxButtons.YesNoCancel
        meaning = "\n".join(f"{word}: {answer}" for (_, word), answer in zip(said, answers, strict=True))
        pressed = Forms.MessageBox.Show(self.form, f"{words}\n\n{meaning}", title, buttons,
                                        Forms.MessageBoxIcon.Question, getattr(Forms.MessageBoxDefaultButton, default))
        answered(next((number for number, (result, _) in enumerate(said) if result == pressed), None))

    def _press(self, keys: str) -> None:
        self.view.Focus()
        Forms.SendKeys.Send(keys)

    # -- where pages lead ------------------------------------------------------------------------------

    def _navigation_starting(self, _sender: Any, args: Any) -> None:
        if not self._guard.follow(str(args.Uri)):
            args.Cancel = True

    def new_window(self, _sender: Any, args: Any) -> None:
        """A window that a page opens: ``target=_blank``, ``window.open()``."""
        args.Handled = True
        if not self._guard.follow(str(args.Uri)):
            return
        deferral = args.GetDeferral()
        child = self._open_child()

        def ready(_sender: Any, done: Any) -> None:
            if done.IsSuccess:
                args.NewWindow = child.view.CoreWebView2
            deferral.Complete()
        child.view.CoreWebView2InitializationCompleted += ready
        child.form.Show()
        child.view.EnsureCoreWebView2Async(None)

    def _open_child(self) -> EdgeSurface:
        form, view = Forms.Form(), WebView2()
        form.Text, form.Icon = self.form.Text, self.form.Icon
        form.Size = self.form.Size
        view.CreationProperties = self.view.CreationProperties   # the same engine, so signed in as this one is
        view.Dock = Forms.DockStyle.Fill
        form.Controls.Add(view)
        view.BringToFront()
        child = EdgeSurface(form, view, self._guard, is_main=False)
        self._children.append(child)
        return child

    def download_starting(self, _sender: Any, args: Any) -> None:
        """Say where it goes; what becomes of it the engine tells, with a button that opens it."""
        operation, downloads = args.DownloadOperation, self._guard.downloads
        address = str(operation.Uri)
        if self._guard.verdict(address) is not Verdict.INSIDE:
            args.Cancel = True
            return
        try:
            path = downloads.place(Path(str(args.ResultFilePath)).name)
        except OSError as problem:
            args.Cancel = True
            self.notify(Notice(f"Nothing could be saved: {problem.strerror}.", problem=True, stays=True))
            return
        if asks_where(address.removeprefix(self._guard.origin)):
            downloads.done(path)
            chosen = self._asked(path)
            if chosen is None:
                args.Cancel = True
                return
            path = chosen
        args.ResultFilePath = str(path)
        operation.StateChanged += lambda *_: downloads.done(path)

    def _asked(self, path: Path) -> Path | None:
        dialog = Forms.SaveFileDialog()
        dialog.InitialDirectory = str(path.parent)
        dialog.FileName = path.name
        return Path(str(dialog.FileName)) if dialog.ShowDialog(self.form) == Forms.DialogResult.OK else None

    # -- the person ------------------------------------------------------------------------------------

    def _permission(self, _sender: Any, args: Any) -> None:
        if args.PermissionKind not in _ASKED or not self._guard.is_ours(str(args.Uri)):
            args.State = CoreWebView2PermissionState.Deny

    def _zoom_changed(self, _sender: Any, _args: Any) -> None:
        self._guard.memory.note(zoom=float(self.view.ZoomFactor))

    def _key_down(self, _sender: Any, args: Any) -> None:
        pressed = "+".join([*(["Ctrl"] if args.Control else []), *(["Alt"] if args.Alt else []), str(args.KeyCode)])
        key = _OURS.get(pressed)
        if key is not None:
            args.Handled = True
            do(KEYS[key.replace("<F11>", "F11")], self._guard, self)

    def _activated(self, _sender: Any, _args: Any) -> None:
        self._guard.bridge.attach(self)

    def _form_closed(self, _sender: Any, _args: Any) -> None:
        self._closed = True
        self._guard.bridge.detach(self)
        self._guard.memory.save()
        for child in self._children:
            child.shut()

    def shut(self) -> None:
        """Close it because the window that opened it is closed."""
        if not self._closed:
            self.form.Close()

    # -- its size and place, in the pixels of the screen -----------------------------------------------

    def put(self) -> None:
        """Where and how large it was the last time, as far as the screens allow."""
        areas = [screen.WorkingArea for screen in Forms.Screen.AllScreens]
        placement = fitted(self._guard.memory.placement,
                           [Rectangle(area.X, area.Y, area.Width, area.Height) for area in areas])
        area = areas[0]
        x = area.X + (area.Width - placement.width) // 2 if placement.x is None else placement.x
        y = area.Y + (area.Height - placement.height) // 2 if placement.y is None else placement.y
        self.form.StartPosition = Forms.FormStartPosition.Manual
        self.form.Bounds = Box(x, y, placement.width, placement.height)
        if placement.maximized:
            self.form.WindowState = Forms.FormWindowState.Maximized

    def _note_place(self, _sender: Any, _args: Any) -> None:
        state = self.form.WindowState
        if state != Forms.FormWindowState.Minimized:
            self._guard.memory.note(maximized=state == Forms.FormWindowState.Maximized)
        if state == Forms.FormWindowState.Normal and not getattr(self.form, "is_fullscreen", False):
            box = self.form.Bounds
            self._guard.memory.note(x=box.X, y=box.Y, width=box.Width, height=box.Height)


def _show_keys(form: Any) -> None:
    """Write the keys beside the lines of the menu that pywebview made."""
    keys = {entry.words: _shown(entry.keys[0]) for _, entries in MENUS for entry in entries
            if entry is not None and entry.keys}
    write = partial(_write_keys, keys)
    for control in form.Controls:
        if isinstance(control, Forms.MenuStrip):
            for top in control.Items:
                for line in top.DropDownItems:
                    write(line)


def _write_keys(keys: dict[str, str], line: Any) -> None:
    if str(line.Text) in keys:
        line.ShortcutKeyDisplayString = keys[str(line.Text)]


def _shown(key: str) -> str:
    """A key as people read it."""
    key = key.replace("<Primary>", "Ctrl+").replace("<Alt>", "Alt+")
    return key.replace("plus", "+").replace("minus", "-") if key.startswith("Ctrl+") else key
