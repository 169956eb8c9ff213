"""Sessions that were opened lately, so that a turn neither reads nor unseals what the last one just wrote."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import cached_property

from appliance.sessions.screens import Screens
from appliance.sessions.tags import open_tags
from appliance.store.keys import APPLIANCE
from appliance.store.sealing import unseal
from appliance.store.sessions import LoadedSession, SessionRow
from appliance.store.steps import Step, open_steps

__all__ = ["Opened", "Shelf", "open_session", "title_context"]


@dataclass(frozen=True)
class Opened:
    """A session with its key. Never changed: a commit puts another one in its place.

    :param keys: holder's name to sealed key.
    :param turns: the turn ids that were applied, with the revision they led to.
    :param joined: those of the holders who came through its link (:mod:`appliance.sessions.joining`).
    :param visits: when which user was last there (:mod:`appliance.store.visits`).
    :param steps: by number; at least the current one, and what is undone right after it.
    """

    row: SessionRow
    key: bytes = field(repr=False)
    keys: dict[str, bytes] = field(repr=False)
    title: str = field(default="", repr=False)
    turns: dict[str, int] = field(default_factory=dict, repr=False)
    steps: dict[int, Step] = field(default_factory=dict, repr=False)
    visits: dict[int, float] = field(default_factory=dict)
    tags: tuple[str, ...] = field(default=(), repr=False)
    joined: frozenset[str] = frozenset()

    @property
    def current(self) -> Step | None:
        """The current step; None before the first commit."""
        return self.steps.get(self.row.step)

    @property
    def undone(self) -> Step | None:
        """The step that Back undid last."""
        return self.steps.get(self.row.step + 1)

    @cached_property
    def screens(self) -> Screens:
        """What people were shown last, stored with the current step; opened once, however often a turn asks."""
        return self.screens_of(self.current)

    def screens_of(self, step: Step | None) -> Screens:
        """What people were shown last at that step."""
        return Screens(b"" if step is None else step.screen, self.row.revision, shared=self.row.multi_user)

    @property
    def size(self) -> int:
        screens = 0 if self.current is None else len(self.current.screen)   # which are kept opened, too
        return 1000 + screens + sum(step.size for step in self.steps.values())


def title_context(session_id: str) -> str:
    """What a session's title is sealed for."""
    return f"title:{session_id}"


def open_session(loaded: LoadedSession, key: bytes) -> Opened:
    """Unseal what was read.

    :raises WrongKey: if `key` is not the session's.
    """
    row = loaded.row
    title = unseal(key, row.sealed_title, title_context(row.id)).decode() if row.sealed_title else ""
    steps = {number: step for number, step in open_steps(row.id, key, loaded.steps).items() if number >= row.step - 1}
    return Opened(row, key, loaded.keys, title, loaded.turns, steps, loaded.visits,
                  open_tags(key, row.id, row.sealed_tags), loaded.joined)


class Shelf:
    """The sessions used last, up to a number of bytes of answers."""

    def __init__(self, most_bytes: int = 32_000_000) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._sessions: OrderedDict[str, Opened] = OrderedDict()

    def get(self, session_id: str) -> Opened | None:
        opened = self._sessions.get(session_id)
        if opened is not None:
            self._sessions.move_to_end(session_id)
        return opened

    def put(self, opened: Opened) -> None:
        """Keep it, in place of an older state; the steps that a next turn does not need are dropped."""
        if self._sessions.get(opened.row.id) is opened:
            return
        near = {number: step for number, step in opened.steps.items() if abs(number - opened.row.step) <= 1}
        if len(near) != len(opened.steps):
            opened = replace(opened, steps=near)
        self.forget(opened.row.id)
        self._sessions[opened.row.id] = opened
        self._bytes += opened.size
        while self._bytes > self._most_bytes and len(self._sessions) > 1:
            _, oldest = self._sessions.popitem(last=False)
            self._bytes -= oldest.size

    def forget_those_of(self, holder: str) -> None:
        """Forget the sessions that `holder` has, but for those that others open too, whose tabs are told from here."""
        for session_id in [one for one, opened in self._sessions.items()
                           if holder in opened.keys and APPLIANCE not in opened.keys]:
            self.forget(session_id)

    def forget(self, session_id: str) -> None:
        opened = self._sessions.pop(session_id, None)
        if opened is not None:
            self._bytes -= opened.size
