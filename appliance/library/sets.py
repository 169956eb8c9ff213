"""DASet: a set whose items can be asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from appliance.library.groups import Group, Plan
from appliance.library.objects import DAObject

__all__ = ["DASet"]


class DASet(Group):
    """A set that asks for its items: ``fruit.there_are_any``, ``fruit.new_item``, ``fruit.there_is_another`` …

    Works like Python's set. Items are shown sorted, so that they come in the same order every time.
    """

    elements: set[Any]

    def _empty(self) -> set[Any]:
        return set()

    def _fill(self, elements: Any, rename: bool) -> None:
        self.add(*elements)

    def _items(self) -> list[tuple[str, Any]]:
        return [("", item) for item in sorted(self.elements, key=_order)]

    def gather(self, number: int | None = None, minimum: int | None = None) -> bool:
        """Ask for the items, until there are no more; returns True. See :meth:`DAList.gather`.

        :raises MissingName: what must be answered next.
        """
        return self._gather(Plan(number, minimum))

    def _add_one(self, plan: Plan) -> None:
        self.add(self.new_item)
        self._forget("new_item")

    def __contains__(self, item: object) -> bool:
        self._trigger_gather()
        return item in self.elements

    def add(self, *pargs: Any) -> None:
        """Add items; the items of lists and sets are added one by one."""
        for item in pargs:
            if isinstance(item, Iterable) and not isinstance(item, str | bytes | dict):
                self.elements.update(item)
            else:
                self.elements.add(item)
        if self.elements and self.__dict__.get("there_are_any") is False:
            object.__setattr__(self, "there_are_any", True)

    def discard(self, elem: Any) -> None:
        """Remove an item, if it is there."""
        self.elements.discard(elem)

    def remove(self, elem: Any) -> None:
        """Remove an item.

        :raises KeyError: where it is not there.
        """
        self.elements.remove(elem)

    def pop(self) -> Any:
        """Remove and return an item.

        :raises KeyError: where there is none.
        """
        return self.elements.pop()

    def clear(self) -> None:
        """Remove all items."""
        self.elements.clear()

    def copy(self) -> set[Any]:
        """The items as a Python set."""
        self._trigger_gather()
        return set(self.elements)

    def copy_shallow(self, thename: str) -> Self:
        """A copy with a name of its own; the items are the same objects."""
        other = super().copy_shallow(thename)
        object.__setattr__(other, "elements", set(self.elements))
        return other

    def complete_elements(self, complete_attribute: Any = None) -> DASet:
        """A gathered set of the items that are complete; nothing is sought."""
        kept = {item for _name, item in self._complete_items(complete_attribute)}
        return self._derived(kept, self.instanceName)  # type: ignore[no-any-return]

    def filter(self, *pargs: str, **kwargs: Any) -> DASet:
        """A shallow copy with the items whose attributes have the given values; see :meth:`DAList.filter`."""
        self._trigger_gather()
        kept = {item for item in self.elements if all(getattr(item, name) == value for name, value in kwargs.items())}
        return self._derived(kept, pargs[0] if pargs else self.instanceName)  # type: ignore[no-any-return]


def _order(item: Any) -> str:
    """Objects by their names: what they are called may still have to be asked for."""
    return item.instanceName if isinstance(item, DAObject) else str(item)
