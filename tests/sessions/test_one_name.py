"""An interview has one name: every door knows it by any that leads to it, and so does what an older appliance kept."""

from __future__ import annotations

import json
import pickle
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from appliance import author_db
from appliance.interview.cache import Interviews
from appliance.interview.sources import MemorySources
from appliance.interview.stored import Place, StoreSnapshot, StoreValue
from appliance.sessions.reply import Reply
from appliance.store.quick_values import QuickValues
from appliance.store.snapshots import NewSnapshot, write_snapshot
from appliance.store.values import NewValue, Owner, write_value
from tests.sessions.house import ANN, INTERVIEW, House, run, screen_of
from tests.sessions.test_reaching_sessions import DIARY, at_home, diary_of, says

SHORT = "tests:test.yml"
SHORT_DIARY = "tests:diary.yml"

STORED = """
objects:
  - kept: DAStore.using(base='interview')
  - r: DARedis
---
mandatory: True
code: |
  need(kept, r)
  shown
---
event: shown
question: Here
---
event: tell
code: |
  response(repr((kept.get('a'), kept.get('b'), kept.keys(), r.get(r.key('n')), r.get(r.key('both')))))
---
event: put
code: |
  kept.set('a', action_argument('value'))
---
event: forget
code: |
  kept.delete('b')
---
event: snapshot
code: |
  store_variables_snapshot({'new': 1})
"""


@pytest.mark.parametrize("name", [SHORT, INTERVIEW, " tests : test.yml "])
def test_a_session_is_kept_and_found_by_one_name(tmp_path: Path, name: str) -> None:
    """Whatever an address calls the interview: it is begun, and resumed, by any of its names."""
    async def talk(house: House) -> None:
        reply = await house.turns.begin(name, ANN)
        assert reply.interview == INTERVIEW
        assert house.rows("SELECT interview FROM sessions") == [(INTERVIEW,)]
        for other in (SHORT, INTERVIEW):
            assert await house.turns.find(other, ANN) == reply.session_id
        assert (await house.turns.metadata(name))["title"] == "Three steps"
    run(tmp_path, talk)


def test_an_interview_is_read_once_by_all_its_names() -> None:
    """Also for a task that an older appliance queued, whose sealed job has the short one."""
    interviews = Interviews(MemorySources({INTERVIEW: "question: Hi"}))
    assert interviews.get(SHORT) is interviews.get(INTERVIEW)
    assert interviews.get(SHORT).reference == INTERVIEW


DOORS = (
    ("get_session_variables({name!r}, {session!r})['secret']", "'tulip'"),
    ("set_session_variables({name!r}, {session!r}, dict(secret='rose'))", "True"),
    ("run_action_in_session({name!r}, {session!r}, 'add', arguments=dict(number=7))", "True"),
    ("go_back_in_session({name!r}, {session!r})", "True"),
    ("get_question_data({name!r}, {session!r})['i']", repr(DIARY)),
    ("[one['filename'] for one in interview_list(filename={name!r}, session={session!r})[0]]", repr([DIARY])),
    ("interview_list(filename={name!r}, session={session!r}, action='delete')", "1"),
    ("get_session_variables({name!r}, create_session({name!r}, url_args=dict(a='b')))['url_args']", "{{'a': 'b'}}"),
    ("[create_session({name!r}), interview_list(filename='tests:data/questions/diary.yml')[0][0]['filename']][1]",
     repr(DIARY)),
    ("get_session_variables('tests:test.yml', user_info().session)['code'][:3]", "'get'"),
)


@pytest.mark.parametrize("begun", [SHORT_DIARY, DIARY])
def test_code_reaches_a_session_by_any_name(tmp_path: Path, begun: str) -> None:
    """Whichever it was begun by, and whichever function asks."""
    async def story(house: House) -> None:
        for name in (SHORT_DIARY, DIARY):
            session = (await diary_of(house, ANN, begun)).session_id
            for code, result in DOORS:
                assert await says(house, ANN, code.format(name=name, session=session)) == result.format(), code
        assert {name for (name,) in house.rows("SELECT interview FROM sessions")} == {DIARY, INTERVIEW}
    at_home(tmp_path, story)


def test_the_menu_and_links_take_the_names_of_the_configuration(tmp_path: Path) -> None:
    """A `dispatch` that leaves out the folder offers the interview, and is its short address."""
    async def story(house: House) -> None:
        assert await says(house, ANN, f"interview_url(i={DIARY!r}, style='short', local=True)") == "'/run/d'"
        assert await says(house, ANN, f"interview_url(i={SHORT_DIARY!r}, style='short', local=True)") == "'/run/d'"
    at_home(tmp_path, story, settings={"dispatch": {"d": SHORT_DIARY}})


# -- what an older appliance kept -------------------------------------------------------------------------------


async def _told(house: House, reply: Reply) -> Any:
    ending: Any = (await house.turns.action(reply.session_id, ANN, "tell", {})).ending
    return eval(ending.body.decode())


def _make_old(house: House, session_id: str) -> None:
    """What an older appliance has on the disk of a session that was begun under the short name."""
    owner = Owner(house.key, session_id, b"")
    place = Place("interview", SHORT)

    def write(database: Any) -> None:
        for name in ("sessions", "outbox_ended", "schedule_failures"):
            database.execute(f"UPDATE {name} SET interview = ?", [SHORT])
        for name in ("a", "b"):
            write_value(database, NewValue.make(owner, StoreValue(place, name, pickle.dumps(f"old {name}"))))
        values = QuickValues(database, house.key)
        for key, value in ((f"{SHORT}:n", b"1"), (f"{SHORT}:both", b"old"), (f"{INTERVIEW}:both", b"new"),
                           ("tests:data", b"a key of an author's own"), ("12:30", b"another")):
            values.put(key.encode(), "string", value)
        values.expire(f"{SHORT}:n".encode(), values.now + 1000)
        write_snapshot(database, NewSnapshot.make(house.key, session_id, StoreSnapshot(SHORT, '{"waits": 1}', "later")))
    house.store.write(write).result()
    author_db.prepare(house.folder / "data")
    with closing(sqlite3.connect(house.folder / "data" / author_db.FILE_NAME)) as connection, connection:
        connection.execute('INSERT INTO jsonstorage (filename, "key", data) VALUES (?, ?, ?)',
                           [SHORT, session_id, '{"old": 1}'])
        connection.execute("INSERT INTO jsonstorage (filename, data) VALUES ('a note: 12:30', '{}')")


def test_what_was_kept_under_a_short_name_is_found_after_the_upgrade(tmp_path: Path) -> None:
    """Sessions, what DAStore keeps with base='interview', what DARedis.key() made, snapshots in author.db and on their
    way there: all of it is found, changed and deleted by the one name, and nothing is there twice.
    """
    async def before(house: House) -> str:
        reply = await house.begin()
        _make_old(house, reply.session_id)
        return reply.session_id
    session_id = run(tmp_path, before, STORED)
    with closing(sqlite3.connect(tmp_path / "data" / "appliance.db")) as connection:
        connection.execute("PRAGMA user_version = 9")

    async def after(house: House) -> None:
        author_db.prepare(house.folder / "data")
        await house.turns.resume()
        reply = await house.turns.refresh(session_id, ANN)
        assert (reply.interview, screen_of(reply).question_text) == (INTERVIEW, "Here")
        for name in (SHORT, INTERVIEW):
            assert await house.turns.find(name, ANN) == session_id
        assert await _told(house, reply) == ("old a", "old b", ["a", "b"], b"1", b"new")
        await house.turns.action(session_id, ANN, "put", {"value": "new a"})
        await house.turns.action(session_id, ANN, "forget", {})
        await house.turns.action(session_id, ANN, "snapshot", {})
        assert await _told(house, reply) == ("new a", None, ["a"], b"1", b"new")
        assert house.rows("SELECT COUNT(*) FROM stored_values") == [(1,)]
        assert house.rows("SELECT COUNT(*) FROM quick_values WHERE expires IS NOT NULL") == [(1,)]
        assert house.rows("SELECT name FROM meta WHERE name LIKE 'former%'") == []
        keys = house.store.read(lambda database: QuickValues(database, house.key).keys()).result()
        assert {b"tests:data", b"12:30", f"{INTERVIEW}:n".encode(), f"{SHORT}:both".encode()} <= set(keys)
        house.turns._runner.store_room.snapshots.write()
        with closing(sqlite3.connect(house.folder / "data" / author_db.FILE_NAME)) as connection:
            rows = connection.execute("SELECT filename, tags, data FROM jsonstorage ORDER BY id").fetchall()
        assert [(row[0], row[1], json.loads(row[2])) for row in rows] == [
            (INTERVIEW, None, {"new": 1}), ("a note: 12:30", None, {}), (INTERVIEW, "later", {"waits": 1})]
    run(tmp_path, after, STORED)
