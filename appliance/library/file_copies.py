"""Files that values bring from one session to another: each session has files of its own, so they are copied."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any

from appliance.interview.host import current
from appliance.interview.other_sessions import CarriedFile
from appliance.library.files import DAFile

__all__ = ["files_in", "renumber"]


def files_in(values: Mapping[str, Any]) -> tuple[CarriedFile, ...]:
    """The files of the running session that any of the values holds, with their content.

    :param values: can be pickled.
    """
    host = current().host
    found = {}
    for file in _held(values):
        info = host.file(file.number)
        if info is not None and info.number not in found:
            content = host.file_path(info.number).read_bytes()
            found[info.number] = CarriedFile(info.number, info.filename, info.mimetype, content)
    return tuple(found.values())


def renumber(values: Mapping[str, Any], numbers: Mapping[int, int]) -> None:
    """Let the files in the values be those of other numbers."""
    for file in _held(values):
        if file.number in numbers:
            object.__setattr__(file, "number", numbers[file.number])


def _held(values: Mapping[str, Any]) -> list[DAFile]:
    """The files that are made already, each once."""
    found: dict[int, DAFile] = {}

    class Seeker(pickle.Pickler):
        """Goes wherever pickling goes, which is all that is kept of a value."""

        def reducer_override(self, value: Any) -> Any:
            if isinstance(value, DAFile) and value.__dict__.get("ok"):
                found[id(value)] = value
            return NotImplemented

    Seeker(io.BytesIO(), protocol=5).dump(dict(values))
    return list(found.values())
