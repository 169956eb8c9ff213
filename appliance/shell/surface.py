"""What the window of every toolkit can do: the seam between the shell and the toolkits."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["EDITS", "WINDOW", "Choice", "Notice", "Surface"]

WINDOW = "ApplianceWindow"
"""What the window adds to the name that its browser goes by: so the server knows that a page is shown in one."""

EDITS = ("undo", "redo", "cut", "copy", "paste", "select_all")
"""What :meth:`Surface.edit` knows."""


@dataclass(frozen=True)
class Notice:
    """A line that the window shows at its edge, outside the page, until somebody closes it or another one comes.

    :param buttons: label and what a press does.
    :param stays: not to be taken away after a while.
    """

    words: str
    buttons: tuple[tuple[str, Callable[[], None]], ...] = ()
    problem: bool = False
    stays: bool = False


@dataclass(frozen=True)
class Choice:
    """What somebody is to choose in a dialog of the system.

    :param kind: what files of these `endings` (``zip``) are called.
    :param many: several may be chosen.
    :param folder: not files, but a folder, which may be made there.
    """

    title: str
    kind: str = ""
    endings: tuple[str, ...] = ()
    many: bool = False
    folder: bool = False


_SOON = 20.0
"""Seconds within which a page that ends its process a second time is not loaded by itself once more."""


class Surface(ABC):
    """A window with a page. Everything but `later` belongs on the toolkit's thread."""

    _died_at = -_SOON

    @abstractmethod
    def later(self, do: Callable[[], object]) -> None:
        """Have `do` called on the toolkit's thread; may be called from any thread."""

    @abstractmethod
    def is_there(self) -> bool:
        """Whether people can see it."""

    @abstractmethod
    def load(self, address: str) -> None:
        """Load a page."""

    @abstractmethod
    def address(self) -> str:
        """Where the page that is shown came from; empty where it came from nowhere."""

    @abstractmethod
    def reload(self) -> None:
        """Load the page anew."""

    @abstractmethod
    def go(self, steps: int) -> None:
        """-1: back; 1: forward."""

    @abstractmethod
    def zoom(self, steps: int) -> None:
        """Larger or smaller; 0: as pages are made. It is remembered."""

    @abstractmethod
    def find(self) -> None:
        """Ask for words, and look for them in the page."""

    @abstractmethod
    def print(self) -> None:
        """Ask how, and print the page."""

    @abstractmethod
    def full_screen(self) -> None:
        """Use the whole screen, or no longer."""

    @abstractmethod
    def edit(self, what: str) -> None:
        """One of :data:`EDITS`, where the cursor is."""

    @abstractmethod
    def close(self) -> None:
        """Close the window, as its button does."""

    @abstractmethod
    def notify(self, notice: Notice) -> None:
        """Show a line at the window's edge."""

    @abstractmethod
    def choose(self, choice: Choice, chosen: Callable[[list[Path]], None]) -> None:
        """Let somebody choose files or a folder.

        :param chosen: gets them, none where nothing was chosen; called on the toolkit's thread.
        """

    @abstractmethod
    def ask(self, title: str, words: str, answers: Sequence[str], answered: Callable[[int | None], None]) -> None:
        """Ask somebody a question in a dialog of the system; who only presses Return or Escape changes nothing.

        :param answers: what the buttons say beside the one that cancels; two at most.
        :param answered: gets which of them was pressed, None for none; called on the toolkit's thread.
        """

    def confirm(self, title: str, words: str, yes: str, answered: Callable[[bool], None]) -> None:
        """Ask whether something is to be done.

        :param yes: what the button says that agrees.
        """
        self.ask(title, words, (yes,), lambda number: answered(number is not None))

    def engine_died(self) -> None:
        """The process that draws the page is gone: the page is loaded anew, but not again and again."""
        now = time.monotonic()
        before, self._died_at = self._died_at, now
        if now - before < _SOON:
            self.notify(Notice("This page could not be shown: what draws it stopped twice.",
                               (("Load it again", self.reload),), problem=True, stays=True))
        else:
            self.notify(Notice("What draws the page stopped and was started again. What was acknowledged is safe.",
                               problem=True))
            self.reload()
