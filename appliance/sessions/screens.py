"""What each person of a session was shown last: the form that they send is read against that screen, and nobody gets to
see what was drawn for somebody else.

Stored with a step is a pickled dictionary from whoever was shown something (the name of the key that they open sessions
with) to what it was. Before sessions were shared, it was the one pickled screen.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.interview.screen import Screen

__all__ = ["Screens", "Shown"]

_ANYBODY = ""
_MOST = 20
"""People whose forms are remembered; whoever was shown something longest ago makes room."""


@dataclass(frozen=True)
class Shown:
    """One person's screen.

    :param revision: what their form carries; a form with another one is not applied.
    """

    revision: int
    packed: bytes = field(repr=False)

    @classmethod
    def of(cls, screen: Screen, revision: int) -> Shown:
        """A screen that is shown now."""
        return cls(revision, pickle.dumps(screen, protocol=5))

    @property
    def screen(self) -> Screen:
        """The screen itself."""
        opened: Screen = pickle.loads(self.packed)
        return opened


class Screens:
    """Those of one step.

    :param stored: as the step has it.
    :param revision: the session's.
    :param shared: whether several people can open the session; otherwise all who do are one person.
    """

    def __init__(self, stored: bytes, revision: int, *, shared: bool) -> None:
        self.stored = stored
        self._shared = shared
        opened = pickle.loads(stored) if stored else {}
        if isinstance(opened, Screen):
            opened = {_ANYBODY: (revision, stored)}
        self._by_viewer: dict[str, Shown] = {viewer: Shown(*shown) for viewer, shown in opened.items()}

    def of(self, viewers: Sequence[str]) -> Shown | None:
        """What somebody was shown last; None for somebody who has nothing on the page.

        :param viewers: the names of their keys.
        """
        name = self._name(viewers)
        return None if name is None else self._by_viewer[name]

    def with_shown(self, viewers: Sequence[str], shown: Shown | None, *, alone: bool = False) -> bytes:
        """As the step has it when somebody is shown something (None: nothing) now.

        :param alone: what the others were shown does not hold any more.
        """
        kept = {} if alone else dict(self._by_viewer)
        name = self._name(viewers)
        if name is not None:
            kept.pop(name, None)
        if shown is not None:
            kept[viewers[0] if viewers else _ANYBODY] = shown
        newest = list(kept.items())[-_MOST:]
        return pickle.dumps({viewer: (one.revision, one.packed) for viewer, one in newest}, 5) if newest else b""

    def _name(self, viewers: Sequence[str]) -> str | None:
        for name in (*viewers, _ANYBODY):
            if name in self._by_viewer:
                return name
        return next(reversed(self._by_viewer), None) if not self._shared else None
