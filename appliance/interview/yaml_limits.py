"""How much a YAML text may turn into, looked at before anything is made of it.

Ten lines of names for each other's lists (`*a`) make ten thousand million items, and a hundred thousand brackets more
levels than any program's stack holds: a file that somebody was given must not end the appliance.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

__all__ = ["MOST_DEEP", "MOST_NODES", "check_limits"]

MOST_DEEP = 100
MOST_NODES = 1_000_000

_ALIAS = re.compile(r"(?:^|[\s\[{,])\*\w", re.MULTILINE)
_INDENTED = re.compile(rf"^[ ?-]{{{MOST_DEEP},}}\S", re.MULTILINE)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_limits(text: str) -> None:
    """Do nothing for a YAML text of a reasonable size.

    :raises yaml.MarkedYAMLError: for one that is nested too deeply, refers to itself, or becomes too much.
    """
    if _is_harmless(text):
        return
    sizes: dict[str, int | None] = {}   # of what has a name; None while it is not complete
    open_: list[tuple[str | None, int]] = []   # names of the collections around, and what had been counted before each
    count = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            size = sizes.get(event.anchor or "", 0)
            if size is None:
                raise _refused(f"*{event.anchor} is within itself", event)
            count += size
        elif isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, count))
            count += 1
            if event.anchor:
                sizes[event.anchor] = None
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_.pop()
            if anchor:
                sizes[anchor] = count - before
        elif isinstance(event, yaml.ScalarEvent):
            count += 1
            if event.anchor:
                sizes[event.anchor] = 1
        if len(open_) > MOST_DEEP or count > MOST_NODES:
            raise _refused("this is nested too deeply" if len(open_) > MOST_DEEP else "this becomes too much", event)


def _refused(why: str, event: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=why, problem_mark=event.start_mark)


def _is_harmless(text: str) -> bool:
    """Whether one look shows that it is neither: so for nearly all files, and far quicker."""
    brackets = text.count("[") + text.count("{")
    return (brackets < MOST_DEEP // 2 and len(text) < MOST_NODES and _INDENTED.search(text) is None
            and _ALIAS.search(text) is None)
