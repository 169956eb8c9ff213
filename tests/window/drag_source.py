"""A window from which files can be dragged: ``drag_source.py X Y ADDRESS…``, with addresses like ``file:///a.txt``."""

from __future__ import annotations

import sys
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402 - the version must be named before


def give(_widget: Gtk.Widget, _context: Any, data: Any, _info: int, _time: int) -> None:
    data.set_uris(sys.argv[3:])


window = Gtk.Window(title="Files")
area = Gtk.EventBox()
area.add(Gtk.Label(label="drag me"))
area.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [Gtk.TargetEntry.new("text/uri-list", 0, 0)], Gdk.DragAction.COPY)
area.connect("drag-data-get", give)
window.add(area)
window.set_default_size(120, 80)
window.connect("destroy", Gtk.main_quit)
window.move(int(sys.argv[1]), int(sys.argv[2]))
window.show_all()
Gtk.main()
