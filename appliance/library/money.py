"""Amounts that may or may not exist, and dictionaries of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from appliance.library.dicts import DADict
from appliance.library.objects import DAObject

__all__ = ["Asset", "Expense", "FinancialList", "Income", "PeriodicFinancialList", "PeriodicValue", "Value"]


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


class Value(DAObject):
    """An amount: whether it ``exists``, and its ``value``."""

    def amount(self) -> Decimal:
        """The value, or 0 where it does not exist; then the value is not asked for."""
        return _decimal(self.value) if self.exists else Decimal(0)

    def __str__(self) -> str:
        return str(self.amount())

    def __float__(self) -> float:
        return float(self.amount())

    def __int__(self) -> int:
        return int(self.amount())

    def __lt__(self, other: object) -> bool:
        return self.amount() < (other.amount() if isinstance(other, Value) else _decimal(other))


class PeriodicValue(Value):
    """An amount that comes ``period`` times a year."""

    def amount(self, period_to_use: Any = 1) -> Decimal:
        """The value for a year, or for what ``period_to_use`` (12: a month) says; 0 where it does not exist."""
        if not self.exists:
            return Decimal(0)
        return _decimal(self.value) * _decimal(self.period) / _decimal(period_to_use)


class FinancialList(DADict):
    """A dictionary of values; each exists unless told otherwise."""

    object_type = Value

    def _new_object(self, name: str, object_type: Any = None, /, **kwargs: Any) -> Any:
        made = super()._new_object(name, object_type, **kwargs)
        made.__dict__.setdefault("exists", True)
        for attribute in ("value", "period"):
            given = self.__dict__.pop(f"new_item_{attribute}", None)
            if given is not None:
                setattr(made, attribute, given)
        return made

    def total(self) -> Decimal:
        """The sum of the values that exist."""
        return sum((item.amount() for item in self.values() if item.exists), Decimal(0))

    def existing_items(self) -> list[Any]:
        """The keys of the values that exist."""
        return [key for key in self.keys() if self.elements[key].exists]

    def __str__(self) -> str:
        return str(self.total())


class PeriodicFinancialList(FinancialList):
    """A dictionary of amounts that come several times a year."""

    object_type = PeriodicValue

    def total(self, period_to_use: Any = 1) -> Decimal:
        """The sum for a year, or for what ``period_to_use`` (12: a month) says."""
        return sum((item.amount(period_to_use) for item in self.values() if item.exists), Decimal(0))


class Asset(FinancialList):
    """What somebody has."""


class Income(PeriodicFinancialList):
    """What somebody earns."""


class Expense(PeriodicFinancialList):
    """What somebody spends."""
