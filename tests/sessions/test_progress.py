"""What running tasks tell of their progress, on its way to the tabs of their session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from appliance.sessions.progress import Bar, ProgressBoard, TaskProgress
from appliance.sessions.reply import Notice
from tests.sessions.house import ANN, House, run
from tests.sessions.test_tasks import WAITING, _waiting


def told(notices: list[Notice]) -> list[tuple[Bar, ...]]:
    """The bars of each notice of progress."""
    return [one.value.bars for one in notices if isinstance(one.value, TaskProgress)]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for is a timer's doing
            await asyncio.sleep(0.01)


def on_a_board(test: Callable[[ProgressBoard, list[Notice]], Awaitable[None]]) -> None:
    """Run `test` on a board of tasks ``a1`` and ``a2`` of session ``a``, and ``b1`` of ``b``."""
    tasks = {"a1": ("a", 1), "a2": ("a", 2), "b1": ("b", 3)}
    notices: list[Notice] = []

    async def find(task_id: str) -> tuple[str, int] | None:
        return tasks.get(task_id)

    async def whole() -> None:
        await test(ProgressBoard(find, notices.append), notices)

    asyncio.run(whole())


def test_a_bar_for_each_task_in_the_order_they_were_asked_for() -> None:
    async def test(board: ProgressBoard, notices: list[Notice]) -> None:
        board.told("a2", 0.5, "two")
        board.told("b1", None, "other")
        board.told("a1", 0.1, "one")
        await until(lambda: len(board.of_session("a").bars) == 2)
        assert board.of_session("a").bars == (Bar(1, 0.1, "one"), Bar(2, 0.5, "two"))
        assert board.of_session("b").bars == (Bar(3, None, "other"),)
        assert board.of_task("a2") == Bar(2, 0.5, "two")
        assert board.of_task("nobody") is None
    on_a_board(test)


def test_many_reports_are_few_notices_and_the_last_one_counts() -> None:
    async def test(board: ProgressBoard, notices: list[Notice]) -> None:
        for step in range(100):
            board.told("a1", step / 100, "")
            if not step:
                await until(lambda: bool(notices))
        await until(lambda: told(notices)[-1] == (Bar(1, 0.99, ""),))
        assert len(notices) <= 3
        versions = [one.value.version for one in notices]
        assert versions == sorted(set(versions))
    on_a_board(test)


def test_a_task_that_is_over_takes_its_bar_along() -> None:
    """Also one that is over before it was found out whose it is."""
    async def test(board: ProgressBoard, notices: list[Notice]) -> None:
        board.told("a1", 0.5, "")
        await until(lambda: bool(notices))
        board.over("a1")
        await until(lambda: told(notices)[-1] == ())
        board.told("a2", 0.5, "")
        board.over("a2")
        board.told("nobody", 0.5, "")
        await asyncio.sleep(0)
        assert board.of_session("a").bars == ()
        assert not board._known
        assert not board._bars
    on_a_board(test)


def test_of_a_real_task_until_it_ends(tmp_path: Path) -> None:
    """Its session's tabs are told; the end takes the bar away, and what comes late brings it not back."""
    async def test(house: House) -> None:
        reply, task_id = await _waiting(house)
        changes: list[int] = []
        house.turns.listeners.on_tasks_changed = lambda: changes.append(1)
        house.turns.task_progress(task_id, 0.25, "a quarter")
        await until(lambda: bool(told(house.notices)))
        [notice] = house.notices
        assert (notice.id, notice.session_id, notice.kind) == (0, reply.session_id, "progress")
        [bar] = house.turns.progress_of(reply.session_id).bars
        assert (bar.fraction, bar.text) == (0.25, "a quarter")
        assert house.turns.progress_of_task(task_id) == bar
        await house.end(task_id, 1)
        assert house.turns.progress_of(reply.session_id).bars == ()
        house.turns.task_progress(task_id, 0.5, "late")
        await until(lambda: not house.turns._runner.progress._looked_up)
        assert house.turns.progress_of(reply.session_id).bars == ()
        assert len(changes) >= 3
    run(tmp_path, test, WAITING)


def test_a_task_that_is_put_back_begins_anew(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        house.journal.on_moved = house.turns.task_moved
        reply, task_id = await _waiting(house)
        assert await house.journal.mark_running(task_id, "w")
        house.turns.task_progress(task_id, 0.75, "")
        await until(lambda: bool(house.turns.progress_of(reply.session_id).bars))
        assert await house.journal.worker_lost(task_id) == "queued"
        assert house.turns.progress_of(reply.session_id).bars == ()
    run(tmp_path, test, WAITING)


def test_a_task_that_is_ended_by_a_person(tmp_path: Path) -> None:
    """Pages that wait are told to look, and the bar is gone."""
    async def test(house: House) -> None:
        reply, task_id = await _waiting(house)
        house.turns.task_progress(task_id, 0.75, "")
        await until(lambda: bool(house.turns.progress_of(reply.session_id).bars))
        assert await house.turns.revoke_task(task_id, ANN)
        assert house.turns.progress_of(reply.session_id).bars == ()
        assert any(one.kind == "reload" for one in house.notices)
    run(tmp_path, test, WAITING)
