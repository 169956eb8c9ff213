"""When the scheduled events are due: pure reckoning with the configured times, in the configured time zone.

Instants are seconds since the epoch, so what is compared and stored knows no daylight saving. Unless told, the times
are those of Debian's ``/etc/crontab``, which docassemble's own scheduled tasks run by: 17 minutes past each hour, 06:25
each day, Sundays 06:47, and 06:52 on the first of the month.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from babel.localtime import get_localzone

from appliance.times import MonthlyTime, TimeOfDay, WeeklyTime, monthly_time, time_of_day, weekly_time

__all__ = ["EVENTS", "Calendar"]

EVENTS = ("cron_hourly", "cron_daily", "cron_weekly", "cron_monthly")
"""The events that come by themselves."""

_HOUR = 3600.0


@dataclass(frozen=True)
class Calendar:
    """The configured times.

    A local time that the clock jumps over in spring is due as much later as the clock jumped (02:30 becomes 03:30); one
    that comes twice in autumn is due the first time only. An hour that comes twice is two hours, each with its event.

    :param hourly: the minute of each hour.
    """

    zone: tzinfo
    hourly: int
    daily: TimeOfDay
    weekly: WeeklyTime
    monthly: MonthlyTime

    @classmethod
    def configured(cls, setting: Callable[[str, Any], Any]) -> Calendar:
        """From directives that were checked when ``config.yml`` was read.

        :param setting: name and default to a directive.
        """
        name = setting("timezone", None)
        return cls(ZoneInfo(name) if name else _zone_of_this_computer(), setting("schedule: hourly", 17),
                   time_of_day(setting("schedule: daily", "06:25")),
                   weekly_time(setting("schedule: weekly", "Sunday 06:47")),
                   monthly_time(setting("schedule: monthly", "1 06:52")))

    def newest(self, event: str, now: float) -> float:
        """The newest instant at or before `now` at which `event`, one of :data:`EVENTS`, is due."""
        return max(instant for instant in self._near(event, now) if instant <= now)

    def following(self, event: str, now: float) -> float:
        """The first instant after `now` at which `event` is due."""
        return min(instant for instant in self._near(event, now) if instant > now)

    def _near(self, event: str, now: float) -> set[float]:
        """All instants at which `event` is due around `now`: at least one before and one after it."""
        here = datetime.fromtimestamp(now, UTC).astimezone(self.zone).replace(tzinfo=None)
        if event == "cron_hourly":
            return set(self._hours(here))
        days = {"cron_daily": self._days, "cron_weekly": self._weeks, "cron_monthly": self._months}[event]
        return {self._instant(moment) for moment in days(here.date())}

    def _hours(self, here: datetime) -> Iterator[float]:
        for hours in range(-2, 3):
            moment = here.replace(minute=self.hourly, second=0, microsecond=0) + timedelta(hours=hours)
            first, second = self._instant(moment), self._instant(moment, fold=1)
            yield first
            if second - first >= _HOUR:   # half an hour that comes twice, as on Lord Howe Island, is no hour more
                yield second

    def _days(self, today: date) -> Iterator[datetime]:
        for days in range(-2, 3):
            yield _at(today + timedelta(days=days), self.daily)

    def _weeks(self, today: date) -> Iterator[datetime]:
        this = today + timedelta(days=self.weekly.weekday - today.weekday())
        for weeks in range(-2, 3):
            yield _at(this + timedelta(weeks=weeks), self.weekly.time)

    def _months(self, today: date) -> Iterator[datetime]:
        for number in range(-2, 3):
            year, month = divmod(12 * today.year + today.month - 1 + number, 12)
            last = months.monthrange(year, month + 1)[1]
            yield _at(date(year, month + 1, min(self.monthly.day, last)), self.monthly.time)

    def _instant(self, moment: datetime, fold: int = 0) -> float:
        """A local time as an instant; with fold 0, zoneinfo reads one that does not exist as before the jump."""
        return moment.replace(tzinfo=self.zone, fold=fold).timestamp()


def _at(day: date, at: TimeOfDay) -> datetime:
    return datetime.combine(day, time(at.hour, at.minute))


def _zone_of_this_computer() -> tzinfo:
    try:
        zone: tzinfo = get_localzone()
    except (LookupError, OSError):   # it does not say
        return UTC
    return zone
