"""Functions for dates and times; they take dates as text, as DADateTime or as Python's own objects."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from typing import Any

import dateutil.parser
from babel.dates import get_day_names, get_month_names
from dateutil.relativedelta import relativedelta

from appliance.library.datetimes import (
    DADateTime,
    date_locale,
    default_zone,
    now,
    written_date,
    written_datetime,
    written_time,
    zone,
)
from appliance.library.languages import word
from appliance.library.numbers import nice_number
from appliance.library.objects import DAEmpty
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


_ABBREVIATIONS = {name: hours * 3600 for name, hours in {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8,
    "PDT": -7}.items()}
"""The time zones that texts name by letters: those of RFC 5322, in seconds east of Greenwich."""

_NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})
"""Files beside the time zones, which no person lives in."""


def get_default_timezone() -> str:
    """The configuration's ``timezone``, else that of the machine."""
    return default_zone()


def timezone_list() -> list[str]:
    """All time zones by name, for a choice."""
    return sorted(zoneinfo.available_timezones() - _NO_PLACES)


def current_datetime(timezone: str | None = None) -> DADateTime:
    """Now."""
    return DADateTime.from_datetime(now().astimezone(zone(timezone)))


def today(timezone: str | None = None, format: str | None = None) -> Any:
    """Today at midnight; text where a `format` is given."""
    moment = current_datetime(timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    return moment if format is None else moment.format_date(format)


def as_datetime(the_date: Any, timezone: str | None = None) -> Any:
    """`the_date` as a DADateTime with a time zone; a time alone is today's, and DAEmpty stays empty.

    What has no time zone is taken to be in `timezone`, or the default one. What has one stays the same instant, in
    `timezone` where that is given.

    >>> as_datetime("12/25/2018 07:30 AM").isoformat()[:16]
    '2018-12-25T07:30'

    :raises ValueError: where it is no date.
    """
    if isinstance(the_date, DAEmpty):
        return the_date
    where = zone(timezone)
    if isinstance(the_date, dt.datetime):
        moment = the_date
    elif isinstance(the_date, dt.date):
        moment = dt.datetime.combine(the_date, dt.time())
    elif isinstance(the_date, dt.time):
        moment = dt.datetime.combine(today(timezone), the_date)
    elif the_date is None:
        raise ValueError("there is no date: it is None")
    else:
        moment = parsed(str(the_date), where)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=where)
    elif timezone is not None:
        moment = moment.astimezone(where)
    return DADateTime.from_datetime(moment)


def parsed(text: str, where: dt.tzinfo) -> dt.datetime:
    """A date as people write it; what it leaves out is today's, at midnight, and its time zone is `where`.

    :raises ValueError: where it is no date.
    """
    midnight = dt.datetime.combine(now().astimezone(where).date(), dt.time())
    try:
        moment = dateutil.parser.parse(text, default=midnight, tzinfos=_ABBREVIATIONS)
    except (OverflowError, dateutil.parser.ParserError) as error:
        raise ValueError(f"{text!r} is not a date") from error
    # A zone that the text names would not be known by name later, or be this machine's, which is another after a move.
    return moment if moment.tzinfo is None else moment.astimezone(where)


def as_moment(value: Any) -> Any:
    """A date or time as it is, anything else as a DADateTime; DAEmpty stays empty."""
    return value if isinstance(value, (dt.date, dt.time)) else as_datetime(value)


def format_date(the_date: Any, format: str | None = None) -> str:
    """`the_date` as it is written in the current language; `format` is that of ``babel.dates.format_date``.

    >>> format_date("10/31/2016"), format_date("April 5, 2014", format="EEEE"), format_date("2014-04-05", "short")
    ('October 31, 2016', 'Saturday', '4/5/14')
    """
    moment = as_moment(the_date)
    return "" if isinstance(moment, DAEmpty) else written_date(moment, format)


def format_time(the_time: Any, format: str | None = None) -> str:
    """The time of day as it is written in the current language.

    >>> format_time("04:01:23"), format_time("04:01:23", format="hh"), format_time("16:05", format="h:mm a")
    ('4:01 AM', '04', '4:05 PM')
    """
    moment = as_moment(the_time)
    return "" if isinstance(moment, DAEmpty) else written_time(moment, format)


def format_datetime(the_date: Any, format: str | None = None) -> str:
    """Date and time as they are written in the current language.

    >>> format_datetime("4/5/2014 07:30", "h:mm 'in' MMMM")
    '7:30 in April'
    """
    moment = as_moment(the_date)
    return "" if isinstance(moment, DAEmpty) else written_datetime(moment, format)


def year_of(the_date: Any, language: str | None = None) -> Any:
    """The year of a date.

    >>> year_of("4/1/1989")
    1989
    """
    return as_datetime(the_date).year


def month_of(the_date: Any, as_word: bool = False, language: str | None = None) -> Any:
    """The month of a date, as a number or `as_word`.

    >>> month_of("4/1/1989"), month_of("4/1/1989", as_word=True)
    (4, 'April')
    """
    month = as_datetime(the_date).month
    if isinstance(month, DAEmpty) or not as_word:
        return month
    return str(get_month_names("wide", locale=date_locale(language))[month])


def day_of(the_date: Any, language: str | None = None) -> Any:
    """The day of the month.

    >>> day_of("4/1/1989")
    1
    """
    return as_datetime(the_date).day


def dow_of(the_date: Any, as_word: bool = False, language: str | None = None) -> Any:
    """The day of the week, from 1 (Monday) to 7.

    >>> dow_of("4/1/1989"), dow_of("4/1/1989", as_word=True)
    (6, 'Saturday')
    """
    day = as_datetime(the_date).isoweekday()
    if isinstance(day, DAEmpty) or not as_word:
        return day
    return str(get_day_names("wide", locale=date_locale(language))[day - 1])


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
        # By one calendar: the same moment has another date and hour elsewhere.
        between = relativedelta(last.astimezone(first.tzinfo).replace(tzinfo=None), first.replace(tzinfo=None))
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


def date_difference(starting: Any = None, ending: Any = None, timezone: str | None = None) -> Any:
    """The time from `starting` to `ending`; either is now when it is left out, and with DAEmpty the result is empty.

    >>> date_difference(starting="1/1/2015", ending="1/3/2015").days
    2.0
    """
    start, end = (current_datetime(timezone) if given is None else as_datetime(given, timezone)
                  for given in (starting, ending))
    empty = next((one for one in (start, end) if isinstance(one, DAEmpty)), None)
    return DateTimeDelta(start, end) if empty is None else empty
