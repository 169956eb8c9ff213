"""Among many sessions a round opens those alone that have its event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.interview.interview import Interview
from appliance.sessions import vault
from appliance.sessions.opened import open_session
from appliance.store.sessions import LoadedSession
from tests.bench.many_sessions import QUESTIONS, populate
from tests.cron.wall_clock import CronHouse, WallClock, run_cron
from tests.sessions.house import ANN, INTERVIEW, submission

PACKAGE = "tests:data/questions"
ONE_FIELD = """
question: What is your name?
fields:
  - Name: name
---
mandatory: True
question: Hello, ${ name }
"""


def test_sessions_without_events_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 300 sessions 50 have the event: these are opened, once each, and each interview is read once.

    People who submit meanwhile have their turns between those of the round.
    """
    opened: list[str] = []
    parsed: list[str] = []
    begin = Interview.__init__

    def counting(loaded: LoadedSession, key: bytes) -> Any:
        opened.append(loaded.row.id)
        return open_session(loaded, key)

    def parsing(self: Interview, reference: str, *others: Any, **more: Any) -> None:
        parsed.append(reference)
        begin(self, reference, *others, **more)

    async def fill(house: CronHouse) -> None:
        house.sources.texts.update(texts)
        await populate(house.turns, PACKAGE, {"hourly.yml": 50, "dull.yml": 50, "plain.yml": 200})
        await house.look()

    async def test(house: CronHouse) -> None:
        house.sources.texts.update(texts)
        house.wall.set("2026-05-04 10:17")
        await house.schedule.look()
        between = 0
        while not house.rows("SELECT 1 FROM schedule_rounds WHERE ended IS NOT NULL"):
            reply = await house.begin()
            await house.turns.submit(reply.session_id, ANN, submission(reply, name="Ann"))
            between += 1
        await house.quiet()
        one = (await house.event("cron_hourly")).last
        assert one is not None
        assert (one.sessions, one.done, one.failed) == (50, 50, 0)
        hourly = {row[0] for row in house.rows(f"SELECT id FROM sessions WHERE interview = '{PACKAGE}/hourly.yml'")}
        assert sorted(opened) == sorted(hourly)
        assert sorted(parsed) == sorted([INTERVIEW, f"{PACKAGE}/dull.yml", f"{PACKAGE}/hourly.yml"])
        assert between > 1
        assert house.rows("SELECT count(*) FROM sessions") == [(300 + between,)]

    texts = {f"{PACKAGE}/{file}": text for file, text in QUESTIONS.items()}
    wall = WallClock("2026-05-04 10:00")
    run_cron(tmp_path, fill, ONE_FIELD, wall)
    monkeypatch.setattr(vault, "open_session", counting)
    monkeypatch.setattr(Interview, "__init__", parsing)
    run_cron(tmp_path, test, ONE_FIELD, wall)
