"""When somebody was last there: ``if last_access_days() > 365: command('exit')`` in a scheduled event.

What counts is what was stored before this turn. A person who only looks is noted anew after a minute.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from appliance.interview.host import Visit, current
from appliance.interview.turn import Submit
from appliance.library.datetimes import DADateTime, zone

__all__ = [
    "last_access_days",
    "last_access_delta",
    "last_access_hours",
    "last_access_minutes",
    "last_access_time",
    "returning_user",
]

Names = str | Iterable[str] | None

SIX_HOURS = dt.timedelta(hours=6)


def last_access_time(
    include_privileges: Names = None, exclude_privileges: Names = None, include_cron: bool = False,
    timezone: str | None = None,
) -> DADateTime | None:
    """When the session was last accessed; None where nobody that counts was ever there.

    :param include_privileges: a privilege or several: only users who have one of them now count. Who is not signed in
        has the privilege ``user``.
    :param exclude_privileges: users who have one of these do not count.
    :param include_cron: scheduled events count too; they do anyway where `include_privileges` names ``cron``.
    :param timezone: of the result; UTC unless given.
    """
    wanted, unwanted = _names(include_privileges), _names(exclude_privileges)
    with_cron = include_cron or "cron" in wanted
    times = [visit.last_access for visit in current().host.visits()
             if (with_cron or not visit.is_cron)
             and (not wanted or wanted.intersection(visit.privileges))
             and not unwanted.intersection(visit.privileges)]
    if not times:
        return None
    return DADateTime.from_datetime(dt.datetime.fromtimestamp(max(times), zone(timezone or "UTC")))


def last_access_delta(
    include_privileges: Names = None, exclude_privileges: Names = None, include_cron: bool = False,
    timezone: str | None = None,
) -> dt.timedelta:
    """How long ago that was (see :func:`last_access_time`); no time at all where nobody that counts was ever there,
    so that a session is not deleted because of that.
    """
    last = last_access_time(include_privileges, exclude_privileges, include_cron, timezone)
    return dt.timedelta(0) if last is None else _ago(last.timestamp())


def last_access_days(
    include_privileges: Names = None, exclude_privileges: Names = None, include_cron: bool = False,
    timezone: str | None = None,
) -> float:
    """The same in days, with fractions."""
    return last_access_delta(include_privileges, exclude_privileges, include_cron, timezone) / dt.timedelta(days=1)


def last_access_hours(
    include_privileges: Names = None, exclude_privileges: Names = None, include_cron: bool = False,
    timezone: str | None = None,
) -> float:
    """The same in hours."""
    return last_access_delta(include_privileges, exclude_privileges, include_cron, timezone) / dt.timedelta(hours=1)


def last_access_minutes(
    include_privileges: Names = None, exclude_privileges: Names = None, include_cron: bool = False,
    timezone: str | None = None,
) -> float:
    """The same in minutes."""
    return last_access_delta(include_privileges, exclude_privileges, include_cron, timezone) / dt.timedelta(minutes=1)


def returning_user(minutes: float | None = None, hours: float | None = None, days: float | None = None) -> bool:
    """Whether the user comes back after six hours or more, or after the time given; False when a screen is sent.

    It is the user's own visits that count (those of all who are not signed in are one user's).
    """
    evaluation = current()
    if isinstance(evaluation.turn, Submit):
        return False
    user_id = evaluation.host.user.user_id
    own = [visit for visit in evaluation.host.visits() if visit.user_id == user_id]
    return bool(own) and _ago(_last(own)) >= _limit(minutes, hours, days)


def _limit(minutes: float | None, hours: float | None, days: float | None) -> dt.timedelta:
    given = {name: value for name, value in (("minutes", minutes), ("hours", hours), ("days", days))
             if value is not None}
    return dt.timedelta(**given) if given else SIX_HOURS


def _last(visits: list[Visit]) -> float:
    return max(visit.last_access for visit in visits)


def _ago(moment: float) -> dt.timedelta:
    return current().host.now() - dt.datetime.fromtimestamp(moment, dt.UTC)


def _names(given: Names) -> set[str]:
    """A name, or several, or none."""
    if given is None:
        return set()
    return {given} if isinstance(given, str) else {str(name) for name in given}
