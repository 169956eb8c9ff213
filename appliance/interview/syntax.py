"""Python's syntax trees, made by one thread at a time.

Some releases of Python 3.11 and 3.12 count how deep a tree is in a place that all threads share, and raise a
SystemError ("recursion depth mismatch") when two of them make trees at once (python/cpython issue 106905).
"""

from __future__ import annotations

import ast
import threading
from typing import Literal, overload

__all__ = ["MAKING_TREES", "parse"]

MAKING_TREES = threading.RLock()
"""To be held by whatever makes a tree in another way than :func:`parse`."""


@overload
def parse(source: str, file: str = "<unknown>", mode: Literal["exec"] = "exec") -> ast.Module: ...


@overload
def parse(source: str, file: str, mode: Literal["eval"]) -> ast.Expression: ...


def parse(source: str, file: str = "<unknown>", mode: Literal["exec", "eval"] = "exec") -> ast.Module | ast.Expression:
    """``ast.parse`` for any thread.

    :raises SyntaxError: as ``ast.parse`` does, and ValueError for a source with a null character.
    """
    with MAKING_TREES:
        return ast.parse(source, file, "exec") if mode == "exec" else ast.parse(source, file, "eval")
