"""The menu bar: the places of the appliance, and what every program has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from appliance.shell.guard import Guard
from appliance.shell.surface import Surface

if TYPE_CHECKING:
    from webview.menu import Menu

__all__ = ["KEYS", "MENUS", "Entry", "do", "menus"]


@dataclass(frozen=True)
class Entry:
    """A line of a menu.

    :param does: a path of ours that starts with ``/``, or what :func:`do` knows.
    :param keys: as GTK writes them (``<Primary>`` is Ctrl, on a Mac ⌘); the first is shown.
    """

    words: str
    does: str
    keys: tuple[str, ...] = ()


MENUS: tuple[tuple[str, tuple[Entry | None, ...]], ...] = (
    ("File", (
        Entry("Install a package…", "install"), None,
        Entry("Print…", "print", ("<Primary>p",)), None,
        Entry("Close", "close", ("<Primary>w", "<Primary>q")))),
    ("Edit", (
        Entry("Undo", "edit undo"), Entry("Redo", "edit redo"), None,
        Entry("Cut", "edit cut"), Entry("Copy", "edit copy"), Entry("Paste", "edit paste"),
        Entry("Select all", "edit select_all"), None,
        Entry("Find…", "find", ("<Primary>f", "F3")))),
    ("View", (
        Entry("Back", "back", ("<Alt>Left",)), Entry("Forward", "forward", ("<Alt>Right",)),
        Entry("Reload", "reload", ("<Primary>r", "F5")), None,
        Entry("Larger", "larger", ("<Primary>plus", "<Primary>equal", "<Primary>KP_Add")),
        Entry("Smaller", "smaller", ("<Primary>minus", "<Primary>KP_Subtract")),
        Entry("Normal size", "normal size", ("<Primary>0", "<Primary>KP_0")), None,
        Entry("Full screen", "full screen", ("F11",)))),
    ("Go", (
        Entry("Interviews", "/", ("<Alt>Home",)), Entry("My interviews", "/interviews"), None,
        Entry("Tasks", "/tasks"), Entry("Schedule", "/schedule"), Entry("Mail", "/mail"), Entry("Outbox", "/outbox"),
        None,
        Entry("Network", "/network"), Entry("People", "/userlist"), Entry("Packages", "/packages"),
        Entry("Backup", "/backup"), Entry("Settings", "/config"))),
    ("Help", (Entry("Logs", "/logs"), Entry("About and health", "/about"))),
)
"""None is a line between groups."""

KEYS = {key: entry.does for _, entries in MENUS for entry in entries if entry is not None for key in entry.keys}
"""Key → what it does."""

_DOES: dict[str, Callable[[Surface], object]] = {
    "print": lambda surface: surface.print(), "close": lambda surface: surface.close(),
    "find": lambda surface: surface.find(), "reload": lambda surface: surface.reload(),
    "back": lambda surface: surface.go(-1), "forward": lambda surface: surface.go(1),
    "larger": lambda surface: surface.zoom(1), "smaller": lambda surface: surface.zoom(-1),
    "normal size": lambda surface: surface.zoom(0), "full screen": lambda surface: surface.full_screen(),
}


def do(what: str, guard: Guard, surface: Surface) -> None:
    """Do what an entry says in a window; on the toolkit's thread."""
    if what.startswith("/"):
        if guard.origin:
            surface.load(guard.address_of(what))
    elif what.startswith("edit "):
        surface.edit(what.removeprefix("edit "))
    elif what == "install":
        guard.bridge.install()
    else:
        _DOES[what](surface)


def menus(guard: Guard) -> list[Menu]:
    """The menu bar for ``webview.start(menu=…)``; what is chosen is done in the window that was used last."""
    from webview.menu import Menu, MenuAction, MenuSeparator

    def chosen(what: str) -> Callable[[], None]:
        def act() -> None:   # pywebview calls it in a thread of its own
            surface = guard.bridge.surface
            if surface is not None:
                surface.later(lambda: do(what, guard, surface))
        return act

    def lines(entries: tuple[Entry | None, ...]) -> list[Any]:
        return [MenuSeparator() if entry is None else MenuAction(entry.words, chosen(entry.does)) for entry in entries]

    return [Menu(title, lines(entries)) for title, entries in MENUS]
