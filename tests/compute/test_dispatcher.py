"""Tasks on a real cluster with real worker processes: order, death, revoke, limits."""

from __future__ import annotations

import asyncio
import pickle
import time
import uuid
from pathlib import Path

import psutil
import pytest

from appliance.compute.dispatcher import _Run
from appliance.compute.places import Here
from tests.compute.conftest import Bench
from tests.compute.entries import entry
from tests.compute.memory_journal import file_appears, process_ends, until, workers_up


def new(count: int = 1) -> list[str]:
    return [uuid.uuid4().hex for _ in range(count)]


def test_a_task_runs_in_another_process_and_its_end_comes_back(bench: Bench) -> None:
    """Bytes go to a worker process and come back as the end of the task, with a line in worker.log."""
    async def test() -> None:
        (task,) = new()
        bench.journal.add(task, "nothing", {"x": 1})
        bench.compute.wake()
        (end,) = await bench.journal.ended(task)
        pid, argument = pickle.loads(end.value or b"")
        assert argument == {"x": 1}
        assert psutil.Process(pid).ppid() == psutil.Process().pid
        assert f"task {task} started: action 'nothing' of p:data/questions/x.yml" in bench.log()
        assert f"task {task} done after" in bench.log()
    bench.run(test)


def test_four_searches_run_beside_each_other(fresh: Bench, tmp_path: Path) -> None:
    """With four workers, four tasks that were started together take as long as the slowest: each of them waits until
    all of them run.
    """
    fresh.settings["compute: workers"] = 4
    meeting = tmp_path / "meeting"
    meeting.mkdir()

    async def test() -> None:
        await fresh.start(entry=entry)
        await workers_up(fresh.compute, 4)
        tasks = new(4)
        for task in tasks:
            fresh.journal.add(task, "meet", (str(meeting), task, 4))
        fresh.compute.wake()
        ends = await fresh.journal.ended(*tasks)
        assert len({pickle.loads(end.value or b"")[0] for end in ends}) == 4
        await fresh.compute.stop()
    fresh.run(test)


def test_a_hundred_tasks_start_in_order_and_all_end(bench: Bench) -> None:
    """What is queued first is started first, and two workers share the work."""
    async def test() -> None:
        tasks = new(100)
        bench.journal.started.clear()
        for task in tasks:
            bench.journal.add(task)
        bench.compute.wake()
        ends = await bench.journal.ended(*tasks, within=60)
        assert bench.journal.started == tasks
        assert len({pickle.loads(end.value or b"")[0] for end in ends}) == 2
        assert bench.compute.health()["queued"] == 0
    bench.run(test)


def test_wake_may_be_called_from_any_thread(bench: Bench) -> None:
    """The store's thread queues tasks too."""
    async def test() -> None:
        (task,) = new()
        bench.journal.add(task)
        await asyncio.to_thread(bench.compute.wake)
        await bench.journal.ended(task)
    bench.run(test)


def test_a_killed_worker_s_task_runs_again_and_its_neighbour_goes_on(bench: Bench, tmp_path: Path) -> None:
    """With kill -9 of a worker in the middle of a task, it starts anew, and the one beside it does not notice."""
    async def test() -> None:
        mine, other = new(2)
        bench.journal.add(mine, "wait_for", str(tmp_path / "mine"))
        bench.journal.add(other, "wait_for", str(tmp_path / "other"))
        bench.compute.wake()
        first = int(await file_appears(tmp_path / "mine"))
        neighbour = int(await file_appears(tmp_path / "other"))
        (tmp_path / "mine").unlink()
        (tmp_path / "mine").write_text("")
        psutil.Process(first).kill()
        second = int(await file_appears(tmp_path / "mine"))
        assert second != first
        for name in ("mine", "other"):
            (tmp_path / name).unlink()
        ends = await bench.journal.ended(mine, other)
        assert [pickle.loads(end.value or b"")[0] for end in ends] == [second, neighbour]
        assert bench.journal.deaths == {mine: 1}
        assert f"task {mine}: its process ended; it will run again" in bench.log()
    bench.run(test)


def test_a_worker_that_goes_before_it_has_the_task_is_not_the_task_s_fault(
        bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """It dies while the journal is asked for the task: the next worker gets it, and no death is counted."""
    async def test() -> None:
        (task,) = new()
        compute, mark_running = bench.compute, bench.journal.mark_running
        cluster = compute._cluster
        assert cluster is not None

        async def kills(task_id: str, worker: str) -> bool:
            marked = await mark_running(task_id, worker)
            if bench.journal.started.count(task) == 1:
                await asyncio.wrap_future(cluster.kill(worker))
                compute.wake()
                await asyncio.sleep(0)
            return marked

        monkeypatch.setattr(bench.journal, "mark_running", kills)
        bench.journal.add(task)
        compute.wake()
        await bench.journal.ended(task)
        assert bench.journal.started.count(task) == 2
        assert task not in bench.journal.deaths
        assert "could not be run" not in caplog.text
        await workers_up(compute, 2)
    bench.run(test)


def test_a_task_that_kills_its_worker_is_parked_after_three_tries(bench: Bench) -> None:
    """A poisonous task ends as failed with WorkerDied, and others run as before."""
    async def test() -> None:
        poison, other = new(2)
        bench.journal.add(poison, "die")
        bench.journal.add(other)
        bench.compute.wake()
        failed, fine = await bench.journal.ended(poison, other, within=60)
        assert failed.error is not None
        assert failed.error.error_type == "WorkerDied"
        assert bench.journal.deaths[poison] == 3
        assert fine.error is None
        await workers_up(bench.compute, 2)
    bench.run(test)


def test_revoke_ends_a_task_stuck_in_python_and_nobody_else(bench: Bench, tmp_path: Path) -> None:
    """`while True: pass` ends at once with its process and what that started; the neighbour keeps its process."""
    async def test() -> None:
        stuck, other = new(2)
        bench.journal.add(stuck, "spin_with_child", str(tmp_path / "stuck"))
        bench.journal.add(other, "wait_for", str(tmp_path / "other"))
        bench.compute.wake()
        child = int(await file_appears(tmp_path / "stuck"))
        neighbour = int(await file_appears(tmp_path / "other"))
        bench.journal.states[stuck] = "revoked"
        began = time.monotonic()
        await bench.compute.revoke(stuck)
        assert time.monotonic() - began < 3
        await process_ends(child)
        await workers_up(bench.compute, 2)
        assert time.monotonic() - began < 10
        (tmp_path / "other").unlink()
        (end,) = await bench.journal.ended(other)
        assert pickle.loads(end.value or b"")[0] == neighbour
        assert stuck not in bench.journal.ends
        assert stuck not in bench.journal.deaths
        assert f"task {stuck} revoked while it ran" in bench.log()
    bench.run(test)


def test_revoke_without_terminate_lets_a_running_task_end(bench: Bench, tmp_path: Path) -> None:
    """As in docassemble: without `terminate` only the waiting are taken out."""
    async def test() -> None:
        (task,) = new()
        bench.journal.add(task, "wait_for", str(tmp_path / "mark"))
        bench.compute.wake()
        await file_appears(tmp_path / "mark")
        await bench.compute.revoke(task, terminate=False)
        (tmp_path / "mark").unlink()
        await bench.journal.ended(task)
    bench.run(test)


def test_a_revoked_task_in_the_queue_never_starts(bench: Bench, tmp_path: Path) -> None:
    """With both workers taken, a third task is revoked before it had one."""
    async def test() -> None:
        first, second, third, fourth = new(4)
        for task in (first, second):
            bench.journal.add(task, "wait_for", str(tmp_path / task))
        bench.journal.add(third)
        bench.compute.wake()
        for task in (first, second):
            await file_appears(tmp_path / task)
        assert bench.compute.health()["running"] == 2
        assert bench.compute.health()["queued"] == 1
        bench.journal.states[third] = "revoked"
        await bench.compute.revoke(third)
        assert bench.compute.health()["queued"] == 0
        bench.journal.add(fourth)
        bench.compute.wake()
        for task in (first, second):
            (tmp_path / task).unlink()
        await bench.journal.ended(first, second, fourth)
        assert third not in bench.journal.started
    bench.run(test)


def test_a_task_that_takes_too_much_memory_is_ended(bench: Bench) -> None:
    """300 MB where 256 MB are allowed: failed with MemoryLimitExceeded; the worker comes back."""
    async def test() -> None:
        (task,) = new()
        bench.journal.add(task, "hoard")
        bench.compute.wake()
        (end,) = await bench.journal.ended(task)
        assert end.error is not None
        assert end.error.error_type == "MemoryLimitExceeded"
        assert "256 MB" in end.error.error_message
        await workers_up(bench.compute, 2)
    bench.run(test)


def test_a_worker_that_kept_much_memory_is_replaced(bench: Bench) -> None:
    """Else the next task would be ended for what an earlier one left behind. Half of the 256 MB may stay."""
    async def ran_on(action: str, kept: int) -> int:
        (task,) = new()
        bench.journal.add(task, action, kept)
        bench.compute.wake()
        (end,) = await bench.journal.ended(task)
        pid: int = pickle.loads(end.value or b"")[0]
        return pid

    async def test() -> None:
        await workers_up(bench.compute, 2)
        pid = await ran_on("keep", 100 << 20)
        assert psutil.pid_exists(pid)
        pid = await ran_on("keep", 200 << 20)
        await until(lambda: not psutil.pid_exists(pid))
        assert await ran_on("nothing", 0) != pid
        await workers_up(bench.compute, 2)
    bench.run(test)


def test_the_cluster_s_ports_are_on_loopback_and_refuse_strangers(bench: Bench) -> None:
    """Every port of server and workers is bound to 127.0.0.1, and TLS without our certificate gets no word of Dask."""
    async def test() -> None:
        import ssl
        me = psutil.Process()
        listening = [c.laddr for p in (me, *me.children(recursive=True)) for c in p.net_connections("inet")
                     if c.status == psutil.CONN_LISTEN]
        assert listening
        assert {address.ip for address in listening} == {"127.0.0.1"}
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        cluster = bench.compute._cluster
        assert cluster is not None
        assert isinstance(cluster._place, Here)
        scheduler = int(cluster._place._dask.scheduler.address.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", scheduler, ssl=context)
        try:
            assert await asyncio.wait_for(reader.read(100), 5) == b""
        except (ssl.SSLError, ConnectionError):
            pass  # the other side hung up in the middle of the handshake, which is as good
        finally:
            writer.close()
    bench.run(test)


def test_an_error_action_outlives_a_death_while_the_queue_is_read(
        bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal says what waits, and only then, before anybody hears of it, a task that ran is queued again."""
    async def test() -> None:
        dispatcher = bench.compute._dispatcher
        dispatcher._runs["dying"] = _Run("dying", "nowhere", b"")
        dispatcher.note_error_action("dying", b"an action")

        async def queued() -> list[str]:
            del dispatcher._runs["dying"]
            return []

        monkeypatch.setattr(bench.journal, "queued", queued)
        dispatcher._stale = True
        await dispatcher._pair()
        assert dispatcher._error_actions.pop("dying") == b"an action"
    bench.run(test)


def test_what_a_thread_prints_after_its_task_goes_nowhere(
        fresh: Bench, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever starts the server may keep its output on disk."""
    async def test() -> None:
        await fresh.start(entry=entry)
        fresh.journal.add("task", "prints_later", str(tmp_path / "mark"))
        fresh.compute.wake()
        await fresh.journal.ended("task")
        await file_appears(tmp_path / "mark")
        await fresh.compute.stop()
    fresh.run(test)
    captured = capfd.readouterr()
    assert "secret" not in captured.out + captured.err
