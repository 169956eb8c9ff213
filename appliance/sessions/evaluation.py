"""Threads that evaluations run in, each with a time limit that also an endless loop keeps.

At the limit an exception is raised in the thread. A thread that stays all the same (it waits for a socket, or its
code swallows the exception) is given up: whoever waits is told, what it brings later is thrown away, and another thread
takes its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from appliance.interview.errors import TooSlow
from appliance.sessions.errors import Stopping

__all__ = ["Evaluator", "Running", "TimeOver"]

logger = logging.getLogger(__name__)

T = TypeVar("T")


class TimeOver(TooSlow):
    """Raised in the evaluating thread at the time limit."""

    def __init__(self) -> None:  # the interpreter raises it by its class alone
        super().__init__("This step of the interview took too long and was stopped; nothing of it was saved.")


class Running:
    """One evaluation: given to its function, so that what it uses can tell that nobody waits for it any more."""

    def __init__(self, evaluator: Evaluator, function: Callable[[Running], Any], future: asyncio.Future[Any]) -> None:
        self._evaluator = evaluator
        self.function = function
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None
        self.thread = 0
        self.began = 0.0
        self.waited = 0.0
        self.waiting_since: float | None = None
        self.struck = False
        self.over = False
        self.given_up = False

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """While the function waits for something slow on purpose: counts neither against the limit nor the threads."""
        self._evaluator.begin_waiting(self)
        try:
            yield
        finally:
            self._evaluator.end_waiting(self)

    def seconds(self, now: float) -> float:
        """How long it has run, without the time it waited."""
        return 0.0 if self.waiting_since is not None else now - self.began - self.waited


class Evaluator:
    """A pool of threads.

    :param threads: how many evaluations run beside each other.
    :param limit: seconds that one may take.
    :param grace: seconds after the limit after which its thread is given up.
    :param too_many: with so many given-up threads alive, `request_restart` is called, once.
    """

    def __init__(self, *, threads: int = 8, limit: float = 60.0, grace: float = 3.0, too_many: int = 8,
                 request_restart: Callable[[], None] = lambda: None) -> None:
        self.limit = limit
        self._grace = grace
        self._wanted = threads
        self._too_many = too_many
        self._request_restart = request_restart
        self._restart_requested = False
        self._lock = threading.Lock()
        self._work_there = threading.Condition(self._lock)
        self._queue: deque[Running] = deque()
        self._running: set[Running] = set()
        self._threads = 0
        self._idle = 0
        self._waiting = 0
        self._lost = 0
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def lost(self) -> int:
        """How many threads were given up and are still alive."""
        return self._lost

    async def run(self, function: Callable[[Running], T]) -> T:
        """Call `function` in a thread and give what it returns.

        :raises TimeOver: at the time limit.
        :raises Stopping: after :meth:`close`.
        """
        loop = asyncio.get_running_loop()
        running = Running(self, function, loop.create_future())
        with self._lock:
            if self._closed:
                raise Stopping
            self._queue.append(running)
            self._hire()
        self._look_later(loop)
        result: T = await running.future
        return result

    def close(self) -> None:
        """Let the threads end after what they do now."""
        with self._lock:
            self._closed = True
            self._work_there.notify_all()
        if self._timer is not None:
            self._timer.cancel()

    # -- threads ---------------------------------------------------------------------------------

    def _hire(self) -> None:
        """See to it that a thread takes what waits. The lock is held."""
        if not self._queue:
            return
        if self._idle >= len(self._queue):
            self._work_there.notify()
        elif self._threads - self._waiting < self._wanted:
            self._threads += 1
            threading.Thread(target=self._work, name="evaluation", daemon=True).start()
        else:
            self._work_there.notify()

    def _work(self) -> None:
        while (running := self._next()) is not None:
            try:
                self._call(running)
                self._settle(running)
            except TimeOver as late:  # it was raised between the end of the function and here
                if running.error is None and running.result is None:
                    running.error = late
                self._settle(running)
            self._deliver(running)
            if running.given_up:
                return

    def _next(self) -> Running | None:
        with self._lock:
            while True:
                if self._closed or self._threads - self._waiting > self._wanted:
                    self._threads -= 1
                    if self._queue:   # it was this thread that was woken for it
                        self._work_there.notify()
                    return None
                if self._queue:
                    running = self._queue.popleft()
                    running.thread = threading.get_ident()
                    running.began = time.monotonic()
                    self._running.add(running)
                    return running
                self._idle += 1
                self._work_there.wait()
                self._idle -= 1

    def _call(self, running: Running) -> None:
        try:
            running.result = running.function(running)
        except BaseException as error:  # noqa: BLE001 - author code may raise anything; it goes to whoever waits
            running.error = error

    def _settle(self, running: Running) -> None:
        """From here on the time limit does not strike this thread any more."""
        with self._lock:
            running.over = True
            self._running.discard(running)
            if running.struck:
                _raise_in(running.thread, None)

    def _deliver(self, running: Running) -> None:
        if running.given_up:
            with self._lock:
                self._lost -= 1
            logger.warning("an evaluation that was given up has ended; what it brought was thrown away")
            return
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
            running.future.get_loop().call_soon_threadsafe(_tell, running)

    def begin_waiting(self, running: Running) -> None:
        with self._lock:
            running.waiting_since = time.monotonic()
            self._waiting += 1
            self._hire()

    def end_waiting(self, running: Running) -> None:
        with self._lock:
            if running.waiting_since is not None:
                running.waited += time.monotonic() - running.waiting_since
                running.waiting_since = None
                self._waiting -= 1

    # -- the time limit, on the loop ----------------------------------------------------------------

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None:
            self._timer = loop.call_later(min(1.0, self.limit / 8), self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = time.monotonic()
        with self._lock:
            for running in list(self._running):
                seconds = running.seconds(now)
                if seconds > self.limit + self._grace:
                    self._give_up(running)
                elif seconds > self.limit:
                    running.struck = True
                    _raise_in(running.thread, TimeOver)
            busy = bool(self._running or self._queue)
        if busy and not self._closed:
            self._look_later(loop)

    def _give_up(self, running: Running) -> None:
        """The thread does not end: go on without it. The lock is held."""
        running.given_up = True
        self._running.discard(running)
        self._threads -= 1
        self._lost += 1
        logger.error("an evaluation did not end %.0f s after its time limit and was given up; %d such are alive",
                     self._grace, self._lost)
        if not running.future.done():
            running.future.set_exception(TimeOver())
        self._hire()
        if self._lost >= self._too_many and not self._restart_requested:
            self._restart_requested = True
            self._request_restart()


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Let `error` be raised in a thread at its next step; None takes back one that was not raised yet."""
    what = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)


def _tell(running: Running) -> None:
    if running.future.done():
        return
    if running.error is None:
        running.future.set_result(running.result)
    elif isinstance(running.error, Exception):
        running.future.set_exception(running.error)
    else:  # SystemExit and its kin would end the loop
        running.future.set_exception(RuntimeError(f"the interview's code raised {type(running.error).__name__}"))
