"""Objects and other answers as plain data (dictionaries, lists, texts, numbers), as JSON can hold them."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any

from appliance.library.objects import DAObject, Using

__all__ = ["plain", "plain_answers", "public_name"]

_LEFT_OUT = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def public_name(object_type: type) -> str:
    """The name authors know a class by: ``docassemble.base.util.Individual`` for ours."""
    if object_type.__module__.startswith("appliance.library"):
        return f"docassemble.base.util.{object_type.__qualname__}"
    return f"{object_type.__module__}.{object_type.__qualname__}"


def plain(value: Any) -> Any:
    """`value` as plain data. An object becomes a dictionary of its attributes with ``_class`` and ``instanceName``;
    one that was met before, only these two. Nothing is sought.
    """
    return _plain(value, set())


def plain_answers(answers: Mapping[str, Any], include_internal: bool = False) -> dict[str, Any]:
    """All variables of a session as plain data, as ``all_variables()`` gives them."""
    left_out = {"__builtins__"} if include_internal else {"__builtins__", "_internal"}
    made: dict[str, Any] = plain({name: value for name, value in answers.items() if name not in left_out})
    return made


def _plain(value: Any, seen: set[int]) -> Any:
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if isfinite(number) else str(number)   # JSON has no word for these
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Using):
        return {"_class": "type", "name": public_name(value.object_type)}
    if isinstance(value, type):
        return {"_class": "type", "name": public_name(value)}
    if isinstance(value, DAObject):
        return _object(value, seen)
    if isinstance(value, dict):
        return {str(key): _plain(item, seen) for key, item in value.items() if not isinstance(item, _LEFT_OUT)}
    if isinstance(value, set | frozenset):
        return [_plain(item, seen) for item in sorted(value, key=repr)]
    if isinstance(value, list | tuple):
        return [_plain(item, seen) for item in value]
    return str(value)


def _object(value: DAObject, seen: set[int]) -> dict[str, Any]:
    result: dict[str, Any] = {"_class": public_name(type(value)), "instanceName": value.instanceName}
    if id(value) not in seen:
        seen.add(id(value))
        for name, attribute in value.__dict__.items():
            if name not in ("instanceName", "has_nonrandom_instance_name") and not isinstance(attribute, _LEFT_OUT):
                result[name] = _plain(attribute, seen)
    return result
