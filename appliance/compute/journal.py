"""What compute needs of the task journal (``appliance.store.journal``), as a protocol."""

from __future__ import annotations

from typing import Protocol

from appliance.interview.tasks import TaskJob, TaskState

__all__ = ["Journal"]


class Journal(Protocol):
    """The tasks, in their order, on disk."""

    async def queued(self) -> list[str]:
        """The tasks that can be taken, first come first."""
        ...

    async def job(self, task_id: str) -> TaskJob:
        """All that a worker needs, unsealed."""
        ...

    async def mark_running(self, task_id: str, worker: str) -> bool:
        """A worker is about to get the task; False if it is not queued any more."""
        ...

    async def put_back(self, task_id: str) -> bool:
        """It was marked as running and no worker has it: queued again, without counting against it."""
        ...

    async def worker_lost(self, task_id: str) -> TaskState:
        """The worker died: ``queued`` again, or ``failed`` after too many deaths."""
        ...

    async def forget_old(self) -> int:
        """Drop what tasks worked on that failed long ago; how many that were."""
        ...

    async def resume(self) -> list[str]:
        """At start: what was running is queued again, but for these tasks, which are to end as ``WorkerDied``."""
        ...
