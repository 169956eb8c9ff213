"""``/tasks``: the background tasks, for people: how they are, and buttons to end one or to run it again."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from appliance import clock
from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.home import when
from appliance.server.live_page import MOST, LivePage
from appliance.server.replies import interview_url
from appliance.server.task_views import FILTERS, Estimates, duration, sections
from appliance.sessions.task_list import ADMINISTRATORS, MOST_ENDED, TaskSummary

__all__ = ["TaskHandler", "TasksHandler"]

_TOLD = {
    "revoke": ("The task was ended.", "The task had ended before."),
    "again": ("The task runs again.", "The task cannot be run again: what it worked on is gone."),
    "dismiss": ("What the task worked on is forgotten.", "There was nothing left to forget."),
}


class TasksHandler(LivePage):
    """The page.

    Administrators see the tasks of all sessions, everybody else those of their own.
    """

    admits = Admission.HERE_OR_SIGNED_IN
    name = "tasks"

    async def get(self) -> None:
        self.show(self.names(await self.tasks()), message=self.message())

    @property
    def sees_all(self) -> bool:
        return not ADMINISTRATORS.isdisjoint(self.visitor.user.privileges)

    async def tasks(self) -> list[TaskSummary]:
        """What this visitor may see."""
        if self.sees_all:
            return await self.parts.turns.all_tasks(self.visitor)
        return await self.parts.turns.tasks_of(self.visitor) if self.known_browser else []

    def names(self, tasks: list[TaskSummary]) -> dict[str, Any]:
        """What the templates speak of."""
        state = self.get_query_argument("state", "")
        state = state if state in FILTERS else ""
        health = self.health()
        now = clock.now()
        estimates = Estimates(tasks, health["workers"], health["running"], now)
        counts: Counter[str] = Counter(task.state for task in tasks)
        shown = sections(tasks, state=state, most=self.most, estimates=estimates,
                         bar=self.parts.turns.progress_of_task,
                         title=self.interview_names())
        return {
            "sections": shown, "state": state, "health": health, "now": now, "sees_all": self.sees_all,
            "filters": [(key, words, counts[key] if key else len(tasks)) for key, words in FILTERS.items()],
            "more": _address(state, self.most + 4 * MOST) if self.most < self.most_of_all else "", "address": _address,
            "newest": MOST_ENDED if max(counts[key] for key in ("done", "failed", "revoked")) >= MOST_ENDED else 0,
            "duration": duration, "when": when, "interview_url": interview_url}

    def health(self) -> dict[str, Any]:
        """How the part that runs tasks is: workers there and wanted, tasks that run and wait, and why none can run."""
        told: dict[str, Any] = {} if self.parts.compute is None else self.parts.compute.health()
        compute: dict[str, Any] = told.get("compute") or {}
        queue: dict[str, Any] = told.get("queue") or {}
        return {
            "state": compute.get("state", "stopped"), "workers": int(told.get("workers") or 0),
            "wanted": int(compute.get("workers wanted", told.get("workers") or 0)),
            "running": int(queue.get("running", 0)), "queued": int(queue.get("queued", 0))}

    def message(self) -> str:
        """What came of the button that was pressed, for a browser without script."""
        done, no = _TOLD.get(self.get_query_argument("done", ""), ("", ""))
        return no if self.get_query_argument("ok", "1") == "0" else done


class TaskHandler(BaseHandler):
    """``POST /tasks/KIND`` with ``task=``: ends a task, runs it again, or forgets what it worked on.

    :param kind: ``revoke``, ``again`` or ``dismiss``.
    """

    admits = Admission.HERE_OR_SIGNED_IN

    def initialize(self, kind: str) -> None:
        self.kind = kind

    async def post(self) -> None:
        turns = self.parts.turns
        do = {"revoke": turns.revoke_task, "again": turns.run_task_again, "dismiss": turns.dismiss_task}[self.kind]
        ok = await do(self.get_body_argument("task", ""), self.visitor)
        if self.by_script:
            self.send_json({"success": ok, "message": _TOLD[self.kind][0 if ok else 1]})
            return
        state = self.get_body_argument("state", "")
        self.redirect(_address(state if state in FILTERS else "", done=self.kind, ok="1" if ok else "0"), status=303)


def _address(state: str, show: int = 0, **more: str) -> str:
    """The address of the page, of the tasks in one state, with so many under each heading."""
    query = ({"state": state} if state else {}) | ({"show": str(show)} if show else {}) | more
    return f"/tasks?{urlencode(query)}" if query else "/tasks"
