"""What authors store beside the answers: committed with the turn, sealed for whom it is meant, read by tasks too."""

from __future__ import annotations

import asyncio
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance import clock
from appliance.interview.errors import CodeFailed
from appliance.interview.host import UserInfo
from appliance.interview.turn import ShowScreen
from appliance.sessions.reply import Reply
from appliance.sessions.visitor import Visitor
from appliance.store.keys import browser_holder, user_holder
from appliance.store.value_moves import adopt_values, lose_values, regain_values
from tests.sessions.house import ANN, BOB, INTERVIEW, House, run, screen_of

STORES = """
objects:
  - mine: DAStore
  - of_session: DAStore.using(base='session')
  - of_interview: DAStore.using(base='interview')
  - of_all: DAStore.using(base='global')
  - own: DAStore.using(base='family law')
  - sealed_own: DAStore.using(base='family law', encrypted=True)
  - in_the_open: DAStore.using(encrypted=False)
  - r: DARedis
---
mandatory: True
code: |
  need(mine, of_session, of_interview, of_all, own, sealed_own, in_the_open, r)
  shown
---
event: shown
question: |
  ${ ', '.join(f'{name}={store.get("fruit")}' for name, store in (('mine', mine), ('session', of_session),
  ('interview', of_interview), ('all', of_all), ('own', own))) }
---
event: put
code: |
  value(action_argument('store')).set(action_argument('name'), action_argument('value'))
---
event: put_and_fail
code: |
  mine.set('fruit', 'never')
  own.set('fruit', 'never')
  write_record('never', 1)
  r.incr('tried')
  raise Exception('broken')
---
event: put_and_leave
code: |
  mine.set('fruit', 'kept')
  of_session.set('fruit', 'gone')
  write_record('left', 'a record')
  command('exit')
---
event: look
code: |
  store = value(action_argument('store'))
  response(repr((store.get(action_argument('name')), store.keys(), store.defined(action_argument('name')))))
---
event: forget
code: |
  value(action_argument('store')).delete(action_argument('name'))
---
event: in_one_turn
code: |
  first = mine.defined('x')
  thing = {'a': 1}
  mine.set('x', thing)
  thing['a'] = 2
  again = mine.get('x')
  again['b'] = 3
  seen = [first, mine.get('x'), mine.keys()]
  mine.delete('x')
  number = write_record('together', 'one')
  other = write_record('together', 'two')
  delete_record('together', number)
  response(repr([*seen, mine.get('x'), mine.keys(), list(read_records('together').values())]))
---
event: start
code: |
  mine.set('fruit', 'before the task')
  task = background_action('work')
---
event: work
code: |
  found = mine.get('fruit')
  mine.set('fruit', 'of the task')
  of_interview.set('fruit', 'of the task')
  write_record('tasks', 'written')
  r.incr('counted', 2)
  background_response_action('worked', found=found, records=list(read_records('tasks').values()), own=mine.get('fruit'))
---
event: worked
code: |
  after_task = [action_argument('found'), action_argument('records'), action_argument('own'), mine.get('fruit')]
  mine.set('seen', after_task)
  background_response()
---
event: start_failing
code: |
  task = background_action('fails')
---
event: fails
code: |
  of_interview.set('fruit', 'of the task that failed')
  raise Exception('broken')
---
event: count
code: |
  for number in range(20):
    r.incr('clicks')
---
event: counted
code: |
  response(repr(r.get('clicks')))
"""

ANN_SIGNED_IN = replace(ANN, user=UserInfo(1, "ann@example.com"), user_key=b"a" * 32)
BOB_SIGNED_IN = replace(BOB, user=UserInfo(2, "bob@example.com"), user_key=b"b" * 32)


async def look(house: House, reply: Reply, store: str, name: str = "fruit", visitor: Visitor = ANN) -> Any:
    ending: Any = (await house.turns.action(reply.session_id, visitor, "look", {"store": store, "name": name})).ending
    return eval(ending.body.decode())


async def put(house: House, reply: Reply, store: str, value: Any, name: str = "fruit", visitor: Visitor = ANN) -> None:
    await house.turns.action(reply.session_id, visitor, "put", {"store": store, "name": name, "value": value})


def people(house: House) -> None:
    """Accounts for Ann and Bob, so that what they store may name them."""
    def make(database: Any) -> None:
        for number in (11, 12):
            database.execute("INSERT INTO users (id, email_mark, created) VALUES (?, ?, 0)", [number, f"mark{number}"])
    house.store.write(make).result()


def test_each_base_is_for_whom_it_says(tmp_path: Path) -> None:
    """What Ann stores for herself, her session, the interview and all is found by whom it is meant for, no one else."""
    async def talk(house: House) -> None:
        first = await house.begin()
        for store in ("mine", "of_session", "of_interview", "of_all", "own"):
            await put(house, first, store, f"apple of {store}")
        second, of_bob = await house.begin(), await house.begin(BOB)
        assert screen_of(second).question_text == (
            "mine=apple of mine, session=None, interview=apple of of_interview, all=apple of of_all, own=apple of own")
        assert screen_of(of_bob).question_text == (
            "mine=None, session=None, interview=apple of of_interview, all=apple of of_all, own=apple of own")
        assert await look(house, first, "of_session") == ("apple of of_session", ["fruit"], True)
        await house.turns.action(first.session_id, ANN, "forget", {"store": "own", "name": "fruit"})
        assert await look(house, second, "own") == (None, [], False)
        assert await look(house, second, "of_all") == ("apple of of_all", ["fruit"], True)
    run(tmp_path, talk, STORES)


def test_a_turn_reads_back_what_it_wrote_as_it_was_then(tmp_path: Path) -> None:
    """Values are copies: changing one afterwards, or what get() gave, changes nothing; deleting counts at once."""
    async def talk(house: House) -> None:
        reply = await house.begin()
        ending: Any = (await house.turns.action(reply.session_id, ANN, "in_one_turn", {})).ending
        assert eval(ending.body) == [False, {"a": 1}, ["x"], None, [], ["two"]]
    run(tmp_path, talk, STORES)


def test_a_turn_that_fails_leaves_nothing_but_what_acts_at_once(tmp_path: Path) -> None:
    """DAStore and records of the turn are dropped with it; DARedis has counted."""
    async def talk(house: House) -> None:
        reply = await house.begin()
        with pytest.raises(CodeFailed):
            await house.turns.action(reply.session_id, ANN, "put_and_fail", {})
        assert house.rows("SELECT COUNT(*) FROM stored_values") == [(0,)]
        assert house.rows("SELECT COUNT(*) FROM records") == [(0,)]
        assert house.rows("SELECT COUNT(*) FROM quick_values") == [(1,)]
    run(tmp_path, talk, STORES)


def test_a_session_that_ends_takes_only_its_own_values_along(tmp_path: Path) -> None:
    """Exit in the very turn that stores: the user's value and the record stay, the session's value goes."""
    async def talk(house: House) -> None:
        reply, other = await house.begin(), await house.begin()
        await put(house, reply, "of_session", "before")
        await house.turns.action(reply.session_id, ANN, "put_and_leave", {})
        assert await look(house, other, "mine") == ("kept", ["fruit"], True)
        assert house.rows("SELECT COUNT(*) FROM stored_values") == [(1,)]
        assert house.rows("SELECT COUNT(*) FROM records") == [(1,)]
    run(tmp_path, talk, STORES)


def test_encrypted_values_open_for_their_user_alone(tmp_path: Path) -> None:
    """Under a shared name: Bob meets an error in words, and does not get to know names that Ann encrypted."""
    async def talk(house: House) -> None:
        people(house)
        ann, bob = (replace(one, user=replace(one.user, user_id=number)) for one, number in (
            (ANN_SIGNED_IN, 11), (BOB_SIGNED_IN, 12)))
        of_ann, of_bob = await house.begin(ann), await house.begin(bob)
        await put(house, of_ann, "sealed_own", "secret", visitor=ann)
        assert await look(house, of_ann, "own", visitor=ann) == ("secret", ["fruit"], True)
        with pytest.raises(CodeFailed, match="encrypted by another user"):
            await look(house, of_bob, "own", visitor=bob)
        assert await look(house, of_bob, "own", "other", visitor=bob) == (None, [], False)
        assert [row[0] for row in house.rows("SELECT holder FROM stored_values")] == ["user:11"]
        house.store.write(lambda database: database.execute("DELETE FROM users WHERE id = 11")).result()
        assert house.rows("SELECT COUNT(*) FROM stored_values") == [(0,)]   # it goes with the account
    run(tmp_path, talk, STORES)


def test_a_task_asks_the_server_and_its_writes_come_with_its_end(tmp_path: Path) -> None:
    """Also a user's encrypted values; the response action sees what the task wrote, and overwrites it."""
    async def talk(house: House) -> None:
        people(house)
        ann = replace(ANN_SIGNED_IN, user=replace(ANN_SIGNED_IN.user, user_id=11))
        reply = await house.begin(ann)
        await house.turns.action(reply.session_id, ann, "start", {})
        await house.work()
        expected = ["before the task", ["written"], "of the task", "of the task"]
        assert await look(house, reply, "mine", "seen", ann) == (expected, ["fruit", "seen"], True)
        assert await look(house, reply, "of_interview", visitor=ann) == ("of the task", ["fruit"], True)
        await house.turns.action(reply.session_id, ann, "start_failing", {})
        end = await house.work()
        assert end.error is not None
        assert (await look(house, reply, "of_interview", visitor=ann))[0] == "of the task that failed"
        # The key of the user never travels with a task, only one that is made of it.
        assert b"a" * 32 not in pickle.dumps(list(house.rows("SELECT * FROM tasks")))
    run(tmp_path, talk, STORES)


def test_a_task_that_the_turn_waits_for_sees_what_the_turn_has_stored(tmp_path: Path) -> None:
    """Though the turn is not committed yet, and nothing of it if it fails afterwards; the other way round too."""
    async def talk(house: House) -> None:
        reply = await house.begin()
        queued, loop = asyncio.Event(), asyncio.get_running_loop()
        house.turns.listeners.on_tasks_queued = lambda: loop.call_soon_threadsafe(queued.set)  # type: ignore[assignment]
        for fails in (False, True):
            queued.clear()
            waiting = asyncio.create_task(house.turns.action(reply.session_id, ANN, "wait_for_it", {"fails": fails}))
            await queued.wait()
            await house.work()
            if fails:
                with pytest.raises(CodeFailed):
                    await waiting
            else:
                ending: Any = (await waiting).ending
                assert eval(ending.body.decode()) == ([True, None, ["a", "b"], ["one"]], "of the task")
        assert await look(house, reply, "mine", "fruit") == (True, ["b", "fruit"], True)
    run(tmp_path, talk, STORES + """
---
event: wait_for_it
code: |
  mine.set('fruit', not action_argument('fails'))
  mine.set('a', 1)
  mine.delete('left')
  if not action_argument('fails'):
    write_record('seen', 'one')
  task = background_action('sees')
  found = task.get()
  fails = action_argument('fails')
  if fails:
    raise Exception('broken')
  mine.delete('a')
  response(repr((found, of_interview.get('fruit'))))
---
event: sees
code: |
  mine.set('b', 2)
  names = [name for name in mine.keys() if name in 'ab']
  of_interview.set('fruit', 'of the task')
  background_response([mine.get('fruit'), mine.get('left'), names, list(read_records('seen').values())])
""")


def test_turns_beside_each_other_lose_no_count(tmp_path: Path) -> None:
    """Four sessions and a task count 100 times at once."""
    async def talk(house: House) -> None:
        sessions = [await house.begin(replace(ANN, browser_secret=f"browser {number}")) for number in range(4)]
        visitors = [replace(ANN, browser_secret=f"browser {number}") for number in range(4)]
        await house.turns.action(sessions[0].session_id, visitors[0], "start_counting", {})
        await asyncio.gather(house.work(), *(
            house.turns.action(reply.session_id, visitor, "count", {})
            for reply, visitor in zip(sessions, visitors, strict=True)))
        ending: Any = (await house.turns.action(sessions[0].session_id, visitors[0], "counted", {})).ending
        assert ending.body == b"b'100'"
    run(tmp_path, talk, STORES + """
---
event: count_in_task
code: |
  for number in range(20):
    r.incr('clicks')
  background_response()
---
event: start_counting
code: |
  task = background_action('count_in_task')
""")


def test_what_a_browser_stored_is_its_user_s_after_the_sign_in(tmp_path: Path) -> None:
    """A value of the user's own of the same name stays; shared values are sealed anew for the user."""
    async def talk(house: House) -> None:
        people(house)
        ann = replace(ANN_SIGNED_IN, user=replace(ANN_SIGNED_IN.user, user_id=11))
        before, signed_in = await house.begin(), await house.begin(ann)
        await put(house, before, "mine", "of the browser")
        await put(house, before, "mine", "of the browser too", "other")
        await put(house, before, "sealed_own", "shared", "secret")
        await put(house, before, "in_the_open", "not encrypted", "open")
        await put(house, signed_in, "mine", "of the user", "other", ann)
        moved = house.store.write(lambda database: adopt_values(
            database, house.key, browser_holder(ANN.browser_secret), user_holder(11, b"a" * 32), 11)).result()
        assert moved == 3
        assert await look(house, signed_in, "mine", "fruit", ann) == (
            "of the browser", ["fruit", "open", "other"], True)
        assert (await look(house, signed_in, "in_the_open", "open", ann))[0] == "not encrypted"
        assert house.rows("SELECT count(*) FROM stored_values WHERE holder = 'appliance'") == [(1,)]
        assert (await look(house, signed_in, "mine", "other", ann))[0] == "of the user"
        assert (await look(house, signed_in, "own", "secret", ann))[0] == "shared"
    run(tmp_path, talk, STORES)


def test_what_a_lost_key_sealed_comes_back_with_the_recovery_code(tmp_path: Path) -> None:
    """Meanwhile the user can store anew; what was stored meanwhile stays."""
    async def talk(house: House) -> None:
        people(house)
        old = replace(ANN_SIGNED_IN, user=replace(ANN_SIGNED_IN.user, user_id=11))
        new = replace(old, user_key=b"n" * 32)
        reply = await house.begin(old)
        await put(house, reply, "mine", "pear", "fruit", old)
        await put(house, reply, "mine", "bean", "vegetable", old)
        assert house.store.write(lambda database: lose_values(database, house.key, 11, 1)).result() == 2
        reply = await house.begin(new)
        assert await look(house, reply, "mine", "fruit", new) == (None, [], False)
        await put(house, reply, "mine", "plum", "fruit", new)
        assert house.store.write(lambda database: regain_values(
            database, house.key, 11, 1, b"a" * 32, b"n" * 32)).result() == 1
        assert await look(house, reply, "mine", "fruit", new) == ("plum", ["fruit", "vegetable"], True)
        assert (await look(house, reply, "mine", "vegetable", new))[0] == "bean"
    run(tmp_path, talk, STORES)


GLOBAL = """
objects:
  - g: DAGlobal.using(base='interview', key='profile')
---
mandatory: True
code: |
  g
  shown
---
event: shown
question: ${ g.fruit if defined('g.fruit') else 'nothing' } ${ len(DAGlobal.keys('interview')) }
---
event: set
code: |
  g.fruit = action_argument('fruit')
  g.initializeAttribute('person', Individual)
  g.person.name.first = action_argument('fruit')
---
event: change_inside
code: |
  g.person.name.first = 'Zoe'
---
event: fail
code: |
  g.fruit = 'never'
  raise Exception('broken')
---
event: drop
code: |
  g.delete()
---
event: names
code: |
  response(g.person.name.first + ' ' + g.person.instanceName + ' ' + str(DAGlobal.defined('interview', 'profile')))
"""


def test_a_global_object_is_the_same_in_all_sessions(tmp_path: Path) -> None:
    """Fetched when it is looked at, stored with the turn where something changed, also deep inside; not if it fails."""
    async def talk(house: House) -> None:
        first, second = await house.begin(), await house.begin(BOB)
        assert screen_of(first).question_text == "nothing 0"
        await house.turns.action(first.session_id, ANN, "set", {"fruit": "apple"})
        shown = (await house.turns.refresh(second.session_id, BOB)).ending
        assert isinstance(shown, ShowScreen)
        assert shown.screen.question_text == "apple 1"
        await house.turns.action(second.session_id, BOB, "change_inside", {})
        ending: Any = (await house.turns.action(first.session_id, ANN, "names", {})).ending
        assert ending.body == b"Zoe g.person True"
        with pytest.raises(CodeFailed):
            await house.turns.action(first.session_id, ANN, "fail", {})
        assert house.rows("SELECT COUNT(*) FROM stored_values") == [(1,)]
        before = house.rows("SELECT sealed FROM stored_values")
        shown = (await house.turns.refresh(first.session_id, ANN)).ending
        assert isinstance(shown, ShowScreen)
        assert shown.screen.question_text == "apple 1"
        assert house.rows("SELECT sealed FROM stored_values") == before   # looking writes nothing
        await house.turns.action(first.session_id, ANN, "drop", {})
        shown = (await house.turns.refresh(second.session_id, BOB)).ending
        assert isinstance(shown, ShowScreen)
        assert shown.screen.question_text == "nothing 0"
    run(tmp_path, talk, GLOBAL)


BROKEN = """
objects:
  - store: DAStore.using(base='global')
  - r: DARedis
  - g: DAGlobal.using(base='global', key='profile')
---
mandatory: True
code: |
  need(store, r, g)
  shown
---
event: shown
question: Ready
---
event: put
code: |
  import sys
  import types
  class Gone:
    pass
  class Changed:
    def __reduce__(self):
      return (int, ('no number',))
  gone = types.ModuleType('gone_module')
  Gone.__module__, Gone.__qualname__, gone.Gone = 'gone_module', 'Gone', Gone
  sys.modules['gone_module'] = gone
  store.set('gone', Gone())
  store.set('changed', Changed())
  store.set('good', 'fine')
  g.thing = Gone()
  r.set_data('thing', Gone())
  r.set('text', 'no pickle')
  write_record('records', 'first')
  write_record('records', Gone())
---
event: put_away
code: |
  import sys
  del sys.modules['gone_module']
---
event: look
code: |
  response(repr((store.get(action_argument('name')))))
---
event: look_at_others
code: |
  records = list(read_records('records').values())
  response(repr([r.get_data('thing'), r.get_data('text'), records, sorted(store.keys())]))
---
event: look_at_object
code: |
  g.thing
---
event: write_to_object
code: |
  g.other = 1
---
event: clear
code: |
  for name in ('gone', 'changed'):
    store.delete(name)
  for number in read_records('records'):
    delete_record('records', number)
  r.delete('thing')
  g.delete()
  response(repr([store.keys(), read_records('records'), DAGlobal.keys('global')]))
"""


def test_what_cannot_be_opened_any_more_is_told_and_can_be_cleared_away(tmp_path: Path) -> None:
    """A package was updated and a class is gone: what is asked for by its name is an error that names it, lists go on
    without it, nothing is written over it, and it can be deleted.
    """
    async def talk(house: House) -> None:
        reply = await house.begin()

        async def ask(action: str, **arguments: Any) -> Any:
            ending: Any = (await house.turns.action(reply.session_id, ANN, action, arguments)).ending
            return eval(ending.body.decode()) if hasattr(ending, "body") else None
        await ask("put")
        stored = house.rows("SELECT sealed FROM stored_values ORDER BY mark")
        assert len(stored) == 4
        await ask("put_away")
        for name, words in (("gone", "'gone' cannot be opened. .* needs? gone_module.Gone"),
                            ("changed", r"'changed' cannot be opened any more \(ValueError\)")):
            with pytest.raises(CodeFailed, match=words):
                await ask("look", name=name)
        for action in ("look_at_object", "write_to_object"):
            with pytest.raises(CodeFailed, match=r"The object g, .* needs? gone_module\.Gone"):
                await ask(action)
        assert await ask("look", name="good") == "fine"
        assert await ask("look_at_others") == [None, None, ["first", None], ["changed", "gone", "good"]]
        assert house.rows("SELECT sealed FROM stored_values ORDER BY mark") == stored
        assert await ask("clear") == [["good"], {}, []]
    run(tmp_path, talk, BROKEN)


EXPIRES = """
objects:
  - r: DARedis
---
mandatory: True
question: ${ (r.get_data('thing') or {}).get('a') } ${ r.ttl('thing') }
---
event: keep
code: |
  r.set_data('thing', {'a': [1, 2]}, expire=30)
"""


def test_quick_values_expire_by_the_appliance_s_clock(tmp_path: Path) -> None:
    """After its 30 seconds a value is not there, and the next change removes it from the disk."""
    async def talk(house: House) -> None:
        now = [1_800_000_000.0]
        with clock.driven_by(lambda: now[0]):
            reply = await house.begin()
            assert screen_of(reply).question_text == "None -2"
            await house.turns.action(reply.session_id, ANN, "keep", {})
            shown: Any = (await house.turns.refresh(reply.session_id, ANN)).ending
            assert shown.screen.question_text == "[1, 2] 30"
            now[0] += 31
            shown = (await house.turns.refresh(reply.session_id, ANN)).ending
            assert shown.screen.question_text == "None -2"
    run(tmp_path, talk, EXPIRES)


def test_nothing_stored_can_be_read_on_the_disk(tmp_path: Path) -> None:
    """Values, their names and the names of places, records and counters: in no file of the data folder."""
    async def talk(house: House) -> None:
        reply = await house.begin()
        for store in ("mine", "of_session", "of_interview", "of_all", "own"):
            await put(house, reply, store, "canary-value", "canary-name")
        await house.turns.action(reply.session_id, ANN, "count", {})
    run(tmp_path, talk, STORES.replace("family law", "canary-place").replace("'clicks'", "'canary-key'"))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"canary" in path.read_bytes()]


def test_the_interview_is_named(tmp_path: Path) -> None:
    """r.key() is the interview's name, a colon and the key."""
    async def talk(house: House) -> None:
        assert screen_of(await house.begin()).question_text == f"{INTERVIEW}:x"
    run(tmp_path, talk, "objects:\n  - r: DARedis\n---\nmandatory: True\nquestion: ${ r.key('x') }\n")


def test_a_global_object_without_a_key_says_so(tmp_path: Path) -> None:
    """What is set in it could not be found again: it must not be lost without a word."""
    async def talk(house: House) -> None:
        with pytest.raises(CodeFailed, match="thing is a DAGlobal without a key"):
            await house.begin()
    run(tmp_path, talk, """
objects:
  - thing: DAGlobal.using(base='global')
---
mandatory: True
code: |
  thing.color = 'red'
---
mandatory: True
question: Done
""")
