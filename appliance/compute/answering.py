"""What tasks ask the server while they run, answered. (``appliance.compute.asking`` is the worker's side.)"""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

from appliance.compute.asking import AskFailed

__all__ = ["Answer", "Answering", "OnTell", "Refused"]

logger = logging.getLogger(__name__)

Answer = Callable[[str, str, dict[str, Any]], Awaitable[Any]]
"""(task id, kind, details) → the answer, a value that can be pickled. An :class:`AskFailed` that it raises reaches the
code that asks with its words, any other error by its type only."""

OnTell = Callable[[str, str, dict[str, Any]], None]
"""(task id, kind, details): something that a task tells; called in the server's loop, and quick."""

Refused = AskFailed
"""What an :data:`Answer` raises, with words for the author."""


class Answering:
    """Takes the messages of tasks. Everything happens in the server's loop.

    :param answer: see :data:`Answer`.
    :param on_tell: see :data:`OnTell`.
    :param runs_on: (address, task id) → whether that task runs on that very worker; others are not heard.
    :param reply: (address, task id, number, answer) sends the answer on its way.
    """

    def __init__(self, answer: Answer, on_tell: OnTell, runs_on: Callable[[str, str], bool],
                 reply: Callable[[str, str, int, bytes], None]) -> None:
        self._answer = answer
        self._on_tell = on_tell
        self._runs_on = runs_on
        self._reply = reply
        self._open: dict[asyncio.Task[None], str] = {}   # what is being answered, for which task

    def heard(self, message: dict[str, Any]) -> None:
        """A message has come; the scheduler has written the worker that it came from into it."""
        address, task_id = str(message.get("worker")), str(message.get("task"))
        if "task" not in message:   # the empty one that a task ends with
            return
        if not self._runs_on(address, task_id):
            logger.debug("a message of a task that does not run there")
            return
        kind, number = str(message["kind"]), int(message["number"])
        try:
            details: dict[str, Any] = pickle.loads(message["details"])
        except Exception as error:  # noqa: BLE001 - objects of authors can fail in any way when they are opened
            logger.warning("what a task said (%s) cannot be opened: %s", kind, type(error).__name__)
            if number:
                self._send(address, task_id, number, ok=False, value=_words(kind, error))
            return
        if message["tells"]:
            problem = self._tell(task_id, kind, details)
            if number:
                self._send(address, task_id, number, ok=problem is None, value=problem)
            return
        task = asyncio.get_running_loop().create_task(self._asked(address, task_id, number, kind, details))
        self._open[task] = task_id
        task.add_done_callback(self._open.pop)

    def over(self, task_id: str) -> None:
        """The task has ended: nobody waits for its answers."""
        for task, whose in self._open.items():
            if whose == task_id:
                task.cancel()

    def close(self) -> None:
        """Answer nothing more."""
        for task in self._open:
            task.cancel()

    def _tell(self, task_id: str, kind: str, details: dict[str, Any]) -> str | None:
        """None, or words of why it was not taken."""
        try:
            self._on_tell(task_id, kind, details)
        except Exception as error:  # noqa: BLE001 - whatever it was, the task goes on
            logger.warning("what a task told (%s) was not taken: %s", kind, type(error).__name__)
            return _words(kind, error)
        return None

    async def _asked(self, address: str, task_id: str, number: int, kind: str, details: dict[str, Any]) -> None:
        try:
            value, ok = await self._answer(task_id, kind, details), True
        except Exception as error:  # noqa: BLE001 - whatever it was, the code that asks waits for an answer
            if not isinstance(error, AskFailed):
                logger.warning("a task's question (%s) could not be answered: %s", kind, type(error).__name__)
            value, ok = _words(kind, error), False
        self._send(address, task_id, number, ok=ok, value=value)

    def _send(self, address: str, task_id: str, number: int, *, ok: bool, value: Any) -> None:
        try:
            answer = pickle.dumps((ok, value), protocol=5)
        except Exception as error:  # noqa: BLE001 - a value can fail in any way to be pickled
            answer = pickle.dumps((False, _words("answer", error)))
        self._reply(address, task_id, number, answer)


def _words(kind: str, error: Exception) -> str:
    if isinstance(error, AskFailed):
        return str(error)
    return f"The server could not answer ({kind}, {type(error).__name__}); its log says more."
