"""Objects of a legal case: what ``docassemble.base.legal`` adds to ``docassemble.base.util``."""

from __future__ import annotations

from typing import Any

from appliance.library.lists import DAList
from appliance.library.objects import DAObject

__all__ = ["Court", "Document", "PartyList"]


class Court(DAObject):
    """A court, written as its ``name``; ``jurisdiction`` lists the places it decides for."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        super().init(*pargs, **{"jurisdiction": [], **kwargs})

    def __str__(self) -> str:
        return str(self.name)


class PartyList(DAList):
    """The people on one side of a case: individuals, unless another ``object_type`` is given."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        from appliance.library.people import Individual

        super().init(*pargs, **{"object_type": Individual, **kwargs})


class Document(DAObject):
    """A paper with a ``title``, which is None until it has one."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        super().init(*pargs, **{"title": None, **kwargs})
