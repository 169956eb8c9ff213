"""What a page may wish for in a window: things that need a dialog of the system.

Whatever script runs in a page may wish, so a wish does nothing by itself: it opens a dialog that the person at the
screen answers, and says nothing of a path. A wish is an address (:data:`WISHES`) that a link leads to and that the
guard keeps from being loaded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from appliance.shell.surface import Choice, Notice, Surface

__all__ = ["WISHES", "Bridge", "HandOver"]

HandOver = Callable[[str, Mapping[str, Any], Callable[[str], None]], int]
"""Has the server do a command: its name, its arguments, who takes what it says; returns its exit status, and raises an
exception with words if the server did not do it."""

WISHES = frozenset({"/window/install", "/window/choose-folder", "/window/choose-backup"})
"""Paths on our own origin."""

_PACKAGES = Choice("Install a package", "Interview packages", ("zip", "whl"), many=True)
_CHOICES = {"/window/choose-folder": ("folder", Choice("Choose a folder", folder=True)),
            "/window/choose-backup": ("backup", Choice("Choose a backup", "Backups", ("backup",)))}
"""Wish → what the server calls what is chosen, and the dialog."""

_NO_ANSWER = "The server does not answer."

_TRUST = ("A package is a program: it can do whatever this computer lets you do. Install it only if you trust the "
          "people whom you have it from.")


class Bridge:
    """Fulfils wishes, one at a time.

    :param hand_over: has the server do a command.
    """

    def __init__(self, hand_over: HandOver) -> None:
        self._hand_over = hand_over
        self._surfaces: list[Surface] = []
        self._busy = threading.Lock()
        self._files_lock = threading.Lock()
        self._files: list[Path] = []   # opened with the appliance, and not asked about yet

    def attach(self, surface: Surface) -> None:
        """From now on dialogs belong to this window."""
        self._surfaces = [*(one for one in self._surfaces if one is not surface), surface]

    def detach(self, surface: Surface) -> None:
        """This window is closed."""
        self._surfaces = [one for one in self._surfaces if one is not surface]

    @property
    def surface(self) -> Surface | None:
        """The window that was used last; None where there is none."""
        return self._surfaces[-1] if self._surfaces else None

    def tell(self, notice: Notice, surface: Surface | None = None) -> None:
        """Show a line in a window, or in another one where people cannot see it; on the toolkit's thread."""
        there = surface if surface is not None and surface.is_there() else self.surface
        if there is not None:
            there.notify(notice)

    def fulfil(self, path: str) -> None:
        """What a page or the menu wishes; see :data:`WISHES`. Returns at once."""
        if path in _CHOICES:
            self._choose(*_CHOICES[path])
        elif path == "/window/install":
            self.install()

    def install(self) -> None:
        """Let somebody choose packages, and install them. May be called from any thread."""
        surface = self.surface
        if surface is not None and self._busy.acquire(blocking=False):
            surface.later(lambda: surface.choose(_PACKAGES, self._chosen))

    def install_files(self, files: Sequence[Path]) -> None:
        """Ask whether to install these packages, which somebody opened with the appliance, as soon as no other dialog
        is open. May be called from any thread.
        """
        with self._files_lock:
            self._files += files
        self._offer_files()

    def _offer_files(self) -> None:
        surface = self.surface
        if surface is None or not self._files or not self._busy.acquire(blocking=False):
            return
        with self._files_lock:
            files, self._files = self._files, []
        names = ", ".join(file.name for file in files)
        surface.later(lambda: surface.confirm("Install a package", f"Install {names}?\n\n{_TRUST}", "Install",
                                              lambda yes: self._chosen(files if yes else [])))

    def _free(self) -> None:
        """The dialog is answered, and what follows from it is done."""
        self._busy.release()
        self._offer_files()

    # -- what is chosen for a page --------------------------------------------------------------------

    def _choose(self, what: str, choice: Choice) -> None:
        """Let somebody choose something, tell the server, and show the page again, which then shows what it was."""
        surface = self.surface

        def chosen(paths: list[Path]) -> None:
            self._free()
            for path in paths[:1]:
                threading.Thread(target=tell, args=(path,), daemon=True).start()

        def tell(path: Path) -> None:
            said: list[str] = []
            try:
                self._hand_over("chosen", {"what": what, "path": str(path)}, said.append)
            except Exception as problem:  # noqa: BLE001 - as in _install
                said.append(str(problem) or _NO_ANSWER)
            if surface is not None:
                surface.later(lambda: shown(surface, " ".join(said)))

        def shown(there: Surface, words: str) -> None:
            if words:
                self.tell(Notice(words, problem=True, stays=True), there)
            elif there.is_there():
                there.load(there.address())   # and not reload(), which would send a form again

        if surface is not None and self._busy.acquire(blocking=False):
            surface.later(lambda: surface.choose(choice, chosen))

    # -- packages --------------------------------------------------------------------------------------

    def _chosen(self, files: list[Path]) -> None:
        if not files:
            self._free()
            return
        self.tell(Notice(f"Installing {', '.join(file.name for file in files)}…", stays=True))
        self._begin(files, anyway=False)

    def _begin(self, files: list[Path], *, anyway: bool) -> None:
        threading.Thread(target=self._install, args=(files, anyway), daemon=True).start()

    def _install(self, files: list[Path], anyway: bool) -> None:
        """In a thread of its own: the server takes its time."""
        said: list[str] = []
        arguments = {"files": [str(file) for file in files], "anyway": anyway, "ask": True}
        try:
            status = self._hand_over("install", arguments, said.append)
        except Exception as problem:  # noqa: BLE001 - whatever kept the server from it, its words are for the person
            status, said = 1, [str(problem) or _NO_ANSWER]
        words, surface = " ".join(said), self.surface
        if surface is None:
            self._free()
        elif status == MISSING and not anyway:
            surface.later(lambda: surface.confirm(
                "Something that is needed is missing", f"{words}\n\nInstall all the same? What needs it will stop with "
                "an error; the rest works.", "Install all the same", lambda yes: self._answered(files, yes)))
        else:
            self._free()
            surface.later(lambda: self._told(surface, words, well=status == 0))

    def _answered(self, files: list[Path], yes: bool) -> None:
        if yes:
            self._begin(files, anyway=True)
            return
        self._free()
        self.tell(Notice("Nothing was installed."))

    def _told(self, surface: Surface, words: str, *, well: bool) -> None:
        self.tell(Notice(words, problem=not well, stays=not well), surface)
        if well and surface.is_there() and surface.address().partition("?")[0].endswith("/packages"):
            surface.reload()   # the list has changed


MISSING = 3
"""The exit status of ``install`` with ``ask`` where Python packages are missing and nothing was installed."""
