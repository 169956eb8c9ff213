"""A Host in memory, for tests that evaluate interviews without a server."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.interview.accounts import Account, AccountEffect
from appliance.interview.evaluate import Evaluation
from appliance.interview.files import Document, FileInfo
from appliance.interview.host import UserInfo, Visit
from appliance.interview.other_sessions import Places
from appliance.interview.received import AddressOfSession, GivenAddress
from appliance.interview.tasks import TaskView
from appliance.interview.turn import FollowUp
from appliance.workspace import Workspace
from tests.memory_stores import MemoryStores

__all__ = ["MemoryHost", "MemoryPeople"]


@dataclass
class MemoryPeople:
    """Accounts in memory: what was committed before the turn."""

    stored: list[Account] = field(default_factory=list)
    names: list[str] = field(default_factory=lambda: ["admin", "advocate", "cron", "developer", "user"])
    last: int = 100
    pending: tuple[AccountEffect, ...] = ()

    def account(self, user_id: int | None = None, email: str = "") -> Account | None:
        return next((one for one in self.stored if one.user_id == user_id or (
            user_id is None and one.email.casefold() == email.casefold())), None)

    def accounts(self, after: int, most: int) -> list[Account]:
        return [one for one in self.stored if one.user_id > after and one.kind != "cron"][:most]

    def privileges(self) -> list[str]:
        return self.names

    def new_user_id(self) -> int:
        self.last += 1
        return self.last

    def lock(self, password: str) -> Any:
        if len(password) < 6:
            raise ValueError("This password is too short.")
        return ("lock", password)

    def new_password(self, user_id: int, new: str, old: str | None) -> Any:
        if old not in (None, "right"):
            raise ValueError("This is not the password.")
        return (self.lock(new), old)

    def new_token(self) -> str:
        return f"token-{self.last}"


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
    workspace: Workspace = field(default_factory=lambda: Workspace(lambda number: None, lambda number, path: None))
    told: list[tuple[float | None, str]] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    error_actions: list[FollowUp] = field(default_factory=list)
    visited: list[Visit] = field(default_factory=list)
    received: list[AddressOfSession] = field(default_factory=list)
    people: MemoryPeople = field(default_factory=MemoryPeople)
    stores: MemoryStores = field(default_factory=MemoryStores)
    places: Places = field(default_factory=lambda: Places("browser session", "device", "user"))
    sessions: Any = None
    time: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def setting(self, name: str, default: Any = None) -> Any:
        return self.settings.get(name, default)

    def log(self, message: str) -> None:
        self.logged.append(message)

    def new_task_id(self) -> str:
        return secrets.token_hex(16)

    def task(self, task_id: str) -> TaskView | None:
        return self.tasks.get(task_id)

    def wait_for_task(self, evaluation: Evaluation, task_id: str, timeout: float | None) -> TaskView:
        return self.tasks[task_id]

    def times_performed(self, task: str) -> int:
        return self.counters.get(task, 0)

    def visits(self) -> list[Visit]:
        return self.visited

    def email_address(self, key: Any, index: Any) -> GivenAddress:
        code = f"memory{'' if key is None else f'-{key}'}{'' if index is None else f'-{index}'}"
        return GivenAddress(code, f"{code}@example.com")

    def received_mail(self) -> list[AddressOfSession]:
        return self.received

    def new_file(self, filename: str, mimetype: str = "") -> FileInfo:
        return self.workspace.new(filename, mimetype)

    def borrow_file(self, filename: str, mimetype: str, load: Callable[[Path], None]) -> FileInfo:
        return self.workspace.borrow(filename, mimetype, load)

    def file(self, number: int) -> FileInfo | None:
        return self.workspace.info(number)

    def file_path(self, number: int) -> Path:
        return self.workspace.path(number)

    def rename_file(self, number: int, filename: str, mimetype: str = "") -> FileInfo:
        return self.workspace.rename(number, filename, mimetype)

    def delete_file(self, number: int) -> None:
        self.workspace.delete(number)

    def make_document(self, document: Document, file_format: str) -> bytes:
        from appliance.documents.assemble import make_document

        return make_document(document, file_format)

    def progress(self, fraction: float | None, text: str) -> None:
        self.told.append((fraction, text))

    def error_action(self, follow_up: FollowUp) -> None:
        self.error_actions.append(follow_up)
