"""SQLObject: makes an object of an interview one row of a table that the author keeps.

The author's class says how (docassemble's documentation, `SQLObject`): ``_model`` is the table, ``_session`` a session
of SQLAlchemy, ``_required`` the columns without which no row is made, ``_uid`` the column that tells rows apart, and
``db_get``, ``db_set`` and ``db_null`` move one column's value from and to the object's attributes.

When answers are loaded their objects read their rows, and when answers are saved they write them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Self

from sqlalchemy import inspect, select

from appliance.author_db import NoAuthorDatabase
from appliance.interview.host import running_evaluation
from appliance.library import naming
from appliance.library.objects import DAObject, only_looking
from appliance.library.sql_sessions import for_each_turn, working

__all__ = ["SQLObject"]

_UNDEFINED = object()


class SQLObject:
    """For classes with a DAObject first: ``class Customer(Individual, SQLObject)``.

    :ivar id: of the row; not there before there is one.
    """

    _model: Any = None
    _session: Any = None
    _required: Sequence[str] = ()
    _uid = "uid"
    _nascent: bool
    _zombie: bool

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("_session") is not None:
            cls._session = for_each_turn(cls.__dict__["_session"])

    def sql_init(self) -> None:
        """To be called from ``init()``: finds the row if the object knows its ``id`` or its unique column already."""
        self._nascent, self._zombie = True, False
        if "id" in self.__dict__:
            self._nascent = False
        self.db_read()

    # -- what the author writes ------------------------------------------------------------------------------

    def db_get(self, column: str) -> Any:
        """The value of a column, from the object."""
        raise NotImplementedError(f"{type(self).__name__} needs a method db_get().")

    def db_set(self, column: str, value: Any) -> None:
        """The value of a column, into the object."""
        raise NotImplementedError(f"{type(self).__name__} needs a method db_set().")

    def db_null(self, column: str) -> None:
        """A column has no value any more."""
        raise NotImplementedError(f"{type(self).__name__} needs a method db_null().")

    def db_find_existing(self) -> Any:
        """The row that this object is, by its unique column; None if there is none."""
        if self._uid not in _columns(self._model):
            return None
        value = self._known(self._uid)
        if value is _UNDEFINED or value is None:
            return None
        return self._session.query(self._model).filter(getattr(self._model, self._uid) == value).first()

    # -- to and from the table ----------------------------------------------------------------------------------

    def db_save(self) -> None:
        """Write what the object knows, and make the row if there is none and all that is required is known."""
        if self._zombie:
            return
        with working(self._session) as session:
            row = self._found() if self._nascent else self._row()
            if row is None:
                if self._nascent and self._is_complete():
                    row = self._model()
                    session.add(row)
                else:
                    self._zombie = not self._nascent
                    return
            linked = self._nascent and row.id is not None
            self._write(row, keep_rest=linked)
            if session.new or session.dirty:
                session.commit()
            self._connect(row)
            if linked:
                self._read(row)

    def db_read(self) -> None:
        """Take over what the row says; an object without one looks for it."""
        if self._zombie:
            return
        with working(self._session):
            row = self._found() if self._nascent else self._row()
            if row is not None:
                self._connect(row)
                self._read(row)
            elif not self._nascent:
                self._zombie = True

    def db_delete(self) -> None:
        """Delete the row; the object goes on as a zombie."""
        if not self._nascent and not self._zombie:
            type(self).delete_by_id(self.id)
            self._zombie = True

    def save_if_nascent(self) -> None:
        """Make the row, if there is none and enough is known."""
        if self._nascent:
            self.db_save()

    def ready(self) -> bool:
        """Whether there is a row; it is made now if it can be."""
        self.save_if_nascent()
        return not self._nascent and not self._zombie

    def get_session(self) -> Any:
        """SQLAlchemy's session of this turn."""
        return self._session

    _get_session = get_session

    # -- rows by what they are known by ---------------------------------------------------------------------------

    @classmethod
    def by_id(cls, id: int, **kwargs: Any) -> Self | None:
        """The object of a row: the one among the answers if it is there; None if there is no such row.

        :param kwargs: attributes for a new object.
        """
        for found in _among_answers(cls):
            if found.__dict__.get("id") == id:
                return found  # type: ignore[no-any-return]
        return cls._new(id, kwargs) if cls.id_exists(id) else None

    @classmethod
    def by_uid(cls, uid: Any, **kwargs: Any) -> Self | None:
        """Likewise, by the unique column."""
        number = cls._id_of(uid)
        return None if number is None else cls.by_id(number, **kwargs)

    @classmethod
    def id_exists(cls, id: int) -> bool:
        """Whether there is a row with this id."""
        with working(cls._session) as session:
            return session.execute(select(cls._model.id).where(cls._model.id == id)).first() is not None

    @classmethod
    def uid_exists(cls, uid: Any) -> bool:
        """Whether there is a row with this value in the unique column."""
        return cls._id_of(uid) is not None

    @classmethod
    def delete_by_id(cls, id: int) -> None:
        """Delete a row; nothing happens if there is none."""
        with working(cls._session) as session:
            session.query(cls._model).filter(cls._model.id == id).delete()
            session.commit()

    @classmethod
    def delete_by_uid(cls, uid: Any) -> None:
        """Likewise, by the unique column."""
        number = cls._id_of(uid)
        if number is not None:
            cls.delete_by_id(number)

    @classmethod
    def all(cls, instance_name: str | None = None) -> Any:
        """The objects of all rows, in the order of their ids."""
        return cls.filter(instance_name)

    @classmethod
    def any(cls, **kwargs: Any) -> bool:
        """Whether there is a row whose columns have these values."""
        with working(cls._session) as session:
            return session.execute(select(cls._model.id).filter_by(**kwargs).limit(1)).first() is not None

    @classmethod
    def filter(cls, instance_name: str | None = None, **kwargs: Any) -> Any:
        """The objects of the rows whose columns have these values.

        :param instance_name: of the list.
        """
        from appliance.library.sql_lists import SQLObjectList

        with working(cls._session) as session:
            query = select(cls._model.id).filter_by(**kwargs).order_by(cls._model.id)
            numbers = [row[0] for row in session.execute(query)]
        listed = SQLObjectList(instance_name or naming.random_name(), object_type=cls, auto_gather=False, gathered=True)
        if instance_name is None:
            listed.set_random_instance_name()
        listed.elements = [one for number in numbers if (one := cls.by_id(number)) is not None]
        return listed

    # -- inside -------------------------------------------------------------------------------------------------

    @classmethod
    def _id_of(cls, uid: Any) -> int | None:
        if cls._uid not in _columns(cls._model):
            return None
        with working(cls._session) as session:
            found = session.execute(select(cls._model.id).where(getattr(cls._model, cls._uid) == uid)).first()
            return None if found is None else found[0]

    @classmethod
    def _new(cls, number: int, attributes: dict[str, Any]) -> Self:
        made: Any = cls(naming.random_name(), id=number, **attributes)  # type: ignore[call-arg]
        made.set_random_instance_name()
        return made  # type: ignore[no-any-return]

    def _found(self) -> Any:
        with only_looking():
            return self.db_find_existing()

    def _row(self) -> Any:
        """As it is now in the table, not as this session remembers it."""
        return self._session.get(self._model, self.id, populate_existing=True)

    def _known(self, column: str) -> Any:
        """What the object has for a column. Authors' db_get() may fail in any way where something is not there yet."""
        with only_looking():
            try:
                return self.db_get(column)
            except Exception:  # noqa: BLE001 - see above; documented so
                return _UNDEFINED

    def _is_complete(self) -> bool:
        needed = [*self._required, *([self._uid] if self._uid in _columns(self._model) else [])]
        return all(self._known(column) not in (_UNDEFINED, None) for column in needed)

    def _write(self, row: Any, *, keep_rest: bool) -> None:
        """:param keep_rest: what the object does not know yet stays in the row."""
        for column in _columns(self._model):
            value = self._known(column)
            if value is _UNDEFINED and keep_rest:
                continue
            wanted = None if value is _UNDEFINED else value
            if getattr(row, column) != wanted:
                setattr(row, column, wanted)

    def _read(self, row: Any) -> None:
        for column in _columns(self._model):
            value, known = getattr(row, column), self._known(column)
            if value is None:
                if known is not _UNDEFINED and known is not None:
                    self._forget(column)
            elif known is _UNDEFINED or known != value:
                self.db_set(column, value)

    def _forget(self, column: str) -> None:
        with only_looking():
            try:
                self.db_null(column)
            except Exception:  # noqa: BLE001 - what was not there cannot be deleted; documented so
                return

    def _connect(self, row: Any) -> None:
        self.id = row.id
        self._nascent = False

    # -- with the answers -----------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """The row is written when the answers are saved."""
        if "_nascent" in self.__dict__:
            self.db_save()
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The row is read when the answers are loaded. A task on another machine has the object as it was, and meets an
        error where it asks for more.
        """
        self.__dict__.update(state)
        if "_nascent" in state:
            with contextlib.suppress(NoAuthorDatabase):
                self.db_read()


def _columns(model: Any) -> list[str]:
    """The names of a table's columns, but ``id``."""
    return [attribute.key for attribute in inspect(model).column_attrs if attribute.key != "id"]


def _among_answers(cls: type[Any]) -> Iterator[Any]:
    """The objects of a class in the answers of the running turn."""
    evaluation = running_evaluation()
    pending: list[Any] = [] if evaluation is None else [
        value for name, value in evaluation.answers.items() if name not in ("__builtins__", "_internal")]
    seen: set[int] = set()
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, cls):
            yield value
        if isinstance(value, DAObject):
            pending.extend(value.__dict__.values())
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            pending.extend(value)
