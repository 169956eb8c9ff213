"""The two bars at the lower edge of a window of GTK: one that looks for words, and one that tells of something."""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk, Pango  # noqa: E402 - the version must be named before
from gi.repository import WebKit2 as WebKit  # noqa: E402

from appliance.shell.surface import Notice, Surface  # noqa: E402

__all__ = ["FindBar", "NoticeBar"]

_MOST = 1000
"""Places that are counted."""

_A_WHILE = 20
"""Seconds that a notice stays, and longer while the pointer or the keyboard is on it."""


class FindBar:
    """Looks for words in a page with WebKit's own finder.

    :param view: the page.
    """

    def __init__(self, view: WebKit.WebView) -> None:
        self._view = view
        self._finder = view.get_find_controller()
        self._entry = Gtk.SearchEntry(width_chars=28, placeholder_text="Find in this page")
        self._entry.get_accessible().set_name("Find in this page")
        self._count = Gtk.Label(xalign=0)
        self.widget = self._drawn()
        self._entry.connect("search-changed", lambda *_: self._look())
        self._entry.connect("activate", lambda *_: self.step(1))
        self._entry.connect("key-press-event", self._key)
        self._finder.connect("found-text", lambda _finder, count: self._found(count))
        self._finder.connect("failed-to-find-text", lambda *_: self._found(0))

    def _drawn(self) -> Gtk.Widget:
        row = Gtk.Box(spacing=6, margin=6)
        row.pack_start(self._entry, False, False, 0)
        for icon, words, action in (("go-up-symbolic", "Previous", lambda *_: self.step(-1)),
                                    ("go-down-symbolic", "Next", lambda *_: self.step(1))):
            row.pack_start(_icon_button(icon, words, action), False, False, 0)
        row.pack_start(self._count, False, False, 6)
        row.pack_end(_icon_button("window-close-symbolic", "Close", lambda *_: self.close()), False, False, 0)
        return _bar(row)

    def open(self) -> None:
        """Show the bar, ready for words; those of the last time are there to be typed over."""
        self.widget.show()
        self._entry.grab_focus()
        self._look()

    def close(self) -> bool:
        """Hide it; whether it was there."""
        if not self.widget.get_visible():
            return False
        self.widget.hide()
        self._finder.search_finish()
        self._view.grab_focus()
        return True

    def step(self, way: int) -> None:
        """To the next place, or the one before."""
        if not self.widget.get_visible():
            self.open()
        elif way > 0:
            self._finder.search_next()
        else:
            self._finder.search_previous()

    def _look(self) -> None:
        words = self._entry.get_text()
        if words:
            self._finder.search(words, WebKit.FindOptions.CASE_INSENSITIVE | WebKit.FindOptions.WRAP_AROUND, _MOST)
        else:
            self._finder.search_finish()
            self._count.set_text("")

    def _found(self, count: int) -> None:
        many = f"more than {_MOST}" if count > _MOST else str(count)
        self._count.set_text("nothing found" if not count else f"{many} {'place' if count == 1 else 'places'}")

    def _key(self, _entry: Gtk.Entry, event: Gdk.EventKey) -> bool:
        if event.keyval in {Gdk.KEY_Return, Gdk.KEY_KP_Enter} and event.state & Gdk.ModifierType.SHIFT_MASK:
            self.step(-1)
            return True
        return False


class NoticeBar:
    """Tells of something, one thing at a time.

    :param surface: whose it is.
    """

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._words = Gtk.Label(xalign=0, wrap=True, wrap_mode=Pango.WrapMode.WORD_CHAR, max_width_chars=70)
        self._buttons = Gtk.Box(spacing=6)
        row = Gtk.Box(spacing=12, margin=6)
        row.pack_start(self._words, True, True, 6)
        row.pack_end(_icon_button("window-close-symbolic", "Close", lambda *_: self.hide()), False, False, 0)
        row.pack_end(self._buttons, False, False, 0)
        self.widget = _bar(row)
        self.widget.connect("enter-notify-event", lambda *_: self._wait())
        self._words.get_accessible().set_role(_STATUS)
        self._timer = 0

    def show(self, notice: Notice) -> None:
        """Tell this, in place of what was told before."""
        self._words.set_text(notice.words)
        for button in self._buttons.get_children():
            button.destroy()
        for label, press in notice.buttons:
            button = Gtk.Button(label=label, visible=True)
            button.connect("clicked", lambda _button, press=press: press())
            self._buttons.pack_start(button, False, False, 0)
        self.widget.show()
        self._cancel()
        if not notice.stays:
            self._wait()

    def hide(self) -> None:
        """Take it away."""
        self._cancel()
        self.widget.hide()

    def _wait(self) -> bool:
        if self._timer:
            self._cancel()
        self._timer = GLib.timeout_add_seconds(_A_WHILE, self._late)
        return False

    def _cancel(self) -> None:
        if self._timer:
            GLib.source_remove(self._timer)
        self._timer = 0

    def _late(self) -> bool:
        focused: Any = self.widget.get_focus_child()
        if focused is not None:
            return True   # somebody is at its buttons: look again later
        self._timer = 0
        self.widget.hide()
        return False


_STATUS = Gtk.Label().get_accessible().get_role()


def _bar(inside: Gtk.Widget) -> Gtk.Widget:
    """A bar that comes up only when it is asked to."""
    bar = Gtk.EventBox()
    frame = Gtk.Frame(shadow_type=Gtk.ShadowType.NONE)
    frame.get_style_context().add_class("background")
    frame.add(inside)
    bar.add(frame)
    frame.show_all()
    bar.set_no_show_all(True)
    return bar


def _icon_button(icon: str, words: str, action: Any) -> Gtk.Button:
    button = Gtk.Button.new_from_icon_name(icon, Gtk.IconSize.BUTTON)
    button.set_relief(Gtk.ReliefStyle.NONE)
    button.set_tooltip_text(words)
    button.get_accessible().set_name(words)
    button.connect("clicked", action)
    return button
