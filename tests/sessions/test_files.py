"""Files in turns and tasks: kept with the commit, sealed, gone with the session, and nothing left in the clear."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.interview.errors import CodeFailed
from appliance.interview.files import FileInfo, new_number
from appliance.interview.host import UserInfo
from appliance.interview.tasks import ErrorDetails, TaskFile
from appliance.sessions.errors import NoSuchFile, NoSuchSession, NotYours
from appliance.sessions.evaluation import Evaluator, TimeOver
from appliance.sessions.reply import Reply
from appliance.sessions.visitor import Visitor
from appliance.store.database import Store
from appliance.store.errors import StoreFull
from appliance.store.files import FOLDER, FileRow, FileStore
from appliance.workspace import PREFIX
from tests.sessions.house import ANN, BOB, House, run, screen_of

WRITES = """
objects:
  - letter: DAFile
---
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  name
  letter.initialize(filename='Zaphod Letter.txt')
  letter.write('Zaphod-Content for ' + name)
---
event: again
code: |
  letter.write('Zaphod-Content, rewritten')
---
event: fails
code: |
  letter.write('Zaphod-Content that nobody may keep')
  other = DAFile('other')
  other.initialize(filename='Zaphod other.txt', content='Zaphod-Content')
  1 / 0
---
event: deletes
code: |
  from appliance.interview.host import current
  current().host.delete_file(letter.number)
  json_response('gone')
---
event: renames
code: |
  letter.filename = 'New name.md'
---
event: spins
code: |
  letter.write('Zaphod-Content of somebody who takes too long')
  import time
  while True:
    try:
      time.sleep(0.01)
    except BaseException:
      pass
---
event: leaves
code: |
  command('exit')
---
event: reads
code: |
  json_response(letter.slurp())
---
need: name
mandatory: True
question: |
  ${ letter.slurp() }
fields:
  - Comment: comment
---
mandatory: True
question: Done ${ comment }
"""


def open_folders() -> set[str]:
    """Files that this process has open; others run tests too."""
    return {path.name for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}{os.getpid()}-*")}


def blobs(house: House) -> set[str]:
    return {path.name for path in (house.store.folder / FOLDER).glob("??/*")}


def named(house: House) -> set[str]:
    """The blobs that rows name."""
    return {str(blob) for (blob,) in house.rows("SELECT blob FROM files")}


async def content(house: House, number: int, visitor: Visitor = ANN) -> bytes:
    served = await house.turns.file(number, visitor)
    return b"".join(served.read(0))


def only_file(house: House) -> int:
    [(number,)] = house.rows("SELECT number FROM files")
    return int(number)


async def begun(house: House) -> Reply:
    return await house.submit(await house.begin(), name="Fred")


async def act(house: House, reply: Reply, name: str) -> Reply:
    return await house.turns.action(reply.session_id, ANN, name, {})


@pytest.fixture(autouse=True)
def _nothing_lies_open() -> Any:
    """Every test leaves nothing in the clear behind."""
    before = open_folders()
    yield
    assert open_folders() <= before


def test_what_a_turn_writes_is_there_in_the_next_one_and_after_a_restart(tmp_path: Path) -> None:
    """Under its name, to be read by author code and by its person, and never in the clear in the data folder."""
    async def first(house: House) -> int:
        reply = await begun(house)
        assert screen_of(reply).question_text == "Zaphod-Content for Fred"
        number = only_file(house)
        served = await house.turns.file(number, ANN)
        assert (served.info.filename, served.info.mimetype, served.info.size) == ("Zaphod Letter.txt", "text/plain", 23)
        assert await content(house, number) == b"Zaphod-Content for Fred"
        return number

    async def second(house: House) -> None:
        assert await content(house, number) == b"Zaphod-Content for Fred"
        [session] = await house.turns.sessions_of(ANN)
        shown = await house.turns.refresh(session.session_id, ANN)
        assert screen_of(shown).question_text == "Zaphod-Content for Fred"
        assert blobs(house) == named(house)
    number = run(tmp_path, first, WRITES)
    run(tmp_path, second, WRITES)
    on_disk = [(str(path), path.read_bytes()) for path in tmp_path.rglob("*") if path.is_file()]
    assert not [name for name, data in on_disk if "Zaphod" in name or b"Zaphod" in data]


def test_new_content_replaces_the_blob_and_a_turn_that_writes_nothing_leaves_it(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        reply = await begun(house)
        first = blobs(house)
        await act(house, reply, "reads")
        await house.turns.refresh(reply.session_id, ANN)
        assert blobs(house) == first
        await act(house, reply, "again")
        assert await content(house, only_file(house)) == b"Zaphod-Content, rewritten"
        await _removed(house, first)
    run(tmp_path, test, WRITES)


async def _removed(house: House, gone: set[str]) -> None:
    """The blobs are removed beside the loop, right after the commit."""
    for _ in range(200):
        if not blobs(house) & gone and blobs(house) == named(house):
            break
        await asyncio.sleep(0.01)
    assert blobs(house) == named(house)


def test_a_turn_that_ends_in_an_error_keeps_no_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither what it changed nor what it made."""
    async def test(house: House) -> None:
        reply = await begun(house)
        before = blobs(house)
        with pytest.raises(CodeFailed):
            await act(house, reply, "fails")
        assert blobs(house) == before
        assert await content(house, only_file(house)) == b"Zaphod-Content for Fred"
    run(tmp_path, test, WRITES)
    assert "Zaphod" not in caplog.text


def test_a_commit_that_fails_leaves_the_old_content_and_no_blob(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the disk is full at the last moment."""
    async def test(house: House) -> None:
        reply = await begun(house)
        before = blobs(house)

        async def full(function: Any) -> Any:
            raise StoreFull("full")
        with monkeypatch.context() as patched:
            patched.setattr(house.turns._runner, "write", full)
            with pytest.raises(StoreFull):
                await act(house, reply, "again")
        assert blobs(house) == before
        assert await content(house, only_file(house)) == b"Zaphod-Content for Fred"
        await act(house, reply, "again")
        assert await content(house, only_file(house)) == b"Zaphod-Content, rewritten"
    run(tmp_path, test, WRITES)


def test_deleting_and_renaming(tmp_path: Path) -> None:
    """The name and kind change without the content; a deleted file is gone for everybody, on the disk too."""
    async def test(house: House) -> None:
        reply = await begun(house)
        await act(house, reply, "renames")
        served = await house.turns.file(number := only_file(house), ANN)
        assert served.info.filename == "New name.md"
        assert await content(house, number) == b"Zaphod-Content for Fred"
        gone = blobs(house)
        await act(house, reply, "deletes")
        with pytest.raises(NoSuchFile):
            await house.turns.file(number, ANN)
        await _removed(house, gone)
        assert blobs(house) == set()
    run(tmp_path, test, WRITES)


@pytest.mark.parametrize("how", ["exit", "delete"])
def test_the_end_of_a_session_removes_its_files(tmp_path: Path, how: str) -> None:
    """However it ends; the files of another one stay."""
    async def test(house: House) -> None:
        reply, other = await begun(house), await house.submit(await house.begin(BOB), BOB, name="Bob")
        gone = blobs(house)
        if how == "exit":
            await act(house, reply, "leaves")
        else:
            await house.turns.delete(reply.session_id, ANN)
        await _removed(house, gone - named(house))
        assert len(blobs(house)) == 1
        assert await content(house, only_file(house), BOB) == b"Zaphod-Content for Bob"
        assert other.session_id
    run(tmp_path, test, WRITES)


def test_a_file_of_a_shared_session_is_for_those_who_hold_it(tmp_path: Path) -> None:
    """Numbers can be guessed, links cannot: a stranger gets no file, whoever opened the link does, an administrator
    too. When it is shared no longer, those who came by the link hold it no longer.
    """
    text = WRITES + """
---
event: share
code: |
  multi_user = action_argument('on')
"""
    stranger = Visitor("a stranger's browser secret, random and long")
    boss = replace(stranger, user=UserInfo(7, "boss@example.com", privileges=("admin",)))

    async def test(house: House) -> None:
        async def told(**arguments: Any) -> None:
            await house.turns.action(reply.session_id, ANN, "share", arguments)

        async def is_kept_from(*visitors: Visitor) -> None:
            for visitor in visitors:
                with pytest.raises(NotYours):
                    await house.turns.file(number, visitor)

        reply = await begun(house)
        number = only_file(house)
        await is_kept_from(BOB, boss)
        await told(on=True)
        await is_kept_from(BOB, stranger)
        assert await content(house, number, boss) == await content(house, number)
        assert [one.session_id for one in await house.turns.sessions_of(BOB)] == []
        await house.turns.refresh(reply.session_id, BOB)
        for forget in (False, True):
            if forget:
                house.turns._runner.vault.shelf.forget(reply.session_id)
            assert await content(house, number, BOB) == await content(house, number)
            await is_kept_from(stranger)
        [one] = await house.turns.sessions_of(BOB)
        assert (one.session_id, one.joined) == (reply.session_id, True)
        await told(on=False)
        await is_kept_from(BOB, stranger, boss)
        assert await content(house, number, ANN)
    run(tmp_path, test, text)


def test_only_who_can_open_the_session_gets_a_file(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        reply = await begun(house)
        number = only_file(house)
        for forget in (False, True):   # the session in memory, and not
            if forget:
                house.turns._runner.vault.shelf.forget(reply.session_id)
            with pytest.raises(NotYours):
                await house.turns.file(number, BOB)
            assert await content(house, number)
        with pytest.raises(NoSuchFile):
            await house.turns.file(number + 1, ANN)
        await house.turns.delete(reply.session_id, ANN)
        with pytest.raises((NoSuchFile, NoSuchSession)):
            await house.turns.file(number, ANN)
    run(tmp_path, test, WRITES)


def test_an_evaluation_that_was_given_up_reaches_no_file(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The turn is over for whoever waits: what its thread still has open is gone, and it can open nothing more."""
    from appliance.sessions import files as module

    made: list[module.TurnFiles] = []
    original = module.TurnFiles.__init__

    def noted(self: module.TurnFiles, *arguments: Any) -> None:
        original(self, *arguments)
        made.append(self)
    monkeypatch.setattr(module.TurnFiles, "__init__", noted)

    async def test(house: House) -> None:
        reply = await begun(house)
        before = blobs(house)
        with pytest.raises(TimeOver):
            await act(house, reply, "spins")
        with pytest.raises(RuntimeError, match="is over"):
            made[-1].workspace.new("late.txt")
        assert blobs(house) == before
        assert await content(house, only_file(house)) == b"Zaphod-Content for Fred"
    caplog.set_level(logging.CRITICAL)
    run(tmp_path, test, WRITES.replace("while True:", "for _ in range(150):"),
        evaluator=Evaluator(limit=0.4, grace=0.2))


# -- tasks -------------------------------------------------------------------------------------------------

TASK = WRITES.replace("""---
event: again""", """---
mandatory: True
code: |
  task = background_action('work', None)
---
event: work
code: |
  background_response(1)
---
event: arrived
code: |
  report = action_argument('report')
  report_text = report.slurp()
  copy = DAFile('copy')
  copy.initialize(filename='copy.txt', content=report_text)
  letter.write('callback was here, after: ' + letter.slurp())
  background_response()
---
event: arrived_and_fails
code: |
  copy = DAFile('copy')
  copy.initialize(filename='copy.txt', content='x')
  1 / 0
---
event: says
code: |
  json_response([report_text, report.slurp(), copy.slurp(), copy.number, letter.slurp()])
---
event: again""")


def task_file(text: str | None = "made in the task", number: int = 0, filename: str = "Zaphod report.txt") -> TaskFile:
    return TaskFile(number or new_number(), filename, "text/plain", None if text is None else text.encode())


def as_author_has_it(made: TaskFile) -> Any:
    """The DAFile that a task would hand over."""
    from appliance.library.files import DAFile

    one = DAFile("report")
    one._know(FileInfo(made.number, made.filename, made.mimetype, len(made.content or b"")))
    return one


def test_what_a_task_made_and_changed_is_there_with_its_end(tmp_path: Path) -> None:
    """Also when it failed, exactly once, and only then."""
    async def test(house: House) -> None:
        await begun(house)
        letter, made = only_file(house), task_file()
        with pytest.raises(NoSuchFile):
            await house.turns.file(made.number, ANN)
        files = (made, task_file("changed", letter, "Zaphod Letter.txt"))
        task_id = await house.only_task()
        error = ErrorDetails("ValueError", "no")
        await asyncio.gather(*(house.end(task_id, error=error, files=files) for _ in range(3)))
        assert await content(house, made.number) == b"made in the task"
        assert await content(house, letter) == b"changed"
        await _removed(house, set())
        assert len(blobs(house)) == 2
    run(tmp_path, test, TASK)


def test_what_a_task_deleted_is_gone_with_its_end(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        await begun(house)
        letter = only_file(house)
        await house.end(await house.only_task(), files=(task_file(None, letter),))
        with pytest.raises(NoSuchFile):
            await house.turns.file(letter, ANN)
    run(tmp_path, test, TASK)


def test_a_response_action_reads_what_its_task_made(tmp_path: Path) -> None:
    """The file is not committed yet and is there all the same; what the action writes is kept in the same commit."""
    async def test(house: House) -> None:
        reply = await begun(house)
        made = task_file()
        await house.end(await house.only_task(), action="arrived", arguments={"report": as_author_has_it(made)},
                        files=(made,))
        says = await act(house, reply, "says")
        text, report, copy, _, letter = _json(says)
        assert (text, report, copy) == ("made in the task",) * 3
        assert letter == "callback was here, after: Zaphod-Content for Fred"
        await _removed(house, set())
        assert len(blobs(house)) == 3
    run(tmp_path, test, TASK)


def test_an_action_that_fails_keeps_the_files_of_its_task(tmp_path: Path) -> None:
    """They belong to the task's end, not to the action, whose own are dropped."""
    async def test(house: House) -> None:
        await begun(house)
        made = task_file()
        await house.end(await house.only_task(), action="arrived_and_fails", files=(made,))
        assert await content(house, made.number) == b"made in the task"
        await _removed(house, set())
        assert len(blobs(house)) == 2
    run(tmp_path, test, TASK)


def _json(reply: Reply) -> Any:
    import json

    return json.loads(reply.ending.body)  # type: ignore[union-attr]


def test_back_across_a_callback_keeps_files_and_does_to_them_nothing_twice(tmp_path: Path) -> None:
    """The callback runs again on the older answers: what it makes is a new file, what it did to others is done."""
    async def test(house: House) -> None:
        reply = await begun(house)
        made = task_file()
        # The screen is answered before the task ends, so that Back leads to answers without the callback.
        moved = await house.submit(reply, comment="x")
        await house.end(await house.only_task(), action="arrived", arguments={"report": as_author_has_it(made)},
                        files=(made,))
        before = _json(await act(house, reply, "says"))
        shown = await house.turns.refresh(moved.session_id, ANN)
        went_back = await house.back(await house.back(shown))
        assert went_back.steps == reply.steps
        text, report, copy, copy_number, letter = _json(await act(house, went_back, "says"))
        assert (text, report, copy) == ("made in the task",) * 3
        assert letter == before[4] == "callback was here, after: Zaphod-Content for Fred"
        assert copy_number != before[3]
        assert await content(house, before[3]) == b"made in the task"
        await _removed(house, set())
    run(tmp_path, test, TASK)


def test_a_running_task_reads_files_of_its_own_session_only(tmp_path: Path) -> None:
    """What a worker asks for: answered while the task is outstanding, with content, and for no other session's file."""
    async def test(house: House) -> None:
        await begun(house)
        mine, task_id = only_file(house), await house.only_task()
        await house.submit(await house.begin(BOB), BOB, name="Bob")
        [(bobs,)] = house.rows(f"SELECT number FROM files WHERE number <> {mine}")
        assert await house.turns.questions.file(task_id, mine) == (
            FileInfo(mine, "Zaphod Letter.txt", "text/plain", 23), b"Zaphod-Content for Fred")
        assert await house.turns.questions.file(task_id, bobs) is None
        assert await house.turns.questions.file(task_id, mine + 1) is None
        assert await house.turns.questions.file("no such task", mine) is None
        await house.end(task_id)
        assert await house.turns.questions.file(task_id, mine) is None
    run(tmp_path, test, TASK)


WAITS = """
objects:
  - letter: DAFile
---
mandatory: True
code: |
  letter.initialize(filename='letter.txt', content='for the task')
  answer = background_action('work', None).get()
  letter.write(letter.slurp() + ', and after it')
---
event: work
code: |
  background_response(1)
---
mandatory: True
question: |
  ${ letter.slurp() } ${ answer }
"""


def _queued(house: House) -> asyncio.Event:
    """Set when a task is."""
    event, loop = asyncio.Event(), asyncio.get_running_loop()

    def queued() -> None:
        loop.call_soon_threadsafe(event.set)
    house.turns.listeners.on_tasks_queued = queued
    return event


def test_a_task_that_its_own_turn_waits_for_finds_the_files_of_that_turn(tmp_path: Path) -> None:
    """They are committed with the task, before the turn is over; what the turn writes later, with the turn."""
    async def test(house: House) -> None:
        queued = _queued(house)
        turn = asyncio.create_task(house.begin())
        await queued.wait()
        task_id = await house.only_task()
        found = await house.turns.questions.file(task_id, only_file(house))
        assert found is not None
        assert found[1] == b"for the task"
        await house.end(task_id, "seen")
        assert screen_of(await turn).question_text == "for the task, and after it seen"
        assert await content(house, only_file(house)) == b"for the task, and after it"
        await _removed(house, set())
    run(tmp_path, test, WAITS)


def test_a_first_turn_that_fails_after_its_task_leaves_nothing(
        tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(house: House) -> None:
        queued = _queued(house)
        turn = asyncio.create_task(house.begin())
        await queued.wait()
        await house.end(await house.only_task(), "seen")
        with pytest.raises(CodeFailed):
            await turn
        assert house.rows("SELECT count(*) FROM sessions") == [(0,)]
        await _removed(house, set())
        assert blobs(house) == set()
    caplog.set_level(logging.CRITICAL)
    run(tmp_path, test, WAITS.replace("letter.write(", "1 / 0, ("))


FIRST_TURN_FAILS_BESIDE_A_TASK = """
mandatory: True
code: |
  from tests.sessions.test_files import two_tasks
  two_tasks().get()
---
event: work
code: |
  background_response(1)
---
event: arrived
code: |
  background_response(2)
"""


def two_tasks() -> object:
    """What a library function does that starts a task, and one that collects what it has found."""
    from appliance.interview.host import current
    from appliance.interview.turn import StartTask
    from appliance.library.background import MyAsyncResult

    current().effects.extend([StartTask("runs", "work", {}), StartTask("acts", "work", {}),
                              StartTask("collects", "work", {}, after=("runs", "acts"))])
    return MyAsyncResult("collects", current().host.now())


def test_tasks_of_a_first_turn_that_fails_are_ended_where_they_run(
        tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody is left to take what they bring, so they must not keep a worker for an hour."""
    async def test(house: House) -> None:
        queued = _queued(house)
        turn = asyncio.create_task(house.begin())
        await queued.wait()
        assert await house.journal.mark_running("runs", "a worker")
        ending = asyncio.create_task(house.end("acts", action="arrived"))   # which the turn cannot wait for
        with pytest.raises(CodeFailed):
            await turn
        await ending
        assert "runs" in house.revoked
        assert house.rows("SELECT count(*) FROM tasks") == [(0,)]
    caplog.set_level(logging.CRITICAL)
    run(tmp_path, test, FIRST_TURN_FAILS_BESIDE_A_TASK)


def test_files_that_were_committed_for_a_task_stay_when_the_time_limit_strikes_then(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The turn fails as its write goes to the disk: the rows stand, so what they name must be there."""
    original = Store.write

    def strikes(self: Store, function: Any) -> Any:
        future = original(self, function)
        if getattr(function, "__name__", "") == "queue":
            future.result()
            raise TimeOver
        return future

    async def test(house: House) -> None:
        reply = await house.submit(await house.begin(), name="Fred")
        letter = only_file(house)
        monkeypatch.setattr(Store, "write", strikes)
        with pytest.raises(TimeOver):
            await act(house, reply, "waits")
        monkeypatch.undo()
        assert named(house) <= blobs(house)
        assert await content(house, letter) == b"for the task"
    caplog.set_level(logging.CRITICAL)
    run(tmp_path, test, WRITES + """
---
event: waits
code: |
  letter.write('for the task')
  background_action('again', None).get()
""")


def test_back_does_not_go_on_without_a_callback_that_ran_into_the_time_limit(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is committed, so that the next try finds it all; and what it had open is gone."""
    text = TASK.replace("  letter.write('callback was here", "  pause()\n  letter.write('callback was here").replace(
        "event: arrived\ncode: |\n", "event: arrived\ncode: |\n  from tests.sessions.test_files import pause\n", 1)

    async def test(house: House) -> None:
        reply = await begun(house)
        made = task_file()
        moved = await house.submit(reply, comment="x")
        await house.end(await house.only_task(), action="arrived", arguments={"report": as_author_has_it(made)},
                        files=(made,))
        shown = await house.turns.refresh(moved.session_id, ANN)
        monkeypatch.setenv("TEST_CALLBACK_PAUSES", "1")
        with pytest.raises(TimeOver):
            await house.back(shown)
        assert open_folders() <= before
        monkeypatch.delenv("TEST_CALLBACK_PAUSES")
        went_back = await house.back(shown)
        assert _json(await act(house, went_back, "says"))[0] == "made in the task"
    before = open_folders()
    caplog.set_level(logging.CRITICAL)
    run(tmp_path, test, text, evaluator=Evaluator(limit=0.5, grace=30))


def pause() -> None:
    """Takes too long, once it is told to."""
    while os.environ.get("TEST_CALLBACK_PAUSES"):
        time.sleep(0.01)


def test_a_callback_whose_files_find_no_room_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is no failure of the task: the end is delivered again when there is room."""
    async def test(house: House) -> None:
        reply = await begun(house)
        made, task_id = task_file(), await house.only_task()
        original = FileStore.seal

        def full(self: FileStore, session_id: str, key: bytes, info: FileInfo, content: Path | bytes) -> FileRow:
            if info.filename == "copy.txt":
                raise StoreFull("The disk is full.")
            return original(self, session_id, key, info, content)
        monkeypatch.setattr(FileStore, "seal", full)
        arguments = {"report": as_author_has_it(made)}
        with pytest.raises(StoreFull):
            await house.end(task_id, action="arrived", arguments=arguments, files=(made,))
        assert house.rows("SELECT state FROM tasks") == [("queued",)]
        assert blobs(house) == named(house)
        monkeypatch.undo()
        await house.end(task_id, action="arrived", arguments=arguments, files=(made,))
        assert _json(await act(house, reply, "says"))[0] == "made in the task"
    run(tmp_path, test, TASK)


# -- kills ---------------------------------------------------------------------------------------------------

_PERSON = """
import asyncio, os, sys
from pathlib import Path
from tests.sessions.house import ANN, House
from tests.sessions.test_files import WRITES, only_file

async def person():
    house = House(Path(sys.argv[1]), WRITES)
    reply = await house.submit(await house.begin(), name="Fred")
    print(only_file(house), flush=True)
    if sys.argv[2] == "before":   # the blob is on disk, its row is not
        house.turns._runner.commit = lambda settled: os._exit(9)
    else:   # the row is on disk, the old blob is not removed yet
        house.turns._runner.carry_out = lambda commit, written: os._exit(9)
    await house.turns.action(reply.session_id, ANN, "again", {})

asyncio.run(person())
"""


@pytest.mark.parametrize(("moment", "expected"), [
    ("before", b"Zaphod-Content for Fred"), ("after", b"Zaphod-Content, rewritten")])
def test_a_kill_leaves_the_old_content_or_the_new_and_the_next_start_sweeps(
        tmp_path: Path, moment: str, expected: bytes) -> None:
    """The process ends between blob and commit, or between commit and the removal of the old blob."""
    ended = subprocess.run([sys.executable, "-c", _PERSON, str(tmp_path), moment], capture_output=True, text=True,
                           check=False)
    assert ended.returncode == 9, ended.stderr
    number = int(ended.stdout)

    async def test(house: House) -> None:
        assert len(blobs(house)) == 2
        await house.turns.resume()
        assert blobs(house) == named(house)
        assert len(blobs(house)) == 1
        assert await content(house, number) == expected
    run(tmp_path, test, WRITES)


_OPENS = """
import os
from appliance.workspace import Workspace
one = Workspace(lambda number: None, lambda number, path: None)
print(one.path(one.new("Zaphod.txt").number), flush=True)
os._exit(9)
"""


def test_the_start_removes_what_a_killed_process_left_open(tmp_path: Path) -> None:
    """In the folder for temporary files, where only its owner could read it; what a live process has open stays."""
    ended = subprocess.run([sys.executable, "-c", _OPENS], capture_output=True, text=True, check=False)
    left = Path(ended.stdout.strip())
    assert left.is_file()
    if sys.platform != "win32":
        assert left.parent.parent.stat().st_mode & 0o077 == 0

    async def test(house: House) -> None:
        from appliance.workspace import Workspace

        mine = Workspace(lambda number: None, lambda number, path: None)
        path = mine.path(mine.new("mine.txt").number)
        await house.turns.resume()
        assert await asyncio.to_thread(path.exists)
        mine.close()
    run(tmp_path, test)
    assert not left.exists()


def test_many_turns_write_files_at_once(tmp_path: Path) -> None:
    """Sessions beside each other, each with its own; nothing is mixed up or left over."""
    async def test(house: House) -> None:
        async def person(number: int) -> str:
            reply = await house.submit(await house.begin(), name=f"Person {number}")
            await act(house, reply, "again")
            return screen_of(reply).question_text
        texts = await asyncio.gather(*(person(number) for number in range(20)))
        assert texts == [f"Zaphod-Content for Person {number}" for number in range(20)]
        await _removed(house, set())
        assert len(blobs(house)) == 20
    run(tmp_path, test, WRITES)
