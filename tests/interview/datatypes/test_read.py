"""What was posted becomes the right value, or words for the person; nothing that is posted breaks a datatype."""

from __future__ import annotations

import contextlib
from datetime import datetime, time
from typing import Any

import pytest

from appliance.interview import datatypes
from appliance.interview.datatypes.checkboxes import box_name
from appliance.interview.errors import FieldProblem, InterviewError
from appliance.interview.screen import Choice, ShownField

FRUIT = [Choice("apple", "Apple", "apple"), Choice("pear", "Pear &amp; peach", "pear"), Choice(3, "Three", "3")]
LISTS = {"radio", "dropdown", "combobox", "datalist", "checkboxes", "multiselect"}


def moment(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - the stand-in library gives no time zone


def field(datatype: str, **more: Any) -> ShownField:
    """A field `x` of that datatype, with choices where it needs some."""
    if datatype in LISTS:
        more.setdefault("choices", FRUIT)
    return ShownField(0, "x", datatype=datatype, label_html="The label", **more)


def read(shown: ShownField, *values: str) -> Any:
    return datatypes.find(shown).read(shown, {shown.html_name: list(values)} if values else {})


@pytest.mark.parametrize(("datatype", "more", "typed", "value"), [
    ("text", {}, "  apple ", "apple"),
    ("text", {}, "<b>1 < 2</b> <3 <!-- x", "&lt;b>1 < 2&lt;/b> <3 &lt;!-- x"),
    ("text", {"minlength": 2, "maxlength": 5}, "apple", "apple"),
    ("area", {}, "one\r\ntwo\r\n", "one\ntwo"),
    ("raw", {}, " <b>x</b> ", " <b>x</b> "),
    ("raw", {"input_type": "area"}, "<b>\r\n</b>", "<b>\n</b>"),
    ("password", {}, "se cret", "se cret"),
    ("email", {}, "ann@example.com", "ann@example.com"),
    ("url", {}, "https://example.com/a?b=c", "https://example.com/a?b=c"),
    ("url", {}, "http://localhost:8080", "http://localhost:8080"),
    ("color", {}, "#12aBff", "#12aBff"),
    ("hidden", {}, "turnip", "turnip"),
    ("integer", {"input_type": "hidden"}, "7", 7),
    ("integer", {}, "1,234", 1234),
    ("integer", {}, "-5", -5),
    ("integer", {}, "\N{MINUS SIGN}5", -5),
    ("number", {}, "1.01002121", 1.01002121),
    ("number", {"step": "0.001"}, "2.012", 2.012),
    ("number", {}, ".5", 0.5),
    ("number", {"minimum": "0", "maximum": "10"}, "10", 10.0),
    ("currency", {}, "$1,234.50", 1234.5),
    ("currency", {"currency_symbol": "€"}, "€ 12", 12.0),
    ("range", {"minimum": "1", "maximum": "10", "step": "0.5"}, "5.5", 5.5),
    ("date", {}, "2026-02-28", moment(2026, 2, 28)),
    ("date", {}, "2/28/2026", moment(2026, 2, 28)),
    ("date", {}, "March 5, 2026", moment(2026, 3, 5)),
    ("date", {"maximum": "2026-11-23 00:00:00-05:00"}, "2026-11-23", moment(2026, 11, 23)),
    ("datetime", {}, "2026-02-28T21:30", moment(2026, 2, 28, 21, 30)),
    ("datetime", {}, "2/28/2026 9:30 PM", moment(2026, 2, 28, 21, 30)),
    ("time", {}, "21:30", time(21, 30)),
    ("time", {}, "9:30 PM", time(21, 30)),
    ("yesno", {}, "True", True),
    ("yesnowide", {}, "True", True),
    ("noyes", {}, "False", False),
    ("noyeswide", {}, "False", False),
    ("yesnoradio", {}, "False", False),
    ("noyesradio", {}, "True", True),
    ("yesnomaybe", {}, "None", None),
    ("noyesmaybe", {}, "False", False),
    ("boolean", {}, "True", True),
    ("threestate", {}, "None", None),
    ("boolean", {"choices": [Choice("True", "Oh yes", "True")], "input_type": "radio"}, "True", True),
    ("threestate", {"choices": [Choice("None", "Dunno", "None")]}, "None", None),
    ("integer", {"choices": [Choice("4", "Four", "4")]}, "4", 4),
    ("radio", {}, "apple", "apple"),
    ("dropdown", {}, "3", 3),
    ("text", {"choices": FRUIT}, "pear", "pear"),
    ("combobox", {}, "Pear & peach", "pear"),
    ("combobox", {}, "Orange <i>", "Orange &lt;i>"),
    ("datalist", {}, "Apple", "apple"),
])
def test_good_values(datatype: str, more: dict[str, Any], typed: str, value: Any) -> None:
    """Each datatype makes the documented value of what a person enters."""
    made = read(field(datatype, **more), typed)
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize(("datatype", "value"), [
    ("text", ""), ("area", ""), ("email", ""), ("date", ""), ("time", ""), ("integer", None), ("number", None),
    ("currency", None), ("radio", ""), ("dropdown", ""), ("combobox", ""), ("yesno", False), ("noyes", True),
    ("yesnoradio", None), ("yesnomaybe", None), ("boolean", None),
])
def test_left_empty(datatype: str, value: Any) -> None:
    """A field that is not required may be left empty; check boxes always have a value."""
    shown = field(datatype, required=False)
    assert read(shown) is value or read(shown) == value
    assert read(shown, "") is value or read(shown, "") == value


@pytest.mark.parametrize(("datatype", "words"), [
    ("text", "This field is required."), ("area", "This field is required."), ("integer", "This field is required."),
    ("date", "This field is required."), ("radio", "You need to select one."), ("dropdown", "You need to select one."),
    ("yesnoradio", "You need to select one."), ("combobox", "You need to select one or type in a new value."),
    ("multiselect", "You need to select one."),
])
def test_required(datatype: str, words: str) -> None:
    """A required field that is left empty says so, in the words of its kind; spaces are nothing."""
    for values in ((), ("",), ("   ",)):
        if values == ("   ",) and datatype in {"radio", "dropdown", "yesnoradio"}:
            continue
        with pytest.raises(FieldProblem) as caught:
            read(field(datatype), *values)
        assert str(caught.value) == words


@pytest.mark.parametrize(("datatype", "more", "typed", "words"), [
    ("text", {"minlength": 5}, "42", "You must type at least 5 characters."),
    ("area", {"maxlength": 3}, "long", "You cannot type more than 3 characters."),
    ("integer", {}, "1.5", "Please enter a whole number."),
    ("integer", {}, "ten", "Please enter a whole number."),
    ("number", {}, "nan", "You need to enter a number."),
    ("number", {}, "1e999", "You need to enter a number."),
    ("number", {"step": "0.5"}, "0.7", "Please enter a multiple of 0.5."),
    ("number", {}, "1,5", "You need to enter a number."),
    ("integer", {"minimum": "2"}, "1", "You need to enter a number that is at least 2."),
    ("integer", {"maximum": "100"}, "101", "You need to enter a number that is at most 100."),
    ("currency", {}, "a lot", "You need to enter an amount of money, like 1,234.50."),
    ("currency", {"minimum": "1"}, "$0.99", "You need to enter a number that is at least 1."),
    ("range", {"maximum": "10"}, "11", "You need to enter a number that is at most 10."),
    ("date", {}, "2026-02-30", "You need to enter a valid date."),
    ("date", {}, "March", "You need to enter a valid date."),
    ("date", {}, "10", "You need to enter a valid date."),
    ("date", {"maximum": "2026-01-31"}, "2026-02-01", "You need to enter a date on or before January 31, 2026."),
    ("date", {"minimum": "1/1/2026"}, "2025-12-31", "You need to enter a date on or after January 1, 2026."),
    ("datetime", {}, "2026-02-99T10:00", "You need to enter a valid date and time."),
    ("time", {}, "25:00", "You need to enter a valid time."),
    ("time", {}, "5", "You need to enter a valid time."),
    ("time", {"maximum": "17:00"}, "17:30", "You need to enter a time at or before 17:00."),
    ("email", {}, "ann@", "You need to enter a complete e-mail address."),
    ("email", {}, "ann@home", "You need to enter a complete e-mail address."),
    ("url", {}, "javascript:alert(1)", "You need to enter a complete web address, like https://example.com."),
    ("color", {}, "red", "You need to enter a color, like #336699."),
    ("radio", {}, "durian", "This is not one of the choices."),
    ("dropdown", {}, "durian", "This is not one of the choices."),
    ("yesnoradio", {}, "None", "This is not one of the choices."),
    ("yesnomaybe", {}, "perhaps", "This is not one of the choices."),
])
def test_bad_values(datatype: str, more: dict[str, Any], typed: str, words: str) -> None:
    """A value that is not acceptable is refused with one clear sentence."""
    with pytest.raises(FieldProblem) as caught:
        read(field(datatype, **more), typed)
    assert str(caught.value) == words


@pytest.mark.parametrize(("key", "typed", "words"), [
    ("required", "", "I really need to know this."), ("max", "101", "No more than 100, please!"),
])
def test_the_authors_words(key: str, typed: str, words: str) -> None:
    """``validation messages`` replace ours; %s is the limit."""
    shown = field("integer", maximum="100", validation_messages={
        "required": "I really need to know this.\n", "max": "No more than %s, please!"})
    with pytest.raises(FieldProblem) as caught:
        read(shown, typed)
    assert str(caught.value) == words, key


@pytest.mark.parametrize("datatype", sorted(datatypes.NAMES - datatypes.LATER))
@pytest.mark.parametrize("posted", [
    "\x00", "<script>", "9" * 5000, "1e308", "-1e-308", "0" * 400, "١٢", "None", "[]", "{}", "'", '"', "🙂", "\ud800",
    "2026-13-45", "99999-01-01", "0000-00-00", "24:61", "1/1/1", "x" * 70, "0001-01-01",
])
def test_forged_values_never_crash(datatype: str, posted: str) -> None:
    """Whatever a forged request holds, a datatype gives a value or words for the person."""
    shown = field(datatype)
    for values in ([posted], [posted, posted], []):
        with contextlib.suppress(FieldProblem):
            datatypes.find(shown).read(shown, {shown.html_name: values, box_name(shown, "apple"): values})


class TestCheckboxes:
    """Check boxes become a dictionary of value to bool."""

    def posted(self, shown: ShownField, *keys: str) -> dict[str, list[str]]:
        return {box_name(shown, key): ["True"] for key in keys}

    def read(self, shown: ShownField, *keys: str) -> Any:
        return datatypes.find(shown).read(shown, self.posted(shown, *keys))

    def test_a_gathered_dictionary(self) -> None:
        """Every choice is in it, and it is gathered under the variable's name."""
        made = self.read(field("checkboxes"), "apple", "3")
        assert made == {"apple": True, "pear": False, 3: True}
        assert (made.name, made.gathered, made.auto_gather) == ("x", True, False)

    def test_a_choice_that_is_not_there(self) -> None:
        """A forged key does not get in."""
        assert "durian" not in self.read(field("checkboxes"), "durian")

    @pytest.mark.parametrize("keys", [(), ("apple", "nota")])
    def test_none_of_the_above_wants_an_answer(self, keys: tuple[str, ...]) -> None:
        """With a box for none, nothing at all is no answer, and neither is both."""
        with pytest.raises(FieldProblem) as caught:
            self.read(field("checkboxes", none_of_the_above="Nothing at all"), *keys)
        assert str(caught.value) == "Check at least one option, or check “Nothing at all”"

    def test_none_and_all_of_the_above(self) -> None:
        """The boxes for none and all say it for every choice."""
        shown = field("checkboxes", none_of_the_above="None", all_of_the_above="All")
        assert set(self.read(shown, "nota").values()) == {False}
        assert set(self.read(shown, "aota").values()) == {True}

    @pytest.mark.parametrize(("least", "most", "keys", "words"), [
        (1, None, (), "Please select at least 1."), (None, 1, ("apple", "pear"), "Please select no more than 1."),
        (2, 2, ("apple",), "Please select exactly 2."),
    ])
    def test_how_many(self, least: int | None, most: int | None, keys: tuple[str, ...], words: str) -> None:
        """``minlength`` and ``maxlength`` count boxes."""
        with pytest.raises(FieldProblem) as caught:
            self.read(field("checkboxes", minlength=least, maxlength=most), *keys)
        assert str(caught.value) == words

    def test_multiselect(self) -> None:
        """A list with several marks makes the same dictionary."""
        assert read(field("multiselect"), "apple", "3", "durian") == {"apple": True, "pear": False, 3: True}


def test_no_choices_at_all() -> None:
    """A field whose list of choices came out empty asks nothing and is None."""
    assert read(field("radio", choices=[])) is None
    assert read(ShownField(0, "x", input_type="dropdown")) is None


def test_datatypes_of_later_versions() -> None:
    """A datatype that docassemble has and this version has not is known, and says so when it is used."""
    assert "signature" in datatypes.NAMES
    with pytest.raises(InterviewError, match="the datatype 'signature' is not there yet in this version"):
        datatypes.find(field("signature"))


def test_a_limit_that_is_none() -> None:
    """A limit that is no number is the author's mistake and named."""
    with pytest.raises(InterviewError, match="the 'min' of the field 'x' is not a number"):
        read(field("integer", minimum="many"), "5")
