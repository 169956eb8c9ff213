"""What is left of turns that cannot be: sessions that never began, changes that no start survives, visits of nobody."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path

import pytest

from appliance import clock
from appliance.sessions.visitor import Visitor
from appliance.store import sessions as stored_sessions
from tests.sessions.house import ANN, House, run, screen_of
from tests.sessions.poison import Poison

OTHER = "tests:data/questions/other.yml"
POISONOUS = """
event: take
code: |
  from tests.sessions import poison
  poison.swallowed()
---
mandatory: True
question: Well
"""
ASKING = f"""
event: go
code: |
  run_action_in_session({OTHER!r}, made, 'take')
---
mandatory: True
code: |
  made = create_session({OTHER!r})
---
mandatory: True
question: Fine
"""


class Mortal(House):
    """A house that can be left as a killed process leaves it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, ASKING)
        self.sources.texts[OTHER] = POISONOUS

    async def dies_of_it(self) -> None:
        """As soon as the poison is taken, nothing is written any more."""
        await asyncio.to_thread(Poison.taken.acquire, timeout=60)
        self.store.close()

    def starts(self) -> list[int]:
        return [int(row[0]) for row in self.rows("SELECT starts FROM session_changes")]


def test_a_change_that_no_start_survives_is_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """After three starts that died of it the fourth leaves it, tells its authors, and the session can be used again.
    An appliance that is stopped while it is at it did not die of it.
    """
    async def test() -> None:
        house = Mortal(tmp_path)
        reply = await house.begin()
        await house.turns.action(reply.session_id, ANN, "go", {})
        await house.dies_of_it()
        for start in range(3):
            house = Mortal(tmp_path)
            assert house.starts() == [start]
            await house.turns.resume()
            await house.dies_of_it()
        house = Mortal(tmp_path)
        [[session_id]] = house.rows(f"SELECT id FROM sessions WHERE interview = '{OTHER}'")
        with caplog.at_level(logging.ERROR):
            await house.turns.resume()
            assert screen_of(await house.turns.refresh(session_id, ANN)).question_text == "Well"
        assert house.starts() == []
        assert f"{OTHER}: change by another session failed with ApplianceDied" in caplog.text
        assert Poison.runs == 5
        Poison.runs = 0
        await house.turns.action(reply.session_id, ANN, "go", {})
        await house.dies_of_it()
        house = Mortal(tmp_path)
        await house.turns.resume()
        await asyncio.to_thread(Poison.taken.acquire, timeout=60)
        assert house.starts() == [1]
        await house.turns.stop(0.01)
        assert house.starts() == [0]
        house.store.close()

    Poison.runs = 0
    try:
        asyncio.run(test())
    finally:
        Poison.over.set()


FIRST_TURN = """
mandatory: True
code: |
  task = background_action('work')
  got = task.get()
---
event: work
code: |
  background_response(1)
---
mandatory: True
question: Got ${ got }
"""


def test_a_first_turn_that_cannot_be_committed_leaves_no_session(tmp_path: Path) -> None:
    """It has started a task, for which its session was stored; then its commit is refused: both are gone at once."""
    async def test(house: House) -> None:
        house.store.write(lambda database: database.execute(
            "CREATE TRIGGER refused BEFORE INSERT ON steps BEGIN SELECT RAISE(ABORT, 'no'); END")).result()
        queued = asyncio.Event()
        loop = asyncio.get_running_loop()
        house.turns.listeners.on_tasks_queued = lambda: loop.call_soon_threadsafe(queued.set)   # type: ignore[assignment]
        turn = asyncio.create_task(house.begin())
        await queued.wait()
        await house.end(await house.only_task(), 7)
        with pytest.raises(Exception, match="no"):
            await turn
        assert house.rows("SELECT count(*) FROM sessions") == [(0,)]
        assert house.rows("SELECT count(*) FROM tasks") == [(0,)]
    run(tmp_path, test, FIRST_TURN)


SHARED = """
mandatory: True
code: |
  multi_user = True
---
question: Name?
fields:
  - Name: name
---
mandatory: True
question: Hello ${ name }
"""


def test_a_link_that_is_followed_without_cookies_leaves_so_many_keys_and_no_more(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest browsers give way, not those that named the session, not who began it; all come in all the same."""
    monkeypatch.setattr(stored_sessions, "MOST_JOINED", 5)
    visitors = [Visitor(f"a browser of one visit, number {number}, random and long") for number in range(12)]

    async def test(house: House) -> None:
        reply = await house.begin()
        for number, visitor in enumerate(visitors):
            with clock.driven_by(partial(float, number)):
                assert screen_of(await house.turns.refresh(reply.session_id, visitor)).question_text == "Name?"
            if number == 2:
                await house.turns.name_session(reply.session_id, visitor, "Mine")
        assert house.rows("SELECT count(*) FROM session_keys WHERE joined") == [(5,)]
        kept = [number for number, visitor in enumerate(visitors) if await house.turns.sessions_of(visitor)]
        assert kept == [2, 8, 9, 10, 11]
        assert len(await house.turns.sessions_of(ANN)) == 1
        again = await house.turns.refresh(reply.session_id, visitors[0])
        assert screen_of(await house.submit(again, visitors[0], name="Zoe")).question_text == "Hello Zoe"
        assert house.rows("SELECT count(*) FROM session_keys WHERE joined") == [(5,)]
    run(tmp_path, test, SHARED)
