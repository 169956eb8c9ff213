"""DAObject: names, missing attributes, using(), copies, and what is said of objects."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from appliance.interview.signals import MissingAttribute, MissingName
from appliance.library.dicts import DADict
from appliance.library.lists import DAList
from appliance.library.money import FinancialList, PeriodicValue, Value
from appliance.library.naming import spoken_name
from appliance.library.objects import DAEmpty, DAObject, Using, adopt_name, make, only_looking
from appliance.library.people import Individual, Name, Person, Thing
from appliance.library.plain import plain
from appliance.library.templates import DALazyTemplate, DATemplate
from tests.library.fakes import FakeEvaluation, running


class Fish(DAObject):
    """An author's class: a default of its own, a property, and a method that needs answers."""

    fins = 2

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        self.kind = "fish"
        super().init(*pargs, **kwargs)

    @property
    def complete(self) -> str:
        return f"{self.species} with {self.scales} scales"


class TestMissing:
    def test_a_missing_attribute_names_itself_in_full(self) -> None:
        user = Individual("user")
        with pytest.raises(MissingName) as missing:
            str(user.name.first)
        assert missing.value.name == "user.name.first"

    def test_python_takes_it_for_a_missing_attribute(self) -> None:
        """``hasattr`` and ``getattr`` with a default work in authors' modules, as they do in docassemble."""
        user = DAObject("user")
        assert not hasattr(user, "birthdate")
        assert getattr(user, "birthdate", None) is None

    @pytest.mark.parametrize("name", ["__deepcopy__", "__html__", "_repr_html_"])
    def test_names_that_python_and_its_tools_look_for_are_not_sought(self, name: str) -> None:
        with pytest.raises(AttributeError) as missing:
            getattr(DAObject("x"), name)
        assert not isinstance(missing.value, MissingName)

    def test_a_property_seeks_what_it_lacks_and_not_itself(self) -> None:
        fish = Fish("fish")
        with pytest.raises(MissingAttribute) as missing:
            str(fish.complete)
        assert missing.value.name == "fish.species"
        fish.species, fish.scales = "trout", 3
        assert fish.complete == "trout with 3 scales"

    def test_what_is_set_on_the_class_and_in_init_is_there(self) -> None:
        fish = Fish("fish", fins=4)
        assert (fish.fins, fish.kind, Fish("other").fins) == (4, "fish", 2)

    def test_attributes_can_be_looked_at_without_seeking(self) -> None:
        user = DAObject("user", age=40)
        assert user.attribute_defined("age")
        assert not user.attribute_defined("name")
        assert (user.attr("age"), user.attr("name"), user.attr_name("name")) == (40, None, "user.name")
        user.delattr("age", "name")
        assert not user.attribute_defined("age")
        with pytest.raises(MissingAttribute):
            user.raise_undefined_attribute_error("income")


class TestNames:
    def test_code_that_assigns_an_object_names_it(self) -> None:
        names: dict[str, Any] = {"DAObject": DAObject, "Fish": Fish}
        exec("fish = Fish()\nfish.friend = DAObject()\nfish.friend.house = DAObject()", names)
        assert names["fish"].instanceName == "fish"
        assert names["fish"].friend.house.instanceName == "fish.friend.house"

    def test_an_unnamed_object_takes_the_name_of_where_it_is_put_with_all_its_parts(self) -> None:
        def build() -> DAObject:
            made = DAObject()
            made.pets = DAList(object_type=Fish)
            made.pets.appendObject()
            return made

        made = build()
        assert made.instanceName.startswith("unnamed_")
        adopt_name(made, "family")
        assert made.pets[0].instanceName == "family.pets[0]"
        adopt_name(made, "other")
        assert made.instanceName == "family"

    def test_an_object_with_a_name_keeps_it_wherever_it_is_put(self) -> None:
        tree, branch = DAObject("tree"), DAObject("long_branch")
        tree.branch = branch
        with pytest.raises(MissingName) as missing:
            str(tree.branch.length)
        assert missing.value.name == "long_branch.length"

    def test_attributes_are_initialized_once_and_reinitialized_always(self) -> None:
        fish = DAObject("fish")
        friend = fish.initializeAttribute("friend", Fish)
        assert fish.initializeAttribute("friend", DAObject) is friend
        assert friend.instanceName == "fish.friend"
        assert fish.reInitializeAttribute("friend", Fish.using(age=3)).age == 3
        assert fish.friend is not friend

    def test_a_shallow_copy_shares_its_parts_and_a_deep_one_does_not(self) -> None:
        company = DAObject("company")
        company.initializeAttribute("ceo", Individual)
        company.initializeAttribute("staff", DAList.using(object_type=Individual)).appendObject()
        shallow, deep = company.copy_shallow("shallow"), company.copy_deep("deep")
        assert shallow.instanceName == "shallow"
        assert shallow.ceo is company.ceo
        assert deep.ceo.name.instanceName == "deep.ceo.name"
        assert deep.staff[0].name.instanceName == "deep.staff[0].name"
        assert company.staff[0].instanceName == "company.staff[0]"

    def test_objects_survive_pickling_with_classes_and_using_in_them(self) -> None:
        family = DAList("family", object_type=Individual.using(surname="Fox"))
        family.appendObject().name.first = "Ann"
        family.factory = Individual.using(age=3)
        thawed = pickle.loads(pickle.dumps(family))
        assert thawed[0].name.first == "Ann"
        assert thawed.appendObject().surname == "Fox"
        assert thawed.factory("x").age == 3
        assert copy.deepcopy(family)[0].name.full() == "Ann"

    @pytest.mark.parametrize(
        ("name", "said", "possessed"),
        [
            ("turnip", "turnip", "the turnip's leaves"),
            ("park.front_gate", "front gate in the park", "the leaves of the front gate in the park"),
            ("player['grantor']", "grantor player", "the grantor player's leaves"),
            ("recipient[3]", "fourth recipient", "the fourth recipient's leaves"),
            ("case.plaintiff[0]", "first plaintiff in the case", "the leaves of the first plaintiff in the case"),
        ],
    )
    def test_names_are_said_in_words(self, name: str, said: str, possessed: str) -> None:
        assert spoken_name(name) == said
        assert str(DAObject(name)) == said
        assert DAObject(name).object_possessive("leaves") == possessed

    def test_an_object_with_a_name_attribute_is_called_by_it(self) -> None:
        assert str(DAObject("apple", name="apples")) == "apples"


class TestUsing:
    def test_using_makes_objects_with_attributes_and_can_be_narrowed(self) -> None:
        big = Fish.using(fins=6).using(kind="shark")
        shark = big("shark")
        assert isinstance(shark, Fish)
        assert (shark.instanceName, shark.fins, shark.kind) == ("shark", 6, "shark")
        assert repr(big) == "Fish.using(fins=6, kind='shark')"

    def test_objects_made_with_one_using_do_not_share_its_lists(self) -> None:
        made = DAObject.using(tags=[])
        made("a").tags.append(1)
        assert made("b").tags == []

    def test_a_using_as_an_attribute_makes_an_object(self) -> None:
        person = Person("person", address=Thing.using(color="red"))
        assert isinstance(person.address, Thing)
        assert person.address.instanceName == "person.address"

    def test_what_is_no_class_is_told(self) -> None:
        with pytest.raises(TypeError, match="fish cannot be made: 'Fish' is not the name of a class"):
            make("Fish", "fish")
        assert isinstance(Fish.using(), Using)


class TestAsData:
    def test_objects_become_dictionaries_and_nothing_is_sought(self) -> None:
        user = Individual("user", age=40)
        user.name.first = "Ann"
        user.self = user
        data = user.as_serializable()
        assert data["_class"].endswith(".Individual")
        assert data["name"]["first"] == "Ann"
        assert data["self"] == {"_class": data["_class"], "instanceName": "user"}
        assert plain({1: {2.5}, "list": DAList("things", elements=["a"])})["list"]["elements"] == ["a"]

    def test_an_empty_item_absorbs_what_is_done_with_it(self) -> None:
        empty: Any = DAEmpty()
        assert str(empty.color.name(1)["x"]) == ""
        assert not empty
        assert [*empty] == []
        assert empty + 3 == 3
        assert f"{empty}" == ""


class TestTemplates:
    def test_a_lazy_template_is_rendered_when_it_is_used(self) -> None:
        evaluation = FakeEvaluation()
        with running(evaluation):
            letter = pickle.loads(pickle.dumps(DALazyTemplate("letter")))
            with pytest.raises(MissingName) as missing:
                str(letter)
            assert missing.value.name == "letter.content"
            evaluation.texts = {("letter", "content"): "Dear **Ann**", ("letter", "subject"): "Hello\n"}
            assert (str(letter), letter.show(), letter.subject) == ("Dear **Ann**", "Dear **Ann**", "Hello")

    def test_a_template_made_by_code_holds_its_texts(self) -> None:
        assert str(DATemplate("note", content="Hi", subject="S")) == "Hi"
        assert DATemplate("note").subject == ""


class TestMoney:
    def test_a_value_that_does_not_exist_is_nothing_and_not_asked_for(self) -> None:
        assert Value("house", exists=False).amount() == 0
        assert float(Value("house", exists=True, value=12.5)) == 12.5

    def test_a_periodic_value_is_counted_for_a_year_or_a_month(self) -> None:
        pay = PeriodicValue("pay", exists=True, value=100, period=12)
        assert [float(pay.amount()), float(pay.amount(12))] == [1200, 100]

    def test_a_financial_list_adds_up_what_exists(self) -> None:
        assets = FinancialList("assets")
        assets.new("house", "car")
        assets["house"].value, assets["car"].value = 10, 5.5
        assets["car"].exists = True
        assets.gathered = True
        assert float(assets.total()) == 15.5
        assets["car"].exists = False
        assert assets.existing_items() == ["house"]
        assert str(assets) == "10"


def test_looking_makes_nothing_and_gathers_nothing() -> None:
    """``defined()`` must not change the answers."""
    people = DAList("people", object_type=Individual)
    players = DADict("players", object_type=Individual)
    with only_looking():
        for look in (lambda: people[0].name, lambda: players["a"].name, lambda: str(people), lambda: len(players)):
            with pytest.raises(MissingName):
                look()
    assert (people.elements, players.elements) == ([], {})
    assert isinstance(people[0].name, Name)
