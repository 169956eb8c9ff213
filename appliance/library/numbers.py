"""Numbers as people write them: words up to ten, ordinals, currency, labels of list items."""

from __future__ import annotations

from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal, get_currency_symbol, get_territory_currencies

from appliance.library.languages import get_country, get_language, get_locale, language_function
from appliance.library.state import setting

__all__ = [
    "alpha",
    "currency",
    "currency_symbol",
    "item_label",
    "nice_number",
    "number_locale",
    "ordinal",
    "ordinal_number",
    "roman",
    "update_nice_numbers",
    "update_ordinal_function",
    "update_ordinal_numbers",
]

_nice_numbers: dict[str, dict[str, str]] = {}
_ordinal_numbers: dict[str, dict[str, str]] = {}


def number_locale() -> Locale:
    """The locale that numbers and dates are written in: the turn's language, in the country of its locale.

    docassemble writes locales without the language, as ``US.utf8``; ``de_DE.utf8`` is understood too.
    """
    territory = str(get_locale() or "").partition(".")[0].rpartition("_")[2]
    for name in (f"{get_language()}_{territory}", f"{get_language()}_{get_country()}", get_language()):
        try:
            return Locale.parse(name.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en_US")


def update_nice_numbers(lang: str, defs: dict[str, str]) -> None:
    """Words for numbers in a language, by the number as text; for modules, when they are imported."""
    _nice_numbers.setdefault(lang, {}).update({str(number): text for number, text in defs.items()})


def update_ordinal_numbers(lang: str, defs: dict[str, str]) -> None:
    """Words for ordinal numbers in a language, by the number as text; for modules, when they are imported."""
    _ordinal_numbers.setdefault(lang, {}).update({str(number): text for number, text in defs.items()})


def update_ordinal_function(lang: str = "*", func: Any = None) -> None:
    """Use `func` for :func:`ordinal_number` in `lang`; without one, what :func:`update_ordinal_numbers` got is used."""
    if func is not None:
        from appliance.library.languages import update_language_function

        update_language_function(lang, "ordinal_number", func)


def as_number(value: Any) -> int | float:
    """`value` as an int where it is whole, else as a float.

    :raises ValueError: where it is not a number.
    """
    number = float(value)
    return int(number) if number.is_integer() else number


def in_words(number: int, to: str = "cardinal") -> str:
    from num2words import num2words

    try:
        return str(num2words(number, lang=get_language(), to=to))
    except NotImplementedError:
        return str(num2words(number, to=to))


@language_function
def nice_number(
    number: Any, capitalize: bool = False, language: str | None = None, use_word: bool | None = None, **_kwargs: Any
) -> str:
    """A number in words from 0 to 10, else in digits; `use_word` asks for the one or the other.

    >>> nice_number(4), nice_number(11), nice_number(5.0), nice_number(5.1), nice_number(12873818.27774)
    ('four', '11', 'five', '5.1', '12,873,818.28')
    """
    value = as_number(number)
    own = _nice_numbers.get(language or get_language(), {})
    if str(value) in own and use_word is not False:
        text = own[str(value)]
    elif isinstance(value, int) and (0 <= value <= 10 if use_word is None else use_word):
        text = in_words(value)
    else:
        text = str(format_decimal(value, format="#,##0.##", locale=number_locale()))
    return text[:1].upper() + text[1:] if capitalize else text


@language_function
def ordinal_number(
    i: Any, use_word: bool | None = None, capitalize: bool = False, language: str | None = None, **_kwargs: Any
) -> str:
    """*first* to *tenth* in words, others in digits; what is not a number stays as it is.

    >>> ordinal_number(8), ordinal_number(11), ordinal_number(8, use_word=False), ordinal_number(8, capitalize=True)
    ('eighth', '11th', '8th', 'Eighth')
    """
    try:
        number = int(i)
    except (TypeError, ValueError):
        return str(i)
    own = _ordinal_numbers.get(language or get_language(), {})
    if str(number) in own and use_word is not False:
        text = own[str(number)]
    elif 0 <= number <= 10 if use_word is None else use_word:
        text = in_words(number, to="ordinal")
    else:
        text = in_words(number, to="ordinal_num")
    return text[:1].upper() + text[1:] if capitalize else text


@language_function
def ordinal(j: Any, **kwargs: Any) -> str:
    """:func:`ordinal_number` of an index, which starts at zero.

    >>> ordinal(0), ordinal("kitchen")
    ('first', 'kitchen')
    """
    try:
        return ordinal_number(int(j) + 1, **kwargs)
    except (TypeError, ValueError):
        return str(j)


@language_function
def currency_symbol(**_kwargs: Any) -> str:
    """``set_locale(currency_symbol=…)``, else the configuration's ``currency symbol``, else that of the locale.

    >>> currency_symbol()
    '$'
    """
    own = get_locale("currency_symbol") or setting("currency symbol")
    return str(own) if own else str(get_currency_symbol(currency_code(), locale=number_locale()))


def currency_code() -> str:
    territory = number_locale().territory or get_country()
    return str((get_territory_currencies(territory) or ["USD"])[0])


@language_function
def currency(value: Any, decimals: bool = True, symbol: str | None = None, **_kwargs: Any) -> str:
    """An amount of money; without `decimals`, rounded.

    >>> currency(45.2), currency(45, decimals=False), currency(-1234567.5, symbol="€")
    ('$45.20', '$45', '-€1,234,567.50')
    """
    amount = as_number(value)
    own = symbol or get_locale("currency_symbol") or setting("currency symbol")
    if own:
        digits = format_decimal(abs(amount), format="#,##0.00" if decimals else "#,##0", locale=number_locale())
        return f"{'-' if amount < 0 else ''}{own}{digits}"
    pattern = None if decimals else "¤#,##0"
    return str(format_currency(amount, currency_code(), pattern, locale=number_locale(), currency_digits=decimals))


def alpha(num: int, case: str | None = None) -> str:
    """The letter for an index, which starts at zero.

    >>> alpha(0), alpha(25), alpha(26), alpha(27, case="lower")
    ('A', 'Z', 'AA', 'ab')
    """
    text, rest = "", int(num) + 1
    while rest > 0:
        rest, letter = divmod(rest - 1, 26)
        text = chr(ord("A") + letter) + text
    return text.lower() if case == "lower" else text


_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
          (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def roman(num: int, case: str | None = None) -> str:
    """The Roman numeral for an index, which starts at zero.

    >>> roman(0), roman(65), roman(65, case="lower")
    ('I', 'LXVI', 'lxvi')
    """
    text, rest = "", int(num) + 1
    for value, letters in _ROMAN:
        count, rest = divmod(rest, value)
        text += letters * count
    return text.lower() if case == "lower" else text


_ITEM_LABELS = (
    ("{}.", roman, None), ("{}.", alpha, None), ("{}.", lambda num, case: str(num + 1), None), ("{})", alpha, "lower"),
    ("({})", lambda num, case: str(num + 1), None), ("({})", alpha, "lower"), ("{})", roman, "lower"),
)


def item_label(num: int, level: int | None = None, punctuation: bool = True) -> str:
    """The label of a list item on a `level` from 0 to 6, for an index, which starts at zero.

    >>> item_label(0), item_label(0, 1), item_label(0, 2), item_label(0, 4), item_label(0, 6, punctuation=False)
    ('I.', 'A.', '1.', '(1)', 'i')
    """
    pattern, write, case = _ITEM_LABELS[int(level or 0) % len(_ITEM_LABELS)]
    text = write(int(num), case)
    return pattern.format(text) if punctuation else text
