"""What people typed comes back in texts that code gives: it is shown, and never runs as an author's Python."""

from __future__ import annotations

import pytest

from appliance.interview.answers import freeze, thaw
from appliance.interview.templates import FromCode
from tests.interview.talk import Talk

TYPED = ("${ open('/etc/passwd').read() }", "<% ran = True %>", "% if ran:\n% endif", "<%! import os %>",
         "${ undefined_name }", "\\\n", "## ${ 1 / 0 }")
PLACES = ("'label': typed, 'field': 'x'", "typed: 'x'", "'label': 'a', 'field': 'x', 'default': typed",
          "'label': 'a', 'field': 'x', 'hint': typed", "'label': 'a', 'field': 'x', 'help': typed",
          "'note': typed", "'html': typed", "'label': 'a', 'field': 'x', 'choices': [typed, 'b']",
          "'label': 'a', 'field': 'x', 'choices': [{typed: 'b'}]",
          "'label': 'a', 'field': 'x', 'choices': [{'label': typed, 'value': typed}]",
          "'label': 'a', 'field': 'x', 'choices': [['b', typed]]",
          "'label': 'a', 'field': 'x', 'datatype': 'checkboxes', 'choices': ['b'], 'default': [typed]",
          "'label': 'a', 'field': 'x', 'datatype': 'checkboxes', 'choices': ['b'], 'none of the above': typed",
          "'label': 'a', 'field': 'x', 'validation messages': {'required': typed}",
          "'label': 'a', 'field': 'x', 'js show if': typed")


@pytest.mark.parametrize("place", PLACES)
def test_mako_that_somebody_typed_does_not_run(place: str) -> None:
    """7 texts in every place that a field made by code has one."""
    for typed in TYPED:
        talk = Talk(f"""
            mandatory: True
            code: |
              typed = {typed!r}
              ran = False
            ---
            mandatory: True
            question: Fields
            fields:
              - code: |
                  [{{{place}}}, {{'label': 'y', 'field': 'y'}}]
            """)
        assert talk.question == "Fields"
        assert thaw(talk.stored)["ran"] is False


def test_mako_of_the_author_runs_as_before() -> None:
    """What stands in the interview file itself is Mako, also where code chooses it by what it gives."""
    talk = Talk("""
        mandatory: True
        code: |
          name = 'Ada'
        ---
        mandatory: True
        question: For ${ name }
        fields:
          - Dear ${ name }: x
            choices:
              - ${ name }: a
          - code: |
              [{'label': f'Dear {name}', 'field': 'y'}]
        """)
    assert talk.question == "For Ada"
    assert [one.label_html for one in talk.screen.fields] == ["Dear Ada", "Dear Ada"]


def test_it_is_stored_as_an_ordinary_text() -> None:
    """No class of ours gets into answers with it."""
    assert type(thaw(freeze({"a": FromCode("x")}))["a"]) is str
