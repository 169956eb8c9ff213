"""Dates as authors hold them: :class:`DADateTime`, and how they are written."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import babel.dates
from babel import Locale, UnknownLocaleError
from babel.localtime import get_localzone
from dateutil.relativedelta import relativedelta

from appliance.interview.host import running_evaluation
from appliance.library.languages import get_language
from appliance.library.numbers import number_locale
from appliance.library.state import setting, turn_state

__all__ = ["DADateTime", "date_locale", "default_zone", "now", "written_date", "written_datetime", "written_time",
           "zone"]

Moment = dt.datetime | dt.date | dt.time


@lru_cache(maxsize=1)
def zone_of_this_machine() -> str:
    """The machine's IANA time zone; UTC where it does not say."""
    try:
        key = getattr(get_localzone(), "key", None)
    except (LookupError, OSError):
        key = None
    return str(key or "UTC")


def default_zone() -> str:
    """The configuration's ``timezone``, else the machine's."""
    return str(setting("timezone") or zone_of_this_machine())


def zone(name: str | None = None) -> ZoneInfo:
    """The time zone called `name`, or the default one.

    :raises ValueError: where there is none of that name.
    """
    wanted = name or default_zone()
    try:
        return ZoneInfo(wanted)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {wanted!r}; timezone_list() names those there are") from error


def now() -> dt.datetime:
    """The present moment, as the turn that runs sees it."""
    evaluation = running_evaluation()
    return dt.datetime.now(dt.UTC) if evaluation is None else evaluation.host.now()


def date_locale(language: str | None = None) -> Locale:
    """What dates are written in: the current language, and its ways in a country only where a locale was chosen.

    docassemble documents dates by the language alone. A ``locale`` of the configuration or ``set_locale()`` counts
    where the language has its own ways there.
    """
    if language is None and (turn_state().get("locale") or setting("locale")):
        return number_locale()
    try:
        return Locale.parse((language or get_language()).replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return number_locale()


def default_format(kind: str, otherwise: str) -> str:
    """A format set for the interview (``date format`` in ``metadata`` or with ``set_parts()``)."""
    from appliance.library.parts import part

    return str(part(kind) or otherwise)


def tidy(text: str) -> str:
    """CLDR puts a narrow no-break space before AM and PM, which neither people's searches nor old documents know."""
    return text.replace("\u202f", " ")


def aware(moment: Moment) -> dt.datetime:
    """`moment` with day and time zone: a time alone is today's, and without a time zone it is in the default one."""
    if isinstance(moment, dt.time):
        moment = dt.datetime.combine(now().astimezone(moment.tzinfo or zone()).date(), moment)
    elif not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    return moment.replace(tzinfo=zone()) if moment.tzinfo is None else moment


def written_date(moment: Moment, format: str | None = None) -> str:
    pattern = format or default_format("date format", "long")
    day = aware(moment) if isinstance(moment, dt.time) else moment
    return tidy(babel.dates.format_date(day, pattern, locale=date_locale()))


def written_time(moment: Moment, format: str | None = None) -> str:
    pattern = format or default_format("time format", "short")
    known = aware(moment)
    return tidy(babel.dates.format_time(known, pattern, tzinfo=known.tzinfo, locale=date_locale()))


def written_datetime(moment: Moment, format: str | None = None) -> str:
    pattern = format or default_format("datetime format", "long")
    known = aware(moment)
    return tidy(babel.dates.format_datetime(known, pattern, tzinfo=known.tzinfo, locale=date_locale()))


class DADateTime(dt.datetime):
    """A date and time with a time zone, which is written as a date.

    >>> str(DADateTime(2026, 11, 23)), DADateTime(2026, 11, 23).plus(weeks=1).format_date("yyyy-MM-dd")
    ('November 23, 2026', '2026-11-30')
    """

    def __str__(self) -> str:
        return self.format_date()

    def __format__(self, format_spec: str) -> str:
        return self.strftime(format_spec) if format_spec else str(self)

    def format(self, format: str | None = None) -> str:
        return self.format_date(format)

    def format_date(self, format: str | None = None) -> str:
        return written_date(self, format)

    def format_time(self, format: str | None = None) -> str:
        return written_time(self, format)

    def format_datetime(self, format: str | None = None) -> str:
        return written_datetime(self, format)

    def replace_time(self, time: dt.time) -> Self:
        """This date at another time."""
        return self.replace(hour=time.hour, minute=time.minute, second=time.second, microsecond=time.microsecond)

    def plus(self, **kwargs: Any) -> Self:
        """Later by so many ``years``, ``months``, ``weeks``, ``days``, ``hours``, ``minutes`` …, by the calendar."""
        return self.from_datetime(self + relativedelta(**kwargs))

    def minus(self, **kwargs: Any) -> Self:
        return self.from_datetime(self - relativedelta(**kwargs))

    @property
    def nanosecond(self) -> int:
        return 0

    @property
    def dow(self) -> int:
        """The day of the week, from 1 (Monday) to 7."""
        return self.isoweekday()

    @property
    def doy(self) -> int:
        """The day of the year, from 1."""
        return self.timetuple().tm_yday

    @property
    def week(self) -> int:
        """The ISO week of the year."""
        return self.isocalendar().week

    week_of_year = week

    @classmethod
    def from_datetime(cls, moment: dt.datetime) -> Self:
        """A DADateTime for the same instant."""
        return cls(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond,
                   tzinfo=moment.tzinfo, fold=moment.fold)
