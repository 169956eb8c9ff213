"""DAStore: values by key, beside the answers, that other sessions and interviews find again."""

from __future__ import annotations

from typing import Any

from appliance.interview.stored import Place
from appliance.library import overlay
from appliance.library.objects import DAObject

__all__ = ["DAStore"]


class DAStore(DAObject):
    """Keeps any value that can be pickled under a name.

    What is set and deleted is part of the turn: the same turn reads it back, it is committed with the answers, and a
    turn that fails leaves nothing. Going back does not undo it.

    ``base`` says for whom (docassemble's documentation, `DAStore`): ``'user'`` (the default), ``'session'``,
    ``'interview'``, ``'package'``, ``'global'``, or a name of the author's own. ``encrypted`` says whether only the
    user can open it; that is so by itself with ``'user'`` and ``'session'``.
    """

    def get(self, key: str) -> Any:
        """A copy of the value; None if there is none.

        :raises DAError: if it was stored encrypted by another user, or a class that it needs is gone.
        """
        found = overlay.committed_or_new(self._place(), str(key))
        return None if found is None else overlay.opened(found, f"What is stored as {key!r}")

    def set(self, key: str, the_value: Any) -> None:
        """Keep a copy of the value as it is now.

        :raises DAError: if it cannot be pickled, or not be sealed for the user because they are not there.
        """
        overlay.keep(self._place(), str(key), overlay.pickled(the_value, f"What is stored as {key!r}"))

    def delete(self, key: str) -> None:
        """Forget the value; nothing happens if there is none."""
        overlay.keep(self._place(), str(key), None)

    def defined(self, key: str) -> bool:
        """Whether there is a value."""
        return str(key) in self.keys()

    def keys(self) -> list[str]:
        """The names in use, in alphabetical order."""
        return overlay.names_in(self._place())

    def is_encrypted(self) -> bool:
        """Whether only the user can open what is stored here (of a session: whoever can open that)."""
        return self._place().encrypted

    def _place(self) -> Place:
        return overlay.place(str(self.__dict__.get("base", "user")), self.__dict__.get("encrypted"))
