"""Persistent counters: committed with the turn or the task's end, not undone by Back, and not readable on disk."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from appliance.interview.errors import CodeFailed
from appliance.interview.turn import CountTask
from tests.sessions.house import ANN, House, run, screen_of

TEXT = """
default screen parts:
  under: |
    Counted ${ times_task_performed('ask Zebedee', persistent=True) }
---
mandatory: True
code: |
  fruit
  mark_task_as_performed('ask Zebedee', persistent=True)
  last
---
question: Fruit?
fields:
  - Fruit: fruit
---
event: last
question: You like ${ fruit }
---
event: start
code: |
  task = background_action('work')
---
event: work
code: |
  background_response()
---
event: breaks
code: |
  mark_task_as_performed('ask Zebedee', persistent=True)
  nothing = 1 / 0
"""


def test_back_does_not_undo_a_persistent_counter(tmp_path: Path) -> None:
    """The documentation's example: the screen before says that it was performed; also after a restart."""
    async def first(house: House) -> str:
        reply = await house.begin()
        assert "Counted 0" in screen_of(reply).under_html
        reply = await house.submit(reply, fruit="apple")
        assert "Counted 1" in screen_of(reply).under_html
        reply = await house.back(reply)
        assert screen_of(reply).question_text == "Fruit?"
        assert "Counted 1" in screen_of(reply).under_html
        assert not [row for row in house.rows("SELECT * FROM counters") if b"Zebedee" in row[1]]
        return reply.session_id

    async def again(house: House) -> None:
        assert "Counted 1" in screen_of(await house.turns.refresh(session_id, ANN)).under_html
        await house.turns.delete(session_id, ANN)
        assert house.rows("SELECT * FROM counters") == []

    session_id = run(tmp_path, first, TEXT)
    run(tmp_path, again, TEXT)


def test_a_turn_that_fails_counts_nothing(tmp_path: Path) -> None:
    """Like everything else that author code writes."""
    async def test(house: House) -> None:
        reply = await house.begin()
        with pytest.raises(CodeFailed):
            await house.turns.action(reply.session_id, ANN, "breaks", {})
        assert house.rows("SELECT * FROM counters") == []
    run(tmp_path, test, TEXT)


def test_what_a_task_counts_is_committed_with_its_end_once(tmp_path: Path) -> None:
    """It reads the counter through the server, and a repeated end counts nothing twice."""
    async def test(house: House) -> None:
        reply = await house.begin()
        await house.turns.action(reply.session_id, ANN, "start", {})
        task_id = await house.only_task()
        assert await house.turns.questions.times_performed(task_id, "ask Zebedee") == 0
        effects = pickle.dumps([CountTask("ask Zebedee"), CountTask("ask Zebedee", 2)])
        for _ in range(2):
            await house.end(task_id, effects=effects)
        assert house.rows("SELECT times FROM counters") == [(3,)]
    run(tmp_path, test, TEXT)
