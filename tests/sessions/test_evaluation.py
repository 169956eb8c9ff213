"""The threads that interviews run in: the time limit, threads that stay, and waiting on purpose."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.interview.errors import TooSlow
from appliance.sessions.evaluation import Evaluator, Running, TimeOver
from tests.sessions.house import ANN, House, run, screen_of


def _with(test: Callable[[Evaluator], Awaitable[None]], **options: Any) -> None:
    async def whole() -> None:
        evaluator = Evaluator(**options)
        try:
            await test(evaluator)
        finally:
            evaluator.close()
    asyncio.run(whole())


def _spin(running: Running) -> None:
    while True:
        pass


def test_an_endless_loop_ends_at_the_limit() -> None:
    """The exception reaches pure Python code, no thread is lost, and the pool goes on."""
    async def test(evaluator: Evaluator) -> None:
        with pytest.raises(TimeOver):
            await evaluator.run(_spin)
        assert await evaluator.run(lambda running: 7) == 7
        assert evaluator.lost == 0
    _with(test, threads=1, limit=0.1, grace=5)


def test_a_thread_that_stays_is_given_up_and_replaced() -> None:
    """Who waits is told, the late outcome is thrown away, and another thread takes the next turn."""
    released, seen = threading.Event(), []

    def stays(running: Running) -> str:
        released.wait()
        seen.append(running.given_up)
        return "late"

    async def test(evaluator: Evaluator) -> None:
        with pytest.raises(TooSlow):
            await evaluator.run(stays)
        assert evaluator.lost == 1
        assert await evaluator.run(lambda running: "next") == "next"
        released.set()
        while evaluator.lost:  # noqa: ASYNC110 - a thread ends; there is no event to wait for
            await asyncio.sleep(0.01)
        assert seen in ([True], [])  # an exception may have been waiting for it: then it did not get so far
    _with(test, threads=1, limit=0.1, grace=0.1)


def test_too_many_such_threads_ask_for_a_restart_once() -> None:
    """With `too_many` alive the callback is called, and not again."""
    released = threading.Event()
    asked: list[int] = []

    async def test(evaluator: Evaluator) -> None:
        results = await asyncio.gather(*(evaluator.run(lambda running: released.wait()) for _ in range(3)),
                                       return_exceptions=True)
        assert all(isinstance(result, TimeOver) for result in results)
        assert asked == [1]
        released.set()
    _with(test, threads=2, limit=0.1, grace=0.05, too_many=2, request_restart=lambda: asked.append(1))


def test_waiting_counts_neither_against_the_limit_nor_the_threads() -> None:
    """A pool of one thread goes on while its thread waits on purpose, longer than the limit."""
    async def test(evaluator: Evaluator) -> None:
        entered, done = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def waits(running: Running) -> str:
            with running.waiting():
                loop.call_soon_threadsafe(entered.set)
                done.wait()
            return "waited"

        waiting = asyncio.create_task(evaluator.run(waits))
        await entered.wait()
        began = time.monotonic()
        while time.monotonic() - began < 0.3:
            assert await evaluator.run(lambda running: "beside") == "beside"
            await asyncio.sleep(0.02)
        done.set()
        assert await waiting == "waited"
        assert await evaluator.run(lambda running: "after") == "after"
    _with(test, threads=1, limit=0.1, grace=0.05)


def test_a_thread_too_many_does_not_take_the_call_for_another() -> None:
    """A thread that was hired for one that waited ends when it is called; what it was called for goes to the next."""
    async def test(evaluator: Evaluator) -> None:
        task_ended, turn_ends = threading.Event(), threading.Event()
        busy, both = threading.Event(), threading.Barrier(3)

        def waits(running: Running) -> None:
            with running.waiting():
                both.wait(5)
                task_ended.wait(5)
            busy.set()
            turn_ends.wait(5)

        waiting = asyncio.create_task(evaluator.run(waits))
        await asyncio.gather(*(evaluator.run(lambda running: both.wait(5)) for _ in range(2)))
        await asyncio.sleep(0.1)   # until the two are idle
        task_ended.set()
        await asyncio.to_thread(busy.wait, 5)
        assert await asyncio.wait_for(evaluator.run(lambda running: 7), 2) == 7
        turn_ends.set()
        await waiting
    _with(test, threads=2)


def test_what_code_raises_reaches_the_caller() -> None:
    """Also SystemExit, which must end neither the thread nor the loop."""
    async def test(evaluator: Evaluator) -> None:
        def leave(running: Running) -> None:
            raise SystemExit(3)
        with pytest.raises(RuntimeError, match="SystemExit"):
            await evaluator.run(leave)
        with pytest.raises(ZeroDivisionError):
            await evaluator.run(lambda running: 1 / 0)
    _with(test, threads=1)


def test_a_session_goes_on_after_a_turn_that_was_given_up(tmp_path: Path) -> None:
    """Code that swallows the exception: the turn is an error, nothing of it is saved, the next one works."""
    text = """
mandatory: True
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  import time
  while name == 'slow' and 'stop' not in url_args:
    try:
      time.sleep(0.01)
      until = until + 1 if defined('until') else 1
      if until > 100:
        break
    except Exception:
      pass
---
mandatory: True
question: Done ${ name }
"""
    async def test(house: House) -> None:
        begun = await house.begin()
        with pytest.raises(TooSlow):
            await house.submit(begun, name="slow")
        assert house.turns.evaluator.lost == 1
        again = await house.turns.refresh(begun.session_id, ANN)
        assert screen_of(again).question_text == "Name?"
        assert screen_of(await house.submit(again, name="quick")).question_text == "Done quick"
        while house.turns.evaluator.lost:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)
        assert screen_of(await house.turns.refresh(begun.session_id, ANN)).question_text == "Done quick"
    run(tmp_path, test, text, evaluator=Evaluator(limit=0.3, grace=0.2))
