"""What somebody chose in a dialog of the window: the window tells the server, and the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.commands import Command, CommandFailed, Say

__all__ = ["Chosen"]

_KINDS = frozenset({"folder", "backup"})


class Chosen:
    """The last choice of each kind, until a page has shown it."""

    def __init__(self) -> None:
        self._paths: dict[str, str] = {}

    @property
    def commands(self) -> dict[str, Command]:
        """``chosen``: ``what`` (``folder``, ``backup``) and ``path``."""
        return {"chosen": self._choose}

    def take(self, what: str) -> str:
        """What was chosen last; empty where nothing was, or a page has had it."""
        return self._paths.pop(what, "")

    async def _choose(self, arguments: Mapping[str, Any], _say: Say) -> int:
        what, path = arguments["what"], str(arguments["path"])
        if what not in _KINDS:
            raise CommandFailed(f"Nothing of the kind {what!r} can be chosen.")
        self._paths[what] = path
        return 0
