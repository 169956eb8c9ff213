"""The demo's counting of days: weekends, holidays and the ways of service."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from appliance.interviews.deadlines import answer_deadline, business_days_until, court_holidays, is_business_day


@pytest.mark.parametrize(("served", "how", "due"), [
    (date(2026, 3, 2), "handed", date(2026, 3, 9)),        # Monday; five business days with one weekend between
    (date(2026, 3, 6), "handed", date(2026, 3, 13)),       # Friday
    (date(2026, 3, 7), "handed", date(2026, 3, 13)),       # Saturday: the count starts on Monday
    (date(2026, 3, 2), "household", date(2026, 3, 11)),
    (date(2026, 3, 2), "posted", date(2026, 3, 16)),
    (date(2026, 3, 2), "mailed", date(2026, 3, 16)),       # fourteen calendar days
    (date(2026, 3, 1), "mailed", date(2026, 3, 16)),       # ... of which the last is a Sunday
    (date(2026, 11, 20), "handed", date(2026, 11, 30)),    # over Thanksgiving
    (date(2026, 12, 11), "mailed", date(2026, 12, 28)),    # the fourteenth day is Christmas, before a weekend
    (date(2026, 6, 26), "handed", date(2026, 7, 6)),       # Independence Day kept on Friday the 3rd
])
def test_deadline_by_kind_of_service(served: date, how: str, due: date) -> None:
    """Each rule is counted from the day after service, and no deadline falls on a day with closed courts."""
    assert answer_deadline(served, how) == due
    assert is_business_day(due)


def test_datetime_counts_as_its_day() -> None:
    """A date field of an interview gives a datetime; the result is a plain date all the same."""
    assert answer_deadline(datetime(2026, 3, 2, 23, 59), "handed") == date(2026, 3, 9)  # noqa: DTZ001


def test_unknown_kind_of_service_is_an_error() -> None:
    with pytest.raises(ValueError, match="shouted"):
        answer_deadline(date(2026, 3, 2), "shouted")


def test_new_year_on_a_saturday_is_kept_the_year_before() -> None:
    """1 January 2022 was a Saturday: the holiday is in 2021, and 2022 has none in January but the third Monday."""
    assert date(2021, 12, 31) in court_holidays(2021)
    assert min(court_holidays(2022)) == date(2022, 1, 17)


@pytest.mark.parametrize(("deadline", "today", "left"), [
    (date(2026, 3, 9), date(2026, 3, 2), 5),
    (date(2026, 3, 9), date(2026, 3, 6), 1),
    (date(2026, 3, 9), date(2026, 3, 9), 0),
    (date(2026, 3, 9), date(2026, 3, 20), 0),
])
def test_days_left(deadline: date, today: date, left: int) -> None:
    assert business_days_until(deadline, today) == left
