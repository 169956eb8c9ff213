"""What an administrator can set about background tasks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

__all__ = ["ComputeOptions", "Settings"]


class Settings(Protocol):
    """The configuration, as far as it is needed here."""

    def get(self, name: str, default: Any = ..., /) -> Any:
        """The value of a directive, or `default`."""
        ...


@dataclass(frozen=True)
class ComputeOptions:
    """The ``compute`` directives.

    :param workers: how many tasks run at the same time, each in a process of its own.
    :param time_limit: seconds after which a task is ended.
    :param memory_limit: bytes that the process of a task may hold before it is ended.
    :param scheduler: of a cluster elsewhere; empty where the appliance has its own.
    :param certificates: the folder with what to show to that scheduler.
    """

    workers: int
    time_limit: float = 3600.0
    memory_limit: int = 2 << 30
    scheduler: str = ""
    certificates: Path | None = None

    @classmethod
    def of(cls, settings: Settings, folder: Path) -> ComputeOptions:
        """What the configuration says, with the defaults for what it does not say.

        :param folder: the data folder, which a path that does not begin at a root begins at.
        """
        certificates = settings.get("compute: certificates", None)
        workers = settings.get("compute: workers", None) or os.cpu_count() or 1
        megabytes = settings.get("compute: task memory limit", None) or cls.memory_limit >> 20
        return cls(
            workers=max(1, int(workers)),
            time_limit=float(settings.get("compute: task time limit", None) or cls.time_limit),
            memory_limit=int(megabytes) << 20,
            scheduler=settings.get("compute: scheduler", None) or "",
            certificates=folder / Path(certificates).expanduser() if certificates else None,
        )
