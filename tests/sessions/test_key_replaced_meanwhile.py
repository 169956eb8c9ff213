"""A password is reset without the recovery code while what its person asked for still waits: what others may expect of
it is done, and what only the former key would open is left out.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from appliance.sessions.visitor import Visitor
from appliance.store.lost_sessions import leave_key_behind
from appliance.store.passwords import Lock, write_password
from tests.sessions.house import BOB, House, screen_of
from tests.sessions.test_adoption import signed_in
from tests.sessions.test_reaching_sessions import DIARY, SHARED, SHARED_TEXT, at_home, diary_of, says, shown

ASKED = f"""
---
event: branch
code: |
  count = 7
  other = create_session({DIARY!r})
  letter = DAFile('letter')
  letter.initialize(filename='letter.txt')
---
event: branch_for_all
code: |
  count = 7
  other = create_session({SHARED!r})
---
event: store
code: |
  count = 7
  mine, all_of_us = DAStore('mine'), DAStore('all_of_us', base='global')
  mine.set('a', 'sealed for one')
  all_of_us.set('a', 'for everybody')
"""
LOCK = Lock(b"salt", 1, b"k" * 32)


def _resets(house: House, visitor: Visitor) -> None:
    """The person has forgotten the password, and the recovery code with it."""
    house.store.write(lambda database: leave_key_behind(
        database, visitor.user.user_id or 0, LOCK, house.key, 0)).result()


async def _asked_before_the_reset(house: House, session_id: str, action: str) -> Visitor:
    """Somebody asks for an action in a session that is in use, and has a new key before it is done."""
    paula = signed_in(house)
    house.store.write(lambda database: write_password(
        database, paula.user.user_id or 0, LOCK, paula.user_key or b"", 0)).result()
    inside, over = asyncio.Event(), asyncio.Event()

    async def in_use() -> None:
        inside.set()
        await over.wait()
    use = asyncio.create_task(house.turns._runner.in_order(session_id, in_use))
    await inside.wait()
    assert await says(house, paula, f"run_action_in_session({SHARED!r}, {session_id!r}, {action!r})") == "True"
    assert house.rows("SELECT count(*) FROM session_changes") == [(1,)]
    _resets(house, paula)
    over.set()
    await use
    return paula


@pytest.mark.parametrize(("action", "made"), [("branch", []), ("branch_for_all", [(SHARED,)]), ("store", [])])
def test_what_was_asked_of_a_shared_session_is_done(
        tmp_path: Path, action: str, made: list[tuple[str]]) -> None:
    """The others see what its person was told is done; a new session that somebody can open is there, one that nobody
    could open is not; what was stored for all is, and what was sealed for one is not.
    """
    async def story(house: House) -> None:
        house.sources.texts[SHARED] = SHARED_TEXT + ASKED
        shared = (await diary_of(house, BOB, SHARED)).session_id
        await _asked_before_the_reset(house, shared, action)
        assert await shown(house, BOB, shared) == "tulip 7"
        assert house.rows("SELECT count(*) FROM session_changes") == [(0,)]
        others = f"FROM sessions WHERE interview LIKE '%:%/%' AND id <> '{shared}' AND interview NOT LIKE '%test.yml'"
        assert house.rows(f"SELECT interview {others}") == made
        for (session_id,) in house.rows(f"SELECT id {others}"):
            assert screen_of(await house.turns.refresh(session_id, BOB)).question_text == "Secret?"
        assert house.rows("SELECT holder FROM stored_values") == ([("appliance",)] if action == "store" else [])
        blobs = [file for file in (tmp_path / "data" / "files").rglob("*") if file.is_file()]
        assert len(blobs) == house.rows("SELECT count(*) FROM files")[0][0]
    at_home(tmp_path, story)
