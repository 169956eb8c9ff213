"""A task asks the server, and tells it things, over the cluster's own connection.

On a worker: :func:`ask` blocks until the server has answered, :func:`tell` is one way and takes no time. Upwards a
message is an event that the worker logs with the scheduler and the server's client has subscribed to; downwards an
answer is a function that the client has run on the worker's event loop. Details and answers are pickled here, so the
scheduler between them opens nothing. (``appliance.compute.answering`` is the server's side.)
"""

from __future__ import annotations

import contextlib
import itertools
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from typing import Any

__all__ = ["TOPIC", "AskFailed", "Asker", "ask", "asking_for", "deliver", "tell"]

TOPIC = "interview-appliance"
"""The topic of Dask's events that tasks speak under."""

SEND_EACH = 0.1
"""Seconds between two messages of a kind that tell: a loop that reports each of its rounds sends ten a second."""

Send = Callable[[dict[str, Any]], None]
Later = Callable[[float, Callable[[], None]], None]


class AskFailed(RuntimeError):
    """The server could not answer; the message says why."""


def ask(kind: str, **details: Any) -> Any:
    """Ask the server, from any thread of a task, and wait for its answer.

    :param kind: what is asked for; ``Compute``'s `answer` knows it.
    :param details: values that can be pickled.
    :raises AskFailed: with words, if there is no server to ask, or it could not answer.
    """
    asker = _asker
    if asker is None:
        raise AskFailed(f"Code that does not run in a background task cannot ask for a {kind}.")
    return asker.ask(kind, details)


def tell(kind: str, *, surely: bool = False, **details: Any) -> None:
    """Tell the server something, from any thread of a task; nothing happens where there is no server.

    Of many messages of one kind the newest count: at most ten a second are sent, and the last one always is.

    :param surely: return only when the server has it, so that not even the death of this process loses it.
    :raises AskFailed: if `surely` and the server refuses it.
    """
    asker = _asker
    if asker is None:
        return
    if surely:
        asker.ask(kind, details, tells=True)
    else:
        asker.tell(kind, details)


_asker: Asker | None = None   # of the task that runs in this process: there is one at a time


class Asker:
    """What one task says to the server.

    :param send: hands a message to the cluster, from any thread.
    :param later: calls a function after some seconds, in any thread.
    """

    def __init__(self, task_id: str, send: Send, later: Later) -> None:
        self._task_id = task_id
        self._send = send
        self._later = later
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._open: dict[int, Future[Any]] = {}
        self._waiting: dict[str, dict[str, Any]] = {}   # kind → what is to be told with the next message
        self._sent_at: dict[str, float] = {}
        self._spoke = False
        self._closed = False

    def ask(self, kind: str, details: dict[str, Any], *, tells: bool = False) -> Any:
        """Send a question and wait for :meth:`answer`; with `tells` the answer is only that it has arrived."""
        self.flush()   # what was told before arrives before
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise AskFailed("The task has ended.")
            number = next(self._numbers)
            self._open[number] = future
        try:
            self._say(kind, details, number, tells=tells)
            return future.result()
        finally:
            with self._lock:
                self._open.pop(number, None)

    def tell(self, kind: str, details: dict[str, Any]) -> None:
        """Send this, or soon the newest of this kind."""
        with self._lock:
            if self._closed:
                return
            scheduled = kind in self._waiting
            pause = self._sent_at.get(kind, 0.0) + SEND_EACH - time.monotonic()
            if scheduled or pause > 0:
                self._waiting[kind] = details
            else:
                self._sent_at[kind] = time.monotonic()
        if scheduled:
            return
        if pause > 0:
            self._later(pause, self.flush)
        else:
            self._say(kind, details)

    def flush(self) -> None:
        """Send what waits to be told."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            self._sent_at.update(dict.fromkeys(waiting, time.monotonic()))
        for kind, details in waiting.items():
            self._say(kind, details)

    def answer(self, number: int, *, ok: bool, value: Any) -> None:
        """The server's answer to question `number`: a value, or words of why there is none."""
        with self._lock:
            future = self._open.get(number)
        if future is not None:
            with contextlib.suppress(InvalidStateError):   # the task's end came first
                if ok:
                    future.set_result(value)
                else:
                    future.set_exception(AskFailed(value))

    def belongs_to(self, task_id: str) -> bool:
        """Whether this is what that task says."""
        return self._task_id == task_id

    def close(self) -> None:
        """The task has ended: send what waits, and let no thread that it left behind wait on.

        The last message is an empty one: the scheduler keeps the last one.
        """
        with self._lock:
            self._closed = True   # first, so that the empty one stays the last
            left = list(self._open.values())
        self.flush()
        if self._spoke:
            self._send({})
        for future in left:
            with contextlib.suppress(InvalidStateError):   # its answer came first
                future.set_exception(AskFailed("The task has ended."))

    def _say(self, kind: str, details: dict[str, Any], number: int = 0, *, tells: bool = False) -> None:
        self._spoke = True
        self._send({"task": self._task_id, "number": number, "kind": kind, "tells": tells or not number,
                    "details": pickle.dumps(details, protocol=5)})


@contextlib.contextmanager
def asking_for(task_id: str) -> Iterator[None]:
    """While this lasts, :func:`ask` and :func:`tell` speak for this task; outside a worker they have nobody to ask."""
    global _asker  # noqa: PLW0603 - one task at a time runs in this process, and its threads must find it too
    worker = _worker()
    if worker is None:
        yield
        return

    def send(message: dict[str, Any]) -> None:
        worker.log_event(TOPIC, message)

    def later(seconds: float, function: Callable[[], None]) -> None:
        worker.loop.add_callback(worker.loop.call_later, seconds, function)

    _asker = asker = Asker(task_id, send, later)
    try:
        yield
    finally:
        _asker = None
        asker.close()


def deliver(task_id: str, number: int, answer: bytes) -> None:
    """Run by the client on this worker's event loop: an answer has come, pickled as (ok, value)."""
    asker = _asker
    if asker is not None and asker.belongs_to(task_id):
        ok, value = pickle.loads(answer)
        asker.answer(number, ok=ok, value=value)


def _worker() -> Any:
    """Dask's worker that this thread computes for; None where there is none."""
    from distributed import get_worker

    try:
        return get_worker()
    except ValueError:
        return None
