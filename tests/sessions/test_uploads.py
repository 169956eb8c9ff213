"""Files that come with a form, through the turn to the disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from appliance.interview.datatypes.file import kept_name
from appliance.interview.files import Upload
from appliance.interview.screen import html_name
from appliance.interview.turn import ShowScreen
from appliance.sessions.reply import Reply
from tests.sessions.house import ANN, House, run, screen_of, submission

TWO_FIELDS = """
question: Your letter
fields:
  - Age: age
    datatype: integer
  - Letter: letter
    datatype: file
validation code: |
  if age > 100:
    draft = DAFile('draft')
    draft.initialize(filename='Zaphod draft.txt', content='Zaphod')
    validation_error('Too old')
---
mandatory: True
question: |
  ${ age }: ${ letter.slurp() }
"""
LETTER = Upload(html_name("letter"), "Zaphod letter.txt", "text/plain", b"Zaphod, dear")


async def send(house: House, reply: Reply, *uploads: Upload, kept: str = "", **values: object) -> Reply:
    form = submission(reply, **values)
    name = kept_name(screen_of(reply).fields[1])
    posted = {**form.posted, **({name: [kept]} if kept else {})}
    return await house.turns.submit(reply.session_id, ANN, replace(form, posted=posted, uploads=uploads))


def kept_of(reply: Reply) -> str:
    assert isinstance(reply.ending, ShowScreen)
    return reply.ending.drafts[kept_name(screen_of(reply).fields[1])][0]


def test_an_upload_is_sealed_and_stays(tmp_path: Path) -> None:
    async def first(house: House) -> None:
        reply = await send(house, await house.begin(), LETTER, age=30)
        assert screen_of(reply).question_text == "30: Zaphod, dear"

    async def after_a_restart(house: House) -> None:
        [session] = await house.turns.sessions_of(ANN)
        assert screen_of(await house.turns.refresh(session.session_id, ANN)).question_text == "30: Zaphod, dear"
    run(tmp_path, first, TWO_FIELDS)
    run(tmp_path, after_a_restart, TWO_FIELDS)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"Zaphod" in path.read_bytes()]


def test_a_refused_form_keeps_its_file_and_nothing_else(tmp_path: Path) -> None:
    """Also across a restart; what the author's own check made is not kept, and the answers stay as they were."""
    async def first(house: House) -> tuple[Reply, str]:
        reply = await house.begin()
        for age in ("old", 101):
            refused = await send(house, reply, LETTER, age=age)
            assert isinstance(refused.ending, ShowScreen)
            assert refused.ending.errors
            assert refused.revision == reply.revision
        assert house.rows("SELECT count(*) FROM files") == [(2,)]
        return refused, kept_of(refused)

    async def second(house: House, reply: Reply, number: str) -> None:
        done = await send(house, reply, kept=number, age=30)
        assert screen_of(done).question_text == "30: Zaphod, dear"
    reply, number = run(tmp_path, first, TWO_FIELDS)
    run(tmp_path, lambda house: second(house, reply, number), TWO_FIELDS)


def test_a_file_of_another_session_cannot_be_named(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        refused = await send(house, await house.begin(), LETTER, age="old")
        other = await send(house, await house.begin(), kept=kept_of(refused), age=30)
        assert isinstance(other.ending, ShowScreen)
        assert other.ending.errors == {1: "Please choose a file."}
    run(tmp_path, test, TWO_FIELDS)


def test_a_form_that_comes_twice_is_one_file(tmp_path: Path) -> None:
    """A page sends again what got no answer; the second gets the stored reply."""
    async def test(house: House) -> None:
        reply = await house.begin()
        form = replace(submission(reply, age=30), uploads=(LETTER,))
        once = await house.turns.submit(reply.session_id, ANN, form)
        twice = await house.turns.submit(reply.session_id, ANN, form)
        assert screen_of(once).question_text == screen_of(twice).question_text
        assert house.rows("SELECT count(*) FROM files") == [(1,)]
    run(tmp_path, test, TWO_FIELDS)


def test_a_form_that_comes_too_late_names_the_file(tmp_path: Path) -> None:
    """Its file is not kept; the person is told what was sent and that it must be chosen again."""
    async def test(house: House) -> None:
        reply = await house.begin()
        await send(house, reply, LETTER, age=30)
        form = submission(reply, age=31)
        late = await house.turns.submit(reply.session_id, ANN, replace(
            form, posted={**form.posted, LETTER.field_name: [LETTER.filename]}, uploads=(LETTER,), turn_id="another"))
        assert "Letter: Zaphod letter.txt" in late.message
        assert house.rows("SELECT count(*) FROM files") == [(1,)]
    run(tmp_path, test, TWO_FIELDS)
