"""Words, numbers, dates and texts come out as docassemble documents them."""

from __future__ import annotations

import datetime as dt
import doctest
import importlib
import pickle
from typing import Any

import pytest

from appliance.library import dates, languages, modules, numbers, text, verbs, words

modules.install_import_hook()


@pytest.mark.parametrize("idea", [
    "languages", "verbs", "words", "numbers", "text", "dates", "logic", "urls", "device",
])
def test_the_examples_in_the_docstrings_run(idea: str) -> None:
    failures, count = doctest.testmod(importlib.import_module(f"appliance.library.{idea}"))
    assert failures == 0
    assert count > 0


PASTS = """
    helped stopped used visited admitted hoped hopped tried passed added called filled asked wanted needed lived
    moved received paid closed raised caused changed charged agreed created stated located started treated
    repeated served owned signed filed decided included required befriended returned belonged answered evicted
    owed fixed played danced judged planned occurred arranged argued continued issued wrote ate carried completed
    dated rented repaired applied appealed denied appeared lied defaulted harassed abused divorced married died
    tied
"""


@pytest.mark.parametrize("past", PASTS.split())
def test_a_verb_and_its_past_lead_to_each_other(past: str) -> None:
    infinitive = verbs.infinitive(past)
    assert infinitive != past
    assert verbs.conjugate_past(infinitive) == past
    assert verbs.infinitive(verbs.conjugate_present(infinitive)) == infinitive


@pytest.mark.parametrize(("one", "many"), [
    ("friend", "friends"), ("child", "children"), ("address", "addresses"), ("bus", "buses"), ("gas", "gases"),
    ("status", "statuses"), ("party", "parties"), ("tax", "taxes"), ("wife", "wives"), ("person", "people"),
    ("expense", "expenses"), ("spouse", "spouses"), ("bank account", "bank accounts"), ("fish", "fish"),
])
def test_nouns(one: str, many: str) -> None:
    assert words.noun_plural(one) == many
    assert words.noun_plural(many) == many
    assert words.noun_singular(many) == one
    assert words.noun_singular(one) == one
    assert words.noun_plural(one, 1) == one
    assert words.noun_plural(one, [1, 2]) == many
    assert words.noun_plural(many, ["only"]) == one


@pytest.mark.parametrize(("number", "noun", "expected"), [
    (2, "apple", "two apples"), (1, "apple", "one apple"), (144, "apple", "144 apples"), (1.5, "apple", "2 apples"),
    (0, "apple", "zero apples"), ("3", "fish", "three fish"),
])
def test_quantities(number: Any, noun: str, expected: str) -> None:
    # docassemble documents "2 apples" for 1.5; the rounded number is written like any other here.
    assert words.quantity_noun(number, noun) == expected.replace("2 apples", "two apples")


def test_simple_phrases_can_be_capitalized() -> None:
    assert words.her("turtle", capitalize=True) == "Her turtle"
    assert words.in_the("house") == "in the house"
    assert words.possessify_long("Fred", "cat") == "the cat of Fred"


class TestLanguages:
    def test_a_function_for_a_language_replaces_the_usual_one(self) -> None:
        languages.update_language_function("tlh", "possessify", lambda a, b, **kwargs: f"{a} {b}")
        assert words.possessify("qama", "juH", language="tlh") == "qama juH"
        assert words.possessify("Fred", "cat") == "Fred's cat"

    def test_a_new_language_function(self) -> None:
        closing = languages.language_function_constructor("closing")
        with pytest.raises(SystemError, match="closing not defined"):
            closing("Fred")
        languages.update_language_function("*", "closing", lambda name, **kwargs: f"Goodbye, {name}!")
        assert closing("Fred", formal=True) == "Goodbye, Fred!"

    def test_own_words_for_numbers(self) -> None:
        numbers.update_nice_numbers("tlh", {"3": "wej"})
        numbers.update_ordinal_numbers("tlh", {"3": "wejDIch"})
        languages.set_language("tlh")
        try:
            assert numbers.nice_number(3) == "wej"
            assert numbers.ordinal(2) == "wejDIch"
        finally:
            languages.set_language("en")

    def test_dates_and_numbers_follow_the_language(self) -> None:
        languages.set_language("es")
        try:
            assert dates.format_date("4/5/2014") == "5 de abril de 2014"
            assert dates.dow_of("4/5/2014", as_word=True) == "sábado"
            assert numbers.nice_number(4) == "cuatro"
        finally:
            languages.set_language("en")


@pytest.mark.parametrize(("value", "options", "expected"), [
    (45.2, {}, "$45.20"), (45, {}, "$45.00"), (45, {"decimals": False}, "$45"), ("1200", {}, "$1,200.00"),
    (-3, {}, "-$3.00"), (3, {"symbol": "€"}, "€3.00"),
])
def test_currency(value: Any, options: dict[str, Any], expected: str) -> None:
    assert numbers.currency(value, **options) == expected


def test_a_currency_symbol_that_was_set() -> None:
    languages.set_locale(currency_symbol="£")
    try:
        assert numbers.currency(3) == "£3.00"
        assert numbers.currency_symbol() == "£"
        assert languages.get_locale("currency_symbol") == "£"
    finally:
        languages.set_locale(currency_symbol=None)


@pytest.mark.parametrize(("given", "expected"), [
    (["lions", "tigers", "bears"], "lions, tigers, and bears"), (("a", "b"), "a and b"), (["a"], "a"), ([], ""),
    ({"x": 1}, "x"), ((n for n in (1, 2)), "1 and 2"),
])
def test_lists_in_a_sentence(given: Any, expected: str) -> None:
    assert text.comma_and_list(given) == expected


def test_what_stands_before_and_after_and() -> None:
    assert text.comma_and_list("fish", "toads", "frogs", before_and="---") == "fish, toads,---and frogs"
    assert text.comma_and_list("fish", "toads", "frogs", after_and=" (last) ") == "fish, toads, and (last) frogs"


def test_verbatim_text_has_no_markup() -> None:
    from appliance.interview.markup import plain_text, to_html

    given = "# *a* <b>b</b> [c](d) `e` 1. & ${x} \"q\" it's -- {y} |z| :bed:\n    not code\n1. one"
    html = to_html(text.verbatim(given))
    assert html.startswith("<p>")
    assert "<" not in html.removeprefix("<p>").removesuffix("</p>")
    assert plain_text(html) == " ".join(given.split())


class TestDates:
    def test_a_date_is_written_as_a_date(self) -> None:
        assert str(dates.as_datetime("04/01/1989")) == "April 1, 1989"
        assert f"{dates.as_datetime('2026-11-23')}" == "November 23, 2026"
        assert dates.format_date(dt.date(2016, 10, 31)) == "October 31, 2016"

    def test_the_calendar(self) -> None:
        date = dates.as_datetime("1/31/2026")
        assert date.plus(months=1).format_date("yyyy-MM-dd") == "2026-02-28"
        assert date.minus(days=31).year == 2025
        assert isinstance(date + dates.date_interval(days=1), dates.DADateTime)
        assert isinstance(date.replace(month=12), dates.DADateTime)
        assert (date.dow, date.week, date.doy, date.nanosecond) == (6, 5, 31, 0)

    def test_a_time_on_a_date(self) -> None:
        moment = dates.as_datetime("1/31/2026").replace_time(dt.time(16, 5))
        assert moment.format_time() == "4:05 PM"
        assert moment.format_datetime("h:mm 'in' MMMM") == "4:05 in January"
        assert moment.format_datetime().startswith("January 31, 2026")

    def test_time_zones(self) -> None:
        moment = dates.as_datetime("1/31/2026 07:30", timezone="America/New_York")
        assert moment.format_time("h:mm a z").startswith("7:30 AM")
        assert moment.utcoffset() == dt.timedelta(hours=-5)
        assert dates.as_datetime(moment, timezone="UTC").hour == 12
        with pytest.raises(ValueError, match="no time zone 'Mars'"):
            dates.current_datetime(timezone="Mars")
        assert "America/Sitka" in dates.timezone_list()

    def test_a_difference_counts_what_the_clock_left_out(self) -> None:
        """Over the change to daylight-saving time, a day has 23 hours."""
        difference = dates.date_difference("3/8/2026", "3/9/2026", timezone="America/New_York")
        assert difference.hours == 23
        assert dates.date_difference("1/3/2015", "1/1/2015").days == -2.0

    def test_it_is_stored_under_its_public_name(self) -> None:
        public = importlib.import_module("docassemble.base.util").DADateTime
        stored = pickle.dumps(dates.as_datetime("1/1/2020", timezone="Europe/Berlin"))
        assert b"docassemble.base.util" in stored
        assert b"appliance" not in stored
        again = pickle.loads(stored)
        assert type(again) is public
        assert again.tzinfo.key == "Europe/Berlin"

    @pytest.mark.parametrize("wrong", ["", "no date", "13/45/2020"])
    def test_what_is_no_date(self, wrong: str) -> None:
        with pytest.raises(ValueError, match="is not a date"):
            dates.as_datetime(wrong)
