"""Countries and what they consist of: the lists, the names in several languages, and what is no country at all."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest

from appliance.library import countries
from appliance.library.countries import (
    countries_list,
    country_name,
    iso_country,
    state_name,
    states_list,
    subdivision_type,
)
from appliance.library.errors import DAError
from appliance.library.languages import set_country, set_language, update_word_collection
from tests.interview.talk import Talk
from tests.library.fakes import running


@pytest.fixture(autouse=True)
def _turn() -> object:
    with running():
        yield


def test_the_examples_in_the_docstrings_run() -> None:
    failures, count = doctest.testmod(countries)
    assert failures == 0
    assert count > 0


def test_countries_come_as_one_key_dictionaries_in_the_order_of_their_names() -> None:
    """As docassemble documents it, and with Åland where people look for it: beside Albania, not after Zimbabwe."""
    pairs = [next(iter(one.items())) for one in countries_list()]
    assert all(len(one) == 1 for one in countries_list())
    assert len(pairs) > 240
    assert pairs[0] == ("AF", "Afghanistan")
    assert pairs[1] == ("AX", "Åland Islands")
    assert pairs[-1] == ("ZW", "Zimbabwe")
    assert ("US", "United States") in pairs


def test_states_are_a_dictionary_from_abbreviations_to_names() -> None:
    states = states_list()
    assert states["PA"] == "Pennsylvania"
    assert states["PR"] == "Puerto Rico"
    assert list(states)[:2] == ["AL", "AK"]


def test_states_of_another_country_are_its_first_level_only() -> None:
    """The United Kingdom has four, and more than two hundred below them."""
    assert set(states_list(country_code="GB")) == {"ENG", "NIR", "SCT", "WLS"}


def test_states_of_the_current_country_where_none_is_named() -> None:
    set_country("CA")
    assert states_list()["QC"] == "Quebec"
    assert state_name("QC") == "Quebec"


def test_abbreviations_as_labels() -> None:
    assert states_list("SE", abbreviate=True)["AB"] == "AB"


@pytest.mark.parametrize("code", ["VA", "XX", "", "no country"])
def test_where_there_are_no_states_the_dictionary_is_empty(code: str) -> None:
    """Authors then offer something else: ``states_list(…) or ['N/A']``."""
    assert states_list(country_code=code) == {}
    assert subdivision_type(code) is None


def test_names() -> None:
    assert country_name("TG") == "Togo"
    assert country_name("tg") == "Togo"
    assert state_name("AZ") == "Arizona"
    assert state_name("01", country_code="BG") == "Blagoevgrad"


def test_what_is_no_code_is_given_back() -> None:
    """The country-and-state example shows state_name('N/A') for a country without states."""
    assert country_name("XX") == "XX"
    assert country_name("") == ""
    assert state_name("N/A", country_code="VA") == "N/A"


@pytest.mark.parametrize(("code", "kind"), [
    ("BG", "District"), ("SE", "County"), ("TN", "Governorate"), ("VN", "Province"), ("LV", "Municipality"),
    ("US", "State"), ("CA", "Province")])
def test_what_most_subdivisions_are_called(code: str, kind: str) -> None:
    assert subdivision_type(code) == kind


def test_names_and_their_order_in_the_language_of_the_interview() -> None:
    set_language("es")
    assert country_name("DE") == "Alemania"
    pairs = [next(iter(one.items())) for one in countries_list()]
    assert pairs.index(("DE", "Alemania")) < pairs.index(("BR", "Brasil"))
    assert states_list("ES")["CT"].startswith("Catal")


def test_names_in_a_language_that_the_standard_has_not_been_translated_into_are_unicodes() -> None:
    """There is no plain Chinese among the translations of ISO 3166, only that of China and that of Taiwan."""
    set_language("zh")
    assert country_name("DE") == "德国"


def test_an_authors_own_words_count_more() -> None:
    update_word_collection("en", {"Burundi": "the land of Burundi"})
    update_word_collection("es", {"Burundi": "la tierra de Burundi"})
    try:
        assert country_name("BI") == "the land of Burundi"
        set_language("es")
        assert country_name("BI") == "la tierra de Burundi"
    finally:
        update_word_collection("en", {"Burundi": "Burundi"})
        update_word_collection("es", {"Burundi": "Burundi"})


def test_parts_of_the_standard() -> None:
    assert iso_country("United Kingdom") == "GB"
    assert iso_country("usa", part="name") == "United States"
    assert iso_country("US", part="alpha_3") == "USA"
    assert iso_country("US", part="numeric") == "840"
    assert iso_country("US", part="official_name") == "United States of America"


def test_a_country_is_known_by_what_people_of_the_interviews_language_call_it() -> None:
    """In the iso-country example somebody types the name of a country."""
    set_language("es")
    assert iso_country("alemania") == "DE"
    assert iso_country("Espana") == "ES"
    assert iso_country("Germany") == "DE"


@pytest.mark.parametrize(("country", "part"), [("Oceania", "alpha_2"), ("US", "flag colour"), ("", "name")])
def test_what_the_standard_does_not_know_is_an_error(country: str, part: str) -> None:
    with pytest.raises(DAError):
        iso_country(country, part=part)


def test_an_address_abroad_names_its_country() -> None:
    talk = Talk("""
        objects:
          - place: Address
        ---
        code: |
          place.address, place.city, place.country = 'Rua 1', 'Porto', 'PT'
          ready = True
        ---
        mandatory: True
        question: ${ place.on_one_line() } ${ 'x' if ready else '' }
        """)
    assert "Portugal" in talk.question


def test_the_data_are_read_only_when_they_are_wanted() -> None:
    """The server starts without them, and stays as small as it was."""
    code = "import sys, appliance.library.names; print('pycountry' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
