"""Files that values bring from one session to another: each session has files of its own, so they are copied."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.interview.answers import kept
from appliance.interview.host import current
from appliance.interview.other_sessions import CarriedFile
from appliance.library.files import DAFile
from appliance.library.state import turn_state

__all__ = ["borrow", "files_in", "renumber"]


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


def borrow(values: Mapping[str, Any], interview: str, session_id: str) -> None:
    """Let the files in the values be copies of those of another session.

    They are fetched when code looks at them, and stay if the turn leaves one in the answers, or gives it along.
    """
    host, numbers = current().host, {}
    for file in _held(values):
        if file.number not in numbers:
            numbers[file.number] = host.borrow_file(
                file.filename, file.mimetype, _Loader(interview, session_id, file.number)).number
    renumber(values, numbers)
    state = turn_state()
    if numbers and "borrowed" not in state:
        state["borrowed"] = []
        current().at_end.append(_keep_what_is_held)
    state.get("borrowed", []).extend(numbers.values())


class _Loader:
    """Fetches a file of another session."""

    def __init__(self, interview: str, session_id: str, number: int) -> None:
        self._place = interview, session_id, number

    def __call__(self, path: Path) -> None:
        content = current().host.sessions.file_content(*self._place)
        if content is None:
            raise FileNotFoundError("The other session has this file no longer.")
        path.write_bytes(content)
        path.chmod(0o600)


def _keep_what_is_held() -> None:
    evaluation = current()
    host, answers = evaluation.host, {} if evaluation.in_task else kept(evaluation.answers)
    try:
        held = {file.number for file in _held({"": [answers, evaluation.effects, evaluation.ending]})}
    except Exception:  # noqa: BLE001 - objects of authors may fail in any way when pickled: saving them says which one
        return
    for number in turn_state()["borrowed"]:
        if number not in held or host.file(number) is None:
            host.delete_file(number)


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
