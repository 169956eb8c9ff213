"""Values that are objects of the author's library; it is imported when the first such value is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from appliance.interview.files import FileInfo

__all__ = ["as_datetime", "dictionary", "file_list"]


def dictionary(variable: str, elements: Mapping[Any, bool]) -> Any:
    """A gathered ``DADict`` called `variable`."""
    from appliance.library.names import NAMES

    return NAMES["DADict"](variable, elements=dict(elements), auto_gather=False, gathered=True)


def as_datetime(moment: datetime) -> Any:
    """`moment` as the library's ``as_datetime`` makes it: what authors call ``.format()`` on."""
    from appliance.library.names import NAMES

    make = NAMES.get("as_datetime")
    return moment if make is None else make(moment.isoformat(sep=" "))


def file_list(variable: str, infos: Sequence[FileInfo]) -> Any:
    """A gathered ``DAFileList`` called `variable` of these files of the session."""
    from appliance.library.names import NAMES

    files = [NAMES["DAFile"](f"{variable}[{n}]", number=info.number) for n, info in enumerate(infos)]
    return NAMES["DAFileList"](variable, elements=files, auto_gather=False, gathered=True, there_are_any=True,
                               there_is_another=False)
