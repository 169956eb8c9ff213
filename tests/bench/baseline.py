"""The least that a server like ours can do: bare Tornado handlers with the same bytes and one SQLite commit each.

``python -m tests.bench.baseline PORT FOLDER`` serves, below ``/``, what the benchmarks' clients ask of the appliance:

* ``GET /interview`` answers ``FOLDER/first.html`` after one commit (a session's row);
* ``POST /interview`` answers ``FOLDER/reply.json`` after one commit (a step's row);
* ``POST /checkin`` answers a few bytes after one commit (a step's row, written anew);
* ``/page`` has a button that posts to ``/task``; a process of a pool answers, and the page gets it by a socket;
* ``POST /stamp`` does the same with the time at which the process answers.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

__all__ = ["main"]

PAGE = """<!DOCTYPE html><title>Baseline</title><link rel="icon" href="data:,">
<p id="result"></p><button id="go">Go</button><script>
const socket = new WebSocket(location.origin.replace('http', 'ws') + '/socket');
socket.onmessage = async (message) => {
  if (message.data.startsWith('at ')) return arrived(Number(message.data.slice(3)));
  const body = await (await fetch('/interview')).text();
  document.getElementById('result').textContent = message.data + ' ' + body.length;
};
document.getElementById('go').onclick = () => fetch('/task', {method: 'POST'});
</script>"""


def work() -> str:
    """What a task does."""
    return "It is done."


def stamp() -> str:
    """When this was done, in milliseconds."""
    return f"at {1000 * time.time()}"


class Committing(RequestHandler):
    """The application's settings hold the database, the pool and the two texts."""

    def commit(self) -> None:
        database: sqlite3.Connection = self.settings["database"]
        with database:
            database.execute("insert into steps (body) values (?)", (b"x" * 1000,))


class Interview(Committing):
    def get(self) -> None:
        self.commit()
        self.finish(self.settings["first"])

    def post(self) -> None:
        self.commit()
        self.finish(self.settings["reply"])


class CheckIn(Committing):
    def post(self) -> None:
        self.commit()
        self.finish({"success": True, "commands": [{"extra": "backgroundresponse", "value": {
            "target": "preview", "content": self.get_body_argument("parameters")}}]})


class Task(Committing):
    def initialize(self, task: Callable[[], str]) -> None:
        self.task = task

    async def post(self) -> None:
        self.commit()
        self.finish("{}")
        value = await asyncio.get_running_loop().run_in_executor(self.settings["pool"], self.task)
        self.commit()
        for socket in Socket.opened:
            socket.write_message(value)


class Page(RequestHandler):
    def get(self) -> None:
        self.finish(PAGE)


class Socket(WebSocketHandler):
    opened: set[Socket] = set()  # noqa: RUF012 - one process, one set

    def open(self, *_args: str, **_kwargs: str) -> None:
        self.set_nodelay(True)
        self.opened.add(self)

    def on_message(self, message: str | bytes) -> None:
        """Nothing is asked of it."""

    def on_close(self) -> None:
        self.opened.discard(self)


async def serve(port: int, folder: Path) -> None:
    database = sqlite3.connect(folder / "baseline.db", isolation_level="DEFERRED")
    database.execute("pragma journal_mode=wal")
    database.execute("pragma synchronous=full")
    database.execute("create table if not exists steps (id integer primary key, body blob)")
    with ProcessPoolExecutor(1) as pool:
        shared: dict[str, Any] = {
            "database": database, "pool": pool,
            **{name: file.read_bytes() if (file := folder / f"{name}.{kind}").exists() else b"{}"
               for name, kind in (("first", "html"), ("reply", "json"))}}
        await asyncio.get_running_loop().run_in_executor(pool, work)
        routes: list[Any] = [(r"/interview", Interview), (r"/checkin", CheckIn),
                             (r"/task", Task, {"task": work}),
                             (r"/stamp", Task, {"task": stamp}), (r"/page", Page), (r"/socket", Socket)]
        application = Application(routes, **shared)
        application.listen(port, "127.0.0.1")
        await asyncio.Event().wait()


def main(port: str, folder: str) -> None:
    asyncio.run(serve(int(port), Path(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
