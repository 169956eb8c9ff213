"""A store on disk, turns over it, and interviews as texts: what the tests of sessions live in."""

from __future__ import annotations

import asyncio
import importlib
import pickle
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from appliance.accounts.audit import Audit
from appliance.accounts.for_authors import ForAuthors
from appliance.compute import worker_host, worker_people, worker_sessions, worker_stores
from appliance.compute.captured import Captured
from appliance.compute.ends import from_error, from_outcome
from appliance.compute.task_files import with_files
from appliance.compute.worker_host import WorkerHost
from appliance.interview.answers import thaw
from appliance.interview.cache import Interviews
from appliance.interview.errors import InterviewError
from appliance.interview.evaluate import evaluate
from appliance.interview.host import UserInfo
from appliance.interview.screen import Screen, html_name
from appliance.interview.sources import MemorySources
from appliance.interview.tasks import TaskEnd, TaskJob
from appliance.interview.turn import Action, FollowUp, ShowScreen
from appliance.library.modules import install_import_hook
from appliance.sessions.evaluation import Evaluator
from appliance.sessions.language import Evaluate, Language
from appliance.sessions.reply import Notice, Reply, Submission
from appliance.sessions.turns import Turns
from appliance.sessions.visitor import Visitor
from appliance.store.appliance_key import load_appliance_key
from appliance.store.database import Store
from appliance.store.journal import Journal
from appliance.store.users import Users
from appliance.workspace import Workspace
from tests.support.people import CHEAP

__all__ = ["ANN", "BOB", "INTERVIEW", "THREE_STEPS", "House", "run", "screen_of", "submission"]

INTERVIEW = "tests:data/questions/test.yml"
ANN = Visitor("ann's browser secret, random and long")
BOB = Visitor("bob's browser secret, random and long")

THREE_STEPS = """
metadata:
  title: Three steps
---
question: What is your name?
fields:
  - Name: name
---
question: How old are you, ${ name }?
fields:
  - Age: age
    datatype: integer
---
mandatory: True
question: Goodbye ${ name }, ${ age }
"""

T = TypeVar("T")

install_import_hook(None)
importlib.import_module("appliance.library.names")  # so that no first turn of a test pays for it


class House:
    """Everything that sessions stand on, in one folder; open it again to see what a restart finds."""

    def __init__(self, folder: Path, text: str = THREE_STEPS, *, evaluate: Evaluate = evaluate,
                 evaluator: Evaluator | None = None, settings: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.store = Store(folder / "data")
        self.key = load_appliance_key(self.store, config_folder=folder / "configuration")
        self.users = Users(self.store, self.key)
        self.owner: UserInfo = self.users.prepare()
        self.journal = Journal(self.store, self.key)
        self.sources = MemorySources({INTERVIEW: text})
        self.turns = Turns(self.store, Language(Interviews(self.sources), evaluate), self.key,
                           user_key=self.users.key_of, evaluator=evaluator, settings=(settings or {}).get,
                           cron_user=self.users.cron_user,
                           accounts=ForAuthors(self.store, self.key, Audit(self.store, self.key),
                                               settings=(settings or {}).get, cost=CHEAP))
        self.queued = 0
        self.notices: list[Notice] = []
        self.revoked: list[str] = []
        self.changed_accounts: list[int] = []
        self.turns.listeners.on_account = self.changed_accounts.append
        self.turns.listeners.on_tasks_queued = self._count
        self.turns.listeners.on_notice = self.notices.append
        self.turns.listeners.on_revoke = lambda task_id, terminate: self.revoked.append(task_id)

    def _count(self) -> None:
        self.queued += 1

    async def close(self) -> None:
        await self.turns.stop()
        self.store.close()

    async def begin(self, visitor: Visitor = ANN, **url_args: str) -> Reply:
        return await self.turns.begin(INTERVIEW, visitor, url_args)

    async def submit(self, reply: Reply, visitor: Visitor = ANN, **values: Any) -> Reply:
        return await self.turns.submit(reply.session_id, visitor, submission(reply, **values))

    async def back(self, reply: Reply, visitor: Visitor = ANN) -> Reply:
        return await self.turns.back(reply.session_id, visitor, reply.turn_id, reply.revision)

    async def only_task(self) -> str:
        """The id of the one task that waits."""
        [task_id] = await self.journal.queued()
        return task_id

    async def end(self, task_id: str, value: Any = None, *, action: str | None = None, **more: Any) -> None:
        """Report a task's end, as compute does."""
        arguments = more.pop("arguments", {})
        follow_up = pickle.dumps(FollowUp(action, arguments)) if action is not None else None
        await self.turns.task_ended(TaskEnd(task_id, pickle.dumps(value), follow_up, **more))

    async def work(self, task_id: str = "") -> TaskEnd:
        """Do a queued task (the only one, unless it is named) as a worker does, and report its end; returns that."""
        task_id = task_id or await self.only_task()
        assert await self.journal.mark_running(task_id, "a worker")
        loop = asyncio.get_running_loop()
        answers = self.turns.questions.table()

        def ask(kind: str, **details: Any) -> Any:
            async def answer() -> Any:
                return await answers[kind](task_id, **details)
            return asyncio.run_coroutine_threadsafe(answer(), loop).result()
        with (patch.object(worker_host, "ask", ask), patch.object(worker_stores, "ask", ask),
              patch.object(worker_people, "ask", ask), patch.object(worker_sessions, "ask", ask)):
            end = await asyncio.to_thread(self._done, await self.journal.job(task_id))
        await self.turns.task_ended(end)
        return end

    def _done(self, job: TaskJob) -> TaskEnd:
        output = Captured()
        workspace = Workspace(lambda number: None, lambda number, path: None)
        host = WorkerHost(job, output, workspace)
        try:
            outcome = evaluate(Interviews(self.sources).get(job.interview), thaw(job.answers),
                               Action(job.action, pickle.loads(job.arguments)), host)
            return with_files(from_outcome(job.task_id, outcome, output), workspace).end
        except InterviewError as error:
            return with_files(from_error(job.task_id, error, output), workspace).end
        finally:
            workspace.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.store.read(lambda database: database.execute(sql).fetchall()).result()


def submission(reply: Reply, **values: Any) -> Submission:
    """The form of a reply's screen, filled in. Names may hold dots as ``__``."""
    posted = {html_name(name.replace("__", ".")): [str(value)] for name, value in values.items()}
    return Submission(posted, screen_of(reply).block, reply.revision, reply.turn_id or secrets.token_hex(8))


def screen_of(reply: Reply) -> Screen:
    """The screen that a reply shows."""
    assert isinstance(reply.ending, ShowScreen), reply.ending
    return reply.ending.screen


def run(folder: Path, test: Callable[[House], Awaitable[T]], text: str = THREE_STEPS, **options: Any) -> T:
    """Open a house, run the test in it and close it."""
    async def whole() -> T:
        house = House(folder, text, **options)
        try:
            return await test(house)
        finally:
            await house.close()
    return asyncio.run(whole())
