"""DAList: a list whose items can be asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, SupportsIndex

from appliance.interview.signals import MissingIndex
from appliance.library import naming
from appliance.library.groups import Group, Plan
from appliance.library.objects import DAEmpty, DAObject

__all__ = ["DAList"]


class DAList(Group):
    """A list that asks for its items: ``fruits.there_are_any``, ``fruits[0]``, ``fruits.there_is_another`` …

    Works like Python's list. ``object_type`` makes its items objects; ``complete_attribute`` says what each needs
    before the next one is asked for.
    """

    elements: list[Any]

    def _empty(self) -> list[Any]:
        return []

    def _fill(self, elements: Any, rename: bool) -> None:
        self.append(*elements, set_instance_name=rename)

    def _items(self) -> list[tuple[str, Any]]:
        return [(self.item_name(n), item) for n, item in enumerate(self.elements)]

    def _add_one(self, plan: Plan) -> None:
        name = self.item_name(len(self.elements))
        if plan.object_type is None and not self._makes_objects():
            raise MissingIndex(name)
        self.elements.append(self._new_object(name, plan.object_type))

    def gather(
        self,
        number: int | None = None,
        item_object_type: Any = None,
        minimum: int | None = None,
        complete_attribute: Any = None,
    ) -> bool:
        """Ask for the items, until there are no more; returns True.

        :param number: exactly so many; `minimum`: at least so many.
        :param item_object_type: the class of new items; `complete_attribute`: what each needs.
        :raises MissingName: what must be answered next.
        """
        return self._gather(Plan(number, minimum, item_object_type, complete_attribute))

    # -- reading -------------------------------------------------------------------------------------------

    def item_name(self, item: SupportsIndex) -> str:
        """The name of an item: ``fruits[2]``."""
        return f"{self.instanceName}[{item!r}]"

    def raise_undefined_index_error(self, index: Any) -> None:
        """Seek an item.

        :raises MissingIndex: always.
        """
        raise MissingIndex(self.item_name(index))

    def __getitem__(self, index: Any) -> Any:
        """An item; one beyond the end is made where the list holds objects, else sought.

        :raises MissingIndex: naming the item.
        """
        if isinstance(index, slice):
            self._trigger_gather()
            return self.elements[index]
        try:
            return self.elements[index]
        except IndexError:
            if index < 0 or self.object_type is None or self._closed():
                raise MissingIndex(self.item_name(index)) from None
        self._make_up_to(index)
        return self.elements[index]

    def _make_up_to(self, index: int) -> None:
        while len(self.elements) <= index:
            self.appendObject()

    def item(self, index: int) -> Any:
        """An item, or an empty DAEmpty where there is none."""
        self._trigger_gather()
        return self.elements[index] if -len(self.elements) <= index < len(self.elements) else DAEmpty()

    def first(self) -> Any:
        """The first item."""
        return self._end(0)

    def last(self) -> Any:
        """The last item."""
        return self._end(-1)

    def _end(self, index: int) -> Any:
        self._trigger_gather()
        if not self.elements:
            raise IndexError(f"{self.instanceName} is empty: it has no first or last item")
        return self.elements[index]

    def current_index(self) -> int:
        """The index of the last item so far; 0 where there is none."""
        return max(len(self.elements) - 1, 0)

    def index(self, *pargs: Any, **kwargs: Any) -> int:
        """The index of an item.

        :raises ValueError: where it is not in the list.
        """
        self._trigger_gather()
        return self.elements.index(*pargs, **kwargs)

    def count(self, item: Any) -> int:
        """How often an item is in the list."""
        self._trigger_gather()
        return self.elements.count(item)

    def __contains__(self, item: object) -> bool:
        self._trigger_gather()
        return item in self.elements

    def complete_elements(self, complete_attribute: Any = None) -> DAList:
        """A gathered list of the items that are complete; nothing is sought."""
        elements = [item for _name, item in self._complete_items(complete_attribute)]
        return self._derived(elements, self.instanceName)  # type: ignore[no-any-return]

    def filter(self, *pargs: str, **kwargs: Any) -> DAList:
        """A shallow copy with the items whose attributes have the given values.

        :param pargs: the name of the copy, if it is not to keep this one's.
        """
        self._trigger_gather()
        kept = [item for item in self.elements if all(getattr(item, name) == value for name, value in kwargs.items())]
        return self._derived(kept, pargs[0] if pargs else self.instanceName)  # type: ignore[no-any-return]

    def copy(self) -> list[Any]:
        """The items as a Python list."""
        self._trigger_gather()
        return list(self.elements)

    def copy_shallow(self, thename: str) -> Self:
        """A copy with a name of its own; the items are the same objects."""
        other = super().copy_shallow(thename)
        object.__setattr__(other, "elements", list(self.elements))
        return other

    def __add__(self, other: Any) -> Any:
        self._trigger_gather()
        return self._derived(self.elements + list(other))

    def __radd__(self, other: Any) -> Any:
        self._trigger_gather()
        return self._derived(list(other) + self.elements)

    def __reversed__(self) -> Any:
        self._trigger_gather()
        return reversed(list(self.elements))

    # -- changing -------------------------------------------------------------------------------------------

    def append(self, *pargs: Any, set_instance_name: bool = False, **kwargs: Any) -> None:
        """Add items. With `set_instance_name`, objects are known as items of this list from now on."""
        for item in pargs:
            self._named(item, len(self.elements), set_instance_name)
            self.elements.append(item)
            self._grown()

    def _named(self, item: Any, index: int, rename: bool = False) -> None:
        if isinstance(item, DAObject):
            if rename:
                item.fix_instance_name(item.instanceName, self.item_name(index))
            else:
                item.set_instance_name(self.item_name(index))

    def _grown(self) -> None:
        """One more item was asked for, and here it is."""
        self._forget("there_is_one_other")
        if self.__dict__.get("there_are_any") is False:
            object.__setattr__(self, "there_are_any", True)

    def appendObject(self, *pargs: Any, **kwargs: Any) -> Any:
        """Add a new object and return it.

        :param pargs: its class, or what ``using()`` returned; else the list's ``object_type``, else DAObject.
        """
        made = self._new_object(self.item_name(len(self.elements)), pargs[0] if pargs else None, **kwargs)
        self.elements.append(made)
        self._grown()
        return made

    append_object = appendObject

    def initializeObject(self, *pargs: Any, **kwargs: Any) -> Any:
        """Put a new object at an index and return it.

        :param pargs: the index, then its class.
        """
        index = int(pargs[0])
        self[index] = made = self._new_object(self.item_name(index), pargs[1] if len(pargs) > 1 else None, **kwargs)
        return made

    initialize_object = initializeObject

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            self.elements[index] = value
            self._rename_items()
            return
        if index >= len(self.elements):
            if self.object_type is not None:
                while len(self.elements) < index:
                    self.appendObject()
            self.elements.extend([None] * (index + 1 - len(self.elements)))
            self._grown()
        self._named(value, index if index >= 0 else index + len(self.elements))
        self.elements[index] = value

    def extend(self, the_list: Iterable[Any]) -> None:
        """Add the items of another list."""
        self.append(*the_list)

    def __iadd__(self, other: Any) -> Self:
        self.extend(other)
        return self

    def insert(self, *pargs: Any) -> None:
        """Insert an item before an index."""
        self.elements.insert(*pargs)
        self._rename_items()
        self._grown()

    def __delitem__(self, index: Any) -> None:
        if not isinstance(index, slice) and not -len(self.elements) <= index < len(self.elements):
            raise MissingIndex(self.item_name(index))
        for item in self.elements[index] if isinstance(index, slice) else [self.elements[index]]:
            self.hook_on_remove(item)
        del self.elements[index]
        self._shrunk()

    def delitem(self, *pargs: int) -> None:
        """Remove the items at the given indexes; those beyond the end are passed over."""
        for index in sorted({index for index in pargs if index < len(self.elements)}, reverse=True):
            del self[index]

    def remove(self, *pargs: Any) -> None:
        """Remove items; those that are not in the list are passed over."""
        for item in pargs:
            if item in self.elements:
                del self[self.elements.index(item)]

    discard = remove

    def pop(self, *pargs: int) -> Any:
        """Remove an item, the last one unless an index is given, and return it."""
        item = self.elements[pargs[0] if pargs else -1]
        del self[pargs[0] if pargs else -1]
        return item

    def clear(self) -> None:
        """Remove all items."""
        self.elements.clear()

    def _shrunk(self) -> None:
        self._rename_items()
        if not self.elements:
            object.__setattr__(self, "there_are_any", False)

    def _rename_items(self) -> None:
        """Let the objects that are known as items of this list be known by the places they are in now."""
        moved = []
        for index, item in enumerate(self.elements):
            if isinstance(item, DAObject):
                item.set_instance_name(self.item_name(index))
                if item.instanceName != self.item_name(index) and _is_item_of(item.instanceName, self.instanceName):
                    moved.append((item, index))
        # By way of names nobody has: items may know each other, and two of them may change places.
        for item, _index in moved:
            item.fix_instance_name(item.instanceName, naming.random_name())
        for item, index in moved:
            item.fix_instance_name(item.instanceName, self.item_name(index))

    def sort(self, *pargs: Any, **kwargs: Any) -> Self:
        """Sort the items, as Python's ``sorted()`` does, and return the list."""
        self._trigger_gather()
        self.sort_elements(**kwargs)
        self.hook_after_gather()
        return self

    def sort_elements(self, *pargs: Any, **kwargs: Any) -> Self:
        """Sort the items there are so far, and return the list."""
        self.elements.sort(**kwargs)
        self._rename_items()
        return self

    def reverse(self, *pargs: Any, **kwargs: Any) -> Self:
        """Turn the order of the items round, and return the list."""
        self._trigger_gather()
        self.elements.reverse()
        self._rename_items()
        self.hook_after_gather()
        return self


def _is_item_of(name: str, holder: str) -> bool:
    return name.startswith(holder + "[") and name.endswith("]") and "]" not in name[len(holder) : -1]
