"""What the code of one session can do to others: what its person may, in their place in the line, and nothing else."""

from __future__ import annotations

import ast
import asyncio
import base64
import json
import pickle
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from appliance.interview.errors import InterviewError
from appliance.interview.turn import CheckIn
from appliance.sessions.errors import NoSuchSession, NotYours
from appliance.sessions.reply import Reply
from appliance.sessions.visitor import Visitor
from tests.sessions.house import ANN, BOB, INTERVIEW, House, run, screen_of
from tests.sessions.test_adoption import signed_in

DIARY = "tests:data/questions/diary.yml"
DIARY_TEXT = """
metadata:
  title: Diary
---
question: Secret?
fields:
  - Secret: secret
---
event: add
code: |
  count = (count if defined('count') else 0) + action_argument('number')
---
mandatory: True
question: ${ secret } ${ count if defined('count') else 0 }
"""
SHARED = "tests:data/questions/shared.yml"
SHARED_TEXT = "mandatory: True\ncode: multi_user = True\n---\n" + DIARY_TEXT
CODE = """
question: Go?
fields:
  - Code: code
---
mandatory: True
code: |
  result = repr(eval(code))
---
mandatory: True
question: ${ result }
"""


def with_diaries(house: House) -> None:
    house.sources.texts.update({DIARY: DIARY_TEXT, SHARED: SHARED_TEXT})


def at_home(folder: Path, story: Callable[[House], Awaitable[None]], text: str = CODE,
            settings: dict[str, Any] | None = None) -> None:
    async def whole(house: House) -> None:
        with_diaries(house)
        await story(house)
    run(folder, whole, text, settings=settings)


async def diary_of(house: House, visitor: Visitor, interview: str = DIARY) -> Reply:
    """A session with something to hide in it."""
    reply = await house.turns.begin(interview, visitor)
    return await house.submit(reply, visitor, secret="tulip")


async def says(house: House, visitor: Visitor, code: str) -> str:
    """What an expression gives in a new session of the visitor."""
    reply = await house.submit(await house.begin(visitor), visitor, code=code)
    return str((await house.turns.variables(reply.session_id, visitor)).variables["result"])


async def shown(house: House, visitor: Visitor, session_id: str) -> str:
    return screen_of(await house.turns.refresh(session_id, visitor)).question_text


REACHING = (
    "get_session_variables({interview!r}, {session!r})",
    "get_session_variables({interview!r}, {session!r}, simplify=False)",
    "get_session_variables({other!r}, {session!r})",
    "get_session_variables({interview!r}, {session!r}, secret='guess')",
    "get_question_data({interview!r}, {session!r})",
    "set_session_variables({interview!r}, {session!r}, dict(secret='rose'))",
    "set_session_variables({interview!r}, {session!r}, dict(secret='rose'), overwrite=True)",
    "set_session_variables({interview!r}, {session!r}, dict(multi_user=True))",
    "run_action_in_session({interview!r}, {session!r}, 'add', arguments=dict(number=7))",
    "go_back_in_session({interview!r}, {session!r})",
    "interview_list(session={session!r}, filename={interview!r})",
    "interview_list(session={session!r})",
    "interview_list(filename={interview!r})",
    "interview_list(action='delete', filename={interview!r}, session={session!r})",
    "interview_list(action='delete', filename={interview!r}, session={session!r}, delete_shared=True)",
    "interview_list(action='delete_all')",
    "interview_list(action='delete_all', delete_shared=True)",
    "interview_list(user_id='all')",
    "interview_list(user_id={user_id!r})",
    "interview_list(user_id={user_id!r}, action='delete_all')",
    "interview_list(user_id='all', action='delete_all', delete_shared=True)",
)


@pytest.mark.parametrize("who", ["browser", "person"])
def test_nobody_reaches_what_they_cannot_open(tmp_path: Path, who: str) -> None:
    """Neither a stranger's browser nor another account gets at a session by its id: nothing that only its people may
    know comes out, and the session is as it was.
    """
    async def story(house: House) -> None:
        paula = signed_in(house, secret="paula's browser secret, random and long")
        stranger = BOB if who == "browser" else signed_in(house, "quentin@client.example", BOB.browser_secret)
        for owner in (ANN, paula):
            session = (await diary_of(house, owner)).session_id
            for form in REACHING:
                code = form.format(interview=DIARY, session=session, other=INTERVIEW, user_id=paula.user.user_id)
                try:
                    told = await says(house, stranger, code)
                except InterviewError as refused:
                    told = str(refused)
                assert "tulip" not in told, code
                assert "Diary" not in told, code
                for _ in range(2):   # what was wrongly asked for would have been done by then
                    assert await shown(house, owner, session) == "tulip 0", code
            assert len(await house.turns.sessions_of(owner)) == 1
    at_home(tmp_path, story)


def test_administrators_see_that_there_is_something_and_not_what(tmp_path: Path) -> None:
    """With user_id='all' they get every session, and the answers of those only that are shared or their own."""
    async def story(house: House) -> None:
        olive = Visitor("olive's browser secret, random and long", house.owner)
        own = await diary_of(house, ANN)
        paula = signed_in(house)
        hers = await diary_of(house, paula)
        shared = await diary_of(house, ANN, SHARED)
        listed = await says(house, olive, (
            "{one['session']: (one['dict'] or {}).get('secret') "
            "for one in interview_list(user_id='all', include_dict=True, exclude_invalid=False)[0]}"))
        found = ast.literal_eval(listed)
        assert found[own.session_id] is None
        assert found[hers.session_id] is None
        assert found[shared.session_id] == "tulip"
        assert "tulip" not in await says(house, olive, f"interview_list(user_id={paula.user.user_id}, "
                                                       "include_dict=True, exclude_invalid=False)")
        for code in REACHING[:9]:
            with pytest.raises(InterviewError):
                await says(house, olive, code.format(interview=DIARY, session=hers.session_id, other=INTERVIEW))
        assert await shown(house, paula, hers.session_id) == "tulip 0"
    at_home(tmp_path, story)


def test_whoever_has_the_id_of_a_shared_session_reaches_it(tmp_path: Path) -> None:
    """multi_user opens a session to code, as it opens it to whoever has its link."""
    async def story(house: House) -> None:
        session = (await diary_of(house, ANN, SHARED)).session_id
        assert await says(house, BOB, f"get_session_variables({SHARED!r}, {session!r})['secret']") == "'tulip'"
        await says(house, BOB, f"set_session_variables({SHARED!r}, {session!r}, dict(secret='rose'))")
        assert await shown(house, ANN, session) == "rose 0"
        await says(house, BOB, f"run_action_in_session({SHARED!r}, {session!r}, 'add', arguments=dict(number=3))")
        assert await shown(house, ANN, session) == "rose 3"
        assert await says(house, BOB, f"interview_list(session={session!r})[0]") == "[]"   # it is not on Bob's list
    at_home(tmp_path, story)


def test_the_very_next_turn_sees_the_change(tmp_path: Path) -> None:
    """Once the code's own turn is answered, no turn of the other session comes before what it asked for."""
    async def story(house: House) -> None:
        session = (await diary_of(house, ANN)).session_id
        for number in range(1, 6):
            first = asyncio.create_task(says(house, ANN, (
                f"run_action_in_session({DIARY!r}, {session!r}, 'add', arguments=dict(number=1))")))
            await first
            assert await shown(house, ANN, session) == f"tulip {number}"
    at_home(tmp_path, story)


LOOKING = f"""
question: Which?
fields:
  - Session: session
---
event: more
code: |
  run_action_in_session({DIARY!r}, session, 'add', arguments=dict(number=1))
---
mandatory: True
question: ${{ get_session_variables({DIARY!r}, session).get('count', 0) }}
"""


def test_code_that_looks_just_afterwards_sees_the_change(tmp_path: Path) -> None:
    """Whether it is done yet or waits for its place in the line, no turn finds a session as it was before."""
    async def story(house: House) -> None:
        session = (await diary_of(house, ANN)).session_id
        reply = await house.submit(await house.begin(), session=session)
        for number in range(1, 11):
            for turn in (house.turns.action(reply.session_id, ANN, "more", {}),
                         *(house.turns.refresh(reply.session_id, ANN) for _ in range(3))):
                assert screen_of(await turn).question_text == str(number)
    at_home(tmp_path, story, LOOKING)


BOTH_WAYS = """
question: Whom?
fields:
  - Other: other
---
event: poke
code: |
  pokes = (pokes if defined('pokes') else 0) + 1
---
event: spread
code: |
  run_action_in_session(current_context().filename, other, 'poke')
---
mandatory: True
question: ${ other and (pokes if defined('pokes') else 0) }
"""


def test_sessions_that_change_each_other_at_once_wait_for_nobody_for_ever(tmp_path: Path) -> None:
    """Two sessions, each with ten turns at once that change the other: all end, and every change is done once."""
    async def story(house: House) -> None:
        one, two = await house.begin(), await house.begin()
        await house.submit(one, other=two.session_id)
        await house.submit(two, other=one.session_id)
        async with asyncio.timeout(60):
            await asyncio.gather(*(house.turns.action(each.session_id, ANN, "spread", {})
                                   for _ in range(10) for each in (one, two)))
            for each in (one, two):
                assert await shown(house, ANN, each.session_id) == "10"
    at_home(tmp_path, story, BOTH_WAYS)


def test_code_that_means_its_own_session_does_not_wait_for_itself(tmp_path: Path) -> None:
    """A turn that asks for a change of the very session it runs in ends; in words, or with the change done."""
    async def story(house: House) -> None:
        one = await house.begin()
        async with asyncio.timeout(60):
            await house.submit(one, other=one.session_id)
            with suppress(InterviewError):
                await house.turns.action(one.session_id, ANN, "spread", {})
            assert await shown(house, ANN, one.session_id) in ("0", "1")
    at_home(tmp_path, story, BOTH_WAYS)


HUB = "tests:data/questions/hub.yml"
HUB_TEXT = f"""
SHARED
---
event: pass_on
code: |
  for one in ['first', 'second']:
    session = action_argument(one)
    run_action_in_session({DIARY!r}, session, 'add', arguments=dict(number=1))
  found = [get_session_variables({DIARY!r}, action_argument('first'))['secret'],
           len(interview_list(filename={DIARY!r})[0])]
---
event: pass_on_again
code: |
  run_action_in_session({HUB!r}, action_argument('hub'), 'pass_on', arguments=action_arguments())
---
mandatory: True
question: ${{ showifdef('found') }}
"""


@pytest.mark.parametrize("shared", ["multi_user = True", "pass"])
@pytest.mark.parametrize("who", ["browser", "person"])
def test_what_is_passed_on_reaches_the_sessions_of_whoever_asked(tmp_path: Path, who: str, shared: str) -> None:
    """An action in another session that acts on sessions of the person does so when it is done for good, too: what the
    person was told is so, though their keys have gone with their turn; and for all that they have not, it is refused.
    """
    async def story(house: House) -> None:
        person = ANN if who == "browser" else signed_in(house)
        house.sources.texts[HUB] = HUB_TEXT.replace("SHARED", f"mandatory: True\ncode: {shared}")
        first, second = (await diary_of(house, person)).session_id, (await diary_of(house, person)).session_id
        one = (await house.turns.begin(HUB, person)).session_id
        other = (await house.turns.begin(HUB, person)).session_id
        arguments = f"arguments=dict(first={first!r}, second={second!r}, hub={other!r})"
        await says(house, person, f"run_action_in_session({HUB!r}, {one!r}, 'pass_on', {arguments})")
        assert await shown(house, person, one) == "[‘tulip’, 2]"   # whoever comes to it finds it done
        assert await shown(house, person, first) == "tulip 1"
        await says(house, person, f"run_action_in_session({HUB!r}, {one!r}, 'pass_on_again', {arguments})")
        await shown(house, person, one)
        assert await shown(house, person, other) == "[‘tulip’, 2]"
        for session in (first, second):
            assert await shown(house, person, session) == "tulip 2"
        assert house.rows("SELECT count(*) FROM outbox") == [(0,)]   # nobody was told of an error
        with pytest.raises(InterviewError, match="somebody else"):
            await says(house, BOB, f"run_action_in_session({HUB!r}, {one!r}, 'pass_on', {arguments})")
        assert await shown(house, person, first) == "tulip 2"
    at_home(tmp_path, story, settings={"error notification email": "staff@office.example"})


FAILING = f"""
question: Which?
fields:
  - Session: session
---
mandatory: True
code: |
  session
  made = create_session({DIARY!r})
  set_session_variables({DIARY!r}, made, dict(secret='never'))
  set_session_variables({DIARY!r}, session, dict(secret='never'))
  interview_list(action='delete', filename={DIARY!r}, session=session)
  1 / 0
---
mandatory: True
question: Done
"""


def test_a_turn_that_fails_leaves_other_sessions_alone(tmp_path: Path) -> None:
    """Neither the session it made nor what it asked of another one is there afterwards, or after a restart."""
    async def story(house: House) -> None:
        session = (await diary_of(house, ANN)).session_id
        reply = await house.begin()
        with pytest.raises(InterviewError):
            await house.submit(reply, session=session)
        assert await shown(house, ANN, session) == "tulip 0"
        assert house.rows("SELECT count(*) FROM sessions") == [(2,)]
        await house.turns.resume()
        assert await shown(house, ANN, session) == "tulip 0"
    at_home(tmp_path, story, FAILING)


MAKING = f"""
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  name
  made = create_session({DIARY!r})
  before = [one['session'] for one in interview_list(filename={DIARY!r})[0]]
  set_session_variables({DIARY!r}, made, dict(secret=name), overwrite=True)
  read_back = get_session_variables({DIARY!r}, made)['secret']
---
mandatory: True
question: ${{ made }} ${{ read_back }} ${{ made in before }}
---
event: again
code: |
  made = create_session({DIARY!r})
  log(made, 'info')
"""


@pytest.mark.parametrize("who", ["browser", "person"])
def test_a_new_session_belongs_to_whoever_had_it_made(tmp_path: Path, who: str) -> None:
    """It is in their list and nobody else's, opens for them alone, and is seen by the turn that makes it."""
    async def story(house: House) -> None:
        maker = ANN if who == "browser" else signed_in(house)
        reply = await house.submit(await house.begin(maker), maker, name="violet")
        made, read_back, listed = screen_of(reply).question_text.split()
        assert (read_back, listed) == ("violet", "True")
        assert made in [one.session_id for one in await house.turns.sessions_of(maker)]
        assert await shown(house, maker, made) == "violet 0"
        with pytest.raises(NotYours):
            await house.turns.refresh(made, BOB)
        if who == "person":   # their key, and not the browser's, as with sessions that they begin themselves
            assert await shown(house, replace(maker, browser_secret="another browser, at home"), made) == "violet 0"
            with pytest.raises(NotYours):
                await house.turns.refresh(made, ANN)
    at_home(tmp_path, story, MAKING)


def test_a_check_in_that_makes_a_session_makes_one(tmp_path: Path) -> None:
    """However a turn came about, what it asks of other sessions is written with it."""
    async def story(house: House) -> None:
        reply = await house.submit(await house.begin(), name="violet")
        await house.turns.check_in(reply.session_id, ANN, CheckIn("again"), reply.revision)
        await house.turns.action(reply.session_id, ANN, "again", {})
        assert house.rows(f"SELECT count(*) FROM sessions WHERE interview = '{DIARY}'") == [(3,)]
    at_home(tmp_path, story, MAKING)


def test_nothing_typed_is_in_the_clear_while_a_change_waits(tmp_path: Path) -> None:
    """What goes from one session to another lies sealed in the database, also before it has arrived."""
    async def story(house: House) -> None:
        session = (await diary_of(house, ANN)).session_id
        await says(house, ANN, f"set_session_variables({DIARY!r}, {session!r}, dict(secret='canary-9c1f'))")
        for file in (house.folder / "data").rglob("*"):
            if file.is_file():
                assert b"canary-9c1f" not in file.read_bytes(), file
    at_home(tmp_path, story)


PAGES = f"""
mandatory: True
code: |
  for number in range(7):
    set_session_variables({DIARY!r}, create_session({DIARY!r}), dict(secret=str(number)))
  del number
  made = True
---
mandatory: True
code: |
  made
  found = []
  (items, next_id) = interview_list(filename={DIARY!r})
  found += items
  pages = 1
  while next_id is not None:
    (items, next_id) = interview_list(filename={DIARY!r}, next_id=next_id)
    found += items
    pages += 1
  del next_id, items
---
mandatory: True
question: ${{ len(found) }} ${{ len(set(one['session'] for one in found)) }}
"""


def test_lists_go_on_page_after_page(tmp_path: Path) -> None:
    """Each session is listed once, also those that the same turn has made."""
    async def story(house: House) -> None:
        reply = await house.begin()
        assert screen_of(reply).question_text == "7 7"
        assert screen_of(await house.turns.refresh(reply.session_id, ANN)).question_text == "7 7"
    at_home(tmp_path, story, PAGES)


@pytest.mark.parametrize(("code", "expected"), [
    ("[len(interview_list()[0]), len(one_after_the_other())]", "[3, 8]"),
    # The condition looks at all sessions, not at those of one page.
    ("[one['title'] for one in interview_list(query=DA.Sessions.title == 'Other')[0]]", "['Other']"),
    ("len(interview_list(query=DA.Sessions.title == 'Diary')[0])", "3"),
    ("len(one_after_the_other(query=DA.Sessions.title == 'Diary'))", "6"),
    # A page that the turn itself fills is not the last one.
    (f"[create_session({DIARY!r}) for number in range(4)] and len(one_after_the_other())", "12"),
])
def test_every_page_is_a_full_one(tmp_path: Path, code: str, expected: str) -> None:
    """Each session that fits is on one of the pages, and the first page has as many as fit on one."""
    async def story(house: House) -> None:
        other = "tests:data/questions/other.yml"
        house.sources.texts[other] = DIARY_TEXT.replace("Diary", "Other")
        await house.turns.begin(other, ANN)
        for _ in range(6):
            await house.turns.begin(DIARY, ANN)
        assert await says(house, ANN, code) == expected
    at_home(tmp_path, story, CODE.replace("  result =", """
  def one_after_the_other(**conditions):
    found, next_id = interview_list(**conditions)
    while next_id is not None:
      more, next_id = interview_list(next_id=next_id, **conditions)
      found += more
    return found
  result ="""), {"pagination limit": 3})


def test_the_list_leaves_out_what_cannot_be_opened_any_more(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session whose answers need a class that is gone keeps nobody from the others."""
    async def story(house: House) -> None:
        module = ModuleType("module_of_an_author")
        exec("class Lease:\n  pass\n", vars(module))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        house.sources.texts[DIARY] = (f"mandatory: True\ncode: |\n  import {module.__name__}\n"
                                      f"  lease = {module.__name__}.Lease()\n---\n{DIARY_TEXT}")
        broken = (await house.turns.begin(DIARY, ANN)).session_id
        monkeypatch.delitem(sys.modules, module.__name__)
        assert await says(house, ANN, "len(interview_list()[0])") == "1"   # the code's own
        assert await says(house, ANN, f"[(one['valid'], one['dict']) for one in interview_list(session={broken!r}, "
                                      "exclude_invalid=False)[0]]") == "[(False, None)]"
    at_home(tmp_path, story)


def test_the_condition_of_what_is_deleted_knows_all_that_a_list_tells(tmp_path: Path) -> None:
    """The address of whose session it is, too."""
    async def story(house: House) -> None:
        paula = signed_in(house)
        await diary_of(house, paula)
        for address, count in (("quentin@client.example", 0), ("paula@client.example", 1)):
            assert await says(house, paula, f"interview_list(action='delete_all', filename={DIARY!r}, "
                                            f"query=DA.Sessions.email == {address!r})") == str(count)
    at_home(tmp_path, story)


def test_a_shared_session_that_is_deleted_for_all_counts_once(tmp_path: Path) -> None:
    """It is on a list once for each of its people, and yet one session."""
    async def story(house: House) -> None:
        olive = Visitor("olive's browser secret, random and long", house.owner)
        session = (await diary_of(house, ANN, SHARED)).session_id
        await house.turns.refresh(session, BOB)
        assert await says(house, olive, f"(interview_list(action='delete_all', user_id='all', filename={SHARED!r}), "
                                        f"interview_list(user_id='all', filename={SHARED!r}))") == "(1, ([], None))"
        with pytest.raises(NoSuchSession):
            await shown(house, ANN, session)
    at_home(tmp_path, story)


def test_the_keys_of_an_item_are_those_that_are_documented(tmp_path: Path) -> None:
    """What authors' tables of sessions read is there."""
    async def story(house: House) -> None:
        paula = signed_in(house)
        session = (await diary_of(house, paula)).session_id
        keys: set[str] = set(ast.literal_eval(await says(
            house, paula, f"sorted(interview_list(session={session!r})[0][0])")))
        assert keys >= {"dict", "email", "filename", "metadata", "modtime", "session", "starttime", "subtitle", "tags",
                        "title", "user_id", "utc_modtime", "utc_starttime", "valid", "temp_user_id"}
        told: dict[str, Any] = ast.literal_eval(await says(
            house, paula, f"{{key: value for key, value in interview_list(session={session!r})[0][0].items()"
                          " if key in ('title', 'filename', 'email', 'user_id', 'valid')}"))
        assert told == {"title": "Diary", "filename": DIARY, "email": "paula@client.example",
                        "user_id": paula.user.user_id, "valid": True}
    at_home(tmp_path, story)


WORKING = f"""
question: Which?
fields:
  - Session: session
---
event: work
code: |
  made = create_session({DIARY!r})
  set_session_variables({DIARY!r}, made, dict(secret='from a task'))
  seen = get_session_variables({DIARY!r}, made)['secret']
  reached = []
  for interview in ({DIARY!r}, {SHARED!r}):
    try:
      reached.append(get_session_variables(interview, session)['secret'])
    except Exception as refused:
      reached.append(type(refused).__name__)
  background_response(repr((made, seen, reached)))
---
mandatory: True
code: |
  session
  task = background_action('work')
---
mandatory: True
question: Working
"""


@pytest.mark.parametrize("shared", [False, True])
def test_a_task_makes_sessions_for_its_person_and_opens_none_of_theirs(tmp_path: Path, shared: bool) -> None:
    """What it makes is there with its end and opens for its person; their other sessions stay shut to it."""
    async def story(house: House) -> None:
        paula = signed_in(house)
        session = (await diary_of(house, paula, SHARED if shared else DIARY)).session_id
        await house.submit(await house.begin(paula), paula, session=session)
        count = len(await house.turns.sessions_of(paula))
        end = await house.work()
        assert end.value is not None
        made, seen, reached = ast.literal_eval(pickle.loads(end.value))
        assert seen == "from a task"
        assert reached == ["SessionRefused", "tulip" if shared else "SessionRefused"]
        assert len(await house.turns.sessions_of(paula)) == count + 1
        assert await shown(house, paula, made) == "from a task 0"
        with pytest.raises(NotYours):
            await house.turns.refresh(made, BOB)
    at_home(tmp_path, story, WORKING)


WATCHING = f"""
question: Which?
fields:
  - Session: session
---
event: work
code: |
  seen = []
  counter = DARedis('counter')
  while len(seen) < 2 and counter.incr('looks') < 3000:
    secret = get_session_variables({SHARED!r}, session).get('secret', 'tulip')   # none after Back
    if secret not in seen:
      seen.append(secret)
  background_response(seen)
---
mandatory: True
code: |
  session
  task = background_action('work')
---
mandatory: True
question: Working
"""


def test_a_task_that_looks_again_sees_what_others_have_done_meanwhile(tmp_path: Path) -> None:
    """It may run for an hour, and wait for what a person says in a shared session."""
    async def story(house: House) -> None:
        shared = await diary_of(house, ANN, SHARED)
        await house.submit(await house.begin(), session=shared.session_id)

        async def somebody() -> None:
            while not house.rows("SELECT 1 FROM quick_values"):  # noqa: ASYNC110 - a task tells in the store alone
                await asyncio.sleep(0.02)
            await house.submit(await house.back(shared), secret="rose")
        end, _ = await asyncio.gather(house.work(), somebody())
        assert end.value is not None
        assert pickle.loads(end.value) == ["tulip", "rose"]
    at_home(tmp_path, story, WATCHING)


@pytest.mark.parametrize("code", [
    f"set_session_variables('{INTERVIEW}', user_info().session, dict(count=1))",
    f"run_action_in_session('{INTERVIEW}', user_info().session, 'add')",
    f"get_session_variables('{INTERVIEW}', user_info().session)",
])
def test_a_task_is_told_how_to_change_its_own_session(tmp_path: Path, code: str) -> None:
    """What it assigns is not kept, so the words of a turn, which may assign, would lead it astray."""
    async def story(house: House) -> None:
        await house.begin()
        end = await house.work()
        assert "background_response_action()" in pickle.loads(end.value or b"")
    at_home(tmp_path, story, f"""
event: work
code: |
  try:
    {code}
  except Exception as refused:
    background_response(str(refused))
---
mandatory: True
code: |
  task = background_action('work')
---
mandatory: True
question: Working
""")


def _place(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


_NOWHERE = "'next_id' is not what it gave"
ABSURD = (
    *((f"interview_list(next_id={one!r})", _NOWHERE) for one in (
        _place(10**30, ""), _place(-1, ""), _place(float("inf"), ""), _place(float("nan"), ""), _place(5, "\ud800"),
        base64.urlsafe_b64encode(b"[" * 20_000).decode(), "\u00c4", "=", 10**30)),
    ("interview_list(user_id=float('inf'))", "takes the number of a user"),
    ("interview_list(query=5)", "takes a condition"),
    ("interview_list(session='\\ud800')", "[]"),
    ("interview_list(filename='\\ud800')", "[]"),
    ("get_session_variables('\\ud800:b.yml', '\\ud800')", "There is no session '?' of ?:data/questions/b.yml"),
    ("create_session('\\ud800:b.yml')", "There is no file"),
    ("delete_record('x', 10**30)", "None"),
    ("delete_record('x', 'abc')", "takes the id that write_record() gave, not 'abc'"),
    ("delete_record('x', float('inf'))", "takes the id that write_record() gave"),
    ("store_variables_snapshot({}, key='\\ud800')", "None"),
    ("get_user_info(10**30)", "is not the number of an account"),
    ("get_user_info(float('inf'))", "is not the number of an account"),
)


def test_absurd_arguments_get_words(tmp_path: Path) -> None:
    """Nothing that an address may bring along to an author's code ends in an error of the database or of Python."""
    async def story(house: House) -> None:
        for code, words in ABSURD:
            try:
                told = await says(house, ANN, code)
            except InterviewError as error:
                told = str(error)
            assert words in told, code
    at_home(tmp_path, story)
