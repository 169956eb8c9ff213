"""Answers as plain data that can be written as JSON."""

from __future__ import annotations

import datetime
import decimal
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

__all__ = ["simplified"]

UNWRITABLE = (ModuleType, FunctionType, BuiltinFunctionType, MethodType, type)


def simplified(value: Any) -> Any:
    """`value` as dicts, lists, texts, numbers, booleans and None; objects become dicts, what has no such form None.

    >>> simplified({"when": datetime.date(2026, 11, 23), "what": {1, 2}})
    {'when': '2026-11-23', 'what': [1, 2]}
    """
    return convert(value, frozenset())


def convert(value: Any, around: frozenset[int]) -> Any:
    """:param around: the ids of what `value` is in, so that objects that hold each other come to an end."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if id(value) in around or isinstance(value, UNWRITABLE):
        return None
    inside = around | {id(value)}
    if isinstance(value, dict):
        return {str(key): convert(each, inside) for key, each in value.items() if not isinstance(each, UNWRITABLE)}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [convert(each, inside) for each in value]
    if hasattr(value, "instanceName"):
        return converted_object(value, inside)
    return None


def converted_object(value: Any, inside: frozenset[int]) -> dict[str, Any]:
    kind = type(value)
    result: dict[str, Any] = {"_class": f"{kind.__module__}.{kind.__name__}", "instanceName": value.instanceName}
    for key, each in vars(value).items():
        if not key.startswith("_") and key != "instanceName" and not isinstance(each, UNWRITABLE):
            result[key] = convert(each, inside)
    return result
