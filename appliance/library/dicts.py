"""DADict: a dictionary whose entries can be asked for; also what a checkboxes field becomes."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, ValuesView
from typing import Any, Self

from appliance.interview.signals import MissingKey
from appliance.library import naming
from appliance.library.groups import Group, Plan
from appliance.library.lists import DAList
from appliance.library.objects import DAEmpty, DAObject

__all__ = ["DADict", "DAOrderedDict"]


class DADict(Group):
    """A dictionary that asks for its entries: ``fruit.there_are_any``, ``fruit.new_item_name``, ``fruit['apple']`` …

    Works like Python's dictionary; its keys come sorted. ``keys=`` lists keys to start with.
    """

    elements: dict[Any, Any]
    _ordered = False

    def _empty(self) -> dict[Any, Any]:
        return {}

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Takes ``keys=`` besides what all groups take."""
        keys = kwargs.pop("keys", None)
        super().init(*pargs, **kwargs)
        if keys is not None:
            self.new(keys)

    def _fill(self, elements: Any, rename: bool) -> None:
        for key, value in dict(elements).items():
            if rename and isinstance(value, DAObject):
                value.fix_instance_name(value.instanceName, self.item_name(key))
            self[key] = value

    def _sorted_keys(self) -> list[Any]:
        keys = list(self.elements)
        if self._ordered:
            return keys
        try:
            return sorted(keys)
        except TypeError:  # keys of different kinds have no order of their own
            return keys

    def _items(self) -> list[tuple[str, Any]]:
        return [(self.item_name(key), self.elements[key]) for key in self._sorted_keys()]

    # -- gathering ---------------------------------------------------------------------------------------------

    def gather(
        self,
        item_object_type: Any = None,
        number: int | None = None,
        minimum: int | None = None,
        complete_attribute: Any = None,
        keys: Any = None,
    ) -> bool:
        """Ask for the entries, until there are no more; returns True.

        :param keys: keys that the dictionary is to have; for the rest see :meth:`DAList.gather`.
        :raises MissingName: what must be answered next.
        """
        plan = Plan(number, minimum, item_object_type, complete_attribute)
        if keys is not None and not self.has_been_gathered():
            self._add_keys(keys, plan)
        return self._gather(plan)

    def _add_keys(self, keys: Iterable[Any], plan: Plan) -> None:
        for key in keys:
            if key not in self.elements:
                self._add_key(key, plan)

    def _add_key(self, key: Any, plan: Plan) -> None:
        """Make the entry of a key that has none.

        :raises MissingKey: where its value must be asked for.
        """
        if plan.object_type is not None or self._makes_objects():
            self.elements[key] = self._new_object(self.item_name(key), plan.object_type)
        elif "new_item_value" in self.__dict__:
            self[key] = self.new_item_value
        else:
            raise MissingKey(self.item_name(key))

    def _add_one(self, plan: Plan) -> None:
        key = self.new_item_name
        if key not in self.elements:
            self._add_key(key, plan)
        self._forget("new_item_name", "new_item_value")

    def _settle(self, plan: Plan) -> None:
        if self.__dict__.get("new_item_name", self) in self.elements:
            self._forget("new_item_name", "new_item_value", "there_is_one_other")

    # -- reading --------------------------------------------------------------------------------------------------

    def item_name(self, item: Any) -> str:
        """The name of an entry: ``fruit['apple']``."""
        return f"{self.instanceName}[{item!r}]"

    def raise_undefined_index_error(self, index: Any) -> None:
        """Seek an entry.

        :raises MissingKey: always.
        """
        raise MissingKey(self.item_name(index))

    def __getitem__(self, key: Any) -> Any:
        """The value of a key; one that is not there is made where the dictionary holds objects, else sought.

        :raises MissingKey: naming the entry.
        """
        if key not in self.elements:
            if self.object_type is None or self._closed():
                raise MissingKey(self.item_name(key))
            self.elements[key] = self._new_object(self.item_name(key))
        return self.elements[key]

    def __contains__(self, key: object) -> bool:
        self._trigger_gather()
        return key in self.elements

    def __iter__(self) -> Iterator[Any]:
        """The keys in the order in which they came; ``keys()`` and ``items()`` are sorted."""
        shown = set(self._shown_keys())
        return iter([key for key in self.elements if key in shown])

    def _shown_keys(self) -> list[Any]:
        shown = {name for name, _item in self._shown()}
        return [key for key in self._sorted_keys() if self.item_name(key) in shown]

    def _spoken_items(self) -> list[Any]:
        return self._shown_keys()

    def item(self, key: Any) -> Any:
        """The value of a key, or an empty DAEmpty where there is none."""
        self._trigger_gather()
        return self.elements.get(key, DAEmpty())

    def get(self, *pargs: Any, **kwargs: Any) -> Any:
        """The value of a key, or the second argument (None) where there is none; it is not sought."""
        default = pargs[1] if len(pargs) > 1 else kwargs.get("default")
        return self.elements.get(pargs[0], default)

    def getitem_fresh(self, item: Any) -> Any:
        """Compute an entry again, and return it."""
        from appliance.library.logic import reconsider

        reconsider(self.item_name(item))
        return self[item]

    def invalidate_item(self, *pargs: Any) -> None:
        """Forget entries, but show their values as defaults when they are asked for again."""
        from appliance.library.logic import invalidate

        invalidate(*(self.item_name(key) for key in pargs if key in self.elements))

    def has_key(self, key: Any) -> bool:
        """Whether there is such a key."""
        return key in self

    def keys(self) -> list[Any]:
        """The keys, sorted."""
        self._trigger_gather()
        return self._sorted_keys()

    def values(self) -> ValuesView[Any]:
        """The values."""
        self._trigger_gather()
        return {key: self.elements[key] for key in self._sorted_keys()}.values()

    def items(self) -> ItemsView[Any, Any]:
        """Keys and values."""
        self._trigger_gather()
        return {key: self.elements[key] for key in self._sorted_keys()}.items()

    def iteritems(self) -> Iterator[tuple[Any, Any]]:
        """Keys and values, one by one."""
        return iter(self.items())

    def iterkeys(self) -> Iterator[Any]:
        """The keys, one by one."""
        return iter(self.keys())

    def itervalues(self) -> Iterator[Any]:
        """The values, one by one."""
        return iter(self.values())

    def copy(self) -> dict[Any, Any]:
        """The entries as a Python dictionary."""
        self._trigger_gather()
        return dict(self.elements)

    def copy_shallow(self, thename: str) -> Self:
        """A copy with a name of its own; the values are the same objects."""
        other = super().copy_shallow(thename)
        object.__setattr__(other, "elements", dict(self.elements))
        return other

    def complete_elements(self, complete_attribute: Any = None) -> DADict:
        """A gathered dictionary of the entries that are complete; nothing is sought."""
        complete = {name for name, _item in self._complete_items(complete_attribute)}
        kept = {key: value for key, value in self.elements.items() if self.item_name(key) in complete}
        return self._derived(kept, self.instanceName)  # type: ignore[no-any-return]

    def slice(self, *pargs: Any) -> DADict:
        """A shallow copy with some of the entries: those of the given keys, or those whose value a function accepts."""
        self._trigger_gather()
        if len(pargs) == 1 and callable(pargs[0]):
            accepts: Callable[[Any], Any] = pargs[0]
            kept = {key: value for key, value in self.elements.items() if accepts(value)}
        else:
            kept = {key: self.elements[key] for key in pargs if key in self.elements}
        return self._derived(kept)  # type: ignore[no-any-return]

    # -- changing ----------------------------------------------------------------------------------------------

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, DAObject):
            value.set_instance_name(self.item_name(key))
        if key not in self.elements:
            self._forget("there_is_one_other")
            if self.__dict__.get("there_are_any") is False:
                object.__setattr__(self, "there_are_any", True)
        self.elements[key] = value

    def __delitem__(self, key: Any) -> None:
        if key not in self.elements:
            raise MissingKey(self.item_name(key))
        self.hook_on_remove(self.elements[key])
        del self.elements[key]
        if not self.elements:
            object.__setattr__(self, "there_are_any", False)

    def initializeObject(self, *pargs: Any, **kwargs: Any) -> Any:
        """Make the value of a key a new object and return it.

        :param pargs: the key, then the class.
        """
        key, object_type = pargs[0], pargs[1] if len(pargs) > 1 else None
        self[key] = made = self._new_object(self.item_name(key), object_type, **kwargs)
        return made

    initialize_object = initializeObject

    def new(self, *pargs: Any, **kwargs: Any) -> None:
        """Make new objects the values of the given keys, which may come in lists. Entries that are there stay."""
        for key in pargs:
            if isinstance(key, Iterable) and not isinstance(key, str):
                self.new(*key, **kwargs)
            elif key not in self.elements:
                self.initializeObject(key, **kwargs)

    def delitem(self, *pargs: Any) -> None:
        """Remove entries; keys that are not there are passed over."""
        for key in pargs:
            if key in self.elements:
                del self[key]

    def pop(self, *pargs: Any) -> Any:
        """Remove a key and return its value."""
        if pargs[0] not in self.elements and len(pargs) > 1:
            return pargs[1]
        value = self.elements[pargs[0]]
        del self[pargs[0]]
        return value

    def popitem(self) -> tuple[Any, Any]:
        """Remove and return the last entry."""
        key = next(reversed(self.elements))
        return key, self.pop(key)

    def setdefault(self, *pargs: Any) -> Any:
        """The value of a key, which is first set to the second argument where there is none."""
        if pargs[0] not in self.elements:
            self[pargs[0]] = pargs[1] if len(pargs) > 1 else None
        return self.elements[pargs[0]]

    def update(self, *pargs: Any, **kwargs: Any) -> None:
        """Take over the entries of another dictionary."""
        for given in pargs:
            source = given.elements if isinstance(given, DADict) else dict(given)
            for key, value in source.items():
                self[key] = value
        for key, value in kwargs.items():
            self[key] = value

    def clear(self) -> None:
        """Remove all entries."""
        self.elements.clear()

    # -- what is checked ----------------------------------------------------------------------------------------

    def true_values(self, insertion_order: bool = False) -> DAList:
        """The keys whose values are true, as a list."""
        return self._keys_where(True, insertion_order)

    def false_values(self, insertion_order: bool = False) -> DAList:
        """The keys whose values are false, as a list."""
        return self._keys_where(False, insertion_order)

    def _keys_where(self, wanted: bool, insertion_order: bool) -> DAList:
        self._trigger_gather()
        keys = list(self.elements) if insertion_order else self._sorted_keys()
        return DAList(naming.random_name(), elements=[key for key in keys if bool(self.elements[key]) is wanted])

    def all_true(self, *pargs: Any, **kwargs: Any) -> bool:
        """Whether all values are true, or those of the given keys; with ``exclusive=True`` no others."""
        return self._all(True, pargs, bool(kwargs.get("exclusive")))

    def all_false(self, *pargs: Any, **kwargs: Any) -> bool:
        """Whether all values are false, or those of the given keys; with ``exclusive=True`` no others."""
        return self._all(False, pargs, bool(kwargs.get("exclusive")))

    def any_true(self, *pargs: Any, **kwargs: Any) -> bool:
        """The opposite of :meth:`all_false`."""
        return not self.all_false(*pargs, **kwargs)

    def any_false(self, *pargs: Any, **kwargs: Any) -> bool:
        """The opposite of :meth:`all_true`."""
        return not self.all_true(*pargs, **kwargs)

    def _all(self, wanted: bool, asked: Iterable[Any], exclusive: bool) -> bool:
        self._trigger_gather()
        keys = _flat(asked) or list(self.elements)
        if not all(bool(self.elements.get(key)) is wanted for key in keys):
            return False
        return not exclusive or all(
            bool(value) is not wanted for key, value in self.elements.items() if key not in keys
        )


class DAOrderedDict(DADict):
    """A DADict whose keys come in the order they were added in."""

    _ordered = True


def _flat(keys: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for key in keys:
        found.extend(key if isinstance(key, Iterable) and not isinstance(key, str) else [key])
    return found
