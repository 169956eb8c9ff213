"""An evaluation as small as library functions can do with, and the gathering of a group against given answers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from appliance.interview.host import UserInfo, set_current
from appliance.interview.signals import MissingName
from appliance.interview.tasks import TaskView
from appliance.interview.turn import Effect, FollowUp


class FakeHost:
    """A host with tasks in a dictionary; waiting ends them with what `endings` says."""

    interface = "web"
    session_id = "s1"
    url_root = "http://127.0.0.1:8080"

    def __init__(self) -> None:
        self.user = UserInfo()
        self.device: dict[str, Any] = {}
        self.settings: dict[str, Any] = {}
        self.tasks: dict[str, TaskView] = {}
        self.endings: dict[str, TaskView] = {}
        self.waited: list[tuple[str, float | None]] = []
        self.error_actions: list[FollowUp] = []

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def setting(self, name: str, default: Any = None) -> Any:
        return self.settings.get(name, default)

    def log(self, message: str) -> None:
        """Nothing is kept."""

    def error_action(self, follow_up: FollowUp) -> None:
        self.error_actions.append(follow_up)

    def new_task_id(self) -> str:
        return secrets.token_hex(16)

    def task(self, task_id: str) -> TaskView | None:
        return self.tasks.get(task_id)

    def wait_for_task(self, evaluation: Any, task_id: str, timeout: float | None) -> TaskView:
        self.waited.append((task_id, timeout))
        self.tasks[task_id] = self.endings[task_id]
        return self.tasks[task_id]


class FakeEvaluation:
    """What ``current()`` returns in these tests."""

    def __init__(self, host: FakeHost | None = None, *, in_task: bool = False) -> None:
        self.host = host or FakeHost()
        self.in_task = in_task
        self.answers: dict[str, Any] = {"_internal": {"info": {}}}
        self.effects: list[Effect] = []
        self.error_action: FollowUp | None = None
        self.save: str | None = None
        self.action: str | None = None
        self.arguments: dict[str, Any] = {}
        self.prior: dict[str, Any] | None = None
        self.log: list[str] = []
        self.sought: tuple[str, ...] = ()
        self.interview = SimpleNamespace(
            name="docassemble.demo:data/questions/test.yml", reference="docassemble.demo:data/questions/test.yml"
        )
        self.texts: dict[tuple[str, str], str] = {}

    @property
    def internal(self) -> dict[str, Any]:
        found: dict[str, Any] = self.answers["_internal"]
        return found

    @property
    def user(self) -> UserInfo:
        return self.host.user

    def render_template(self, name: str, part: str) -> str:
        if (name, part) not in self.texts:
            raise MissingName(f"{name}.{part}")
        return self.texts[name, part]

    def assign(self, name: str, value: Any) -> None:
        exec(f"{name} = __value", self.answers, {"__value": value})

    def value(self, name: str) -> Any:
        return eval(name, self.answers)

    def is_defined(self, name: str) -> bool:
        try:
            self.value(name)
        except (NameError, MissingName):
            return False
        return True

    def undefine(self, *names: str) -> None:
        for name in names:
            exec(f"del {name}", self.answers)


@contextmanager
def running(evaluation: FakeEvaluation | None = None) -> Iterator[FakeEvaluation]:
    """Make an evaluation current."""
    from appliance.interview import host

    evaluation = evaluation or FakeEvaluation()
    token = set_current(evaluation)  # type: ignore[arg-type]
    try:
        yield evaluation
    finally:
        host._current.reset(token)


def asked(
    evaluation: FakeEvaluation, want: Callable[[], object], answers: dict[str, list[Any]], limit: int = 50
) -> list[str]:
    """Run `want` round after round, answer what it lacks from `answers` (by name, first come first), and return the
    names that were asked for, in order. A callable answer is called while its name is being sought.
    """
    names: list[str] = []
    for _round in range(limit):
        try:
            want()
        except (MissingName, NameError) as missing:
            name = str(missing.name)
            names.append(name)
            answer = answers[name].pop(0)
            evaluation.sought = (name,)
            evaluation.assign(name, answer() if callable(answer) and not isinstance(answer, type) else answer)
            evaluation.sought = ()
        else:
            return names
    raise AssertionError(f"asked {limit} times: {names[-5:]}")
