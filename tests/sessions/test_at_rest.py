"""What is on disk: nothing in the clear, nothing acknowledged lost, and steps at the cost of what changed."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.interview.tasks import ErrorDetails
from tests.sessions.house import ANN, INTERVIEW, House, run, screen_of

SECRETS = ("Zaphod-Typed", "Zaphod-Result", "Zaphod-Argument", "Zaphod-Problem", "Zaphod-Log")

TELLING = """
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  name
  multi_user = True
  tasks = [background_action('work', 'flash', extra='Zaphod-Argument') for number in range(3)]
---
event: work
code: |
  background_response(1)
---
event: arrived
code: |
  result = action_argument('answer')
  background_response(result)
---
mandatory: True
question: Hello ${ name }
metadata:
  title: For ${ name }
"""


def _everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_nothing_that_was_typed_is_on_disk_in_the_clear(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Answers, screens, titles, tasks, results, errors and notices, while open and after closing; nor in the log."""
    caplog.set_level(logging.DEBUG)

    async def test(house: House) -> None:
        reply = await house.submit(await house.begin(), name="Zaphod-Typed")
        assert "Zaphod-Typed" in screen_of(reply).question_text
        first, second, third = await house.journal.queued()
        await house.end(first, "Zaphod-Result", log=("Zaphod-Log",))
        await house.end(second, action="arrived", arguments={"answer": "Zaphod-Result"})
        await house.end(third, error=ErrorDetails("ValueError", "Zaphod-Problem", "Zaphod-Problem"))
        assert len(await house.turns.undelivered(reply.session_id, ANN)) >= 2
        found = _everything(tmp_path / "data")
        assert not [secret for secret in SECRETS if secret.encode() in found]
        assert ANN.browser_secret.encode() not in found
    run(tmp_path, test, TELLING)
    found = _everything(tmp_path / "data")
    assert len(found) > 50_000
    assert not [secret for secret in SECRETS if secret.encode() in found or secret in caplog.text]


def test_a_step_of_large_answers_costs_what_it_changes(tmp_path: Path) -> None:
    """200 KB of answers and one field changed: less than 2 KB a step, also when a refresh overwrites it."""
    text = """
mandatory: True
code: |
  import random
  letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
  big = {number: ''.join(random.choices(letters, k=100)) for number in range(2000)}
---
mandatory: True
question: Name?
fields:
  - Name: name
---
mandatory: True
question: Age, ${ name }?
fields:
  - Age: age
---
mandatory: True
question: Done
"""
    async def test(house: House) -> None:
        reply = await house.submit(await house.begin(), name="Fred")
        await house.turns.refresh(reply.session_id, ANN, {"from": "there"})
        await house.submit(reply, age="40")
        first, *others = [size for (size,) in house.rows("SELECT length(sealed) FROM steps ORDER BY number")]
        assert first > 100_000
        assert len(others) == 2
        assert max(others) < 2_000
    run(tmp_path, test, text)


_PERSON = """
import asyncio, sys
from pathlib import Path
from tests.sessions.house import House, screen_of

TEXT = '''
mandatory: True
code: |
  [answers[number] for number in range(100000)]
---
objects:
  - answers: DADict.using(auto_gather=False)
---
question: Answer ${ i }?
fields:
  - Answer: answers[i]
'''

async def person():
    house = House(Path(sys.argv[1]), TEXT)
    reply = await house.begin()
    print(reply.session_id, flush=True)
    while True:
        field = screen_of(reply).fields[0].variable
        reply = await house.submit(reply, **{field: f"value of {field}"})
        print(field, flush=True)

asyncio.run(person())
"""


def test_a_kill_between_any_two_turns_loses_no_acknowledged_answer(tmp_path: Path) -> None:
    """The process is killed while a person answers; the next start finds every answer it had replied to."""
    process = subprocess.Popen([sys.executable, "-c", _PERSON, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    session_id = process.stdout.readline().strip()
    told = [process.stdout.readline().strip() for _ in range(30)]
    process.kill()
    told += process.stdout.read().split("\n")[:-1]
    process.wait()
    process.stdout.close()

    async def test(house: House) -> None:
        assert await house.turns.find(INTERVIEW, ANN) == session_id
        reply = await house.turns.refresh(session_id, ANN)
        assert reply.steps > len(told)
        for field in reversed(told[-5:]):
            while screen_of(reply).fields[0].variable != field:
                reply = await house.back(reply)
            assert screen_of(reply).fields[0].default == f"value of {field}"
    run(tmp_path, test, _PERSON.split("'''")[1])


def test_eight_people_at_once_each_get_their_own(tmp_path: Path) -> None:
    """Sessions begun and answered beside each other do not mix, and every one is on disk."""
    async def test(house: House) -> None:
        async def person(number: int) -> str:
            reply = await house.submit(await house.begin(), name=f"Person {number}")
            return screen_of(reply).question_text
        texts = await asyncio.gather(*(person(number) for number in range(40)))
        assert texts == [f"How old are you, Person {number}?" for number in range(40)]
        assert house.rows("SELECT count(*) FROM sessions WHERE step = 2") == [(40,)]
    run(tmp_path, test)
