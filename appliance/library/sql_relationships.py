"""SQLObjectRelationship: a row that says that two others belong together, as a bank and its customer do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from appliance.library.sql_objects import SQLObject
from appliance.library.sql_sessions import working

__all__ = ["SQLObjectRelationship"]


class SQLObjectRelationship(SQLObject):
    """For classes with a DAObject first; ``_parent`` and ``_child`` are lists of a class, the attribute that holds its
    object, and the column with its id.
    """

    _parent: Sequence[Any] = ()
    _child: Sequence[Any] = ()

    def rel_init(self, *pargs: Any, **kwargs: Any) -> None:
        """To be called from ``init()``: the child is an object from the start, the parent is given."""
        owner: Any = self
        if self._child and self._child[1] not in self.__dict__ and "id" not in self.__dict__:
            owner.initializeAttribute(self._child[1], self._child[0])
        self.sql_init()

    def db_get(self, column: str) -> Any:
        """The ids of the two; of other columns the attribute of that name."""
        for side in (self._parent, self._child):
            if side and column == side[2]:
                return self._id_on(side)
        return getattr(self, column)

    def db_set(self, column: str, value: Any) -> None:
        """The objects that the ids mean; of other columns the attribute of that name."""
        for side in (self._parent, self._child):
            if side and column == side[2]:
                setattr(self, side[1], side[0].by_id(value))
                return
        setattr(self, column, value)

    def db_null(self, column: str) -> None:
        """Forget the attribute."""
        for side in (self._parent, self._child):
            if side and column == side[2]:
                column = side[1]
        self.__dict__.pop(column, None)

    def db_find_existing(self) -> Any:
        """The row that relates these two."""
        ids = {side[2]: self._id_on(side) for side in (self._parent, self._child) if side}
        if not ids or None in ids.values():
            return None
        return self._session.query(self._model).filter_by(**ids).first()

    def db_save(self) -> None:
        """The two objects first: the row needs their ids."""
        for side in (self._parent, self._child):
            one = self.__dict__.get(side[1]) if side else None
            if isinstance(one, SQLObject):
                one.save_if_nascent()
        super().db_save()

    def _is_complete(self) -> bool:
        sides = [side for side in (self._parent, self._child) if side]
        return all(self._id_on(side) is not None for side in sides) and super()._is_complete()

    def _id_on(self, side: Sequence[Any]) -> Any:
        one = self.__dict__.get(side[1])
        return one.__dict__.get("id") if one is not None else None

    @classmethod
    def ids_by_parent(cls, parent_id: int) -> list[int]:
        """The ids of the rows of a parent, in their order."""
        with working(cls._session) as session:
            column = getattr(cls._model, cls._parent[2])
            return [row[0] for row in session.execute(
                select(cls._model.id).where(column == parent_id).order_by(cls._model.id))]
