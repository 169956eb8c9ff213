"""Functions for dates and times; they take dates as text, as DADateTime or as Python's own objects."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from typing import Any

import dateutil.parser
from babel.dates import get_day_names, get_month_names
from dateutil.relativedelta import relativedelta

from appliance.interview.host import running_evaluation
from appliance.library.datetimes import (
    DADateTime,
    default_zone,
    written_date,
    written_datetime,
    written_time,
    zone,
)
from appliance.library.languages import word
from appliance.library.numbers import nice_number, number_locale
from appliance.library.text import comma_and_list
from appliance.library.words import noun_plural

__all__ = [
    "DADateTime",
    "DateTimeDelta",
    "as_datetime",
    "current_datetime",
    "date_difference",
    "date_interval",
    "day_of",
    "dow_of",
    "format_date",
    "format_datetime",
    "format_time",
    "get_default_timezone",
    "month_of",
    "timezone_list",
    "today",
    "year_of",
]


def get_default_timezone() -> str:
    """The configuration's ``timezone``, else that of the machine."""
    return default_zone()


def timezone_list() -> list[str]:
    """All time zones by name, for a choice."""
    return sorted(zoneinfo.available_timezones())


def current_datetime(timezone: str | None = None) -> DADateTime:
    """Now."""
    evaluation = running_evaluation()
    now = evaluation.host.now() if evaluation is not None else dt.datetime.now(dt.UTC)
    return DADateTime.from_datetime(now.astimezone(zone(timezone)))


def today(timezone: str | None = None, format: str | None = None) -> Any:
    """Today at midnight; text where a `format` is given."""
    moment = current_datetime(timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    return moment if format is None else moment.format_date(format)


def as_datetime(the_date: Any, timezone: str | None = None) -> DADateTime:
    """`the_date` with a time zone; a time alone is today's.

    >>> as_datetime("12/25/2018 07:30 AM").isoformat()[:16]
    '2018-12-25T07:30'

    :raises ValueError: where a text is no date.
    """
    if isinstance(the_date, dt.datetime):
        moment = the_date
    elif isinstance(the_date, dt.date):
        moment = dt.datetime.combine(the_date, dt.time())
    elif isinstance(the_date, dt.time):
        moment = dt.datetime.combine(today(timezone), the_date)
    else:
        moment = parsed(str(the_date), timezone)
    where = zone(timezone)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=where)
    elif timezone is not None:
        moment = moment.astimezone(where)
    return DADateTime.from_datetime(moment)


def parsed(text: str, timezone: str | None = None) -> dt.datetime:
    """A date as people write it; what it leaves out is today's, at midnight."""
    start = today(timezone).replace(tzinfo=None)
    try:
        return dateutil.parser.parse(text, default=dt.datetime.combine(start.date(), dt.time()))
    except (OverflowError, dateutil.parser.ParserError) as error:
        raise ValueError(f"{text!r} is not a date") from error


def as_moment(value: Any) -> dt.datetime | dt.date | dt.time:
    return value if isinstance(value, (dt.date, dt.time)) else as_datetime(value)


def format_date(the_date: Any, format: str | None = None) -> str:
    """`the_date` as it is written in the current language; `format` is that of ``babel.dates.format_date``.

    >>> format_date("10/31/2016"), format_date("April 5, 2014", format="EEEE"), format_date("2014-04-05", "short")
    ('October 31, 2016', 'Saturday', '4/5/14')
    """
    return written_date(as_moment(the_date), format)


def format_time(the_time: Any, format: str | None = None) -> str:
    """The time of day as it is written in the current language.

    >>> format_time("04:01:23"), format_time("04:01:23", format="hh"), format_time("16:05", format="h:mm a")
    ('4:01 AM', '04', '4:05 PM')
    """
    return written_time(as_moment(the_time), format)


def format_datetime(the_date: Any, format: str | None = None) -> str:
    """Date and time as they are written in the current language.

    >>> format_datetime("4/5/2014 07:30", "h:mm 'in' MMMM")
    '7:30 in April'
    """
    return written_datetime(as_moment(the_date), format)


def year_of(the_date: Any, language: str | None = None) -> int:
    """The year of a date.

    >>> year_of("4/1/1989")
    1989
    """
    return as_datetime(the_date).year


def month_of(the_date: Any, as_word: bool = False, language: str | None = None) -> int | str:
    """The month of a date, as a number or `as_word`.

    >>> month_of("4/1/1989"), month_of("4/1/1989", as_word=True)
    (4, 'April')
    """
    month = as_datetime(the_date).month
    return str(get_month_names("wide", locale=language or number_locale())[month]) if as_word else month


def day_of(the_date: Any, language: str | None = None) -> int:
    """The day of the month.

    >>> day_of("4/1/1989")
    1
    """
    return as_datetime(the_date).day


def dow_of(the_date: Any, as_word: bool = False, language: str | None = None) -> int | str:
    """The day of the week, from 1 (Monday) to 7.

    >>> dow_of("4/1/1989"), dow_of("4/1/1989", as_word=True)
    (6, 'Saturday')
    """
    day = as_datetime(the_date).isoweekday()
    return str(get_day_names("wide", locale=language or number_locale())[day - 1]) if as_word else day


def date_interval(**kwargs: Any) -> relativedelta:
    """A number of ``years``, ``months``, ``days``, ``hours`` … to add to a date or take from it."""
    return relativedelta(**kwargs)


@dataclass(frozen=True)
class DateTimeDelta:
    """The time between two dates, in each unit, and by the calendar in words."""

    start: dt.datetime
    end: dt.datetime

    @property
    def delta(self) -> dt.timedelta:
        # In UTC: between two times of the same zone Python would leave out that a clock was changed in between.
        return self.end.astimezone(dt.UTC) - self.start.astimezone(dt.UTC)

    @property
    def seconds(self) -> float:
        seconds = self.delta.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds

    @property
    def minutes(self) -> float:
        return self.delta.total_seconds() / 60

    @property
    def hours(self) -> float:
        return self.delta.total_seconds() / 3600

    @property
    def days(self) -> float:
        return self.delta.total_seconds() / 86400

    @property
    def weeks(self) -> float:
        return self.days / 7

    @property
    def years(self) -> float:
        return self.days / 365.2425

    def describe(self, specificity: str | None = None, capitalize: bool = False, nice: bool = True) -> str:
        """The difference in words, down to the unit `specificity`.

        >>> between = date_difference(starting="1/1/2014", ending="4/3/2015")
        >>> between.describe(), between.describe(specificity="month", capitalize=True), between.describe(nice=False)
        ('one year, three months, and two days', 'One year and three months', '1 year, 3 months, and 2 days')
        """
        first, last = sorted((self.start, self.end))
        between = relativedelta(last.replace(tzinfo=None), first.replace(tzinfo=None))
        units = ["year", "month", "day", "hour", "minute", "second"]
        if specificity in units:
            units = units[: units.index(specificity) + 1]
        amounts = [(getattr(between, f"{unit}s"), unit) for unit in units]
        if specificity is None and any(number for number, unit in amounts if unit in ("year", "month", "day")):
            amounts = amounts[:3]
        shown = [entry for entry in amounts if entry[0]] or [(0, specificity or "second")]
        text = comma_and_list([
            f"{nice_number(number) if nice else number} {noun_plural(word(unit), number)}" for number, unit in shown
        ])
        return text[:1].upper() + text[1:] if capitalize else text

    def __str__(self) -> str:
        return self.describe()


def date_difference(starting: Any = None, ending: Any = None, timezone: str | None = None) -> DateTimeDelta:
    """The time from `starting` to `ending`; either is now when it is left out.

    >>> date_difference(starting="1/1/2015", ending="1/3/2015").days
    2.0
    """
    return DateTimeDelta(
        current_datetime(timezone) if starting is None else as_datetime(starting, timezone),
        current_datetime(timezone) if ending is None else as_datetime(ending, timezone),
    )
