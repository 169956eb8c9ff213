"""When events are due: each hour, day, week and month that exists has its event once, in zones of every kind."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appliance import config
from appliance.cron.calendar import EVENTS, Calendar

ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC")
BEGIN, END = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (2026, 2028))
DAYS = {date(2026, 1, 1) + timedelta(days=days) for days in range(730)}


def calendar(zone: str, **times: Any) -> Calendar:
    return Calendar.configured(({"timezone": zone} | {f"schedule: {name}": at for name, at in times.items()}).get)


def dues(one: Calendar, event: str) -> list[float]:
    """Every due time of two years, and the first one after them."""
    found = [one.following(event, BEGIN)]
    while found[-1] < END:
        found.append(one.following(event, found[-1]))
    return found


def here(one: Calendar, instants: list[float]) -> list[datetime]:
    return [datetime.fromtimestamp(instant, UTC).astimezone(one.zone) for instant in instants]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu"])
def test_hours_come_one_after_the_other(zone: str) -> None:
    """Where the clock jumps by whole hours there are 3,600 seconds from each hourly event to the next."""
    found = dues(calendar(zone), "cron_hourly")
    assert {later - earlier for earlier, later in pairwise(found)} == {3600.0}
    assert {moment.minute for moment in here(calendar(zone), found)} == {17}


@pytest.mark.parametrize("minute", [0, 17, 45])
def test_half_an_hour_of_daylight_saving(minute: int) -> None:
    """On Lord Howe Island, whose clock jumps by half an hour, each hour has its event once, shortened ones too."""
    one = calendar("Australia/Lord_Howe", hourly=minute)
    found = dues(one, "cron_hourly")
    assert all(later > earlier for earlier, later in pairwise(found))
    exist = Counter(moment.strftime("%Y-%m-%d %H") for moment in here(one, [
        BEGIN + 600 * number for number in range(0, int((END - BEGIN) / 600), 3)]))
    events = Counter(moment.strftime("%Y-%m-%d %H") for moment in here(one, found))
    first, last = min(exist), max(exist)
    assert {hour for hour in exist if first < hour < last} == {hour for hour in events if first < hour < last}
    assert set(events.values()) == {1}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["06:25", "01:30", "02:15"])
def test_days_weeks_and_months(zone: str, at: str) -> None:
    """Each day, week and month has its event once, on its day and at its time, or moved by what the clock jumped."""
    one = calendar(zone, daily=at, weekly=f"Sunday {at}", monthly=f"31 {at}")
    daily = here(one, dues(one, "cron_daily"))
    assert Counter(moment.date() for moment in daily if moment.date() in DAYS) >= Counter(
        day for day in DAYS if date(2026, 1, 1) < day < date(2027, 12, 31))
    assert set(Counter(moment.date() for moment in daily).values()) == {1}
    moved = [moment for moment in daily if moment.strftime("%H:%M") != at]
    assert len(moved) <= 2   # the jumps of two springs
    assert all(moment.strftime("%H:%M") in {"02:30", "02:45", "03:15", "03:30"} for moment in moved)
    weekly = here(one, dues(one, "cron_weekly"))
    assert {moment.weekday() for moment in weekly} == {6}
    assert {(later.date() - earlier.date()).days for earlier, later in pairwise(weekly)} == {7}
    monthly = here(one, dues(one, "cron_monthly"))
    assert all((moment + timedelta(days=1)).day == 1 for moment in monthly), "the last day of each month"
    assert set(Counter((moment.year, moment.month) for moment in monthly).values()) == {1}
    assert len(monthly) >= 24


def test_time_that_comes_twice_or_never() -> None:
    """02:30 does not exist on the second Sunday of March in New York: 03:30. 01:30 in November comes the first time."""
    one = calendar("America/New_York", daily="02:30")
    night = datetime(2026, 3, 8, tzinfo=one.zone).timestamp()
    assert here(one, [one.following("cron_daily", night)])[0].isoformat() == "2026-03-08T03:30:00-04:00"
    one = calendar("America/New_York", daily="01:30")
    night = datetime(2026, 11, 1, tzinfo=one.zone).timestamp()
    first = one.following("cron_daily", night)
    assert here(one, [first])[0].isoformat() == "2026-11-01T01:30:00-04:00"
    assert here(one, [one.following("cron_daily", first)])[0].isoformat() == "2026-11-02T01:30:00-05:00"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
def test_newest_is_the_last_of_those_that_follow(zone: str) -> None:
    """Looked at hour by hour and at the due second itself, the newest due time is the one that came last."""
    one = calendar(zone)
    for event in EVENTS:
        found = dues(one, event)
        moments = [BEGIN + 3600.0 * 5 * number for number in range(int((END - BEGIN) / 3600 / 5))] + found[::24]
        for moment in moments:
            if moment >= found[0]:
                assert one.newest(event, moment) == found[bisect_right(found, moment) - 1]


def test_defaults_are_those_of_debian() -> None:
    """Without directives: 17 past, 06:25, Sunday 06:47, the first 06:52, in this computer's zone."""
    one = Calendar.configured(config.Settings().get)
    first = {event: here(one, [one.following(event, BEGIN)])[0] for event in EVENTS}
    assert {event: moment.strftime("%H:%M") for event, moment in first.items() if event != "cron_hourly"} == {
        "cron_daily": "06:25", "cron_weekly": "06:47", "cron_monthly": "06:52"}
    assert first["cron_hourly"].minute == 17
    assert (first["cron_weekly"].weekday(), first["cron_monthly"].day) == (6, 1)


def test_times_are_read_as_they_are_written(tmp_path: Path) -> None:
    """18:30 without quotes, which YAML takes for a number, is half past six in the evening."""
    (tmp_path / "config.yml").write_text("timezone: Europe/Berlin\nschedule:\n  hourly: 5\n  daily: 18:30\n"
                                         "  weekly: fri 7:05\n  monthly: 31 23:00\n")
    one = Calendar.configured(config.load(tmp_path / "config.yml").get)
    assert one.zone == ZoneInfo("Europe/Berlin")
    assert (one.hourly, one.daily, one.weekly, one.monthly) == (5, (18, 30), (4, (7, 5)), (31, (23, 0)))


@pytest.mark.parametrize(("line", "words"), [
    ("daily: 25:00", "'schedule: daily' is not a time of day like 18:30, from 00:00 to 23:59: '25:00'"),
    ("daily: 6 pm", "'schedule: daily' is not a time of day like 18:30, from 00:00 to 23:59: '6 pm'"),
    ("daily: [6, 25]", "'schedule: daily' must be a time, not [6, 25]"),
    ("hourly: 60", "'schedule: hourly' is not a minute from 0 to 59: 60"),
    ("weekly: Cat 6:00", "'schedule: weekly' is not a day of the week and a time like Sunday 06:47: 'Cat 6:00'"),
    ("weekly: Sunday", "'schedule: weekly' is not a time of day like 18:30, from 00:00 to 23:59: 'Sunday'"),
    ("monthly: 32", "'schedule: monthly' is not a day of the month, from 1 to 31, and a time like 1 06:52: '32'"),
    ("dayly: 06:00", "'schedule: dayly' is not a directive; did you mean 'schedule: daily'?"),
])
def test_mistakes_are_told_with_file_and_line(tmp_path: Path, line: str, words: str) -> None:
    """The person with config.yml open is told where the mistake is, and what to write."""
    file = tmp_path / "config.yml"
    file.write_text(f"schedule:\n  {line}\n")
    with pytest.raises(config.BadConfiguration) as told:
        config.load(file)
    assert str(told.value).rstrip(".") == f"{file}, line 2: {words}"
