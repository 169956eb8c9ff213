"""Lists, dictionaries and sets as Python's own, and what is said of them."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from appliance.interview.signals import MissingIndex, MissingKey
from appliance.library.dicts import DADict, DAOrderedDict
from appliance.library.lists import DAList
from appliance.library.objects import DAEmpty, DAObject
from appliance.library.people import Individual, Thing
from appliance.library.sets import DASet
from tests.library.fakes import FakeEvaluation, running


def fruit() -> DAList:
    return DAList("fruit", elements=["fig", "apple", "pear"])


def things(*names: str) -> DAList:
    made = DAList("thing", object_type=Thing)
    for name in names:
        made.appendObject().name.text = name
    made.gathered = True
    return made


class TestList:
    def test_a_list_works_like_pythons(self) -> None:
        one = fruit()
        assert (one[0], one[-1], one[1:], len(one), "fig" in one) == ("fig", "pear", ["apple", "pear"], 3, True)
        assert (one.index("apple"), one.count("fig"), one.first(), one.last(), next(iter(reversed(one)))) == (
            1,
            1,
            "fig",
            "pear",
            "pear",
        )
        assert one == ["fig", "apple", "pear"]
        assert one == fruit()
        assert one != ["fig"]
        assert (one + ["kiwi"]).last() == "kiwi"  # noqa: RUF005 - the operator is what is tested
        one += ["kiwi"]
        one.extend(["plum"])
        one.insert(0, "lime")
        assert one.pop() == "plum"
        one.delitem(0, 99)
        one.remove("kiwi", "stone")
        one.append("nut", "seed")
        assert one.copy() == ["fig", "apple", "pear", "nut", "seed"]
        one.clear()
        assert not one

    def test_lists_sort_and_turn_round_and_return_themselves(self) -> None:
        assert str(fruit().sort(reverse=True)) == "pear, fig, and apple"
        assert str(fruit().reverse()) == "pear, apple, and fig"
        assert [str(one) for one in things("b", "a").sort()] == ["a", "b"]

    @pytest.mark.parametrize("index", [3, -4])
    def test_an_item_beyond_the_end_is_sought_and_python_sees_an_index_error(self, index: int) -> None:
        with pytest.raises(MissingIndex) as missing:
            str(fruit()[index])
        assert missing.value.name == f"fruit[{index}]"
        assert isinstance(missing.value, IndexError)

    def test_an_object_beyond_the_end_is_made_until_the_list_is_gathered(self) -> None:
        """A question for ``person[1].name.first`` can be asked before anything was gathered."""
        people = DAList("person", object_type=Individual)
        assert people[1].name.instanceName == "person[1].name"
        people.gathered = True
        with pytest.raises(MissingIndex):
            str(people[2])

    def test_items_can_be_set_beyond_the_end(self) -> None:
        one = DAList("one")
        one[1] = "b"
        assert one.elements == [None, "b"]
        friends = DAList("friend", object_type=Individual)
        friends[1] = DAObject()
        assert [friend.instanceName for friend in friends.elements] == ["friend[0]", "friend[1]"]

    def test_items_know_where_they_are_after_removing_and_sorting(self) -> None:
        """Also where items know each other: their names do not get mixed up."""
        made = things("c", "b", "a")
        made[0].friend, made[2].friend = made[2], made[0]
        made.sort()
        assert [(str(one), one.instanceName, one.name.instanceName) for one in made] == [
            ("a", "thing[0]", "thing[0].name"),
            ("b", "thing[1]", "thing[1].name"),
            ("c", "thing[2]", "thing[2].name"),
        ]
        made.remove(made[0])
        assert [one.instanceName for one in made] == ["thing[0]", "thing[1]"]

    def test_objects_from_elsewhere_keep_their_names_unless_asked(self) -> None:
        doctor, nurse = Individual("doctor"), Individual("nurse")
        people = DAList("people", elements=[doctor])
        people.append(nurse, set_instance_name=True)
        assert (doctor.instanceName, nurse.instanceName, nurse.name.instanceName) == (
            "doctor",
            "people[1]",
            "people[1].name",
        )
        DAList("team", elements=[doctor], set_instance_name=True)
        assert doctor.instanceName == "team[0]"

    def test_item_is_empty_where_there_is_none(self) -> None:
        assert fruit().item(1) == "apple"
        assert isinstance(fruit().item(7), DAEmpty)
        assert str(fruit().item(7).seeds) == ""
        assert fruit().item_name(2) == "fruit[2]"

    def test_an_empty_list_has_no_first(self) -> None:
        with pytest.raises(IndexError, match="fruit is empty"):
            DAList("fruit", elements=[]).first()

    def test_filter_and_complete_elements_are_lists_of_their_own(self) -> None:
        made = things("a", "b")
        made[0].red = True
        made[1].red = False
        assert [str(one) for one in made.filter("reds", red=True)] == ["a"]
        assert made.filter("reds", red=True).instanceName == "reds"
        made.appendObject()
        complete = made.complete_elements()
        assert (str(complete), complete.instanceName, len(made)) == ("a and b", "thing", 3)

    def test_the_type_of_items_can_be_set_and_narrowed(self) -> None:
        made = DAList("made")
        made.object_type = Thing.using(color="red")
        assert made.object_type is Thing
        assert made.appendObject().color == "red"
        assert isinstance(made.append_object(Individual), Individual)
        assert made.initializeObject(4, Thing).instanceName == "made[4]"
        made.set_object_type(DAObject)
        assert made.object_type_parameters == {}
        assert [made.current_index(), DAList("none").current_index()] == [4, 0]

    def test_lists_may_be_items_of_sets_and_survive_pickling(self) -> None:
        one = fruit()
        assert pickle.loads(pickle.dumps({"a": one, "b": {one}}))["a"] == one


class TestDict:
    def test_a_dictionary_works_like_pythons_with_sorted_keys(self) -> None:
        seeds = DADict("seeds", elements={"pear": 4, "apple": 5})
        assert (list(seeds), seeds.keys(), list(seeds.values()), list(seeds.items())) == (
            ["pear", "apple"],
            ["apple", "pear"],
            [5, 4],
            [("apple", 5), ("pear", 4)],
        )
        assert (seeds.get("fig"), seeds.get("fig", 3), seeds.has_key("pear"), len(seeds)) == (None, 3, True, 2)
        assert [*seeds.iterkeys(), *seeds.itervalues(), *seeds.iteritems()][:3] == ["apple", "pear", 5]
        seeds.update({"fig": 9}, kiwi=1)
        assert (seeds.pop("kiwi"), seeds.pop("kiwi", 0), seeds.setdefault("nut", 1), seeds.popitem()) == (
            1,
            0,
            1,
            ("nut", 1),
        )
        seeds.delitem("fig", "stone")
        assert str(seeds) == "apple and pear"
        assert repr(seeds) == "{'pear': 4, 'apple': 5}"
        assert seeds.copy() == {"pear": 4, "apple": 5} == seeds
        assert seeds.slice("pear").elements == {"pear": 4}
        assert seeds.slice(lambda number: number > 4).elements == {"apple": 5}
        seeds.clear()
        assert not seeds

    def test_an_ordered_dictionary_keeps_the_order(self) -> None:
        assert DAOrderedDict("d", elements={"b": 1, "a": 2}).keys() == ["b", "a"]

    def test_keys_of_different_kinds_keep_their_order(self) -> None:
        assert DADict("d", elements={"b": 1, 2: 2}).keys() == ["b", 2]

    def test_a_missing_key_is_sought_and_python_sees_a_key_error(self) -> None:
        seeds = DADict("seeds", elements={})
        for look in (lambda: seeds["fig"], lambda: seeds.__delitem__("fig")):
            with pytest.raises(MissingKey) as missing:
                look()
            assert missing.value.name == "seeds['fig']"
            assert isinstance(missing.value, KeyError)

    def test_objects_are_made_for_keys(self) -> None:
        player = DADict("player")
        player.initializeObject("trustee", Thing)
        player.new(["grantor", "heir"], "heir", color="red")
        assert player["grantor"].instanceName == "player['grantor']"
        assert player["heir"].color == "red"
        player["other"] = DAObject()
        assert player["other"].instanceName == "player['other']"
        player.gathered = True
        assert str(player.item("nobody").name) == ""

    @pytest.mark.parametrize(
        ("call", "result"),
        [
            (lambda d: d.all_true(), False),
            (lambda d: d.all_true("a", "b"), True),
            (lambda d: d.all_true(["a", "b"]), True),
            (lambda d: d.all_true("a", exclusive=True), False),
            (lambda d: d.all_true("a", "b", exclusive=True), True),
            (lambda d: d.all_false(), False),
            (lambda d: d.all_false("c"), True),
            (lambda d: d.all_false("c", exclusive=True), True),
            (lambda d: d.any_true(), True),
            (lambda d: d.any_true("c"), False),
            (lambda d: d.any_false(), True),
            (lambda d: d.any_false("a", "b"), False),
            (lambda d: d.all_true("nothing"), False),
        ],
    )
    def test_what_is_checked(self, call: Any, result: bool) -> None:
        assert call(DADict("d", elements={"a": True, "c": False, "b": True})) is result

    def test_true_and_false_values_are_lists_of_keys(self) -> None:
        boxes = DADict("boxes", elements={"pear": True, "apple": True, "fig": False})
        assert (str(boxes.true_values()), str(boxes.true_values(insertion_order=True))) == (
            "apple and pear",
            "pear and apple",
        )
        assert boxes.false_values() == ["fig"]


class TestSet:
    def test_a_set_works_like_pythons_and_is_shown_in_one_order(self) -> None:
        one, other = DASet("one"), DASet("other", elements={"c"})
        one.add("b", ["a", "c"])
        one.gathered = True
        assert str(one) == "a, b, and c"
        assert (len(one), "a" in one, list(one)) == (3, True, ["a", "b", "c"])
        assert one.intersection(other) == {"c"}
        assert one.union({"d"}).number() == 4
        assert one.difference(other).issubset(one)
        assert other.isdisjoint(["a"])
        assert one.issuperset(other)
        one.discard("x")
        one.remove("a")
        assert one.pop() in ("b", "c")
        assert one.copy() == one.elements
        with pytest.raises(KeyError):
            one.remove("x")
        one.clear()
        assert one.elements == set()

    def test_objects_in_sets_survive_pickling_and_filtering(self) -> None:
        apple, pear = DAObject("apple", red=True), DAObject("pear", red=False)
        mine = DASet("mine", elements={apple, pear})
        thawed = pickle.loads(pickle.dumps({"mine": mine, "apple": apple}))
        assert thawed["apple"] in thawed["mine"]
        assert str(mine.filter(red=True)) == "apple"
        assert str(fruit().intersection(["fig"])) == "fig"


class TestInWords:
    def test_nouns_and_numbers_follow_how_many_there_are(self) -> None:
        one, two, none = things("a"), things("a", "b"), things()
        assert [group.as_noun() for group in (one, two, none)] == ["thing", "things", "things"]
        assert [two.as_noun("child"), one.as_noun("child"), one.as_noun(plural=True), two.as_singular_noun()] == [
            "children",
            "child",
            "things",
            "thing",
        ]
        assert [group.possessive("box") for group in (one, two)] == ["thing's box", "things' box"]
        assert [two.number_as_word(), two.number_as_word(capitalize=True), two.quantity_noun("box")] == [
            "two",
            "Two",
            "two boxes",
        ]
        assert two.number_gathered_as_word() == "two"
        assert DAList("user.best_friend", elements=[]).as_noun() == "best friends"

    def test_verbs_and_pronouns_follow_how_many_there_are(self) -> None:
        one, two = things("a"), things("a", "b")
        assert [group.does_verb("is") for group in (one, two)] == ["is", "are"]
        assert [group.did_verb("is") for group in (one, two)] == ["was", "were"]
        assert [group.pronoun() for group in (one, two)] == ["it", "them"]
        assert [group.is_are_you() for group in (one, two)] == ["is a", "are a and b"]
        assert two.do_question("eat", capitalize=True) == "Do a and b eat"
        assert DAList("x", elements=["only"]).does_verb("eat") == "eats"

    def test_the_one_item_speaks_for_the_list(self) -> None:
        evaluation = FakeEvaluation()
        with running(evaluation):
            tenants = DAList("tenants", object_type=Individual)
            tenants.appendObject(gender="female").name.first = "Ann"
            tenants.gathered = True
            assert (tenants.pronoun_possessive("flat"), tenants.is_user()) == ("her flat", False)
            evaluation.internal["info"]["user"] = tenants[0]
            assert (tenants.pronoun_possessive("flat"), tenants.is_user(), tenants.does_verb("pay")) == (
                "your flat",
                True,
                "pay",
            )
