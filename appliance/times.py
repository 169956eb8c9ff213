"""Times of day, of the week and of the month as the configuration writes them.

Whoever reads an error message here is a person with ``config.yml`` open, so each says in half a sentence what to write.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["MonthlyTime", "TimeOfDay", "WeeklyTime", "monthly_time", "time_of_day", "weekly_time"]

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")


class TimeOfDay(NamedTuple):
    hour: int
    minute: int


class WeeklyTime(NamedTuple):
    """:param weekday: 0 is Monday, as Python counts."""

    weekday: int
    time: TimeOfDay


class MonthlyTime(NamedTuple):
    """:param day: from 1; in a month that is shorter its last day is meant."""

    day: int
    time: TimeOfDay


def time_of_day(text: str) -> TimeOfDay:
    """The time that ``18:30`` says.

    >>> time_of_day("6:25")
    TimeOfDay(hour=6, minute=25)

    :raises ValueError: with the end of a sentence that begins with the directive's name.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError("is not a time of day like 18:30, from 00:00 to 23:59")
    return TimeOfDay(int(found[1]), int(found[2]))


def weekly_time(text: str) -> WeeklyTime:
    """The day and the time that ``Sunday 06:47`` says; the first three letters of the day do.

    >>> weekly_time("sun 06:47")
    WeeklyTime(weekday=6, time=TimeOfDay(hour=6, minute=47))

    :raises ValueError: as :func:`time_of_day`.
    """
    day, _, time = text.strip().partition(" ")
    day = day.rstrip(",.").lower()
    fitting = [number for number, name in enumerate(_DAYS) if len(day) >= 3 and name.startswith(day)]
    if not fitting:
        raise ValueError("is not a day of the week and a time like Sunday 06:47")
    return WeeklyTime(fitting[0], time_of_day(time))


def monthly_time(text: str) -> MonthlyTime:
    """The day of the month and the time that ``1 06:52`` says; ``31`` is the last day of every month.

    >>> monthly_time("31 18:00")
    MonthlyTime(day=31, time=TimeOfDay(hour=18, minute=0))

    :raises ValueError: as :func:`time_of_day`.
    """
    day, _, time = text.strip().partition(" ")
    day = day.rstrip(",.")
    if not (day.isascii() and day.isdigit() and 1 <= int(day) <= 31):
        raise ValueError("is not a day of the month, from 1 to 31, and a time like 1 06:52")
    return MonthlyTime(int(day), time_of_day(time))
