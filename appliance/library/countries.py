"""Countries and their states: the lists, names, codes and kinds of ISO 3166, for fields and for sentences.

The standard's data come with pycountry, which is loaded at the first call, not when the server starts. A name is looked
for in this order: the author's own words for the standard's English name, the standard's translations (gettext
catalogues that come with pycountry), and for countries Unicode's names of territories (Babel). Where none of them knows
the language, the name is the standard's, which is mostly English.
"""

from __future__ import annotations

import functools
import gettext
import unicodedata
from collections import Counter
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError

from appliance.library.errors import DAError
from appliance.library.languages import get_country, get_language, word

if TYPE_CHECKING:
    from pycountry.db import Country, Subdivision

__all__ = [
    "countries_list",
    "country_name",
    "iso_country",
    "name_of_country",
    "state_name",
    "states_list",
    "subdivision_type",
]

PARTS = ("alpha_2", "alpha_3", "numeric", "name", "official_name", "common_name", "flag")
"""What the standard says about a country, in pycountry's words."""

COUNTRIES, SUBDIVISIONS = "iso3166-1", "iso3166-2"
"""The catalogues of translations, by their names in pycountry."""

ONE_PIECE = str.maketrans({"æ": "ae", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ø": "o", "œ": "oe", "þ": "th"})
"""Small letters that Unicode does not take apart into a plain letter and its accent."""


def countries_list() -> list[dict[str, str]]:
    """All countries, for the choices of a field: dictionaries with one key, from the two-letter code to the name.

    They are in the order of their names in the current language, whatever accents these have.

    >>> countries_list()[:2]
    [{'AF': 'Afghanistan'}, {'AX': 'Åland Islands'}]
    """
    names = {country.alpha_2: _translated_country(country, get_language()) for country in _standard().countries}
    return [{code: name} for code, name in _in_order(names).items()]


def country_name(country_code: str) -> str:
    """The name of a country in the current language; what is no two-letter code of a country is given back.

    >>> country_name("TG"), country_name("N/A")
    ('Togo', 'N/A')
    """
    return name_of_country(country_code, get_language())


def name_of_country(country_code: str, language: str) -> str:
    """As :func:`country_name`, in `language`.

    >>> name_of_country("DE", "es")
    'Alemania'
    """
    country = _country(country_code)
    return country_code if country is None else _translated_country(country, language)


def iso_country(country: str, part: str = "alpha_2") -> str:
    """What the standard says about a country that somebody wrote in their own way.

    :param country: one of the standard's codes or names, the name in the current language, or something like it.
    :param part: one of :data:`PARTS`. Where the standard has no official or common name, it is the name.
    :raises DAError: no country is meant by `country`, or there is no such part.

    >>> iso_country("united kingdom"), iso_country("GB", part="alpha_3"), iso_country("Aruba", part="official_name")
    ('GB', 'GBR', 'Aruba')
    """
    if part not in PARTS:
        raise DAError(f"iso_country: a country has no part {part!r}; there are {', '.join(PARTS)}")
    found = _country_meant(str(country).strip())
    if found is None:
        raise DAError(f"iso_country: {country!r} is no country")
    return str(getattr(found, part, found.name))


def states_list(country_code: str | None = None, abbreviate: bool = False) -> dict[str, str]:
    """The first-level subdivisions of a country, from their abbreviations to their names in the current language.

    :param country_code: two letters; None: the current country.
    :param abbreviate: show the abbreviations instead of the names.
    :returns: in the order of what is shown; empty if there are no subdivisions, or no such country.

    >>> list(states_list("GB").items())[:3]
    [('ENG', 'England'), ('NIR', 'Northern Ireland'), ('SCT', 'Scotland')]
    >>> states_list("VA")
    {}
    """
    states = {_abbreviation(state): state for state in _first_level(country_code)}
    if abbreviate:
        return _in_order({code: code for code in states})
    return _in_order({code: _translated(state.name, SUBDIVISIONS, get_language()) for code, state in states.items()})


def state_name(state_code: str, country_code: str | None = None) -> str:
    """The name of a country's subdivision in the current language; what is no code of one is given back.

    :param state_code: what comes after the country in the standard's code, as in :func:`states_list`.
    :param country_code: two letters; None: the current country.

    >>> state_name("AZ", "US"), state_name("N/A", "VA")
    ('Arizona', 'N/A')
    """
    country = _country(get_country() if country_code is None else country_code)
    if country is None:
        return state_code
    state = _standard().subdivisions.get(code=f"{country.alpha_2}-{state_code}".strip().upper())
    return state_code if state is None else _translated(state.name, SUBDIVISIONS, get_language())


def subdivision_type(country_code: str) -> str | None:
    """What most first-level subdivisions of a country are called; None if there are none, or no such country.

    The standard's word is English; authors can translate it as any other word.

    >>> subdivision_type("CA"), subdivision_type("VA")
    ('Province', None)
    """
    kinds = Counter(state.type for state in _first_level(country_code))
    if not kinds:
        return None
    # The alphabet decides between kinds of which there are as many: Myanmar has seven regions and seven states.
    return word(min(kinds, key=lambda kind: (-kinds[kind], kind)))


def _standard() -> ModuleType:
    """pycountry: loaded late, because most interviews never need it."""
    import pycountry

    return pycountry


def _country(country_code: str) -> Country | None:
    found: Country | None = _standard().countries.get(alpha_2=str(country_code).strip().upper())
    return found


def _first_level(country_code: str | None) -> list[Subdivision]:
    """The subdivisions that are in no other one."""
    country = _country(get_country() if country_code is None else country_code)
    if country is None:
        return []
    # pycountry has None where it has no subdivisions of a country.
    states = _standard().subdivisions.get(country_code=country.alpha_2) or ()
    return [state for state in states if state.parent_code is None]


def _abbreviation(state: Subdivision) -> str:
    return str(state.code).partition("-")[2]


def _country_meant(text: str) -> Country | None:
    """The country with this code or name, else with this name in the current language, else the most like it."""
    if not text:
        return None
    countries = _standard().countries
    found: Country
    try:
        found = countries.lookup(text)
    except LookupError:
        pass
    else:
        return found
    sought = _plain(text)
    for found in countries:
        if _plain(_translated_country(found, get_language())) == sought:
            return found
    try:
        found = countries.search_fuzzy(text)[0]
    except LookupError:
        return None
    return found


def _translated_country(country: Country, language: str) -> str:
    name: str = country.name
    translation = _translated(name, COUNTRIES, language)
    if translation != name or _is_english(language):
        return translation
    return _territories(language).get(country.alpha_2, name)


def _translated(name: str, catalogue: str, language: str) -> str:
    """A name of the standard's in `language`: as the author words it, else as the standard's translators do."""
    own = word(name, language=language)
    if own != name or _is_english(language):
        return own
    return _catalogue(catalogue, language).gettext(name)


def _is_english(language: str) -> bool:
    return language.lower().replace("_", "-").partition("-")[0] == "en"


@functools.lru_cache(maxsize=64)
def _catalogue(catalogue: str, language: str) -> gettext.NullTranslations:
    """The standard's translations into `language`; those that leave every name as it is where there are none."""
    directory = _standard().LOCALES_DIR
    return gettext.translation(catalogue, directory, languages=[language.replace("-", "_")], fallback=True)


@functools.lru_cache(maxsize=64)
def _territories(language: str) -> Mapping[str, str]:
    """Unicode's names of countries in `language`, by their two-letter codes."""
    try:
        return dict(Locale.parse(language.replace("-", "_")).territories)
    except (UnknownLocaleError, ValueError):
        return {}


def _in_order(names: Mapping[str, str]) -> dict[str, str]:
    """`names` as people look for them."""
    return dict(sorted(names.items(), key=lambda item: (_plain(item[1]), item[1], item[0])))


def _plain(text: str) -> str:
    """`text` for sorting and comparing: small letters without accents, words without apostrophes and the like.

    >>> _plain("Côte d'Ivoire"), _plain("Guinea-Bissau"), _plain("Łódzkie")
    ('cote divoire', 'guinea bissau', 'lodzkie')
    """
    letters = unicodedata.normalize("NFKD", text).casefold().translate(ONE_PIECE).replace("-", " ")
    kept = (letter for letter in letters if letter.isspace() or unicodedata.category(letter)[0] in "LN"
            or (unicodedata.category(letter)[0] == "M" and not unicodedata.combining(letter)))
    return " ".join("".join(kept).split())
