"""When an answer is due in the made-up courts of Example State, counted as many real courts count.

These rules belong to no real place. They are here to show how a deadline is worked out in code, and they are not legal
advice. Author code uses :func:`answer_deadline`; the rest is what it is made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

__all__ = [
    "answer_deadline",
    "business_days_until",
    "court_holidays",
    "how_the_deadline_was_counted",
    "is_business_day",
]

_ONE_DAY = timedelta(days=1)
_BUSINESS_DAYS = {"handed": 5, "household": 7, "posted": 10}
_CALENDAR_DAYS = {"mailed": 14}
_FIXED_HOLIDAYS = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


def _plain(day: date) -> date:
    """The date alone, of a date or of a datetime (which is what a date field gives)."""
    return date(day.year, day.month, day.day)


def _days_after(day: date) -> Iterator[date]:
    while True:
        day += _ONE_DAY
        yield day


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _observed(day: date) -> date:
    """The day on which a holiday is kept: Friday for a Saturday, Monday for a Sunday."""
    return day + {_SATURDAY: -_ONE_DAY, _SUNDAY: _ONE_DAY}.get(day.weekday(), timedelta(0))


def court_holidays(year: int) -> set[date]:
    """The days of `year` on which the courts of Example State are closed, apart from weekends."""
    holidays = {_observed(date(year, month, day)) for month, day in _FIXED_HOLIDAYS}
    holidays |= {_observed(date(year + 1, 1, 1))}   # New Year's Day on a Saturday is kept on the Friday before it
    last_monday_of_may = max(day for day in (date(year, 5, 25) + n * _ONE_DAY for n in range(7))
                             if day.weekday() == _MONDAY)
    holidays |= {
        _nth_weekday(year, 1, _MONDAY, 3),
        _nth_weekday(year, 2, _MONDAY, 3),
        last_monday_of_may,
        _nth_weekday(year, 9, _MONDAY, 1),
        _nth_weekday(year, 11, _THURSDAY, 4),
    }
    return {day for day in holidays if day.year == year}


def is_business_day(day: date) -> bool:
    """Whether the courts are open on `day`."""
    day = _plain(day)
    return day.weekday() < _SATURDAY and day not in court_holidays(day.year)


def answer_deadline(served_on: date, how: str) -> date:
    """The last day to file an answer.

    :param served_on: the day the papers arrived; the count starts on the day after it.
    :param how: ``handed`` to the tenant, left with somebody in the ``household``, ``posted`` on the door and mailed, or
        only ``mailed``. The first three count business days; ``mailed`` counts every day, and a last day on which the
        courts are closed moves to the next day on which they are open.
    :raises ValueError: if `how` is none of these.
    """
    served_on = _plain(served_on)
    if how in _BUSINESS_DAYS:
        open_days = (day for day in _days_after(served_on) if is_business_day(day))
        return next(day for number, day in enumerate(open_days, 1) if number == _BUSINESS_DAYS[how])
    if how in _CALENDAR_DAYS:
        day_before = served_on + timedelta(days=_CALENDAR_DAYS[how] - 1)
        return next(day for day in _days_after(day_before) if is_business_day(day))
    raise ValueError(f"there is no rule for papers that were {how!r}")


def how_the_deadline_was_counted(how: str) -> str:
    """The rule for `how` as half a sentence for the tenant."""
    if how in _BUSINESS_DAYS:
        return f"{_BUSINESS_DAYS[how]} days on which the court is open"
    return f"{_CALENDAR_DAYS[how]} days, weekends included"


def business_days_until(deadline: date, today: date) -> int:
    """How many days with an open court are left after `today`, the deadline's own day included; 0 if it is over."""
    today, deadline = _plain(today), _plain(deadline)
    days = (today + n * _ONE_DAY for n in range(1, (deadline - today).days + 1))
    return sum(1 for day in days if is_business_day(day))
