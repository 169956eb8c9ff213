"""A data folder with thousands of sessions, few of which have a scheduled event.

``python -m tests.bench.many_sessions DATA EVENTS DULL PLAIN`` makes sessions with an hourly event, sessions that allow
scheduled events but whose interview offers none, and sessions that do not allow them. The latter two are copies of rows
under other names: their keys and answers do not open there, so whoever tried to open one of them would fail.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from sqlite_utils import Database

from appliance.app import _built, _stop
from appliance.sessions.turns import Turns
from appliance.sessions.visitor import Visitor

__all__ = ["QUESTIONS", "copy_session", "populate"]

_TEXT = """\
initial: True
code: |
  multi_user = True
  allow_cron = {cron}
---
mandatory: True
code: |
  facts = {{f'fact {{number}}': 'What a person has typed about it. ' * 5 for number in range(20)}}
  hours = 0
---
mandatory: True
question: Come back later
{event}"""

_EVENT = """---
event: cron_hourly
code: |
  hours += 1
  response('counted')
"""

QUESTIONS = {"hourly.yml": _TEXT.format(cron=True, event=_EVENT), "dull.yml": _TEXT.format(cron=True, event=""),
             "plain.yml": _TEXT.format(cron=False, event=_EVENT)}
"""Interviews by the names of their files."""

_VISITOR = Visitor("the browser secret of many sessions")
_AT_ONCE = 500


async def populate(turns: Turns, package: str, counts: dict[str, int]) -> None:
    """Sessions of the interviews in a package (``PACKAGE:data/questions``); those of ``hourly.yml`` can be opened."""
    for file, count in counts.items():
        first = (await turns.begin(f"{package}/{file}", _VISITOR)).session_id
        if file == "hourly.yml":
            for _ in range(count - 1):
                await turns.begin(f"{package}/{file}", _VISITOR)
            continue
        for number in range(1, count, _AT_ONCE):
            ids = [secrets.token_urlsafe(24) for _ in range(min(_AT_ONCE, count - number))]
            await turns._runner.write(partial(copy_session, session_id=first, copies=ids))


def copy_session(database: Database, session_id: str, copies: list[str]) -> None:
    """The rows of a session under other names, under which they do not open."""
    for table, name in (("sessions", "id"), ("session_keys", "session_id"), ("steps", "session_id")):
        columns = ", ".join(column.name for column in database[table].columns if column.name not in {name, "number"}
                            or (table, column.name) == ("steps", "number"))
        database.conn.executemany(
            f"INSERT INTO {table} ({name}, {columns}) SELECT ?, {columns} FROM {table} WHERE {name} = ?",
            [(copy, session_id) for copy in copies])


async def _main(data: str, hourly: str, dull: str, plain: str) -> None:
    async with AsyncExitStack() as stack:
        parts, _, _ = _built(Path(data), stack)
        stack.push_async_callback(_stop, parts, [])
        await populate(parts.turns, "docassemble.manysessions:data/questions",
                       {"hourly.yml": int(hourly), "dull.yml": int(dull), "plain.yml": int(plain)})


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
