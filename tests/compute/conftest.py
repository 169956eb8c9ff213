"""One real cluster for the tests of a module: the tests run in a loop of their own that stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.compute.compute import Compute
from tests.compute.entries import entry
from tests.compute.memory_journal import MemoryJournal, workers_up


class Bench:
    """A :class:`Compute` with two workers over a journal in memory."""

    def __init__(self, folder: Path, run: asyncio.Runner, settings: dict[str, Any] | None = None) -> None:
        self.runner = run
        self.folder = folder
        self.settings = {"compute: workers": 2, "compute: task memory limit": 256, **(settings or {})}

    async def start(self, **options: Any) -> None:
        self.journal = MemoryJournal()
        self.compute = Compute(self.journal, self.journal.on_end, self.settings, self.folder / "packages",
                               self.folder / "logs", **options)
        await self.compute.start()

    def run(self, test: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a test in the loop that the cluster belongs to."""
        self.runner.run(test())

    def log(self) -> str:
        return (self.folder / "logs" / "worker.log").read_text()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Bench]:
    """A :class:`Bench` that the test starts and stops itself."""
    with asyncio.Runner() as runner:
        yield Bench(tmp_path, runner)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Runs `tests.compute.entries` on two workers that are up."""
    with asyncio.Runner() as runner:
        one = Bench(tmp_path_factory.mktemp("compute"), runner)

        async def up() -> None:
            await one.start(entry=entry)
            await workers_up(one.compute, 2)

        runner.run(up())
        yield one
        runner.run(one.compute.stop())
