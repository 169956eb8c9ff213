"""A cluster elsewhere: a `dask scheduler` and two `dask worker`, started with our certificates."""

from __future__ import annotations

import asyncio
import pickle
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from appliance.compute import compute as compute_module
from appliance.compute.certificates import make_certificates
from appliance.compute.compute import Compute
from appliance.compute.on_cluster import keeps_messages
from appliance.compute.places import _innermost
from tests.compute.conftest import Bench
from tests.compute.elsewhere import ElsewhereCluster
from tests.compute.entries import entry
from tests.compute.memory_journal import MemoryJournal, file_appears, process_ends, until, workers_up


class Rig:
    """A cluster elsewhere, and an appliance that uses it."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self.cluster = ElsewhereCluster(folder / "elsewhere")
        self.bench = Bench(folder / "appliance", runner, self.cluster.settings)

    async def answer(self, _task_id: str, _kind: str, details: dict[str, Any]) -> Any:
        return details["value"] * 2

    def add(self, action: str, argument: Any = None) -> str:
        task_id = uuid.uuid4().hex
        self.bench.journal.add(task_id, action, argument)
        self.bench.compute.wake()
        return task_id

    async def value(self, task_id: str) -> tuple[int, Any]:
        (end,) = await self.bench.journal.ended(task_id)
        return pickle.loads(end.value or b"")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("rig")
    (folder / "elsewhere").mkdir()
    with asyncio.Runner() as runner:
        one = Rig(folder, runner)
        one.cluster.start()

        async def up() -> None:
            await one.bench.start(entry=entry, answer=one.answer)
            await workers_up(one.bench.compute, 2)

        try:
            runner.run(up())
            yield one
            runner.run(one.bench.compute.stop())
        finally:
            one.cluster.stop()


def test_tasks_run_there_and_ask_here(rig: Rig) -> None:
    """Ten tasks run on both workers, which are no processes of ours; a task asks the server all the same."""
    async def test() -> None:
        tasks = [rig.add("nothing", number) for number in range(10)]
        ends = [await rig.value(task) for task in tasks]
        assert [value for _, value in ends] == list(range(10))
        family = {child.pid for child in psutil.Process(rig.cluster.processes["workers"].pid).children(recursive=True)}
        assert {pid for pid, _ in ends} <= family
        assert (await rig.value(rig.add("asks", ("double", 21))))[1] == 42
        assert rig.bench.compute.health() == {"state": "running", "message": "", "workers": 2, "workers wanted": 2,
                                              "queued": 0, "running": 0}
    rig.bench.run(test)


def test_the_scheduler_is_started_with_our_settings(rig: Rig) -> None:
    """The file that the commands name is read: the scheduler does not keep what goes through it."""
    async def test() -> None:
        cluster = rig.bench.compute._cluster
        assert cluster is not None

        async def keeps() -> bool:
            return bool(await cluster._client.run_on_scheduler(keeps_messages))

        assert await asyncio.wrap_future(cluster._thread.submit(keeps)) is False
    rig.bench.run(test)


def test_a_revoked_task_ends_there_and_the_other_runs_on(rig: Rig, tmp_path: Path) -> None:
    """`while True: pass` on one worker: its process ends, a new one comes, and the other task is not harmed."""
    async def test() -> None:
        spins = rig.add("spin_with_child", str(tmp_path / "spins"))
        waits = rig.add("wait_for", str(tmp_path / "waits"))
        child = int(await file_appears(tmp_path / "spins"))
        await file_appears(tmp_path / "waits")
        parent = psutil.Process(child).ppid()
        await rig.bench.compute.revoke(spins)
        await process_ends(parent)
        await process_ends(child)
        (tmp_path / "waits").unlink()
        await rig.value(waits)
        assert waits not in rig.bench.journal.deaths
        await workers_up(rig.bench.compute, 2)
    rig.bench.run(test)


def test_a_worker_that_dies_counts_and_others_do_not_suffer(rig: Rig) -> None:
    """A task that kills its worker is parked after three deaths; tasks beside it end."""
    async def test() -> None:
        poison = rig.add("die")
        others = [rig.add("nothing", number) for number in range(5)]
        for task in others:
            await rig.value(task)
        (end,) = await rig.bench.journal.ended(poison)
        assert end.error is not None
        assert end.error.error_type == "WorkerDied"
        await workers_up(rig.bench.compute, 2)
    rig.bench.run(test)


def test_a_task_that_takes_too_much_memory_is_ended(rig: Rig) -> None:
    """The worker's nanny looks, and the server decides."""
    async def test() -> None:
        (end,) = await rig.bench.journal.ended(rig.add("hoard"))
        assert end.error is not None
        assert end.error.error_type == "MemoryLimitExceeded"
        await workers_up(rig.bench.compute, 2)
    rig.bench.run(test)


def test_workers_are_new_to_each_appliance(rig: Rig) -> None:
    """One that comes back may have other packages by now: it gets no process that has imported the older ones."""
    async def test() -> None:
        before = {(await rig.value(rig.add("nothing")))[0] for _ in range(4)}
        await rig.bench.compute.stop()
        await rig.bench.start(entry=entry, answer=rig.answer)
        await workers_up(rig.bench.compute, 2)
        after = {(await rig.value(rig.add("nothing")))[0] for _ in range(4)}
        assert not before & after
    rig.bench.run(test)


def test_a_second_appliance_is_refused(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two appliances would end each other's tasks: the second one says so, and the first one goes on."""
    async def test() -> None:
        monkeypatch.setattr("appliance.compute.cluster.OWNER", "another")
        monkeypatch.setattr(compute_module, "PAUSES", (0.2,))
        second = Compute(MemoryJournal(), MemoryJournal().on_end, rig.cluster.settings, tmp_path / "packages",
                         tmp_path / "logs", entry=entry)
        await second.start()
        await until(lambda: second.health()["state"] == "failed")
        assert second.health()["message"] == "another appliance uses this cluster; each needs one of its own"
        await second.stop()
        assert (await rig.value(rig.add("nothing", 1)))[1] == 1
    rig.bench.run(test)


def test_strangers_are_refused(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a client's certificate of another authority, or without certificates, there is no connection, in words."""
    async def refused(settings: dict[str, Any]) -> str:
        compute = Compute(MemoryJournal(), MemoryJournal().on_end, rig.cluster.settings | settings,
                          tmp_path / "packages", tmp_path / "logs", entry=entry)
        await compute.start()
        await until(lambda: compute.health()["state"] == "failed")
        message = str(compute.health()["message"])
        await compute.stop()
        return message

    async def test() -> None:
        monkeypatch.setattr("appliance.compute.places.CONNECT_LIMIT", 1.0)
        make_certificates(tmp_path / "own")
        message = await refused({"compute: certificates": str(tmp_path / "own")})
        assert message.startswith(f"the scheduler at tls://127.0.0.1:{rig.cluster.port} cannot be reached: ")
        assert "CERTIFICATE" in message.upper()
        # Whoever trusts the scheduler's authority, and has a key of another one.
        (tmp_path / "own" / "ca.pem").write_bytes((rig.cluster.certificates / "ca.pem").read_bytes())
        message = await refused({"compute: certificates": str(tmp_path / "own")})
        assert "cannot be reached" in message
        message = await refused({"compute: certificates": ""})
        assert "'compute: scheduler' without 'compute: certificates'" in message
        message = await refused({"compute: certificates": str(tmp_path)})
        assert message.startswith("there is no ca.pem in ")
    rig.bench.run(test)


def test_how_dask_ended_its_waiting_is_no_reason() -> None:
    """A connection that takes too long ends with a cancelled wait below, which says nothing to an administrator."""
    waiting = TimeoutError("Timed out trying to connect")
    waiting.__cause__ = asyncio.CancelledError()
    outer = OSError("wrapped")
    outer.__cause__ = waiting
    assert _innermost(outer) == "Timed out trying to connect"


def test_a_worker_that_cannot_be_used_is_left_alone(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """One with four threads would run four tasks in one process: it gets none, and the log says why."""
    async def test() -> None:
        address = f"tls://127.0.0.1:{rig.cluster.port}"
        certificates = rig.cluster.certificates
        rig.cluster.start_command("wide", f"DASK_CONFIG={certificates / 'dask.yaml'} dask worker {address} --nthreads 4"
                                  f" --tls-ca-file {certificates / 'ca.pem'} --tls-cert {certificates / 'worker.pem'}"
                                  f" --tls-key {certificates / 'worker-key.pem'} --no-dashboard"
                                  " --dashboard-address 127.0.0.1:0")
        await until(lambda: "is not used: it has 4 threads; start it with --nthreads 1" in caplog.text)
        assert rig.bench.compute.health()["workers"] == 2
        rig.cluster.stop("wide")
    rig.bench.run(test)


def test_a_scheduler_that_restarts_costs_nothing(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheduler and its workers go and come back: what ran is queued again, counts no death, and runs."""
    async def test() -> None:
        monkeypatch.setattr(compute_module, "PAUSES", (0.2,))
        monkeypatch.setattr("appliance.compute.places.CONNECT_LIMIT", 1.0)
        running = rig.add("wait_for", str(tmp_path / "mark"))
        worker = int(await file_appears(tmp_path / "mark"))
        rig.cluster.stop("scheduler")
        await until(lambda: rig.bench.compute.health()["state"] == "failed")
        assert rig.bench.journal.states[running] == "queued"
        rig.cluster.stop("workers")
        await process_ends(worker)
        (tmp_path / "mark").unlink()
        rig.cluster.start()
        await file_appears(tmp_path / "mark")
        (tmp_path / "mark").unlink()
        await rig.value(running)
        assert running not in rig.bench.journal.deaths
    rig.bench.run(test)
