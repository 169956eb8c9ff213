"""The appliance's own turns, journal and workers in this process, without HTTP; and beside them Dask alone."""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import dask
import pytest

from appliance.assembly import Assembly
from appliance.compute.dask_settings import HERE
from appliance.compute.places import Here
from appliance.compute.worker import run_task
from appliance.config import Settings
from appliance.installing import install
from appliance.interview.tasks import TaskEnd
from appliance.library.modules import install_import_hook
from appliance.packages import InstalledPackages
from appliance.sessions.visitor import Visitor
from appliance.store.appliance_key import load_appliance_key
from appliance.store.database import Store
from tests.support.packages import make_package

__all__ = ["MEGABYTES", "TASKS", "WORKERS", "Rig"]

WORKERS = 2
MEGABYTES = 10
TASKS = {"tasks.yml": f"""\
imports:
  - os
---
objects:
  - sent: DAFile
---
mandatory: True
question: The end
---
event: many
code: |
  for n in range(action_argument('count')):
    background_action('work', value=n)
---
event: work
code: |
  background_response(553 + action_argument('value'))
---
event: spin_one
code: |
  one = background_action('spin')
---
event: spin_two
code: |
  two = background_action('spin')
---
event: spin
code: |
  while True:
    pass
---
event: revoke_one
code: |
  one.revoke()
  background_action('work', value=0)
---
event: revoke_two
code: |
  two.revoke()
---
event: prepare
code: |
  sent.initialize(filename='sent.bin', content=os.urandom({MEGABYTES}_000_000))
---
event: send
code: |
  background_action('turn_round')
---
event: turn_round
code: |
  returned = DAFile('returned')
  returned.initialize(filename='returned.bin', content=sent.slurp()[::-1])
  background_response(returned.number)
"""}
"""An interview whose actions are what is measured."""

_INTERVIEW = "docassemble.tasksbench:data/questions/tasks.yml"
_ANN = Visitor("the browser secret of a benchmark")
_LIMIT = 300.0


def backwards(content: bytes) -> bytes:
    """What the action ``turn_round`` does, for Dask alone."""
    return content[::-1]


class Rig:
    """One session, and the two clusters, each with :data:`WORKERS` workers.

    :param runner: the loop that all of it lives in.
    """

    def __init__(self, folder: Path, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.runner = runner
        self._monkeypatch = monkeypatch
        self._left = 0
        self._done = asyncio.Event()
        self._bare: Any = None

    async def start(self) -> None:
        install([make_package(self.folder, "tasksbench", TASKS)], self.folder / "packages")
        self.store = Store(self.folder / "data")
        key = load_appliance_key(self.store, config_folder=self.folder / "configuration")
        packages = InstalledPackages(self.folder / "packages")
        install_import_hook(packages)
        self.assembly = Assembly(self.folder / "data", Settings({"compute: workers": WORKERS}), self.store, key,
                                 packages, request_restart=lambda: None)
        self._monkeypatch.setattr(self.assembly.turns, "task_ended", self._counting(self.assembly.turns.task_ended))
        await self.assembly.resume()
        self._session = (await self.assembly.turns.begin(_INTERVIEW, _ANN)).session_id
        self._job = await self._template()
        await self.assembly.start_compute()
        await self._until(lambda: self.assembly.health()["workers"] == WORKERS)
        dask.config.set(HERE)
        self._place = Here(WORKERS)
        self._bare = await self._place.open("dask-alone")
        await self.tasks(20)
        await self.dask_alone(20)

    async def stop(self) -> None:
        await self._bare.close()
        await self._place.close(5)
        await self.assembly.stop()
        self.store.close()
        install_import_hook(None)

    # -- what is measured ----------------------------------------------------------------------------------

    async def tasks(self, count: int) -> float:
        """Seconds from the turn that asks for `count` tasks to the commit of the last one's end."""
        return await self.until_ended(count, "many", count=count)

    async def until_ended(self, tasks: int, action: str, **arguments: Any) -> float:
        """Seconds from an action's turn to the commit of the end of so many tasks."""
        self._left = tasks
        self._done.clear()
        began = time.perf_counter()
        await self.act(action, **arguments)
        await asyncio.wait_for(self._done.wait(), _LIMIT)
        return time.perf_counter() - began

    async def act(self, action: str, **arguments: Any) -> None:
        """A turn of the session."""
        await self.assembly.turns.action(self._session, _ANN, action, arguments)

    async def dask_alone(self, count: int) -> float:
        """Seconds that Dask takes for the same function on the same payloads, all given to it at once."""
        began = time.perf_counter()
        futures = [self._bare.submit(run_task, self._job, pure=False) for _ in range(count)]
        await self._bare.gather(futures)
        return time.perf_counter() - began

    async def dask_alone_with(self, content: bytes) -> float:
        """Seconds that Dask takes to carry some bytes to a worker and other bytes back."""
        began = time.perf_counter()
        assert len(await self._bare.submit(backwards, content, pure=False)) == len(content)
        return time.perf_counter() - began

    async def running(self, count: int) -> None:
        """Until so many tasks run."""
        await self._until(lambda: self.assembly.health()["queue"]["running"] == count)

    # -- how -------------------------------------------------------------------------------------------------

    @staticmethod
    async def _until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(_LIMIT):
            while not condition():  # noqa: ASYNC110 - health is looked at, it tells nobody
                await asyncio.sleep(0.01)

    async def _template(self) -> bytes:
        """What a worker gets for one of the tasks; the task itself waits for the workers and is done then."""
        await self.act("many", count=1)
        [task_id] = await self.assembly.journal.queued()
        return pickle.dumps(await self.assembly.journal.job(task_id), protocol=5)

    def _counting(self, end_task: Callable[[TaskEnd], Awaitable[None]]) -> Callable[[TaskEnd], Awaitable[None]]:
        async def counted(end: TaskEnd) -> None:
            await end_task(end)
            assert end.error is None, end.error
            self._left -= 1
            if self._left == 0:
                self._done.set()

        return counted
