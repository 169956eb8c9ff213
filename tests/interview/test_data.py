"""``data`` and ``data from code`` blocks."""

from __future__ import annotations

import pytest

from appliance.interview.errors import BadInterview
from tests.interview.talk import Talk


def test_a_structure_of_texts_with_mako() -> None:
    """What a text mentions is asked first; numbers stay numbers."""
    talk = Talk("""
        variable name: fruits
        data:
          Apple:
            description: Everyone on ${ planet } loves it.
            seeds: 5
          Pear: [green, null, True]
        ---
        question: Planet?
        fields:
          - Planet: planet
        ---
        mandatory: True
        question: ${ fruits['Apple']['description'] }
        """)
    assert talk.question == "Planet?"
    talk.submit(planet="Mars")
    assert talk.question == "Everyone on Mars loves it."
    assert talk.answers["fruits"] == {
        "Apple": {"description": "Everyone on Mars loves it.", "seeds": 5}, "Pear": ["green", None, True]}


def test_a_structure_of_expressions() -> None:
    talk = Talk("""
        variable name: fruits
        data from code:
          - 10/2
          - capitalize('round') + shape
        ---
        code: |
          shape = ' and red'
        ---
        mandatory: True
        question: ${ fruits[1] }
        """)
    assert talk.question == "Round and red"
    assert talk.answers["fruits"] == [5.0, "Round and red"]


def test_lists_and_dictionaries_as_objects() -> None:
    """They know their names and are gathered, so that nothing more is asked."""
    talk = Talk("""
        variable name: fruits
        use objects: True
        data:
          - name: Apple
            colors: [red, green]
        ---
        mandatory: True
        question: ${ fruits.number_as_word() } ${ fruits[0]['colors'] } ${ fruits[0]['colors'].instanceName }
        """)
    assert talk.question == "one red and green fruits[0][‘colors’]"


PEOPLE = """
    variable name: people
    use objects: objects
    GATHERED
    data:
      object: Individual
      module: docassemble.base.util
      items:
        - name:
            object: IndividualName
            item:
              first: Fred
              last: Smith
          skills:
            - making ${ 'coffee' }
    ---
    mandatory: True
    question: ${ people[0] } of ${ people } is good at ${ people[0].skills }
    ---
    question: Another?
    yesno: people.there_is_another
    ---
    question: Another skill?
    yesno: people[i].skills.there_is_another
    """


def test_objects_of_classes() -> None:
    talk = Talk(PEOPLE.replace("GATHERED", "comment: x"))
    assert talk.question == "Fred Smith of Fred Smith is good at making coffee"
    assert talk.answers["people"][0].name.instanceName == "people[0].name"


def test_objects_that_are_still_to_be_gathered() -> None:
    talk = Talk(PEOPLE.replace("GATHERED", "gathered: False"))
    assert talk.question == "Another?"


@pytest.mark.parametrize(("text", "words"), [
    ("data: [1]", "needs 'variable name'"),
    ("variable name: 2x\ndata: [1]", "must be the name of a variable"),
    ("variable name: x\nuse objects: some\ndata: [1]", "'use objects' is True"),
])
def test_mistakes_are_named(text: str, words: str) -> None:
    with pytest.raises(BadInterview, match=words):
        Talk(text + "\n")
