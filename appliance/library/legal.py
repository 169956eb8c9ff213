"""Objects of a legal case: what ``docassemble.base.legal`` has besides ``docassemble.base.util``."""

from __future__ import annotations

from typing import Any

from appliance.library.objects import DAObject

__all__ = ["Court", "Document"]


class Court(DAObject):
    """A court, written as its ``name``; ``jurisdiction`` lists the places it decides for."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        super().init(*pargs, **{"jurisdiction": [], **kwargs})

    def __str__(self) -> str:
        return str(self.name)


class Document(DAObject):
    """A paper with a ``title``, which is None until it has one."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        super().init(*pargs, **{"title": None, **kwargs})
