"""Conditions for ``interview_list(query=…)``: ``(DA.Sessions.filename == 'x') & (DA.Sessions.modtime > yesterday)``."""

from __future__ import annotations

import fnmatch
import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from appliance.library.dates import as_datetime

__all__ = ["DA", "Condition"]

Item = Mapping[str, Any]

_TIMES = {"modtime": "utc_modtime", "starttime": "utc_starttime"}


class Condition:
    """What a listed session must be. ``&``, ``|`` and ``~`` make others of it."""

    def __init__(self, holds: Callable[[Item], bool]) -> None:
        self.holds = holds

    def __and__(self, other: Condition) -> Condition:
        return Condition(lambda item: self.holds(item) and other.holds(item))

    def __or__(self, other: Condition) -> Condition:
        return Condition(lambda item: self.holds(item) or other.holds(item))

    def __invert__(self) -> Condition:
        return Condition(lambda item: not self.holds(item))

    def __bool__(self) -> bool:
        """:raises TypeError: always: ``and``, ``or`` and ``not`` would drop one of two conditions unseen."""
        raise TypeError("write & | ~ between conditions, each in parentheses, instead of and, or, not")


class Column:
    """A key of what ``interview_list()`` tells of a session."""

    __hash__ = None   # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self._name = name

    def _compared(self, compare: Callable[[Any, Any], bool], other: Any) -> Condition:
        def holds(item: Item) -> bool:
            mine = item.get(_TIMES.get(self._name, self._name))
            theirs = _as_moment(other, text=self._name in (*_TIMES, *_TIMES.values()))
            if (mine is None or theirs is None) and compare not in (operator.eq, operator.ne):
                return False
            return bool(compare(mine, theirs))
        return Condition(holds)

    def __eq__(self, other: object) -> Condition:   # type: ignore[override]
        return self._compared(operator.eq, other)

    def __ne__(self, other: object) -> Condition:   # type: ignore[override]
        return self._compared(operator.ne, other)

    def __lt__(self, other: Any) -> Condition:
        return self._compared(operator.lt, other)

    def __le__(self, other: Any) -> Condition:
        return self._compared(operator.le, other)

    def __gt__(self, other: Any) -> Condition:
        return self._compared(operator.gt, other)

    def __ge__(self, other: Any) -> Condition:
        return self._compared(operator.ge, other)

    def like(self, pattern: str) -> Condition:
        """Whether the text fits a pattern with ``%`` for any letters and ``_`` for one."""
        wanted = "".join({"%": "*", "_": "?"}.get(sign, f"[{sign}]" if sign in "*?[" else sign) for sign in pattern)
        return Condition(lambda item: fnmatch.fnmatchcase(str(item.get(self._name) or "").casefold(),
                                                          wanted.casefold()))

    def in_(self, values: Iterable[Any]) -> Condition:
        """Whether it is one of these."""
        wanted = list(values)
        return Condition(lambda item: item.get(self._name) in wanted)


class _Columns:
    def __getattr__(self, name: str) -> Column:
        if name.startswith("__"):
            raise AttributeError(name)
        return Column(name)


class DA:
    """What conditions are made of."""

    Sessions = _Columns()

    @staticmethod
    def And(*conditions: Condition) -> Condition:
        return Condition(lambda item: all(one.holds(item) for one in conditions))

    @staticmethod
    def Or(*conditions: Condition) -> Condition:
        return Condition(lambda item: any(one.holds(item) for one in conditions))

    @staticmethod
    def Not(condition: Condition) -> Condition:
        return ~condition


def _as_moment(value: Any, *, text: bool) -> Any:
    """Dates of authors as moments in UTC; everything else as it is.

    :param text: texts are dates too.
    """
    if text and isinstance(value, str):
        value = as_datetime(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value
