"""`appliance cron`: handed over to the server that runs, or done here; told in lines, with an exit status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.commands import CommandFailed
from appliance.cron.command import cron_command
from tests.cron.wall_clock import CronHouse, WallClock, run_cron
from tests.support.client import Client
from tests.support.packages import make_package
from tests.support.process import Appliance

NewAppliance = Callable[..., Appliance]

EVENTS = """
initial: True
code: |
  multi_user = True
  allow_cron = True
---
mandatory: True
code: |
  ran = []
---
mandatory: True
question: |
  Ran: ${ ', '.join(ran) or 'nothing' }
subquestion: |
  Come back later
---
event: cron_daily
code: |
  ran.append('daily')
  response('a text for the log')
---
event: quarterly
code: |
  ran.append('quarterly')
---
event: quarterly_background
code: |
  background_response()
---
event: cron_weekly
code: |
  raise ValueError('nobody may read this')
"""
INTERVIEW = "docassemble.crontest:data/questions/events.yml"


def test_same_command_with_a_server_and_without(new_appliance: NewAppliance, tmp_path: Path) -> None:
    """The command runs the event in the server where one runs, else by itself, and says the same of it."""
    appliance = new_appliance()
    appliance.command("install", str(make_package(tmp_path, "crontest", {"events.yml": EVENTS})))
    appliance.start()
    with Client(appliance.url) as client:
        client.start(INTERVIEW)
        told = appliance.command("cron", "cron_daily")
        assert told.stdout.splitlines() == ["a text for the log", "cron_daily: 1 session, none failed"]
        assert client.resume(INTERVIEW).question == "Ran: daily"
        assert (told.returncode, told.stderr) == (0, "")
        appliance.stop()

        told = appliance.command("cron", "quarterly")
        assert told.stdout.splitlines() == [
            "quarterly: 1 session, none failed", "quarterly_background: 1 session, none failed",
            "The background tasks that were queued run when the appliance does."]
        appliance.start()
        assert client.resume(INTERVIEW).question == "Ran: daily, quarterly"
        appliance.logs.allow("cron_weekly|event failed")
        told = appliance.command("cron", "cron_weekly", check=False)
        first, second = told.stdout.splitlines()
        assert first.startswith(f"{INTERVIEW}: ValueError at {INTERVIEW}, line ")
        assert second == "cron_weekly: 1 session, 1 failed"
        assert told.returncode == 1
        assert "nobody may read this" not in told.stdout + told.stderr
        health = appliance.health()
        assert health is not None
        assert (health["schedule"]["status"], health["schedule"]["failed"]) == ("ok", 1)
        assert set(health["schedule"]["next"]) == {"cron_hourly", "cron_daily", "cron_weekly", "cron_monthly"}


def test_events_nobody_offers_and_names_that_are_none(tmp_path: Path) -> None:
    """Any name may be asked for, if it is one; where no interview offers it, that is no failure."""
    async def test(house: CronHouse) -> None:
        command, said = cron_command(house.schedule, lambda: True), list[str]()
        await house.begin()
        assert await command({"event": "never"}, said.append) == 0
        assert said == ["never: 0 sessions, none failed"]
        with pytest.raises(CommandFailed, match="'no such name' is not the name of an event, like cron_daily"):
            await command({"event": "no such name"}, said.append)
    run_cron(tmp_path, test, EVENTS, WallClock("2026-05-04 10:00"))
