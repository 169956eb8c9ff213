"""Values that are objects of the author's library; it is imported when the first such value is made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

__all__ = ["as_datetime", "dictionary"]


def dictionary(variable: str, elements: Mapping[Any, bool]) -> Any:
    """A gathered ``DADict`` called `variable`."""
    from appliance.library.names import NAMES

    return NAMES["DADict"](variable, elements=dict(elements), auto_gather=False, gathered=True)


def as_datetime(moment: datetime) -> Any:
    """`moment` as the library's ``as_datetime`` makes it: what authors call ``.format()`` on."""
    from appliance.library.names import NAMES

    make = NAMES.get("as_datetime")
    return moment if make is None else make(moment.isoformat(sep=" "))
