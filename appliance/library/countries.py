"""Countries, and the states, provinces and the like that they consist of, by their ISO 3166 codes.

The data are pycountry's. It is imported when a function is first called: most interviews never ask for a country.
"""

from __future__ import annotations

import gettext
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError

from appliance.library.errors import DAError
from appliance.library.languages import get_country, get_language, word

__all__ = ["countries_list", "country_name", "iso_country", "name_of_country", "state_name", "states_list",
           "subdivision_type"]

ENGLISH = "en"
COUNTRIES, SUBDIVISIONS = "iso3166-1", "iso3166-2"
PARTS = ("alpha_2", "alpha_3", "name", "numeric", "official_name")


def countries_list() -> list[dict[str, str]]:
    """All countries by name, for a field's choices: ``[{'AF': 'Afghanistan'}, …]``; names in the current language."""
    import pycountry

    language = get_language()
    names = {country.alpha_2: in_language(country.name, COUNTRIES, language, country.alpha_2)
             for country in pycountry.countries}
    return [{code: name} for code, name in by_name(names).items()]


def country_name(country_code: Any) -> str:
    """The name of a country, in the current language. What is no country's code is given back as it is.

    >>> country_name("SE")
    'Sweden'
    """
    return name_of_country(str(country_code), get_language())


def name_of_country(code: str, language: str) -> str:
    """:func:`country_name` in a language of choice."""
    import pycountry

    country = pycountry.countries.get(alpha_2=code.strip().upper())
    return code if country is None else in_language(country.name, COUNTRIES, language, country.alpha_2)


def iso_country(country: Any, part: str = "alpha_2") -> str:
    """What ISO 3166-1 says of a country that is given by its name or any of its codes.

    :param part: ``alpha_2``, ``alpha_3``, ``name``, ``numeric`` or ``official_name``.
    :raises DAError: where there is no such country, or no such part.

    >>> iso_country("Sweden"), iso_country("se", part="official_name")
    ('SE', 'Kingdom of Sweden')
    """
    import pycountry

    if part not in PARTS:
        raise DAError(f"iso_country() knows no part {part!r}; there are {', '.join(PARTS)}")
    try:
        found = pycountry.countries.lookup(str(country).strip())
    except LookupError:
        raise DAError(f"there is no country {str(country)!r}") from None
    return str(getattr(found, part, None) or found.name)


def states_list(country_code: Any = None, abbreviate: bool = False) -> dict[str, str]:
    """The first-level subdivisions of a country by name, for a field's choices: ``{'AL': 'Alabama', …}``.

    Empty where the country has none, or is none.

    :param country_code: two letters; None: the current country.
    :param abbreviate: have the abbreviations as labels too.
    """
    language = get_language()
    names = {abbreviation(one): abbreviation(one) if abbreviate else in_language(one.name, SUBDIVISIONS, language)
             for one in subdivisions(country_code)}
    return by_name(names)


def state_name(state_code: Any, country_code: Any = None) -> str:
    """The name of a state or the like, in the current language; what is no code of the country is given back as it is.

    >>> state_name("PA", country_code="US"), state_name("N/A", country_code="VA")
    ('Pennsylvania', 'N/A')
    """
    code = f"{given_country(country_code)}-{str(state_code).strip().upper()}"
    found = all_subdivisions().get(code=code)
    return str(state_code) if found is None else in_language(found.name, SUBDIVISIONS, get_language())


def subdivision_type(country_code: Any) -> str | None:
    """What most of a country's first-level subdivisions are called; None where it has none.

    >>> subdivision_type("SE")
    'County'
    """
    kinds = Counter(one.type for one in subdivisions(country_code))
    return word(kinds.most_common(1)[0][0]) if kinds else None


def given_country(code: Any) -> str:
    return get_country() if code is None else str(code).strip().upper()


def all_subdivisions() -> Any:
    """The whole table of the library, some of whose methods have no types."""
    import pycountry

    return pycountry.subdivisions


def subdivisions(country_code: Any) -> list[Any]:
    """The first-level subdivisions of a country, by their codes."""
    found = all_subdivisions().get(country_code=given_country(country_code)) or ()
    return sorted((one for one in found if one.parent_code is None), key=lambda one: str(one.code))


def abbreviation(subdivision: Any) -> str:
    """``PA`` of ``US-PA``."""
    return str(subdivision.code).partition("-")[2]


def by_name(names: dict[str, str]) -> dict[str, str]:
    """`names` in the order in which people look for them: accents and capitals do not count."""
    return dict(sorted(names.items(), key=lambda item: (folded(item[1]), item[0])))


@lru_cache(maxsize=2000)
def folded(name: str) -> str:
    """`name` as it is sorted."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return plain.casefold()


def in_language(name: str, domain: str, language: str, country: str = "") -> str:
    """An English name in `language`: as the author's own words say, else ISO's translators, else Unicode's, else as is.

    :param country: the code, where `name` is a country's.
    """
    own = word(name, language=language)
    if own != name or language == ENGLISH:
        return own
    translated = translations(domain, language).gettext(name)
    if translated != name:
        return translated
    return territories(language).get(country, name)


@lru_cache(maxsize=32)
def translations(domain: str, language: str) -> gettext.NullTranslations:
    import pycountry

    return gettext.translation(domain, pycountry.LOCALES_DIR, [language.replace("-", "_")], fallback=True)


@lru_cache(maxsize=16)
def territories(language: str) -> dict[str, str]:
    """Unicode's names of countries in `language`; empty where it is not known."""
    try:
        return dict(Locale.parse(language, sep="-" if "-" in language else "_").territories)
    except (UnknownLocaleError, ValueError):
        return {}
