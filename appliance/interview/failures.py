"""Reading the exceptions of author code: which name was missing, and where in the author's files."""

from __future__ import annotations

import traceback
from collections.abc import Container
from types import TracebackType

from appliance.interview.errors import CodeFailed
from appliance.interview.signals import MissingName

__all__ = ["MISSING", "code_failed", "missing_name", "place_of", "words_of"]


MISSING = (NameError, MissingName)
"""What is raised for a name that some block may define: by Python for a plain name, by objects for their parts."""


def missing_name(error: NameError | MissingName) -> str | None:
    """The name that some block may define; None where the error is a mistake in the code itself."""
    if isinstance(error, UnboundLocalError):
        return None
    return error.name or None


def place_of(error: BaseException, files: Container[str]) -> tuple[str, int] | None:
    """The innermost place of the traceback that lies in one of the interview's `files`."""
    place: tuple[str, int] | None = None
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file in files:
            place = (file, trace.tb_lineno)
        trace = trace.tb_next
    return place


def code_failed(error: BaseException, files: Container[str], sought: tuple[str, ...]) -> CodeFailed:
    """What an author is told of an exception in the interview's code."""
    place = place_of(error, files)
    trace = "".join(traceback.format_exception(error))
    return CodeFailed(
        words_of(error),
        error_type=type(error).__name__,
        trace=trace,
        file=place[0] if place else None,
        line=place[1] if place else None,
        variables=tuple(reversed(sought)),
    )


def words_of(error: BaseException) -> str:
    """An exception's own words; its type where it has none, also because they fail in their turn."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001 - classes of authors can fail in any way
        return type(error).__name__
