"""`kill -9` at every step of an event: the round goes on at the next start, and each session has the event once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cron.victim import NOT_REACHED, STEPS, begin_sessions, live
from tests.cron.wall_clock import CronHouse, WallClock, run_cron

MORNING, DUE, LATER = "2026-05-04 10:00", "2026-05-04 10:17", "2026-05-04 10:18"

COUNTER = """
imports:
  - os
---
mandatory: True
code: |
  multi_user = True
  allow_cron = True
  kind = url_args['kind']
  ran = 0
---
mandatory: True
question: Come back later
---
event: cron_hourly
code: |
  if kind == 'deadly':
    os._exit(3)
  ran += 1
  send_email(to='client@example.com', subject='Once', body='Once')
"""


@pytest.mark.parametrize("step", STEPS, ids=lambda step: "-".join(map(str, step)))
def test_killed_at_a_step(tmp_path: Path, step: tuple[str, int, str]) -> None:
    """Whatever the step: after the next start there is one round, each session was counted once and sent one mail."""
    ids = begin_sessions(tmp_path, COUNTER, WallClock(MORNING), ("plain",) * 3)
    assert live(tmp_path, COUNTER, DUE, step) not in {0, 1, NOT_REACHED}
    assert live(tmp_path, COUNTER, LATER) == 0

    async def look(house: CronHouse) -> None:
        assert [(await house.answers(session_id))["ran"] for session_id in ids] == [1, 1, 1]
        assert house.rows("SELECT reason, sessions, done, failed, ended IS NOT NULL FROM schedule_rounds") == [
            ("due", 3, 3, 0, 1)]
        assert house.rows("SELECT count(*) FROM schedule_left") == [(0,)]
        assert sorted(house.rows("SELECT session_id FROM outbox")) == sorted((session_id,) for session_id in ids)
    run_cron(tmp_path, look, COUNTER, WallClock(LATER))


def test_event_that_kills_the_appliance_each_time(tmp_path: Path) -> None:
    """After the third death the event of that session has failed, in words and by mail; the others had theirs once."""
    ids = begin_sessions(tmp_path, COUNTER, WallClock(MORNING), ("plain", "plain", "deadly", "plain", "plain"))
    assert [live(tmp_path, COUNTER, at) for at in (DUE, LATER, LATER)] == [3, 3, 3]
    assert live(tmp_path, COUNTER, LATER) == 0

    async def look(house: CronHouse) -> None:
        assert [(await house.answers(session_id))["ran"] for session_id in ids] == [1, 1, 0, 1, 1]
        event = await house.event("cron_hourly")
        assert event.last is not None
        assert (event.last.sessions, event.last.done, event.last.failed) == (5, 4, 1)
        assert event.last.ended is not None
        [failure] = event.failures
        assert (failure.session_id, failure.error_type) == (ids[2], "ProcessDied")
        assert failure.text.startswith("The appliance ended 3 times while this event ran in this session.")
        assert house.rows("SELECT count(*) FROM outbox WHERE topic <> ''") == [(1,)]
        house.wall.set("2026-05-04 11:00")
        assert not (await house.event("cron_hourly")).running
    run_cron(tmp_path, look, COUNTER, WallClock(LATER))
