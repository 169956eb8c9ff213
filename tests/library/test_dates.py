"""Dates and times in every form that docassemble documents, and what happens around them."""

from __future__ import annotations

import datetime as dt
import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from appliance.interview.host import set_current
from appliance.library import dates, languages
from appliance.library.objects import DAEmpty

NEW_YORK = ZoneInfo("America/New_York")
NOON = dt.datetime(2026, 3, 1, 17, 0, tzinfo=dt.UTC)   # noon in New York, a Sunday
NAIVE = dt.datetime.fromisoformat("2026-03-01T04:01:23")


class Here:
    """A host that knows the time and the configuration."""

    def __init__(self, **settings: str) -> None:
        self.settings = settings

    def now(self) -> dt.datetime:
        return NOON

    def setting(self, name: str, default: Any = None) -> Any:
        return self.settings.get(name, default)


@contextmanager
def running(**settings: str) -> Iterator[None]:
    """Within the block an evaluation runs, in an office with these settings."""
    evaluation = SimpleNamespace(host=Here(**settings), internal={}, interview=SimpleNamespace(metadata={}))
    set_current(cast("Any", evaluation))
    try:
        yield
    finally:
        set_current(None)


@pytest.fixture
def in_new_york() -> Iterator[None]:
    """An office in New York, at noon of March 1, 2026."""
    with running(timezone="America/New_York"):
        yield


@pytest.mark.usefixtures("in_new_york")
class TestAsDocumented:
    """The examples of docassemble's documentation, word for word, for an office in New York."""

    @pytest.mark.parametrize(("given", "expected"), [
        ('"10/31/2016"', "October 31, 2016"), ('"2016-04-01"', "April 1, 2016"), ('"April 5, 2014"', "April 5, 2014"),
        ("'April 5, 2014', format='long'", "April 5, 2014"),
        ("'April 5, 2014', format='full'", "Saturday, April 5, 2014"),
        ("'April 5, 2014', format='EEEE'", "Saturday"), ("'April 5, 2014', format='yyyy'", "2014"),
        ("'April 5, 2014', format='yy'", "14"), ("'April 5, 2014', format='MMMM'", "April"),
        ("'April 5, 2014', format='MMM'", "Apr"), ("'April 5, 2014', format='d'", "5"),
        ("'April 5, 2014', format='dd'", "05"), ("'April 5, 2014', format='E'", "Sat"),
        ("'April 5, 2014', format='e'", "6"),
        ("'April 5, 2014', format='EEEE, MMMM d, yyyy'", "Saturday, April 5, 2014"),
        ("'April 5, 2014', format='short'", "4/5/14"), ("'April 5, 2014', format='M/d/yyyy'", "4/5/2014"),
        ("'April 5, 2014', format='MM/dd/yyyy'", "04/05/2014"), ("'April 5, 2014', format='yyyy-MM-dd'", "2014-04-05"),
        ("today()", "March 1, 2026"), ("datetime.date(2016, 10, 31)", "October 31, 2016"),
        ("datetime.datetime(2016, 10, 31, 23, 0)", "October 31, 2016"), ("datetime.time(4, 1)", "March 1, 2026"),
    ])
    def test_format_date(self, given: str, expected: str) -> None:
        assert eval(f"format_date({given})", vars(dates) | {"datetime": dt}) == expected

    @pytest.mark.parametrize(("pattern", "expected"), [
        (None, "4:01 AM"), ("h", "4"), ("hh", "04"), ("m", "1"), ("mm", "01"), ("ss", "23"), ("a", "AM"), ("z", "EST"),
        ("zzzz", "Eastern Standard Time"), ("h:mm a", "4:01 AM"), ("HH:mm", "04:01"),
    ])
    @pytest.mark.parametrize("given", ["04:01:23", dt.time(4, 1, 23), NAIVE])
    def test_format_time(self, given: Any, pattern: str | None, expected: str) -> None:
        assert dates.format_time(given, format=pattern) == expected

    @pytest.mark.parametrize(("given", "pattern", "expected"), [
        ("4/5/2014 07:30", None, "April 5, 2014, 7:30:00 AM EDT"), ("4/5/2014 07:30", "h:mm in MMMM", "7:30 in April"),
        (dt.datetime.fromisoformat("2014-04-05T07:30"), None, "April 5, 2014, 7:30:00 AM EDT"),
        (dt.date(2014, 4, 5), "short", "4/5/14, 12:00 AM"), (dt.time(7, 30), "short", "3/1/26, 7:30 AM"),
        (dt.datetime(2014, 4, 5, 7, 30, tzinfo=dt.UTC), "HH:mm z", "07:30 UTC"),
    ])
    def test_format_datetime(self, given: Any, pattern: str | None, expected: str) -> None:
        assert dates.format_datetime(given, pattern) == expected

    @pytest.mark.parametrize(("given", "expected"), [
        ("12/25/2018", "2018-12-25T00:00:00-05:00"), ("12/25/2018 07:30 AM", "2018-12-25T07:30:00-05:00"),
        ("07:30 AM", "2026-03-01T07:30:00-05:00"), ("October 14, 1066", "1066-10-14T00:00:00-04:56:02"),
        ("Feb 29 2024", "2024-02-29T00:00:00-05:00"), ("2026-07-01", "2026-07-01T00:00:00-04:00"),
        ("1 July 2026, 5 pm", "2026-07-01T17:00:00-04:00"),
        ("Wed, 1 Jul 2026 10:00:00 +0200", "2026-07-01T04:00:00-04:00"),
        ("2026-07-01T08:00:00Z", "2026-07-01T04:00:00-04:00"), ("2026-01-05 9:00 PST", "2026-01-05T12:00:00-05:00"),
        (dt.date(2026, 7, 1), "2026-07-01T00:00:00-04:00"), (dt.time(7, 30), "2026-03-01T07:30:00-05:00"),
        (dt.datetime.fromisoformat("2026-07-01T03:00"), "2026-07-01T03:00:00-04:00"),
        (dt.datetime(2026, 7, 1, 3, tzinfo=dt.UTC), "2026-07-01T03:00:00+00:00"),
    ])
    def test_as_datetime(self, given: Any, expected: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")   # dateutil warns of letters that it takes for no time zone
            made = dates.as_datetime(given)
        assert made.isoformat() == expected
        assert isinstance(made, dates.DADateTime)

    @pytest.mark.parametrize(("given", "expected"), [
        ("07:30 AM", "2026-03-02T07:30:00+09:00"),
        (dt.datetime(2026, 7, 1, 3, tzinfo=dt.UTC), "2026-07-01T12:00:00+09:00"),
        (dt.time(7, 30), "2026-03-02T07:30:00+09:00"), ("2026-07-01T08:00:00Z", "2026-07-01T17:00:00+09:00"),
        ("1/1/2026", "2026-01-01T00:00:00+09:00"),
    ])
    def test_in_another_time_zone(self, given: Any, expected: str) -> None:
        """There the next day has begun."""
        assert dates.as_datetime(given, timezone="Asia/Tokyo").isoformat() == expected

    def test_a_time_of_day(self) -> None:
        assert dates.as_datetime("07:30 AM").time() == dt.time(7, 30)

    def test_now_and_today(self) -> None:
        assert dates.current_datetime().isoformat() == "2026-03-01T12:00:00-05:00"
        assert dates.current_datetime(timezone="Asia/Tokyo").isoformat() == "2026-03-02T02:00:00+09:00"
        assert dates.today().isoformat() == "2026-03-01T00:00:00-05:00"
        assert (str(dates.today()), dates.today(format="M/d/YYYY")) == ("March 1, 2026", "3/1/2026")
        assert dates.today(timezone="Asia/Tokyo", format="yyyy-MM-dd") == "2026-03-02"
        assert str(dates.today().plus(weeks=1)) == "March 8, 2026"
        assert dates.get_default_timezone() == "America/New_York"

    def test_date_difference(self) -> None:
        z = dates.date_difference(starting="1/1/2015", ending="1/3/2015")
        assert (z.years, z.weeks, z.days, z.hours, z.minutes, z.seconds) == (
            0.005475814013977016, 0.2857142857142857, 2.0, 48.0, 2880.0, 172800)
        assert z.delta == dt.timedelta(days=2)

    @pytest.mark.parametrize(("options", "expected"), [
        ({}, "one year, three months, and two days"), ({"capitalize": True}, "One year, three months, and two days"),
        ({"specificity": "year"}, "one year"), ({"specificity": "month"}, "one year and three months"),
        ({"nice": False}, "1 year, 3 months, and 2 days"),
        ({"specificity": "minute", "nice": False}, "1 year, 3 months, and 2 days"),
    ])
    def test_a_difference_in_words(self, options: dict[str, Any], expected: str) -> None:
        z = dates.date_difference(starting="1/1/2014", ending="4/3/2015")
        assert z.describe(**options) == expected
        assert str(z) == z.describe()

    @pytest.mark.parametrize(("starting", "ending", "expected"), [
        ("1/1/2015", "1/1/2015", "zero seconds"), ("1/3/2015", "1/1/2015", "two days"),
        ("1/1/2015 10:00", "1/1/2015 12:30:05", "two hours, 30 minutes, and five seconds"),
        ("2026-03-01T00:00Z", "2026-03-01T09:00+09:00", "zero seconds"),
        (dt.datetime(2026, 3, 1, 12, tzinfo=NEW_YORK), dt.datetime(2026, 3, 2, 18, tzinfo=dt.UTC),
        "one day and one hour"),
    ])
    def test_a_difference_is_by_one_calendar(self, starting: Any, ending: Any, expected: str) -> None:
        """Also where its ends were written in different time zones, and whichever comes first."""
        shown = dates.date_difference(starting=starting, ending=ending)
        assert shown.describe(specificity="hour" if "hour" in expected and "day" in expected else None) == expected

    def test_what_is_left_out_is_now(self) -> None:
        assert dates.date_difference(ending="3/2/2026").hours == 12
        assert dates.date_difference(starting="3/1/2026").hours == 12
        assert dates.date_difference().seconds == 0

    def test_date_interval(self) -> None:
        now = dates.current_datetime()
        assert (now + dates.date_interval(days=1) - now) == dt.timedelta(days=1)
        assert str(now - dates.date_interval(years=1)) == "March 1, 2025"
        every = dates.date_interval(years=1, months=1, weeks=1, days=1, hours=1, minutes=1, seconds=1, microseconds=1)
        assert (now + every).isoformat() == "2027-04-09T13:01:01.000001-04:00"

    def test_the_parts_are_those_that_are_written(self) -> None:
        """Of a moment elsewhere too: it is the second of March in Tokyo."""
        there = dates.current_datetime(timezone="Asia/Tokyo")
        assert (dates.day_of(there), dates.dow_of(there), str(there)) == (2, 1, "March 2, 2026")
        assert (dates.year_of("4/1/1989"), dates.month_of("4/1/1989"), dates.day_of("4/1/1989")) == (1989, 4, 1)
        assert dates.month_of("4/1/1989", as_word=True) == "April"
        assert dates.dow_of("4/1/1989", as_word=True) == "Saturday"


class TestLanguages:
    @pytest.mark.parametrize(("language", "date", "month", "day"), [
        ("es", "5 de abril de 2014", "abril", "sábado"), ("fr", "5 avril 2014", "avril", "samedi"),
        ("de", "5. April 2014", "April", "Samstag"), ("tlh", "April 5, 2014", "April", "Saturday"),
    ])
    def test_dates_are_written_in_the_language(self, language: str, date: str, month: str, day: str) -> None:
        """In English where there are no words for it."""
        with running():
            languages.set_language(language)
            assert dates.format_date("4/5/2014") == date
            assert dates.month_of("4/5/2014", as_word=True) == month
            assert dates.dow_of("4/5/2014", as_word=True) == day

    def test_a_locale_counts_where_one_was_chosen(self) -> None:
        with running(locale="GB.utf8"):
            assert dates.format_date("4/5/2014") == "5 April 2014"
        with running():
            languages.set_locale("GB.utf8")
            assert dates.format_date("4/5/2014") == "5 April 2014"
            assert dates.month_of("4/5/2014", as_word=True, language="fr") == "avril"

    def test_the_interviews_own_format(self) -> None:
        with running():
            from appliance.interview.host import current

            current().internal["parts"] = {"date format": "yyyy.MM.dd", "time format": "HH.mm",
            "datetime format": "d. H:mm"}
            assert str(dates.as_datetime("4/5/2014")) == "2014.04.05"
            assert dates.format_time("7:30") == "07.30"
            assert dates.format_datetime("4/5/2014 7:30") == "5. 7:30"
            assert dates.format_date("4/5/2014", "short") == "4/5/14"


@pytest.mark.usefixtures("in_new_york")
class TestObjects:
    def test_attributes(self) -> None:
        moment = dates.as_datetime("12/30/2024 7:30:15.25")
        assert (moment.year, moment.month, moment.day) == (2024, 12, 30)
        assert (moment.hour, moment.minute, moment.second, moment.microsecond) == (7, 30, 15, 250000)
        assert (moment.dow, moment.doy, moment.week, moment.week_of_year, moment.nanosecond) == (1, 365, 1, 1, 0)
        assert (moment.date(), moment.time()) == (dt.date(2024, 12, 30), dt.time(7, 30, 15, 250000))

    @pytest.mark.parametrize(("expression", "expected"), [
        ("d.plus(months=1)", "2026-02-28T10:00:00-05:00"), ("d.plus(days=60)", "2026-04-01T10:00:00-04:00"),
        ("d.minus(days=31)", "2025-12-31T10:00:00-05:00"),
        ("d.plus(years=2, weeks=1, hours=-1)", "2028-02-07T09:00:00-05:00"),
        ("d.replace(month=7)", "2026-07-31T10:00:00-04:00"),
        ("d.replace_time(time(16, 5))", "2026-01-31T16:05:00-05:00"),
        ("d + timedelta(days=1)", "2026-02-01T10:00:00-05:00"), ("d - timedelta(days=1)", "2026-01-30T10:00:00-05:00"),
        ("d + date_interval(months=1)", "2026-02-28T10:00:00-05:00"),
    ])
    def test_arithmetic_gives_dates_again(self, expression: str, expected: str) -> None:
        names = vars(dates) | {"d": dates.as_datetime("1/31/2026 10:00"), "timedelta": dt.timedelta, "time": dt.time}
        made = eval(expression, names)
        assert made.isoformat() == expected
        assert isinstance(made, dates.DADateTime)

    def test_between_two_dates_is_pythons_timedelta(self) -> None:
        between = dates.as_datetime("1/3/2026") - dates.as_datetime("1/1/2026")
        assert (type(between), between.days) == (dt.timedelta, 2)

    def test_comparisons(self) -> None:
        new_year = dates.as_datetime("1/1/2026")
        assert new_year < dates.as_datetime("1/2/2026") <= dates.today()
        assert new_year == dates.as_datetime("2026-01-01T05:00Z") == dt.datetime(2026, 1, 1, 5, tzinfo=dt.UTC)
        assert new_year.date() == dt.date(2026, 1, 1)
        assert len({new_year, dates.as_datetime("2026-01-01T05:00Z")}) == 1

    @pytest.mark.parametrize("text", ["1/1/2020", "2020-01-01T10:00+05:30", "1 Jan 2020 10:00 EST",
    "2020-01-01T10:00Z"])
    def test_what_is_stored_names_its_time_zone(self, text: str) -> None:
        """So that an office that moved, or another machine, reads the same moment."""
        again = pickle.loads(pickle.dumps(dates.as_datetime(text)))
        assert again == dates.as_datetime(text)
        assert again.tzinfo == NEW_YORK


@pytest.mark.usefixtures("in_new_york")
class TestClocksThatChange:
    """In New York 2 o'clock of March 8, 2026 does not exist, and 1 o'clock of November 1 is there twice."""

    @pytest.mark.parametrize(("starting", "ending", "hours"), [
        ("3/8/2026", "3/9/2026", 23), ("11/1/2026", "11/2/2026", 25), ("3/8/2026 1:59", "3/8/2026 3:01", 2 / 60),
        ("11/1/2026 0:30", "11/1/2026 2:30", 3),
    ])
    def test_a_difference_counts_hours_that_passed(self, starting: str, ending: str, hours: float) -> None:
        assert dates.date_difference(starting, ending).hours == pytest.approx(hours)

    def test_in_words_it_is_a_day(self) -> None:
        assert dates.date_difference("3/8/2026", "3/9/2026").describe() == "one day"
        assert dates.date_difference("11/1/2026", "11/2/2026").describe() == "one day"

    def test_days_are_added_by_the_calendar(self) -> None:
        assert dates.as_datetime("3/7/2026 9:00").plus(days=1).isoformat() == "2026-03-08T09:00:00-04:00"
        assert dates.as_datetime("10/31/2026 9:00").plus(days=1).isoformat() == "2026-11-01T09:00:00-05:00"

    def test_the_second_time_of_the_hour_stays_the_second(self) -> None:
        second = dates.as_datetime(dt.datetime(2026, 11, 1, 6, 30, tzinfo=dt.UTC), timezone="America/New_York")
        assert (second.isoformat(), second.fold) == ("2026-11-01T01:30:00-05:00", 1)
        assert pickle.loads(pickle.dumps(second)).isoformat() == second.isoformat()
        assert dates.date_difference(starting="11/1/2026 1:30", ending=second).hours == 1


@pytest.mark.usefixtures("in_new_york")
class TestWhatIsNoDate:
    @pytest.mark.parametrize("wrong", ["", "no date", "13/45/2020", "99999999999999999999", DAEmpty, {}])
    def test_it_is_said(self, wrong: Any) -> None:
        with pytest.raises(ValueError, match="is not a date"):
            dates.as_datetime(wrong)

    def test_nothing(self) -> None:
        with pytest.raises(ValueError, match="it is None"):
            dates.as_datetime(None)
        with pytest.raises(ValueError, match="it is None"):
            dates.format_date(None)

    @pytest.mark.parametrize("function", ["format_date", "format_time", "format_datetime", "year_of", "month_of",
    "day_of",
                                          "dow_of", "as_datetime", "date_difference"])
    def test_a_template_with_what_is_empty_stays_empty(self, function: str) -> None:
        assert str(getattr(dates, function)(DAEmpty())) == ""
        assert str(dates.month_of(DAEmpty(), as_word=True)) == str(dates.dow_of(DAEmpty(), as_word=True)) == ""

    def test_an_unknown_time_zone(self) -> None:
        for function in (dates.today, dates.current_datetime):
            with pytest.raises(ValueError, match="no time zone 'Mars/Olympus'"):
                function(timezone="Mars/Olympus")


def test_the_time_zones_are_places_or_names_of_zones() -> None:
    zones = dates.timezone_list()
    assert zones == sorted(zones)
    assert {"America/New_York", "America/Sitka", "UTC", "US/Eastern"} <= set(zones)
    assert not {"localtime", "Factory", "posixrules"} & set(zones)
