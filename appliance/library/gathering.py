"""How lists, dictionaries and sets are gathered: their items are asked for, one after the other.

Gathering asks, one name after the other, for ``there_are_any``, an item, ``there_is_another``, the next item … It
starts from the beginning in each round of an evaluation; what was found out is kept in the items and these attributes.
While a group is being gathered, showing it shows what was gathered so far and does not start the gathering again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Any

from appliance.interview.host import running_evaluation
from appliance.interview.names import canonical
from appliance.interview.signals import MissingAttribute, MissingName
from appliance.library import naming
from appliance.library.objects import DAObject, Using, looking, make, only_looking

__all__ = ["Gathering", "Plan", "in_progress", "is_complete"]


_running: ContextVar[frozenset[str]] = ContextVar("groups_being_gathered", default=frozenset())
"""The groups whose gathering is on Python's stack: what it reads of them must not start it again."""


@contextmanager
def _being_gathered(name: str) -> Iterator[None]:
    """Gather `name` here; if it turns out to lack something, remember what.

    While that is being sought (a question drawn, a code block run), the group counts as being gathered.
    """
    token = _running.set(_running.get() | {name})
    try:
        yield
    except (MissingName, NameError) as missing:
        evaluation: Any = running_evaluation()
        if evaluation is not None:
            path = (*_sought(evaluation), canonical(str(missing.name)))
            _marks(evaluation).setdefault(name, set()).add(path)
        raise
    finally:
        _running.reset(token)


def _sought(evaluation: Any) -> tuple[str, ...]:
    """The names being sought now, outermost first."""
    return tuple(getattr(evaluation, "sought", ()))


def _marks(evaluation: Any) -> dict[str, set[tuple[str, ...]]]:
    """For each group that lacked something in this turn, the names that were sought then, with what it lacked last."""
    found: dict[str, set[tuple[str, ...]]] | None = getattr(evaluation, "gathering", None)
    if found is None:
        found = {}
        evaluation.gathering = found
    return found


def in_progress(name: str) -> bool:
    """Whether the group called `name` is being gathered: on Python's stack, or while what it lacked is sought."""
    if name in _running.get():
        return True
    evaluation: Any = running_evaluation()
    if evaluation is None:
        return False
    sought = _sought(evaluation)
    return any(sought[: len(path)] == path for path in _marks(evaluation).get(name, ()))


@dataclass(frozen=True)
class Plan:
    """What one call of ``gather()`` wants, where it differs from the group's own attributes."""

    number: int | None = None
    minimum: int | None = None
    object_type: Any = None
    complete_attribute: Any = None


class Gathering(DAObject):
    """What is gathered: the base of :class:`appliance.library.groups.Group`.

    Subclasses say how their items are kept: ``_empty``, ``_fill``, ``_items`` and ``_add_one``.
    """

    elements: Any
    object_type: Any = None
    object_type_parameters: Mapping[str, Any] = MappingProxyType({})
    auto_gather: Any = True
    ask_number: Any = False
    ask_object_type: Any = False
    minimum_number: Any = None
    complete_attribute: Any = None

    def _prepare(self) -> None:
        object.__setattr__(self, "elements", self._empty())

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Takes ``elements=`` to start with (the group is then gathered), ``set_instance_name=``, and attributes."""
        elements, rename = kwargs.pop("elements", None), bool(kwargs.pop("set_instance_name", False))
        if "object_type" in kwargs:  # first, because object_type_parameters belongs to it
            self.set_object_type(kwargs.pop("object_type"))
        super().init(*pargs, **kwargs)
        if elements is not None:
            self._fill(elements, rename)
            for name in ("gathered", "revisit"):
                self.__dict__.setdefault(name, True)

    # -- how items are kept -----------------------------------------------------------------------------

    def _empty(self) -> Any:
        """A new container for the items."""
        return []

    def _fill(self, elements: Any, rename: bool) -> None:
        """Put the given items in; with `rename`, objects are known as items of this group from now on."""

    def _items(self) -> list[tuple[str, Any]]:
        """The items in order, each with its name."""
        return []

    def _add_one(self, plan: Plan) -> None:
        """Make or ask for one more item.

        :raises MissingName: what must be answered for it.
        """

    def _derived(self, elements: Any, name: str | None = None) -> Any:
        """A gathered copy of this group with other items; without a name, it takes one from what it is assigned to."""
        other = self.copy_shallow(name or naming.random_name())
        object.__setattr__(other, "has_nonrandom_instance_name", name is not None)
        object.__setattr__(other, "elements", elements)
        other._mark_gathered()  # noqa: SLF001 - of the same class
        return other

    # -- the type of items ---------------------------------------------------------------------------------

    def set_object_type(self, object_type: Any) -> None:
        """The class of new items, or what ``using()`` returned."""
        used = isinstance(object_type, Using)
        object.__setattr__(self, "object_type", object_type.object_type if used else object_type)
        object.__setattr__(self, "object_type_parameters", dict(object_type.parameters) if used else {})

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "object_type":
            self.set_object_type(value)
        else:
            super().__setattr__(name, value)

    def _makes_objects(self) -> bool:
        return self.object_type is not None or bool(self.ask_object_type)

    def _new_object(self, name: str, object_type: Any = None, /, **kwargs: Any) -> Any:
        """A new item of the given class, else of the group's, else a DAObject.

        :raises MissingName: where the class must be asked for first.
        """
        if object_type is None and self.object_type is not None:
            object_type = Using(self.object_type, dict(self.object_type_parameters))
        if object_type is None and self.ask_object_type:
            object_type = self.new_object_type
        made = make(object_type or DAObject, name, **kwargs)
        self._forget("new_object_type")
        return made

    # -- state ---------------------------------------------------------------------------------------------

    def has_been_gathered(self) -> bool:
        """Whether gathering is finished; it is not started."""
        return bool(self.__dict__.get("gathered"))

    def gathering_started(self) -> bool:
        """Whether gathering has begun or is finished."""
        return self.has_been_gathered() or self.number_gathered() > 0 or "there_are_any" in self.__dict__

    def _closed(self) -> bool:
        """Whether items that are not there are simply not there: the group is gathered, and gathers by itself."""
        return looking() or (self.has_been_gathered() and bool(self.auto_gather) and not in_progress(self.instanceName))

    def _forget(self, *names: str) -> None:
        for name in names:
            self.__dict__.pop(name, None)

    def reset_gathered(
        self, recursive: bool = False, only_if_empty: bool = False, mark_incomplete: bool = False
    ) -> None:
        """Let the group be gathered again.

        :param recursive: groups in it too.
        :param only_if_empty: only where it has no items.
        :param mark_incomplete: forget the ``complete_attribute`` of all items.
        """
        if only_if_empty and self.number_gathered() > 0:
            return
        self._forget("gathered", "revisit", "there_is_another", "there_is_one_other", "new_object_type")
        if self.number_gathered() == 0:
            self._forget("there_are_any")
        for _name, item in self._items():
            if mark_incomplete and isinstance(item, DAObject) and isinstance(self.complete_attribute, str):
                item.delattr(self.complete_attribute)
            if recursive and isinstance(item, Gathering):
                item.reset_gathered(recursive=True, only_if_empty=only_if_empty, mark_incomplete=mark_incomplete)

    # -- gathering -------------------------------------------------------------------------------------------

    def _gather(self, plan: Plan) -> bool:
        if self.has_been_gathered():
            return True
        with _being_gathered(self.instanceName):
            self._collect(plan)
            self.hook_on_gather()
        self._mark_gathered()
        self.hook_after_gather()
        return True

    def _mark_gathered(self) -> None:
        object.__setattr__(self, "gathered", True)
        object.__setattr__(self, "revisit", True)

    def _collect(self, plan: Plan) -> None:
        self._settle(plan)
        number, minimum = plan.number, plan.minimum
        if number is None and minimum is None:
            if self.ask_number:
                number = int(self.target_number)
            else:
                minimum = self.minimum_number
        if number is None and not minimum and not self.number_gathered():
            minimum = 1 if self.there_are_any else 0
            if not minimum:
                return
        self._complete_all(plan)
        wanted = int(minimum or 0) if number is None else number
        while self.number_gathered() < wanted or (number is None and self._another()):
            self._add_one(plan)
            self._forget("there_is_one_other")
            self._complete_all(plan)

    def _settle(self, plan: Plan) -> None:
        """Take in what was answered since the last round, before anything else is asked."""

    def _another(self) -> bool:
        """Whether one more item was asked for. The answer is remembered until the item is there."""
        if self.__dict__.get("there_is_one_other"):
            return True
        if not self.there_is_another:
            return False
        self._forget("there_is_another")
        object.__setattr__(self, "there_is_one_other", True)
        return True

    def _complete_all(self, plan: Plan) -> None:
        attribute = plan.complete_attribute or self.complete_attribute
        for _name, item in self._items():
            _make_complete(item, attribute)

    def _trigger_gather(self) -> None:
        """Gather, where that is not done; not while this group is being gathered."""
        if self.has_been_gathered() or in_progress(self.instanceName):
            return
        if looking():
            raise MissingAttribute(self.attr_name("gathered"))
        if self.auto_gather:
            self._gather(Plan())
            return
        with _being_gathered(self.instanceName):
            self.hook_on_gather()
            self.raise_undefined_attribute_error("gathered")

    def gathered_and_complete(self) -> bool:
        """Go through the gathering again, so that every item is complete; returns True."""
        if self.complete_attribute == "complete":
            for _name, item in self._items():
                if isinstance(item, DAObject):
                    item.delattr("complete")
        self._forget("gathered")
        if self.number_gathered() and not self.ask_number:
            self.__dict__.setdefault("there_is_another", False)
        return self._gather(Plan())

    def hook_on_gather(self, *pargs: Any, **kwargs: Any) -> None:
        """For subclasses: what must be done before the group counts as gathered; may need answers."""

    def hook_after_gather(self, *pargs: Any, **kwargs: Any) -> None:
        """For subclasses: runs once, after the group was gathered."""

    def hook_on_item_complete(self, item: Any, *pargs: Any, **kwargs: Any) -> None:
        """For subclasses."""

    def hook_on_remove(self, item: Any, *pargs: Any, **kwargs: Any) -> None:
        """For subclasses: runs before an item is removed."""

    # -- items so far --------------------------------------------------------------------------------------------

    def number_gathered(self, if_started: bool = False) -> int:
        """How many items there are so far. With `if_started`, gathering is begun if it has not begun."""
        if if_started and not self.gathering_started():
            self._trigger_gather()
        return len(self.elements)

    def _shown(self) -> list[tuple[str, Any]]:
        """The items to show: all of them, or while the group is being gathered those that are complete."""
        self._trigger_gather()
        if not self.has_been_gathered() and in_progress(self.instanceName):
            return self._complete_items(None)
        return self._items()

    def _complete_items(self, attribute: Any) -> list[tuple[str, Any]]:
        attribute = attribute or self.complete_attribute
        return [(name, item) for name, item in self._items() if is_complete(item, attribute)]


def _attributes(attribute: Any) -> list[str]:
    if not attribute:
        return []
    return [attribute] if isinstance(attribute, str) else list(attribute)


def _make_complete(item: Any, attribute: Any) -> None:
    """Read what an item needs to be complete: its ``complete_attribute``, or all that its text shows.

    :raises MissingName: what it still lacks.
    """
    if not isinstance(item, DAObject):
        return
    names = _attributes(attribute)
    for name in names:
        reduce(getattr, name.split("."), item)
    if not names:
        str(item)


def is_complete(item: Any, attribute: Any) -> bool:
    """Whether an item has what it needs; nothing is sought."""
    with only_looking():
        try:
            _make_complete(item, attribute)
            str(item)
        except (MissingName, NameError):
            return False
    return True
