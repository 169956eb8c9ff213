"""Other sessions for background tasks: what a task asks of the server while it runs, and what its end commits.

What a task asks for travels with its end, like all its effects. Until then the server only shows what comes of it, and
remembers that so that a task which asks again and again is not answered from the start each time.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from appliance.interview.errors import InterviewError
from appliance.interview.other_sessions import SessionEffect
from appliance.sessions.evaluation import Running
from appliance.sessions.host import Actor
from appliance.sessions.other_sessions import TurnSessions, Work

if TYPE_CHECKING:
    from appliance.sessions.runner import Runner

__all__ = ["TaskSessions"]

_MOST = 20


@dataclass
class _Known:
    effects: tuple[SessionEffect, ...]
    work: Work


class TaskSessions:
    """Shared by all tasks. Everything here happens on the loop."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def answer(self, task_id: str, session_id: str, actor: Actor, method: str, arguments: tuple[Any, ...],
                     before: tuple[SessionEffect, ...]) -> tuple[str, Any]:
        """What a task gets (:class:`appliance.interview.other_sessions.OtherSessions`).

        :param before: what it has asked for so far.
        :returns: words that say why not, or an empty text and the answer.
        """
        known = await self._taken(task_id, before)

        def on_thread(running: Running) -> Any:
            work = Work() if known is None else known.work
            sessions = TurnSessions(self._runner, actor, running, session_id, work)
            if known is None:
                sessions.replay(before)
            work.look_anew()   # a task may take its time, and wait for what others do
            answers: dict[str, Callable[..., Any]] = {
                "apply": sessions.apply, "answers": sessions.answers, "file_content": sessions.file_content,
                "screen": sessions.screen, "listed": sessions.listed, "menu": sessions.menu}
            try:
                return work, "", answers[method](*arguments)
            except InterviewError as refused:
                return work, str(refused), None
        work, refused, answer = await self._runner.evaluator.run(on_thread)
        if method == "apply" and refused:   # what is half done is done again, to look at it
            await asyncio.to_thread(work.abandon)
        else:
            done = (*before, *arguments) if method == "apply" else before
            await self._keep(task_id, _Known(done, work))
        return refused, answer

    async def at_end(self, task_id: str, session_id: str, actor: Actor, effects: tuple[SessionEffect, ...]) -> Work:
        """What is to be committed with the end of a task.

        :raises InterviewError: if something speaks against it by now.
        """
        known = await self._taken(task_id, effects)
        if known is not None:
            await asyncio.to_thread(known.work.close)
            return known.work
        work = Work()
        try:
            await self._runner.evaluator.run(lambda running: TurnSessions(
                self._runner, actor, running, session_id, work).replay(effects))
        except BaseException:
            await asyncio.to_thread(work.abandon)
            raise
        await asyncio.to_thread(work.close)
        return work

    async def forget(self, task_id: str) -> None:
        """The task has ended otherwise."""
        known = self._known.pop(task_id, None)
        if known is not None:
            await asyncio.to_thread(known.work.abandon)

    async def _taken(self, task_id: str, effects: tuple[SessionEffect, ...]) -> _Known | None:
        known = self._known.pop(task_id, None)
        if known is None or known.effects == effects:
            return known
        await asyncio.to_thread(known.work.abandon)   # the task began anew
        return None

    async def _keep(self, task_id: str, known: _Known) -> None:
        self._known[task_id] = known
        while len(self._known) > _MOST:
            _, oldest = self._known.popitem(last=False)
            await asyncio.to_thread(oldest.work.abandon)
