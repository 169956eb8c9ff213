"""Lists of objects that are rows (:mod:`appliance.library.sql_objects`)."""

from __future__ import annotations

from typing import Any

from appliance.library.lists import DAList
from appliance.library.sql_objects import SQLObject

__all__ = ["SQLObjectList", "SQLRelationshipList", "StandardRelationshipList"]


class SQLObjectList(DAList):
    """Objects that are rows. Taking one off the list deletes nothing."""


class SQLRelationshipList(SQLObjectList):
    """The relationships (``object_type``, an SQLObjectRelationship) of one parent (``parent``): a new item has that
    parent, and taking one off the list deletes its row, but neither of the two that it relates.
    """

    def hook_on_remove(self, item: Any, *pargs: Any, **kwargs: Any) -> None:
        """Delete the relationship."""
        super().hook_on_remove(item, *pargs, **kwargs)
        if isinstance(item, SQLObject):
            item.db_delete()

    def _new_object(self, name: str, object_type: Any = None, /, **kwargs: Any) -> Any:
        side = getattr(self.object_type, "_parent", None)
        if side and "parent" in self.__dict__:
            kwargs.setdefault(side[1], self.parent)
        return super()._new_object(name, object_type, **kwargs)


class StandardRelationshipList(SQLRelationshipList):
    """Likewise, as it is in the table: read when the list is made and when the answers are loaded.

    It is gathered by itself; an item that is added is complete when its attribute ``complete`` is known.
    """

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """:param parent: whose relationships these are."""
        kwargs = {"complete_attribute": "complete", "auto_gather": False, "gathered": True, **kwargs}
        super().init(*pargs, **kwargs)
        self.db_read()

    def db_read(self) -> None:
        """Take over what the table says; items that have no row yet stay."""
        number = self.parent.__dict__.get("id") if "parent" in self.__dict__ else None
        if number is None or self.object_type is None:
            return
        wanted: list[int] = self.object_type.ids_by_parent(number)
        there = {item.__dict__.get("id"): item for item in self.elements}
        kept = [item for item in self.elements if item.__dict__.get("id") in (None, *wanted)]
        for one in wanted:
            if one not in there:
                kept.append(self._new_object(self.item_name(len(kept)), id=one, complete=True))
        self.elements[:] = kept
        for place, item in enumerate(self.elements):
            item._set_instance_name_recursively(self.item_name(place))  # noqa: SLF001 - an object of the library

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.db_read()
