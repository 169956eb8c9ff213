"""An office at work: 25 people in front of one interview, each with a browser of their own."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import psutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

from tests.bench.quick import Form

__all__ = ["EACH", "INTERVIEW", "OFFICE", "PEOPLE", "Figures", "at_work", "memory_of"]

PEOPLE = 25
EACH = 5.0
"""Seconds from one submit of a person to the next."""

TASKS_A_SECOND = 2.0
INTERVIEW = "docassemble.load:data/questions/office.yml"
OFFICE = """
objects:
  - matters: DADict.using(object_type=None, auto_gather=False, gathered=True)
---
mandatory: True
code: |
  results = []
---
event: work
code: |
  background_response_action('worked', result=sum(range(20000)) + action_argument('number'))
---
event: worked
code: |
  results = [*results, action_argument('result')][-5:]
  background_response()
---
mandatory: True
code: |
  number = 0
---
mandatory: True
code: |
  while True:
    if long_work == 'yes':
      background_action('work', 'refresh', number=number)
    matters[number % 10] = name + amount + story
    number += 1
    undefine('name', 'amount', 'story', 'long_work')
    stop = number
---
question: |
  Matter ${ number }
subquestion: |
  % for result in results:
  * ${ currency(result) }
  % endfor
fields:
  - Name: name
  - Amount: amount
  - Story: story
    input type: area
  - Long work: long_work
"""
"""A form that is answered again and again; the screen says its number, and what tasks brought."""

_MATTER = re.compile(r"Matter (\d+)")


@dataclass
class Figures:
    """What was measured.

    :param submits: milliseconds from sending to the last byte, of each submit.
    :param pages: the same of each screen that was fetched since a task had ended.
    :param late: of submits that were sent more than a second after their time, how many there were.
    :param errors: whatever was not as it should be.
    :param memory: seconds since the start, and bytes of the process tree.
    """

    submits: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    tasks: int = 0
    late: int = 0
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)


class Person:
    """One browser: cookies, a kept connection, a socket for notices; submits every :data:`EACH` seconds."""

    def __init__(self, base: str, figures: Figures) -> None:
        self._base = base
        self._figures = figures
        self._http = httpx.AsyncClient(base_url=base, timeout=30, trust_env=False)
        self._one = asyncio.Lock()   # a browser sends nothing while a form is being sent
        self._number = 0

    async def stay(self, until: float) -> None:
        """Come at a moment of one's own, and work until the time is over."""
        await asyncio.sleep(random.random() * EACH)
        answer = await self._http.get("/interview", params={"i": INTERVIEW, "new_session": "1"})
        self._form = Form(answer.text)
        socket = asyncio.create_task(self._listen())
        due = time.monotonic()
        try:
            while due < until:
                due += EACH
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self._figures.late += time.monotonic() > due + 1
                await self._submit()
        finally:
            socket.cancel()
            with suppress(asyncio.CancelledError):
                await socket
            await self._http.aclose()

    async def _submit(self) -> None:
        work = random.random() < TASKS_A_SECOND * EACH / PEOPLE
        answers = {"name": f"Robin {self._number}", "amount": str(random.randrange(1000)),
                   "story": "It rains through the ceiling. " * 10, "long_work": "yes" if work else "no"}
        async with self._one:
            body = self._form.body(answers)
            began = time.perf_counter()
            answer = await self._http.post(self._form.target, content=body, headers={
                "Content-Type": "application/x-www-form-urlencoded", "X-Requested-With": "XMLHttpRequest"})
            self._figures.submits.append(1000 * (time.perf_counter() - began))
            self._figures.tasks += work
            self._number += 1
            self._look(answer, str(answer.json().get("body", "")) if answer.status_code == 200 else "")

    async def _fetch(self) -> None:
        """The screen anew, as a browser does when a task has ended."""
        async with self._one:
            began = time.perf_counter()
            answer = await self._http.get(self._form.target)
            self._figures.pages.append(1000 * (time.perf_counter() - began))
            self._look(answer, answer.text)

    def _look(self, answer: httpx.Response, html: str) -> None:
        """The screen must be the one after what was sent."""
        found = _MATTER.search(html)
        if answer.status_code != 200 or found is None or int(found[1]) != self._number:
            self._figures.errors.append(f"{answer.status_code} {found and found[0]}, not Matter {self._number}: "
                                        f"{answer.text[:300]}")
            self._number = int(found[1]) if found is not None else self._number
        if found is not None:
            self._form = Form(html)
            self._form.hidden.pop("_back_one", None)   # of the Back button, which is a form of its own

    async def _listen(self) -> None:
        parts = urlsplit(self._form.target)
        cookies = "; ".join(f"{one.name}={one.value}" for one in self._http.cookies.jar)
        address = f"{self._base.replace('http', 'ws', 1)}/interview/notices?{parts.query}"
        connection = await websocket_connect(HTTPRequest(address, headers={"Cookie": cookies, "Origin": self._base}))
        try:
            while (message := await connection.read_message()) is not None:
                told = json.loads(message)
                if told.get("ids"):
                    with suppress(WebSocketClosedError):
                        await connection.write_message(json.dumps({"seen": told["ids"]}))
                await self._fetch()
        finally:
            connection.close()


def memory_of(server: psutil.Process) -> int:
    """Bytes of a process and all below it, in memory."""
    total = 0
    for process in (server, *server.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total


async def at_work(base: str, server: psutil.Process, seconds: float) -> Figures:
    """Let the office work for so long."""
    figures, began = Figures(), time.monotonic()

    async def watch() -> None:
        while True:
            figures.memory.append((time.monotonic() - began, memory_of(server)))
            await asyncio.sleep(1)

    watching = asyncio.create_task(watch())
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(PEOPLE):
                group.create_task(Person(base, figures).stay(began + seconds))
    finally:
        watching.cancel()
    return figures
