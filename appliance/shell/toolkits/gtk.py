"""Windows of GTK 3 with WebKitGTK."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gio, GLib, GObject, Gtk  # noqa: E402 - the version must be named before
from gi.repository import WebKit2 as WebKit  # noqa: E402 - pywebview has named its version

from appliance import __version__  # noqa: E402
from appliance.shell.guard import Guard, Verdict  # noqa: E402
from appliance.shell.memory import Rectangle, fitted, next_zoom  # noqa: E402
from appliance.shell.menus import KEYS, MENUS, do  # noqa: E402
from appliance.shell.surface import WINDOW, Choice, Notice, Surface  # noqa: E402
from appliance.shell.toolkits.gtk_bars import FindBar, NoticeBar  # noqa: E402
from appliance.shell.toolkits.gtk_downloads import GtkDownloads  # noqa: E402

__all__ = ["GtkSurface", "prepare"]

_EDITS = {"undo": "Undo", "redo": "Redo", "cut": "Cut", "copy": "Copy", "paste": "Paste", "select_all": "SelectAll"}

_OFFERED = {getattr(WebKit.ContextMenuAction, name) for name in (
    "COPY", "COPY_IMAGE_TO_CLIPBOARD", "COPY_LINK_TO_CLIPBOARD", "CUT", "DELETE", "DOWNLOAD_IMAGE_TO_DISK",
    "DOWNLOAD_LINK_TO_DISK", "GO_BACK", "GO_FORWARD", "INPUT_METHODS", "INSERT_EMOJI", "MEDIA_MUTE", "MEDIA_PAUSE",
    "MEDIA_PLAY", "OPEN_LINK", "OPEN_LINK_IN_NEW_WINDOW", "PASTE", "PASTE_AS_PLAIN_TEXT", "RELOAD", "SELECT_ALL",
    "TOGGLE_MEDIA_CONTROLS", "NO_ACTION")}
"""Lines of WebKit's context menu that people of an office have a use for."""

_SHOWN_SOON = 500
"""Milliseconds after which an empty window that a page opened is shown: a script writes into it. What becomes a
download or leads elsewhere is gone before."""


def prepare(window: Any, guard: Guard) -> Surface:
    """As :func:`appliance.shell.toolkits.prepare`."""
    browser = window.gui.BrowserView.instances[window.uid]
    view: WebKit.WebView = browser.webview
    view.disconnect_by_func(browser.on_navigation)   # it follows links in its own way, and is asked first
    _forget_handlers(view, "context-menu")   # it hides the menu
    context = view.get_context()
    with contextlib.suppress(TypeError):   # raised where pywebview was not told to allow downloads
        context.disconnect_by_func(browser.on_download_started)   # asks where to, each time
    settings = view.get_settings()
    settings.set_enable_html5_local_storage(True)   # of an ephemeral context: never on disk
    settings.set_user_agent_with_application_details(WINDOW, __version__)
    surface = GtkSurface(browser.window, view, guard, GtkDownloads(context, guard), browser.toggle_fullscreen)
    surface.put()
    surface.follow_size()
    view.set_zoom_level(guard.memory.placement.zoom)
    _show_keys(browser.window)
    return surface


class GtkSurface(Surface):
    """A window with a page: pywebview's, or one that a page of ours opened.

    :param toggle: uses the whole screen, or no longer.
    """

    def __init__(self, window: Gtk.ApplicationWindow, view: WebKit.WebView, guard: Guard, downloads: GtkDownloads,
                 toggle: Callable[[], None]) -> None:
        self.window = window
        self.view = view
        self._guard = guard
        self._downloads = downloads
        self._toggle = toggle
        self._children: list[GtkSurface] = []
        self._is_gone = False
        self._opened_for_a_page = False
        self._find_bar = FindBar(view)
        self._notice_bar = NoticeBar(self)
        self._put_bars()
        downloads.watch(view, self)
        for signal, handler in (("decide-policy", self._decide), ("create", self._create), ("close", self._close_asked),
                                ("permission-request", self._permission), ("context-menu", self._context_menu),
                                ("scroll-event", self._scroll)):
            view.connect(signal, handler)
        view.connect("web-process-terminated", lambda *_: self.engine_died())
        window.connect("key-press-event", self._key)
        window.connect("focus-in-event", self._focused)
        window.connect("destroy", self._gone)

    def _put_bars(self) -> None:
        """The page between the two bars. The window may still be pywebview's, with the page's scrolled window in it."""
        inside = self.window.get_child()
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        if inside is None:
            inside = self.view
        else:
            self.window.remove(inside)
        column.pack_start(inside, True, True, 0)
        column.pack_end(self._find_bar.widget, False, False, 0)
        column.pack_end(self._notice_bar.widget, False, False, 0)
        column.show()
        self.window.add(column)

    # -- what every surface can do ---------------------------------------------------------------------

    def later(self, do: Callable[[], object]) -> None:
        def once() -> bool:
            do()
            return False   # or GLib would call it again and again
        GLib.idle_add(once)

    def is_there(self) -> bool:
        return not self._is_gone and bool(self.window.get_visible())

    def load(self, address: str) -> None:
        self.view.load_uri(address)

    def address(self) -> str:
        return self.view.get_uri() or ""

    def reload(self) -> None:
        self.view.reload()

    def go(self, steps: int) -> None:
        if steps < 0:
            self.view.go_back()
        else:
            self.view.go_forward()

    def zoom(self, steps: int) -> None:
        level = next_zoom(self.view.get_zoom_level(), steps)
        self.view.set_zoom_level(level)
        self._guard.memory.note(zoom=level)

    def find(self) -> None:
        self._find_bar.open()

    def print(self) -> None:
        WebKit.PrintOperation.new(self.view).run_dialog(self.window)

    def full_screen(self) -> None:
        self._toggle()

    def edit(self, what: str) -> None:
        self.view.execute_editing_command(_EDITS[what])

    def close(self) -> None:
        self.window.close()

    def notify(self, notice: Notice) -> None:
        self._notice_bar.show(notice)

    def choose(self, choice: Choice, chosen: Callable[[list[Path]], None]) -> None:
        action = Gtk.FileChooserAction.SELECT_FOLDER if choice.folder else Gtk.FileChooserAction.OPEN
        dialog = Gtk.FileChooserNative.new(choice.title, self.window, action, None, None)
        dialog.set_select_multiple(choice.many)
        dialog.set_modal(True)
        if choice.folder:
            dialog.set_create_folders(True)
            dialog.set_current_folder(GLib.get_home_dir())   # among what was used last, no folder can be named
        if choice.endings:
            only = Gtk.FileFilter()
            only.set_name(choice.kind)
            for ending in choice.endings:
                only.add_pattern(f"*.{ending}")
                only.add_pattern(f"*.{ending.upper()}")
            dialog.add_filter(only)

        def answered(_dialog: Gtk.FileChooserNative, response: int) -> None:
            accepted = response == Gtk.ResponseType.ACCEPT
            files = [Path(name) for name in dialog.get_filenames()] if accepted else []
            dialog.destroy()
            chosen(files)
        dialog.connect("response", answered)
        dialog.show()

    def ask(self, title: str, words: str, answers: Sequence[str], answered: Callable[[int | None], None]) -> None:
        dialog = Gtk.MessageDialog(transient_for=self.window, modal=True, destroy_with_parent=True, text=title,
                                   message_type=Gtk.MessageType.QUESTION, title=title)
        dialog.format_secondary_text(words)
        dialog.add_button("Cancel", Gtk.ResponseType.CANCEL)
        for number, one in enumerate(answers):
            dialog.add_button(one, number)
        dialog.set_default_response(Gtk.ResponseType.CANCEL)

        def responded(_dialog: Gtk.MessageDialog, response: int) -> None:
            dialog.destroy()
            answered(response if response >= 0 else None)   # GTK's own responses are below
        dialog.connect("response", responded)
        dialog.show_all()

    # -- where pages lead ------------------------------------------------------------------------------

    def _decide(self, _view: WebKit.WebView, decision: Any, kind: WebKit.PolicyDecisionType) -> bool:
        if kind == WebKit.PolicyDecisionType.RESPONSE:
            return self._decide_response(decision)
        if self._guard.follow(decision.get_navigation_action().get_request().get_uri()):
            decision.use()
        else:
            decision.ignore()
            self._leave_if_blank()
        return True

    def _decide_response(self, decision: WebKit.ResponsePolicyDecision) -> bool:
        """Show it, or save it; and open it with a program where it was meant to be seen, and cannot be seen here."""
        response = decision.get_response()
        headers = response.get_http_headers()
        disposition = "" if headers is None else headers.get_one("Content-Disposition") or ""
        attached = disposition.lower().startswith("attachment")
        main = decision.is_main_frame_main_resource()
        document = not decision.is_mime_type_supported() or (main and response.get_mime_type() == "application/pdf")
        if not attached and not document:
            decision.use()
            return True
        if not attached and main:
            self._downloads.open_when_saved(response.get_uri())
        if self._opened_for_a_page:
            self._opened_for_a_page = False
            self._downloads.when_ended(response.get_uri(), lambda: self.later(self.window.destroy))
        decision.download()
        return True

    def _create(self, _view: WebKit.WebView, action: WebKit.NavigationAction) -> WebKit.WebView | None:
        """A window that a page opens: ``target=_blank``, ``window.open()``."""
        if not self._guard.follow(action.get_request().get_uri()):   # a script's window.open() comes here at once
            return None
        view = WebKit.WebView.new_with_related_view(self.view)   # signed in as this one is
        view.set_settings(self.view.get_settings())
        view.set_zoom_level(self.view.get_zoom_level())
        view.show()
        window = Gtk.ApplicationWindow(application=self.window.get_application())
        width, height = self.window.get_size()
        window.set_default_size(width, height)
        window.set_icon(self.window.get_icon())
        child = GtkSurface(window, view, self._guard, self._downloads, lambda: _toggle_full_screen(window))
        child.wait_for_page(self.window.get_title(), empty=action.get_request().get_uri() in {"", "about:blank"})
        self._children.append(child)
        window.connect("destroy", lambda *_: self._children.remove(child))
        return view

    def wait_for_page(self, title: str, *, empty: bool) -> None:
        """Show the window as soon as there is a page in it.

        :param title: for pages that have none.
        :param empty: there may be none but what a script writes.
        """
        self._opened_for_a_page = True
        self.window.set_title(title)
        self.view.connect("notify::title", lambda *_: self.window.set_title(self.view.get_title() or title))
        self.view.connect("load-changed", self._loaded)
        if empty:
            GLib.timeout_add(_SHOWN_SOON, self._show)

    def _loaded(self, _view: WebKit.WebView, event: WebKit.LoadEvent) -> None:
        if event == WebKit.LoadEvent.COMMITTED:
            self._opened_for_a_page = False
            self._show()
        elif event == WebKit.LoadEvent.FINISHED:
            self._leave_if_blank()

    def _show(self) -> bool:
        if not self._is_gone and not self.window.get_visible():
            self.window.present()
        return False

    def _leave_if_blank(self) -> None:
        """Close a window that was opened for what turned out to be no page."""
        if self._opened_for_a_page and not self._is_gone:
            self.later(self.window.destroy)

    def _close_asked(self, _view: WebKit.WebView) -> None:
        self.window.close()   # a script's window.close(), which WebKit allows only windows that a script opened

    def _gone(self, _window: Gtk.Window) -> None:
        self._is_gone = True
        self._guard.bridge.detach(self)
        for child in list(self._children):
            child.window.destroy()
        self._guard.memory.save()

    # -- the person ------------------------------------------------------------------------------------

    def _focused(self, *_: Any) -> bool:
        self._guard.bridge.attach(self)
        return False

    def _key(self, _window: Gtk.Window, event: Gdk.EventKey) -> bool:
        if event.keyval == Gdk.KEY_Escape:
            return self._find_bar.close() or self._leave_full_screen()
        pressed = event.state & Gtk.accelerator_get_default_mod_mask()
        for key, what in KEYS.items():
            value, modifiers = Gtk.accelerator_parse(key)
            # A plus may need Shift on the keyboard: what the key gives counts, not how.
            loose = pressed & ~Gdk.ModifierType.SHIFT_MASK if value in _SHIFTED else pressed
            if modifiers == loose and value == Gdk.keyval_to_lower(event.keyval):
                do(what, self._guard, self)
                return True
        if event.keyval == Gdk.KEY_F3 and pressed == Gdk.ModifierType.SHIFT_MASK:
            self._find_bar.step(-1)
            return True
        return False

    def _leave_full_screen(self) -> bool:
        inside = self.window.get_window()
        if inside is None or not inside.get_state() & Gdk.WindowState.FULLSCREEN:
            return False
        self._toggle()
        return True

    def _scroll(self, _view: WebKit.WebView, event: Gdk.EventScroll) -> bool:
        if not event.state & Gdk.ModifierType.CONTROL_MASK:
            return False
        smooth, _, down = event.get_scroll_deltas()
        if smooth and down:
            self.zoom(-1 if down > 0 else 1)
        elif event.direction in {Gdk.ScrollDirection.UP, Gdk.ScrollDirection.DOWN}:
            self.zoom(1 if event.direction == Gdk.ScrollDirection.UP else -1)
        return True

    def _context_menu(self, _view: WebKit.WebView, menu: WebKit.ContextMenu, _event: Any, _hit: Any) -> bool:
        for item in menu.get_items():
            if not item.is_separator() and item.get_stock_action() not in _OFFERED:
                menu.remove(item)
        return bool(menu.get_n_items() == 0)

    def _permission(self, _view: WebKit.WebView, request: Any) -> bool:
        """Ask whether a page of ours may use the camera, the microphone or the place."""
        if isinstance(request, WebKit.DeviceInfoPermissionRequest):
            request.allow()   # names of devices, which pages get only after they may use one
            return True
        wanted = _wanted(request)
        if not wanted or self._guard.verdict(self.address()) is not Verdict.INSIDE:
            request.deny()
            return True
        self.confirm("May this page do that?", f"This page wants to use {wanted}.", "Allow",
                     lambda yes: request.allow() if yes else request.deny())
        return True

    # -- its size and place ----------------------------------------------------------------------------

    def put(self) -> None:
        """Where and how large it was the last time, as far as the screens allow."""
        display = self.window.get_display()
        areas = [display.get_monitor(number).get_workarea() for number in range(display.get_n_monitors())]
        placement = fitted(self._guard.memory.placement,
                           [Rectangle(area.x, area.y, area.width, area.height) for area in areas])
        self.window.resize(placement.width, placement.height)
        middle = areas[0] if areas else Gdk.Rectangle()
        self.window.move(middle.x + (middle.width - placement.width) // 2 if placement.x is None else placement.x,
                         middle.y + (middle.height - placement.height) // 2 if placement.y is None else placement.y)
        if placement.maximized:
            self.window.maximize()

    def follow_size(self) -> None:
        """Remember from now on how the window stands."""
        self.window.connect("configure-event", self._configured)
        self.window.connect("window-state-event", self._state_changed)

    def _configured(self, *_: Any) -> bool:
        inside = self.window.get_window()
        special = Gdk.WindowState.MAXIMIZED | Gdk.WindowState.FULLSCREEN | Gdk.WindowState.ICONIFIED
        if inside is not None and not inside.get_state() & special:
            (width, height), (x, y) = self.window.get_size(), self.window.get_position()
            self._guard.memory.note(width=width, height=height, x=x, y=y)
        return False

    def _state_changed(self, _window: Gtk.Window, event: Gdk.EventWindowState) -> bool:
        if event.changed_mask & Gdk.WindowState.MAXIMIZED:
            self._guard.memory.note(maximized=bool(event.new_window_state & Gdk.WindowState.MAXIMIZED))
        return False


_SHIFTED = frozenset({Gdk.KEY_plus, Gdk.KEY_equal, Gdk.KEY_minus, Gdk.KEY_0})


def _wanted(request: Any) -> str:
    """What a page asks leave for, in words; empty for what it never gets."""
    if isinstance(request, WebKit.UserMediaPermissionRequest):
        devices = [words for name, words in (("is_for_audio_device", "the microphone"),
                                             ("is_for_video_device", "the camera"))
                   if request.get_property(name.replace("_", "-"))]
        return " and ".join(devices) or "the screen"
    return "your location" if isinstance(request, WebKit.GeolocationPermissionRequest) else ""


def _toggle_full_screen(window: Gtk.Window) -> None:
    inside = window.get_window()
    if inside is not None and inside.get_state() & Gdk.WindowState.FULLSCREEN:
        window.unfullscreen()
    else:
        window.fullscreen()


def _forget_handlers(view: WebKit.WebView, signal: str) -> None:
    """Disconnect what pywebview connected to a signal without keeping a name for it."""
    number = GObject.signal_lookup(signal, view)
    while True:
        handler = GObject.signal_handler_find(view, GObject.SignalMatchType.ID, number, 0, None, None, None)
        if not handler:
            return
        view.disconnect(handler)


def _show_keys(window: Gtk.ApplicationWindow) -> None:
    """Write the keys beside the lines of the menu. pywebview makes an action of each, with this name."""
    application: Gio.Application | None = window.get_application()
    if application is None:
        return
    for title, entries in MENUS:
        for entry in entries:
            if entry is not None and entry.keys:
                action = f"app._{title}_{entry.words}".replace(" ", "_")
                application.set_accels_for_action(action, [entry.keys[0]])
