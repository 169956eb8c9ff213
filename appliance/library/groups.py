"""What lists, dictionaries and sets have in common besides being gathered: counting, comparing and speaking of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from appliance.library import naming
from appliance.library.gathering import Gathering, Plan
from appliance.library.objects import DAObject
from appliance.library.phrases import Pronouns, capitalized, point_of, pronouns

__all__ = ["Group", "Plan"]


class Group(Gathering):
    """The base of DAList, DADict and DASet."""

    # -- numbers and items ------------------------------------------------------------------------------------

    def number(self) -> int:
        """How many items there are, after all have been gathered; with ``ask_number``, how many there are to be."""
        if self.ask_number and not self.has_been_gathered():
            return max(int(self.target_number), len(self.elements))
        self._trigger_gather()
        return len(self.elements)

    def number_as_word(self, language: str | None = None, capitalize: bool = False) -> str:
        """The number of items as a word, up to ten."""
        return _nice_number(self.number(), language, capitalize)

    def number_gathered_as_word(self, language: str | None = None, capitalize: bool = False) -> str:
        """The number of items so far as a word, up to ten."""
        return _nice_number(self.number_gathered(), language, capitalize)

    def quantity_noun(self, *pargs: Any, **kwargs: Any) -> str:
        """The number of items with a noun: *two apples*."""
        from appliance.library.words import quantity_noun

        return str(quantity_noun(self.number(), *pargs, **kwargs))

    def __len__(self) -> int:
        return self.number()

    def __bool__(self) -> bool:
        return self.number() > 0

    def comma_and_list(self, **kwargs: Any) -> str:
        """The items in a sentence: *apples, pears, and plums*."""
        from appliance.library.text import comma_and_list

        return str(comma_and_list(self._spoken_items(), **kwargs))

    def _spoken_items(self) -> list[Any]:
        return [item for _name, item in self._shown()]

    def __str__(self) -> str:
        return self.comma_and_list()

    def __repr__(self) -> str:
        return repr(self.elements)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Group):
            return self is other or bool(self.elements == other.elements)
        if self.elements == other:
            return True
        self._trigger_gather()
        return bool(self.elements == other)

    def __hash__(self) -> int:
        """By identity: what a group holds changes, and a group may be an item of a set."""
        return object.__hash__(self)

    def _values(self) -> Iterable[Any]:
        self._trigger_gather()
        return [item for _name, item in self._items()]

    # -- speaking of the group ------------------------------------------------------------------------------

    def _only(self) -> DAObject | None:
        """The one item, where there is just one, it is an object, and the group has no point of view of its own."""
        if self.__dict__.get("_point_of_view"):
            return None
        shown = self._shown()
        return shown[0][1] if len(shown) == 1 and isinstance(shown[0][1], DAObject) else None

    def get_point_of_view(self) -> str:
        given = self.__dict__.get("_point_of_view")
        if given:
            return str(given)
        only = self._only()
        if only is not None:
            return only.get_point_of_view()
        return "3" if self.number() == 1 else "3p"

    def is_user(self) -> bool:
        """Whether the user is the one item."""
        only = self._only()
        return only is not None and only.is_user()

    def _pronouns(self, options: dict[str, Any]) -> Pronouns:
        only = self._only()
        if only is not None:
            return only._pronouns(options)  # noqa: SLF001 - the one item speaks for the group
        return pronouns(point_of(options, self.get_point_of_view()), None)

    def possessive(self, target: Any, **kwargs: Any) -> str:
        """*tenant's deposit* or *tenants' deposit*, by the group's name and number."""
        from appliance.library.words import possessify

        several = self.number() != 1
        return capitalized(str(possessify(self.as_noun(), target, plural=several)), kwargs)

    def as_singular_noun(self) -> str:
        """The group's name as a singular noun: *plaintiff* of ``case.plaintiff``."""
        from appliance.library.languages import word
        from appliance.library.words import noun_singular

        return str(noun_singular(word(naming.noun_of(self.instanceName))))

    def as_noun(self, *pargs: Any, **kwargs: Any) -> str:
        """The group's name, or a given noun, as a noun for its number: *child*, *children*.

        :param plural: True for the plural, whatever the number is; ``singular=True`` likewise.
        """
        from appliance.library.languages import word
        from appliance.library.words import noun_plural, noun_singular

        noun = word(str(pargs[0]) if pargs else naming.noun_of(self.instanceName))
        several = not kwargs.get("singular") and (bool(kwargs.get("plural")) or self.number() != 1)
        return capitalized(str(noun_plural(noun) if several else noun_singular(noun)), kwargs)

    # -- as a set ---------------------------------------------------------------------------------------------

    def _with_others(self, other_set: Any, combine: Callable[[set[Any], set[Any]], set[Any]]) -> Any:
        from appliance.library.sets import DASet

        return DASet(naming.random_name(), elements=combine(set(self._values()), _members(other_set)))

    def union(self, other_set: Any) -> Any:
        """A DASet of what is in either."""
        return self._with_others(other_set, set.union)

    def intersection(self, other_set: Any) -> Any:
        """A DASet of what is in both."""
        return self._with_others(other_set, set.intersection)

    def difference(self, other_set: Any) -> Any:
        """A DASet of what is in this group only."""
        return self._with_others(other_set, set.difference)

    def isdisjoint(self, other_set: Any) -> bool:
        """Whether nothing is in both."""
        return set(self._values()).isdisjoint(_members(other_set))

    def issubset(self, other_set: Any) -> bool:
        """Whether all of this group is in the other."""
        return set(self._values()).issubset(_members(other_set))

    def issuperset(self, other_set: Any) -> bool:
        """Whether all of the other is in this group."""
        return set(self._values()).issuperset(_members(other_set))

    def __iter__(self) -> Iterator[Any]:
        return iter([item for _name, item in self._shown()])


def _members(other: Any) -> set[Any]:
    return set(other._values()) if isinstance(other, Group) else set(other)  # noqa: SLF001 - one of ours


def _nice_number(number: int, language: str | None, capitalize: bool) -> str:
    from appliance.library.numbers import nice_number

    return str(nice_number(number, capitalize=capitalize, language=language))
