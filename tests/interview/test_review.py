"""``review`` screens in memory: which items are shown, what a click asks, and the way back to the review."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from appliance.interview.errors import BadInterview
from tests.interview.talk import Talk

FOOD = """
event: review_answers
question: Revisit your answers
review:
{items}
---
question: Fruit?
fields:
  - Fruit: fruit
---
question: Vegetable?
fields:
  - Vegetable: vegetable
---
mandatory: True
code: |
  fruit
  vegetable
  done
---
event: done
question: You like ${{ fruit }} and ${{ vegetable }}
"""


def food(items: str) -> Talk:
    return Talk(FOOD.format(items="\n".join("  " + line for line in items.strip("\n").splitlines())))


def items(talk: Talk) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = talk.screen.extras["review"]["items"]
    return shown


def labels(talk: Talk) -> list[str]:
    return [item["label"] for item in items(talk) if "label" in item]


def click(talk: Talk, label: str) -> None:
    """Follow the item's link, as the server reads it."""
    url = next(item["url"] for item in items(talk) if item.get("label") == label)
    packed = parse_qs(urlsplit(url).query)["action"][0]
    asked = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    talk.act(asked["action"], **asked["arguments"])


class TestWhatIsShown:
    def test_only_what_is_defined(self) -> None:
        """Nothing is sought for a review: the vegetable is not asked, its item is just not there."""
        talk = food("- Fruit: fruit\n- Vegetable: vegetable\n  button: You like ${ vegetable }.")
        talk.submit(fruit="apple")
        talk.act("review_answers")
        assert labels(talk) == ["Fruit"]
        assert talk.question == "Revisit your answers"

    def test_an_item_whose_text_mentions_what_is_not_defined_is_left_out(self) -> None:
        talk = food("- Fruit: fruit\n  help: With ${ vegetable }?\n- note: Or ${ vegetable }?\n- note: Hello")
        talk.submit(fruit="apple")
        talk.act("review_answers")
        assert [item["html"].strip() for item in items(talk)] == ["<p>Hello</p>"]

    def test_several_variables_must_all_be_defined(self) -> None:
        talk = food("- Edit:\n    - fruit\n    - vegetable\n  button: Both")
        talk.submit(fruit="apple")
        talk.act("review_answers")
        assert labels(talk) == []
        talk.submit()
        talk.submit(vegetable="leek")
        talk.act("review_answers")
        assert labels(talk) == ["Edit"]

    def test_commands_need_not_be_defined(self) -> None:
        """As the documentation's geolocation example has it: what is recomputed may never have been computed."""
        talk = food("- Edit:\n    - fruit\n    - recompute: salad\n    - follow up: sauce\n    - set:\n        - x: 1")
        talk.submit(fruit="apple")
        talk.act("review_answers")
        assert labels(talk) == ["Edit"]

    @pytest.mark.parametrize(("condition", "shown"), [
        ("fruit", True), ("vegetable", False), ("[fruit]", True), ("[fruit, vegetable]", False),
        ("fruit == 'apple'", True), ("fruit == 'pear'", False), ("vegetable == 'leek'", False),
        ("defined('vegetable')", False)])
    def test_conditions(self, condition: str, shown: bool) -> None:
        """Variables must be defined, expressions must hold."""
        talk = food(f'- note: Hello\n  show if: {condition if condition[0] == "[" else json.dumps(condition)}')
        talk.submit(fruit="apple")
        talk.act("review_answers")
        assert bool(items(talk)) is shown

    def test_a_variable_that_is_false_is_defined(self) -> None:
        talk = Talk("""
            mandatory: True
            code: |
              married = False
            ---
            mandatory: True
            question: Look
            review:
              - Married: married
                show if: married
            ---
            question: Married?
            yesno: married
            """)
        assert labels(talk) == ["Married"]

    def test_without_skipping_what_is_undefined_is_asked_first(self) -> None:
        talk = Talk("""
            mandatory: True
            skip undefined: False
            question: Look
            review:
              - Fruit: fruit
              - note: And ${ vegetable }
            ---
            question: Fruit?
            fields:
              - Fruit: fruit
            ---
            question: Vegetable?
            fields:
              - Vegetable: vegetable
            """)
        assert talk.question == "Fruit?"
        talk.submit(fruit="apple")
        assert talk.question == "Vegetable?"
        talk.submit(vegetable="leek")
        assert talk.question == "Look"

    def test_the_parts_of_an_item(self) -> None:
        talk = food("""
- Fruit: fruit
  help: You said *${ fruit }*.
  note: Tasty
- label: Change
  field: fruit
  button: It is ${ fruit }.
  css class: bg-warning-subtle
- html: <b>${ fruit }</b>
- raw html: </div><div>
""")
        talk.submit(fruit="apple")
        talk.act("review_answers")
        link, button, html, raw = items(talk)
        assert (link["kind"], link["label"]) == ("link", "Fruit")
        assert "<em>apple</em>" in link["html"]
        assert "Tasty" in link["side"]
        assert (button["kind"], button["label"], button["css"]) == ("button", "Change", "bg-warning-subtle")
        assert "It is apple." in button["html"]
        assert (html["kind"], html["html"]) == ("note", "<b>apple</b>")
        assert (raw["kind"], raw["html"]) == ("raw", "</div><div>")

    def test_looking_at_a_review_makes_no_items_of_lists(self) -> None:
        talk = Talk("""
            objects:
              - people: DAList.using(object_type=Individual)
            ---
            mandatory: True
            code: |
              people.elements
            ---
            mandatory: True
            question: Look
            review:
              - Name: people[0].name.first
              - note: ${ people }
              - note: All of it
            """)
        assert len(items(talk)) == 1
        assert len(talk.answers["people"].elements) == 0

    def test_a_part_of_a_later_version_is_named(self) -> None:
        """Tables are not there yet: their item is left out, and the screen says so, whether or not it skips."""
        for skip in ("True", "False"):
            talk = Talk(f"""
                objects:
                  - people: DAList.using(object_type=Individual, there_are_any=False)
                ---
                mandatory: True
                code: people
                ---
                mandatory: True
                skip undefined: {skip}
                question: Look
                review:
                  - note: ${{ people.table }}
                  - note: Hello
                ---
                table: people.table
                rows: people
                columns:
                  - Name: row_item
                """)
            assert [item["html"].strip() for item in items(talk)] == ["<p>Hello</p>"]
            assert "<code>table</code>" in talk.screen.under_html


class TestClicking:
    def test_asks_again_with_the_answer_and_comes_back(self) -> None:
        talk = food("- Fruit: fruit\n  button: It is ${ fruit }.")
        talk.submit(fruit="apple")
        talk.act("review_answers")
        click(talk, "Fruit")
        assert talk.question == "Fruit?"
        assert talk.screen.fields[0].default == "apple"
        talk.submit(fruit="pear")
        assert talk.question == "Revisit your answers"
        assert "It is pear." in items(talk)[0]["html"]
        assert [button.label_html for button in talk.screen.buttons] == ["Resume"]
        talk.submit()
        assert talk.question == "Vegetable?"

    def test_several_variables_one_after_the_other(self) -> None:
        talk = food("- Edit:\n    - fruit\n    - vegetable\n  button: ${ fruit } and ${ vegetable }")
        talk.submit(fruit="apple")
        talk.submit(vegetable="leek")
        talk.act("review_answers")
        click(talk, "Edit")
        assert talk.question == "Fruit?"
        talk.submit(fruit="pear")
        assert talk.question == "Vegetable?"
        talk.submit(vegetable="kale")
        assert "pear and kale" in items(talk)[0]["html"]
        talk.submit()
        assert talk.question == "You like pear and kale"

    def test_going_back_from_the_question_leads_to_the_review(self) -> None:
        talk = food("- Fruit: fruit")
        talk.submit(fruit="apple")
        talk.act("review_answers")
        click(talk, "Fruit")
        talk.back()
        assert talk.question == "Revisit your answers"

    def test_a_review_that_the_logic_led_to_is_there_again_too(self) -> None:
        """Its event is not on the stack of actions: the link itself says to come back."""
        talk = Talk("""
            event: review_answers
            question: Look
            review:
              - Fruit: fruit
            ---
            mandatory: True
            code: |
              fruit = 'apple'
              first_time = True
            ---
            mandatory: True
            code: |
              if first_time:
                first_time = False
                review_answers
            ---
            mandatory: True
            question: You like ${ fruit }
            ---
            question: Fruit?
            fields:
              - Fruit: fruit
            """)
        assert talk.question == "Look"
        click(talk, "Fruit")
        talk.submit(fruit="pear")
        assert talk.question == "Look"
        click(talk, "Fruit")
        talk.submit(fruit="plum")
        assert talk.question == "Look"
        talk.submit()
        assert talk.question == "You like plum"

    def test_a_review_with_a_variable_is_part_of_the_interview(self) -> None:
        talk = Talk("""
            mandatory: True
            code: |
              fruit
              reviewed
              done
            ---
            question: Look
            review:
              - Fruit: fruit
            field: reviewed
            ---
            question: Fruit?
            fields:
              - Fruit: fruit
            ---
            event: done
            question: You like ${ fruit }
            """)
        talk.submit(fruit="apple")
        assert [button.label_html for button in talk.screen.buttons] == ["Continue"]
        click(talk, "Fruit")
        talk.submit(fruit="pear")
        assert talk.question == "Look"
        talk.submit()
        assert talk.question == "You like pear"
        assert talk.answers["reviewed"] is True

    def test_an_item_of_a_list(self) -> None:
        talk = Talk("""
            objects:
              - people: DAList.using(object_type=Individual, there_are_any=True)
            ---
            generic object: DAList
            event: x.look
            question: Look
            review:
              - First: x[0].name.first
            ---
            mandatory: True
            code: |
              people.appendObject()
              people[0].name.first = 'Ann'
              people.there_is_another = False
              people.gathered = True
            ---
            mandatory: True
            question: It is ${ people[0].name.first }
            ---
            question: Name?
            fields:
              - Name: people[i].name.first
            """)
        talk.act("people.look")
        click(talk, "First")
        assert talk.question == "Name?"
        talk.submit(**{"people[0].name.first": "Bea"})
        assert talk.question == "Look"
        talk.submit()
        assert talk.question == "It is Bea"


    def test_opened_twice_it_is_closed_by_one_press(self) -> None:
        """The menu is on the review too, and on the question that it leads to."""
        talk = food("- Fruit: fruit")
        talk.submit(fruit="apple")
        talk.act("review_answers")
        talk.act("review_answers")
        click(talk, "Fruit")
        talk.act("review_answers")
        assert talk.question == "Revisit your answers"
        talk.submit()
        assert talk.question == "Vegetable?"

    def test_asks_also_where_code_further_down_gives_the_variable_a_value(self) -> None:
        """A click is to ask a person; running the code once more would change nothing that anybody sees."""
        talk = Talk("""
            event: look
            question: Look
            review:
              - Fruit: fruit
            ---
            question: Fruit?
            fields:
              - Fruit: fruit
            ---
            mandatory: True
            code: fruit = 'apple'
            ---
            mandatory: True
            question: You like ${ fruit }
            """)
        talk.act("look")
        click(talk, "Fruit")
        assert talk.question == "Fruit?"


class TestCommands:
    def test_recompute_and_undefine(self) -> None:
        talk = Talk("""
            event: look
            question: Look
            review:
              - Change:
                  - undefine:
                      - a
                      - b
                  - recompute: c
                button: ${ a } + ${ b } = ${ c }
            ---
            code: c = a + b
            ---
            question: A?
            fields:
              - A: a
                datatype: integer
            ---
            question: B?
            fields:
              - B: b
                datatype: integer
            ---
            mandatory: True
            question: It is ${ c }
            """)
        talk.submit(a="1")
        talk.submit(b="2")
        talk.act("look")
        click(talk, "Change")
        assert talk.question == "A?"
        talk.submit(a="10")
        assert talk.question == "B?"
        talk.submit(b="20")
        assert "10 + 20 = 30" in items(talk)[0]["html"]
        talk.submit()
        assert talk.question == "It is 30"

    def test_set(self) -> None:
        talk = food("- Edit:\n    - fruit\n    - set:\n        - vegetable: kale\n  button: It is ${ fruit }.")
        talk.submit(fruit="apple")
        talk.act("review_answers")
        click(talk, "Edit")
        talk.submit(fruit="pear")
        talk.submit()
        assert talk.question == "You like pear and kale"

    def test_what_is_invalidated_is_offered_again_as_default(self) -> None:
        talk = food("- Edit:\n    - fruit\n    - invalidate: vegetable\n  button: It is ${ fruit }.")
        talk.submit(fruit="apple")
        talk.submit(vegetable="leek")
        talk.act("review_answers")
        click(talk, "Edit")
        talk.submit(fruit="pear")
        assert talk.question == "Revisit your answers"
        talk.submit()
        assert talk.question == "Vegetable?"
        assert talk.screen.fields[0].default == "leek"

    @pytest.mark.parametrize(("fruit", "follows"), [("apple", True), ("pear", False)])
    def test_a_follow_up_is_asked_only_where_a_block_offers_it_now(self, fruit: str, follows: bool) -> None:
        talk = food("- Edit:\n    - fruit\n    - follow up:\n        - variety\n  button: It is ${ fruit }.")
        talk = Talk(FOOD.format(items="  - Edit:\n      - fruit\n      - follow up: variety\n") + """
---
if: fruit == 'apple'
question: Variety?
fields:
  - Variety: variety
""")
        talk.submit(fruit="plum")
        talk.act("review_answers")
        click(talk, "Edit")
        talk.submit(fruit=fruit)
        if follows:
            assert talk.question == "Variety?"
            talk.submit(variety="Elstar")
        assert talk.question == "Revisit your answers"

    def test_an_action(self) -> None:
        edit = "  - Edit:\n      - action: give\n        arguments:\n          what: kale\n"
        talk = Talk(FOOD.format(items=edit) + """
---
event: give
code: |
  fruit = action_argument('what')
""")
        talk.submit(fruit="plum")
        talk.act("review_answers")
        click(talk, "Edit")
        assert talk.question == "Revisit your answers"
        assert talk.answers["fruit"] == "kale"


class TestTheButton:
    def test_words_and_color(self) -> None:
        talk = Talk("""
            mandatory: True
            question: Look
            review:
              - note: Hello
            resume button label: Keep *going*
            resume button color: success
            """)
        button = talk.screen.buttons[0]
        assert (button.label_html, button.color) == ("Keep <em>going</em>", "success")

    def test_a_review_that_is_mandatory_is_shown_once(self) -> None:
        talk = Talk("""
            mandatory: True
            question: Look
            review:
              - note: Hello
            ---
            mandatory: True
            question: The end
            """)
        talk.submit()
        assert talk.question == "The end"


class TestMistakes:
    @pytest.mark.parametrize(("item", "words"), [
        ("- just words", "must be a list of items"),
        ("- Edit: two words", "is not a name"),
        ("- button: Hello", "needs a label"),
        ("- label: Edit", "needs a 'field'"),
        ("- Edit: fruit\n  buton: Hello", "'buton'"),
        ("- Edit:\n    - recompte: fruit", "'recompte' is no command"),
        ("- Edit:\n    - set: fruit", "'set' takes"),
        ("- Edit: []", "names no variable"),
        ("- note: Hello\n  show if:\n    variable: fruit", "takes a variable"),
    ])
    def test_are_named_before_the_interview_starts(self, item: str, words: str) -> None:
        with pytest.raises(BadInterview, match=words) as caught:
            food(item)
        assert caught.value.line is not None
