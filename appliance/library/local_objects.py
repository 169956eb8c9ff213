"""``session_local``, ``device_local`` and ``user_local``: variables that each browser session, each browser and each
user has of its own within one session of an interview.

They are part of the answers, kept in ``_internal`` under what stands for whoever they belong to; a turn has those of
its person in its variables (:mod:`appliance.interview.namespace`).
"""

from __future__ import annotations

from appliance.library.objects import DAObject

__all__ = ["DADeviceLocal", "DASessionLocal", "DAUserLocal", "holds_something", "new_local"]

_OURS = frozenset({"instanceName", "has_nonrandom_instance_name", "attrList"})


class DASessionLocal(DAObject):
    """What is kept until the browser is closed."""


class DADeviceLocal(DAObject):
    """What is kept for a browser, for as long as it keeps its cookie."""


class DAUserLocal(DAObject):
    """What is kept for a user; of somebody who is not signed in, until the browser is closed."""


_CLASSES = {"session_local": DASessionLocal, "device_local": DADeviceLocal, "user_local": DAUserLocal}


def new_local(name: str) -> DAObject:
    """An empty one, under one of the three names."""
    return _CLASSES[name](name)


def holds_something(value: object) -> bool:
    """Whether it is one of these and has anything that is worth keeping."""
    return isinstance(value, tuple(_CLASSES.values())) and not vars(value).keys() <= _OURS
