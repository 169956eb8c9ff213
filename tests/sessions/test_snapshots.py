"""Snapshots of answers: part of their turn, then in author.db and nowhere else in the clear; and the kills between."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from appliance import author_db
from appliance.interview.errors import CodeFailed
from appliance.interview.stored import StoreSnapshot
from appliance.store.snapshots import NewSnapshot, write_snapshot
from tests.sessions.house import ANN, BOB, INTERVIEW, House, run, screen_of

TEXT = """
imports:
  - docassemble.base.util
---
mandatory: True
code: |
  fruit
  store_variables_snapshot()
  store_variables_snapshot(data={'short': fruit}, key='second', persistent=True)
  last
---
question: Fruit?
fields:
  - Fruit: fruit
---
event: last
question: |
  ${ counted }
---
reconsider: True
code: |
  conn = docassemble.base.util.variables_snapshot_connection()
  with conn.cursor() as cur:
      cur.execute("select data->>'fruit' from jsonstorage where filename=%(filename)s and tags is null order by 1",
                  {'filename': current_context().filename})
      counted = ' '.join(row[0] for row in cur.fetchall())
  conn.close()
  del conn, cur
---
event: fail
code: |
  store_variables_snapshot(data={'short': 'never'}, key='failed')
  raise Exception('broken')
---
event: with_sqlalchemy
code: |
  with docassemble.base.util.variables_snapshot_connect() as conn:
      cur = conn.connection.cursor()
      cur.execute("select count(*) from jsonstorage where data like %s", ('%apple%',))
      found = cur.fetchone()[0]
  del conn, cur
  response(str(found))
"""


def in_author_db(folder: Path) -> list[tuple[Any, ...]]:
    """What the table of snapshots holds."""
    with closing(sqlite3.connect(folder / "data" / author_db.FILE_NAME)) as connection:
        return connection.execute(
            'SELECT filename, tags, data, persistent, "key" FROM jsonstorage ORDER BY id').fetchall()


def test_snapshots_are_there_for_sql(tmp_path: Path) -> None:
    """The turn itself sees its snapshot; another session's turn too; a failed turn leaves none; a session takes its own
    along, but for the persistent one.
    """
    async def talk(house: House) -> None:
        author_db.prepare(house.folder / "data")
        first = await house.submit(await house.begin(), fruit="apple")
        assert screen_of(first).question_text == "apple"
        second = await house.submit(await house.begin(BOB), BOB, fruit="cook's pear")
        assert screen_of(second).question_text == "apple cook’s pear"
        with pytest.raises(CodeFailed):
            await house.turns.action(first.session_id, ANN, "fail", {})
        ending: Any = (await house.turns.action(first.session_id, ANN, "with_sqlalchemy", {})).ending
        assert ending.body == b"2"
        house.turns._runner.store_room.snapshots.write()
        rows = in_author_db(tmp_path)
        assert [row[:2] for row in rows] == [(INTERVIEW, None), (INTERVIEW, "second")] * 2
        assert json.loads(rows[0][2])["fruit"] == "apple"
        assert "_internal" not in json.loads(rows[0][2])
        assert json.loads(rows[1][2]) == {"short": "apple"}
        await house.turns.delete(first.session_id, ANN)
        house.turns._runner.store_room.snapshots.write()
        assert [(row[1], row[4] == first.session_id) for row in in_author_db(tmp_path)] == [
            ("second", True), (None, False), ("second", False)]
        assert house.rows("SELECT COUNT(*) FROM snapshots") == house.rows("SELECT 0")
    run(tmp_path, talk, TEXT)


def test_a_snapshot_that_cannot_be_written_keeps_nobody_waiting(tmp_path: Path) -> None:
    """One whose name no text can hold, and one that is damaged on the disk: those behind them are written, and the
    appliance starts.
    """
    async def talk(house: House) -> None:
        author_db.prepare(house.folder / "data")
        house.store.write(lambda database: write_snapshot(database, NewSnapshot.make(
            house.key, "s", StoreSnapshot(INTERVIEW, "{}", "\ud800")))).result()
        house.store.write(lambda database: write_snapshot(database, NewSnapshot("s", b"damaged"))).result()
        await house.submit(await house.begin(), fruit="apple")
        await house.turns.resume()
        house.turns._runner.store_room.snapshots.write()
        assert [row[1] for row in in_author_db(tmp_path)] == [None, "second"]
        assert house.rows("SELECT COUNT(*) FROM snapshots") == [(0,)]
    run(tmp_path, talk, TEXT)


def test_only_author_db_can_be_read_on_the_disk(tmp_path: Path) -> None:
    """An answer that was asked for as a snapshot is in author.db, and in no other file."""
    async def talk(house: House) -> None:
        author_db.prepare(house.folder / "data")
        await house.submit(await house.begin(), fruit="canary-fruit")
        house.turns._runner.store_room.snapshots.write()
    run(tmp_path, talk, TEXT)
    holding = {path.name for path in tmp_path.rglob("*") if path.is_file() and b"canary" in path.read_bytes()}
    assert holding
    assert all(name.startswith("author.db") for name in holding)


PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from appliance.sessions.snapshots import SnapshotWriter
from tests.sessions.house import ANN, House

TEXT = '''
objects:
  - mine: DAStore.using(base='global')
---
mandatory: True
code: |
  need(mine)
  fruit
  mine.set('fruit', fruit)
  write_record('fruits', fruit)
  store_variables_snapshot()
  if fruit == 'die before':
    import os
    os.kill(os.getpid(), 9)
  last
---
question: Fruit?
fields:
  - Fruit: fruit
---
event: last
question: ${ mine.get('fruit') } ${ len(read_records('fruits')) }
'''

async def main(folder, when):
    if when == 'after':
        SnapshotWriter.write = lambda self: os.kill(os.getpid(), 9) if self._store.read(
            lambda database: database.execute('SELECT COUNT(*) FROM snapshots').fetchone()[0]).result() else None
    house = House(folder, TEXT)
    await house.submit(await house.begin(ANN), ANN, fruit='die ' + when)
    await asyncio.sleep(30)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.mark.parametrize(("when", "stored"), [("before", 0), ("after", 1)])
def test_a_kill_leaves_nothing_or_everything(tmp_path: Path, when: str, stored: int) -> None:
    """Killed inside the turn: no value, no record, no snapshot. Killed between the commit and author.db: all are there,
    and the next start carries the snapshot over, once.
    """
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path), when], check=False, capture_output=True,
                          timeout=60, cwd=Path(__file__).parent.parent.parent)
    assert done.returncode != 0
    assert not done.stderr, done.stderr.decode()

    async def look(house: House) -> None:
        author_db.prepare(house.folder / "data")
        assert house.rows("SELECT (SELECT COUNT(*) FROM stored_values), (SELECT COUNT(*) FROM records),"
                          " (SELECT COUNT(*) FROM snapshots)") == [(stored, stored, stored)]
        await house.turns.resume()
        await house.turns.resume()
        assert house.rows("SELECT COUNT(*) FROM snapshots") == [(0,)]
        assert len(in_author_db(tmp_path)) == stored
    run(tmp_path, look)
