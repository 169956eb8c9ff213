"""Names, people and addresses, and how they are spoken of from each point of view."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.interview.host import UserInfo
from appliance.interview.signals import MissingName
from appliance.library.languages import set_language, update_word_collection
from appliance.library.lists import DAList
from appliance.library.objects import DAObject
from appliance.library.people import Event, Individual, IndividualName, Name, Organization, Person, Thing
from appliance.library.places import Address, City, LatitudeLongitude
from tests.library.fakes import FakeEvaluation, running


def individual(name: str, **attributes: Any) -> Individual:
    made = Individual(name, **attributes)
    made.name.first, made.name.last = name.title().split("_")
    return made


class TestNames:
    @pytest.mark.parametrize(
        ("method", "options", "said"),
        [
            ("full", {}, "John Q. Adams, Jr."),
            ("full", {"middle": "full"}, "John Quincy Adams, Jr."),
            ("full", {"middle": None, "use_suffix": False}, "John Adams"),
            ("firstlast", {}, "John Adams, Jr."),
            ("lastfirst", {}, "Adams, John Q. Jr."),
            ("familiar", {}, "John"),
            ("middle_initial", {}, "Q."),
            ("middle_initial", {"with_period": False}, "Q"),
        ],
    )
    def test_a_name_in_parts_is_said_in_many_ways(self, method: str, options: dict[str, Any], said: str) -> None:
        name = IndividualName("n", first="John", middle="Quincy", last="Adams", suffix="Jr.")
        assert getattr(name, method)(**options) == said

    def test_only_the_first_name_is_needed(self) -> None:
        name = IndividualName("n")
        assert not name.defined()
        with pytest.raises(MissingName) as missing:
            name.lastfirst()
        assert missing.value.name == "n.first"
        name.first, name.middle = "Ann", ""
        assert (name.defined(), str(name), name.lastfirst(), name.middle_initial()) == (True, "Ann", "Ann", "")
        name.suffix = "III"
        assert name.full() == "Ann III"

    @pytest.mark.parametrize("make", [Person, Individual, Thing])
    def test_a_text_set_as_the_name_becomes_its_text(self, make: Any) -> None:
        for made in (make("it", name="ABC, Inc."), make("it")):
            made.name = "ABC, Inc."
            assert isinstance(made.name, Name)
            assert {
                str(made),
                made.name.full(),
                made.name.lastfirst(),
                made.name.firstlast(),
                made.name.familiar(),
            } == {"ABC, Inc."}
            assert made.name.defined()
            assert made.name.middle_initial() == ""

    def test_a_familiar_person_is_called_by_the_first_name(self) -> None:
        assert str(individual("ann_fox", use_familiar=True)) == "Ann"

    @pytest.mark.parametrize(
        ("attributes", "said"),
        [
            ({"gender": "female"}, ("Ms.", "Ms. Fox", "Ms. Fox:")),
            ({"gender": "male"}, ("Mr.", "Mr. Fox", "Mr. Fox:")),
            ({"gender": "other", "is_friendly": True}, ("Mx.", "Ann Fox", "Ann Fox,")),
            ({"is_doctor": True}, ("Dr.", "Dr. Fox", "Dr. Fox:")),
            ({"is_judge": True}, ("Judge", "Judge Fox", "Judge Fox:")),
            ({"salutation_to_use": "Sir"}, ("Sir", "Sir Fox", "Sir Fox:")),
        ],
    )
    def test_salutations(self, attributes: dict[str, Any], said: tuple[str, ...]) -> None:
        ann = individual("ann_fox", **attributes)
        assert (
            ann.salutation(),
            ann.salutation(with_name=True),
            ann.salutation(with_name_and_punctuation=True),
        ) == said

    @pytest.mark.parametrize(("suffix", "said"), [("PhD", "Dr."), ("J", "Judge")])
    def test_salutations_by_suffix(self, suffix: str, said: str) -> None:
        ann = individual("ann_fox")
        ann.name.suffix = suffix
        assert ann.salutation() == said


# From each point of view: pronoun_subjective + does_verb, pronoun_possessive, possessive, do, did, were, have, is_are.
SAID = {
    "1": ["I eat", "my hat", "my hat", "do I eat", "did I eat", "was I there", "have I eaten", "am I", "myself", "me"],
    "2": [
        "you eat",
        "your hat",
        "your hat",
        "do you eat",
        "did you eat",
        "were you there",
        "have you eaten",
        "are you",
        "yourself",
        "you",
    ],
    "3": [
        "she eats",
        "her hat",
        "Ann Fox's hat",
        "does Ann Fox eat",
        "did Ann Fox eat",
        "was Ann Fox there",
        "has Ann Fox eaten",
        "is Ann Fox",
        "herself",
        "her",
    ],
    "1p": [
        "we eat",
        "our hat",
        "our hat",
        "do we eat",
        "did we eat",
        "were we there",
        "have we eaten",
        "are we",
        "ourselves",
        "us",
    ],
    "2p": [
        "you eat",
        "your hat",
        "your hat",
        "do you eat",
        "did you eat",
        "were you there",
        "have you eaten",
        "are you",
        "yourselves",
        "you",
    ],
    "3p": [
        "they eat",
        "their hat",
        "Ann Fox's hat",
        "do Ann Fox eat",
        "did Ann Fox eat",
        "were Ann Fox there",
        "have Ann Fox eaten",
        "are Ann Fox",
        "themselves",
        "them",
    ],
}


def all_said(one: Any, **options: Any) -> list[str]:
    return [
        f"{one.pronoun_subjective(**options)} {one.does_verb('eat', **options)}",
        one.pronoun_possessive("hat", **options),
        one.possessive("hat", **options),
        one.do_question("eat", **options),
        one.did_question("eat", **options),
        one.were_question("there", **options),
        one.have_question("eaten", **options),
        one.is_are_you(**options),
        one.itself(**options),
        one.pronoun_objective(**options),
    ]


class TestPointsOfView:
    @pytest.mark.parametrize("point", SAID)
    def test_what_is_said_from_each(self, point: str) -> None:
        assert all_said(individual("ann_fox", gender="female", _point_of_view=point)) == SAID[point]
        assert all_said(individual("ann_fox", gender="female"), person=point) == SAID[point]

    def test_the_user_is_you_unless_the_third_person_is_asked_for(self) -> None:
        with running() as evaluation:
            ann = individual("ann_fox", gender="female")
            evaluation.internal["info"]["user"] = ann
            assert all_said(ann) == SAID["2"]
            assert all_said(ann, third_person=True) == SAID["3"]
            assert [
                ann.yourself_or_name(),
                ann.pronoun_or_name(),
                ann.subjective_pronoun_or_name(),
                ann.subject(),
                ann.object_possessive("hat", capitalize=True),
            ] == ["yourself", "you", "you", "you", "Your hat"]

    def test_others_are_named(self) -> None:
        ann = individual("ann_fox", gender="female")
        assert [ann.yourself_or_name(), ann.pronoun_or_name(), ann.subject(), ann.is_user()] == [
            "Ann Fox",
            "Ann Fox",
            "Ann Fox",
            False,
        ]
        assert ann.did_verb("go", capitalize=True) == "Went"
        assert [ann.does_verb("go", past=True), ann.did_verb("go", present=True)] == ["went", "goes"]

    @pytest.mark.parametrize(
        ("gender", "pronoun"), [("male", "him"), ("female", "her"), ("other", "them"), ("X", "them")]
    )
    def test_pronouns_follow_gender(self, gender: str, pronoun: str) -> None:
        assert individual("ann_fox", gender=gender).pronoun() == pronoun

    def test_the_gender_is_asked_for_where_a_pronoun_needs_it(self) -> None:
        ann = individual("ann_fox")
        assert ann.pronoun(person="2") == "you"
        with pytest.raises(MissingName) as missing:
            ann.pronoun()
        assert missing.value.name == "ann_fox.gender"

    def test_things_and_companies_are_it(self) -> None:
        for one in (Thing("it", name="Rock"), Person("it", name="Rock"), DAObject("rock", name="Rock")):
            assert (one.pronoun(), one.pronoun_possessive("hat", capitalize=True), one.itself()) == (
                "it",
                "Its hat",
                "itself",
            )

    def test_a_translation_is_used(self) -> None:
        update_word_collection("zz", {"are you": "zai ni", "myself": "zelf"})
        with running():
            set_language("zz")
            assert individual("ann_fox", _point_of_view="2").is_are_you() == "zai ni"
            assert individual("ann_fox", _point_of_view="1").itself() == "zelf"


class TestPeople:
    @pytest.mark.parametrize(
        ("birthdate", "as_of", "years", "months"),
        [
            ("2000-03-02", None, 25, 311),
            ("2000-03-01", None, 26, 312),
            ("5/1/1990", "4/30/2015", 24, 299),
            ("2004-02-29", "2005-02-28", 1, 12),
        ],
    )
    def test_ages(self, birthdate: str, as_of: str | None, years: int, months: int) -> None:
        with running():
            ann = individual("ann_fox", birthdate=birthdate)
            assert (ann.age_in_years(as_of=as_of), ann.age_in_months(as_of=as_of)) == (years, months)
            assert years <= ann.age_in_years(decimals=True, as_of=as_of) < years + 1
            assert months <= ann.age_in_months(decimals=True, as_of=as_of) < months + 1

    def test_a_known_age_is_taken_and_an_unknown_one_not_sought(self) -> None:
        assert individual("ann_fox", age=40).age_in_years() == 40
        with pytest.raises(MissingName) as missing:
            individual("ann_fox").age_in_years()
        assert missing.value.name == "ann_fox.birthdate"

    def test_hints_come_from_the_account_of_the_user_alone(self) -> None:
        evaluation = FakeEvaluation()
        evaluation.host.user = UserInfo(user_id=1, first_name="Ann", last_name="Fox")
        with running(evaluation):
            user, other = Individual("user"), Individual("other")
            evaluation.internal["info"]["user"] = user
            assert (user.first_name_hint(), user.last_name_hint(), other.first_name_hint()) == ("Ann", "Fox", "")

    def test_email_addresses_take_the_name_where_it_is_known(self) -> None:
        ann = Individual("ann", email="ann@example.com")
        assert ann.email_address() == "ann@example.com"
        with pytest.raises(MissingName):
            ann.email_address(include_name=True)
        ann.name.first = "Ann"
        assert ann.email_address() == "Ann <ann@example.com>"
        assert ann.email_address(include_name=False) == "ann@example.com"

    def test_people_have_their_parts(self) -> None:
        ann, office, party = Individual("ann"), Organization("office", handles=["divorce"]), Event("party")
        assert not ann.identified()
        assert [
            part.instanceName for part in (ann.name, ann.address, ann.location, office.office[0], party.address)
        ] == ["ann.name", "ann.address", "ann.location", "office.office[0]", "party.address"]
        assert office.will_handle(problem="divorce", county="Kent")
        assert not office.will_handle(problem="eviction")
        party.address.city = "York"
        assert str(party) == "York"


class TestAddresses:
    def address(self, **more: str) -> Address:
        return Address("a", address="1 Elm St", city="Salem", state="MA", zip="01970", **more)

    def test_an_address_on_lines_and_on_one(self) -> None:
        plain, flat = self.address(), self.address(unit="4b")
        assert str(plain) == "1 Elm St [NEWLINE] Salem, MA 01970"
        assert flat.block() == "1 Elm St [NEWLINE] Unit 4b [NEWLINE] Salem, MA 01970"
        assert (flat.line_one(), flat.line_two()) == ("1 Elm St, Unit 4b", "Salem, MA 01970")
        assert flat.on_one_line() == "1 Elm St, Unit 4b, Salem, MA 01970"
        assert flat.on_one_line(include_unit=False) == "1 Elm St, Salem, MA 01970"

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"unit": "Suite 2000"}, "Suite 2000"),
            ({"unit": "2000"}, "Unit 2000"),
            ({"floor": "3"}, "Floor 3"),
            ({"room": "C"}, "Room C"),
            ({}, ""),
            ({"unit": ""}, ""),
        ],
    )
    def test_units(self, more: dict[str, str], said: str) -> None:
        assert self.address(**more).formatted_unit() == said

    def test_a_required_unit_is_sought(self) -> None:
        with pytest.raises(MissingName) as missing:
            self.address().formatted_unit(require=True)
        assert missing.value.name == "a.unit"

    def test_the_country_is_shown_where_it_is_another_one(self) -> None:
        assert self.address(country="US").block() == self.address().block()
        assert self.address(country="GB").block().endswith(" [NEWLINE] United Kingdom")
        assert self.address(country="GB").block(show_country=False) == self.address().block()
        assert self.address().block(show_country=True).endswith("United States")
        assert self.address().block(international=True).endswith("United States")
        assert self.address(country="XQ").on_one_line().endswith(", XQ")
        assert self.address().on_one_line(omit_default_country=False).endswith(", United States")

    def test_street_and_city_are_needed_and_the_rest_is_not(self) -> None:
        needed = []
        address = Address("a")
        for name in ("address", "city"):
            with pytest.raises(MissingName) as missing:
                str(address)
            needed.append(missing.value.name)
            setattr(address, name, "x")
        assert needed == ["a.address", "a.city"]
        assert str(address) == "x [NEWLINE] x"
        assert Address("a", city="x", address="y", postal_code="99").line_two() == "x 99"

    def test_a_city_is_shown_without_a_street(self) -> None:
        city = City("c", city="Salem", state="MA")
        assert (str(city), city.on_one_line(), city.line_one()) == ("Salem, MA", "Salem, MA", "")

    def test_a_letter_starts_with_name_and_address(self) -> None:
        company = Person("company", name="ABC, Inc.", address=Address.using(address="1 Elm St", city="Salem"))
        assert company.address_block() == "[FLUSHLEFT] ABC, Inc. [NEWLINE] 1 Elm St [NEWLINE] Salem"

    def test_a_position_is_asked_for_once(self) -> None:
        with running() as evaluation:
            place = LatitudeLongitude("place")
            assert place.status()
            evaluation.host.device["location"] = {"latitude": 1.5, "longitude": 2.5}
            assert not place.status()
            assert (place.known, str(place), LatitudeLongitude("p").known) == (True, "1.5, 2.5", False)
            evaluation.host.device["location"] = {"error": "refused"}
            other = LatitudeLongitude("other")
            assert not other.status()
            assert (other.known, other.description, str(other)) == (False, "refused", "Unknown")


def test_a_list_of_people_is_said_in_a_sentence() -> None:
    people = DAList("people", elements=[individual("ann_fox"), individual("bob_ray"), individual("kim_lee")])
    assert f"{people}" == "Ann Fox, Bob Ray, and Kim Lee"
    assert people.comma_and_list(and_string="or") == "Ann Fox, Bob Ray, or Kim Lee"
