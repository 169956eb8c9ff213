"""What a submitted form may and may not do."""

from __future__ import annotations

import pytest

from appliance.interview.datatypes.checkboxes import preset
from appliance.interview.errors import CodeFailed
from appliance.interview.screen import html_name
from tests.interview.talk import Talk

AGE = """
    question: Age?
    fields:
      - Name: name
      - Age: age
        datatype: integer
        validate: |
          lambda y: y < 150 or validation_error("Nobody is that old.")
    validation code: |
      if name == 'Methuselah' and age < 100:
        validation_error("That cannot be.", field='age')
    ---
    mandatory: True
    question: ${ name } is ${ age }
"""


def test_a_value_of_the_wrong_type_is_refused_and_kept_as_typed() -> None:
    talk = Talk(AGE)
    talk.submit(name="Ann", age="old")
    assert talk.question == "Age?"
    assert list(talk.errors) == [1]
    assert talk.ending.drafts[html_name("age")] == ["old"]  # type: ignore[union-attr]
    assert "name" not in talk.answers


def test_validate_and_validation_code_speak_to_the_person() -> None:
    talk = Talk(AGE)
    talk.submit(name="Ann", age="200")
    assert talk.errors == {1: "Nobody is that old."}
    talk.submit(name="Methuselah", age="9")
    assert talk.errors == {1: "That cannot be."}
    talk.submit(name="Methuselah", age="120")
    assert talk.question == "Methuselah is 120"


def test_validation_code_may_raise_anything_and_use_what_code_computes() -> None:
    text = """
        question: Age?
        fields:
          - Age: age
            datatype: integer
        validation code: |
          if age > limit:
            raise ValueError(f"At most {limit}.")
          if age == 13:
            reason
        ---
        code: |
          limit = most
          most = 100
        ---
        code: |
          most = 99
        ---
        question: Why?
        fields:
          - Reason: reason
        ---
        mandatory: True
        question: ${ age }
    """
    talk = Talk(text)
    talk.submit(age="200")
    assert talk.errors == {-1: "At most 99."}
    with pytest.raises(CodeFailed, match="reason") as failed:
        talk.submit(age="13")
    assert failed.value.line == 10
    talk.submit(age="99")
    assert talk.question == "99"


def test_a_field_that_is_not_on_the_screen_changes_nothing() -> None:
    talk = Talk(AGE)
    talk.submit(name="Ann", age="5", role="admin")
    assert talk.question == "Age?"
    assert "'role'" in talk.errors[-1]
    assert talk.answers["role"] == "user"
    talk.post({html_name("name"): ["Ann"], html_name("age"): ["5"], "not base64!": ["x"]})
    assert "not base64!" in talk.errors[-1]


def test_a_button_that_is_not_there_is_told() -> None:
    talk = Talk("question: Sure?\nyesno: sure\n---\nmandatory: True\nquestion: ${ sure }\n")
    talk.post({"_button": ["7"]})
    assert "not on this screen" in talk.errors[-1]
    talk.post({})
    assert "press one of the buttons" in talk.errors[-1]


def test_a_hidden_field_is_not_read() -> None:
    talk = Talk("""
        question: Pets?
        fields:
          - Any pets: pets
            datatype: yesnoradio
          - Name of the pet: pet
            show if: pets
        ---
        mandatory: True
        question: ${ pets } ${ defined('pet') }
    """)
    talk.submit(pets="False", pet="Rex")
    assert talk.question == "False False"


def test_choices_without_options_leave_the_variable_empty() -> None:
    talk = Talk("""
        question: Door?
        fields:
          - no label: door
            datatype: radio
            code: "[]"
        ---
        mandatory: True
        question: Door is ${ door }.
    """)
    assert talk.question == "Door is None."


def test_values_of_choices_are_texts_unless_the_author_says_otherwise() -> None:
    talk = Talk("""
        question: Sum?
        fields:
          Answer: answer
          choices:
            - 3
            - 4
        ---
        mandatory: True
        question: ${ repr(answer) }
    """)
    talk.submit(answer="4")
    assert "4" in talk.question
    assert talk.answers["answer"] == "4"


@pytest.mark.parametrize(
    "default",
    [
        "[apple, '${ other }']",
        "{apple: True, pear: False, plum: True}",
        "{code: as_dict}",
        "{code: as_list}",
        "{code: \"['apple', 'plum']\"}",
    ],
)
def test_boxes_are_checked_at_first_as_the_default_says(default: str) -> None:
    talk = Talk(f"""
        code: |
          other = 'plum'
        ---
        code: |
          as_dict = DADict('as_dict', elements={{'apple': True, 'pear': False, 'plum': True}})
        ---
        code: |
          as_list = DAList('as_list', elements=['apple', 'plum'])
        ---
        question: Fruit?
        fields:
          - Fruit: fruit
            datatype: checkboxes
            choices: [apple, pear, plum]
            default: {default}
        ---
        mandatory: True
        question: ${{ fruit.true_values() }}
    """)
    assert preset(talk.screen.fields[0]) == {"apple", "plum"}


def test_boxes_that_were_checked_are_so_when_asked_again() -> None:
    talk = Talk("""
        question: Fruit?
        fields:
          - Fruit: fruit
            datatype: checkboxes
            choices: [apple, pear, plum]
        ---
        mandatory: True
        question: ${ fruit.true_values() }
    """)
    talk.post({html_name("fruit['pear']"): ["True"]})
    assert talk.question == "pear"
    talk.act("fruit")
    assert preset(talk.screen.fields[0]) == {"pear"}


def test_checkboxes_give_a_dictionary_of_truth() -> None:
    talk = Talk("""
        question: Which?
        fields:
          - Which: which
            datatype: checkboxes
            choices:
              - A
              - B
        ---
        mandatory: True
        question: ${ which.true_values() }
    """)
    talk.post({})
    assert "at least one" in talk.errors[0]
    talk.post({html_name("which['B']"): ["True"]})
    assert talk.answers["which"].elements == {"A": False, "B": True}
