"""Functions for other sessions, one by one: what they bring, what they leave, and what a task does with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from appliance.interview.errors import InterviewError
from appliance.sessions.errors import NoSuchSession
from appliance.sessions.visitor import Visitor
from tests.sessions.house import ANN, BOB, House, run, screen_of

OTHER = "tests:data/questions/other.yml"
OTHER_TEXT = """
metadata:
  title: Other
  tags: [green]
---
objects:
  - client: Individual
---
code: number_of_fruit = 0
---
event: add
code: |
  number_of_fruit += action_argument('number')
---
event: ask
question: Really?
yesno: really
---
event: broken
code: |
  1 / 0
---
event: copy
code: |
  made = create_session(current_context().filename)
---
event: mark
code: |
  session_tags().add('marked')
---
question: Fruit?
fields:
  - Fruit: fruit
    choices:
      - apple
      - pear
---
mandatory: True
question: ${ fruit }, ${ number_of_fruit }
"""


def at_home(folder: Path, code: str, story: Callable[[House], Awaitable[None]], other: str = OTHER_TEXT) -> None:
    """A house with an interview that makes a session and runs `code` in the action ``go``."""
    text = f"""
mandatory: True
code: |
  other = {OTHER!r}
  made = create_session(other, url_args={{'from': 'here'}})
---
event: go
code: |
{code.strip(chr(10))}
---
mandatory: True
question: ${{ showifdef('found') }}
"""
    async def whole(house: House) -> None:
        house.sources.texts[OTHER] = other
        await story(house)
    run(folder, whole, text)


async def made_by(house: House) -> str:
    """The one session of the other interview."""
    [[session_id]] = house.rows(f"SELECT id FROM sessions WHERE interview = '{OTHER}'")
    return str(session_id)


async def shows(house: House, session_id: str, visitor: Visitor = ANN) -> str:
    return screen_of(await house.turns.refresh(session_id, visitor)).question_text


async def go(house: House) -> str:
    reply = await house.begin()
    await house.turns.action(reply.session_id, ANN, "go", {})
    return await shows(house, reply.session_id)


def test_a_form_that_was_open_is_still_good_after_a_change(tmp_path: Path) -> None:
    """Back undoes a change that made a step, and none that was to overwrite; the open form is not lost."""
    async def story(house: House) -> None:
        reply = await house.begin()
        open_form = await house.turns.refresh(await made_by(house), ANN)
        await house.turns.action(reply.session_id, ANN, "go", {})
        shown = await house.submit(open_form, fruit="pear")
        assert screen_of(shown).question_text == "pear, 5"
        back = await house.back(shown)
        assert screen_of(back).question_text == "Fruit?"
        assert screen_of(await house.submit(back, fruit="apple")).question_text == "apple, 5"
        back = await house.back(await house.back(await house.turns.refresh(back.session_id, ANN)))
        assert back.steps == 1
        assert screen_of(await house.submit(back, fruit="apple")).question_text == "apple, 2"
    at_home(tmp_path, """
  run_action_in_session(other, made, 'add', arguments={'number': 2}, overwrite=True)
  run_action_in_session(other, made, 'add', arguments={'number': 3})
""", story)


@pytest.mark.parametrize(("code", "expected"), [
    ("found = get_session_variables(other, made)['url_args']['from']", "here"),
    ("found = sorted(get_session_variables(other, made))", ("['allow_cron', 'menu_items', 'multi_user', 'nav', 'role', "
     "'role_needed', 'speak_text', 'track_location', 'url_args']")),
    (("set_session_variables(other, made, {'client.name.first': 'Ann'})\n"
     "  found = get_session_variables(other, made, simplify=False)['client'].name.first"), "Ann"),
    (("set_session_variables(other, made, {'fruit': 'pear'})\n"
     "  set_session_variables(other, made, {}, delete='fruit')\n"
     "  found = get_question_data(other, made)['questionText']"), "Fruit?"),
    (("question = get_question_data(other, made)\n"
     "  found = [question['fields'][0]['variable_name'], question['questionType'], question['steps']]"),
     "['fruit', 'fields', 1]"),
    (("set_session_variables(other, made, {'fruit': 'pear'})\n"
     "  found = get_question_data(other, made)['questionText']"), "pear, 0"),
    (("set_session_variables(other, made, {'fruit': 'pear'})\n"
     "  go_back_in_session(other, made)\n"
     "  found = 'fruit' in get_session_variables(other, made)"), "False"),
    (("run_action_in_session(other, made, 'ask')\n"
     "  found = get_question_data(other, made)['questionText']"), "Fruit?"),
    (("run_action_in_session(other, made, 'ask', persistent=True)\n"
     "  found = get_question_data(other, made)['questionText']"), "Really?"),
    ("found = get_session_variables(current_context().filename, current_context().session)['other']", OTHER),
    ("found = [one['tags'] for one in interview_list(tag='green')[0]]", "[{'green'}]"),
    ("found = [one['title'] for one in interview_list(query=DA.Sessions.filename.like('%other%'))[0]]", "['Other']"),
    ("found = len(interview_list(query=~(DA.Sessions.title == 'Other') | (DA.Sessions.modtime < '1/2/2020'))[0])", "1"),
])
def test_what_the_functions_bring(tmp_path: Path, code: str, expected: str) -> None:
    """Each function of an author, on a session that is there already."""
    async def story(house: House) -> None:
        shown = await go(house)
        assert shown.replace("‘", "'").replace("’", "'") == expected
    at_home(tmp_path, f"  {code}", story)


def test_one_tag_may_be_written_without_a_list(tmp_path: Path) -> None:
    """``tags: green`` in an interview's metadata is one tag, also when code adds another one."""
    async def story(house: House) -> None:
        assert await go(house) == "green marked"
    at_home(tmp_path, """
  run_action_in_session(other, made, 'mark')
  found = ' '.join(sorted(interview_list(filename=other)[0][0]['tags']))
""", story, OTHER_TEXT.replace("[green]", "green"))


@pytest.mark.parametrize(("code", "words"), [
    ("get_session_variables(other, 'nothing')", "There is no session 'nothing'"),
    ("create_session('tests:data/questions/none.yml')", "none.yml"),
    ("run_action_in_session(other, made, 'broken')", "division by zero"),
    ("run_action_in_session(other, made, 'nothing')", "no action 'nothing'"),
    ("set_session_variables(other, made, {'no name': 1})", "'no name' is not the name of a variable"),
    ("set_session_variables(other, made, {'fruit.colour': 1})", "fruit.colour cannot be set"),
    ("set_session_variables(other, made, {'fruit': (n for n in [1])})", "'fruit' holds a generator"),
    ("run_action_in_session(current_context().filename, current_context().session, 'go')", "the code runs in"),
    ("interview_list(user_id='all')", "'access_sessions'"),
    ("interview_list(action='forget')", "no action 'forget'"),
    ("interview_list(next_id='x')", "next_id"),
])
def test_what_cannot_be_is_said_where_it_is_asked_for(tmp_path: Path, code: str, words: str) -> None:
    """An error is the asking turn's, in words; the other session is as it was."""
    async def story(house: House) -> None:
        with pytest.raises(InterviewError, match=words):
            await go(house)
        assert await shows(house, await made_by(house)) == "Fruit?"
        assert house.rows("SELECT count(*) FROM session_changes") == [(0,)]
    at_home(tmp_path, f"  found = {code}", story)


def test_what_comes_of_internal_names_hurts_nobody(tmp_path: Path) -> None:
    """A copy takes along what was answered; what belongs to one session alone stays its own."""
    async def story(house: House) -> None:
        await go(house)
        made = await made_by(house)
        assert await shows(house, made) == "pear, 7"
        assert house.rows("SELECT count(*) FROM sessions") == [(2,)]
    at_home(tmp_path, """
  import json
  set_session_variables(other, made, all_variables(simplify=False), overwrite=True)
  set_session_variables(other, made, {'fruit': 'pear', 'number_of_fruit': 7}, overwrite=True)
  set_session_variables(other, made, {"_internal['answered']": _internal['answered'],
                                      "_internal['answers']": _internal['answers'],
                                      "_internal['device_local']": _internal['device_local'],
                                      "_internal['user_local']": _internal['user_local'],
                                      "_internal['stack']": 'nonsense', "_internal": {'starttime': 1},
                                      '__builtins__': {}}, overwrite=True)
""", story)


def test_files_are_copied_into_the_other_session(tmp_path: Path) -> None:
    """Each session has files of its own: the copy is there after the first session, with its file, is deleted."""
    async def story(house: House) -> None:
        reply = await house.begin()
        await house.turns.action(reply.session_id, ANN, "go", {})
        made = await made_by(house)
        await shows(house, made)
        await house.turns.delete(reply.session_id, ANN)
        assert await shows(house, made) == "tulips"
        assert house.rows(f"SELECT count(*) FROM files WHERE session_id = '{made}'") == [(1,)]
    at_home(tmp_path, """
  letter = DAFile('letter')
  letter.initialize(filename='letter.txt', content='tulips')
  set_session_variables(other, made, {'letter': letter, 'again': [letter]})
""", story, "question: Letter?\nfields:\n  - Letter: letter\n    datatype: file\n---\nmandatory: True\n"
                "question: ${ letter.slurp() }\n")


LETTER_TEXT = """
mandatory: True
code: |
  multi_user = True
  letter = DAFile('letter')
  letter.initialize(filename='letter.txt', content='tulips')
  letters = [letter, letter]
---
mandatory: True
question: ${ copied.slurp() if defined('copied') else 'Mine' }
"""


@pytest.mark.parametrize(("code", "expected", "files"), [
    ("found = theirs['letter'].slurp()", "tulips", 0),
    ("found = [theirs['letter'].size_in_bytes(), theirs['letters'][1].filename]", "[6, 'letter.txt']", 0),
    ("mine = theirs['letter']", "tulips", 1),
    ("mine = theirs['letters'][0]\n  mine.write('roses')", "roses", 1),
])
def test_files_of_another_session_are_copies_that_stay_where_they_are_kept(
        tmp_path: Path, code: str, expected: str, files: int) -> None:
    """Code reads them, and what it keeps is there after the other session is gone; what it does not keep, is not."""
    async def story(house: House) -> None:
        reply = await house.begin()
        made = await made_by(house)
        for _ in range(2):   # looking again leaves nothing more
            await house.turns.action(reply.session_id, ANN, "go", {})
        kept = house.rows(f"SELECT count(*) FROM files WHERE session_id = '{reply.session_id}'")
        assert kept == [(2 * files,)]   # those of the step before are there for Back
        assert await shows(house, made) == "Mine"
        await house.turns.delete(made, ANN)
        shown = await shows(house, reply.session_id)
        assert shown.replace("‘", "'").replace("’", "'") == expected
    at_home(tmp_path, f"""
  theirs = get_session_variables(other, made, simplify=False)
  {code}
  del theirs
  if defined('mine'):
    found = mine.slurp()
""", story, LETTER_TEXT)


def test_a_file_goes_from_one_session_to_a_third(tmp_path: Path) -> None:
    """A copy of all that a session has takes its files along, whoever makes it."""
    async def story(house: House) -> None:
        await go(house)
        first, second = (row[0] for row in house.rows(
            f"SELECT id FROM sessions WHERE interview = '{OTHER}' ORDER BY number"))
        await shows(house, second)   # what was asked of it is done
        await house.turns.delete(first, ANN)
        assert await shows(house, second) == "tulips"
    at_home(tmp_path, """
  theirs = get_session_variables(other, made, simplify=False)
  set_session_variables(other, create_session(other), {'copied': theirs['letter']})
  del theirs
""", story, LETTER_TEXT)


def blobs_and_rows(house: House) -> tuple[int, int]:
    """How many contents of files lie on the disk, and how many files there are."""
    return (sum(1 for path in (house.folder / "data" / "files").glob("*/*") if path.is_file()),
            house.rows("SELECT count(*) FROM files")[0][0])


def test_a_session_that_does_not_come_about_leaves_no_file(tmp_path: Path) -> None:
    """Its files were on the disk when the turn that made it deleted it again."""
    async def story(house: House) -> None:
        await go(house)
        assert blobs_and_rows(house) == (1, 1)   # of the one that stays
    at_home(tmp_path, "  found = interview_list(action='delete', session=create_session(other))", story, LETTER_TEXT)


def test_a_response_action_that_cannot_answer_leaves_no_file_twice(tmp_path: Path) -> None:
    """What the task made is there with its end, and not once more of the action that was given up."""
    async def story(house: House) -> None:
        house.sources.texts[OTHER] = LETTER_TEXT
        await house.begin()
        await house.work()
        assert blobs_and_rows(house) == (1, 1)
    run(tmp_path, story, f"""
event: work
code: |
  create_session({OTHER!r})
  background_response_action('done')
---
event: done
code: |
  background_response(number for number in [1])
---
mandatory: True
code: |
  background_action('work')
  started = True
---
mandatory: True
question: Working
""")


def test_a_task_takes_files_of_a_shared_session_along(tmp_path: Path) -> None:
    """It reads them, and what it gives to its response action is the session's own from then on."""
    async def story(house: House) -> None:
        house.sources.texts[OTHER] = LETTER_TEXT
        shared = (await house.turns.begin(OTHER, BOB)).session_id
        reply = await house.begin(session=shared)
        await house.work()
        await house.turns.delete(shared, BOB)
        assert await shows(house, reply.session_id) == "tulips tulips"
        assert house.rows("SELECT count(*) FROM files") == [(1,)]
    run(tmp_path, story, f"""
event: work
code: |
  theirs = get_session_variables({OTHER!r}, url_args['session'], simplify=False)
  background_response_action('done', letter=theirs['letter'], text=theirs['letters'][0].slurp())
---
event: done
code: |
  letter = action_argument('letter')
  text = action_argument('text')
---
mandatory: True
code: |
  background_action('work')
  started = True
---
mandatory: True
question: ${{ text + ' ' + letter.slurp() if defined('text') else 'Wait' }}
""")


DELETING = """
  found = interview_list(action={action!r}, session={session})
  found = str(found) + ' ' + str(len(interview_list()[0]))
"""


@pytest.mark.parametrize(("session", "action"), [("made", "delete"), ("None", "delete_all")])
def test_a_session_is_deleted_after_the_turn_that_asks(tmp_path: Path, session: str, action: str) -> None:
    """It is gone from all lists at once, and from the disk before anybody comes to it; the code's own session stays."""
    async def story(house: House) -> None:
        reply = await house.begin()
        made = await made_by(house)
        await house.turns.action(reply.session_id, ANN, "go", {})
        assert [one.session_id for one in await house.turns.sessions_of(ANN)] == [reply.session_id]
        assert await house.turns.find(OTHER, ANN) is None
        assert await shows(house, reply.session_id) == "1 1"
        with pytest.raises(NoSuchSession):
            await shows(house, made)
        assert house.rows("SELECT id FROM sessions") == [(reply.session_id,)]
    at_home(tmp_path, DELETING.format(action=action, session=session), story)


def test_who_joined_a_session_only_takes_it_off_their_list(tmp_path: Path) -> None:
    """What others hold stays, unless it is to go for all of them."""
    text = f"""
question: Go?
fields:
  - Session: session
  - All: everybody
---
mandatory: True
question: |
  ${{ interview_list(action='delete', session=session, delete_shared=everybody == 'yes') }}
  ${{ len(interview_list(filename={OTHER!r})[0]) }}
"""
    async def story(house: House) -> None:
        house.sources.texts[OTHER] = "mandatory: True\ncode: multi_user = True\n---\nmandatory: True\nquestion: Both\n"
        shared = await house.turns.begin(OTHER, ANN)
        for everybody, found in (("no", 1), ("yes", 0)):
            await house.turns.refresh(shared.session_id, BOB)
            assert shared.session_id in [one.session_id for one in await house.turns.sessions_of(BOB)]
            reply = await house.submit(await house.begin(BOB), BOB, session=shared.session_id, everybody=everybody)
            assert screen_of(reply).question_text.split() == ["1", "0"]   # one was deleted, and none is left
            with suppress(NoSuchSession):   # whoever comes to the session finds it done
                await shows(house, shared.session_id)
            assert [one for one in await house.turns.sessions_of(BOB) if one.interview == OTHER] == []
            assert len(await house.turns.sessions_of(ANN)) == found
    run(tmp_path, story, text)


def test_sessions_that_make_each_other_come_to_an_end(tmp_path: Path) -> None:
    """An interview that makes a session of itself before its first screen is told so, and nothing is left."""
    async def story(house: House) -> None:
        house.sources.texts[OTHER] = f"mandatory: True\ncode: create_session({OTHER!r})\n"
        with pytest.raises(InterviewError, match="went on too long"):
            await house.turns.begin(OTHER, ANN)
        assert house.rows("SELECT count(*) FROM sessions") == [(0,)]
    run(tmp_path, story)


def test_a_change_that_fails_when_its_turn_comes_is_given_up(tmp_path: Path) -> None:
    """What looked possible may be impossible by then: it is dropped, and what came after it is done."""
    async def story(house: House) -> None:
        reply = await house.begin()
        made = await made_by(house)
        await house.turns.action(reply.session_id, ANN, "go", {})
        shown = await house.turns.refresh(made, ANN)
        assert screen_of(await house.submit(shown, fruit="pear")).question_text == "pear, 2"
        assert house.rows("SELECT count(*) FROM session_changes") == [(0,)]
    at_home(tmp_path, """
  run_action_in_session(other, made, 'once')
  run_action_in_session(other, made, 'add', arguments={'number': 2})
""", story, OTHER_TEXT + """
---
event: once
code: |
  number_of_fruit += 100
  assert DARedis('counter').incr('runs') == 1
""")


TASK = f"""
event: work
code: |
  made = create_session({OTHER!r}, url_args={{'from': 'task'}})
  set_session_variables({OTHER!r}, made, {{'fruit': 'pear'}})
  run_action_in_session({OTHER!r}, made, 'add', arguments={{'number': 4}})
  seen = get_session_variables({OTHER!r}, made)
  END
---
event: done
code: |
  told = action_argument('told')
  told_more = get_session_variables({OTHER!r}, action_argument('made'))['number_of_fruit']
---
mandatory: True
code: |
  background_action('work')
  started = True
---
mandatory: True
question: ${{ showifdef('told') }} ${{ showifdef('told_more') }}
"""


@pytest.mark.parametrize(("end", "expected"), [
    ("background_response_action('done', told=seen['number_of_fruit'], made=made)", "4 4"),
    ("background_response(1)", ""),
    ("1 / 0", ""),
])
def test_what_a_task_makes_is_there_with_its_end(tmp_path: Path, end: str, expected: str) -> None:
    """A task sees what it made while it runs; the session belongs to its person, whatever the task came to."""
    async def story(house: House) -> None:
        house.sources.texts[OTHER] = OTHER_TEXT
        ann = Visitor(ANN.browser_secret, house.owner)
        reply = await house.begin(ann)
        await house.work()
        assert await shows(house, reply.session_id, ann) == expected
        assert await shows(house, await made_by(house), Visitor("the owner's telephone", house.owner)) == "pear, 4"
        with pytest.raises(Exception, match="somebody else"):
            await shows(house, await made_by(house), ANN)
        assert house.rows("SELECT count(*) FROM sessions") == [(2,)]
    run(tmp_path, story, TASK.replace("END", end))
