"""How lists, dictionaries and sets are gathered: what is asked for, in which order, and what is shown meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from appliance.interview.signals import MissingName
from appliance.library.dicts import DADict
from appliance.library.lists import DAList
from appliance.library.money import Asset
from appliance.library.objects import DAObject
from appliance.library.people import ChildList, Individual, PartyList, Thing
from appliance.library.places import Address, City
from appliance.library.sets import DASet
from tests.interview.talk import Talk
from tests.library.fakes import FakeEvaluation, asked, running

# What is gathered, how it is set off, the answers by name, and the names that are asked for in this order.
PROTOCOLS: dict[str, tuple[Callable[[], Any], Callable[[Any], object], dict[str, list[Any]], list[str]]] = {
    "a list of texts": (
        lambda: DAList("fruit"),
        str,
        {
            "fruit.there_are_any": [True],
            "fruit[0]": ["apple"],
            "fruit[1]": ["pear"],
            "fruit.there_is_another": [True, False],
        },
        ["fruit.there_are_any", "fruit[0]", "fruit.there_is_another", "fruit[1]", "fruit.there_is_another"],
    ),
    "an empty list": (lambda: DAList("fruit"), list, {"fruit.there_are_any": [False]}, ["fruit.there_are_any"]),
    "at least two": (
        lambda: DAList("fruit", minimum_number=2),
        len,
        {"fruit[0]": ["apple"], "fruit[1]": ["pear"], "fruit.there_is_another": [False]},
        ["fruit[0]", "fruit[1]", "fruit.there_is_another"],
    ),
    "a number that is asked for": (
        lambda: DAList("fruit", ask_number=True),
        str,
        {"fruit.target_number": [2], "fruit[0]": ["apple"], "fruit[1]": ["pear"]},
        ["fruit.target_number", "fruit[0]", "fruit[1]"],
    ),
    "a number that gather() gives": (
        lambda: DAList("fruit"),
        lambda fruit: fruit.gather(number=1),
        {"fruit[0]": ["apple"]},
        ["fruit[0]"],
    ),
    "a minimum that gather() gives": (
        lambda: DAList("fruit"),
        lambda fruit: fruit.gather(minimum=1),
        {"fruit[0]": ["apple"], "fruit.there_is_another": [False]},
        ["fruit[0]", "fruit.there_is_another"],
    ),
    "objects, each with what its text shows": (
        lambda: DAList("friend", object_type=Individual, there_are_any=True),
        bool,
        {"friend[0].name.first": ["Ann"], "friend[1].name.first": ["Bob"], "friend.there_is_another": [True, False]},
        ["friend[0].name.first", "friend.there_is_another", "friend[1].name.first", "friend.there_is_another"],
    ),
    "objects, each with its complete attribute": (
        lambda: DAList("friend", object_type=Individual, there_are_any=True, complete_attribute="complete"),
        list,
        {"friend[0].complete": [True], "friend.there_is_another": [False], "friend[0].name.first": ["Ann"]},
        ["friend[0].complete", "friend.there_is_another"],
    ),
    "objects with several complete attributes": (
        lambda: DAList("friend", object_type=Individual, complete_attribute=["name.first", "age"], minimum_number=1),
        len,
        {"friend[0].name.first": ["Ann"], "friend[0].age": [4], "friend.there_is_another": [False]},
        ["friend[0].name.first", "friend[0].age", "friend.there_is_another"],
    ),
    "plain objects need nothing": (
        lambda: DAList("thing", object_type=DAObject, minimum_number=1),
        len,
        {"thing.there_is_another": [False]},
        ["thing.there_is_another"],
    ),
    "objects of a class that is asked for": (
        lambda: DAList("place", ask_object_type=True, there_are_any=True),
        lambda place: place.gather(),
        {
            "place.new_object_type": [Address, City],
            "place[0].address": ["1 Elm St"],
            "place[0].city": ["Salem"],
            "place[1].city": ["York"],
            "place.there_is_another": [True, False],
        },
        [
            "place.new_object_type",
            "place[0].address",
            "place[0].city",
            "place.there_is_another",
            "place.new_object_type",
            "place[1].city",
            "place.there_is_another",
        ],
    ),
    "a dictionary of values": (
        lambda: DADict("seeds"),
        len,
        {
            "seeds.there_are_any": [True],
            "seeds.new_item_name": ["apple", "fig"],
            "seeds['apple']": [5],
            "seeds['fig']": [99],
            "seeds.there_is_another": [True, False],
        },
        [
            "seeds.there_are_any",
            "seeds.new_item_name",
            "seeds['apple']",
            "seeds.there_is_another",
            "seeds.new_item_name",
            "seeds['fig']",
            "seeds.there_is_another",
        ],
    ),
    "a dictionary of objects": (
        lambda: DADict("pet", object_type=Thing, there_are_any=True),
        list,
        {"pet.new_item_name": ["cat"], "pet['cat'].name.text": ["Tom"], "pet.there_is_another": [False]},
        ["pet.new_item_name", "pet['cat'].name.text", "pet.there_is_another"],
    ),
    "a dictionary with keys": (
        lambda: DADict("income", object_type=Thing, keys=["job", "farm"], there_is_another=False),
        list,
        {"income['farm'].name.text": ["F"], "income['job'].name.text": ["J"]},
        ["income['farm'].name.text", "income['job'].name.text"],
    ),
    "a set": (
        lambda: DASet("fruit"),
        str,
        {"fruit.there_are_any": [True], "fruit.new_item": ["pear", "apple"], "fruit.there_is_another": [True, False]},
        ["fruit.there_are_any", "fruit.new_item", "fruit.there_is_another", "fruit.new_item", "fruit.there_is_another"],
    ),
    "a set of a number that is asked for": (
        lambda: DASet("fruit", ask_number=True),
        str,
        {"fruit.target_number": [2], "fruit.new_item": ["a", "a", "b"]},
        ["fruit.target_number", "fruit.new_item", "fruit.new_item", "fruit.new_item"],
    ),
    "assets": (
        lambda: Asset("asset", there_are_any=True),
        lambda asset: asset.total(),
        {"asset.new_item_name": ["house"], "asset['house'].value": [5], "asset.there_is_another": [False]},
        ["asset.new_item_name", "asset['house'].value", "asset.there_is_another"],
    ),
    "without gathering by itself, what says that it is gathered": (
        lambda: DAList("fruit", auto_gather=False),
        str,
        {"fruit.gathered": [True]},
        ["fruit.gathered"],
    ),
    "a list of parties is of individuals": (
        lambda: PartyList("people", there_are_any=True),
        str,
        {"people[0].name.first": ["Ann"], "people.there_is_another": [False]},
        ["people[0].name.first", "people.there_is_another"],
    ),
}


@pytest.mark.parametrize("case", PROTOCOLS)
def test_what_is_asked_for_in_which_order(case: str) -> None:
    make, want, answers, names = PROTOCOLS[case]
    evaluation = FakeEvaluation()
    group = make()
    evaluation.answers[group.instanceName] = group
    with running(evaluation):
        assert asked(evaluation, lambda: want(group), {key: list(value) for key, value in answers.items()}) == names
        assert group.has_been_gathered()
        assert not group.auto_gather or group.revisit is True


def test_how_many_there_are_to_be_is_known_before_they_are_gathered() -> None:
    fruit = DAList("fruit", ask_number=True)
    evaluation = FakeEvaluation()
    evaluation.answers["fruit"] = fruit
    with running(evaluation):
        assert asked(evaluation, fruit.number, {"fruit.target_number": [2]}) == ["fruit.target_number"]
        assert fruit.number() == 2
        assert not fruit.has_been_gathered()


def test_lists_in_lists_are_gathered_with_their_item() -> None:
    evaluation = FakeEvaluation()
    people = DAList("people", object_type=Individual, there_are_any=True, complete_attribute="complete")
    evaluation.answers["people"] = people

    def complete() -> bool:
        """The code block for people[0].complete."""
        return bool(people[0].name.first) and bool(people[0].child.gather())

    def want() -> None:
        try:
            people.gather()
        except MissingName as missing:
            if missing.name != "people[0].complete":
                raise
            people[0].initializeAttribute("child", ChildList)
            people[0].complete = complete()
            people.gather()

    with running(evaluation):
        names = asked(
            evaluation,
            want,
            {
                "people[0].name.first": ["Ann"],
                "people[0].child.there_are_any": [True],
                "people[0].child[0].name.first": ["Kim"],
                "people[0].child.there_is_another": [False],
                "people.there_is_another": [False],
            },
        )
    assert names == [
        "people[0].name.first",
        "people[0].child.there_are_any",
        "people[0].child[0].name.first",
        "people[0].child.there_is_another",
        "people.there_is_another",
    ]


def test_what_was_gathered_so_far_can_be_shown_while_more_is_asked_for() -> None:
    """A question that says what it was told so far shows complete items only, and starts nothing."""
    seen: list[tuple[str, int, list[str]]] = []
    friends = DAList("friend", object_type=Individual, there_are_any=True)
    evaluation = FakeEvaluation()
    evaluation.answers["friend"] = friends

    def look(answer: Any) -> Callable[[], Any]:
        def answered() -> Any:
            seen.append((str(friends), friends.number_gathered(), [str(friend) for friend in friends]))
            return answer

        return answered

    with running(evaluation):
        asked(
            evaluation,
            lambda: str(friends),
            {
                "friend[0].name.first": [look("Ann")],
                "friend[1].name.first": [look("Bob")],
                "friend.there_is_another": [look(True), look(False)],
            },
        )
    assert seen == [("", 1, []), ("Ann", 1, ["Ann"]), ("Ann", 2, ["Ann"]), ("Ann and Bob", 2, ["Ann", "Bob"])]


def test_another_list_is_not_taken_for_gathered_while_one_is() -> None:
    evaluation = FakeEvaluation()
    one, other = DAList("one"), DAList("other")
    with running(evaluation):
        with pytest.raises(MissingName):
            str(one)
        evaluation.sought = ("one.there_are_any",)
        assert str(one) == ""
        with pytest.raises(MissingName) as missing:
            str(other)
        assert missing.value.name == "other.there_are_any"
        evaluation.sought = ("something.else",)
        with pytest.raises(MissingName):
            str(one)


def test_hooks_run_before_and_after_the_group_counts_as_gathered() -> None:
    said: list[str] = []

    class Hooked(DAList):
        def hook_on_gather(self, *pargs: Any, **kwargs: Any) -> None:
            said.append(f"on {self.has_been_gathered()} {self}")

        def hook_after_gather(self, *pargs: Any, **kwargs: Any) -> None:
            said.append(f"after {self.has_been_gathered()} {self}")

        def hook_on_remove(self, item: Any, *pargs: Any, **kwargs: Any) -> None:
            said.append(f"remove {item}")

    group = Hooked("group", there_are_any=True, there_is_another=False)
    group.append("a")
    with running():
        group.gather()
        group.remove("a", "b")
    assert said == ["on False a", "after True a", "remove a"]
    assert group.there_are_any is False


class TestAgain:
    """Gathering a second time."""

    def test_reset_asks_whether_there_is_another(self) -> None:
        fruit = DAList("fruit", elements=["apple"])
        fruit.reset_gathered()
        assert not fruit.has_been_gathered()
        with pytest.raises(MissingName) as missing:
            fruit.gather()
        assert missing.value.name == "fruit.there_is_another"

    def test_reset_of_an_empty_list_asks_whether_there_are_any(self) -> None:
        fruit = DAList("fruit", there_are_any=False)
        assert fruit.gather()
        fruit.reset_gathered(only_if_empty=True)
        with pytest.raises(MissingName) as missing:
            fruit.gather()
        assert missing.value.name == "fruit.there_are_any"

    def test_reset_can_mark_items_as_incomplete_and_go_into_lists(self) -> None:
        people = DAList("people", object_type=Individual, complete_attribute="complete")
        people.appendObject(complete=True, pets=DAList(elements=["cat"]))
        nested = DAList("nested", elements=[DAList("inner", elements=["a"])])
        people.reset_gathered(mark_incomplete=True)
        nested.reset_gathered(recursive=True)
        assert not people[0].attribute_defined("complete")
        assert not nested.elements[0].has_been_gathered()

    def test_gathered_and_complete_asks_for_what_is_missing_in_items_only(self) -> None:
        people = DAList("people", object_type=Individual, complete_attribute="complete")
        people.appendObject(complete=True)
        people.there_is_another = False
        people.gathered = True
        with pytest.raises(MissingName) as missing:
            people.gathered_and_complete()
        assert missing.value.name == "people[0].complete"
        people[0].complete = True
        assert people.gather()

    def test_gathering_started(self) -> None:
        assert not DAList("a").gathering_started()
        assert DAList("a", there_are_any=True).gathering_started()
        with pytest.raises(MissingName):
            DAList("a").number_gathered(if_started=True)


INTERVIEW = """
    objects:
      - person: DAList.using(object_type=Individual, complete_attribute='complete')
      - person[i].pet: DAList
    ---
    mandatory: True
    question: There are ${ person.number_as_word() }, ${ person }.
    subquestion: |
      % for one in person:
      ${ one } has ${ one.pet.number_as_word() }.
      % endfor
    ---
    question: Is there anybody?
    yesno: person.there_are_any
    ---
    question: So far ${ person }. Who else?
    yesno: person.there_is_another
    ---
    question: Who is the ${ ordinal(i) }?
    fields:
      - Name: person[i].name.first
    ---
    code: |
      person[i].name.first
      person[i].pet.gather()
      person[i].complete = True
    ---
    question: Has ${ person[i] } any pet?
    yesno: person[i].pet.there_are_any
    ---
    question: Besides ${ person[i].pet }, any other of ${ person[i].possessive('pets') }?
    yesno: person[i].pet.there_is_another
    ---
    question: What is the ${ ordinal(j) }?
    fields:
      - Pet: person[i].pet[j]
"""


def test_an_interview_gathers_lists_in_lists_through_the_store() -> None:
    """Every screen is a turn of its own, with the answers thawed from bytes."""
    talk = Talk(INTERVIEW)
    asked_for: list[str] = []
    for press, values in [
        ("Yes", {}),
        (None, {"person[0].name.first": "Ann"}),
        ("Yes", {}),
        (None, {"person[0].pet[0]": "cat"}),
        ("Yes", {}),
        (None, {"person[0].pet[1]": "dog"}),
        ("No", {}),
        ("Yes", {}),
        (None, {"person[1].name.first": "Bob"}),
        ("No", {}),
        ("No", {}),
    ]:
        asked_for.append(talk.question)
        talk.submit(press, **values)
    assert asked_for == [
        "Is there anybody?",
        "Who is the first?",
        "Has Ann any pet?",
        "What is the first?",
        "Besides cat, any other of Ann’s pets?",
        "What is the second?",
        "Besides cat and dog, any other of Ann’s pets?",
        "So far Ann. Who else?",
        "Who is the second?",
        "Has Bob any pet?",
        "So far Ann and Bob. Who else?",
    ]
    assert talk.question == "There are two, Ann and Bob."
    assert "Ann has two." in talk.screen.subquestion_html
    assert "Bob has zero." in talk.screen.subquestion_html


def test_reloading_after_yes_there_is_another_still_asks_for_the_item() -> None:
    """The answer "yes" is kept until the item is there, although the question about it was drawn in another turn."""
    from appliance.interview.turn import Refresh

    talk = Talk("""
        objects:
          - fruit: DAList.using(there_are_any=True)
        ---
        mandatory: True
        question: I have ${ fruit }.
        ---
        question: Which ${ ordinal(i) } fruit?
        fields:
          - Fruit: fruit[i]
        ---
        question: More?
        yesno: fruit.there_is_another
    """)
    talk.submit(**{"fruit[0]": "figs"})
    talk.submit("Yes")
    talk.turn(Refresh())
    assert talk.question == "Which second fruit?"
    talk.submit(**{"fruit[1]": "dates"})
    assert talk.question == "More?"
    talk.submit("No")
    assert talk.question == "I have figs and dates."
