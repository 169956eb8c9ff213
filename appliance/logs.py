"""``appliance.log``: what happened, in types, files, lines and names, never in values that a person typed."""

from __future__ import annotations

import copy
import logging
import traceback
from pathlib import Path
from types import TracebackType

from appliance.log_file import LogFile

__all__ = ["FILE_NAME", "WithoutValues", "start", "stop"]

FILE_NAME = "appliance.log"
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_DISCREET = frozenset({"aiosmtpd", "appliance", "asyncio", "concurrent", "dask", "distributed"})
"""Loggers by the first part of their names, whose lines hold no values; a test with a thousand of them holds that."""

_TEMPLATES = frozenset({"tornado"})
"""Of these what they always say is written, not what they put into it: a header that came, a callback's arguments."""

ExceptionTriple = (tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None])


class WithoutValues(logging.Formatter):
    """Writes an exception as its type and the places it came through: its message may hold what a person typed.

    So may all that the code of packages logs, and the libraries that it uses: of that, level and place are written.
    """

    def format(self, record: logging.LogRecord) -> str:
        library = record.name.partition(".")[0]
        discreet = library in _DISCREET
        if discreet and not (record.exc_info or record.exc_text or record.stack_info):
            return super().format(record)   # nothing to leave out: a line of each request
        # On a copy: a record keeps the text of its exception for the next handler, whose taste may be another.
        own = copy.copy(record)
        own.exc_text = own.stack_info = None
        if library in _TEMPLATES:
            own.args = None
        elif not discreet:
            own.name, own.args = "a package", None   # the name too is whatever its author gave
            own.msg = f"something was logged at {record.pathname}:{record.lineno} in {record.funcName}"
        return super().format(own)

    def formatException(self, ei: ExceptionTriple) -> str:  # noqa: N802 — logging's name
        lines = []
        problem = ei[1]
        while problem is not None:
            lines.append(f"  {type(problem).__module__}.{type(problem).__qualname__}")
            lines += [f"    {frame.filename}:{frame.lineno} in {frame.name}"
                      for frame in traceback.extract_tb(problem.__traceback__)]
            problem = problem.__cause__
        return "\n".join(lines)


def start(folder: Path) -> logging.Handler:
    """Log into `folder`, which is made if need be: ours from INFO, libraries' from WARNING.

    :returns: what :func:`stop` takes.
    """
    handler = LogFile(folder, FILE_NAME, WithoutValues(_FORMAT))
    handler.addFilter(_is_told)
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger("appliance").setLevel(logging.INFO)
    return handler


def _is_told(record: logging.LogRecord) -> bool:
    """Some libraries set the levels of their loggers themselves, so it is decided here."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] == "appliance"


def stop(handler: logging.Handler) -> None:
    """Log into it no more, and close it."""
    logging.getLogger().removeHandler(handler)
    handler.close()
