"""Many browsers on one screen, in a process of its own: each has a session, a socket, and checks in every six seconds.

``python -m tests.bench.crowd BASE INTERVIEW ACTION SOCKET BROWSERS`` prints ``ready`` when all have checked in once. It
ends when its input does, and prints how many check-ins were answered and the milliseconds of the middle one.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import time
from statistics import median
from urllib.parse import urlsplit

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tests.bench.quick import Form, QuickClient

__all__ = ["TEN", "main"]

EACH = 6.0
TEN = {f"field{number}": f"What a person has typed into field {number}" for number in range(10)}


class Browser:
    """One browser: a kept connection for its check-ins, and a socket for notices."""

    def __init__(self, base: str, interview: str, socket: str) -> None:
        with QuickClient(base) as client:
            self._form: Form = client.begin(interview)
            self._cookies = client.cookies
        self._base = base
        self._socket = self._form.target.replace("/interview", socket, 1)
        self._typed = itertools.count()
        self.took: list[float] = []

    async def open(self) -> None:
        """Connect, and listen to what the socket brings."""
        parts = urlsplit(self._base)
        self._reader, self._writer = await asyncio.open_connection(parts.hostname, parts.port)
        address = self._base.replace("http", "ws", 1) + self._socket
        request = HTTPRequest(address, headers={"Cookie": self._cookies, "Origin": self._base})
        self._listening = await websocket_connect(request, on_message_callback=lambda _message: None)

    async def check_in(self, action: str) -> None:
        """Ask, and read the answer."""
        target, sent = self._form.check_in(action, {**TEN, "field0": f"draft {next(self._typed)}"})
        head = (f"POST {target} HTTP/1.1\r\nHost: {urlsplit(self._base).netloc}\r\nCookie: {self._cookies}\r\n"
                f"X-Requested-With: XMLHttpRequest\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(sent)}\r\n\r\n")
        start = time.perf_counter()
        self._writer.write(head.encode() + sent)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        assert " 200 " in answer.splitlines()[0], answer
        length = next(line for line in answer.splitlines() if line.lower().startswith("content-length"))
        body = await self._reader.readexactly(int(length.partition(":")[2]))
        assert b"preview" in body, "the action was not run"
        self.took.append(1000 * (time.perf_counter() - start))

    async def stay(self, action: str) -> None:
        """Check in again and again, each browser at a moment of its own."""
        await asyncio.sleep(random.random() * EACH)
        while True:
            await self.check_in(action)
            await asyncio.sleep(EACH)


async def crowd(browsers: list[Browser], action: str) -> None:
    for browser in browsers:
        await browser.open()
        await browser.check_in(action)
    print("ready", flush=True)
    staying = [asyncio.create_task(browser.stay(action)) for browser in browsers]
    over = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    done, _ = await asyncio.wait([*staying, over], return_when=asyncio.FIRST_COMPLETED)
    for task in staying:
        task.cancel()
    if over not in done:
        done.pop().result()   # raises what went wrong
    took = [one for browser in browsers for one in browser.took[1:]]
    print(len(took), median(took) if took else 0.0, flush=True)


def main(base: str, interview: str, action: str, socket: str, count: str) -> None:
    asyncio.run(crowd([Browser(base, interview, socket) for _ in range(int(count))], action))


if __name__ == "__main__":
    main(*sys.argv[1:])
