"""Starting, failing to start, stopping, and what a new start finds."""

from __future__ import annotations

import asyncio
import logging
import pickle
import time
from pathlib import Path
from typing import Any

import pytest

from appliance.compute import compute as compute_module
from appliance.compute import delivery as delivery_module
from appliance.compute.compute import Compute
from appliance.interview.tasks import TaskEnd
from tests.compute.conftest import Bench
from tests.compute.entries import entry
from tests.compute.memory_journal import (
    MemoryJournal,
    file_appears,
    process_ends,
    until,
    worker_processes,
    workers_up,
)


def test_start_returns_at_once_and_a_task_queued_before_runs(fresh: Bench) -> None:
    """The first screen does not wait for the cluster; what was running at the last end of the appliance runs again."""
    async def test() -> None:
        began = time.monotonic()
        await fresh.start(entry=entry)
        assert time.monotonic() - began < 1
        fresh.journal.add("left", "nothing", 1)
        fresh.journal.states["left"] = "running"
        assert fresh.compute.health() == {"state": "starting", "message": "", "workers": 0, "workers wanted": 2,
                                          "queued": 0, "running": 0}
        await fresh.journal.ended("left")
        assert fresh.compute.health()["state"] == "running"
        await fresh.compute.stop()
        assert fresh.compute.health()["state"] == "stopped"
    fresh.run(test)


def test_the_web_servers_library_may_still_warn(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Dask turns Tornado's loggers off where it is imported, which is in the process that serves the pages."""
    assert bench.compute.health()["workers"] == 2
    assert logging.getLogger("tornado.general").isEnabledFor(logging.WARNING)
    logging.getLogger("tornado.general").warning("SSL Error on %s", 5)
    logging.getLogger("tornado.application").warning("a word of its own")
    assert {"SSL Error on 5", "a word of its own"} <= {record.getMessage() for record in caplog.records}


def test_stop_does_not_wait_for_stuck_tasks_and_leaves_them_to_the_next_start(fresh: Bench, tmp_path: Path) -> None:
    """Two workers in `while True: pass`: stop ends in seconds with all processes; the journal still says running."""
    async def test() -> None:
        await fresh.start(entry=entry)
        for task in ("one", "two"):
            fresh.journal.add(task, "spin", str(tmp_path / task))
        fresh.compute.wake()
        pids = [int(await file_appears(tmp_path / task)) for task in ("one", "two")]
        began = time.monotonic()
        await fresh.compute.stop()
        assert time.monotonic() - began < 10
        for pid in pids:
            await process_ends(pid)
        assert fresh.journal.states == {"one": "running", "two": "running"}
        assert not fresh.journal.deaths
        assert not fresh.journal.ends
    fresh.run(test)


def test_stop_while_the_cluster_comes_up(fresh: Bench) -> None:
    """Somebody closes the window right after opening it: nothing hangs and no process stays."""
    async def test() -> None:
        before = worker_processes()
        await fresh.start(entry=entry)
        await until(lambda: worker_processes() != before)
        began = time.monotonic()
        await fresh.compute.stop()
        assert time.monotonic() - began < 8
        await until(lambda: worker_processes() <= before)
    fresh.run(test)


def test_a_cluster_that_cannot_start_is_said_and_tried_again(fresh: Bench, monkeypatch: pytest.MonkeyPatch,
                                                            caplog: pytest.LogCaptureFixture) -> None:
    """Without certificates there is no cluster: health and the log say so, tasks stay queued, and run once it works."""
    from distributed.security import Security

    def broken(**_options: Any) -> Security:
        raise OSError("no certificates today")

    async def test() -> None:
        real = Security.temporary
        monkeypatch.setattr(compute_module, "PAUSES", (0.1,))
        monkeypatch.setattr(Security, "temporary", broken)
        await fresh.start(entry=entry)
        fresh.journal.add("waits", "nothing")
        fresh.compute.wake()
        await until(lambda: bool(fresh.compute.health()["state"] == "failed"))
        health = fresh.compute.health()
        assert health["message"] == "OSError: no certificates today"
        assert health["queued"] == 1
        assert "background tasks cannot run (OSError: no certificates today)" in caplog.text
        monkeypatch.setattr(Security, "temporary", real)
        await fresh.journal.ended("waits", within=60)
        assert fresh.compute.health()["message"] == ""
        await fresh.compute.stop()
    fresh.run(test)


def test_an_end_that_cannot_be_saved_is_delivered_again(fresh: Bench, monkeypatch: pytest.MonkeyPatch,
                                                        caplog: pytest.LogCaptureFixture) -> None:
    """The database is busy twice: the result is not lost, and the log has no value of it."""
    async def test() -> None:
        monkeypatch.setattr(delivery_module, "PAUSES", (0.01, 0.01))
        await fresh.start(entry=entry)
        fails = [OSError("secret value"), OSError("secret value")]

        async def on_end(end: TaskEnd) -> None:
            if fails:
                raise fails.pop()
            await fresh.journal.on_end(end)

        monkeypatch.setattr(fresh.compute._delivery, "_on_end", on_end)
        fresh.journal.add("task", "nothing", 7)
        fresh.compute.wake()
        (end,) = await fresh.journal.ended("task")
        assert pickle.loads(end.value or b"")[1] == 7
        assert "could not be saved (OSError)" in caplog.text
        assert "secret value" not in caplog.text
        await fresh.compute.stop()
    fresh.run(test)


def test_a_task_that_takes_too_long_is_ended(fresh: Bench, tmp_path: Path) -> None:
    """A limit of one second: failed with TimeLimitExceeded."""
    async def test() -> None:
        fresh.settings["compute: task time limit"] = 1
        await fresh.start(entry=entry)
        fresh.journal.add("long", "spin", str(tmp_path / "mark"))
        fresh.compute.wake()
        (end,) = await fresh.journal.ended("long", within=60)
        assert end.error is not None
        assert end.error.error_type == "TimeLimitExceeded"
        await fresh.compute.stop()
    fresh.run(test)


def test_a_cluster_without_workers_is_started_anew(fresh: Bench, monkeypatch: pytest.MonkeyPatch,
                                                   caplog: pytest.LogCaptureFixture) -> None:
    """When nannies gave up starting workers, a new cluster takes over."""
    async def test() -> None:
        monkeypatch.setattr(compute_module, "LOOK_EACH", 0.1)
        monkeypatch.setattr(compute_module, "SHORT_FOR", 1.0)
        await fresh.start(entry=entry)
        await workers_up(fresh.compute, 2)
        first = fresh.compute._cluster
        assert first is not None

        async def give_up() -> None:
            first._place.end_workers()

        await asyncio.wrap_future(first._thread.submit(give_up))
        fresh.journal.add("task", "nothing")
        fresh.compute.wake()
        await fresh.journal.ended("task", within=60)
        assert fresh.compute._cluster is not first
        assert "the cluster is started anew" in caplog.text
        await fresh.compute.stop()
    fresh.run(test)


def test_stop_without_start_and_twice(tmp_path: Path) -> None:
    """Stopping what does not run does nothing."""
    async def test() -> None:
        journal = MemoryJournal()
        compute = Compute(journal, journal.on_end, {}, tmp_path, tmp_path / "logs", entry=entry)
        compute.wake()
        await compute.stop()
        await compute.stop()
    asyncio.run(test())


def test_dask_says_nothing_on_a_usual_day(fresh: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Start, a task, a killed worker, stop: no warning of Dask or asyncio reaches the log."""
    async def test() -> None:
        await fresh.start(entry=entry)
        fresh.journal.add("poison", "die")
        fresh.compute.wake()
        await fresh.journal.ended("poison", within=60)
        await workers_up(fresh.compute, 2)
        await fresh.compute.stop()
    fresh.run(test)
    loud = [record for record in caplog.records
            if record.levelno >= logging.WARNING and not record.name.startswith("distributed")]
    assert not loud
