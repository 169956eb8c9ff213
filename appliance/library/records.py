"""``write_record()`` and its siblings: several values under one key, which all interviews share."""

from __future__ import annotations

import copy
import pickle
from typing import Any

from appliance.interview.host import current
from appliance.interview.stored import DeleteRecord, WriteRecord
from appliance.library import overlay
from appliance.library.errors import DAError
from appliance.library.objects import DAObject

__all__ = ["delete_record", "read_records", "write_record"]

_HIGHEST = (1 << 63) - 1   # that the database can be asked for


def write_record(key: str, data: Any) -> int:
    """Keep a copy of `data`; what of it cannot be pickled becomes None.

    :returns: the id of the record.
    """
    evaluation = current()
    number = evaluation.host.stores.new_record_id()
    what = f"What write_record({key!r}) was given"
    if not _can_be_pickled(data):
        data = _sanitized(copy.copy(data), set())
    overlay.ask_for(WriteRecord(number, str(key), overlay.pickled(data, what)))
    return number


def read_records(key: str) -> dict[int, Any]:
    """The records under the key by their ids, in the order they were written; None for one that cannot be opened."""
    found: dict[int, bytes | None] = dict(current().host.stores.records(str(key)))
    found.update(overlay.overlay().records.get(str(key), {}))
    return {number: overlay.opened_if_possible(value, f"The record {number} of {key!r}")
            for number, value in sorted(found.items()) if value is not None}


def delete_record(key: str, id: int) -> None:
    """Forget a record; nothing happens if there is none of this id under the key.

    :raises DAError: if it is no number.
    """
    try:
        number = int(id)
    except (TypeError, ValueError, OverflowError) as error:
        raise DAError(f"delete_record() takes the id that write_record() gave, not {id!r}.") from error
    if 0 < number <= _HIGHEST:
        overlay.ask_for(DeleteRecord(number, str(key)))


def _can_be_pickled(value: Any) -> bool:
    try:
        pickle.dumps(value, protocol=5)
    except Exception:  # noqa: BLE001 - objects of authors may fail in any way when pickled
        return False
    return True


def _sanitized(value: Any, seen: set[int]) -> Any:
    """The value with None in place of what cannot be pickled, however deep that lies; groups are copied."""
    if _can_be_pickled(value):
        return value
    if id(value) in seen:
        return None
    seen = seen | {id(value)}
    if isinstance(value, dict):
        return {key: _sanitized(item, seen) for key, item in value.items() if _can_be_pickled(key)}
    if isinstance(value, list | tuple | set | frozenset):
        kept = [_sanitized(item, seen) for item in value]
        return kept if isinstance(value, list) else type(value)(kept)
    if isinstance(value, DAObject):
        other = copy.copy(value)
        for name, item in list(other.__dict__.items()):
            object.__setattr__(other, name, _sanitized(item, seen))
        return other if _can_be_pickled(other) else None
    return None
