"""A Host in memory, for tests that evaluate interviews without a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from appliance.interview.evaluate import Evaluation
from appliance.interview.host import UserInfo
from appliance.interview.tasks import TaskView

__all__ = ["MemoryHost"]


@dataclass
class MemoryHost:
    """What author code sees of the world; tests fill in what they need."""

    interface: str = "web"
    user: UserInfo = field(default_factory=UserInfo)
    session_id: str = "session-in-memory"
    url_root: str = "http://127.0.0.1:8080"
    device: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, TaskView] = field(default_factory=dict)
    logged: list[str] = field(default_factory=list)
    time: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def setting(self, name: str, default: Any = None) -> Any:
        return self.settings.get(name, default)

    def log(self, message: str) -> None:
        self.logged.append(message)

    def task(self, task_id: str) -> TaskView | None:
        return self.tasks.get(task_id)

    def wait_for_task(self, evaluation: Evaluation, task_id: str, timeout: float | None) -> TaskView:
        return self.tasks[task_id]
