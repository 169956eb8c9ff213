"""DAGlobal: an object whose attributes lie beside the answers, the same in all sessions that name it."""

from __future__ import annotations

from typing import Any

from appliance.interview.host import running_evaluation
from appliance.interview.stored import Place
from appliance.library import overlay
from appliance.library.errors import DAError
from appliance.library.objects import DAObject
from appliance.library.state import turn_state

__all__ = ["DAGlobal"]

_OWN = frozenset({"base", "key", "instanceName", "has_nonrandom_instance_name"})
"""What stays with the answers: which object it is."""


def _fetched() -> dict[int, bytes | None]:
    """The objects whose attributes this turn has fetched, by their ids, with a pickle of them as they were."""
    found: dict[int, bytes | None] = turn_state().setdefault("global objects", {})
    return found


class DAGlobal(DAObject):
    """An object that all sessions share which use the same ``base`` and ``key``.

    Its attributes are fetched when the turn first looks for one, and stored with the turn where they have changed; the
    last turn to change them counts. Going back does not undo that. ``base`` is as with DAStore (``'user'`` unless it is
    told).
    """

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Take ``base`` and ``key`` first: they say where the other attributes are."""
        object.__setattr__(self, "base", str(kwargs.pop("base", "user")))
        if "key" in kwargs:
            object.__setattr__(self, "key", str(kwargs.pop("key")))
        super().init(*pargs, **kwargs)

    @classmethod
    def defined(cls, base: str, key: str) -> bool:
        """Whether there is an object under this key."""
        return str(key) in cls.keys(base)

    @classmethod
    def keys(cls, base: str) -> list[str]:
        """The keys in use."""
        return overlay.names_in(overlay.place(str(base), family="object"))

    def delete(self) -> None:
        """Forget the object's attributes, here and in what is stored, also where that cannot be opened."""
        self._begin()
        for name in self._attributes():
            object.__delattr__(self, name)
        overlay.keep(self._place(), self.key, None)
        _fetched()[id(self)] = None

    # -- fetched when they are looked for, stored at the end of the turn ------------------------------------

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name not in _OWN and self._fetch() and name in self.__dict__:
            return self.__dict__[name]
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _OWN:
            if "key" not in self.__dict__ and running_evaluation() is not None:
                raise DAError(f"{self.instanceName} is a DAGlobal without a key, so nobody could find again what it "
                              "holds: write DAGlobal.using(base='user', key='profile'), with names of your own.")
            self._fetch()
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if name not in _OWN:
            self._fetch()
        super().__delattr__(name)

    def initializeAttribute(self, *pargs: Any, **kwargs: Any) -> Any:
        """As of every object; one that was stored counts as there."""
        self._fetch()
        return super().initializeAttribute(*pargs, **kwargs)

    initialize_attribute = initializeAttribute

    def reInitializeAttribute(self, *pargs: Any, **kwargs: Any) -> Any:
        """As of every object."""
        self._fetch()
        return super().reInitializeAttribute(*pargs, **kwargs)

    reinitialize_attribute = reInitializeAttribute

    def delattr(self, *pargs: str) -> None:
        """Forget attributes; those that are not defined are passed over."""
        self._fetch()
        super().delattr(*pargs)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name in _OWN}

    def _fetch(self) -> bool:
        """Have the attributes here that are stored, as this turn sees them; whether they were fetched just now."""
        if not self._is_new_here():
            return False
        found = overlay.committed_or_new(self._place(), self.key)
        opened = None if found is None else overlay.opened(
            found, f"The object {self.instanceName}, stored as {self.key!r},")
        self._begin()
        if opened is not None:
            name, attributes = opened
            self.__dict__.update(attributes)
            if name != self.instanceName:
                self.fix_instance_name(name, self.instanceName)
            _fetched()[id(self)] = self._pickled()
        return True

    def _is_new_here(self) -> bool:
        """Whether a turn runs that has not fetched the attributes yet."""
        return (running_evaluation() is not None and "key" in self.__dict__ and "instanceName" in self.__dict__
                and id(self) not in _fetched())

    def _begin(self) -> None:
        """From now on what is here counts, and is stored at the end of the turn."""
        evaluation = running_evaluation()
        if evaluation is not None and self._is_new_here():
            _fetched()[id(self)] = None
            evaluation.at_end.append(self._store)   # which keeps this object, and so its id, while the turn runs

    def _store(self) -> None:
        """At the end of the turn: store what has changed, and fetch anew in the next one."""
        now, before = self._pickled(), _fetched().pop(id(self))
        attributes = self._attributes()
        if now != before and (attributes or before is not None):
            overlay.keep(self._place(), self.key, now)
        for name in attributes:
            object.__delattr__(self, name)

    def _attributes(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in _OWN}

    def _pickled(self) -> bytes:
        return overlay.pickled((self.instanceName, self._attributes()), f"The object {self.instanceName}")

    def _place(self) -> Place:
        return overlay.place(self.base, family="object")
