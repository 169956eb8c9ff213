"""When somebody was last there: last_access_…() and returning_user(), as docassemble documents them."""

from __future__ import annotations

import datetime as dt
import importlib
from typing import Any

import pytest

from appliance.interview.host import UserInfo, Visit
from appliance.interview.turn import Action, Refresh
from appliance.library import access
from tests.interview.talk import Talk
from tests.memory_host import MemoryHost

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


def ago(user_id: int | None, *privileges: str, **time: float) -> Visit:
    return Visit(user_id, privileges, (NOW - dt.timedelta(**time)).timestamp())


VISITS = [ago(None, "user", hours=30), ago(1, "admin", "developer", hours=12), ago(3, "advocate", hours=6),
          ago(4, "advocate", "developer", hours=1), ago(2, "cron", minutes=10)]


def say(expression: str, visits: list[Visit] | None = None, **host: Any) -> Any:
    """What an expression gives in an interview whose session had these visits."""
    host.setdefault("time", NOW)
    talk = Talk("mandatory: True\nquestion: Hello\n---\nevent: look\ncode: |\n"
                f"  looked = {expression}\n", host=MemoryHost(visited=VISITS if visits is None else visits, **host))
    talk.turn(Action("look"))
    return talk.answers["looked"]


@pytest.mark.parametrize(("arguments", "hours"), [
    ("", 1), ("'admin'", 12), ("['admin', 'advocate']", 1), ("include_privileges='user'", 30),
    ("include_privileges='advocate', exclude_privileges=['developer']", 6), ("exclude_privileges='developer'", 6),
    ("exclude_privileges=['developer', 'advocate']", 30), ("include_cron=True", 1 / 6), ("'cron'", 1 / 6),
    ("['cron', 'admin']", 1 / 6), ("include_cron=True, exclude_privileges='cron'", 1), ("('customer',)", None),
    ("'user', 'user'", None),
])
def test_whose_access_counts(arguments: str, hours: float | None) -> None:
    """Persons by their privileges, the cron user only where asked for; None where nobody that counts was there."""
    last = say(f"last_access_time({arguments})")
    if hours is None:
        assert last is None
        assert say(f"last_access_delta({arguments})") == dt.timedelta(0)
    else:
        assert last == NOW - dt.timedelta(hours=hours)
        assert say(f"last_access_delta({arguments})") == dt.timedelta(hours=hours)
        assert say(f"last_access_hours({arguments})") == pytest.approx(hours)
        assert say(f"last_access_days({arguments})") == pytest.approx(hours / 24)
        assert say(f"last_access_minutes({arguments})") == pytest.approx(hours * 60)


def test_the_time_is_a_dadatetime() -> None:
    """In UTC, or in the time zone that was asked for; authors format it and reckon with it."""
    last = say("last_access_time()")
    assert type(last).__name__ == "DADateTime"
    assert last.isoformat() == "2026-11-23T11:00:00+00:00"
    there = say("last_access_time(timezone='America/New_York')")
    assert there == last
    assert there.isoformat() == "2026-11-23T06:00:00-05:00"
    assert say("last_access_time().plus(days=1).format('yyyy-MM-dd')") == "2026-11-24"


def test_nobody_was_there() -> None:
    """A session that an event looks at before anybody came is not a year old."""
    assert say("last_access_time()", []) is None
    assert say("last_access_days() > 365", []) is False


@pytest.mark.parametrize(("arguments", "hours", "expected"), [
    ("", 5.9, False), ("", 6, True), ("hours=1", 0.9, False), ("hours=1", 1.1, True), ("minutes=5", 0.1, True),
    ("days=30", 24 * 29, False), ("days=30", 24 * 31, True),
])
def test_returning_user(arguments: str, hours: float, expected: bool) -> None:
    """After six hours or the time given; it is the user's own visits that count."""
    visits = [ago(None, "user", hours=hours), ago(1, "admin", seconds=1)]
    assert say(f"returning_user({arguments})", visits) is expected
    assert say(f"returning_user({arguments})", visits, user=UserInfo(1)) is False
    assert say(f"returning_user({arguments})", visits, user=UserInfo(7)) is False   # never there before


def test_who_sends_a_screen_does_not_return() -> None:
    """False when a screen is sent: the greeting is shown when the page is opened, and its button leads on."""
    host = MemoryHost(visited=[ago(None, "user", days=2)], time=NOW)
    talk = Talk("""
        mandatory: True
        question: Hello
        subquestion: |
          % if returning_user():
          Welcome back
          % endif
        fields:
          - Name: name
        ---
        mandatory: True
        question: |
          ${ name } ${ returning_user() }
        """, host=host)
    talk.turn(Refresh())
    assert "Welcome back" in talk.screen.subquestion_html
    talk.submit(name="Ann")
    assert talk.question == "Ann False"


def test_functions_can_be_imported() -> None:
    """Authors' modules find them where they look for them."""
    util = importlib.import_module("docassemble.base.util")
    assert util.last_access_days is access.last_access_days
